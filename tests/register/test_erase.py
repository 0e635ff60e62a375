"""A subject is forgotten everywhere, in passes that may be repeated, loudly where something is not known."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from chalicelib import clock
from chalicelib.alarms.records import PICTURES, Alarm
from chalicelib.aws import s3
from chalicelib.aws.clients import client
from chalicelib.contacts.records import Address, Code
from chalicelib.privacy.actions import closing
from chalicelib.register import erase, erasures
from chalicelib.register.erase import run_pass
from chalicelib.register.erasures import DONE, ERASING, Erasure, OpenErasure
from chalicelib.register.upload_hours import note
from chalicelib.settings import settings
from chalicelib.store import crypto
from chalicelib.store.ciphers import key_of, new_cipher
from chalicelib.store.commit import commit, create, put
from chalicelib.store.records import Item, UnknownKind, raw_partition, read
from infra.local.cloud import LocalCloud
from tests.conftest import Home
from tests.scene import jpeg

HOUR = 3600


class Hands:
    """The clock's, moved without anything else happening."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._start, self._later = clock.now(), timedelta()
        patch.setattr(clock, "now", self._now)
        patch.setattr(clock, "now_s", lambda: int(self._now().timestamp()))

    def _now(self) -> datetime:
        return self._start + self._later

    def move(self, seconds: float) -> None:
        self._later = timedelta(seconds=seconds)


