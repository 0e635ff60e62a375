"""Signing in with another platform, and linking it to one's account (B1a)."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import msgspec

from chalicelib import clock, ids
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.accounts.actions import passwords, registering
from chalicelib.accounts.actions.passwords import Proved
from chalicelib.accounts.actions.registering import NewAccount
from chalicelib.activity import actions as activity
from chalicelib.avatars.actions import portraits
from chalicelib.contacts.actions import addresses
from chalicelib.contacts.actions.addresses import Contact
from chalicelib.contacts.records import Address
from chalicelib.entry.callers import Caller
from chalicelib.errors import Invalid, NotFound, NotSignedIn, Refusal, TooMany
from chalicelib.identities import providers, rules, shapes
from chalicelib.identities.records import Identity, LinkedPlatform, OfferedPicture, SpentNonce
from chalicelib.identities.rules import (
    EmailNotVouched,
    IdentityTaken,
    IdTokenRefused,
    IdTokenWrong,
    PlatformLinked,
    ProofNeeded,
    Vouched,
)
from chalicelib.identities.shapes import SignInWithPlatform
from chalicelib.outbox.actions import messages
from chalicelib.sessions.actions import opening as sessions
from chalicelib.sessions.shapes import Tokens
from chalicelib.store import ciphers, crypto, keys
from chalicelib.store.ciphers import SubjectCipher
from chalicelib.store.commit import Otherwise, Write, check, commit_and_answer, create, remove
from chalicelib.store.keys import Key, RawItem
from chalicelib.store.records import read, read_all
from chalicelib.store.retrying import StaleRead, retrying
from chalicelib.words import Phrase

_TRIES = 2
_PICTURE_TRIES, _PICTURE_HOURS = 3, 24
# 160 bits.
_ID_CHARACTERS = 32


class _Overtaken(Exception):
    """Somebody else used, linked or unlinked the same identity, or took the address, at the same moment.

    No StaleRead: who opens a session reads the account again, which heals none of this.
    """


# Nonces


def new_nonce() -> shapes.Nonce:
    """Good for ten minutes and once. Nothing is stored: it bears its own end, and our mark."""
    until = clock.epoch_s(clock.now() + rules.NONCE_LIFE)
    return shapes.Nonce(
        nonce=_nonce(str(until), ids.new_id()), expires_in_seconds=int(rules.NONCE_LIFE.total_seconds())
    )


def _nonce(until: str, chance: str) -> str:
    return ".".join((until, chance, crypto.keyed_hash("nonces", until, chance)))


class _UsedBefore(Exception):
    """This very request, or its twin at the same moment, used the nonce: what it began may begin again."""


def _require_ours(nonce: str) -> None:
    """Raises IdTokenRefused unless the nonce is still good."""
    until, _, rest = nonce.partition(".")
    chance = rest.partition(".")[0]
    if not crypto.same(nonce, _nonce(until, chance)) or clock.now_s() >= int(until):
        raise IdTokenRefused


def _spends(nonce: str, repeat_key: str | None, session_generation: int | None) -> Write:
    """The write that uses up the nonce; on commit it raises _UsedBefore for the exact repeat, while the account is in
    the same session generation, and else IdTokenRefused."""
    used_by = crypto.keyed_hash("nonces/uses", nonce, repeat_key or ids.new_id(), str(session_generation))
    until = int(nonce.partition(".")[0])
    spent = SpentNonce.new(crypto.plain_hash(nonce), request_hash=used_by, expires_at=until + rules.LEEWAY_S)

    def refusal(existing: RawItem | None) -> BaseException:
        is_repeat = existing is not None and existing["request_hash"]["S"] == used_by
        return _UsedBefore() if is_repeat else IdTokenRefused()

    return create(spent, otherwise=refusal)


# Signing in


def sign_in(body: SignInWithPlatform, current_policy: str, language: str, repeat_key: str | None) -> Tokens:
    """Open a session for whom the platform vouches for, with a new account if neither identity nor address is known.

    An address that has an account is no proof of being its owner here: that raises ProofNeeded. An exact repeat
    replaces the session that the first try began.
    """
    vouched = providers.vouched(body.provider, body.id_token)
    _require_ours(vouched.nonce)
    refusal: Refusal = TooMany(retry_after_seconds=1)
    for _ in range(_TRIES):
        try:
            return _enter(body, vouched, current_policy, language, repeat_key)
        except _Overtaken:
            continue
        except _UsedBefore:  # by a twin, whose account is there now; or by who has closed it since
            refusal = IdTokenRefused()
    raise refusal


def _enter(
    body: SignInWithPlatform,
    vouched: Vouched,
    current_policy: str,
    language: str,
    repeat_key: str | None,
) -> Tokens:
    contact = _contact_of(vouched)
    address_key = None if contact is None else Address.key(contact.hashed)
    age_block = registering.age_block_key(body.terminal.unique_id)
    identity_key = Identity.key(_identity_hash(vouched))
    found = read_all((identity_key, age_block, *([] if address_key is None else [address_key])))
    identity, refused = found[identity_key], found[age_block]
    proved = None if identity is None else passwords.recognised(identity.account_id, body.terminal.unique_id)
    if identity is not None and proved is not None:
        return _come_again(identity, proved, body, vouched.nonce, repeat_key)
    if contact is None or address_key is None:
        raise EmailNotVouched
    new = registering.vouched_for(
        contact=contact,
        nickname=vouched.nickname or rules.printable(contact.value.partition("@")[0]),
        language=language,
        current_policy=current_policy,
        unique_id=body.terminal.unique_id,
        is_age_blocked=refused is not None,
        former_owner_id=_former_owner(found[address_key]),
        otherwise=_Overtaken,
        **_given_by_newcomer(body),
    )
    account_id, former_owner_id = new.account.pk_id, None if identity is None else identity.account_id
    linked = _linked(account_id, new.cipher, body.provider, identity_key)
    belongs = _belongs(identity_key, account_id, former_owner_id, otherwise=_Overtaken)
    new = replace(new, writes=(*new.writes, belongs, create(linked)))
    spends = _spends(vouched.nonce, repeat_key, new.account.session_generation)
    offers = _offers_picture(new, body.provider, vouched)
    return sessions.begin(new, body.terminal, repeat_key, spends, *offers, inputs=_all_of(body))


def _former_owner(address: Address | None) -> str | None:
    """The closed account that the address still names. Raises ProofNeeded if it is a living one's."""
    former_owner_id = None if address is None else accounts.former_owner(address)
    if address is not None and former_owner_id is None:
        raise ProofNeeded
    return former_owner_id


