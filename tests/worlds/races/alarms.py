"""Pictures that arrive while alarms, terminals or cameras go."""

from __future__ import annotations

from collections import Counter
from typing import Any

from chalicelib.avatars.actions.galleries import Arrival
from chalicelib.avatars.actions.portraits import GALLERY
from chalicelib.aws import s3
from chalicelib.aws.clients import client
from chalicelib.identities.actions import take_over_picture
from chalicelib.store.records import Item
from infra.local.gateway import Response
from tests.conftest import Home
from tests.identities.people import offer_picture
from tests.identities.platforms import google_picture
from tests.scene import jpeg
from tests.worlds.invariants import Stored
from tests.worlds.races.cameras import bind, picture_arrives, picture_on_its_way, pictures_are_gone, remove_camera
from tests.worlds.races.people import close, owner_is_gone
from tests.worlds.races.race import ANOTHER_KEY, ONE_KEY, Answers, Race, Wrong, exactly, stepped_up
from tests.worlds.scenarios import alarms, cameras, pictures
from tests.worlds.scenarios.steps import settled


def _take_pushes(home: Home, state: Any) -> Response:
    return home.owner.take_pushes("another-token-of-a-platform")


def _sign_out(home: Home, state: Any) -> Response:
    return home.owner.call("DELETE", "/sessions/current")


def _delete_all(home: Home, state: Any) -> Response:
    return alarms.delete_all(home, None, ONE_KEY)


def _delete_all_to_the_end(home: Home, state: Any) -> Response:
    """Deleted, told, and carried out, while the other one is still under way."""
    answer = _delete_all(home, state)
    told = Counter[Any]()
    for name in ("forward_item_changes", "on_cleanup_due"):
        next(one for one in home.world.pollers._sources if one.name == name).deliver(told)
    return answer


def remove_to_the_end(home: Home, state: Any) -> Response:
    """Removed, told, and erased once, while the other one is still under way."""
    answer = remove_camera(home, state)
    told = Counter[Any]()
    for name in ("forward_ledger_changes", "on_erasure_begun"):
        next(one for one in home.world.pollers._sources if one.name == name).deliver(told)
    return answer


def _upload_on_a_ticket(home: Home, state: Any) -> Response:
    answer = home.world.call("POST", "/cameras/tickets", {"kind": "alarm"}, token=home.camera.token)
    if answer.status == 200:
        assert home.world.upload(answer.json, "1/20260105T080000Z-motion-a.jpg", jpeg(905)).status == 204
    return answer