@pytest.fixture
def hands(world: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> Hands:
    return Hands(monkeypatch)


def begun(*subjects: tuple[str, str]) -> str:
    erasure_id, writes = erasures.begin(*subjects)
    commit(*writes)
    return crypto.plain_hash(erasure_id)


def code(subject_id: str, place: str = "p") -> Code:
    return Code.new(subject_id, place, code_hash="h", until=1, tries=0, sends=1, sent_at=1)


def left(kind: str, subject_id: str) -> int:
    return len(list(raw_partition(Item, f"{kind}#{subject_id}")))


def passed(hashed: str) -> Erasure:
    """A pass, and the erasure as it lies in the ledger then."""
    made = run_pass(hashed)
    (erasure,) = read(Erasure.key(hashed))
    assert made is not None and made.state == erasure.state
    return erasure  # type: ignore[no-any-return]


def picture(subject_id: str, at: datetime, name: str = "1") -> str:
    """As if it had come on a ticket of that hour."""
    commit(note(PICTURES, subject_id, at))
    return put_picture(subject_id, at, name)


def put_picture(subject_id: str, at: datetime, name: str = "1") -> str:
    key = f"{PICTURES.of(at, subject_id)}1/{name}.jpg"
    client("s3").put_object(Bucket=settings.media_bucket, Key=key, Body=b"x")
    return key


def test_everything_of_the_subject_goes_and_nothing_of_anybody_else(hands: Hands) -> None:
    for one in ("gone", "stays"):
        commit(put(new_cipher(one)[1]), create(code(one)), create(code(one, "q")))
    today = clock.now()
    kept = picture("stays", today)
    for days in (0, 7, -1, 400):  # the last one should have gone long ago, and nobody noticed
        picture("gone", today - timedelta(days=days))
    hashed = begun(("account", "gone"), ("device", "gone"))
    erasure = passed(hashed)
    assert (left("account", "gone"), left("account", "stays")) == (0, 2)
    assert [bool(one) for one in read(key_of("gone"), key_of("stays"))] == [False, True]
    assert [stored.key for stored in s3.below("")] == [kept]
    assert (erasure.items, erasure.objects, erasure.endpoints) == (6, 4, 0)


def test_only_hours_with_a_ticket_are_looked_at(hands: Hands, world: LocalCloud) -> None:
    now = clock.now()
    for hours in range(20):  # of others, in as many hours
        put_picture("stays", now - timedelta(hours=hours))
    for hours in (3, 50):
        picture("gone", now - timedelta(hours=hours))
    hashed = begun(("device", "gone"))
    world.trace.clear()
    assert passed(hashed).objects == 2
    listed = [call.params["Prefix"] for call in world.trace if call.operation == "ListObjectsV2"]
    # And those of a ticket that may still be used, or may still be given out.
    hours = [PICTURES.of(now - timedelta(hours=hours), "gone") for hours in (50, 3, 1, 0)]
    assert [one for one in listed if one.startswith("alarms/")] == hours


def test_the_hour_of_an_alarm_that_stands_is_looked_at_whoever_noted_it(hands: Hands) -> None:
    """What lay there before hours were noted lies by its day."""
    key = "alarms/20260103/gone/1/20260103T080000Z-motion-x.jpg"
    client("s3").put_object(Bucket=settings.media_bucket, Key=key, Body=b"x")
    alarm = Alarm.new("gone", "20260103T080000Z-x", at=1, arrived_at=1, channel="1", type="motion", picture=key)
    commit(create(alarm))
    assert [stored.key for stored in s3.below("")] == [key]
    assert passed(begun(("device", "gone"))).objects == 1
    assert list(s3.below("")) == []


@pytest.mark.parametrize("name", ["\x01", "1/a\rb.jpg", "\ufffe"])
def test_an_uploads_name_keeps_no_erasure_from_its_end(hands: Hands, name: str) -> None:
    """A stranger with the ticket may call what he uploads as he likes."""
    keys = [picture("gone", clock.now()), f"{PICTURES.of(clock.now(), 'gone')}{name}"]
    client("s3").put_object(Bucket=settings.media_bucket, Key=keys[1], Body=b"x")
    assert sorted(stored.key for stored in s3.below("")) == sorted(keys)
    hashed = begun(("device", "gone"))
    assert passed(hashed).objects == 2
    hands.move(60)
    assert passed(hashed).state == DONE
    assert list(s3.below("")) == []


def test_a_pass_stops_in_time_and_the_next_one_goes_on_where_it_was(
    hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its rows go last, as they say where its objects lie; and it is not done, nor put off, before all has gone."""
    for hours in range(4, 8):
        picture("gone", clock.now() - timedelta(hours=hours))
    commit(create(code("gone")))
    hashed = begun(("device", "gone"))
    ticks, delete = [0.0], s3.delete
    monkeypatch.setattr(clock, "ticks_s", lambda: ticks[-1])

    def slowly(keys: list[str]) -> int:
        ticks.append(ticks[-1] + 15 * bool(keys))
        return delete(keys)

    monkeypatch.setattr(s3, "delete", slowly)
    for objects, items in ((2, 4), (4, 4)):
        assert run_pass(hashed, within_s=20) is None
        assert erase.due() == [hashed]
        (erasure,) = read(Erasure.key(hashed))
        assert (int(erasure.objects), left("device", "gone")) == (objects, items)
    assert run_pass(hashed, within_s=20) is not None
    assert (left("device", "gone"), list(s3.below(""))) == (0, [])


def test_a_later_pass_that_has_no_time_is_not_the_last(hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    given = clock.now()
    hashed = begun(("device", "gone"))
    hands.move(60)
    closing.run_pass(hashed)
    key = put_picture("gone", given)
    hands.move(24 * HOUR)
    closing.run_pass(hashed, within_s=-1)
    assert ([stored.key for stored in s3.below("")], erase.due()) == ([key], [hashed])
    closing.run_pass(hashed)
    assert (list(s3.below("")), erase.due()) == ([], [])


def test_a_long_erasure_keeps_no_other_waiting(hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    hashes = {begun(("device", f"gone{number}")) for number in range(4)}
    ticks, given = [0.0], []
    monkeypatch.setattr(clock, "ticks_s", lambda: ticks[-1])

    def run_pass(hashed: str, *, within_s: float) -> None:
        given.append((hashed, within_s))
        ticks.append(ticks[-1] + (within_s if len(given) == 1 else 0))

    monkeypatch.setattr(closing, "run_pass", run_pass)
    assert closing.run_due_passes() == 4
    assert {hashed for hashed, _ in given} == hashes
    assert [within_s for _, within_s in given] == [60, 60, 90, 180]


def test_a_kind_that_nobody_knows_stops_the_erasure_loudly(hands: Hands) -> None:
    commit(create(code("a")))
    strange = {"pk": {"S": "account#a"}, "sk": {"S": "retired-kind#1"}, "endpoint": {"S": "arn:somewhere"}}
    client("dynamodb").put_item(TableName=settings.items_table, Item=strange)
    hashed = begun(("account", "a"))
    hands.move(HOUR)
    for _ in range(2):
        with pytest.raises(UnknownKind, match="account/retired-kind"):
            run_pass(hashed)
    assert left("account", "a") == 2
    (erasure,) = read(Erasure.key(hashed))
    assert erasure.state == ERASING and erase.due() == [hashed]
    client("dynamodb").delete_item(TableName=settings.items_table, Key={name: strange[name] for name in ("pk", "sk")})
    run_pass(hashed)
    assert passed(hashed).state == DONE


def test_a_record_in_the_wrong_partition_is_unknown_too(hands: Hands) -> None:
    client("dynamodb").put_item(
        TableName=settings.items_table, Item={"pk": {"S": "account#a"}, "sk": Address.key().raw()["sk"]}
    )
    with pytest.raises(UnknownKind):
        run_pass(begun(("account", "a")))


def test_a_pass_may_be_repeated(hands: Hands) -> None:
    commit(create(code("a")))
    hashed = begun(("account", "a"))
    counts = [(int(one.items), int(one.passes), one.state) for one in (passed(hashed) for _ in range(3))]
    assert counts == [(1, 1, ERASING), (1, 2, ERASING), (1, 3, ERASING)]


def test_it_is_done_after_an_empty_pass_that_is_later_than_any_function_that_may_still_write(hands: Hands) -> None:
    hashed = begun(("account", "a"))
    hands.move(59.9)
    assert passed(hashed).state == ERASING
    hands.move(60)
    erasure = passed(hashed)
    assert (erasure.state, erasure.done_at) == (DONE, clock.now_s())


def test_a_late_pass_that_finds_something_does_not_make_it_done(hands: Hands) -> None:
    hashed = begun(("account", "a"))
    hands.move(60)
    commit(create(code("a")))  # a function that was still running wrote it
    assert passed(hashed).state == ERASING
    assert passed(hashed).state == DONE


def test_a_done_erasure_stays_done_and_counts_on(hands: Hands) -> None:
    hashed = begun(("account", "a"))
    hands.move(60)
    done_at = passed(hashed).done_at
    commit(create(code("a")))
    hands.move(HOUR)
    erasure = passed(hashed)
    assert (erasure.state, erasure.done_at, erasure.items) == (DONE, done_at, 1)


def test_it_is_looked_at_again_after_an_hour_and_a_day_and_then_put_out_of_sight(hands: Hands) -> None:
    hashed = begun(("account", "a"))
    begin = clock.now_s()

    def next_after(seconds: int) -> int | None:
        hands.move(seconds)
        assert erase.due() == [hashed]
        erase.schedule_next_pass(passed(hashed))
        (row,) = read(OpenErasure.key("", hashed))
        return None if row is None else int(row.next_at) - begin

    assert [next_after(60), next_after(HOUR), next_after(24 * HOUR)] == [HOUR, 24 * HOUR, None]
    assert erase.due() == []


def test_what_is_not_due_is_left_alone(hands: Hands) -> None:
    hashed = begun(("account", "a"))
    hands.move(60)
    erase.schedule_next_pass(passed(hashed))
    hands.move(HOUR - 1)
    assert erase.due() == []
    hands.move(HOUR)
    assert erase.due() == [hashed]


def test_an_erasure_that_nobody_began_is_no_erasure(world: LocalCloud) -> None:
    assert run_pass("nobody's") is None


def test_what_it_is_about_lies_in_the_ledger_by_random_ids_under_a_hash(home: Home) -> None:
    home.owner.step_up()
    erasure_id = home.owner.close().json["erasure_id"]
    ledger = str(home.world.dump()["tables"].get("Ledger") or home.world.dump())
    assert erasure_id not in ledger and crypto.plain_hash(erasure_id) in ledger


# ── With the whole cloud ─────────────────────────────────────────────────────────────────────────────────────────────


def objects_of(home: Home) -> list[str]:
    return [stored.key for stored in s3.below("alarms/") if home.camera.device_id in stored.key]


def test_a_picture_that_arrives_for_a_dead_owner_is_deleted_on_arrival(home: Home) -> None:
    ticket = home.camera.ask_ticket().json
    home.owner.step_up()
    home.owner.close()
    home.world.advance(900)
    assert home.world.upload(ticket, "1/20260105T080000Z-motion-000009.jpg", jpeg(9)).status == 204
    assert objects_of(home)
    home.world.settle()
    assert objects_of(home) == []


@pytest.mark.parametrize("arrives_after", [600, 2 * HOUR])
def test_what_arrives_untold_is_found_by_a_later_pass(home: Home, arrives_after: int) -> None:
    """S3's event is lost, or comes never: the passes after one hour and after a day look for themselves, though the
    row that said in which hour there was a ticket has gone."""
    given = home.world.now()
    home.owner.step_up()
    answer = home.owner.close()
    home.world.advance(arrives_after)
    assert list(raw_partition(Item, f"device#{home.camera.device_id}")) == []
    key = put_picture(home.camera.device_id, given)
    for queue in client("sqs").list_queues()["QueueUrls"]:
        client("sqs").purge_queue(QueueUrl=queue)
    assert objects_of(home) == [key]
    home.world.advance(HOUR if arrives_after < HOUR else 24 * HOUR)
    assert objects_of(home) == []
    hashed = crypto.plain_hash(answer.json["erasure_id"])
    (erasure,) = read(Erasure.key(hashed))
    assert erasure.state == DONE
    if arrives_after > HOUR:
        assert read(OpenErasure.key("", hashed)) == (None,)


def test_the_invoice_is_named_as_kept_and_the_push_endpoint_is_gone_at_sns(home: Home) -> None:
    from tests.scene import pay

    pay(home.world, home.owner.order(home.camera.device_id).json["order_id"])
    application = settings.platform_application_arn("fcm")
    home.owner.step_up()
    erasure_id = home.owner.close().json["erasure_id"]
    home.world.advance(900)
    (erasure,) = read(Erasure.key(crypto.plain_hash(erasure_id)))
    assert len(erasure.kept) == 1 and erasure.endpoints >= 1
    found = client("sns").list_endpoints_by_platform_application(PlatformApplicationArn=application)
    assert found["Endpoints"] == []
