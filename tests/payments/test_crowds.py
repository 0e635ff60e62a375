"""Many who pay at once: each is numbered, once and without a gap, and within few tries."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.invoices.actions import numbering, turns
from chalicelib.invoices.actions.turns import Turns
from chalicelib.invoices.records import NumberingTurn
from chalicelib.orders import rules
from chalicelib.orders.actions import paying, webhooks
from chalicelib.store.commit import commit, create
from infra.local import checkout
from tests.conftest import Home
from tests.orders.payment_events import invoices, numbers, order
from tests.scene import new_camera, rows

PAYERS, ROUNDS = 16, 8


def _ordered(home: Home) -> list[tuple[dict[str, str], bytes]]:
    """An order for each of so many devices, and what its provider is going to say of it."""
    cameras = [new_camera(home.world, f"SN16{number:02d}", owner=home.owner) for number in range(PAYERS)]
    orders = [order(home, device_id=camera.device_id) for camera in cameras]
    home.world.settle()
    return [checkout.event(one["order_id"], "paid") for one in orders]


def _pay_at_once(home: Home, events: list[tuple[dict[str, str], bytes]]) -> list[int]:
    """What they are answered."""
    answers: list[int] = []

    def tell(headers: dict[str, str], body: bytes) -> None:
        answers.append(home.world.call("POST", "/payments/sandbox", raw=body, headers=headers).status)

    payers = [threading.Thread(target=tell, args=event) for event in events]
    for payer in payers:
        payer.start()
    for payer in payers:
        payer.join()
    return answers


def test_sixteen_who_all_read_the_same_number_are_numbered_within_three_tries(
    sandbox_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    for patience in ("_LASTS_S", "_LONGEST_WAIT_S"):  # a busy machine is slow
        monkeypatch.setattr(turns, patience, 60)
    monkeypatch.setattr(webhooks, "_PATIENCE_S", 60)
    monkeypatch.setattr(rules, "MOST_OPEN", PAYERS)  # all are one person's
    events = _ordered(sandbox_home)
    before = sandbox_home.world.snapshot()
    tries: list[int] = []
    for _ in range(ROUNDS):
        sandbox_home.world.restore(before)
        with pytest.MonkeyPatch.context() as patched:
            count = _counted(patched)
            assert _pay_at_once(sandbox_home, events) == [200] * PAYERS
        assert numbers(sandbox_home.world) == [f"S-2026-{number:06d}" for number in range(1, PAYERS + 1)]
        assert len({one["payment_reference"] for one in invoices(sandbox_home.world)}) == PAYERS
        assert len(count) == PAYERS
        tries += count.values()
    print(f"tries: {sorted(Counter(tries).items())}")
    assert sum(tries) >= ROUNDS * (2 * PAYERS - 1), "they did not meet"
    assert sorted(tries)[int(len(tries) * 0.99)] <= 3


def _counted(patched: pytest.MonkeyPatch) -> Counter[str]:
    """How often each tried; nobody commits before all have read for the first time."""
    tries: Counter[str] = Counter()
    all_have_read = threading.Barrier(PAYERS)
    issued = numbering.issued

    def counted(*series: Any, **fields: Any) -> Any:
        tries[fields["payment_reference"]] += 1
        if tries[fields["payment_reference"]] == 1:
            all_have_read.wait(timeout=30)
        return issued(*series, **fields)

    patched.setattr(paying.numbering, "issued", counted)
    return tries


def test_a_turn_is_given_back(sandbox_home: Home) -> None:
    with Turns("invoice", 2026) as mine:
        mine.wait()
        (row,) = rows(sandbox_home.world, "invoices/turn", "Fiscal")
        assert row["until"] > clock.now_s()
    (row,) = rows(sandbox_home.world, "invoices/turn", "Fiscal")
    assert row["until"] == 0
    with Turns("invoice", 2026) as mine:
        begun = clock.ticks_s()
        mine.wait()
        assert clock.ticks_s() - begun < 1


def test_who_died_in_his_turn_is_waited_for_no_longer_than_a_second(sandbox_home: Home) -> None:
    died = NumberingTurn.new("", "2026", holder="somebody", until=clock.now().timestamp() + 1)
    commit(create(died))
    begun = clock.ticks_s()
    with Turns("invoice", 2026) as mine:
        mine.wait()
    assert 0.5 < clock.ticks_s() - begun < 5
    sandbox_home.world.clock.move_to(sandbox_home.world.now().timestamp() + 2)
    begun = clock.ticks_s()
    with Turns("invoice", 2026) as mine:
        mine.wait()
        (row,) = rows(sandbox_home.world, "invoices/turn", "Fiscal")
        assert row["holder"] != "somebody" and clock.ticks_s() - begun < 0.5


def test_who_meets_nobody_takes_no_turn(sandbox_home: Home) -> None:
    headers, body = checkout.event(order(sandbox_home)["order_id"], "paid")
    assert sandbox_home.world.call("POST", "/payments/sandbox", raw=body, headers=headers).json == {"changed": True}
    assert len(invoices(sandbox_home.world)) == 1
    assert rows(sandbox_home.world, "invoices/turn", "Fiscal") == []
    with Turns("invoice", 2026) as mine:
        mine.wait()
    assert len(rows(sandbox_home.world, "invoices/turn", "Fiscal")) == 1
