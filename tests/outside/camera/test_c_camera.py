"""A camera in C, which does what docs/camera.md says, lives with the cloud; it is built where there is a compiler."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import count, islice
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import av
import pytest

from chalicelib.stock.actions.channel import how_to_connect
from infra.local.cloud import LocalCloud
from tests.encoder import Encoder
from tests.outside.page_scene import a_served_cloud
from tests.outside.streaming import FRAMES_PER_SECOND, SIZE, picture_of
from tests.scene import Camera, Person, jpeg, new_camera, new_person, pay

HERE = Path(__file__).parent
MOST_LINES = 250
LIBRARIES = ("libcurl", "jansson", "libwebsockets")
WARNINGS = ("-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror")
STRICT = ("-std=gnu17", "-D_GNU_SOURCE", "-O1", "-g", "-fsanitize=address,undefined", *WARNINGS)
PIECES, PIECE_S = 20, 2
PATIENCE_S = 60.0
# As docs/camera.md wants it.
ASKS_WITHIN_S = 5.0

Found = TypeVar("Found")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler, pkg_config = shutil.which("cc"), shutil.which("pkg-config")
    if compiler is None or pkg_config is None:
        pytest.skip("cc or pkg-config is not installed")
    question = [pkg_config, "--cflags", "--libs", *LIBRARIES]
    asked = subprocess.run(question, capture_output=True, text=True, check=False)  # noqa: S603  # a tool of the system
    if asked.returncode:
        pytest.skip(f"to build it against: {asked.stderr.strip()}")
    made = tmp_path_factory.mktemp("built") / "camera"
    command = [compiler, *STRICT, str(HERE / "camera.c"), "-o", str(made), *asked.stdout.split(), "-lm"]
    subprocess.run(command, check=True)  # noqa: S603  # our own source
    return made


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[str, LocalCloud, Any]]:
    with a_served_cloud() as served:
        yield served


@pytest.fixture
def footage(tmp_path: Path) -> Path:
    encoder = Encoder(SIZE, FRAMES_PER_SECOND)
    pictures = map(picture_of, range(PIECES * PIECE_S * FRAMES_PER_SECOND))
    seconds = [piece for picture in pictures for piece in encoder.add(picture)] + encoder.end()
    (tmp_path / "init.mp4").write_bytes(encoder.init)
    (tmp_path / "picture.jpg").write_bytes(jpeg(1))
    for number in range(PIECES):
        (tmp_path / f"{number:03}.m4s").write_bytes(b"".join(seconds[number * PIECE_S :][:PIECE_S]))
    return tmp_path


class Living:
    """The program, and who owns it."""

    def __init__(self, owner: Person, camera: Camera, url: str, program: Path, footage: Path) -> None:
        self.owner, self.camera, self.device_id = owner, camera, camera.device_id
        self.child = subprocess.Popen([str(program), url, camera.sn, camera.secret, str(footage)])  # noqa: S603  # ours

    def end(self) -> None:
        self.child.send_signal(signal.SIGTERM)
        try:
            assert self.child.wait(30) == 0
        finally:
            self.child.kill()

    def wait_for(self, look: Callable[[], Found]) -> Found:
        """What is found, as soon as there is any."""
        late = time.monotonic() + PATIENCE_S
        while not (found := look()):
            assert self.child.poll() is None, "the camera has ended"
            assert time.monotonic() < late, "nothing came"
            time.sleep(0.2)
        return found

    def move(self) -> None:
        self.child.send_signal(signal.SIGUSR1)

    def is_online(self) -> bool:
        return bool(self.owner.device(self.device_id)["online"])

    def asked(self) -> list[int]:
        """With what status each question how to be was answered."""
        lines = (json.loads(line) for line in self.owner.world.logs.lines() if '"PUT /cameras/state"' in line)
        return [line["status"] for line in lines]

    def said_to(self, word: str) -> str:
        """The state of a command when it is over."""
        given = self.owner.command(self.device_id, word).json
        path = f"/devices/{self.device_id}/commands/{given['command_id']}"
        self.wait_for(lambda: self._state_of(path) in ("done", "failed", "expired"))
        return self._state_of(path)

    def _state_of(self, path: str) -> str:
        return str(self.owner.call("GET", path).json["state"])

    def names_shown(self, view: Any) -> list[str]:
        """Pieces that a live view shows now."""
        answer = self.owner.world.call("GET", urlsplit(view["playlist_url"]).path)
        return [] if answer.status != 200 else [line for line in answer.body.decode().splitlines() if ".m4s" in line]

    def spans(self) -> list[tuple[datetime, datetime]]:
        day = f"{self.owner.world.now():%Y-%m-%d}"
        spans = self.owner.timeline(self.device_id, day)["spans"]
        return [(datetime.fromisoformat(begin), datetime.fromisoformat(end)) for begin, end in spans]

    def subscribe(self) -> None:
        order_id = self.owner.order(self.device_id, "continuous-7-month").json["order_id"]
        assert pay(self.owner.world, order_id).status == 200


def frames_of(playlist_url: str, count: int) -> int:
    """How many frames a player decodes, up to so many."""
    with av.open(playlist_url, options={"live_start_index": "0"}, timeout=20) as container:
        return sum(1 for _ in islice(container.decode(video=0), count))


@pytest.fixture
def back_within() -> range:
    """In how many seconds it is told to come back."""
    return range(5)


@pytest.fixture
def living(
    served: tuple[str, LocalCloud, Any], program: Path, footage: Path, back_within: range
) -> Iterator[Living]:
    url, cloud, beginning = served
    cloud.restore(beginning)
    owner = new_person(cloud)
    sn = next(sn for sn in map("C{:05}".format, count()) if how_to_connect(sn).reconnect_after_seconds in back_within)
    living = Living(owner, new_camera(cloud, sn, owner), url, program, footage)
    try:
        living.wait_for(living.is_online)
        yield living
    finally:
        living.end()


def test_it_is_short() -> None:
    assert len((HERE / "camera.c").read_text().splitlines()) <= MOST_LINES


def test_it_obeys_on_its_channel_and_comes_back_when_its_token_was_replaced(living: Living) -> None:
    assert living.said_to("restart") == "done"
    assert living.camera.activate().status == 200
    living.camera.connect().close()
    living.wait_for(lambda: not living.is_online())
    living.wait_for(living.is_online)
    assert living.said_to("restart") == "done"


@pytest.mark.parametrize("back_within", [range(600, 900)])
@pytest.mark.parametrize("is_replaced", [False, True])
def test_when_it_is_hung_up_on_it_asks_once_within_five_seconds_and_comes_back_in_its_own_time(
    living: Living, is_replaced: bool
) -> None:
    """And where another was activated, is activated itself."""
    cloud = living.owner.world
    asked, (connection_id,) = living.asked, cloud.channel.connections
    assert 200 in asked()
    if is_replaced:
        assert living.camera.activate().status == 200
    else:
        cloud.channel.delete(connection_id)
    hung_up_at, before = time.monotonic(), len(asked())
    living.wait_for(lambda: len(asked()) > before)
    assert time.monotonic() - hung_up_at < ASKS_WITHIN_S
    time.sleep(2 * ASKS_WITHIN_S)
    assert asked()[before:] == ([401, 200, 200] if is_replaced else [200, 200])
    assert connection_id not in cloud.channel.connections


def test_what_moves_becomes_an_alarm_with_a_picture(living: Living) -> None:
    living.move()
    (alarm,) = living.wait_for(lambda: living.owner.alarms(living.device_id))
    one = living.owner.call("GET", f"/devices/{living.device_id}/alarms/{alarm['alarm_id']}").json
    assert (alarm["type"], living.owner.world.fetch(one["picture_url"]).body) == ("motion", jpeg(1))


def test_a_snapshot_is_taken_when_it_is_asked_for(living: Living) -> None:
    assert living.said_to("snapshot") == "done"
    living.wait_for(lambda: living.owner.alarms(living.device_id, type="snapshot"))


def test_it_shows_what_it_sees_until_it_is_stopped(living: Living) -> None:
    view = living.owner.watch(living.device_id)
    living.wait_for(lambda: len(living.names_shown(view)) >= 3)
    wanted = 3 * PIECE_S * FRAMES_PER_SECOND
    assert frames_of(view["playlist_url"], wanted) == wanted
    assert living.owner.call("DELETE", f"/devices/{living.device_id}/live/{view['live_id']}").status == 204
    living.wait_for(lambda: not living.names_shown(view))


def test_it_records_what_a_plan_allows(living: Living) -> None:
    living.subscribe()
    (begin, end), *_ = living.wait_for(living.spans)
    assert end - begin >= timedelta(seconds=PIECE_S)
    playlist = living.owner.playlist(living.device_id, begin, end)
    wanted = PIECE_S * FRAMES_PER_SECOND
    assert frames_of(playlist["playlist_url"], wanted) == wanted


def test_in_privacy_mode_it_sees_nothing_until_that_is_over(living: Living) -> None:
    view = living.owner.watch(living.device_id)
    living.wait_for(lambda: living.names_shown(view))
    living.owner.set_privacy(living.device_id, on=True)
    living.move()
    assert living.said_to("restart") == "done"
    time.sleep(2 * PIECE_S)
    assert not living.owner.alarms(living.device_id)
    living.owner.set_privacy(living.device_id, on=False)
    living.wait_for(lambda: living.owner.alarms(living.device_id))
