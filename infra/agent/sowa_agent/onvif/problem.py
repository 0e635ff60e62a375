"""What can be wrong with an ONVIF device, for whoever has to put it right."""

from __future__ import annotations

from sowa_agent.source import Why


class OnvifProblem(Exception):
    """In words that hold nothing that the device sent."""

    def __init__(self, why: Why, detail: str = "") -> None:
        super().__init__(detail)
        self.why, self.detail = why, detail
