"""Reading the policy: any version in one's language, and what changed from one to another."""

from __future__ import annotations

from typing import Any

from chalicelib.policy import rules, shapes
from chalicelib.register import policy_table, policy_versions
from chalicelib.register.policy_versions import Policies, PublishedPolicies, PublishedPolicy, Version
from chalicelib.settings import settings
from chalicelib.store.records import read


def policy_in(language: str, name: str | None) -> dict[str, Any]:
    """The policy as it is read; the one in force where none is named. Raises UnknownVersion."""
    version, texts = _version_named(name)
    return _rendered(version, texts, language)


def page_in(language: str, name: str | None) -> str:
    """The same as a page. Raises UnknownVersion."""
    return policy_table.page_of(policy_in(language, name), settings.operator)


def _version_named(name: str | None) -> tuple[Version, str | None]:
    """A version, and what it says beside its edition if it was published. What a container knows costs no call."""
    known = policy_versions.known()
    wanted = known.in_force.name if name is None else name
    if any(one.name == wanted and not one.is_published for one in known.versions):
        return known.named(wanted), None
    row, text = read(PublishedPolicies.key(), PublishedPolicy.key("", wanted))
    return policy_versions.of(row).named(wanted), None if text is None else text.texts


def _rendered(version: Version, texts: str | None, language: str) -> dict[str, Any]:
    said = settings.policy_additions if texts is None else {language: policy_versions.said_in(texts, language)}
    rendered = policy_table.render(
        language, operator=settings.operator, additions=said, version=version.edition
    )
    sha256 = policy_versions.sha256(version, texts, language)
    return rendered | {"version": version.name, "from": version.from_, "sha256": sha256}


def versions() -> shapes.PolicyVersions:
    """All versions, the one in force first."""
    (row,) = read(PublishedPolicies.key())
    policies = policy_versions.of(row)
    first = policies.in_force
    others = [one for one in policies.versions if one is not first]
    return shapes.PolicyVersions(items=[_described(one) for one in (first, *others)])


def _described(one: Version) -> shapes.PolicyVersion:
    return shapes.PolicyVersion(
        version=one.name, from_=one.from_, url=url_of(one), needs_agreement=one.needs_agreement
    )


def url_of(one: Version) -> str:
    """The path of a version of the policy, below the API's address."""
    return f"/policy?version={one.name}"


def changes_of(name: str, since: str | None, language: str) -> shapes.PolicyChanges:
    """The changes of a version of the policy since another one, or the one before it. Raises UnknownVersion."""
    (row,) = read(PublishedPolicies.key())
    policies = policy_versions.of(row)
    new = policies.named(name)
    old = _before(policies, new) if since is None else policies.named(since)
    keys = [PublishedPolicy.key("", one.name) for one in (old, new)]
    texts = [None if text is None else text.texts for text in (read(*keys) if old is not new else (None, None))]
    before, after = (_rendered(one, said, language) for one, said in zip((old, new), texts, strict=True))
    return shapes.PolicyChanges(
        version=new.name,
        since=old.name,
        rows=_differences(before["table"], after["table"], by="row", title="title"),
        sections=_differences(before["sections"], after["sections"], by="id", title="heading"),
    )


def _before(policies: Policies, new: Version) -> Version:
    """The first one has none before it, and nothing changed with it."""
    older = policies.versions[policies.versions.index(new) + 1 :]
    return older[0] if older else new


def _differences(*lists: list[dict[str, Any]], by: str, title: str) -> list[shapes.PolicyDifference]:
    before, after = lists
    return [
        shapes.PolicyDifference(id=one.id, title=one.title, change=one.change, before=one.before, after=one.after)
        for one in rules.differences(before, after, by=by, title=title)
    ]
