"""Entering a campaign and leaving it: by consent, which ends what was entered by it (C1)."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import msgspec
from msgspec import Struct

from chalicelib import clock, ids
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.activity import actions as activity
from chalicelib.campaigns import rules, shapes
from chalicelib.campaigns.records import Campaign, Entry, EntryTicket
from chalicelib.campaigns.rules import Question
from chalicelib.consents import actions as consents
from chalicelib.entry.callers import Caller
from chalicelib.errors import Conflict, Gone, Invalid, NotFound
from chalicelib.store import keys
from chalicelib.store.commit import Otherwise, Write, absent, commit, commit_and_answer, create, put, remove
from chalicelib.store.records import read
from chalicelib.store.retrying import NothingToDo

_PAGE = 50
# Of the campaigns of 90 days and those that run.
_MOST_LOOKED_AT = 150


class CampaignOver(Gone):
    """410: it has ended."""


class EnteredAlready(Conflict):
    """409: a person enters once."""


class Joined(Struct, frozen=True):
    """A campaign, and a person's entry to it."""

    campaign: Campaign
    entry: Entry | None


def campaigns_of(caller: Caller, limit: int, cursor: str | None) -> shapes.Campaigns:
    """The campaigns that may be entered or have ended lately, and which of them the caller has entered."""
    own = Entry.list_of(caller.account_id, limit=_MOST_LOOKED_AT).items
    tickets = {one.sort_id: str(one.ticket) for one in own if one.is_readable(caller.account)}
    page = Campaign.list_of("", limit=limit, after=cursor)
    items = [_described(one, caller.language, tickets.get(one.sort_id)) for one in page.items]
    return shapes.Campaigns(items=items, cursor=page.cursor)


def _described(campaign: Campaign, language: str, ticket: str | None) -> shapes.Campaign:
    return shapes.Campaign(
        campaign_id=campaign.sort_id,
        kind=campaign.kind,
        purpose=campaign.purpose,
        **rules.said_in(campaign.texts, language),
        questions=[_shown(one, language) for one in questions_of(campaign)],
        ends_at=clock.at_epoch(campaign.ends_at),
        ticket=ticket,
        seed_sha256=campaign.seed_sha256,
        seed=campaign.seed,
        winners=winners_of(campaign),
    )


def _shown(question: Question, language: str) -> shapes.Question:
    return shapes.Question(
        question_id=question.question_id,
        text=question.text_in(language),
        choices=list(question.choices),
        required=question.required,
    )


def questions_of(campaign: Campaign) -> list[Question]:
    return msgspec.json.decode(campaign.questions, type=list[Question])


def winners_of(campaign: Campaign) -> list[str]:
    """The tickets that won, the first first."""
    won = sorted(campaign.winners or ())
    return won if campaign.seed is None else rules.drawn(campaign.seed, won, len(won))


def tickets_of(joined: Joined, limit: int, cursor: str | None) -> shapes.Tickets:
    """The tickets of a draw, for whoever draws the winners again. Raises NotFound before they were drawn."""
    campaign = joined.campaign
    if campaign.drawn_at is None:
        raise NotFound("draw")
    page = EntryTicket.list_of(campaign.sort_id, limit=limit, after=cursor)
    passed_over = campaign.passed_over or ()
    tickets = [one.sort_id for one in page.items if one.sort_id not in passed_over]
    return shapes.Tickets(items=tickets, cursor=page.cursor)


def enter(caller: Caller, joined: Joined, body: shapes.Enter) -> shapes.Entered:
    """Enter a campaign, by the consent to its purpose. Raises CampaignOver, EnteredAlready, Invalid, ConsentMissing."""
    campaign = joined.campaign
    if clock.now_s() >= campaign.ends_at:
        raise CampaignOver
    if joined.entry is not None and joined.entry.is_readable(caller.account):
        raise EnteredAlready
    if wrong := rules.wrong_answers(questions_of(campaign), body.answers):
        raise Invalid(fields=wrong)
    grant, still_given = consents.required(caller, campaign.purpose)
    entry = _entry(caller, campaign, grant.id, body)
    ticket = EntryTicket.new(
        campaign.sort_id, entry.ticket, account_id=caller.account_id, expires_at=entry.expires_at
    )
    return commit_and_answer(
        *_in_place_of(joined.entry, entry),
        create(ticket),
        still_given,
        activity.record(caller.account, "campaign_entered", who=caller.terminal, about=campaign.sort_id),
        answer=shapes.Entered(ticket=entry.ticket, until=clock.at_epoch(entry.expires_at)),
    )


def _entry(caller: Caller, campaign: Campaign, grant_id: str, body: shapes.Enter) -> Entry:
    ticket = ids.new_id()
    return Entry.new(
        caller.account_id,
        campaign.sort_id,
        cipher=caller.cipher,
        entered_at=clock.now_s(),
        ticket=ticket,
        grant_id=grant_id,
        answers=body.answers,
        contact=msgspec.to_builtins(body.contact),
        ticket_at=keys.written(EntryTicket.key(campaign.sort_id, ticket)),
        expires_at=int(campaign.ends_at) + rules.KEPT_AFTER_S,
    )


def _in_place_of(former: Entry | None, entry: Entry) -> tuple[Write, ...]:
    """One whose consent was withdrawn may lie there still. Raises EnteredAlready on commit."""
    if former is None:
        return (create(entry, otherwise=EnteredAlready),)
    as_read: Any = absent(Entry) | (Entry.ticket == former.ticket)
    return put(entry, when=as_read, otherwise=EnteredAlready), remove(EntryTicket.named(former.ticket_at))


def leave(caller: Caller, joined: Joined) -> None:
    """Take an entry back, with all that was said in it. Raises NotFound."""
    if joined.entry is None:
        raise NotFound("entry")
    act = activity.record(caller.account, "campaign_left", who=caller.terminal, about=joined.campaign.sort_id)
    return commit_and_answer(*_gone(joined.entry, otherwise=NotFound("entry")), act, answer=None)


def _gone(entry: Entry, *, otherwise: Otherwise) -> tuple[Write, Write]:
    """Raises `otherwise` on commit where it is gone already, or another is in its place."""
    is_this: Any = Entry.ticket == entry.ticket
    return remove(entry, when=is_this, otherwise=otherwise), remove(EntryTicket.named(entry.ticket_at))


def delete_withdrawn(account_id: str) -> None:
    """Delete what was entered by a consent that is in force no more; delivered again, it finds nothing. Of an account
    that was closed the erasure deletes it."""
    entered = list(Entry.all_of(account_id, page_size=_PAGE))
    # Read behind them: what is entered meanwhile by a consent that is new is not among them.
    (account,) = read(accounts.keys_of(account_id)[0])
    if account is None:
        return
    for entry in entered:
        if not entry.is_readable(account):
            with suppress(NothingToDo):
                commit(*_gone(entry, otherwise=NothingToDo))
