"""Request and response shapes of the newsletter."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, field

from chalicelib.accounts.shapes import Language
from chalicelib.contacts.shapes import Email
from chalicelib.entry.wire import END, Shape, Words
from chalicelib.notices.shapes import Wording

Text = Annotated[str, Meta(min_length=1, max_length=20_000)]


class Subscribe(Shape):
    """The address to which the newsletter is to be sent, and in which language; that of the request, if nothing is
    said."""

    email: Email
    language: Language | None = None


class Subscribing(Shape):
    """A mail goes to the address, in which one confirms within so many hours; whether it is subscribed already is said
    to nobody."""

    confirm_within_hours: int


class AskByLink(Shape):
    """The token of a link in a mail."""

    token: Annotated[str, Meta(max_length=200)] = ""


class Said(Shape):
    subject: Words
    text: Text


class SendNewsletter(Said):
    """An issue. Who orders it again, by the same name and with the same words, has it resumed where it stopped, and
    nobody is sent it twice; `translations` have it for those who read another language."""

    issue: Annotated[str, Meta(pattern=f"^[a-z0-9][a-z0-9-]{{0,63}}{END}")]
    translations: dict[Wording, Said] = field(default_factory=dict)


class Sending(Shape):
    """How far an issue is; `failed` are addresses that the mail provider refused."""

    issue: str
    sent: int
    failed: int
    done: bool


class ForgetSubscriber(Shape):
    email: Email


class Forgotten(Shape):
    """Nothing is left of the address: neither a subscription, nor that there was one."""

    subscribed: bool
