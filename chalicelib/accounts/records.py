"""What is remembered of a person."""

from __future__ import annotations

from pynamodb.attributes import BinaryAttribute, ListAttribute, NumberAttribute, UnicodeAttribute, UnicodeSetAttribute

from chalicelib.register.rows import B1A, B1B, B2, B3, B9, B11, D3, GUESSES
from chalicelib.store.records import Item
from chalicelib.store.tags import Time, key, personal, plain


class Account(Item):
    """A living account; one that is being erased is not here any more."""

    partition = "account"
    place = "account"

    epoch = plain(NumberAttribute(default_for_new=1), why="raised to end all sessions at once")
    address_hash = key(UnicodeAttribute(null=True), B1A, why="keyed hash: where the e-mail address is looked up")
    phone_hash = key(UnicodeAttribute(null=True), B1A, why="keyed hash: where the phone number is looked up")
    confirmed_by = key(UnicodeAttribute(null=True), B1A, why="keyed hash: is it the repeat of the confirmation?")
    reset_by = key(UnicodeAttribute(null=True), D3, why="keyed hash: is it the repeat of the password's reset?")
    reset_at = key(Time(null=True), D3, why="time: for how long is that repeat answered?", told=True)
    email = personal(B1A, null=True)
    phone = personal(B1A, null=True)
    nickname = personal(B1A)
    password_hash = personal(B1A, withheld="who steals a copy must not be able to guess at the password")
    # Shorter than one may be that is asked for alone.
    is_password_short = personal(B1A, null=True, withheld="who steals a copy must learn nothing about the password")
    country = personal(B1A)
    language = personal(B1A)
    region = personal(B1A, null=True)
    came_from = personal(B1A, null=True)
    policy_version = plain(UnicodeAttribute(), why="the policy agreed to", told=True)
    registered_at = key(Time(), B1A, why="time", told=True)
    device_ids = key(UnicodeSetAttribute(null=True), B3, why="random ids of what the person owns")
    guest_of = key(UnicodeSetAttribute(null=True), B9, why="random ids of devices that may be shared with the person")
    endpoints = key(UnicodeSetAttribute(null=True), B11, why="random ids of where pushes go")
    second_factors = key(
        UnicodeSetAttribute(null=True), B2, why="names and random ids of what is asked for beside the password"
    )
    terminals = key(
        ListAttribute(of=UnicodeAttribute, null=True), B2, why="keyed hashes: has this terminal signed in before?"
    )
    identities = personal(B1A, null=True)
    identity_hashes = key(
        UnicodeSetAttribute(null=True), B1A, why="keyed hashes: which of other platforms' accounts may vouch"
    )


class Registration(Item):
    """An account to be, until its address is proved; gone within a day otherwise."""

    partition = "account"
    place = "registration"

    address_hash = key(UnicodeAttribute(), B1A, why="keyed hash: where the address will be looked up")
    is_known = key(NumberAttribute(), B1A, why="1 where the address has an account already, so that no code will do")
    email = personal(B1A, null=True)
    phone = personal(B1A, null=True)
    nickname = personal(B1A)
    password_hash = personal(B1A, withheld="who steals a copy must not be able to guess at the password")
    country = personal(B1A)
    language = personal(B1A)
    policy_version = plain(UnicodeAttribute(), why="the policy agreed to")


class BegunRegistration(Item):
    """The idempotency record of `POST /accounts`: which registration a request began, for a day, sealed with a key that
    only its exact repeat can make."""

    partition = "registering"
    place = "begun"

    request_hash = key(UnicodeAttribute(), B1A, why="keyed hash: is it the same request again?")
    sealed_account_id = plain(
        BinaryAttribute(legacy_encoding=False), why="random id, sealed with a key made of the client's own"
    )


class SpentTicket(Item):
    """A ticket of another region that was used; nothing but keyed hashes, for as long as it would count."""

    partition = "ticket"
    place = "ticket"

    used_by = key(UnicodeAttribute(), B1A, why="keyed hash: is it the same request again?")


class Guesses(Item):
    """Wrong passwords lately tried for an address, known or not, on terminals that never signed in to its account."""

    partition = "address"
    place = "guesses"

    wrong = key(NumberAttribute(), GUESSES, why="a count", told=True)
    wait_until = key(Time(), GUESSES, why="a time", told=True)


class TerminalGuesses(Item):
    """Wrong passwords lately tried on one of the account's own terminals; and second factors, on one of them or on all
    others together."""

    partition = "account"
    place = "guesses"

    wrong = key(NumberAttribute(), GUESSES, why="a count", told=True)
    wait_until = key(Time(), GUESSES, why="a time", told=True)


class AddressChange(Item):
    """An address that will be the account's once it is proved; the next one takes its place."""

    partition = "account"
    place = "address-change"

    change_id = key(UnicodeAttribute(), B1B, why="random id")
    address_hash = key(UnicodeAttribute(), B1B, why="keyed hash: where the address will be looked up")
    is_taken = key(NumberAttribute(), B1B, why="1 where the address has an account already, so that no code will do")
    address = personal(B1B)


class TurnedAway(Item):
    """A terminal on which somebody was too young; nothing but a keyed hash of its id, for a day."""

    partition = "terminal"
    place = "turned-away"
