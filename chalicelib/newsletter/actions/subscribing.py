"""Ordering the newsletter and confirming it: by whoever has the address, with or without an account (E1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chalicelib import clock, ids
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.accounts.records import Account
from chalicelib.consents import actions as consents
from chalicelib.contacts.actions import addresses, budgets
from chalicelib.contacts.actions.addresses import Contact
from chalicelib.contacts.records import Address
from chalicelib.entry.callers import Visitor
from chalicelib.newsletter import rules
from chalicelib.newsletter.actions import links
from chalicelib.newsletter.actions.links import LinkOver
from chalicelib.newsletter.records import SubscribedAddress, Subscriber, Subscription, SubscriptionProof
from chalicelib.outbox.actions import reports
from chalicelib.store import ciphers, crypto
from chalicelib.store.ciphers import DataKey
from chalicelib.store.commit import Write, change, check, commit, create, put, remove
from chalicelib.store.records import read
from chalicelib.store.retrying import NothingToDo, StaleRead, retrying

if TYPE_CHECKING:
    from pynamodb.expressions.condition import Condition

PURPOSE: Final = "newsletter"
_HOURS = rules.CONFIRMED_WITHIN.seconds // 3600 + 24 * rules.CONFIRMED_WITHIN.days


def order(visitor: Visitor, email: str, language: str) -> int:
    """Send a link to an address, by which it is confirmed within so many hours. Nobody is asked whether the address is
    known or subscribed: the work is the same. The exact repeat of a request sends its link again, counted as a mail.
    Raises AddressInvalid, TooManyMessages, MessagesUsedUp."""
    contact = addresses.contact_from(email, None)
    (undelivered,) = read(reports.key_of(contact.hashed))
    subscription, data_key = _ordered(contact, language, visitor.repeat_key)
    counted = budgets.counted(contact, visitor.source_ip)
    try:
        commit(create(data_key, otherwise=NothingToDo), create(subscription, otherwise=NothingToDo), *counted)
    except NothingToDo:
        commit(*counted)
    if reports.may_be_written_to(undelivered):
        url = links.confirming(subscription.pk_id)
        addresses.send(contact, "newsletter/mail/confirm", language, url=url, hours=_HOURS)
    return _HOURS


def _ordered(contact: Contact, language: str, repeat_key: str | None) -> tuple[Subscription, DataKey]:
    """An order that is not stored yet, of which the exact repeat has the same id."""
    random = crypto.keyed_hash("newsletter orders", contact.value, language, repeat_key or ids.new_id())
    subscription_id, until = random[: ids.LENGTH], clock.now() + rules.CONFIRMED_WITHIN
    cipher, data_key = ciphers.new_cipher(subscription_id, until=until)
    subscription = Subscription.new(
        subscription_id,
        cipher=cipher,
        address_hash=contact.hashed,
        email=contact.value,
        language=language,
        text_version=consents.shown_text(PURPOSE, language).version,
        text_language=language,
        expires_at=clock.epoch_s(until),
    )
    return subscription, data_key


def confirm(token: str) -> None:
    """Subscribe the address, or have the account agree whose address it is; confirmed again, nothing changes.
    Raises LinkOver."""
    _, subscription_id = links.subject_of(token, "confirm")
    retrying(lambda: _confirm(subscription_id))


def _confirm(subscription_id: str) -> None:
    """Raises StaleRead, LinkOver."""
    subscription, data_key = read(Subscription.key(subscription_id), ciphers.key_of(subscription_id))
    if subscription is not None and subscription.confirmed_at is not None:
        return
    if subscription is None or data_key is None:
        raise LinkOver
    subscription.decrypted_with(data_key.unlocked())
    listed, held = read(SubscribedAddress.key(subscription.address_hash), Address.key(subscription.address_hash))
    account, unchanged = holder_of(held, subscription.address_hash), _unchanged(held, subscription.address_hash)
    if account is not None:
        commit(*_agreed(subscription, account), *_is_spent(subscription), unchanged)
    elif listed is not None and listed.subscription_id == subscription_id:
        return  # by its twin, since it was read
    elif listed is not None:
        # Before it is spent, with which its language goes.
        speaks = _speaks(listed.subscription_id, subscription.language)
        commit(speaks, *_is_spent(subscription), unchanged)
    else:
        commit(*_subscribed(subscription, data_key), unchanged)


def holder_of(held: Address | None, address_hash: str) -> Account | None:
    """The living account whose address it is, decrypted."""
    account = None if held is None else accounts.living([held.account_id]).get(held.account_id)
    return account if account is not None and address_hash in addresses.hashes_of(account) else None


def _unchanged(held: Address | None, address_hash: str) -> Write:
    """The condition that the address is still whose it was when it was read. Raises StaleRead."""
    as_read = Address.pk.does_not_exist() if held is None else Address.account_id == held.account_id
    return check(Address.key(address_hash), as_read, otherwise=StaleRead)


def _agreed(subscription: Subscription, account: Account) -> tuple[Write, ...]:
    return consents.gives(account, PURPOSE, subscription.text_version, subscription.text_language)


def _is_spent(subscription: Subscription) -> tuple[Write, Write]:
    """It was confirmed, and what stood in it goes; that it was is known until its link runs out."""
    as_read = Subscription.confirmed_at.does_not_exist()
    now = clock.now_s()
    spent = change(subscription, when=as_read, otherwise=StaleRead, confirmed_at=now, email=None, language=None)
    return spent, remove(ciphers.key_of(subscription.pk_id))


def _speaks(subscription_id: str, language: str) -> Write:
    """The subscription that is there already goes on in this language. Raises StaleRead on commit."""
    former, data_key = read(Subscription.key(subscription_id), ciphers.key_of(subscription_id))
    if former is None or data_key is None:
        raise StaleRead
    former.decrypted_with(data_key.unlocked())
    return change(former, otherwise=StaleRead, language=language)


def _subscribed(subscription: Subscription, data_key: DataKey) -> tuple[Write, ...]:
    """The order lasts from now on, is found by its address, and stands in the list."""
    now, hashed, subscription_id = clock.now_s(), subscription.address_hash, subscription.pk_id
    text = consents.agreed_text(PURPOSE, subscription.text_version, subscription.text_language)
    proof = SubscriptionProof.new(
        hashed,
        subscription_id,
        given_at=now,
        text_version=text.version,
        text_sha256=text.sha256,
        text_language=subscription.text_language,
    )
    as_read = Subscription.confirmed_at.does_not_exist()
    return (
        change(subscription, when=as_read, otherwise=StaleRead, confirmed_at=now, expires_at=None),
        ciphers.lasts(data_key, otherwise=StaleRead),
        create(SubscribedAddress.new(hashed, subscription_id=subscription_id), otherwise=StaleRead),
        put(Subscriber.new("", subscription_id)),
        put(proof),
    )


def take_into_account(address_hash: str) -> None:
    """An address that belongs to an account now is subscribed by what that account agrees to, and no longer by itself:
    so whoever withdraws there, or closes the account, gets nothing more."""
    retrying(lambda: _take_into_account(address_hash))


def _take_into_account(address_hash: str) -> None:
    listed, held = read(SubscribedAddress.key(address_hash), Address.key(address_hash))
    account = None if listed is None else holder_of(held, address_hash)
    if listed is None or account is None:
        return
    subscription_id = listed.subscription_id
    (subscription,) = read(Subscription.key(subscription_id))
    given = () if subscription is None else _agreed(subscription, account)
    proof = remove(SubscriptionProof.key(address_hash, subscription_id))
    commit(*given, *ends(listed), proof, _unchanged(held, address_hash))


def ends(listed: SubscribedAddress) -> tuple[Write, ...]:
    """Writes that end a subscription: its key, and all by which it is found. On commit they raise StaleRead if the
    address has another one by now."""
    subscription_id = listed.subscription_id
    is_this: Condition = SubscribedAddress.subscription_id == subscription_id
    return (
        remove(listed, when=is_this, otherwise=StaleRead),
        remove(Subscription.key(subscription_id)),
        remove(Subscriber.key("", subscription_id)),
        remove(ciphers.key_of(subscription_id)),
    )
