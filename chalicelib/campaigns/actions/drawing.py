"""Opening campaigns, and drawing winners so that anybody can draw them again (C1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import msgspec

from chalicelib import clock, ids
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.campaigns import rules, shapes
from chalicelib.campaigns.actions.entering import winners_of
from chalicelib.campaigns.records import Campaign, Entry, EntryTicket
from chalicelib.errors import Conflict, Invalid
from chalicelib.notices.actions import announcing
from chalicelib.store import crypto
from chalicelib.store.commit import change, commit, create
from chalicelib.store.records import read, read_all
from chalicelib.store.retrying import StaleRead, retrying
from chalicelib.words import LANGUAGES, Phrase

_LONGEST = timedelta(days=365)
_PAGE, _LOOKED_AT_TOGETHER = 250, 30


class CampaignNameTaken(Conflict):
    """409: a campaign of this name says something else."""


class CampaignRuns(Conflict):
    """409: winners are drawn when it has ended."""


class NoDraw(Conflict):
    """409: it is no draw."""


def open_campaign(order: shapes.OpenCampaign) -> shapes.CampaignOpened:
    """Open a campaign; the same again is the same one. Raises CampaignNameTaken, Invalid."""
    return retrying(lambda: _open(order))


def _open(order: shapes.OpenCampaign) -> shapes.CampaignOpened:
    """Raises StaleRead, CampaignNameTaken, Invalid."""
    (before,) = read(Campaign.key("", order.campaign))
    new = _campaign(order)
    if before is None:
        if not clock.now() < order.ends_at <= clock.now() + _LONGEST:
            raise Invalid(fields={"ends_at": Phrase("out_of_range")})
        commit(create(new, otherwise=StaleRead))
    elif _what_it_says(before) != _what_it_says(new):
        raise CampaignNameTaken
    return shapes.CampaignOpened(campaign=order.campaign, seed_sha256=new.seed_sha256, ends_at=order.ends_at)


def _what_it_says(campaign: Campaign) -> tuple[object, ...]:
    return campaign.kind, campaign.purpose, campaign.texts, campaign.questions, int(campaign.ends_at)


def _campaign(order: shapes.OpenCampaign) -> Campaign:
    translations = {language: msgspec.to_builtins(said) for language, said in order.translations.items()}
    ends_at = clock.epoch_s(order.ends_at)
    return Campaign.new(
        "",
        order.campaign,
        kind=order.kind,
        purpose=order.purpose,
        texts=rules.written(order.title, order.text, order.data_use, translations),
        questions=msgspec.json.encode(order.questions).decode(),
        opened_at=clock.now_s(),
        ends_at=ends_at,
        seed_sha256=rules.seed_hash(_seed(order.campaign)),
        expires_at=ends_at + rules.KEPT_AFTER_S,
    )


def _seed(campaign_id: str) -> str:
    """It follows from a secret that nobody is shown, and is said to nobody before the draw."""
    return ids.as_text(crypto.derived("draw seeds", campaign_id))


def draw_winners(campaign_id: str, count: int) -> shapes.Drawn:
    """Draw the winners and tell them; drawn again, they are the same. Raises NoDraw, CampaignRuns."""
    campaign = retrying(lambda: _drawn(campaign_id, count))
    if campaign is None:
        return shapes.Drawn(seed=None, winners=[])
    won = winners_of(campaign)
    entries = _entries(campaign_id, won)
    announcing.name_recipients(campaign.notice_id, sorted(entry.pk_id for entry in entries.values()))
    return shapes.Drawn(seed=campaign.seed, winners=[_winner(ticket, entries.get(ticket)) for ticket in won])


def _drawn(campaign_id: str, count: int) -> Campaign | None:
    """Raises StaleRead, and the same."""
    (campaign,) = read(Campaign.key("", campaign_id))
    if campaign is None:
        return None
    if campaign.kind != "draw":
        raise NoDraw
    if clock.now_s() < campaign.ends_at:
        raise CampaignRuns
    if campaign.drawn_at is not None:
        return campaign
    seed, notice_id = _seed(campaign_id), announcing.new_notice_id()
    won, passed_over = _draw(campaign_id, seed, count)
    not_drawn = Campaign.drawn_at.does_not_exist()
    values = {"seed": seed, "drawn_at": clock.now_s(), "notice_id": notice_id}
    values |= {"winners": won or None, "passed_over": passed_over or None}
    bulletin = announcing.bulletin(notice_id, "announcement", _news(campaign))
    commit(change(campaign, when=not_drawn, otherwise=StaleRead, **values), bulletin)
    return campaign


def _news(campaign: Campaign) -> str:
    """What winners are told, in each language."""
    by_language = {}
    for language in LANGUAGES:
        title = rules.said_in(campaign.texts, language)["title"]
        said = (Phrase("campaign_won_title", title=title), Phrase("campaign_won_text"))
        by_language[language] = (said[0].read_in(language), said[1].read_in(language))
    return announcing.texts_of(by_language)


def _draw(campaign_id: str, seed: str, count: int) -> tuple[set[str], set[str]]:
    """The winning tickets, and those that would have won but are of people who have restricted processing, or of an
    entry that stands no more: they are not in the draw, so that whoever draws again comes to the same winners."""
    won, passed_over = set[str](), set[str]()
    for ticket, is_valid in _ranked(campaign_id, seed):
        if len(won) == count:
            break
        (won if is_valid else passed_over).add(ticket)
    return won, passed_over


def _ranked(campaign_id: str, seed: str) -> Iterator[tuple[str, bool]]:
    """Each ticket by its rank, and whether it may win."""
    tickets = [one.sort_id for one in EntryTicket.all_of(campaign_id, page_size=_PAGE)]
    ranked = rules.drawn(seed, tickets, len(tickets))
    for first in range(0, len(ranked), _LOOKED_AT_TOGETHER):
        some = ranked[first : first + _LOOKED_AT_TOGETHER]
        valid = _entries(campaign_id, some)
        yield from ((ticket, ticket in valid) for ticket in some)


def _entries(campaign_id: str, tickets: list[str]) -> dict[str, Entry]:
    """The entries of these tickets that stand, decrypted; nobody's who has restricted processing."""
    found = read_all(EntryTicket.key(campaign_id, ticket) for ticket in tickets)
    rows = {ticket: found[EntryTicket.key(campaign_id, ticket)] for ticket in tickets}
    holders = {ticket: str(row.account_id) for ticket, row in rows.items() if row is not None}
    wanted = [key for one in holders.values() for key in (Entry.key(one, campaign_id), *accounts.keys_of(one))]
    others = read_all(wanted)
    living = accounts.living_among(others, holders.values())
    valid: dict[str, Entry] = {}
    for ticket, account_id in holders.items():
        entry, account = others[Entry.key(account_id, campaign_id)], living.get(account_id)
        data_key = others[accounts.keys_of(account_id)[1]]
        if entry is None or account is None or data_key is None or data_key.is_restricted:
            continue
        if entry.ticket == ticket and entry.is_readable(account):
            valid[ticket] = entry.decrypted_with(account.cipher)
    return valid


def _winner(ticket: str, entry: Entry | None) -> shapes.Winner:
    contact = None if entry is None else msgspec.convert(entry.contact, shapes.Contact)
    return shapes.Winner(ticket=ticket, contact=contact)
