"""HTTP routes of the newsletter."""

from __future__ import annotations

from chalicelib.contacts.rules import AddressInvalid, MessagesUsedUp, TooManyMessages
from chalicelib.entry.callers import Visitor, Who
from chalicelib.entry.http import PAGE, RouteTable
from chalicelib.newsletter import shapes
from chalicelib.newsletter.actions import pages, subscribing, unsubscribing
from chalicelib.newsletter.actions.links import LinkOver

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
    return pages.page("confirm", visitor.language)


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
def confirm(visitor: Visitor, link: shapes.AskByLink) -> str:
    """Confirm the order. Whose address is an account's gives its consent to the newsletter by it."""
    subscribing.confirm(link.token)
    return pages.page("confirmed", visitor.language)


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
    return pages.page("unsubscribe", visitor.language)


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
    return pages.page("unsubscribed", visitor.language)
