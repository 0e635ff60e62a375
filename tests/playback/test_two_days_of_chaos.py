"""Whatever a camera does: what can be played is what was filmed and may be seen."""

from __future__ import annotations

import os
from datetime import datetime, timedelta

import pytest

from tests.conftest import Home
from tests.playback.chaos import Chaos, Kept, days_of
from tests.playback.looking import Entry, bytes_of, played
from tests.recordings.plans import CONTINUOUS, subscribe

# Two days are a night's work.
MINUTES = 2_880 if os.environ.get("EVERY_SIZE") else 150
HOUR = 3600


def shown(home: Home, chaos: Chaos) -> dict[int, list[Entry]]:
    """Of each segment the entries that show it, over all that was ever filmed."""
    now = home.world.now()
    found: dict[int, list[Entry]] = {}
    home.owner.refresh()
    first = min(one.start for one in chaos.kept.values()) - timedelta(minutes=1)
    for begin, end in days_of(first, now + timedelta(hours=3)):
        body = {"channel": "1", "from": f"{begin:%Y-%m-%dT%H:%M:%S}Z", "to": f"{end:%Y-%m-%dT%H:%M:%S}Z"}
        answer = home.owner.call("POST", f"/devices/{home.camera.device_id}/recordings/playlists", body)
        if answer.status == 404:
            continue
        assert answer.status == 201, answer.body
        url = answer.json["playlist_url"]
        inits: dict[str, str] = {}
        for entry in played(home, url).entries:
            number = int(bytes_of(home, url, entry.uri)[40:].split(b"-")[1][:6])
            assert entry.init is not None
            if entry.init not in inits:
                inits[entry.init] = bytes_of(home, url, entry.init)[632:].decode()
            entry.init = inits[entry.init]
            found.setdefault(number, []).append(entry)
    return found


def agree(seen: dict[int, list[Entry]], wanted: dict[int, Kept]) -> None:
    lost = [wanted[number] for number in wanted if number not in seen]
    assert not lost and seen.keys() == wanted.keys(), (len(lost), lost[:3])
    wrong = []
    for number, entries in seen.items():
        kept = wanted[number]
        # When a late one was filmed, by a clock that is not believed, nobody can tell, nor by which encoder.
        if {entry.init for entry in entries} != {kept.filmed.init} and kept.start == kept.filmed.stamp:
            wrong.append(kept)
        assert {entry.seconds for entry in entries} == {kept.filmed.ms / 1000}
        # At the edge of two playlists it stands in both.
        assert len({entry.at for entry in entries}) == 1 and abs((entries[0].at - kept.start).total_seconds()) < 1.1
    # Several encoders on one ticket: where the first segment of one was deleted, nobody can tell whether its init came
    # before or with it; and clocks that are set back by hours make late ones look like others'.
    assert len(wrong) <= len(seen) // 100, wrong


@pytest.mark.one_in(2)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_is_played_is_what_was_filmed_and_may_be_seen(home: Home, seed: int) -> None:
    world = home.world
    # The days on which clocks change in Warsaw: the world's own day is in winter.
    spring, autumn = "2026-03-28T12:00:00+00:00", "2026-10-24T12:00:00+00:00"
    world.clock.move_to(datetime.fromisoformat((spring, autumn, spring)[seed % 3]).timestamp())
    home.owner.sign_in()
    subscribe(home, CONTINUOUS)
    begins = world.now()
    chaos = Chaos(home, seed)
    chaos.live(MINUTES)
    assert len(chaos.kept) > MINUTES // 2
    agree(shown(home, chaos), chaos.shown([(begins, begins + timedelta(days=30))]))


def test_a_plan_that_ends_and_is_renewed_in_grace_shows_what_still_stands(home: Home) -> None:
    world = home.world
    subscribe(home, CONTINUOUS)
    begins = world.now()
    ends = begins + timedelta(days=30)
    chaos = Chaos(home, 4)
    world.clock.move_to(ends.timestamp() - 20 * 60)
    chaos.live(40)
    assert chaos.refused_tickets
    if chaos._is_private_now():
        chaos._privacy()
    assert world.now() > ends and not shown(home, chaos)
    world.advance(HOUR)
    home.owner.refresh()
    subscribe(home, CONTINUOUS)
    renewed = world.now()
    chaos.ticket = None
    chaos.live(20)
    agree(shown(home, chaos), chaos.shown([(begins, ends), (renewed, renewed + timedelta(days=30))]))
