"""A record of no house that points to folders of objects, and the prefix in which these lie."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from pynamodb.attributes import NumberAttribute, UnicodeSetAttribute

from chalicelib import clock
from chalicelib.aws.clients import client
from chalicelib.aws.s3 import Stored
from chalicelib.register import catalogue, export, rows
from chalicelib.register.prefixes import Prefix
from chalicelib.settings import settings
from chalicelib.store.commit import commit, put
from chalicelib.store.records import Item, Record
from chalicelib.store.tags import key, plain

FILMS = Prefix("films/7", subject="device", row=rows.ALARM_MESSAGES, keep_days=7, by_ticket=True)


class Shelf(Item):
    pk_prefix = "device"
    sk_prefix = "shelf"

    folders = key(UnicodeSetAttribute(null=True), rows.ALARM_MESSAGES, why="where they lie", points_to="folder")
    covers = key(UnicodeSetAttribute(null=True), rows.ALARM_MESSAGES, why="single ones", points_to="object")
    at = plain(NumberAttribute(), why="a test's", exported=True)

    def shows(self, stored: Stored, subject_record: Record) -> bool:
        return not stored.key.endswith(".secret") and subject_record.pk == self.pk


def install(patch: pytest.MonkeyPatch) -> None:
    """Have the register know both."""
    patch.setattr(catalogue, "RECORDS", (*catalogue.RECORDS, Shelf))
    patch.setattr(catalogue, "PREFIXES", (*catalogue.PREFIXES, FILMS))
    patch.setattr(export, "label", lambda name, language: name)


def put_shelf(device_id: str, name: str, folders: set[str] | None, covers: set[str] | None = None) -> None:
    commit(put(Shelf.new(device_id, name, folders=folders, covers=covers, at=1)))


def folder_of(device_id: str, days_ago: int = 0) -> str:
    return FILMS.of(_at(days_ago), device_id)


def _at(days_ago: int) -> datetime:
    return clock.now() - timedelta(days=days_ago)


def put_film(device_id: str, name: str, days_ago: int = 0, data: bytes = b"film") -> str:
    object_key = f"{folder_of(device_id, days_ago)}{name}"
    client("s3").put_object(Bucket=settings.media_bucket, Key=object_key, Body=data)
    return object_key
