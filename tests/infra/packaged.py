"""The template that would be deployed, as the tests look at it."""

from __future__ import annotations

from functools import cache
from typing import Any

from infra.package import template


@cache
def made() -> dict[str, Any]:
    from app import app

    return template.made(app, architecture="arm64")


def resources(kind: str) -> dict[str, dict[str, Any]]:
    return {name: one for name, one in made()["Resources"].items() if one["Type"] == kind}


# Functions for which queues, settings and time-outs are ready before they are there themselves, each with its queue.
AWAITED = {
    "on_recording_uploaded": "RecordingUploads",
    "on_recordings_removed": "RecordingRemovals",
    "on_clip_requested": "ClipRequests",
    "sweep_expired_recordings": "",
    "reconcile_recordings": "",
    "end_plans": "",
}


def awaited() -> dict[str, str]:
    """Those of them that are not there."""
    there = {function.entry_point for function in template.functions_of(made())}
    return {name: queue for name, queue in AWAITED.items() if name not in there}
