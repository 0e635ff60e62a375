"""What `make alike` wrote is about today's requests; the figures themselves depend on time, and no test does."""

from __future__ import annotations

from tests.alike import MOST_APART, REQUESTS, SABOTAGED, TABLE, Compared


def test_the_committed_table_has_every_request_that_names_an_address_and_holds() -> None:
    cells = [line.strip("| ").split(" | ") for line in TABLE.read_text().splitlines() if line.startswith("| `")]
    rows = {what: (float(ratio), verdict) for what, ratio, _, verdict in cells}
    assert list(rows) == [*REQUESTS, SABOTAGED]
    for what, (ratio, verdict) in rows.items():
        one = Compared(what, ratio, must_break=what == SABOTAGED)
        assert one.is_right and one.row().endswith(f"| {verdict} |")


def test_what_is_apart_breaks_the_bar_on_either_side() -> None:
    for ratio, is_right in ((1.0, True), (1 - 2 * MOST_APART, False), (1 + 2 * MOST_APART, False)):
        assert Compared("a request", ratio).is_right is is_right
        assert Compared("a request", ratio, must_break=True).is_right is not is_right
