"""HTTP routes of the newsletter."""

from __future__ import annotations

from chalicelib.consents import actions as consents
from chalicelib.contacts.rules import AddressInvalid, MessagesUsedUp, TooManyMessages
from chalicelib.entry.callers import Visitor, Who
from chalicelib.entry.http import PAGE, RouteTable
from chalicelib.entry.pages import page
from chalicelib.newsletter import shapes
from chalicelib.newsletter.actions import subscribing, unsubscribing
from chalicelib.newsletter.actions.links import LinkOver
from chalicelib.words import Phrase

routes = RouteTable(__name__)


@routes.post(
    "/newsletter",
    who=Who.ANYONE,
    asks=shapes.Subscribe,
    answers=shapes.Subscribing,
    status=202,
    refuses=(AddressInvalid, TooManyMessages, MessagesUsedUp),
    example={"email": "$newsletter_email", "language": "en"},
)
def subscribe(visitor: Visitor, body: shapes.Subscribe) -> shapes.Subscribing:
    """Order the newsletter, for which nobody needs an account: a mail asks to confirm it. The answer is the same
    whether the address is subscribed or not."""
    hours = subscribing.order(visitor, body.email, body.language or visitor.language)
    return shapes.Subscribing(confirm_within_hours=hours)


@routes.get(
    "/newsletter/confirm", who=Who.ANYONE, query=shapes.AskByLink, media_type=PAGE, status=200, example={"token": "x"}
)
def show_confirmation(visitor: Visitor, link: shapes.AskByLink) -> str:
    """The page of the link in that mail, which asks for one press and changes nothing by itself."""
    text = consents.shown_text(subscribing.PURPOSE, visitor.language).words
    said = Phrase("newsletter_confirm_text"), text
    button = Phrase("newsletter_confirm_button")
    return page(Phrase("newsletter_confirm_title"), said, visitor.language, button=button)


@routes.post(
    "/newsletter/confirm",
    who=Who.ANYONE,
    query=shapes.AskByLink,
    takes_form=True,
    media_type=PAGE,
    status=200,
    refuses=(LinkOver,),
    example={"token": "$newsletter_token"},
)
def confirm_newsletter(visitor: Visitor, link: shapes.AskByLink) -> str:
    """Confirm the order. Whose address is an account's gives its consent to the newsletter by it."""
    subscribing.confirm(link.token)
    return page(Phrase("newsletter_confirmed_title"), [Phrase("newsletter_confirmed_text")], visitor.language)


@routes.get(
    "/newsletter/unsubscribe",
    who=Who.ANYONE,
    query=shapes.AskByLink,
    media_type=PAGE,
    status=200,
    example={"token": "x"},
)
def show_unsubscription(visitor: Visitor, link: shapes.AskByLink) -> str:
    """The page of the link in each issue, which asks for one press and changes nothing by itself."""
    said, button = Phrase("newsletter_unsubscribe_text"), Phrase("newsletter_unsubscribe_button")
    return page(Phrase("newsletter_unsubscribe_title"), [said], visitor.language, button=button)


@routes.post(
    "/newsletter/unsubscribe",
    who=Who.ANYONE,
    query=shapes.AskByLink,
    takes_form=True,
    media_type=PAGE,
    status=200,
    refuses=(LinkOver,),
    example={"token": "$unsubscribe_token"},
)
def unsubscribe(visitor: Visitor, link: shapes.AskByLink) -> str:
    """Get no more issues: the press of that page, or of a mail program's own button (RFC 8058). Of an account it
    withdraws the consent."""
    unsubscribing.unsubscribe(link.token)
    return page(Phrase("newsletter_unsubscribed_title"), [Phrase("newsletter_unsubscribed_text")], visitor.language)
