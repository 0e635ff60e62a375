"""Each invariant is seen red: a dump of a world in order is damaged by hand, and the right one notices."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib import clock, ids
from chalicelib.access.records import Grant
from chalicelib.plans.actions import handed
from chalicelib.plans.rules import ledger as plans
from chalicelib.recordings.rules.deletions import Mark, marks_of, texts_of
from chalicelib.recordings.rules.quarters import Quarters
from chalicelib.sessions import rules as session_rules
from chalicelib.settings import settings
from chalicelib.store import keys
from infra.local.cloud import LocalCloud
from tests.campaigns.entrants import entered, opened
from tests.conftest import Home
from tests.factors import App, Key, recovery_codes
from tests.gift_cards.cards import new_code, redeem
from tests.identities.people import maja
from tests.newsletter.subscribers import subscribed
from tests.scene import new_camera, new_person, pay
from tests.worlds.invariants import INVARIANTS, Stored, violations
from tests.worlds.scenarios import clips
from tests.worlds.scenarios.money import NAMED
from tests.worlds.sweep import recover

Dump = dict[str, Any]


@pytest.fixture(scope="module")
def _in_order(one_cloud: LocalCloud, _home: tuple[Any, Callable[[], Home]]) -> tuple[Any, Dump]:
    snapshot, copy_of_home = _home
    one_cloud.restore(snapshot)
    home, world = copy_of_home(), one_cloud
    for key, named in (("the-key-of-an-order-1", None), ("the-key-of-an-order-2", NAMED)):
        ordered = home.owner.order(home.camera.device_id, key=key, invoice_to=named, renew=named is None)
        assert pay(world, ordered.json["order_id"]).status == 200
    assert redeem(home, new_code(world)).status == 200
    for email in (home.stranger.email, "waiting@example.com"):
        share = home.owner.share(home.camera.device_id, email=email, channels=["1"])
        home.stranger.call("POST", f"/shares/{share.json['share_id']}/accept")
    home.camera.record(20_000)
    world.settle()
    opened(world)
    entered(home.owner)
    home.stranger.agree("newsletter")
    subscribed(world)
    assert home.owner.call("DELETE", f"/devices/{home.camera.device_id}/recordings").status == 204
    world.advance(60)
    for _ in range(2):
        home.camera.record(20_000)
        world.advance(60)
    clips.film(home.camera)
    assert clips.ask(home, clips.asked_of(home), "the-key-of-a-clip").status == 202
    home.stranger.take_pushes("platform-token-of-the-stranger")
    home.owner.step_up()
    home.owner.offer(home.camera.device_id, email="heir@example.com")
    home.owner.cover(home.camera.device_id)
    home.camera.connect()
    home.owner.command(home.camera.device_id)
    new_camera(world, "SN0007")  # which has a report
    new_person(world, "pending@example.com").register()
    maja(world)
    careful = new_person(world, "careful@example.com")
    App.added(careful)
    Key().add_to(careful)
    recovery_codes(careful)
    gone = new_person(world, "gone@example.com")
    gone.bind(new_camera(world, "SN0008"))
    gone.step_up()
    gone.close()
    recover(world)
    home.owner.refresh()
    home.owner.watch(home.camera.device_id)
    home.camera.stream(init="a")
    world.settle()
    return world.snapshot(), world.dump()


@pytest.fixture
def in_order(one_cloud: LocalCloud, _in_order: tuple[Any, Dump]) -> Dump:
    """Everything that can be stored today, and what is left of an account that was closed."""
    snapshot, dump = _in_order
    one_cloud.restore(snapshot)
    return copy.deepcopy(dump)


def rows(dump: Dump, kind: str, table: str = "Items") -> list[Any]:
    pk, _, sk = kind.partition("/")
    found = dump["tables"][f"sowa-local-{table}"]
    return [row for row in found if row["pk"].split("#")[0] == pk and row.get("sk", "").split("#")[0] == sk]


def without(kind: str, table: str = "Items") -> Callable[[Dump], None]:
    def damage(dump: Dump) -> None:
        dump["tables"][f"sowa-local-{table}"].remove(rows(dump, kind, table)[0])

    damage.__name__ = f"remove {kind}"
    return damage


def with_values(kind: str, table: str = "Items", **values: Any) -> Callable[[Dump], None]:
    def damage(dump: Dump) -> None:
        rows(dump, kind, table)[0].update(values)

    damage.__name__ = f"put {', '.join(values)} into {kind}"
    return damage


def lose(kind: str, name: str, table: str = "Items") -> Callable[[Dump], None]:
    def damage(dump: Dump) -> None:
        del next(row for row in rows(dump, kind, table) if name in row)[name]

    damage.__name__ = f"lose {name} of {kind}"
    return damage


def add_row(table: str, **row: Any) -> Callable[[Dump], None]:
    def damage(dump: Dump) -> None:
        dump["tables"][f"sowa-local-{table}"].append(row)

    damage.__name__ = f"add {row['pk']} {row.get('sk', '')}"
    return damage


def copy_row(kind: str, table: str = "Items", **values: Any) -> Callable[[Dump], None]:
    def damage(dump: Dump) -> None:
        dump["tables"][f"sowa-local-{table}"].append({**rows(dump, kind, table)[0], **values})

    damage.__name__ = f"copy {kind}"
    return damage


def grant(text: str) -> Callable[[Dump], None]:
    def damage(dump: Dump) -> None:
        row = next(row for row in rows(dump, "account/device-owned") if "plan_grants" in row)
        row["plan_grants"] = [*row["plan_grants"], text]

    damage.__name__ = f"grant {text}"
    return damage


def grant_long_ago(dump: Dump) -> None:
    """So that the grace is over, too; what came then lies there still."""
    row = next(row for row in rows(dump, "account/device-owned") if "plan_grants" in row)
    row["plan_grants"] = ["2025-11-01T08:00:00Z 2025-12-01T08:00:00Z event-7-month 1 event 7 another"]
    record_at("2025-11-30T08:00:00Z")(dump)


def grant_again(dump: Dump) -> None:
    """The same period once more, right behind itself."""
    row = next(row for row in rows(dump, "account/device-owned") if "plan_grants" in row)
    begins, until, *rest = next(one for one in row["plan_grants"] if " order:" in one).split(" ")
    later = clock.from_rfc3339(until) + (clock.from_rfc3339(until) - clock.from_rfc3339(begins))
    row["plan_grants"] = [*row["plan_grants"], " ".join([until, clock.rfc3339(later), *rest])]


def _bought(dump: Dump) -> tuple[Any, Any, int, plans.Grant]:
    """An order, the device that has its plan, and where in its ledger that lies."""
    device = next(row for row in rows(dump, "account/device-owned") if "plan_grants" in row)
    texts = device["plan_grants"]
    nth, one = next((nth, one) for nth, one in enumerate(map(plans.Grant.of, texts)) if one.source_kind == "order")
    order_id = one.source.partition(":")[2]
    (order,) = [row for row in rows(dump, "account/order") if keys.id_of(row["pk"]) + keys.id_of(row["sk"]) == order_id]
    return order, device, nth, one


def hand_over_what_was_given_back(dump: Dump) -> None:
    """It runs on under the name that it has with another owner."""
    order, device, nth, one = _bought(dump)
    order["state"] = "refunded"
    renamed = dataclasses.replace(one, source=handed.renamed(one.source))
    device["plan_grants"] = [*device["plan_grants"][:nth], renamed.text, *device["plan_grants"][nth + 1 :]]


def credit_what_was_charged_back(dump: Dump) -> None:
    """It is over itself, and was credited for what runs."""
    order, device, nth, one = _bought(dump)
    order.update(state="charged_back", refund_amount=order["amount"])
    credit = plans.Credit(one.source, order["amount"])
    later = dataclasses.replace(one, source=plans.source_of("order", "another"), credits=(credit,))
    device["plan_grants"] = [*device["plan_grants"][:nth], later.text, *device["plan_grants"][nth + 1 :]]


def hand_over_to_two(dump: Dump) -> None:
    """One is named, and the other knows of it."""
    add_row("Items", pk="handed-plan#of-nobody", sk="plan#", account_id="nobody")(dump)
    add_row("Items", pk="account#another", sk="received-plan#of-nobody")(dump)


def owe_the_same_back(dump: Dump) -> None:
    order = next(row for row in rows(dump, "account/order") if "paid_with" in row)
    order["refunds_due"] = [order["paid_with"]]


def fail_a_refund_that_nobody_asked_for(dump: Dump) -> None:
    payment = rows(dump, "payments/payment", "Fiscal")[0]
    payment_id = payment["sk"].partition("#")[2]
    add_row("Items", pk="refunds-due", sk=f"refund#{payment_id}", owed_since=0, failed_at=1)(dump)


def sign_in_too_often(dump: Dump) -> None:
    session = rows(dump, "account/session")[0]
    more = [{**session, "sk": f"session#another{number}"} for number in range(session_rules.MOST_SESSIONS)]
    dump["tables"]["sowa-local-Items"] += more


def link_a_platform_beside_itself(dump: Dump) -> None:
    """Under another sort id, so that another account of the same platform could be linked too."""
    linked = rows(dump, "account/platform")[0]
    cipher = Stored(dump).ciphers[linked["pk"].split("#")[1]]
    platform = Stored(dump).decrypted(linked, "platform")
    linked["sk"] = "platform#another"
    linked["platform"] = cipher.seal(platform, linked["pk"], linked["sk"], "platform").decode("latin-1")


def _careful(dump: Dump) -> Any:
    return next(row for row in rows(dump, "account/account") if row["second_factor_count"])


def stop_asking(dump: Dump) -> None:
    _careful(dump)["second_factor_count"] = 0


def leave_only_recovery_codes(dump: Dump) -> None:
    stop_asking(dump)
    for kind in ("totp", "passkey"):
        without(f"account/{kind}")(dump)


def shorten_a_password(dump: Dump) -> None:
    next(row for row in rows(dump, "account/account") if not row["second_factor_count"])["is_password_short"] = "sealed"


def give_away_a_device(dump: Dump) -> None:
    """To somebody who exists and does not count it as his own."""
    device = rows(dump, "device/device")[0]
    owner, own_part = device["pk"].split("#")[1][:26], device["pk"][-26:]
    others = (row["pk"].split("#")[1] for row in rows(dump, "account/account"))
    device["pk"] = f"device#{next(one for one in others if one != owner)}{own_part}"


def tie_a_camera_to_nothing(dump: Dump) -> None:
    next(row for row in rows(dump, "stock/stock") if "device_id" not in row)["device_id"] = "nowhere"


def let_a_stranger_listen(dump: Dump) -> None:
    rows(dump, "account/audience")[0]["targets"].append("somebody arn")


def _shared(dump: Dump) -> Any:
    return next(row for row in rows(dump, "device/device") if "grants" in row)


def _accepted(dump: Dump) -> Grant:
    return next(grant for grant in map(Grant.of, _shared(dump)["grants"]) if grant.guest_id is not None)


def end_the_guests_account(dump: Dump) -> None:
    guest_id = _accepted(dump).guest_id
    (account,) = [row for row in rows(dump, "account/account") if row["pk"].endswith(f"#{guest_id}")]
    dump["tables"]["sowa-local-Items"].remove(account)


def share_with_the_owner(dump: Dump) -> None:
    shared = _shared(dump)
    owner_id = ids.parent_of(keys.id_of(shared["pk"]))
    shared["grants"] = [replace(_accepted(dump), guest_id=owner_id).text]


def share_with_too_many(dump: Dump) -> None:
    grants = [replace(_accepted(dump), share_id=f"s{number}", guest_id=None).text for number in range(21)]
    _shared(dump)["grants"] = grants


def name_on(role_id: str, role: str) -> Callable[[Dump], None]:
    def damage(dump: Dump) -> None:
        next(row for row in rows(dump, "device/activity") if role_id in row)[role] = "a name"

    damage.__name__ = f"name the {role} of a record"
    return damage


def forget_that(act: str) -> Callable[[Dump], None]:
    def damage(dump: Dump) -> None:
        told = [*rows(dump, "account/activity"), *rows(dump, "device/activity")]
        # Two of the same second stand for each other.
        at = next(row["at"] for row in told if row["act"] == act)
        for row in told:
            if (row["act"], row["at"]) == (act, at):
                dump["tables"]["sowa-local-Items"].remove(row)

    damage.__name__ = f"forget that somebody {act}"
    return damage


def end_a_session(dump: Dump) -> None:
    """Of a terminal that is pushed to."""
    place = rows(dump, "account/endpoint")[0]
    where = place["pk"], place["sk"].replace("endpoint", "session")
    dump["tables"]["sowa-local-Items"].remove(
        next(row for row in rows(dump, "account/session") if (row["pk"], row["sk"]) == where)
    )


def forget_an_object(dump: Dump) -> None:
    next(iter(objects for objects in dump["buckets"].values() if objects)).pop(0)


def leave_an_object(dump: Dump) -> None:
    dump["buckets"][settings.media_bucket].append({"key": "alarms/20260105/nobody/1/x.jpg", "body": ""})


def documents(dump: Dump) -> list[Any]:
    return [one for one in dump["buckets"][settings.media_bucket] if one["key"].startswith("invoices/")]


def lose_a_document(dump: Dump) -> None:
    dump["buckets"][settings.media_bucket].remove(documents(dump)[0])


def bare_a_document(dump: Dump) -> None:
    next(one for one in documents(dump) if not one["body"].startswith(("%PDF", "<?xml")))["body"] = "%PDF-1.7"


def lose_the_key_of_the_named(dump: Dump) -> None:
    (named,) = rows(dump, "invoice-buyer/buyer", "Fiscal")
    table = dump["tables"]["sowa-local-Keys"]
    table[:] = [row for row in table if keys.id_of(row["pk"]) != keys.id_of(named["pk"])]


def forget_the_hours(dump: Dump) -> None:
    table = dump["tables"]["sowa-local-Items"]
    table[:] = [row for row in table if not row["sk"].startswith("upload-hour#")]


def bring_nothing(dump: Dump) -> None:
    """Not even the newest, for which the camera still waits."""
    newest = max(rows(dump, "device/command"), key=lambda row: row["until"])
    newest["tries"] = 0
    newest.pop("answered_at", None)


def keep_live_video(dump: Dump) -> None:
    video = next(one for one in dump["buckets"][settings.media_bucket] if one["key"].startswith("live/"))
    video["last_modified"] = "2025-01-05T08:00:00Z"


def _segments(dump: Dump) -> list[Any]:
    objects = dump["buckets"][settings.media_bucket]
    return [one for one in objects if one["key"].startswith("recordings/") and one["key"].endswith("-20000.m4s")]


def lose_segments(count: int | None) -> Callable[[Dump], None]:
    def damage(dump: Dump) -> None:
        objects = dump["buckets"][settings.media_bucket]
        every = [one for one in objects if one["key"].endswith(".m4s") and one["key"].startswith("recordings/")]
        for one in every[:count]:
            objects.remove(one)

    damage.__name__ = f"lose {count or 'all'} segments"
    return damage


def leave_a_recording(name: str = "", **values: str) -> Callable[[Dump], None]:
    """One more of the same ticket, or elsewhere."""

    def damage(dump: Dump) -> None:
        one = _segments(dump)[0]
        key = one["key"]
        for before, after in values.items():
            key = key.replace({"of": rows(dump, "device/device")[0]["pk"].split("#")[1]}.get(before, before), after)
        dump["buckets"][settings.media_bucket].append({**one, "key": key.replace("-20000", name or "-20001")})

    damage.__name__ = f"leave a recording {name} {values}"
    return damage


def record_at(text: str) -> Callable[[Dump], None]:
    def damage(dump: Dump) -> None:
        for one in _segments(dump):
            one["last_modified"] = text

    damage.__name__ = f"record at {text}"
    return damage


def mark_as_deleted(dump: Dump) -> None:
    device = next(row for row in rows(dump, "device/device") if "deleted_spans" in row)
    (mark,) = marks_of(device["deleted_spans"])
    device["deleted_spans"] = [*texts_of([dataclasses.replace(mark, to_ms=9_000_000_000_000)])]


def mark_twice(dump: Dump) -> None:
    device = next(row for row in rows(dump, "device/device") if "deleted_spans" in row)
    device["deleted_spans"] = [*device["deleted_spans"], *texts_of([Mark("1", 1000, 2000, 1767600000)])]


def count_more(first: int) -> Callable[[Dump], None]:
    """Of a quarter of an hour, milliseconds (from 0) or bytes (from 96), and in all."""

    def damage(dump: Dump) -> None:
        row = next(row for row in rows(dump, "device/recording-day"))
        counted = Quarters.of(row["quarters"].encode("latin-1"))
        counts = [*counted.ms, *counted.size_bytes]
        nth = next(nth for nth in range(first, first + 96) if counts[nth])
        counts[nth] += 1
        row["quarters"] = Quarters(tuple(counts[:96]), tuple(counts[96:])).blob.decode("latin-1")
        row["recorded_ms"], row["size_bytes"] = sum(counts[:96]), sum(counts[96:])
        for device in rows(dump, "device/device"):
            device.pop("deleted_spans", None)

    damage.__name__ = f"count more from {first}"
    return damage


def _clip(dump: Dump) -> Any:
    return next(one for one in dump["buckets"][settings.media_bucket] if one["key"].startswith("clips/"))


def lose_clip(dump: Dump) -> None:
    dump["buckets"][settings.media_bucket].remove(_clip(dump))


def wait_for_a_clip(dump: Dump) -> None:
    """There is no file, and nothing was deleted since."""
    lose_clip(dump)
    rows(dump, "device/clip")[0]["state"] = "working"


def leave_an_old_clip(dump: Dump) -> None:
    _clip(dump)["last_modified"] = "2026-01-03T08:00:00Z"


def leave_a_clip_of_nobody(dump: Dump) -> None:
    dump["buckets"][settings.media_bucket].append({**_clip(dump), "key": "clips/20260105/nobody/x.mp4"})


def leave_an_upload(dump: Dump) -> None:
    dump["uploads"].append({"key": "alarms/x"})


def leave_an_endpoint(dump: Dump) -> None:
    dump["endpoints"].append({"arn": "arn:left", "attributes": {"Token": "left"}})


def mention_the_forgotten(dump: Dump) -> None:
    subject = keys.id_of(keys.id_of(rows(dump, "erasure/subject", "Ledger")[0]["sk"]))
    rows(dump, "account/account")[0]["confirmed_by"] = subject


def keep_an_answer_of_the_forgotten_for_good(dump: Dump) -> None:
    subject = keys.id_of(keys.id_of(rows(dump, "erasure/subject", "Ledger")[0]["sk"]))
    account = rows(dump, "account/account")[0]
    dump["tables"]["sowa-local-Items"].append({"pk": account["pk"], "sk": "answer#x", "shows": subject})


def open_one_of_the_forgotten(dump: Dump) -> None:
    row = rows(dump, "erasure/subject", "Ledger")[0]
    row["sk"] = f"open-{row['sk']}"


def move_what_is_sealed(dump: Dump) -> None:
    account = rows(dump, "account/account")[0]
    account["email"] = account["nickname"]


def name_in_the_clear(dump: Dump) -> None:
    rows(dump, "account/account")[0]["nickname"] = "Ola, who lives by the sea and likes owls"


def stream_in_the_clear(dump: Dump) -> None:
    images = (one["NewImage"] for one in dump["streams"]["sowa-local-Items"] if "nickname" in one.get("NewImage", {}))
    next(images)["nickname"] = "Ola, who lives by the sea and likes owls"


def leave_a_message(dump: Dump) -> None:
    dump["queues"]["sowa-local-DeadLetters"].append({"body": "{}"})


def hide_a_message(dump: Dump) -> None:
    dump["unsent"].append({"queue": "sowa-local-Erasures", "body": "{}"})


DAMAGES: dict[str, list[Callable[[Dump], None]]] = {
    "an_address_belongs_to_one_account": [
        without("address/address"),
        with_values("address/address", account_id="nobody"),
        with_values("account/account", address_hash="another"),
        copy_row("account/account", pk="account#twin"),
        copy_row("address/address", pk="address#second"),
    ],
    "a_command_belongs_to_an_owner_and_goes_down_an_open_channel": [
        with_values("device/command", pk="device#gone"),
        lose("stock/stock", "device_id"),
        bring_nothing,
        with_values("connection/connection", stock_id="gone"),
    ],
    "live_video_is_of_the_last_hour_and_seen_by_who_may": [
        keep_live_video,
        with_values("device/live", pk="device#gone"),
        with_values("device/live", until=0),
    ],
    "an_offer_is_found_as_long_as_it_stands": [
        without("address/offer"),
        without("device/transfer"),
        with_values("device/transfer", ended=1),
        copy_row("device/transfer", pk="device#gone"),
    ],
    "an_account_has_no_more_sessions_than_can_be_listed": [sign_in_too_often],
    "an_identity_belongs_to_one_account": [
        without("identity/identity"),
        with_values("identity/identity", account_id="nobody"),
        copy_row("identity/identity", pk="identity#second"),
        without("account/platform"),
        copy_row("account/platform", pk="account#twin"),
        link_a_platform_beside_itself,
    ],
    "a_device_has_one_owner": [
        without("device/device"),
        without("account/device-owned"),
        with_values("account/account", devices=7),
        copy_row("device/device", pk="device#twin"),
        give_away_a_device,
    ],
    "a_camera_knows_whose_it_is": [
        lose("stock/stock", "device_id"),
        without("device/camera"),
        tie_a_camera_to_nothing,
    ],
    "a_share_is_one_thing_seen_from_three_sides": [
        without("device/share"),
        without("account/device-received"),
        without("address/invitation"),
        lose("device/device", "grants"),
        with_values("device/share", rights=["settings"]),
        with_values("device/share", channels=["2"]),
        with_values("device/share", until=9_999_999_999),
        with_values("device/share", expires_at=9_999_999_999),
        with_values("device/share", guest_id="somebody"),
        lose("device/share", "address"),
        lose("device/share", "guest_id"),
        with_values("account/device-received", expires_at=9_999_999_999),
        with_values("address/invitation", expires_at=9_999_999_999),
        copy_row("account/device-received", sk="device-received#another"),
    ],
    "a_guest_has_an_account": [
        end_the_guests_account,
        share_with_the_owner,
        share_with_too_many,
    ],
    "other_people_are_recorded_by_id_alone": [
        lose("device/activity", "who_id"),
        name_on("who_id", "who"),
        name_on("about_id", "about"),
    ],
    "what_happened_is_recorded": [
        *(forget_that(act) for act in ("signed_in", "device_added", "shared", "share_accepted")),
        *(forget_that(act) for act in ("second_factor_added", "recovery_codes_made", "command_given", "watched")),
        *(forget_that(act) for act in ("recordings_deleted", "gift_card_redeemed")),
    ],
    "pushes_go_to_who_may_hear": [
        let_a_stranger_listen,
        end_a_session,
        lose("account/audience", "targets"),
        lose("account/session", "push_arn"),
        without("account/audience"),
        without("account/endpoint"),
    ],
    "a_push_address_at_sns_has_a_row": [
        without("account/endpoint"),
        leave_an_endpoint,
        copy_row("account/endpoint", sk="endpoint#twin"),
    ],
    "a_data_key_is_there_as_long_as_its_subject": [
        *(without(kind) for kind in ("account/account", "device/device", "account/registration", "stock/report")),
        without("key", "Keys"),
        copy_row("key", "Keys", pk="key#nobody"),
        with_values("key", "Keys", expires_at=9_999_999_999),
        lose("key", "expires_at", "Keys"),
    ],
    "what_is_sealed_opens": [without("key", "Keys"), move_what_is_sealed],
    "a_session_belongs_to_a_living_account": [
        without("account/account"),
        with_values("account/session", session_generation=7),
    ],
    "of_a_deleted_alarm_only_its_name_is_left": [with_values("device/alarm", removed=1)],
    "money_counts_once": [
        without("payments/payment", "Fiscal"),
        with_values("payments/payment", "Fiscal", state="refund_due"),
        with_values("payments/payment", "Fiscal", reason="order_paid"),
        with_values("payments/payment", "Fiscal", payment_reference="another"),
        with_values("account/order", paid_with="another"),
        with_values("account/order", state="refund_due"),
        lose("account/order", "paid_with"),
        owe_the_same_back,
        copy_row("account/order", sk="order#another"),
    ],
    "money_goes_back_once": [
        with_values("payments/payment", "Fiscal", refund_amount=1),
        with_values("payments/payment", "Fiscal", state="refunded", reason="asked_for", refund_amount=300),
        with_values("payments/payment", "Fiscal", state="refund_due", reason="order_paid", refund_amount=1),
        copy_row("invoices/invoice", "Fiscal", sk="invoice#K-2026-000001", corrects="S-2026-000001"),
        add_row("Items", pk="refunds-due", sk="refund#of-nothing", owed_since=0),
        fail_a_refund_that_nobody_asked_for,
        with_values("account/order", refund_amount=1),
        with_values("account/order", credit_note_number="K-2026-000001"),
        with_values("account/order", state="refunded"),
    ],
    "paid_means_one_invoice": [
        without("invoices/invoice", "Fiscal"),
        copy_row("invoices/invoice", "Fiscal", sk="invoice#S-2026-000009"),
        with_values("account/order", state="open"),
        with_values("account/order", invoice_number="S-2026-000077"),
        with_values("invoices/invoice", "Fiscal", amount=1),
        with_values("invoices/invoice", "Fiscal", payment_reference="another"),
    ],
    "invoices_are_numbered_without_a_gap": [
        without("invoices/invoice", "Fiscal"),
        without("invoices/counter", "Fiscal"),
        with_values("invoices/counter", "Fiscal", last=3),
        with_values("invoices/counter", "Fiscal", last=1),
    ],
    "plan_time_granted_is_plan_time_paid": [
        lose("account/device-owned", "plan_grants"),
        without("account/order"),
        with_values("account/order", period_days=31),
        with_values("account/order", plan_id="event-3-month"),
        with_values("account/order", device_id="another"),
        with_values("account/order", state="open"),
        grant("2026-01-05T08:00:00Z 2026-02-04T08:00:00Z event-7-month 1 event 7 nobodys"),
        grant_again,
    ],
    "what_was_given_back_or_charged_back_runs_nowhere": [
        with_values("account/order", state="refunded"),
        with_values("account/order", state="charged_back", refund_amount=299),
        hand_over_what_was_given_back,
        credit_what_was_charged_back,
    ],
    "what_was_handed_over_is_found_with_who_has_it": [
        add_row("Items", pk="handed-plan#of-nobody", sk="plan#", account_id="nobody"),
        add_row("Items", pk="account#nobody", sk="received-plan#of-nobody"),
        hand_over_to_two,
    ],
    "a_gift_card_is_redeemed_at_most_once": [
        without("gift-card/gift-card"),
        without("gift-card-batches/batch"),
        lose("gift-card/gift-card", "redeemed_at"),
        lose("gift-card-batches/batch", "issued_at"),
        with_values("gift-card/gift-card", redeemed_at=1),
        with_values("gift-card-batches/batch", redeemed=0),
        with_values("gift-card-batches/batch", count=2),
        with_values("gift-card-batches/batch", count=0),
        copy_row("account/gift-card-redemption", pk="account#nobody"),
        copy_row("gift-card/gift-card", pk="gift-card#another"),
    ],
    "a_redeemed_gift_card_is_one_grant": [
        without("account/gift-card-redemption"),
        with_values("account/gift-card-redemption", device_id="another"),
        with_values("account/gift-card-redemption", plan_id="event-3-month"),
        with_values("gift-card-batches/batch", period_days=31),
        with_values("gift-card-batches/batch", period_days=29),
        lose("account/device-owned", "plan_grants"),
        grant("2027-01-06T08:00:00Z 2027-02-04T08:00:00Z event-7-month 1 event 7 gift:another 0 EUR 1 -"),
    ],
    "a_plan_has_one_holder_at_every_instant": [
        grant("2026-01-06T08:00:00Z 2026-02-04T08:00:00Z event-7-month 1 event 7 another"),
    ],
    "a_year_has_thirty_days_of_pauses": [
        with_values("account/device-owned", plan_pauses=["2025-01-01T00:00:00Z 2025-02-01T00:00:01Z"]),
        with_values(
            "account/device-owned", plan_pauses=[f"2025-0{n}-01T00:00:00Z 2025-0{n}-12T00:00:00Z" for n in (1, 3, 5)]
        ),
    ],
    "the_free_plan_is_of_one_device": [
        add_row("Items", pk="account#nobody", sk="free-plan#", device_id="another", until=2_000_000_000),
        grant("2026-02-05T08:00:00Z 2026-03-05T08:00:00Z free 1 event 3 free:nobodys 0 EUR 2592000 -"),
    ],
    "the_next_warning_of_a_plan_is_found_by_its_second": [
        without("plan-warnings/plan-warning"),
        copy_row("plan-warnings/plan-warning", sk="plan-warning#001800000000.nobodys"),
        lose("account/device-owned", "plan_warning"),
        lose("account/device-owned", "plan_grants"),
        with_values("plan-warnings/plan-warning", sk="plan-warning#001800000000.nobodys"),
    ],
    "a_renewal_is_found_by_its_second_and_has_the_end_of_its_ledger": [
        without("plan-renewals/plan-renewal"),
        copy_row("plan-renewals/plan-renewal", sk="plan-renewal#001800000000.nobodys"),
        lose("account/device-owned", "plan_renewal"),
        lose("account/device-owned", "plan_renewal_due"),
        lose("account/device-owned", "plan_grants"),
    ],
    "a_card_is_saved_as_long_as_something_renews": [
        without("account/saved-card"),
        lose("account/device-owned", "plan_renewal"),
    ],
    "the_end_of_a_plan_is_found_by_its_day": [
        without("plan-ends/plan-end"),
        with_values("plan-ends/plan-end", ends_at=1),
        with_values("plan-ends/plan-end", pk="plan-ends#20260101"),
        copy_row("plan-ends/plan-end", sk="plan-end#nobodys"),
        lose("account/device-owned", "plan_end"),
        lose("account/device-owned", "plan_grants"),
        grant("2026-04-05T08:00:00Z 2026-05-05T08:00:00Z event-7-month 1 event 7 another"),
    ],
    "a_segment_lies_in_its_days_row_and_a_row_has_segments": [
        without("device/recording-day"),
        lose("device/recording-day", "prefixes"),
        with_values("device/recording-day", prefixes=["7/20260105 0000 0001"]),
        with_values("device/recording-day", prefixes=["30/20260105 0000 2359"]),
        with_values("device/recording-day", last_ms=1_000),
        with_values("device/recording-day", until=1_000),
        with_values("device/recording-day", pk="device#nobody"),
        without("device/device"),
        lose_segments(None),
        leave_a_recording(of="nobody"),
    ],
    "a_day_counts_what_is_stored_of_it": [
        lose_segments(1),
        leave_a_recording(),
        count_more(0),
        count_more(96),
        with_values("device/recording-day", recorded_ms=1),
        with_values("device/recording-day", size_bytes=1),
    ],
    "what_was_deleted_or_private_is_not_stored": [
        mark_as_deleted,
        mark_twice,
        with_values("device/device", private_since=1_000, private_until=2_000_000_000),
        with_values("device/device", private_since=1_000),
        with_values("device/device", private_spans=["1000 2000000000000"]),
    ],
    "no_recording_is_kept_beyond_its_end": [
        record_at("2025-12-20T08:00:00Z"),
        record_at("2026-01-05T07:00:00Z"),
        lose("account/device-owned", "plan_grants"),
        grant_long_ago,
    ],
    "a_clip_is_a_file_for_a_day": [
        with_values("device/clip", pk="device#nobody"),
        wait_for_a_clip,
        with_values("device/clip", state="failed"),
        with_values("device/clip", until=9_999_999_999),
        lose_clip,
        leave_an_old_clip,
        leave_a_clip_of_nobody,
    ],
    "no_object_without_row_and_no_row_without_object": [
        forget_an_object,
        leave_an_object,
        leave_a_recording("-seconds"),
        leave_an_upload,
        lose_a_document,
        without("invoices/invoice", "Fiscal"),
        without("device/alarm"),
        with_values("device/alarm", pk="device#nobody"),
    ],
    "what_names_somebody_on_an_invoice_lies_sealed": [
        lose_the_key_of_the_named,
        lose("invoices/invoice", "buyer", "Fiscal"),
        bare_a_document,
    ],
    "what_was_uploaded_lies_in_an_hour_that_was_noted": [forget_the_hours, leave_an_object],
    "an_account_asks_for_the_second_factors_that_there_are": [
        stop_asking,
        leave_only_recovery_codes,
        shorten_a_password,
        without("account/totp"),
        without("account/passkey"),
        copy_row("account/passkey", sk="passkey#another"),
    ],
    "the_forgotten_have_nothing_but_their_erasure": [
        mention_the_forgotten,
        keep_an_answer_of_the_forgotten_for_good,
        open_one_of_the_forgotten,
        lose("erasure/erasure", "receipt", "Ledger"),
        with_values("erasure/erasure", "Ledger", state="erasing"),
    ],
    "what_was_told_was_heard": [
        leave_a_message,
        hide_a_message,
        lose("account/order", "confirmed_at"),
        lose("address/invitation", "told_at"),
        add_row("Items", pk="device#x", sk="removal#y"),
        add_row("Items", pk="device#x", sk="recording-removal#y"),
    ],
    "a_confirmed_subscription_is_found_by_its_address_and_in_the_list": [
        *(without(kind) for kind in ("subscription/subscription", "address/newsletter", "newsletter/subscriber")),
        without("address/newsletter-consent"),
        with_values("address/newsletter", subscription_id="another"),
    ],
    "an_account_is_among_those_who_agree_as_long_as_it_does": [
        without("consenting/consenting"),
        with_values("consenting/consenting", sk="consenting#nobody"),
        lose("account/account", "consents"),
    ],
    "an_entry_and_its_ticket_are_there_together": [
        without("account/campaign-entry"),
        without("campaign-tickets/ticket"),
        with_values("campaign-tickets/ticket", account_id="another"),
    ],
    "an_entry_is_there_by_a_consent_in_force": [
        lose("account/account", "consents"),
        with_values("account/campaign-entry", grant_id="another"),
    ],
    "what_is_personal_is_sealed": [
        name_in_the_clear,
        stream_in_the_clear,
        with_values("account/account", shoe_size=38),
        add_row("Items", pk="account#x", sk="shoe", size=38),
    ],
}


@pytest.mark.one_in(2)
@pytest.mark.parametrize(
    ("name", "damage"),
    [
        pytest.param(name, damage, id=f"{name}: {damage.__name__}")
        for name, damages in DAMAGES.items()
        for damage in damages
    ],
)
def test_a_damaged_world_is_noticed(in_order: Dump, name: str, damage: Callable[[Dump], None]) -> None:
    assert violations(in_order) == []
    damage(in_order)
    assert [found for found in violations(in_order) if found.startswith(f"{name}: ")]


def test_every_invariant_can_be_broken() -> None:
    assert DAMAGES.keys() == INVARIANTS.keys()
