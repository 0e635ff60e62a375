"""A person's picture: uploaded on a ticket, redrawn, shown by a short link, replaced, and gone when it has to go."""

from __future__ import annotations

import io
import json
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image

from chalicelib.avatars import rules
from chalicelib.avatars.actions.galleries import Arrival
from chalicelib.avatars.actions.portraits import GALLERY
from chalicelib.avatars.records import PICTURES, UPLOADS
from chalicelib.aws import s3
from chalicelib.aws.clients import client
from chalicelib.register.prefixes import Endless
from chalicelib.register.sweep import sweep_expired
from chalicelib.settings import settings
from infra.local.cloud import LocalCloud
from infra.strict_moto.faults import DIES_AFTER, Crash
from tests.avatars.hostile import as_file, exif, picture
from tests.conftest import Home
from tests.scene import Person, jpeg, new_person, rows
from tests.worlds.sweep import leap

MINUTE, DAY = 60, 86_400


def stored() -> list[str]:
    return [one.key for one in s3.below("avatars")]


@pytest.fixture
def ola(world: LocalCloud) -> Person:
    return new_person(world)


# The ticket


def ticket(person: Person, kind: str = "image/jpeg") -> Any:
    answer = person.call("POST", "/me/avatar", {"content_type": kind})
    assert answer.status == 200, answer.body
    return answer.json


def test_a_ticket_is_for_one_key_of_ones_own_and_ten_minutes(ola: Person) -> None:
    given = ticket(ola)
    assert given["fields"]["key"] == given["key_prefix"]
    assert given["key_prefix"].startswith(f"avatars-in/20260105/{ola.account_id}/")
    lasts = datetime.fromisoformat(given["until"]) - datetime.fromisoformat(given["now"])
    assert lasts.total_seconds() == 10 * MINUTE
    assert ticket(ola)["key_prefix"] != given["key_prefix"]


@pytest.mark.parametrize("kind", ["image/jpeg", "image/png", "image/webp"])
def test_it_is_for_the_type_that_was_asked(ola: Person, kind: str) -> None:
    data = as_file(picture(), kind.removeprefix("image/"))
    assert ola.world.upload(ticket(ola, kind), "", data).status == 204
    ola.world.settle()
    assert ola.avatar() is not None


@pytest.mark.parametrize("kind", ["image/gif", "image/svg+xml", "text/html", "", None, 5])
def test_no_other_type_can_be_asked_for(ola: Person, kind: Any) -> None:
    answer = ola.call("POST", "/me/avatar", {"content_type": kind})
    assert (answer.status, list(answer.json["fields"])) == (422, ["content_type"])


@pytest.mark.parametrize(
    ("size", "overrides", "status"),
    [
        (5 * 1024 * 1024, {}, 204),
        (5 * 1024 * 1024 + 1, {}, 400),
        (1, {}, 204),
        (0, {}, 400),
        (99, {"Content-Type": "image/png"}, 403),
        (99, {"key": "avatars/kept/somebody/x.jpg"}, 403),
        (99, {"key": "avatars-in/20260105/somebody/x"}, 403),
    ],
)
def test_nothing_else_can_be_uploaded_on_it(ola: Person, size: int, overrides: dict[str, str], status: int) -> None:
    assert ola.world.upload(ticket(ola), "", b"x" * size, **overrides).status == status


def test_a_name_of_ones_own_below_it_is_refused(ola: Person) -> None:
    assert ola.world.upload(ticket(ola), "/more", jpeg()).status == 403


def test_it_ends(ola: Person) -> None:
    given = ticket(ola)
    ola.world.advance(10 * MINUTE + 1)
    assert ola.world.upload(given, "", jpeg()).status == 403


# The picture


def test_who_has_no_picture_is_told_so(ola: Person) -> None:
    assert ola.call("GET", "/me").json["avatar_url"] is None
    assert ola.call("PATCH", "/me", {"nickname": "Ala"}).json["avatar_url"] is None


def test_it_is_shown_redrawn_as_an_attachment_of_our_type(ola: Person) -> None:
    ola.show_face(as_file(picture("RGB", (2000, 1000)), "PNG", exif=exif()))
    url = ola.call("PATCH", "/me", {"nickname": "Ala"}).json["avatar_url"]
    answer = ola.world.fetch(url)
    shown = Image.open(io.BytesIO(answer.body))
    assert (shown.format, shown.size, shown.getexif()) == ("JPEG", (512, 256), {})
    assert answer.headers["Content-Type"] == rules.JPEG
    assert answer.headers["Content-Disposition"] == "attachment"
    assert int(parse_qs(urlsplit(url).query)["X-Amz-Expires"][0]) <= 5 * MINUTE


