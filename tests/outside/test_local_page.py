"""A stranger with a browser sees the whole life of an account on the front page, without a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from infra.local.cloud import LocalCloud
from tests.gift_cards.cards import new_code
from tests.outside.browsing import a_browser, in_a_browser, sync_api
from tests.outside.page_scene import WIDTHS, Visitor, a_served_cloud, a_visitor

PICTURES = 6
JUST_AFTER_MIDNIGHT_SECONDS = 5.5 * 3600


@pytest.fixture(scope="module")
def _served() -> Iterator[tuple[str, LocalCloud, Any]]:
    with a_served_cloud() as served:
        yield served


@pytest.fixture
def address(_served: tuple[str, LocalCloud, Any]) -> str:
    """Where nobody has been yet."""
    url, cloud, beginning = _served
    cloud.restore(beginning)
    return url


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with a_browser() as started:
        yield started


@pytest.fixture
def visitor(browser: Any, address: str, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    with a_visitor(browser, address, getattr(request, "param", "desktop")) as visitor:
        yield visitor


def _wait_for_pictures(visitor: Visitor, count: int) -> None:
    sync_api.expect(visitor.page.locator(".shots li")).to_have_count(count)
    for number in range(count):
        sync_api.expect(visitor.page.locator(".shots img").nth(number)).to_have_js_property("naturalWidth", 640)


@in_a_browser
@pytest.mark.parametrize("visitor", WIDTHS, indirect=True)
def test_a_stranger_plays_a_whole_life_from_registering_to_the_receipt(visitor: Visitor) -> None:
    page = visitor.page
    visitor.register()
    visitor.press("A demo camera")
    _wait_for_pictures(visitor, PICTURES)
    # They are of the whole day: what comes as late as that is one push.
    sync_api.expect(page.locator("#outbox [data-kind=push]")).to_have_count(1)
    assert visitor.is_as_wide_as_the_screen()

    page.locator(".shots .frame").first.click()
    visitor.press("Mark read", "dialog")
    sync_api.expect(page.locator("dialog")).to_have_count(0)
    sync_api.expect(page.locator(".shots li").first.locator(".state")).to_have_text("read")
    page.locator(".shots li").first.get_by_role("button", name="Delete", exact=True).click()
    sync_api.expect(page.locator(".shots li")).to_have_count(PICTURES - 1)

    # The free one comes first, and there is nothing to pay; what is bought waits behind it.
    visitor.press("Order")
    sync_api.expect(page.locator("#paying")).to_have_text("The plan runs. Renew it in its last week.")
    sync_api.expect(page.locator("#plan .badge")).to_have_text("active")
    page.get_by_label("Plan", exact=True).select_option("event-7-month")
    visitor.press("Order")
    visitor.press("Pay")
    sync_api.expect(page.locator("#paying")).to_contain_text("Paid. Invoice S-")
    sync_api.expect(page.locator("#plan .waiting")).to_contain_text("Then Events, 7 days, monthly, from ")

    visitor.press("Close the account")
    visitor.use_newest_code()
    visitor.press("Close and erase")
    visitor.press("Let twenty minutes pass")
    receipt = page.locator("#receipt")
    sync_api.expect(receipt.get_by_text("Signature checked")).to_be_visible()
    # The account's, the device's, and that of the last mail.
    sync_api.expect(receipt.locator("[data-claim=keys_destroyed]")).to_have_text("3")
    sync_api.expect(receipt.locator("[data-claim=kept]")).to_contain_text("tax law")
    assert visitor.is_as_wide_as_the_screen()
    assert page.evaluate("Object.keys(sessionStorage).sort()") == ["language"]
    assert visitor.complaints == []


@in_a_browser
@pytest.mark.parametrize("visitor", WIDTHS, indirect=True)
def test_an_order_is_given_back_once_its_amount_was_seen_and_a_gift_card_redeemed(
    visitor: Visitor, _served: tuple[str, LocalCloud, Any]
) -> None:
    page, expect = visitor.page, sync_api.expect
    visitor.register()
    visitor.press("A demo camera")
    page.get_by_label("Plan", exact=True).select_option("event-7-month")
    visitor.press("Order")
    visitor.press("Pay")
    order = page.locator("#orders .order")
    expect(order).to_contain_text("Bought for €2.99.")
    visitor.press("Invoice", "#orders")
    link = order.locator("[data-document=invoice] a")
    expect(link).to_have_text("S-2026-000001")
    assert page.request.get(link.get_attribute("href")).body().startswith(b"%PDF-")
    expect(order.locator("[data-document=credit_note]")).to_have_count(0)

    visitor.press("Give back", "#orders")
    expect(order).to_contain_text("€2.99 would go back to you")
    visitor.press("Keep it", "#orders")
    expect(order).not_to_contain_text("would go back")
    expect(page.locator("#plan .badge").first).to_have_text("active")
    visitor.press("Give back", "#orders")
    visitor.press("Give it back", "#orders")
    expect(order).to_contain_text("Bought for €2.99; €2.99 goes back.")
    expect(page.locator("#plan .badge").first).not_to_have_text("active")
    visitor.press("Credit note", "#orders")
    expect(order.locator("[data-document=credit_note] a")).to_have_text("K-2026-000001")
    expect(order.get_by_role("button", name="Give back", exact=True)).to_have_count(0)

    page.get_by_label("Gift card", exact=True).fill("no such card")
    visitor.press("Redeem")
    expect(page.locator("#redeemed")).to_have_text("")
    page.get_by_label("Gift card", exact=True).fill(new_code(_served[1]))
    visitor.press("Redeem")
    expect(page.locator("#redeemed")).to_have_text("The gift card is redeemed.")
    expect(page.locator("#plan .badge").first).to_have_text("active")
    assert visitor.is_as_wide_as_the_screen()


@in_a_browser
def test_the_page_speaks_polish_when_it_is_told_to_and_keeps_what_was_typed(visitor: Visitor) -> None:
    visitor.page.get_by_label("Nickname").fill("Żaneta")
    visitor.press("Polski")
    assert visitor.page.get_by_label("Pseudonim").input_value() == "Żaneta"
    assert visitor.page.locator("html").get_attribute("lang") == "pl"
    sync_api.expect(visitor.page.get_by_role("heading", name="Zegar świata")).to_be_visible()


@in_a_browser
def test_a_refusal_is_told_beside_the_field_that_is_wrong(visitor: Visitor) -> None:
    visitor.page.get_by_label("Password").fill("too short")
    visitor.press("Register", "form")
    field = visitor.page.get_by_label("Password")
    sync_api.expect(field).to_have_attribute("aria-invalid", "true")
    sync_api.expect(field).to_be_focused()
    sync_api.expect(visitor.page.get_by_role("alert")).to_contain_text("15 characters")


@in_a_browser
def test_signing_out_leads_to_signing_in_and_back_to_the_same_camera(visitor: Visitor) -> None:
    visitor.register()
    visitor.press("A demo camera")
    _wait_for_pictures(visitor, PICTURES)
    visitor.press("Sign out")
    visitor.press("Sign in", "form")
    _wait_for_pictures(visitor, PICTURES)
    visitor.press("Seven days", "#clock")
    sync_api.expect(visitor.page.get_by_text("Nothing happened on this day.")).to_be_visible()
    assert visitor.complaints == []


@in_a_browser
def test_just_after_midnight_the_demo_shows_the_day_before_and_then_what_happens_now(
    visitor: Visitor, _served: tuple[str, LocalCloud, Any]
) -> None:
    _served[1].advance(JUST_AFTER_MIDNIGHT_SECONDS)
    visitor.page.reload()
    visitor.register()
    visitor.press("A demo camera")
    _wait_for_pictures(visitor, PICTURES)
    day = visitor.page.get_by_label("Day", exact=True)
    sync_api.expect(day).to_have_value("2026-01-05")
    visitor.press("See something now")
    sync_api.expect(day).to_have_value("2026-01-06")
    _wait_for_pictures(visitor, 1)
