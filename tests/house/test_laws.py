"""The laws of the house hold, and each would see its breach."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from xml.etree import ElementTree

import pytest

from chalicelib import houses
from tests.house import laws
from tests.house.laws import LAWS, ROOT, Module, all_modules, entry_points_of, registered

HERE = Path(__file__)
Law = Callable[[Module], list[str]]
MODULES = all_modules()

BREACHES: list[tuple[Law, str, str]] = [
    (laws.rooms_open_only_what_they_may, "devices.rules", "from chalicelib.devices.records import BindingTries"),
    (laws.rooms_open_only_what_they_may, "devices.routes", "from chalicelib.store.commit import commit"),
    (laws.rooms_open_only_what_they_may, "devices.routes", "from chalicelib.register import erase"),
    (laws.rooms_open_only_what_they_may, "devices.rules", "from chalicelib import clock"),
    (laws.rooms_open_only_what_they_may, "devices.rules", "from chalicelib.devices import actions"),
    (laws.rooms_open_only_what_they_may, "devices.actions", "from chalicelib.entry import wire"),
    (laws.rooms_open_only_what_they_may, "devices.actions", "from chalicelib.plans.rules import offer"),
    (laws.rooms_open_only_what_they_may, "devices.actions", "from chalicelib.accounts import routes"),
    (laws.rooms_open_only_what_they_may, "devices.records", "from chalicelib.devices import shapes"),
    (laws.rooms_open_only_what_they_may, "devices.records", "from chalicelib.accounts.records import Account"),
    (laws.rooms_open_only_what_they_may, "devices.shapes", "from chalicelib.entry.http import RouteTable"),
    (laws.rooms_open_only_what_they_may, "devices.shapes", "from chalicelib.store import records"),
    (laws.rooms_open_only_what_they_may, "devices.listeners", "from chalicelib.aws import s3"),
    (laws.rooms_open_only_what_they_may, "devices.scheduled", "from chalicelib.devices.records import BindingTries"),
    (laws.rooms_open_only_what_they_may, "devices.operations", "from chalicelib.store import ciphers"),
    (laws.rooms_open_only_what_they_may, "devices.cellar", ""),
    (laws.houses_open_only_houses_before_them, "devices.actions", "from chalicelib.alarms import actions as alarms"),
    (laws.houses_open_only_houses_before_them, "plans.shapes", "from chalicelib.devices.shapes import Device"),
    (laws.houses_open_only_houses_before_them, "sessions.routes", "def f():\n    from chalicelib.push import actions"),
    (laws.the_floor_opens_no_house, "store.records", "from chalicelib.access.records import Device"),
    (laws.the_floor_opens_no_house, "register.export", "import chalicelib.accounts.records"),
    (laws.the_floor_opens_no_house, "entry.admission", "from chalicelib.accounts import actions"),
    (laws.the_floor_opens_no_house, "register.catalogue", "from chalicelib.accounts.actions import register"),
    (laws.the_floor_opens_no_house, "errors", "from chalicelib.plans import rules"),
    (laws.the_floor_stands_on_itself, "store.commit", "from chalicelib.entry import log"),
    (laws.the_floor_stands_on_itself, "register.catalogue", "from chalicelib.entry.http import RouteTable"),
    (laws.the_floor_stands_on_itself, "clock", "from chalicelib.settings import settings"),
    (laws.everything_is_a_house_or_the_floor, "garden.actions", ""),
    (laws.only_aws_knows_the_sdk, "devices.actions", "import boto3"),
    (laws.only_aws_knows_the_sdk, "devices.actions", "from botocore.exceptions import ClientError"),
    (laws.only_aws_knows_the_sdk, "entry.http", "import botocore.session"),
    (laws.only_aws_knows_the_sdk, "register.erase", "from chalicelib.aws.clients import client"),
    (laws.only_aws_knows_the_sdk, "store.commit", "from botocore.exceptions import ClientError"),
    (laws.only_aws_knows_the_sdk, "store.commit", "from chalicelib.aws.clients import client"),
    (laws.only_aws_knows_the_sdk, "register.erase", "from chalicelib.aws.json_calls import call"),
    (laws.only_http_fetch_asks_others, "jwks", "import urllib3"),
    (laws.only_http_fetch_asks_others, "payments.providers", "from urllib.request import urlopen"),
    (laws.only_settings_reads_the_environment, "aws.ses", "import os\nsender = os.environ['MAIL_SENDER']"),
    (laws.only_settings_reads_the_environment, "aws.ses", "import os\nsender = os.getenv('MAIL_SENDER')"),
    (laws.only_settings_reads_the_environment, "aws.ses", "from os import environ"),
    (laws.only_clock_knows_the_time, "alarms.actions", "import time"),
    (laws.only_clock_knows_the_time, "alarms.actions", "from time import sleep"),
    (laws.only_clock_knows_the_time, "alarms.actions", "from zoneinfo import ZoneInfo"),
    (laws.only_clock_knows_the_time, "alarms.actions", "from datetime import UTC, datetime\nat = datetime.now(UTC)"),
    (laws.only_clock_knows_the_time, "alarms.actions", "import datetime\nat = datetime.date.today()"),
    (laws.only_ids_knows_chance, "alarms.actions", "import random"),
    (laws.only_ids_knows_chance, "alarms.actions", "from secrets import token_hex"),
    (laws.only_ids_knows_chance, "alarms.actions", "import os\nid = os.urandom(16)"),
    (laws.only_ids_knows_chance, "aws.crypto", "key = AESGCM.generate_key(256)"),
    (laws.only_entry_writes_a_status, "alarms.actions", "def f():\n    return 404"),
    (laws.only_entry_writes_a_status, "alarms.routes", "@routes.get('/x', status=299 + 1)\ndef f(): ..."),
    (laws.only_entry_writes_a_status, "alarms.actions", "refuse(status=201)"),
    (laws.only_entry_writes_a_status, "alarms.actions", "from http import HTTPStatus"),
    (laws.only_keys_builds_a_key, "alarms.actions", "key = f'device#{device_id}'"),
    (laws.only_keys_builds_a_key, "alarms.actions", "kind = key.split('#')[0]"),
    (laws.nothing_is_scanned_and_nothing_leaves_as_it_lies, "alarms.actions", "rows = Alarm.scan()"),
    (laws.nothing_is_scanned_and_nothing_leaves_as_it_lies, "alarms.routes", "answer = alarm.to_dict()"),
    (laws.only_store_writes_records, "alarms.actions", "alarm.save()"),
    (laws.mails_are_of_houses_before, "contacts.actions", 'send("accounts/mail/code")'),
    (laws.no_room_is_called_so, "alarms.utils", ""),
    (laws.no_room_is_called_so, "common.texts", ""),
    (laws.no_room_is_called_so, "alarms.picture_helpers", ""),
    (laws.what_is_derived_names_no_house, "register.erase", "def forget(device): ..."),
    (laws.what_is_derived_names_no_house, "register.erase", "# the alarms go first"),
    (laws.what_is_derived_names_no_house, "register.erase", "class PushOfCameras: ..."),
    (laws.a_sentence_hangs_on_the_door, "alarms.actions", "import typing"),
    (laws.a_sentence_hangs_on_the_door, "alarms.actions", '"""What is done. And more."""'),
    (laws.a_sentence_hangs_on_the_door, "alarms.actions", '"""Alarms."""'),
    (laws.functions_are_short, "alarms.actions", "def f():\n" + "    a = 1\n" * 41),
]


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_the_law_holds(law: Law) -> None:
    assert [breach for module in MODULES for breach in law(module)] == []


@pytest.mark.parametrize(("law", "name", "source"), BREACHES)
def test_a_breach_of_the_law_is_seen(law: Law, name: str, source: str) -> None:
    assert law(Module(name, source))


def test_every_law_has_a_breach_that_it_would_see() -> None:
    assert {law for law, _, _ in BREACHES} == set(LAWS)


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("devices.actions", '"""It does a thing."""\nfrom chalicelib.accounts import actions as accounts'),
        ("alarms.routes", '"""It is asked things."""\nfrom chalicelib.devices.actions import owning\nf(status=201)'),
        ("devices.routes", '"""It is asked things."""\nfrom chalicelib.devices.needs import OWNER'),
        ("entry.http", '"""It is the door."""\nfrom chalicelib.aws.json_calls import CallRefused\nstatus = 404'),
        ("alarms.rules", '"""It is true."""\nfrom datetime import date, datetime, time'),
        ("entry.openapi", '"""It is written."""\nat = "#/components/schemas"'),
        ("alarms.actions", '"""It says `device#1`."""\ndef f():\n    """`device#1`."""'),
        ("alarms.actions", '"""It asks the clock."""\nat = clock.now()'),
    ],
)
def test_what_is_allowed_is_no_breach(name: str, source: str) -> None:
    module = Module(name, source)
    assert [breach for law in LAWS for breach in law(module)] == []


def test_there_are_modules_to_hold_the_laws_against() -> None:
    assert {module.house for module in MODULES} >= set(laws.HOUSES)
    # A room in a list of rooms that no house has would be a wall without a door.
    assert {module.room for module in MODULES if module.house in laws.HOUSES} == set(laws.ROOMS)


# ── Doors ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_houses_list_every_door_there_is_and_no_other() -> None:
    there = {route for module in MODULES for route in entry_points_of(module)}
    assert registered() == there
    listed = {(house, room) for house, rooms in houses.HOUSES.items() for room in rooms}
    kinds = set(chain(*houses.HOUSES.values()))
    assert listed == {(one.house, one.room) for one in MODULES if one.house in houses.HOUSES and one.room in kinds}


def test_a_door_that_is_not_listed_is_seen() -> None:
    forgotten = Module("garden.routes", "from chalicelib.entry.http import RouteTable\nroutes = RouteTable(__name__)")
    assert entry_points_of(forgotten) == {"garden.routes.routes"}
    assert "garden.routes.routes" not in registered()


# ── Circles ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_no_folders_open_each_other() -> None:
    assert laws.circles(MODULES) == []


def test_a_circle_is_seen_however_far_round() -> None:
    one = Module("plans.actions", "def f():\n    from chalicelib.devices.actions import owning")
    two = Module("devices.actions.owning", "from chalicelib.alarms import actions")
    three = Module("alarms.actions", "from chalicelib.plans import actions")
    assert laws.circles([one, two, three]) == [["alarms", "devices", "plans"]]
    assert laws.circles([one, two]) == []
    typed = Module("alarms.actions", "if TYPE_CHECKING:\n    from chalicelib.plans.actions import Terms")
    assert laws.circles([one, two, typed]) == []


# ── The top of the repository ────────────────────────────────────────────────────────────────────────────────────────

ALLOWED = {"app.py", "chalicelib", ".chalice", "tests", "infra", "requirements.txt", "README.md", "Makefile"}
ALLOWED |= {"pyproject.toml", "requirements-dev.txt", ".ci", "LICENSE", "CHANGELOG.md", ".gitignore"}
ALLOWED |= {"CONTRIBUTING.md", "docs", "findings"}
ALLOWED |= {".pre-commit-config.yaml"}  # where the tool looks for it


def strange_entries(paths: list[str]) -> set[str]:
    return {path.split("/")[0] for path in paths} - ALLOWED


def test_only_what_belongs_there_lies_at_the_top_of_the_repository() -> None:
    git = shutil.which("git")
    if git is None:
        pytest.skip("no git, which says what belongs to the repository")
    listed = subprocess.run(  # noqa: S603  # ours
        [git, "ls-files"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git repository: an archive was unpacked")
    assert strange_entries(listed.stdout.split()) == set()


def test_a_strange_entry_at_the_top_is_seen() -> None:
    assert strange_entries(["app.py", "notes.txt", "scripts/run.sh"]) == {"notes.txt", "scripts"}


# ── What the linter is told to let pass ──────────────────────────────────────────────────────────────────────────────


def unexplained(text: str) -> list[str]:
    """Exceptions in a source that do not say why."""
    return [line for line in text.splitlines() if re.search(r"# noqa(?!: [A-Z]+\d+(, [A-Z]+\d+)*  # \w)", line)]


def test_every_exception_from_the_linter_has_its_reason_beside_it() -> None:
    sources = [path for top in ("chalicelib", "infra", "tests") for path in (ROOT / top).rglob("*.py")]
    assert len(sources) > 100
    found = {str(path): lines for path in sources if (lines := unexplained(path.read_text())) and path != HERE}
    assert found == {}
    ignored = (ROOT / "pyproject.toml").read_text().partition("\nignore = [\n")[2].partition("]")[0].splitlines()
    assert ignored and all(re.fullmatch(r' +"[A-Z]+\d+", +# \w.*', line) for line in ignored)


@pytest.mark.parametrize("comment", ["# noqa", "# noqa: E731", "# noqa: E731 - short", "# noqa: E731  #"])
def test_an_exception_without_a_reason_is_seen(comment: str) -> None:
    assert unexplained(f"remove = lambda: None  {comment}")
    assert not unexplained("remove = lambda: None  # noqa: E731  # it is shortest here")


# ── What the README leads to ─────────────────────────────────────────────────────────────────────────────────────────


def test_the_readme_leads_nowhere_that_is_not_there() -> None:
    leads = re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / "README.md").read_text())
    assert "infra/flow.svg" in leads
    assert [path for path in leads if not (ROOT / path).is_file()] == []


def test_its_picture_is_whole_and_brings_everything_along() -> None:
    text = (ROOT / "infra" / "flow.svg").read_text()
    svg = ElementTree.fromstring(text)  # noqa: S314  # it is our own
    said = {shown.text for shown in svg.iter("{http://www.w3.org/2000/svg}text")}
    assert {"Camera", "S3", "Lambda", "DynamoDB", "Data keys", "Ledger", "SNS", "Phone", "API Gateway", "Clock"} <= said
    assert "prefers-color-scheme: dark" in text
    assert re.findall(r"url\(|@import|<image|<script|https?://(?!www\.w3\.org/2000/svg\")", text) == []
