"""A passkey made and used by a real browser, on a page of this machine's own name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from infra.local.cloud import LocalCloud
from tests import loopback
from tests.factors import ROOT, asked
from tests.outside.browsing import a_browser, in_a_browser, sync_api
from tests.scene import Person, new_person

# What a page does with what the API gives it; `toJSON` is all that it has to say.
MAKE = """async (options) => {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  return (await navigator.credentials.create({publicKey})).toJSON();
}"""
SIGN = """async (options) => {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return (await navigator.credentials.get({publicKey})).toJSON();
}"""
# A phone's own, unlocked by its owner's finger; and a key on a keyring that only wants to be touched.
PHONE = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
KEYRING = {"protocol": "u2f", "transport": "usb", "hasResidentKey": False, "hasUserVerification": False}


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[loopback.Ports, LocalCloud, Any]]:
    """A cloud of its own, whose pages are called by name."""
    ports = loopback.Ports()
    with LocalCloud.start(**ports.told) as cloud, ports.serving(cloud, cloud.gateway):
        yield ports, cloud, cloud.snapshot()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with a_browser() as started:
        yield started


@pytest.fixture
def ola(served: tuple[loopback.Ports, LocalCloud, Any]) -> Person:
    _, cloud, beginning = served
    cloud.restore(beginning)
    person = new_person(cloud)
    person.step_up()
    return person


def page_at(browser: Any, address: str, authenticator: dict[str, Any]) -> Any:
    page = browser.new_context().new_page()
    told = page.context.new_cdp_session(page)
    told.send("WebAuthn.enable")
    options = {**authenticator, "automaticPresenceSimulation": True, "isUserVerified": True}
    told.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    page.goto(f"{address}/plans")
    return page


def add(ola: Person, page: Any) -> int:
    made = page.evaluate(MAKE, ola.call("POST", f"{ROOT}/passkeys").json)
    answer = ola.call("POST", f"{ROOT}/passkeys/confirm", {"name": "Chromium", "credential": made})
    return answer.status


@in_a_browser
@pytest.mark.parametrize("authenticator", [PHONE, KEYRING], ids=["phone", "keyring"])
def test_a_browser_makes_a_passkey_and_signs_in_with_it(
    browser: Any, served: tuple[loopback.Ports, LocalCloud, Any], ola: Person, authenticator: dict[str, Any]
) -> None:
    page = page_at(browser, f"http://localhost:{served[0].port}", authenticator)
    assert add(ola, page) == 201
    for _ in range(2):
        signed = page.evaluate(SIGN, asked(ola)["passkey"])
        assert ola.sign_in(factor={"passkey": signed}).status == 201
    (passkey,) = ola.call("GET", ROOT).json["passkeys"]
    assert passkey["used_at"] is not None


@in_a_browser
def test_a_browser_does_not_make_the_same_passkey_twice(
    browser: Any, served: tuple[loopback.Ports, LocalCloud, Any], ola: Person
) -> None:
    page = page_at(browser, f"http://localhost:{served[0].port}", PHONE)
    assert add(ola, page) == 201
    with pytest.raises(sync_api.Error, match="InvalidStateError"):
        add(ola, page)


@in_a_browser
def test_a_browser_makes_none_where_the_machine_is_called_by_its_number(
    browser: Any, served: tuple[loopback.Ports, LocalCloud, Any], ola: Person
) -> None:
    page = page_at(browser, served[0].url, PHONE)
    with pytest.raises(sync_api.Error, match="SecurityError"):
        add(ola, page)
