"""Each account lives in the region of its country, and its data stays there (B1a)."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import phonenumbers
import pycountry
import pytest
import yaml

from chalicelib.accounts import rules
from chalicelib.aws import botocore_calls, clients, json_calls
from chalicelib.aws.clients import client
from chalicelib.settings import MissingSetting, Settings, settings
from infra.applier import WIRING
from infra.local.cloud import PUBLIC_URL, LocalCloud
from infra.package.bundle import SERVICES
from tests.house.laws import all_modules
from tests.scene import Person, everything_stored, is_nothing_sent, new_person, rows
from tests.worlds.invariants import Stored

ASIA = "https://asia.example.org"
# Kosovo, Ascension and Tristan da Cunha have codes that ISO 3166-1 reserves or leaves to its users: phone numbers and
# CloudFront name them.
RESERVED = {"XK", "AC", "TA"}
REGIONS = json.loads(Path(rules.__file__).with_name("regions.json").read_text())


@pytest.fixture
def _asia_is_elsewhere(world: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vars(settings), "regions", {"asia": ASIA, "europe": PUBLIC_URL})


elsewhere = pytest.mark.usefixtures("_asia_is_elsewhere")

# ── Countries ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_country_of_iso_3166_has_one_region() -> None:
    listed = Counter(country for countries in REGIONS.values() for country in countries.split())
    assert set(listed) == {country.alpha_2 for country in pycountry.countries} | RESERVED
    assert set(listed.values()) == {1}


def test_every_country_of_a_phone_number_has_a_region() -> None:
    assert {rules.region_of(country) for country in phonenumbers.SUPPORTED_REGIONS} == set(REGIONS)


@pytest.mark.parametrize(("country", "region"), [("XK", "europe"), ("AC", "africa"), ("TA", "africa")])
def test_a_country_that_others_name_by_a_reserved_code_is_one(country: str, region: str) -> None:
    assert rules.region_of(country) == region


@pytest.mark.parametrize(
    ("country", "region"),
    [
        ("PL", "europe"),
        ("JP", "asia"),
        ("US", "north-america"),
        ("BR", "south-america"),
        ("KE", "africa"),
        ("AE", "middle-east"),
        ("NZ", "oceania"),
    ],
)
def test_a_country_lies_where_one_would_look_for_it(country: str, region: str) -> None:
    assert rules.region_of(country) == region


@pytest.mark.parametrize("country", ["XX", "ZZ", "EU", "UK", "AA"])
def test_what_is_no_country_is_refused(world: LocalCloud, country: str) -> None:
    answer = world.call("POST", "/accounts", Person(world, "ola@example.com").registration(country=country))
    assert (answer.status, answer.json["code"]) == (422, "CountryUnknown")
    assert answer.json["fields"]["country"] == "is no country"
    answer = new_person(world).call("PATCH", "/me", {"country": country})
    assert (answer.status, answer.json["code"]) == (422, "CountryUnknown")


# ── One installation, or several ─────────────────────────────────────────────────────────────────────────────────────


def test_alone_an_installation_serves_everybody(world: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vars(settings), "regions", {})
    for number, country in enumerate(["PL", "JP", "US", "BR"]):
        Person(world, f"someone{number}@example.com").register(country=country)
    assert new_person(world).call("PATCH", "/me", {"country": "JP"}).json["country"] == "JP"


@elsewhere
def test_who_belongs_to_another_region_is_told_where_and_nothing_is_kept(world: LocalCloud) -> None:
    answer = world.call("POST", "/accounts", Person(world, "yoko@example.com").registration(country="JP"))
    assert (answer.status, answer.json["code"], answer.json["endpoint"]) == (421, "Misdirected", ASIA)
    assert rows(world, "account/registration") == rows(world, "key", "Keys") == []
    assert is_nothing_sent(world, "yoko@example.com")
    assert "yoko" not in everything_stored(world)
    Person(world, "ola@example.com").register()
    assert len(rows(world, "account/registration")) == len(rows(world, "key", "Keys")) == 1


@elsewhere
def test_a_region_says_so_whether_the_address_is_known_or_not(world: LocalCloud) -> None:
    new_person(world)
    told = []
    for email in ("ola@example.com", "nobody@example.com"):
        world.trace.clear()
        answer = world.call("POST", "/accounts", Person(world, email).registration(country="JP"))
        told.append((answer.status, answer.json["endpoint"], world.trace.names()))
    assert told[0] == told[1] == (421, ASIA, [])


@elsewhere
def test_who_belongs_here_or_to_nobody_else_is_served(world: LocalCloud) -> None:
    assert new_person(world).call("GET", "/me").json["country"] == "PL"
    Person(world, "joe@example.com").register(country="US")


def test_an_account_remembers_its_region_sealed(world: LocalCloud) -> None:
    ola = new_person(world)
    stored = Stored(world.dump())
    row = stored.first_ids("Account")[ola.account_id]
    assert stored.decrypted(row, "region") == "europe"
    ola.call("PATCH", "/me", {"country": "JP"})
    stored = Stored(world.dump())
    assert stored.decrypted(stored.first_ids("Account")[ola.account_id], "region") == "europe"


@elsewhere
def test_an_account_does_not_move_by_naming_another_country(world: LocalCloud) -> None:
    ola = new_person(world)
    answer = ola.call("PATCH", "/me", {"country": "JP", "nickname": "Yoko"})
    assert (answer.status, answer.json["code"], answer.json["endpoint"]) == (409, "RegionFixed", ASIA)
    me = ola.call("GET", "/me").json
    assert (me["country"], me["nickname"]) == ("PL", "Ola")
    assert ola.call("PATCH", "/me", {"country": "DE"}).json["country"] == "DE"


def test_regions_are_told_as_json_and_left_out_by_who_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGIONS", f'{{"asia": "{ASIA}/"}}')
    assert Settings().regions == {"asia": ASIA}
    monkeypatch.setenv("REGIONS", "")
    assert Settings().regions == {}
    monkeypatch.delenv("REGIONS")
    with pytest.raises(MissingSetting, match="REGIONS"):  # nobody said, which is another thing than nothing
        _ = Settings().regions


def test_a_deployment_names_regions_that_there_are() -> None:
    class Loader(yaml.SafeLoader):
        pass

    Loader.add_multi_constructor("!", lambda loader, tag, node: tag)
    parameter = yaml.load(WIRING.read_text(), Loader)["Parameters"]["Regions"]  # noqa: S506  # it is a safe one
    pattern = re.compile(parameter["AllowedPattern"])
    assert pattern.fullmatch(parameter["Default"])
    assert pattern.fullmatch(json.dumps(dict.fromkeys(REGIONS, ASIA)))
    assert all(pattern.fullmatch(json.dumps({region: ASIA})) for region in REGIONS)
    for wrong in ('{"eu": "https://a.b"}', '{"asia": ""}', "[]", '{"asia": "https://a.b"', '{"asia": "https://a.b/"}'):
        assert not pattern.fullmatch(wrong), wrong


# ── Data stays ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_client_stays_in_the_region_of_the_installation(
    world: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    clients.client.cache_clear()
    botocore_calls._client.cache_clear()
    try:
        for service in SERVICES:
            made = client(service)
            assert made.meta.region_name == settings.region == "eu-central-1"
            assert f".{settings.region}." in made.meta.endpoint_url, service
        for service in ("dynamodb", "kms"):
            assert botocore_calls._client(service).meta.region_name == settings.region
            assert f".{settings.region}." in json_calls._host(service)
    finally:
        clients.client.cache_clear()
        botocore_calls._client.cache_clear()


def test_clients_are_made_in_one_place() -> None:
    makes = re.compile(r"create_client|boto3|region_name")
    assert {module.name for module in all_modules() if makes.search(module.source)} == {"aws.clients"}
