"""Ending a subscription: by its link, by a bounce or a complaint, and by an operator who forgets an address (E1)."""

from __future__ import annotations

from datetime import timedelta

from chalicelib import clock
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.accounts.records import Account
from chalicelib.consents import actions as consents
from chalicelib.consents.shapes import Way
from chalicelib.contacts.actions import addresses
from chalicelib.contacts.records import Address
from chalicelib.newsletter.actions import links
from chalicelib.newsletter.actions.subscribing import PURPOSE, ends, holder_of
from chalicelib.newsletter.records import SubscribedAddress, SubscriptionProof
from chalicelib.outbox.actions import reports
from chalicelib.register import rows
from chalicelib.store.commit import Write, change, commit, remove
from chalicelib.store.records import read
from chalicelib.store.retrying import StaleRead, retrying

# So long it can be shown that somebody had agreed (E1).
_PROVED_FOR = timedelta(days=rows.NEWSLETTER.kept_for.days_after)
_PAGE = 50


def unsubscribe(token: str) -> None:
    """No issue goes there any more; unsubscribed already, nothing changes. Raises LinkOver."""
    what, subject = links.subject_of(token, "address", "account")
    if what == "account":
        retrying(lambda: _withdraw(subject))
    else:
        retrying(lambda: _stop(subject, "link"))


def _withdraw(account_id: str) -> None:
    """The account withdraws, and what its addresses had is over."""
    account = accounts.living([account_id]).get(account_id)
    if account is None:
        return
    every = read(*map(SubscribedAddress.key, addresses.hashes_of(account)))
    _commit_any(*_of_account(account, "link"), *(write for one in every for write in _of_address(one, "link")))


def _stop(address_hash: str, way: Way) -> bool:
    """End what the address has, and have its account withdraw, if it has one; whether there was anything to end."""
    listed, held = read(SubscribedAddress.key(address_hash), Address.key(address_hash))
    writes = (*_of_address(listed, way), *_of_account(holder_of(held, address_hash), way))
    _commit_any(*writes)
    return bool(writes)


def _commit_any(*writes: Write) -> None:
    if writes:
        commit(*writes)


def _of_account(account: Account | None, way: Way) -> tuple[Write, ...]:
    return () if account is None else consents.withdraws(account, PURPOSE, way)


def _of_address(listed: SubscribedAddress | None, way: Way) -> tuple[Write, ...]:
    if listed is None:
        return ()
    proof = SubscriptionProof.new(listed.pk_id, listed.subscription_id)
    now = clock.now()
    until = clock.epoch_s(now + _PROVED_FOR)
    ended = change(proof, otherwise=StaleRead, withdrawn_at=clock.epoch_s(now), way=way, expires_at=until)
    return (*ends(listed), ended)


def end_undeliverable(address_hash: str) -> None:
    """A mail to this address came back for good, or was called unwanted: it is subscribed no more. An account agrees
    as before whose mail came back; who complains withdraws."""
    (undelivered,) = read(reports.key_of(address_hash))
    if undelivered is None:
        return
    if undelivered.complaints:
        retrying(lambda: _stop(address_hash, "complaint"))
        return
    (listed,) = read(SubscribedAddress.key(address_hash))
    if listed is not None:
        retrying(lambda: _end_bounced(address_hash))


def _end_bounced(address_hash: str) -> None:
    (listed,) = read(SubscribedAddress.key(address_hash))
    _commit_any(*_of_address(listed, "bounce"))


def forget(email: str) -> bool:
    """Leave nothing of an address without an account: no subscription, and not that there was one. An account that
    agrees withdraws. Whether there was a subscription. Raises AddressInvalid."""
    hashed = addresses.contact_from(email, None).hashed
    was_subscribed = retrying(lambda: _stop(hashed, "link"))
    for proof in SubscriptionProof.all_of(hashed, page_size=_PAGE):
        commit(remove(proof))
    return was_subscribed