def _all_of(body: SignInWithPlatform) -> tuple[str]:
    return (msgspec.json.encode(body).decode(),)


def _come_again(
    identity: Identity, proved: Proved, body: SignInWithPlatform, nonce: str, repeat_key: str | None
) -> Tokens:
    def recognise(_: Proved) -> Proved:
        again = passwords.recognised(identity.account_id, body.terminal.unique_id)
        if again is None:
            raise _Overtaken
        return again

    still = check(identity, Identity.account_id == identity.account_id, otherwise=_Overtaken)

    def beside(proved: Proved, _: object) -> tuple[Write, ...]:
        return _spends(nonce, repeat_key, proved.account.session_generation), still

    inputs = _all_of(body)
    try:
        # A second factor of ours is not asked for: how sure it has to be of its people, the platform decides.
        return sessions.open_session(proved, recognise, body.terminal, repeat_key, beside, *inputs)
    except _UsedBefore:
        return sessions.open_again(
            proved.account, proved.cipher, body.terminal, repeat_key, still, inputs=inputs, otherwise=IdTokenRefused
        )


def _identity_hash(vouched: Vouched) -> str:
    return crypto.keyed_hash("identities", vouched.issuer, vouched.subject)


def _contact_of(vouched: Vouched) -> Contact | None:
    try:
        return None if vouched.email is None else addresses.contact_from(vouched.email, None)
    except Invalid:  # by us it is no address, whatever the platform thinks
        return None


def _given_by_newcomer(body: SignInWithPlatform) -> dict[str, Any]:
    """The fields that the platform does not say, and no account is made without."""
    given = {name: getattr(body, name) for name in ("country", "birth_date", "policy_version")}
    missing = {name: Phrase("missing") for name, value in given.items() if value is None}
    if missing:
        raise Invalid(fields=missing)
    return given


# The picture


def _offers_picture(new: NewAccount, provider: str, vouched: Vouched) -> tuple[Write, ...]:
    """The write that lets the platform's picture be fetched afterwards: nobody waits for it."""
    if vouched.picture is None or not providers.keeps_picture(provider, vouched.picture):
        return ()
    offered = OfferedPicture.new(
        new.account.pk_id,
        cipher=new.cipher,
        platform=provider,
        url=vouched.picture,
        offered_at=clock.now_s(),
        expires_at=clock.epoch_s(clock.in_(hours=_PICTURE_HOURS)),
    )
    return (create(offered),)


def take_over_picture(account_id: str, tries: int) -> None:
    """Make the picture that the platform keeps the account's first one (B1a), unless its owner has set or deleted one
    meanwhile. What cannot be had in three tries is given up. Raises PlatformSilent before that."""
    offered, key = read(OfferedPicture.key(account_id), ciphers.key_of(account_id))
    if offered is None or key is None:
        # Done, or the account is closed; an earlier try may have left an object.
        return portraits.give(account_id, None, clock.now())
    data = _fetched(offered.decrypted_with(key.unlocked()), tries)
    return portraits.give(account_id, data, clock.at_epoch(offered.offered_at), remove(offered))