def test_its_link_dies_within_five_minutes(ola: Person) -> None:
    ola.show_face()
    url = ola.call("GET", "/me").json["avatar_url"]
    ola.world.advance(5 * MINUTE + 1)
    assert ola.world.fetch(url).status == 403


def test_what_was_uploaded_is_deleted_at_once(ola: Person) -> None:
    ola.show_face()
    (left,) = stored()
    assert left.startswith(f"avatars/kept/{ola.account_id}/")


def test_another_takes_its_place_and_the_old_one_is_deleted(ola: Person) -> None:
    ola.show_face(jpeg(1))
    first, before = ola.avatar(), stored()
    ola.world.advance(1)
    ola.show_face(jpeg(2))
    assert ola.avatar() not in (None, first)
    assert len(stored()) == 1 and stored() != before
    assert rows(ola.world, "account/avatar-removal") == []


@pytest.mark.parametrize("data", [b"not a picture", jpeg()[:900], as_file(picture(), "GIF"), b"x" * 5_000_000])
def test_what_is_no_picture_is_deleted_and_changes_nothing(ola: Person, data: bytes) -> None:
    ola.show_face()
    before = ola.avatar(), stored(), rows(ola.world, "account/avatar")
    ola.world.advance(1)
    ola.show_face(data)
    assert (ola.avatar(), stored(), rows(ola.world, "account/avatar")) == before


@pytest.mark.parametrize("size", [0, 5 * 1024 * 1024 + 1])
def test_what_is_too_large_by_its_event_is_not_read(ola: Person, size: int) -> None:
    key = UPLOADS.of(ola.world.now(), ola.account_id) + "large"
    ola.world.trace.clear()
    GALLERY.take(Arrival(key, size, ola.world.now()))
    assert "s3.GetObject" not in ola.world.trace.names()


def test_what_became_larger_since_is_refused(ola: Person) -> None:
    key = UPLOADS.of(ola.world.now(), ola.account_id) + "large"
    data = jpeg() + bytes(rules.MOST_BYTES)
    client("s3").put_object(Bucket=settings.media_bucket, Key=key, Body=data)
    GALLERY.take(Arrival(key, 999, ola.world.now()))
    assert (stored(), ola.avatar()) == ([], None)


def test_of_two_uploads_the_later_one_stays_whatever_comes_first(ola: Person) -> None:
    now = ola.world.now()
    arrivals = []
    for number in (1, 2):
        key = UPLOADS.of(now, ola.account_id) + str(number)
        client("s3").put_object(Bucket=settings.media_bucket, Key=key, Body=jpeg(number))
        arrivals.append(Arrival(key, 999, now.replace(microsecond=number * 1000)))
    for arrival in reversed(arrivals):
        GALLERY.take(arrival)
    assert ola.avatar() == rules.cleaned(jpeg(2))
    assert stored() == [GALLERY.object_key_of(arrivals[1])]


def test_told_again_it_is_the_same(ola: Person) -> None:
    assert ola.upload_avatar().status == 204
    (upload,) = list(s3.below("avatars-in/"))
    arrival = Arrival(upload.key, upload.size_bytes, ola.world.now())
    ola.world.faults.fail(4, DIES_AFTER)  # the commit
    with pytest.raises(Crash):
        GALLERY.take(arrival)
    assert len(stored()) == 2
    row = rows(ola.world, "account/avatar")
    GALLERY.take(arrival)
    assert stored() == [GALLERY.object_key_of(arrival)]
    assert rows(ola.world, "account/avatar")[0]["picture"] == GALLERY.object_key_of(arrival) == row[0]["picture"]


def test_one_upload_that_breaks_the_queue_holds_up_nobody(ola: Person) -> None:
    queue = ola.world.stack.physical("ImageUploads")
    for body in ("no JSON", '{"of another": "shape"}'):
        client("sqs").send_message(QueueUrl=queue, MessageBody=body)
    client("sqs").send_message(QueueUrl=queue, MessageBody='{"Service": "Amazon S3", "Event": "s3:TestEvent"}')
    ola.show_face()
    assert ola.avatar() is not None
    left = {name: len(messages) for name, messages in ola.world.dump()["queues"].items() if messages}
    assert left == {"sowa-local-UploadsDeadLetters": 2}


# Deleting


