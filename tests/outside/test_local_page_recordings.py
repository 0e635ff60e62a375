"""On the front page somebody who bought a plan looks back: at a day, from any moment, at an alarm; and keeps a part."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest

from infra.local.cloud import LocalCloud
from tests.encoder import Encoder
from tests.outside.browsing import a_browser, in_a_browser, sync_api
from tests.outside.page_scene import WIDTHS, Visitor, a_served_cloud, a_visitor
from tests.outside.streaming import FRAMES_PER_SECOND, SIZE, number_in, picture_of
from tests.scene import CODE, Camera, jpeg, until

SN, SECONDS, APART = "SN0042", 80, timedelta(hours=1)
expect = sync_api.expect
NUMBER = """() => {
  const video = document.querySelector('#recordings video');
  const [width, height] = [video.videoWidth, video.videoHeight];
  if (video.readyState < 2 || video.seeking) return null;
  const canvas = Object.assign(document.createElement('canvas'), {width, height});
  const context = canvas.getContext('2d');
  context.drawImage(video, 0, 0);
  return {height, reds: [...context.getImageData(0, height / 2, width, 1).data].filter((_, at) => at % 4 === 0)};
}"""


@dataclass(frozen=True)
class Film:
    """A piece for each second."""

    init: bytes
    pieces: list[bytes]


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[str, LocalCloud, Any]]:
    with a_served_cloud() as served:
        yield served


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with a_browser() as started:
        yield started


@pytest.fixture(scope="module")
def film() -> Film:
    """Each of its frames bears its number."""
    encoder = Encoder(SIZE, FRAMES_PER_SECOND)
    pieces = encoder.encoded(picture_of(number) for number in range(SECONDS * FRAMES_PER_SECOND))
    return Film(encoder.init, pieces)


@dataclass
class Owner:
    """Somebody whose camera recorded twice this afternoon, with an alarm in the middle of each."""

    visitor: Visitor
    cloud: LocalCloud
    begun: list[datetime]

    @property
    def page(self) -> Any:
        return self.visitor.page

    @property
    def line(self) -> Any:
        return self.page.get_by_role("slider", name="Moment of the day")

    def shows(self) -> int:
        """The number of the frame that is seen; below 0 while there is none."""
        seen = self.page.evaluate(NUMBER)
        return -1 if seen is None else number_in(bytes(seen["reds"]) * seen["height"])

    def is_at(self, seconds: float) -> bool:
        """Shown is what was filmed so many seconds, or up to four more, into a recording."""
        return seconds <= self.shows() / FRAMES_PER_SECOND <= seconds + 4

    def move(self, *keys: str) -> None:
        self.line.focus()
        for key in keys:
            self.page.keyboard.press(key)


@pytest.fixture
def owner(
    served: tuple[str, LocalCloud, Any], browser: Any, film: Film, request: pytest.FixtureRequest
) -> Iterator[Owner]:
    address, cloud, beginning = served
    cloud.restore(beginning)
    camera = Camera(cloud, sn=SN)
    camera.load()
    camera.activate()
    with a_visitor(browser, address, getattr(request, "param", "desktop")) as visitor:
        visitor.register("Ola")
        _bind(visitor)
        _buy(visitor)
        begun = _record(cloud, camera, film)
        # Somebody who comes back to the tab.
        visitor.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        expect(visitor.page.locator("#recordings .jumps button")).to_have_count(2)
        yield Owner(visitor, cloud, begun)


def _bind(visitor: Visitor) -> None:
    visitor.page.get_by_text("Bind a camera of your own").click()
    for label, value in {"Serial number": SN, "Printed code": CODE, "Name": "Garden"}.items():
        visitor.page.get_by_label(label, exact=True).fill(value)
    visitor.press("Bind")
    expect(visitor.page.locator("#plan")).to_be_visible()
    expect(visitor.page.locator("#recordings")).to_be_hidden()


def _buy(visitor: Visitor) -> None:
    visitor.page.get_by_label("Plan", exact=True).select_option("continuous-7-month")
    visitor.press("Order")
    visitor.press("Pay")
    expect(visitor.page.locator("#plan .badge")).to_have_text("active")


def _record(cloud: LocalCloud, camera: Camera, film: Film) -> list[datetime]:
    """Each time behind an init of its own, as of an encoder that begins anew; segments are as long as the agent's."""
    begun = [cloud.now().replace(microsecond=0) - APART * hours for hours in (2, 1)]
    ticket = camera.recording_ticket()
    for number, since in enumerate(begun):
        assert cloud.upload(ticket, f"1/init-{number}a.mp4", film.init).status == 204
        for first, last in pairwise((0, 14, 74, SECONDS)):
            fragments = [b"".join(film.pieces[at : min(at + 2, last)]) for at in range(first, last, 2)]
            camera.record(
                (last - first) * 1000, at=since + timedelta(seconds=last), init="", sizes=[*map(len, fragments)],
                data=b"".join(fragments), ticket=ticket,
            )  # fmt: skip
        at = since + timedelta(seconds=SECONDS / 2)
        name = f"1/{at:%Y%m%dT%H%M%SZ}-motion-{number:016x}.jpg"
        assert cloud.upload(camera.ask_ticket().json, name, jpeg(number)).status == 204
    cloud.settle()
    return begun


