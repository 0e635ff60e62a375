"""Request and response shapes of campaigns."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from chalicelib.contacts.shapes import Email, Phone
from chalicelib.entry.wire import END, Listed, Name, Page, Shape, Time, Words
from chalicelib.notices.shapes import Wording

Kind = Literal["event", "draw", "contest", "survey"]
Purpose = Literal["marketing_events", "surveys"]
Text = Annotated[str, Meta(min_length=1, max_length=4000)]
CampaignName = Annotated[str, Meta(pattern=f"^[a-z0-9][a-z0-9-]{{0,63}}{END}")]
QuestionId = Annotated[str, Meta(pattern=f"^[a-z0-9_]{{1,32}}{END}")]
Answer = Annotated[str, Meta(max_length=2000)]
Ticket = Annotated[str, Meta(max_length=64)]


class AskedQuestion(Shape):
    """A question; where there are `choices`, one of them is the answer."""

    question_id: QuestionId
    text: Words
    choices: Annotated[list[Words], Meta(max_length=50)] = field(default_factory=list)
    required: bool = True
    translations: dict[Wording, Words] = field(default_factory=dict)


class Question(Shape):
    """The same in the language of the request."""

    question_id: str
    text: str
    choices: list[str]
    required: bool


class Said(Shape):
    """`data_use` says what becomes of entries."""

    title: Words
    text: Text
    data_use: Text


class OpenCampaign(Said):
    """A campaign that people may enter until its end, if they agree to its purpose. Who opens it again, by the same
    name and with the same words, gets the same one."""

    campaign: CampaignName
    kind: Kind
    purpose: Purpose
    ends_at: Time
    questions: Annotated[list[AskedQuestion], Meta(max_length=30)] = field(default_factory=list)
    translations: dict[Wording, Said] = field(default_factory=dict)


class CampaignOpened(Shape):
    """`seed_sha256` is the hash of the draw's seed, to be said where the campaign is made known."""

    campaign: str
    seed_sha256: str
    ends_at: Time


class Campaign(Shape):
    """A campaign that may be entered, or has ended. An entry needs the consent to `purpose`. `ticket` is the caller's
    own, null for who has not entered. Winners are the tickets with the lowest SHA-256 of `<seed>:<ticket>`; `seed`,
    which is said when they were drawn, has the SHA-256 `seed_sha256`, which is said before."""

    campaign_id: str
    kind: Kind
    purpose: Purpose
    title: str
    text: str
    data_use: str
    questions: list[Question]
    ends_at: Time
    ticket: str | None
    seed_sha256: str
    seed: str | None
    winners: list[str]


class Campaigns(Listed):
    items: list[Campaign]


class AskCampaigns(Page):
    """Which part of the list is wanted."""


class Contact(Shape):
    """An address at which who entered can be reached, or to which a prize is sent."""

    name: Name
    email: Email | None = None
    phone: Phone | None = None
    place: Words | None = None


class Enter(Shape):
    """Answers by the id of the question."""

    contact: Contact
    answers: dict[QuestionId, Answer] = field(default_factory=dict)


class Entered(Shape):
    """Kept until then at the latest, or until the consent is withdrawn."""

    ticket: str
    until: Time


class AskTickets(Page):
    """Which part of the list is wanted."""


class Tickets(Listed):
    """The tickets of a draw, which say of nobody whose they are. Those of people who withdrew, or had restricted
    processing when it was drawn, are not among them; the others' ranks are the same. A page may be shorter for that."""

    items: list[str]


class DrawWinners(Shape):
    campaign: CampaignName
    count: Annotated[int, Meta(ge=1, le=100)]


class Winner(Shape):
    ticket: str
    contact: Contact | None


class Drawn(Shape):
    """The winners, the first first, with what they gave to be reached by; those who withdrew have none. Drawn again,
    they are the same. `seed` is null where there is no campaign of this name."""

    seed: str | None
    winners: list[Winner]
