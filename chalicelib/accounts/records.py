"""Records of a person."""

from __future__ import annotations

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute, UnicodeSetAttribute

from chalicelib.register import rows
from chalicelib.store.records import Item
from chalicelib.store.tags import Time, key, personal, plain


class Account(Item):
    """A living account; one that is being erased is not here any more."""

    pk_prefix = "account"
    sk_prefix = "account"
    # A password or an address that somebody gave up would let in whoever has got hold of it since; and a consent that
    # was withdrawn would be in force, and an objection not.
    replaced_for_good = (
        "address_hash", "consents", "email", "is_password_short", "objections", "password_hash", "phone", "phone_hash",
    )  # fmt: skip

    session_generation = plain(NumberAttribute(default_for_new=1), why="raised to end all sessions at once")
    address_hash = key(
        UnicodeAttribute(null=True), rows.REGISTRATION, why="keyed hash: where the e-mail address is looked up"
    )
    phone_hash = key(
        UnicodeAttribute(null=True), rows.REGISTRATION, why="keyed hash: where the phone number is looked up"
    )
    confirmed_by = key(
        UnicodeAttribute(null=True), rows.REGISTRATION, why="keyed hash: is it the repeat of the confirmation?"
    )
    reset_by = key(
        UnicodeAttribute(null=True), rows.PASSWORD_RESET, why="keyed hash: is it the repeat of the password's reset?"
    )
    reset_at = key(
        Time(null=True), rows.PASSWORD_RESET, why="time: for how long is that repeat answered?", exported=True
    )
    email = personal(rows.REGISTRATION, null=True)
    phone = personal(rows.REGISTRATION, null=True)
    nickname = personal(rows.REGISTRATION)
    password_hash = personal(rows.REGISTRATION, withheld="who steals a copy must not be able to guess at the password")
    # Shorter than one may be that is required alone.
    is_password_short = personal(
        rows.REGISTRATION, null=True, withheld="who steals a copy must learn nothing about the password"
    )
    country = personal(rows.REGISTRATION)
    language = personal(rows.REGISTRATION)
    region = personal(rows.REGISTRATION, null=True)
    came_from = personal(rows.REGISTRATION, null=True)
    policy_version = plain(UnicodeAttribute(), why="the policy agreed to", exported=True)
    consents = key(
        UnicodeSetAttribute(null=True),
        rows.CONSENT_RECORDS,
        why="purposes, versions of texts, times and random ids: what is gathered is stored on condition of one",
    )
    objections = key(
        UnicodeSetAttribute(null=True),
        rows.DATA_SUBJECT_REQUESTS,
        why="rows of the policy and times: what is not done for who objected, read by whoever would do it",
    )
    registered_at = key(Time(), rows.REGISTRATION, why="time", exported=True)
    inactive_since = key(
        Time(null=True), rows.INACTIVE_ACCOUNTS, why="time of last use, while somebody is warned of it", exported=True
    )
    devices = plain(NumberAttribute(default_for_new=0), why="a count of what the person owns")
    acceptances = plain(
        NumberAttribute(null=True), why="how many shares were accepted: of two at a time, one counts the other"
    )
    copies = plain(
        NumberAttribute(null=True), why="how many copies of the data were begun: of two at a time, one counts the other"
    )
    second_factor_count = key(
        NumberAttribute(default_for_new=0), rows.SIGN_IN, why="a count: is anything asked for beside the password?"
    )


class KnownTerminal(Item):
    """A terminal that has signed in to the account; its sort id is a keyed hash of the terminal's own id."""

    pk_prefix = "account"
    sk_prefix = "terminal"
    stream_queue, stream_listener = "Notices", "inactivity.on_terminal_seen"

    session_id = key(UnicodeAttribute(), rows.SIGN_IN, why="random id of the session that it has, or had last")
    used_at = key(Time(), rows.SIGN_IN, why="time of last use, to a month", exported=True)


class Registration(Item):
    """An account to be, until its address is proved; gone within a day otherwise."""

    pk_prefix = "account"
    sk_prefix = "registration"

    address_hash = key(UnicodeAttribute(), rows.REGISTRATION, why="keyed hash: where the address will be looked up")
    is_known = key(
        NumberAttribute(), rows.REGISTRATION, why="1 where the address has an account already, so that no code will do"
    )
    former_owner_id = key(
        UnicodeAttribute(null=True), rows.REGISTRATION, why="random id of a closed account that the address still names"
    )
    email = personal(rows.REGISTRATION, null=True)
    phone = personal(rows.REGISTRATION, null=True)
    nickname = personal(rows.REGISTRATION)
    password_hash = personal(rows.REGISTRATION, withheld="who steals a copy must not be able to guess at the password")
    country = personal(rows.REGISTRATION)
    language = personal(rows.REGISTRATION)
    policy_version = plain(UnicodeAttribute(), why="the policy agreed to")


class BegunRegistration(Item):
    """The idempotency record of `POST /accounts`: which registration a request began, for a day, sealed with a key that
    only its exact repeat can make."""

    pk_prefix = "registering"
    sk_prefix = "begun"

    request_hash = key(UnicodeAttribute(), rows.REGISTRATION, why="keyed hash: is it the same request again?")
    sealed_account_id = plain(
        BinaryAttribute(legacy_encoding=False), why="random id, sealed with a key made of the client's own"
    )


class SpentTicket(Item):
    """A ticket of another region that was used; nothing but keyed hashes, for as long as it would count."""

    pk_prefix = "ticket"
    sk_prefix = "ticket"

    used_by = key(UnicodeAttribute(), rows.REGISTRATION, why="keyed hash: is it the same request again?")


class Guesses(Item):
    """Wrong passwords lately tried for an address, known or not, on terminals that never signed in to its account."""

    pk_prefix = "address"
    sk_prefix = "guesses"

    wrong = key(NumberAttribute(), rows.BRUTE_FORCE_PROTECTION, why="a count", exported=True)
    wait_until = key(Time(), rows.BRUTE_FORCE_PROTECTION, why="a time", exported=True)


class TerminalGuesses(Item):
    """Wrong passwords lately tried on one of the account's own terminals; and second factors, on one of them or on all
    others together."""

    pk_prefix = "account"
    sk_prefix = "guesses"

    wrong = key(NumberAttribute(), rows.BRUTE_FORCE_PROTECTION, why="a count", exported=True)
    wait_until = key(Time(), rows.BRUTE_FORCE_PROTECTION, why="a time", exported=True)


class AddressChange(Item):
    """An address that will be the account's when it is proved; the next one takes its place."""

    pk_prefix = "account"
    sk_prefix = "address-change"

    change_id = key(UnicodeAttribute(), rows.ACCOUNT_CHANGES, why="random id")
    address_hash = key(UnicodeAttribute(), rows.ACCOUNT_CHANGES, why="keyed hash: where the address will be looked up")
    is_taken = key(
        NumberAttribute(),
        rows.ACCOUNT_CHANGES,
        why="1 where the address has an account already, so that no code will do",
    )
    former_owner_id = key(
        UnicodeAttribute(null=True),
        rows.ACCOUNT_CHANGES,
        why="random id of a closed account that the address still names",
    )
    address = personal(rows.ACCOUNT_CHANGES)


class AgeBlock(Item):
    """A terminal on which somebody was too young; nothing but a keyed hash of its id, for a day."""

    pk_prefix = "terminal"
    sk_prefix = "turned-away"