def _fetched(offered: OfferedPicture, tries: int) -> bytes | None:
    if tries > _PICTURE_TRIES:  # nobody answered, or the function died of what they did
        return None
    return providers.picture_at(offered.platform, offered.url, portraits.MOST_BYTES)


# Linking


def _linked(account_id: str, cipher: SubjectCipher, provider: str, identity_key: Key[Identity]) -> LinkedPlatform:
    return LinkedPlatform.new(
        account_id,
        _platform_id(account_id, provider),
        cipher=cipher,
        platform=provider,
        linked_at=clock.now_s(),
        found_at=keys.written(identity_key),
    )


def _platform_id(account_id: str, provider: str) -> str:
    return crypto.keyed_hash("platforms", account_id, provider)[:_ID_CHARACTERS]


def _belongs(where: Key[Identity], account_id: str, former_owner_id: str | None, *, otherwise: Otherwise) -> Write:
    identity = Identity.new(keys.id_of(where.pk), account_id=account_id)
    return accounts.belongs(identity, former_owner_id, otherwise=otherwise)


def link(caller: Caller, provider: str, id_token: str) -> shapes.Identity:
    """Let the platform vouch for this account from now on: one account of each platform. The person is notified."""
    try:
        return _link_vouched(caller, provider, id_token)
    except IdTokenRefused as refused:
        raise IdTokenWrong from refused


def _link_vouched(caller: Caller, provider: str, id_token: str) -> shapes.Identity:
    vouched = providers.vouched(provider, id_token)
    _require_ours(vouched.nonce)
    spends = _spends(vouched.nonce, None, None)
    attempt = partial(_link, caller, provider, Identity.key(_identity_hash(vouched)), spends)
    return retrying(attempt, tries=_TRIES, otherwise=TooMany(retry_after_seconds=1))


def _link(caller: Caller, provider: str, identity_key: Key[Identity], spends: Write) -> shapes.Identity:
    account_id = caller.account_id
    before, identity = read(LinkedPlatform.key(account_id, _platform_id(account_id, provider)), identity_key)
    if before is not None:
        if before.identity_key != identity_key:
            raise PlatformLinked
        return commit_and_answer(spends, answer=shapes.Identity.of(before.decrypted_with(caller.cipher)))
    former_owner_id = None if identity is None else accounts.former_owner(identity)
    belongs = _belongs(identity_key, account_id, former_owner_id, otherwise=lambda existing: _taken(existing, caller))
    linked = _linked(account_id, caller.cipher, provider, identity_key)
    return commit_and_answer(
        spends,
        belongs,
        create(linked, otherwise=StaleRead),
        accounts.require_sessions_as_read(caller.account, otherwise=NotSignedIn),
        *_notices(caller, "linked", provider),
        answer=shapes.Identity.of(linked),
    )


def _notices(caller: Caller, what: str, provider: str) -> tuple[Write, Write]:
    platform = provider.capitalize()
    activity_row = activity.record(caller.account, f"platform_{what}", who=caller.terminal, about=platform)
    return messages.write(caller.account, f"identities/mail/{what}", platform=platform), activity_row


def _taken(existing: RawItem | None, caller: Caller) -> BaseException:
    is_own = existing is not None and existing["account_id"]["S"] == caller.account_id
    return StaleRead() if is_own else IdentityTaken()


def unlink(caller: Caller, linked: LinkedPlatform) -> None:
    """From the next request on that account of the platform opens nothing here; the person is notified. Raises
    NotFound."""
    platform = linked.decrypted_with(caller.cipher).platform
    still = LinkedPlatform.found_at == linked.found_at
    commit_and_answer(
        remove(linked, when=still, otherwise=NotFound),
        _leads_nowhere(linked, otherwise=NotFound),
        *_notices(caller, "unlinked", platform),
        answer=None,
    )


def _leads_nowhere(linked: LinkedPlatform, *, otherwise: Otherwise) -> Write:
    return accounts.belongs_no_more(linked.identity_key, linked.pk_id, otherwise=otherwise)


def identities_of(caller: Caller) -> shapes.Identities:
    """The platforms that are linked, in the order of their linking."""
    linked = LinkedPlatform.list_of(caller.account_id).items
    found = [shapes.Identity.of(one.decrypted_with(caller.cipher)) for one in linked]
    return shapes.Identities(items=sorted(found, key=lambda one: (one.linked_at, one.provider)))


def ends_of_all(account_id: str) -> tuple[Write, ...]:
    """Writes by which no account of another platform leads to this account any more; the rows that say so are found by
    its erasure. On commit it raises StaleRead if one of them leads to another account meanwhile."""
    linked = LinkedPlatform.list_of(account_id, limit=rules.MOST_PLATFORMS).items
    return tuple(_leads_nowhere(one, otherwise=StaleRead) for one in linked)
