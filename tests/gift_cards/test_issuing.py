"""Issuing gift cards, withdrawing them, and what operators read of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from chalicelib.aws import factory
from chalicelib.errors import Conflict, Invalid, KeyReused
from chalicelib.gift_cards import rules
from chalicelib.gift_cards.actions import batches, issuing
from chalicelib.plans.rules.catalogue import PlanUnknown
from infra.local.cloud import LocalCloud
from tests.conftest import Home
from tests.gift_cards.cards import PLAN, counts, issue, new_code, redeem, report
from tests.plans.steps import refused
from tests.scene import everything_stored, just_before, rows

MANY = rules.MOST_ANSWERED + 1


def revoke(world: LocalCloud, batch_id: str) -> Any:
    return world.invoke("revoke_gift_cards", {"batch_id": batch_id})["batch"]


def file_at(world: LocalCloud, address: str) -> bytes:
    from chalicelib.aws.clients import client

    bucket, _, key = address.removeprefix("s3://").partition("/")
    with world.aws.outside():
        found: bytes = client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    return found


def opened(world: LocalCloud, file: dict[str, str]) -> list[str]:
    """As any library of JOSE does it, with the key as a JWK."""
    key = OctKey.import_key({"kty": "oct", "k": file["key"]})
    return jwe.decrypt_compact(file_at(world, file["s3"]), key).plaintext.decode().splitlines()


def test_codes_are_answered_once_and_each_is_another(world: LocalCloud) -> None:
    answer = issue(world, 120, note="Christmas")
    assert answer.keys() == {"batch_id", "codes", "file"} and answer["file"] is None
    assert len(set(answer["codes"])) == 120
    assert all(rules.is_well_typed(rules.normal_code(code)) for code in answer["codes"])
    world.clock.move_to(world.now().timestamp() + 1)
    assert not set(answer["codes"]) & set(issue(world, 120)["codes"])
    (second, first) = report(world)
    assert first["batch_id"] == answer["batch_id"] and second["note"] is None
    assert {name: first[name] for name in ("state", "plan_id", "until", "note", "issued_at", "revoked_at")} == {
        "state": "issued", "plan_id": PLAN, "until": "2027-12-31", "note": "Christmas",
        "issued_at": "2026-01-05T08:00:00Z", "revoked_at": None,
    }  # fmt: skip
    assert counts(first) == {"issued": 120, "redeemed": 0, "revoked": 0, "expired": 0, "left": 120}


def test_more_than_a_thousand_are_a_file_that_only_the_answers_key_opens(home: Home) -> None:
    world = home.world
    answer = issue(world, MANY)
    assert answer["codes"] is None
    codes = opened(world, answer["file"])
    assert len(set(codes)) == MANY
    assert answer["file"]["s3"] == factory.address(f"gift-cards/{answer['batch_id']}.jwe")
    text = everything_stored(world) + file_at(world, answer["file"]["s3"]).decode()
    assert answer["batch_id"] in text
    for secret in (*codes, *(code.replace("-", "") for code in codes), answer["file"]["key"]):
        assert secret not in text
    other = OctKey.generate_key(256)
    with pytest.raises(JoseError):
        jwe.decrypt_compact(file_at(world, answer["file"]["s3"]), other)
    assert redeem(home, codes[0]).status == 200
    assert redeem(home, codes[-1]).status == 200
    assert len(rows(world, "gift-card/gift-card")) == MANY


def test_a_thousand_are_answered(world: LocalCloud) -> None:
    answer = issue(world, rules.MOST_ANSWERED)
    assert (len(answer["codes"]), answer["file"]) == (rules.MOST_ANSWERED, None)


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({"plan_id": "free"}, {"plan_id"}),
        ({"count": 0}, {"count"}),
        ({"count": rules.MOST_CARDS + 1}, {"count"}),
        ({"until": "2026-01-04"}, {"until"}),
        ({"until": "2037-01-01"}, {"until"}),
        ({"until": "tomorrow"}, {"until"}),
        ({"until": "9999-12-31"}, {"until"}),
        ({"note": "two\nlines"}, {"note"}),
    ],
)
def test_what_cannot_be_issued_is_refused_by_its_field(
    world: LocalCloud, wrong: dict[str, Any], fields: set[str]
) -> None:
    with pytest.raises(Invalid) as refusal:
        issue(world, **{"count": 1, **wrong})
    assert refusal.value.details["fields"].keys() == fields
    assert report(world) == [] and rows(world, "gift-card/gift-card") == []
    issue(world, until="2036-12-31")
    assert len(rows(world, "gift-card/gift-card")) == 1


def test_a_plan_that_is_not_sold_is_none(world: LocalCloud) -> None:
    with pytest.raises(PlanUnknown):
        issue(world, plan_id="gold")


def test_today_is_a_day_for_it_where_the_seller_is(world: LocalCloud) -> None:
    world.clock.move_to(world.now().replace(hour=23, minute=30).timestamp())
    with pytest.raises(Invalid):
        issue(world, until="2026-01-05")  # in Warsaw it is tomorrow
    assert report(world) == []
    issue(world, until="2026-01-06")
    assert report(world)[0]["state"] == "issued"


# What broke off


def test_of_a_batch_that_broke_off_nobody_has_a_card(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    codes: list[str] = []
    right = rules.new_code

    def new_code_that_is_seen(raw: bytes) -> str:
        codes.append(right(raw))
        return codes[-1]

    def breaks_off(batch: object, codes: object) -> Any:
        raise MemoryError

    monkeypatch.setattr(rules, "new_code", new_code_that_is_seen)
    with monkeypatch.context() as broken:
        broken.setattr(issuing, "_file_of", breaks_off)
        with pytest.raises(MemoryError):
            issue(home.world, MANY)
    (unfinished,) = report(home.world)
    assert (unfinished["state"], unfinished["issued_at"]) == ("unfinished", None)
    assert counts(unfinished) == dict.fromkeys(counts(unfinished), 0)
    assert len(rows(home.world, "gift-card/gift-card")) == MANY
    assert refused(redeem(home, codes[0])) == (404, "GiftCardUnknown")
    assert revoke(home.world, unfinished["batch_id"]) is None
    assert redeem(home, new_code(home.world)).status == 200
    home.world.clock.move_to(home.world.now().timestamp() + 31 * 86_400)
    assert [one["state"] for one in report(home.world)] == ["issued"]


def test_a_batch_that_is_lost_meanwhile_is_not_finished(world: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    right = issuing._begun

    def forgotten_at_once(*args: Any) -> Any:
        from chalicelib.store.commit import commit, remove

        batch = right(*args)
        commit(remove(batch))
        return batch

    monkeypatch.setattr(issuing, "_begun", forgotten_at_once)
    with pytest.raises(Conflict):
        issue(world)


# Ordered again


def test_ordered_again_under_its_id_the_codes_are_others_and_those_before_are_not_taken(home: Home) -> None:
    first = issue(home.world, 2, order_id="order-0123456789")
    home.world.clock.move_to(home.world.now().timestamp() + 60)
    second = issue(home.world, 2, order_id="order-0123456789")
    assert not set(first["codes"]) & set(second["codes"])
    assert [(one["state"], one["left"]) for one in report(home.world)] == [("issued", 2), ("revoked", 0)]
    assert refused(redeem(home, first["codes"][0])) == (410, "GiftCardRevoked")
    assert redeem(home, second["codes"][0]).status == 200


def test_another_order_under_the_same_id_is_refused_for_a_day(world: LocalCloud) -> None:
    issue(world, 2, order_id="order-0123456789")
    with pytest.raises(KeyReused):
        issue(world, 3, order_id="order-0123456789")
    assert len(report(world)) == 1
    issue(world, 3, order_id="order-another-0123")
    world.clock.move_to(world.now().timestamp() + 86_400)
    issue(world, 3, order_id="order-0123456789")
    assert [one["state"] for one in report(world)] == ["issued"] * 3


def test_of_two_who_order_the_same_at_once_one_has_cards(world: LocalCloud) -> None:
    with just_before(world, 4, lambda: issue(world, order_id="order-0123456789")), pytest.raises(Conflict):
        issue(world, order_id="order-0123456789")
    assert sorted(one["state"] for one in report(world)) == ["issued", "unfinished"]


# Withdrawn


def test_what_is_withdrawn_is_not_taken_and_what_was_redeemed_stays(home: Home) -> None:
    answer = issue(home.world, 3)
    first = redeem(home, answer["codes"][0])
    told = revoke(home.world, answer["batch_id"])
    assert (told["state"], told["revoked_at"]) == ("revoked", "2026-01-05T08:00:00Z")
    assert counts(told) == {"issued": 3, "redeemed": 1, "revoked": 2, "expired": 0, "left": 0}
    assert refused(redeem(home, answer["codes"][1])) == (410, "GiftCardRevoked")
    assert redeem(home, answer["codes"][0]).json == first.json
    assert home.owner.call("GET", f"/devices/{home.camera.device_id}/plan").json["until"] == first.json["until"]


@pytest.mark.parametrize("nth", [1, 2])
def test_a_card_that_is_redeemed_at_that_moment_is_counted(home: Home, nth: int) -> None:
    answer = issue(home.world, 2)
    with just_before(home.world, nth, lambda: redeem(home, answer["codes"][0])):
        told = revoke(home.world, answer["batch_id"])
    assert counts(told) == counts(report(home.world)[0])
    assert counts(told) == {"issued": 2, "redeemed": 1, "revoked": 1, "expired": 0, "left": 0}


def test_withdrawn_again_it_is_as_it_was(world: LocalCloud) -> None:
    batch_id = issue(world)["batch_id"]
    first = revoke(world, batch_id)
    world.clock.move_to(world.now().timestamp() + 60)
    assert revoke(world, batch_id) == first == report(world)[0]


def test_of_an_id_that_no_batch_has_nothing_is_withdrawn(world: LocalCloud) -> None:
    batch_id = issue(world)["batch_id"]
    assert revoke(world, "nothing") is None
    assert report(world)[0]["state"] == "issued"
    assert revoke(world, batch_id)["state"] == "revoked"


# The report


def test_batches_are_reported_page_by_page_the_newest_first(world: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "_PAGE", 2)
    made = []
    for _ in range(5):
        made.append(issue(world)["batch_id"])
        world.clock.move_to(world.now().timestamp() + 1)
    found, cursor = [], None
    while True:
        page = world.invoke("report_gift_cards", {} if cursor is None else {"cursor": cursor})
        found += [one["batch_id"] for one in page["items"]]
        cursor = page["cursor"]
        if cursor is None:
            break
        assert len(page["items"]) == 2
    assert found == made[::-1]


def test_the_report_writes_nothing(world: LocalCloud) -> None:
    issue(world)
    world.trace.clear()
    assert len(report(world)) == 1
    assert world.trace.names() == ["dynamodb.Query"]


def test_the_report_says_no_code(world: LocalCloud) -> None:
    answer = issue(world, 5)
    text = json.dumps(report(world))
    assert answer["batch_id"] in text
    for code in answer["codes"]:
        assert code not in text and code.replace("-", "") not in text
    for row in rows(world, "gift-card/gift-card"):
        assert row["pk"].partition("#")[2] not in text