def test_deleted_it_is_unseen_at_once_and_gone_soon(ola: Person) -> None:
    ola.show_face()
    url = ola.call("GET", "/me").json["avatar_url"]
    assert ola.call("DELETE", "/me/avatar").status == 204
    assert ola.call("GET", "/me").json["avatar_url"] is None
    ola.world.settle()
    assert stored() == [] and ola.world.fetch(url).status == 404
    assert rows(ola.world, "account/avatar-removal") == []


def test_deleting_none_is_no_error(ola: Person) -> None:
    for _ in range(2):
        assert ola.call("DELETE", "/me/avatar").status == 204


def test_what_was_uploaded_before_the_deleting_does_not_come_back_after_it(ola: Person) -> None:
    assert ola.upload_avatar().status == 204
    with ola.world.aws.lock:  # nobody is told yet
        ola.world.clock.move_to(ola.world.now().timestamp() + 1)
        assert ola.call("DELETE", "/me/avatar").status == 204
    ola.world.settle()
    assert (ola.avatar(), stored()) == (None, [])
    ola.world.advance(1)
    ola.show_face()
    assert ola.avatar() is not None


def test_that_it_was_deleted_is_forgotten_after_some_days(ola: Person) -> None:
    ola.call("DELETE", "/me/avatar")
    assert len(rows(ola.world, "account/avatar")) == 1
    leap(ola.world, 3 * DAY)
    ola.world.calendar.reap()
    assert rows(ola.world, "account/avatar") == []


# Whoever leaves


def test_who_closed_the_account_leaves_no_picture(home: Home) -> None:
    home.owner.show_face()
    home.stranger.show_face(jpeg(7))
    late = ticket(home.owner)
    home.owner.step_up()
    home.owner.close()
    home.world.advance(15 * MINUTE)
    assert all(home.stranger.account_id in key for key in stored()) and len(stored()) == 1
    assert home.world.upload(late, "", jpeg()).status == 403  # by then it has ended


def test_an_upload_for_a_dead_account_is_deleted_on_arrival(home: Home) -> None:
    late = ticket(home.owner)
    home.owner.step_up()
    home.owner.close()
    home.world.advance(5 * MINUTE)
    assert home.world.upload(late, "", jpeg()).status == 204
    assert len(stored()) == 1
    home.world.settle()
    assert stored() == []


@pytest.mark.parametrize("key", ["x", "20260105/nobody/x", "20260105//x", ""])
def test_an_upload_of_nobodys_is_deleted(world: LocalCloud, key: str) -> None:
    client("s3").put_object(Bucket=settings.media_bucket, Key=f"avatars-in/{key}", Body=jpeg())
    world.settle()
    assert (stored(), world.failures) == ([], [])


def test_a_picture_that_no_row_names_goes_with_its_owner_too(home: Home) -> None:
    """A function died between the object and its row, and its message was given up."""
    lost = f"{PICTURES.of(home.world.now(), home.owner.account_id)}lost.jpg"
    client("s3").put_object(Bucket=settings.media_bucket, Key=lost, Body=jpeg())
    leap(home.world, 400 * DAY)
    home.owner.sign_in()
    home.owner.step_up()
    home.owner.close()
    home.world.advance(15 * MINUTE)
    assert stored() == []


# The clock


def test_a_picture_is_kept_as_long_as_its_account(ola: Person) -> None:
    ola.show_face()
    leap(ola.world, 400 * DAY)
    for job in ("sweep_expired_uploads", "sweep_expired_pictures", "sweep_expired_archives"):
        ola.world.run_schedule(job)
    assert len(stored()) == 1
    ola.sign_in()
    assert ola.avatar() is not None


def test_what_has_no_end_is_never_swept() -> None:
    with pytest.raises(Endless, match="avatars"):
        sweep_expired(PICTURES)


def test_an_upload_of_which_nobody_was_told_goes_after_a_day(ola: Person) -> None:
    assert ola.upload_avatar().status == 204
    client("sqs").purge_queue(QueueUrl=ola.world.stack.physical("ImageUploads"))
    ola.world.clock.move_to(ola.world.now().timestamp() + DAY - 1)
    assert ola.world.run_schedule("sweep_expired_uploads") == {"deleted": 0}
    ola.world.clock.move_to(ola.world.now().timestamp() + 1)
    assert ola.world.run_schedule("sweep_expired_uploads") == {"deleted": 1}


def test_no_line_of_the_log_says_what_was_uploaded(ola: Person) -> None:
    ola.show_face(jpeg()[:900])
    said = [json.loads(line) for line in ola.world.logs.lines() if '"door":"on_avatar_uploaded"' in line]
    assert said and not any("fault" in line or "avatars" in json.dumps(line) for line in said)
