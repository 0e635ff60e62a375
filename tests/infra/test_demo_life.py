"""The story comes to its end in a cloud that keeps its promises, and stops at the very one that is broken."""

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from infra.demo.__main__ import main
from infra.demo.chapters import STEPS
from infra.demo.console import WIDTH, BrokenPromise, Cost, Promises, Stored, Teller, summary
from infra.demo.life import LAST_LINE, Life
from tests.infra.fake_cloud import FakeCloud
from tests.infra.fake_recordings import film

# fault → the step that must stop the story, and a word of the promise that it breaks
FAULTS = {
    "dump fails": (0, "does its part"),
    "dump of another form": (0, "agreed form"),
    "load refused": (1, "does its part"),
    "code stored readably": (1, "can be read in the stores"),
    "no code": (2, "a code arrives"),
    "account not active": (2, "makes her account active"),
    "date of birth kept": (2, "not her date of birth"),
    "ticket before owner": (3, "no upload ticket"),
    "device not listed": (3, "make it hers"),
    "bound twice": (3, "a second time"),
    "a picture is lost": (4, "takes every picture"),
    "ticket lasts a day": (4, "renewed its ticket"),
    "alarm twice": (5, "exactly one alarm"),
    "no push": (5, "a push message went"),
    "push names her": (5, "ids only"),
    "push of another": (5, "ids only"),
    "oldest first": (6, "newest first"),
    "another picture": (6, "byte for byte"),
    "not marked": (6, "says so"),
    "not deleted": (6, "gone at once"),
    "ordered twice": (7, "one order"),
    "no invoice": (7, "invoice number"),
    "plan waits": (7, "plan is active"),
    "renews too late": (7, "before its end"),
    "paid twice": (7, "changes nothing"),
    "film is lost": (8, "takes every segment"),
    "plan does not say": (8, "what is in use"),
    "no day": (9, "calendar has the day"),
    "no marks": (9, "the day shows"),
    "a part is missing": (9, "every picture of it"),
    "clip of one recording": (10, "across a gap"),
    "recording stays": (10, "gone at once"),
    "segments left": (10, "in minutes"),
    "copied without trust": (11, "without raised trust there is none"),
    "never ready": (11, "a mail tells her"),
    "no mail of the copy": (11, "a mail tells her"),
    "name is not copied": (11, "what she gave"),
    "a picture is not copied": (11, "every picture"),
    "film is not copied": (11, "all film that is left"),
    "no page": (11, "for people"),
    "opens twice": (11, "opens once"),
    "alarm ends early": (12, "one second before"),
    "alarm lives on": (12, "404 and not listed"),
    "link lives on": (12, "link to its picture is dead"),
    "rows of alarms left": (12, "a day later nothing"),
    "pictures left": (12, "a day later nothing"),
    "archive stays": (12, "of the copy"),
    "price is not told": (13, "for how much"),
    "taken early": (13, "nothing is taken"),
    "more is taken": (13, "pays exactly that"),
    "no other invoice": (13, "an invoice of its own"),
    "period is lost": (13, "by a whole period"),
    "records while paused": (14, "record nothing"),
    "time goes on": (14, "stands still"),
    "stays paused": (14, "records again"),
    "renewal stays behind": (15, "the renewal as well"),
    "lies on both": (15, "has ended"),
    "does not come back": (15, "moved back"),
    "renews all the same": (16, "one tap"),
    "less is said": (16, "said before"),
    "money stays": (16, "with a credit note"),
    "plan outlives its money": (16, "shorter by that period"),
    "goes back twice": (16, "it is refused"),
    "slip is taken": (17, "to be a slip"),
    "gift is lost": (17, "longer by its whole period"),
    "gift counts twice": (17, "counts once"),
    "closed without trust": (18, "without raised trust"),
    "no second code": (18, "a code by e-mail"),
    "session outlives the account": (18, "next request is refused"),
    "session can be renewed": (18, "next request is refused"),
    "ticket after": (18, "no upload ticket any more"),
    "late picture stays": (18, "deleted on arrival"),
    "erasure hangs": (18, "within 20 minutes"),
    "pictures outlive the account": (18, "no picture of hers"),
    "link outlives the account": (18, "the link that she had"),
    "another key": (19, "signature is that"),
    "receipt names her": (19, "nothing personal"),
    "address left": (20, "none of her strings"),
    "picture left": (20, "none of her strings"),
    "row left": (20, "of the tax law"),
    "kept is not told": (20, "the invoice is kept"),
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "film.mp4"
    path.write_bytes(film(30))
    return path


def _life(cloud: FakeCloud, source: Path) -> tuple[Life, io.StringIO]:
    told = io.StringIO()
    spool = source.parent / "spool"
    return Life(cloud, source, spool, Teller(told), pause=lambda _: None, monotonic=lambda: 0.0), told


def test_the_whole_story_ends_well_in_a_cloud_that_keeps_its_promises(source: Path) -> None:
    life, told = _life(FakeCloud(), source)
    life.play(STEPS)
    lines = told.getvalue().splitlines()
    assert lines[-1] == LAST_LINE == "nothing of it is left but what the law keeps"
    assert max(len(line) for line in lines) <= WIDTH
    assert sum(line.startswith("    ok  ") for line in lines) == sum(len(step.promises) for step in STEPS)


@pytest.mark.one_in(2)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_promise_stops_the_story_at_its_step(source: Path, fault: str) -> None:
    step, promise = FAULTS[fault]
    life, told = _life(FakeCloud(fault), source)
    with pytest.raises(BrokenPromise) as broken:
        life.play(STEPS)
    assert broken.value.step.startswith(f"{step} (")
    assert promise in broken.value.promised
    assert LAST_LINE not in told.getvalue()


def test_every_step_has_a_fault_that_stops_it() -> None:
    assert {step for step, _ in FAULTS.values()} == set(range(len(STEPS) + 1))


def test_every_personal_string_of_the_story_is_looked_for_and_is_hers_alone(source: Path) -> None:
    lives = [_life(FakeCloud(), source)[0] for _ in range(2)]
    values = [{str(needle.value) for needle in life.cast.needles()} for life in lives]
    assert not values[0] & values[1]
    assert {lives[0].cast.email, lives[0].cast.nickname, lives[0].cast.mac, lives[0].cast.sn} <= values[0]


def test_a_cloud_that_does_not_count_shows_a_dash(source: Path) -> None:
    life, told = _life(FakeCloud(traced=False), source)
    life.play(STEPS)
    row = next(line for line in told.getvalue().splitlines() if line.startswith(" 1  Operators load a camera  "))
    assert row.split()[-3:] == ["-", "-", "-"]


def test_the_summary_adds_up_what_the_steps_cost_and_names_peak_and_end() -> None:
    costs = [
        Cost("1  first", 10, 2.5, 3, Stored(3, 4000, 7)),
        Cost("2  second", 1200, 0.5, 1, Stored(9, 1500, 2)),
    ]
    rows = [line.split() for line in summary(costs, before=Stored(0, 0, 1))]
    assert rows[2] == ["1", "first", "10", "2.5", "3"]
    assert rows[4] == ["together", "1,210", "3", "4"]
    assert rows[8:] == [
        ["before", "0", "0", "1"],
        ["at", "its", "peak", "9", "4,000", "7"],
        ["in", "the", "end", "9", "1,500", "2"],
    ]


def test_a_promise_that_is_never_shown_is_a_broken_one() -> None:
    promises = Promises("1 (x)", {"a": "it rains", "b": "it shines"}, Teller(io.StringIO()))
    promises.shows("a", True, "")
    with pytest.raises(BrokenPromise, match="it shines"):
        promises.all_shown()


# The program as a whole


@pytest.fixture
def clock_that_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """But for what it is moved, as that of the fake cloud does."""
    monkeypatch.setattr("infra.demo.__main__.Life", partial(Life, monotonic=lambda: 0.0))


@contextmanager
def _served(cloud: FakeCloud) -> Iterator[str]:
    """The fake cloud at a real address of this machine."""

    class Route(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = cloud.send(self.command, self.path, body or None, dict(self.headers))
            own = f"http://127.0.0.1:{server.server_port}"
            content = answer.body.replace(b"http://fake", own.encode())
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value.replace("http://fake", own))
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = answer

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Route)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.usefixtures("clock_that_stands")
def test_the_program_ends_with_0_if_all_is_well(source: Path) -> None:
    told = io.StringIO()
    with _served(FakeCloud()) as url:
        assert main(["--video", str(source), "--url", url], Teller(told)) == 0
    assert told.getvalue().splitlines()[-1] == LAST_LINE