@in_a_browser
@pytest.mark.parametrize("owner", WIDTHS, indirect=True)
def test_a_day_is_played_from_any_moment_and_from_an_alarm(owner: Owner) -> None:
    expect(owner.page.locator(".calendar button")).to_have_text(["5"])
    expect(owner.page.locator("#recordings")).to_contain_text("Recorded: 3 min.")
    expect(owner.page.locator(".film div")).to_have_count(2)
    owner.move("Home", "ArrowRight", "Enter")
    until(lambda: owner.is_at(10))

    owner.page.locator(".jumps button").last.click()
    until(lambda: owner.is_at(SECONDS / 2))
    local = owner.begun[1] + timedelta(hours=1, seconds=SECONDS / 2)
    expect(owner.page.locator("#recordings .clock-face")).to_contain_text(f"{local:%H:%M:}")

    owner.page.get_by_label("Speed").select_option("4")
    begun = owner.page.evaluate("document.querySelector('#recordings video').currentTime")
    until(lambda: owner.page.evaluate("document.querySelector('#recordings video').currentTime") > begun + 8)
    assert owner.visitor.is_as_wide_as_the_screen()
    assert owner.visitor.complaints == []


@in_a_browser
def test_the_line_says_the_time_under_the_pointer_and_a_click_plays_what_comes_next(owner: Owner) -> None:
    owner.line.scroll_into_view_if_needed()
    line = owner.line.bounding_box()
    midnight = owner.begun[0].replace(hour=0, minute=0, second=0) - timedelta(hours=1)

    def x(at: datetime) -> float:
        return float(line["x"] + line["width"] * ((at - midnight) / timedelta(days=1)))

    between = owner.begun[1] - timedelta(minutes=20)
    owner.page.mouse.move(x(between), line["y"] + 10)
    expect(owner.page.locator(".hovering")).to_contain_text(f"{between + timedelta(hours=1):%H:}")
    owner.page.mouse.down()
    owner.page.mouse.up()
    until(lambda: owner.is_at(0))


@in_a_browser
def test_a_part_is_saved_as_a_clip_and_deleted(owner: Owner, tmp_path: Path) -> None:
    owner.move("Home", "ArrowRight")
    owner.visitor.press("Begin here")
    owner.move(*["ArrowRight"] * 3)
    owner.visitor.press("End here")
    with owner.page.expect_event("download") as saved:
        owner.visitor.press("Save as a clip")
    saved.value.save_as(tmp_path / "clip.mp4")
    with av.open(io.BytesIO((tmp_path / "clip.mp4").read_bytes())) as played:
        frames = sum(1 for _ in played.decode(video=0))
    assert abs(frames / FRAMES_PER_SECOND - 30) <= 4

    owner.visitor.press("Delete this part")
    owner.visitor.press("Back", "dialog")
    expect(owner.page.locator(".film div")).to_have_count(2)
    owner.visitor.press("Delete this part")
    owner.visitor.press("Delete", "dialog")
    expect(owner.page.locator("#recordings")).to_contain_text("Deleted.")
    # Of the first recording all segments but the last one, which nothing of the part lies in.
    expect(owner.page.locator("#recordings")).to_contain_text("Recorded: 1 min.")
    owner.move("Home", "Enter")
    until(lambda: owner.is_at(74))
    assert owner.visitor.complaints == []


@in_a_browser
def test_what_is_in_use_is_said_and_the_page_speaks_polish(owner: Owner) -> None:
    expect(owner.page.locator("#plan")).to_contain_text("MB in use, from")
    owner.visitor.press("Polski")
    expect(owner.page.get_by_role("heading", name="Nagrania")).to_be_visible()
    expect(owner.page.locator(".month strong")).to_have_text("styczeń 2026")
    expect(owner.page.locator(".jumps button").first).to_contain_text("Ruch")


@in_a_browser
def test_it_plays_on_after_the_address_of_a_film_has_ended(owner: Owner) -> None:
    owner.move("Home", "Enter")
    until(lambda: owner.is_at(0))
    # As Chromium says it of a playlist that is not there any more.
    owner.page.evaluate("document.querySelector('#recordings video').dispatchEvent(new Event('error'))")
    expect(owner.page.locator("#recordings")).to_contain_text("It plays no further")
    with owner.page.expect_response("**/recordings/playlists"):
        owner.move("Home", "ArrowRight", "Enter")
    until(lambda: owner.is_at(10))
    expect(owner.page.locator("#recordings")).not_to_contain_text("It plays no further")
    assert owner.visitor.complaints == []
