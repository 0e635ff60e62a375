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
