"""Agreeing to a version of the policy, as it is read (B1a)."""

from __future__ import annotations

from functools import partial

from msgspec import Struct

from chalicelib import clock
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.accounts.records import Account
from chalicelib.activity import actions as activity
from chalicelib.entry.callers import Caller
from chalicelib.errors import Conflict, NotFound
from chalicelib.policy import shapes
from chalicelib.policy.records import PolicyAgreement
from chalicelib.register import policy_versions
from chalicelib.register.policy_versions import Policies, PublishedPolicies, PublishedPolicy, Version
from chalicelib.store.commit import check, commit_and_answer, put
from chalicelib.store.keys import Key
from chalicelib.store.records import Found
from chalicelib.store.retrying import retrying_from


class PolicyVersionOld(Conflict):
    """409: `policy_version` is the one in force, or a newer one that the person has agreed to already."""


class Offered(Struct, frozen=True):
    """A version that may be agreed to, among all there are, and what it says beside its edition."""

    version: Version
    policies: Policies
    texts: str | None


def keys_of(name: str) -> tuple[Key[PublishedPolicies], Key[PublishedPolicy]]:
    return PublishedPolicies.key(), PublishedPolicy.key("", name)


def offered(found: Found, name: str) -> Offered:
    """Raises UnknownVersion."""
    row_key, text_key = keys_of(name)
    policies, text = policy_versions.of(found[row_key]), found[text_key]
    return Offered(policies.named(name), policies, None if text is None else text.texts)


def agree(caller: Caller, one: Offered) -> shapes.PolicyAgreed:
    """From now on the person has agreed to this version; again it changes nothing. Raises PolicyVersionOld, and
    NotFound where the account was closed meanwhile."""
    if one.policies.is_older(one.version.name, one.policies.in_force):
        raise PolicyVersionOld(policy_version=one.policies.in_force.name)
    return retrying_from(caller, partial(_agree, one), accounts.caller_read_again)


def _agree(one: Offered, caller: Caller) -> shapes.PolicyAgreed:
    account, name = caller.account, one.version.name
    # Versions are published in their order, so none that is older than another can become the newer one.
    answer = shapes.PolicyAgreed(policy_version=name)
    if account.policy_version == name:
        return commit_and_answer(check(account, Account.pk.exists(), otherwise=NotFound), answer=answer)
    if not one.policies.is_older(account.policy_version, one.version):
        raise PolicyVersionOld(policy_version=account.policy_version)
    return commit_and_answer(
        accounts.agrees_to_policy(account, name),
        put(_entry(caller, one)),
        activity.record(account, "policy_accepted", who=caller.terminal, about=name),
        answer=answer,
    )


def _entry(caller: Caller, one: Offered) -> PolicyAgreement:
    return PolicyAgreement.new(
        caller.account_id,
        one.version.name,
        cipher=caller.cipher,
        at=clock.now_s(),
        version=one.version.name,
        text_sha256=policy_versions.sha256(one.version, one.texts, caller.language),
        language=caller.language,
        terminal=caller.terminal,
    )
