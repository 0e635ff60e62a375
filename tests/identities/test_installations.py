"""Which platforms an installation accepts is said by its parameters, and by nothing else."""

from __future__ import annotations

import re

import pytest

from chalicelib.settings import settings
from infra.applier import WIRING, load
from infra.local.__main__ import platforms_of
from infra.local.cloud import LocalCloud
from tests.identities.platforms import Served

PLATFORMS = ("Google", "Apple", "Facebook")


def test_none_is_offered_unless_an_installation_says_so() -> None:
    parameters = load(WIRING)["Parameters"]
    assert [parameters[f"Oidc{name}Audiences"]["Default"] for name in PLATFORMS] == [""] * 3


@pytest.mark.parametrize("name", PLATFORMS)
def test_each_platform_is_known_by_its_own_name_and_address(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    parameters = load(WIRING)["Parameters"]
    host = {"Google": "google", "Apple": "apple", "Facebook": "facebook"}[name]
    assert parameters[f"Oidc{name}Issuers"]["Default"] == parameters[f"Oidc{name}KeysUrl"]["Default"] == ""
    for what in ("ISSUERS", "KEYS_URL"):
        monkeypatch.setenv(f"OIDC_{name.upper()}_{what}", "")
    issuers, keys = (settings.oidc(name.lower(), what) for what in ("issuers", "keys_url"))
    assert re.fullmatch(rf"https://[a-z.]+{host}[a-z]*\.com", issuers.split(",")[0])
    assert re.match(rf"https://[a-z.]*{host}[a-z]*\.com/", keys)
    allowed = re.compile(parameters[f"Oidc{name}KeysUrl"]["AllowedPattern"])
    assert allowed.fullmatch(keys) and allowed.fullmatch("")
    for other in ("http://keys.example.org/", "http://127.0.0.1.evil.test/", "file:///keys"):
        assert not allowed.fullmatch(other)


def test_the_local_cloud_is_told_by_the_environment(world: LocalCloud, served: Served) -> None:
    told = {
        "OIDC_GOOGLE_AUDIENCES": "sowa", "OIDC_APPLE_KEYS_URL": "http://127.0.0.1:9/keys", "OIDC_APPLE_ISSUERS": "",
        "PATH": "/bin",
    }  # fmt: skip
    assert platforms_of(told) == {"OidcGoogleAudiences": "sowa", "OidcAppleKeysUrl": "http://127.0.0.1:9/keys"}
    assert platforms_of(told).keys() <= load(WIRING)["Parameters"].keys()
    assert served.parameters.keys() <= load(WIRING)["Parameters"].keys()
