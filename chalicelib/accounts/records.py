"""What is remembered of a person."""

from __future__ import annotations

from pynamodb.attributes import BinaryAttribute, ListAttribute, NumberAttribute, UnicodeAttribute, UnicodeSetAttribute

from chalicelib.register import rows
from chalicelib.store.records import Item
from chalicelib.store.tags import Time, key, personal, plain


class Account(Item):
    """A living account; one that is being erased is not here any more."""

    partition = "account"
    place = "account"

    epoch = plain(NumberAttribute(default_for_new=1), why="raised to end all sessions at once")
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
    reset_at = key(Time(null=True), rows.PASSWORD_RESET, why="time: for how long is that repeat answered?", told=True)
    email = personal(rows.REGISTRATION, null=True)
    phone = personal(rows.REGISTRATION, null=True)
    nickname = personal(rows.REGISTRATION)
    password_hash = personal(rows.REGISTRATION, withheld="who steals a copy must not be able to guess at the password")
    # Shorter than one may be that is asked for alone.
    is_password_short = personal(
        rows.REGISTRATION, null=True, withheld="who steals a copy must learn nothing about the password"
    )
    country = personal(rows.REGISTRATION)
    language = personal(rows.REGISTRATION)
    region = personal(rows.REGISTRATION, null=True)
    came_from = personal(rows.REGISTRATION, null=True)
    policy_version = plain(UnicodeAttribute(), why="the policy agreed to", told=True)
    registered_at = key(Time(), rows.REGISTRATION, why="time", told=True)
    device_ids = key(UnicodeSetAttribute(null=True), rows.DEVICE_BINDING, why="random ids of what the person owns")
    guest_of = key(
        UnicodeSetAttribute(null=True),
        rows.DEVICE_SHARING,
        why="random ids of devices that may be shared with the person",
    )
    endpoints = key(UnicodeSetAttribute(null=True), rows.ALARM_MESSAGES, why="random ids of where pushes go")
    second_factors = key(
        UnicodeSetAttribute(null=True),
        rows.SIGN_IN,
        why="names and random ids of what is asked for beside the password",
    )
    terminals = key(
        ListAttribute(of=UnicodeAttribute, null=True),
        rows.SIGN_IN,
        why="keyed hashes: has this terminal signed in before?",
    )
    identities = personal(rows.REGISTRATION, null=True)
    identity_hashes = key(
        UnicodeSetAttribute(null=True),
        rows.REGISTRATION,
        why="keyed hashes: which of other platforms' accounts may vouch",
    )


class Registration(Item):
    """An account to be, until its address is proved; gone within a day otherwise."""

    partition = "account"
    place = "registration"

    address_hash = key(UnicodeAttribute(), rows.REGISTRATION, why="keyed hash: where the address will be looked up")
    is_known = key(
        NumberAttribute(), rows.REGISTRATION, why="1 where the address has an account already, so that no code will do"
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

    partition = "registering"
    place = "begun"

    request_hash = key(UnicodeAttribute(), rows.REGISTRATION, why="keyed hash: is it the same request again?")
    sealed_account_id = plain(
        BinaryAttribute(legacy_encoding=False), why="random id, sealed with a key made of the client's own"
    )


class SpentTicket(Item):
    """A ticket of another region that was used; nothing but keyed hashes, for as long as it would count."""

    partition = "ticket"
    place = "ticket"

    used_by = key(UnicodeAttribute(), rows.REGISTRATION, why="keyed hash: is it the same request again?")


class Guesses(Item):
    """Wrong passwords lately tried for an address, known or not, on terminals that never signed in to its account."""

    partition = "address"
    place = "guesses"

    wrong = key(NumberAttribute(), rows.BRUTE_FORCE_PROTECTION, why="a count", told=True)
    wait_until = key(Time(), rows.BRUTE_FORCE_PROTECTION, why="a time", told=True)


class TerminalGuesses(Item):
    """Wrong passwords lately tried on one of the account's own terminals; and second factors, on one of them or on all
    others together."""

    partition = "account"
    place = "guesses"

    wrong = key(NumberAttribute(), rows.BRUTE_FORCE_PROTECTION, why="a count", told=True)
    wait_until = key(Time(), rows.BRUTE_FORCE_PROTECTION, why="a time", told=True)


class AddressChange(Item):
    """An address that will be the account's once it is proved; the next one takes its place."""

    partition = "account"
    place = "address-change"

    change_id = key(UnicodeAttribute(), rows.ACCOUNT_CHANGES, why="random id")
    address_hash = key(UnicodeAttribute(), rows.ACCOUNT_CHANGES, why="keyed hash: where the address will be looked up")
    is_taken = key(
        NumberAttribute(),
        rows.ACCOUNT_CHANGES,
        why="1 where the address has an account already, so that no code will do",
    )
    address = personal(rows.ACCOUNT_CHANGES)


class TurnedAway(Item):
    """A terminal on which somebody was too young; nothing but a keyed hash of its id, for a day."""

    partition = "terminal"
    place = "turned-away"