def nothing_of_the_device(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    """Not even the row of an hour that was noted after the first pass."""
    device = f"device#{home.camera.device_id}"
    rows = stored.dump["tables"][Item.Meta.table_name]
    yield from (f"{row['sk']} is left" for row in rows if row["pk"] == device)
    yield from (key for key in stored.objects if home.camera.device_id in key)


def _mark_read(home: Home, state: Any) -> Response:
    return alarms.mark_read(home, None, ONE_KEY)


def _delete_alarm(home: Home, state: Any) -> Response:
    return alarms.delete_alarm(home, None, ANOTHER_KEY)


def _alarm_is_gone(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    if alarms.stream_events(stored) or stored.objects:
        yield "the alarm is left"


def _avatar_on_its_way(home: Home) -> None:
    home.owner.show_face()
    home.owner.step_up()
    home.world.advance(1)
    assert home.owner.upload_avatar(jpeg(901)).status == 204


def _avatar_arrives(home: Home, state: Any) -> None:
    """The queue brings it once; what fails is brought again when all settles."""
    source = next(one for one in home.world.pollers._queues() if one.name == "on_image_uploaded")
    assert source.deliver(Counter())


def _avatar_arrives_twice(home: Home, state: Any) -> None:
    for arrival in state:
        GALLERY.take(arrival)


def _delete_avatar(home: Home, state: Any) -> Response:
    return pictures.delete_avatar(home, None, ONE_KEY)


def _no_avatar(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    """What was uploaded before the deleting is no avatar after it, whichever came to its row first."""
    yield from (key for key in stored.objects if key.startswith("avatars"))
    if "picture" in stored.first_ids("Avatar")[home.owner.account_id]:
        yield "there is an avatar"


def _told_twice(home: Home) -> list[Arrival]:
    """S3 tells of one upload twice, and two containers hear it."""
    _avatar_on_its_way(home)
    (upload,) = s3.below("avatars-in/")
    client("sqs").purge_queue(QueueUrl=home.world.stack.physical("ImageUploads"))
    return [Arrival(upload.key, upload.size_bytes, home.world.now())]


def _no_avatar_left(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    yield from (key for key in stored.objects if key.startswith("avatars"))
    yield from (f"{where} is left" for where in stored.of("Avatar"))
    yield from owner_is_gone(home, state, answers, stored)


def _one_avatar(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    if (found := [key for key in stored.objects if key.startswith("avatars")]) != [GALLERY.object_key_of(state[0])]:
        yield f"stored are {found}"


def _picture_offered(home: Home) -> None:
    """As if a platform had made the account."""
    home.owner.step_up()
    home.world.settle()
    offer_picture(home.owner, google_picture())


def _picture_is_fetched(home: Home, state: Any) -> None:
    """And once more when all settles, as the queue has not been asked yet."""
    take_over_picture(home.owner.account_id, 1)


def _one_first_picture(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    if len(found := [key for key in stored.objects if key.startswith("avatars")]) != 1:
        yield f"stored are {found}"


def _cover_on_its_way(home: Home) -> None:
    pictures.another_cover_uploaded(home)


def _cover_arrives(home: Home, state: Any) -> None:
    """The queue brings it once; what fails is brought again when all settles."""
    source = next(one for one in home.world.pollers._queues() if one.name == "on_image_uploaded")
    assert source.deliver(Counter())


def _delete_cover(home: Home, state: Any) -> Response:
    return pictures.delete_cover(home, None, ONE_KEY)


def _no_cover(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    yield from (key for key in stored.objects if key.startswith("covers"))


RACES = (
    Race("close, avatar arrives", _avatar_on_its_way, close, _avatar_arrives, exactly((202, None)), _no_avatar_left),
    Race("delete the avatar, avatar arrives", _avatar_on_its_way, _delete_avatar, _avatar_arrives,
         exactly((204, None)), _no_avatar),
    Race("avatar arrives, avatar arrives again", _told_twice, _avatar_arrives_twice, _avatar_arrives_twice,
         exactly((None, None)), _one_avatar),
    Race("close, offered picture is fetched", _picture_offered, close, _picture_is_fetched, exactly((202, None)),
         _no_avatar_left),
    Race("delete the avatar, offered picture is fetched", _picture_offered, _delete_avatar, _picture_is_fetched,
         exactly((204, None)), _no_avatar),
    Race("offered picture is fetched, offered picture is fetched again", _picture_offered, _picture_is_fetched,
         _picture_is_fetched, exactly((None, None)), _one_first_picture),
    Race("delete the avatar, delete the avatar", _avatar_on_its_way, _delete_avatar,
         lambda home, state: pictures.delete_avatar(home, None, ANOTHER_KEY), exactly((204, 204)), _no_avatar),
    Race("delete the cover, cover arrives", _cover_on_its_way, _delete_cover, _cover_arrives,
         exactly((204, None)), _no_cover),
    Race("remove, cover arrives", _cover_on_its_way, remove_camera, _cover_arrives, exactly((202, None)), _no_cover),
    Race("take pushes, bind", cameras.unbound, _take_pushes, bind("owner", ONE_KEY), exactly((204, 201))),
    Race("take pushes, close", stepped_up, _take_pushes, close,
         exactly((204, 202), (401, 202)), lambda home, state, answers, stored: owner_is_gone(
             home, state, answers[::-1], stored)),
    Race("sign out, picture arrives", picture_on_its_way, _sign_out, picture_arrives, exactly((204, None))),
    Race("delete all alarms, picture arrives", picture_on_its_way, _delete_all, picture_arrives,
         exactly((204, None)), pictures_are_gone),
    Race("delete all alarms to the end, picture arrives", picture_on_its_way, _delete_all_to_the_end, picture_arrives,
         exactly((204, None)), pictures_are_gone),
    Race("remove to the end, ask for a ticket", settled, remove_to_the_end, _upload_on_a_ticket,
         exactly((202, 200), (202, 409)), nothing_of_the_device),
    Race("mark read, delete", settled, _mark_read, _delete_alarm, exactly((200, 204), (404, 204)), _alarm_is_gone),
)
