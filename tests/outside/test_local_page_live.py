"""On the front page somebody watches a camera live and shares it, and somebody else uses it: with a camera that lives,
and browsers that are as wide as a phone and as a desk."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from infra.local.cloud import LocalCloud
from sowa_agent.agent import camera_of
from sowa_agent.camera import Camera as AgentCamera
from sowa_agent.config import config_of
from tests.encoder import Encoder
from tests.outside.browsing import a_browser, in_a_browser, sync_api
from tests.outside.delay import TRIES, Delay, best_of, watched
from tests.outside.page_scene import WIDTHS, Visitor, a_served_cloud, a_visitor
from tests.outside.streaming import FRAMES_PER_SECOND, Filming, an_agent_that_films
from tests.scene import CODE, SECRET, Camera, until

SN, OLA, GUSTAW = "SN0042", "ola@example.org", "gustaw@example.org"
SIZE, OTHER_SIZE = (320, 180), (160, 96)
SHOWN = "Live: you see what happened a few seconds ago."
ASLEEP = "The camera is asleep or offline"
RUN_AHEAD = "(seconds) => import('/_local/page/clock.js').then(({pass}) => pass(seconds))"
OPEN_ALL = "(open) => document.querySelectorAll('details').forEach((each) => Object.assign(each, {open}))"
expect = sync_api.expect


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[str, LocalCloud, Any]]:
    with a_served_cloud() as served:
        yield served


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with a_browser() as started:
        yield started


@dataclass
class Scene:
    """A cloud where nobody has been yet, a camera in stock, and whoever comes."""

    address: str
    cloud: LocalCloud
    browser: Any
    camera: Camera
    folder: Path
    leaving: ExitStack

    def visitor(self, nickname: str, address: str) -> Visitor:
        visitor = self.leaving.enter_context(a_visitor(self.browser, self.address))
        visitor.register(nickname, address)
        return visitor

    def owner(self) -> Visitor:
        """Somebody who binds the camera on the page."""
        owner = self.visitor("Ola", OLA)
        owner.page.get_by_text("Bind a camera of your own").click()
        for label, value in {"Serial number": SN, "Printed code": CODE, "Name": "Garden"}.items():
            owner.page.get_by_label(label, exact=True).fill(value)
        owner.press("Bind")
        expect(owner.page.locator("#live")).to_be_visible()
        return owner

    def guest(self, owner: Visitor) -> Visitor:
        """Somebody with whom the owner shares it."""
        invite(owner, GUSTAW)
        guest = self.visitor("Gustaw", GUSTAW)
        guest.press("Accept", "#invitations")
        expect(guest.page.locator("#received")).to_contain_text("Shared with you by Ola")
        return guest

    def awake(self) -> AgentCamera:
        """The camera lives from now on."""
        for number in range(4):
            picture = Image.new("RGB", SIZE, (30, 30, 30))
            ImageDraw.Draw(picture).rectangle((number * 60, 20, number * 60 + 90, 160), fill=(240, 240, 240))
            picture.save(self.folder / f"{number}.jpg")
        config = config_of(self.address, SN, SECRET, str(self.folder), self.folder / "spool")
        living = camera_of(config, config.cameras[0], threading.Event())
        thread = threading.Thread(target=living.run, daemon=True)
        thread.start()
        self.leaving.callback(until, lambda: not self.cloud.channel.connections)
        self.leaving.callback(thread.join, 10)
        self.leaving.callback(living.stopped.set)
        until(lambda: bool(self.cloud.channel.connections))
        return living


@pytest.fixture
def scene(served: tuple[str, LocalCloud, Any], browser: Any, tmp_path: Path) -> Iterator[Scene]:
    address, cloud, beginning = served
    cloud.restore(beginning)
    camera = Camera(cloud, sn=SN)
    camera.load()
    camera.activate(channels=[{"id": "0", "name": "Door"}])  # as the agent calls its first
    with ExitStack() as leaving:
        yield Scene(address, cloud, browser, camera, tmp_path, leaving)


def watch(visitor: Visitor) -> None:
    visitor.press("Watch live")
    expect(visitor.page.locator("#live")).to_contain_text(SHOWN)
    expect(visitor.page.locator("#live video")).to_have_js_property("videoWidth", SIZE[0])


def plays_on(visitor: Visitor) -> None:
    position = "document.querySelector('#live video').currentTime"
    begun = visitor.page.evaluate(position)
    until(lambda: visitor.page.evaluate(position) > begun + 1.5)


def invite(owner: Visitor, whom: str) -> None:
    owner.page.get_by_text("Invite somebody").click()
    owner.page.get_by_label("E-mail address or phone number").fill(whom)
    owner.press("Send the invitation")
    expect(owner.page.locator("#sharing")).to_contain_text("The invitation was sent.")


def fits_every_screen(visitor: Visitor) -> bool:
    """With all that can be opened."""
    fits = []
    visitor.page.evaluate(OPEN_ALL, True)
    for width, height in WIDTHS.values():
        visitor.page.set_viewport_size({"width": width, "height": height})
        fits.append(visitor.is_as_wide_as_the_screen())
    visitor.page.evaluate(OPEN_ALL, False)
    return all(fits)


def save(owner: Visitor) -> None:
    """And wait until it is."""
    with owner.page.expect_response(lambda answer: answer.request.method == "PATCH"):
        owner.press("Save")
    expect(owner.page.locator("#sharing")).to_contain_text("Changed")


def comes_back_to(visitor: Visitor) -> None:
    """As when a tab is chosen again, which a browser without a screen does not tell."""
    visitor.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


# Watching


@in_a_browser
def test_an_owner_watches_for_longer_than_a_view_lasts_and_stops(scene: Scene) -> None:
    living = scene.awake()
    owner = scene.owner()
    watch(owner)
    assert fits_every_screen(owner)
    for _ in range(2):
        owner.page.evaluate(RUN_AHEAD, 220)
        plays_on(owner)
    (view,) = living.views._open.values()
    assert view.until_s - scene.cloud.now().timestamp() > 180
    owner.press("Stop")
    until(lambda: living.views.piece_s("0") is None)
    expect(owner.page.locator("#live video")).to_have_count(0)
    expect(owner.page.get_by_role("button", name="Watch live")).to_be_focused()
    assert owner.complaints == []


@in_a_browser
def test_a_view_ends_when_its_scene_is_left(scene: Scene) -> None:
    living = scene.awake()
    owner = scene.owner()
    watch(owner)
    owner.press("A demo camera")
    expect(owner.page.locator("#live")).to_contain_text("sends pictures only")
    until(lambda: living.views.piece_s("0") is None)

    owner.page.get_by_role("button", name="Garden").click()
    expect(owner.page.locator("#live")).not_to_contain_text("sends pictures only")  # or that one would be watched
    watch(owner)
    owner.press("Sign out")
    until(lambda: living.views.piece_s("0") is None)

    owner.press("Sign in", "form")
    watch(owner)
    owner.page.goto(f"{scene.address}/plans")
    until(lambda: living.views.piece_s("0") is None)

    owner.page.goto(scene.address)
    watch(owner)
    owner.page.close(run_before_unload=True)
    until(lambda: living.views.piece_s("0") is None)


@in_a_browser
def test_privacy_mode_ends_the_view_and_says_so_until_it_is_off(scene: Scene) -> None:
    scene.awake()
    owner = scene.owner()
    watch(owner)
    owner.press("Turn privacy mode on")
    live = owner.page.locator("#live")
    expect(live).to_contain_text("Privacy mode is on: nothing is shown or taken until you turn it off.")
    expect(live.locator("video")).to_have_count(0)
    expect(live.get_by_role("button", name="Watch live")).to_have_count(0)
    owner.press("Polski")
    expect(live).to_contain_text("Tryb prywatności jest włączony")
    owner.press("English")
    owner.press("Turn privacy mode off")
    watch(owner)


@in_a_browser
@pytest.mark.parametrize("key_every_s", [2, 10])
def test_one_who_watches_sees_the_camera_soon_and_is_not_far_behind(
    scene: Scene, key_every_s: int, tmp_path: Path, capsys: Any
) -> None:
    owner = scene.owner()

    def watch(filming: Filming) -> Delay:
        try:
            player = f"the page, key frames {key_every_s} s apart"
            return watched(owner.page, player, lambda: owner.press("Watch live"), filming)
        finally:
            owner.press("Stop")

    key_every = key_every_s * FRAMES_PER_SECOND
    with an_agent_that_films(scene.address, scene.cloud, SN, tmp_path / "spool", key_every) as filming:
        assert best_of((watch(filming) for _ in range(TRIES)), capsys).is_well
    assert owner.complaints == []


@in_a_browser
def test_a_camera_that_sleeps_is_called_until_it_is_awake(scene: Scene) -> None:
    owner = scene.owner()
    live = owner.page.locator("#live")
    expect(live).to_contain_text(ASLEEP)
    owner.press("Watch live")
    expect(live).to_contain_text("The camera is called")
    owner.page.evaluate(RUN_AHEAD, 30)
    expect(live).to_contain_text(ASLEEP)
    # Nobody heard the first call, and it is over by now.
    owner.page.evaluate(RUN_AHEAD, 30)
    scene.awake()
    expect(live).to_contain_text(SHOWN)
    # Browsers complain of each 404 themselves, and as long as there is no picture that is the answer.
    assert [one for one in owner.complaints if "404" not in one] == []


@in_a_browser
def test_a_camera_that_begins_anew_with_another_picture_is_played_on(scene: Scene) -> None:
    owner = scene.owner()
    owner.press("Watch live")
    video = owner.page.locator("#live video")
    for name, size in {"a": SIZE, "b": OTHER_SIZE}.items():
        film(scene, name, size)
        expect(video).to_have_js_property("videoWidth", size[0])
    assert owner.complaints == []


def film(scene: Scene, name: str, size: tuple[int, int]) -> None:
    """What it sends in three seconds, at once."""
    encoder = Encoder(size, 10)
    pictures = [Image.new("RGB", size, (8 * number, 30, 30)) for number in range(30)]
    made = [piece for picture in pictures for piece in encoder.add(picture)] + encoder.end()
    ticket = scene.camera.ask_ticket("live").json
    assert scene.cloud.upload(ticket, f"0/init-{name}.mp4", encoder.init).status == 204
    for piece in made:
        start = scene.cloud.now()
        named = f"0/{start:%Y%m%dT%H%M%S}.{start.microsecond // 1000:03}Z-1000.m4s"
        assert scene.cloud.upload(ticket, named, piece).status == 204


# Sharing


@in_a_browser
def test_a_guest_accepts_sees_what_is_shared_and_no_more_and_leaves(scene: Scene) -> None:
    scene.awake()
    owner = scene.owner()
    expect(owner.page.locator("#sharing")).to_contain_text("Nobody but you may use this camera.")
    guest = scene.guest(owner)
    watch(guest)
    for part, count in {"#live": 1, "#day": 1, "#sharing": 0, "#plan": 0}.items():
        expect(guest.page.locator(part)).to_have_count(count)
    expect(guest.page.locator("#received .badge")).to_have_text(["watch live", "see alarms"])
    expect(guest.page.get_by_role("button", name="Turn privacy mode on")).to_have_count(0)
    expect(guest.page.locator(".shots").get_by_role("button", name="Mark read").first).to_be_visible()
    expect(guest.page.locator(".shots").get_by_role("button", name="Delete")).to_have_count(0)
    comes_back_to(owner)
    # By his name of now, and by the address that was invited, as long as it is his.
    named = re.compile(f"^.+ · {re.escape(GUSTAW)}accepted$")
    expect(owner.page.locator("#sharing .entry-head")).to_have_text(named)
    assert fits_every_screen(owner) and fits_every_screen(guest)
    guest.press("Leave")
    expect(guest.page.get_by_text("No camera yet")).to_be_visible()
    comes_back_to(owner)
    expect(owner.page.locator("#sharing")).to_contain_text("Nobody but you may use this camera.")
    assert owner.complaints == guest.complaints == []


@in_a_browser
def test_who_watches_is_told_when_the_right_is_taken_and_when_the_share_is_ended(scene: Scene) -> None:
    scene.awake()
    owner = scene.owner()
    guest = scene.guest(owner)
    watch(guest)
    change = owner.page.locator("#sharing [data-share]")
    change.get_by_text("Change", exact=True).click()
    change.get_by_label("watch live").uncheck()
    save(owner)
    live = guest.page.locator("#live")
    expect(live).to_contain_text("the owner does not let you watch live any more")
    comes_back_to(guest)
    expect(live).to_have_count(0)

    change.get_by_text("Change", exact=True).click()
    change.get_by_label("watch live").check()
    save(owner)
    comes_back_to(guest)
    watch(guest)
    owner.press("End sharing")
    expect(live).to_contain_text("not shared with you any more")
    comes_back_to(guest)
    expect(guest.page.get_by_text("No camera yet")).to_be_visible()


@in_a_browser
def test_a_guest_of_one_channel_watches_that_one_until_it_is_shared_no_more(scene: Scene) -> None:
    scene.camera.activate(channels=[{"id": "1", "name": "Door"}, {"id": "2", "name": "Yard"}])
    owner = scene.owner()
    sharing = owner.page.locator("#sharing")
    owner.page.get_by_text("Invite somebody").click()
    sharing.get_by_label("Door").uncheck()
    sharing.get_by_label("E-mail address or phone number").fill(GUSTAW)
    owner.press("Send the invitation")
    expect(sharing.locator(".badge")).to_have_text(["invited", "watch live", "see alarms", "Yard"])
    assert owner.page.locator("#live").get_by_label("Channel").locator("option").all_inner_texts() == ["Door", "Yard"]

    guest = scene.visitor("Gustaw", GUSTAW)
    guest.press("Accept", "#invitations")
    with guest.page.expect_request("**/live") as asked:
        guest.press("Watch live")
    assert asked.value.post_data_json == {"channel": "2"}
    change = sharing.locator("[data-share]")
    change.get_by_text("Change", exact=True).click()
    comes_back_to(owner)
    change.get_by_label("Door").check()
    change.get_by_label("Yard").uncheck()
    owner.press("Save")
    expect(guest.page.locator("#live")).to_contain_text("the owner does not share this channel with you any more")
    assert fits_every_screen(owner)


@in_a_browser
def test_an_invitation_says_until_when_and_is_declined_or_taken_back(scene: Scene) -> None:
    owner = scene.owner()
    sharing = owner.page.locator("#sharing")
    owner.page.get_by_text("Invite somebody").click()
    owner.press("Send the invitation")
    field = owner.page.get_by_label("E-mail address or phone number")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    sharing.get_by_label("Until").fill("2026-01-10T08:30")
    field.fill(GUSTAW)
    owner.press("Send the invitation")
    expect(sharing).to_contain_text("Shared until Jan 10, 2026, 8:30 AM.")
    sharing.get_by_text("Change", exact=True).click()
    expect(sharing.locator("[data-share]").get_by_label("Until")).to_have_value("2026-01-10T08:30")
    sharing.get_by_text("Change", exact=True).click()

    guest = scene.visitor("Gustaw", GUSTAW)
    invitations = guest.page.locator("#invitations")
    expect(invitations).to_contain_text("Ola would like to share the camera “Garden” with you.")
    expect(invitations).to_contain_text("Shared until Jan 10, 2026, 8:30 AM.")
    guest.press("Decline")
    expect(invitations).to_have_count(0)
    comes_back_to(owner)
    expect(sharing).to_contain_text("Nobody but you may use this camera.")

    invite(owner, GUSTAW)
    expect(invitations).to_be_visible()
    owner.press("Take the invitation back")
    expect(sharing).to_contain_text("Nobody but you may use this camera.")
    comes_back_to(guest)
    expect(invitations).to_have_count(0)