@pytest.mark.usefixtures("clock_that_stands")
def test_one_photograph_is_enough_for_the_whole_story(tmp_path: Path) -> None:
    Image.effect_noise((64, 48), 50).convert("RGB").save(tmp_path / "only.jpg")
    with _served(FakeCloud()) as url:
        assert main(["--video", str(tmp_path), "--url", url], Teller(io.StringIO())) == 0


@pytest.mark.usefixtures("clock_that_stands")
def test_the_program_ends_with_1_and_names_the_step_whose_promise_is_broken(source: Path) -> None:
    told = io.StringIO()
    with _served(FakeCloud("paid twice")) as url:
        assert main(["--video", str(source), "--url", url], Teller(told)) == 1
    assert "A promise is broken in step 7 (She buys a plan that renews by itself)." in told.getvalue()
    assert "Promised: the payment's message coming twice changes nothing" in told.getvalue()
    assert "Seen:" in told.getvalue()


@pytest.mark.usefixtures("clock_that_stands")
def test_a_cloud_that_does_not_answer_is_said_in_a_sentence(source: Path) -> None:
    told = io.StringIO()
    with _served(FakeCloud()) as url:
        pass
    assert main(["--video", str(source), "--url", url], Teller(told)) == 1
    assert "No answer from 127.0.0.1" in told.getvalue() and "Connection refused" in told.getvalue()


def test_footage_that_cannot_be_used_is_said_in_a_sentence(tmp_path: Path) -> None:
    told = io.StringIO()
    assert main(["--video", str(tmp_path / "absent.mp4"), "--url", "http://127.0.0.1:9"], Teller(told)) == 1
    assert "There is no file" in told.getvalue()


def test_the_video_may_be_named_in_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VIDEO", str(tmp_path / "absent.mp4"))
    told = io.StringIO()
    assert main(["--url", "http://127.0.0.1:9"], Teller(told)) == 1
    assert "absent.mp4" in told.getvalue()
