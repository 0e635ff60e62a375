"""The front page of a cloud that is left up, and somebody in front of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from infra.local.cloud import LocalCloud
from infra.local.server import Heart
from tests import loopback
from tests.outside.browsing import TIMEOUT_MS, sync_api

WIDTHS = {"phone": (390, 844), "desktop": (1280, 900)}
# Not the machine's own time, which the page must not go by; a day with room for pictures, and far from its end.
EVENING = datetime(2026, 1, 5, 18, 0, tzinfo=UTC)


@contextmanager
def a_served_cloud() -> Iterator[tuple[str, LocalCloud, Any]]:
    """A cloud of its own on two ports, whose clock ticks as in `make run`."""
    ports = loopback.Ports()
    with LocalCloud.start(seed=None, at=EVENING, **ports.told) as cloud, ports.serving(cloud):
        heart = Heart(cloud, loopback.ignore)
        heart.start()
        yield ports.url, cloud, cloud.snapshot()
        heart.stop()


@dataclass
class Visitor:
    """Somebody in front of the page, and what the browser complained of meanwhile."""

    page: Any
    complaints: list[str] = field(default_factory=list)

    def register(self, nickname: str = "Zofia", address: str = "") -> None:
        """With an address of one's own, or the one that the page made up."""
        if address:
            self.page.get_by_label("E-mail address").fill(address)
        self.page.get_by_label("Nickname").fill(nickname)
        self.press("Register", "form")
        self.use_newest_code()
        self.press("Confirm")
        sync_api.expect(self.page.get_by_text(f"Signed in as {nickname}")).to_be_visible()

    def press(self, name: str, within: str = "body") -> None:
        self.page.locator(within).get_by_role("button", name=name, exact=True).click()

    def use_newest_code(self) -> None:
        """Waits until what left last holds a code, since the outbox is looked at now and then."""
        sync_api.expect(self.page.get_by_label("Code", exact=True)).to_be_visible()
        self.page.locator("#outbox li:first-child button.code").click()

    def is_as_wide_as_the_screen(self) -> bool:
        return bool(self.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


@contextmanager
def a_visitor(browser: Any, address: str, width_of: str = "desktop") -> Iterator[Visitor]:
    width, height = WIDTHS[width_of]
    context = browser.new_context(
        viewport={"width": width, "height": height}, locale="en-GB", timezone_id="Europe/Warsaw"
    )
    context.set_default_timeout(TIMEOUT_MS)
    visitor = Visitor(context.new_page())
    visitor.page.on("console", lambda said: visitor.complaints.append(said.text) if said.type == "error" else None)
    visitor.page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
    visitor.page.goto(address)
    yield visitor
    context.close()
