"""Publishing a version of the policy, and telling every account of it before it begins (F2)."""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec

from chalicelib import clock
from chalicelib.errors import Conflict, Invalid
from chalicelib.inactivity.actions import watching
from chalicelib.notices.actions import announcing
from chalicelib.policy import shapes
from chalicelib.policy.actions import reading
from chalicelib.register import policy_versions
from chalicelib.register.policy_versions import Policies, PublishedPolicies, PublishedPolicy, Version
from chalicelib.settings import settings
from chalicelib.store.commit import Write, absent, change, commit, create, put
from chalicelib.store.records import read
from chalicelib.store.retrying import StaleRead, retrying
from chalicelib.words import LANGUAGES, Phrase, translated

# Of the 300 seconds that the function may take.
BUDGET_S = 240
_KIND: Final = "policy"


class PolicyVersionTaken(Conflict):
    """409: a version of this name says something else; what people may have read or agreed to is not changed."""


def publish(order: shapes.PublishPolicy) -> shapes.PublishedVersion:
    """Publish a version, once however often it is ordered, and name those who are to be told of it. What there is no
    time for is for the next order. Raises Invalid, PolicyVersionTaken."""
    version = retrying(lambda: _published(order))
    named, finished = _name_everybody(version)
    return shapes.PublishedVersion(
        version=version.name,
        from_=version.from_,
        url=settings.public_url + reading.url_of(version),
        needs_agreement=version.needs_agreement,
        notice_id=version.notice_id,
        named=named,
        finished=finished,
    )


def _published(order: shapes.PublishPolicy) -> Version:
    """The version, as it is published now or was before. Raises StaleRead."""
    (row,) = read(PublishedPolicies.key())
    policies, hashed = policy_versions.of(row), _hash_of(order)
    there = next((one for one in policies.versions if one.name == order.version), None)
    if there is not None and there.order_sha256 == hashed:
        return there
    if there is not None:
        raise PolicyVersionTaken
    _require_order(policies, order)
    version = _version_of(policies, order, hashed)
    commit(*_writes(row, version, order))
    return version


def _hash_of(order: shapes.PublishPolicy) -> str:
    return hashlib.sha256(msgspec.json.encode(order, order="sorted")).hexdigest()


def _require_order(policies: Policies, order: shapes.PublishPolicy) -> None:
    """A version begins on a day to come, so that what containers know of the hour holds to its end; and after all that
    were published, so that who agreed to one has not agreed to another that came later. Raises Invalid."""
    first = order.from_.isoformat()
    newest = max((one.begins for one in policies.versions if one.is_published or one.begins == first), default="")
    if first <= clock.now().date().isoformat():
        raise Invalid(fields={"from": Phrase("policy_begins_later")})
    if first <= newest:
        raise Invalid(fields={"from": Phrase("policy_after_the_newest", newest=newest)})


def _version_of(policies: Policies, order: shapes.PublishPolicy, hashed: str) -> Version:
    first = order.from_.isoformat()
    return Version(
        name=order.version,
        from_=first,
        needs_agreement=order.needs_agreement,
        base=next(one.name for one in policies.versions if not one.is_published and one.begins <= first),
        notice_id=announcing.new_notice_id(),
        order_sha256=hashed,
    )


def _writes(row: PublishedPolicies | None, version: Version, order: shapes.PublishPolicy) -> tuple[Write, ...]:
    """Raise StaleRead on commit where another was published meanwhile."""
    before = () if row is None else policy_versions.published_in(row)
    as_read = absent(PublishedPolicies) if row is None else PublishedPolicies.versions == row.versions
    every = PublishedPolicies.new(versions=policy_versions.as_stored((*before, version)))
    texts = translated.stored(order.text, dict(order.translations))
    return (
        put(every, when=as_read, otherwise=StaleRead),
        create(PublishedPolicy.new("", version.name, texts=texts), otherwise=StaleRead),
        announcing.bulletin(version.notice_id, _KIND, _notice_of(version)),
    )


def _notice_of(version: Version) -> str:
    """What people are told, in each language: where it is read, from when it holds, and what they must do."""
    title = Phrase("policy_title", begins=version.from_)
    return announcing.texts_of(
        {language: (title.read_in(language), _text_of(version, language)) for language in LANGUAGES}
    )


def _text_of(version: Version, language: str) -> str:
    name, begins = version.name, version.from_
    url = f"{settings.public_url}/policy/page?version={name}&language={language}"
    if version.needs_agreement:
        return Phrase("policy_text_to_agree", version=name, begins=begins, url=url).read_in(language)
    return Phrase("policy_text", version=name, begins=begins, url=url).read_in(language)


def _name_everybody(version: Version) -> tuple[int, bool]:
    """How many accounts were named to be told, and whether that was the last of them."""
    until_ticks, named = clock.ticks_s() + BUDGET_S, 0
    (text,) = read(PublishedPolicy.key("", version.name))
    if text is None:
        raise StaleRead
    after: str | None = text.named_to
    while clock.ticks_s() < until_ticks:
        page = watching.known_accounts(after)
        announcing.name_recipients(version.notice_id, [one.account_id for one in page.items])
        named, after = named + len(page.items), page.cursor
        if after is None:
            break
        commit(change(text, named_to=after))
    if after is None and text.named_to is not None:
        commit(change(text, named_to=None))
    return named, after is None
