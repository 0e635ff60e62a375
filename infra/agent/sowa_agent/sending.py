"""Sending of recordings: what waits in the spool goes up, the oldest first, on tickets that the plan gives."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from sowa_agent import answers
from sowa_agent.cloud import (
    QUOTA_SPENT,
    RENEW_BEFORE_S,
    CloudClient,
    NotTaken,
    Refused,
    Ticket,
    Unreachable,
    understood,
)
from sowa_agent.recording import Plan, plan_of
from sowa_agent.spool import Spool, Waiting

# Who bought a plan, or turned privacy mode off, does not wait longer than 15 s.
ASK_AGAIN_S = 10.0
MOST_CHANNELS = 16
REASONS = {
    "NoPlan": "Nothing is recorded: there is no plan.",
    "PrivacyModeOn": "Nothing is recorded: privacy mode is on.",
    "NobodyOwns": "Nothing is recorded: nobody owns the camera.",
    QUOTA_SPENT: "Nothing more is recorded today: the plan's hours are spent.",
}

log = logging.getLogger(__name__)


@dataclass
class Sender:
    """Keeps a ticket for each channel, and the plan; `on_plan` gets it, or None with the reason why there is none."""

    cloud: CloudClient
    spool: Spool
    channels: list[str]
    on_plan: Callable[[Plan | None, str], None]
    plan: Plan | None = None
    sent: int = 0
    _tickets: dict[str, Ticket] = field(default_factory=dict)
    _brought: set[str] = field(default_factory=set)
    _asked_at: float = float("-inf")
    _said: str = ""

    def look(self) -> None:
        """Asks for tickets where they are due, and sends all that waits. Raises TokenReplaced."""
        try:
            if self._is_due() and not self._ask():
                return
            while self._tickets and (waiting := self.spool.first()) is not None:
                self._send(waiting)
        except Refused as refused:
            self._refused(refused)
        except Unreachable as problem:
            self._tell(f"{problem} What is recorded waits on disk.")

    def forget(self) -> None:
        """The tickets are over, as with privacy mode, of which another thread hears."""
        self._tickets = {}

    def _is_due(self) -> bool:
        ends = [ticket.until_s for ticket in self._tickets.values()]
        quota = (self.plan or {}).get("event_ms_left", 1)
        return not ends or quota <= 0 or self.cloud.clock.now_s() > min(ends) - RENEW_BEFORE_S

    def _ask(self) -> bool:
        """Whether it was time to ask."""
        now = self.cloud.clock.monotonic()
        if now - self._asked_at < ASK_AGAIN_S:
            return bool(self._tickets)
        self._asked_at = now
        self._renew()
        return True

    def _renew(self) -> None:
        tickets: dict[str, Ticket] = {}
        plan: Plan = {}
        for first in range(0, len(self.channels), MOST_CHANNELS):
            answer = self.cloud.recording_tickets(self.channels[first : first + MOST_CHANNELS])
            with understood():
                given = answers.field(answer, "tickets", list)
                tickets |= {answers.field(each, "channel", str): Ticket.of(each) for each in given}
                plan = plan_of(answer.get("plan"))
        self._keep_for_owner(tickets)
        self._tickets, self.plan = tickets, plan
        self._brought.clear()
        self.on_plan(plan, "")
        self._tell(f"It records ({plan['kind']}, {plan['keep_days']} days).")

    def _keep_for_owner(self, tickets: dict[str, Ticket]) -> None:
        """Before anything goes up: who removed the camera while the agent was off is not told to it by a refusal."""
        for ownership in {ticket.ownership for ticket in tickets.values()} - {None}:
            try:
                self.spool.keep_for(str(ownership))
            except OSError as error:
                log.warning("Whose recordings wait cannot be noted (%s).", error.strerror)

    def _refused(self, refused: Refused) -> None:
        self._tickets.clear()
        self.plan = None
        if refused.code == "NobodyOwns":
            self.spool.clear()  # whoever owns the camera next must not get it
        self.on_plan(None, refused.code)
        self._tell(REASONS.get(refused.code, str(refused)))

    def _send(self, waiting: Waiting) -> None:
        if not waiting.is_whole or waiting.channel not in self.channels:
            self.spool.drop(waiting)
            return
        try:
            self._bring(waiting)
            self.sent += 1
            self.spool.remove(waiting)
        except FileNotFoundError:
            pass  # the spool was full, and dropped it
        except NotTaken as refused:
            log.warning("Storage does not take %s; it is dropped.", refused)
            self.spool.drop(waiting)

    def _bring(self, waiting: Waiting) -> None:
        """A ticket that ran out meanwhile is replaced once. Raises NotTaken."""
        if self._is_taken(waiting):
            return
        self._renew()
        if not self._is_taken(waiting):
            raise NotTaken(waiting.path.name)

    def _is_taken(self, waiting: Waiting) -> bool:
        ticket = self._tickets.get(waiting.channel)
        if ticket is None:
            return False
        init = f"{waiting.channel}/{waiting.init_name}"
        # With each ticket anew: whoever reads its prefix need not look at another.
        if init not in self._brought and self.cloud.put(ticket, init, waiting.init):
            self._brought.add(init)
        return init in self._brought and self.cloud.put(ticket, f"{waiting.channel}/{waiting.path.name}", waiting.path)

    def _tell(self, line: str) -> None:
        """Once, and not again with each try."""
        if line != self._said:
            self._said = line
            log.info("%s", line)
