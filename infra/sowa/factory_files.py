"""A factory's file on its way into an installation, and out again as far as rows of it were not taken."""

from __future__ import annotations

import hashlib
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import Any, BinaryIO

import click

from chalicelib.stock import rules
from infra.sowa.clouds import Cloud, Failed


def carry_out(cloud: Cloud, operation: str, file: BinaryIO) -> dict[str, Any]:
    """Order an operation on a file until it is through; the last answer.

    The same bytes are the same file there, so what was broken off goes on. When it is through, it is deleted there: it
    holds the secrets of cameras.
    """
    # What is piped can be read but once.
    content = file.read()
    name = PurePath(getattr(file, "name", "stdin")).name.strip("<>")
    address = cloud.upload(f"{hashlib.sha256(content).hexdigest()[:16]}-{name}", io.BytesIO(content))
    answer = _until_done(cloud, operation, address, len(content))
    cloud.delete(address)
    return answer


def _until_done(cloud: Cloud, operation: str, address: str, size_bytes: int) -> dict[str, Any]:
    at_bytes = -1
    with click.progressbar(length=size_bytes, label=operation, file=sys.stderr) as bar:
        while True:
            answer: dict[str, Any] = cloud.order(operation, {"s3": address})
            bar.update(answer["position_bytes"] - max(at_bytes, 0))
            if answer["done"]:
                return answer
            if answer["position_bytes"] <= at_bytes:
                raise Failed(f"{operation} stands still at byte {at_bytes} of {size_bytes}. Its log says why.")
            at_bytes = answer["position_bytes"]


def keep(refused: bytes, into: Path) -> None:
    """Write what was refused where nobody else can read it, over nothing that is there."""
    with os.fdopen(os.open(into, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(refused)


def serial_numbers(file: BinaryIO) -> Iterator[str]:
    """Those of a file as the factory's bucket takes it: CSV with a header, or JSON lines. Raises Failed."""
    lines = [line for line in rules.lines_of(file.read()) if not rules.is_blank(line)]
    columns = rules.columns_of(lines[0], ("sn",)) if lines else None
    for number, line in enumerate(lines[0 if columns is None else 1 :], start=1):
        row = rules.row_of(line, columns)
        if not isinstance(row, dict) or not isinstance(row.get("sn"), str):
            raise Failed(f"Row {number} has no sn.")
        yield row["sn"]
