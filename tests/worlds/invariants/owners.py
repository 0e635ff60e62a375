"""Invariants of accounts and what they own: addresses, devices, shares, sessions, keys."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress

from chalicelib import clock, ids
from chalicelib.access.records import Grant
from chalicelib.activity import actions as activity
from chalicelib.identities import actions as identities
from chalicelib.recordings.rules import deletions
from chalicelib.sessions import rules as session_rules
from chalicelib.sharing import rules as share_rules
from chalicelib.store import keys
from chalicelib.store.crypto import Unreadable
from tests.worlds.invariants.stored import Found, Row, Stored, invariant


@invariant
def an_address_belongs_to_one_account(stored: Stored) -> Found:
    accounts, addresses = stored.first_ids("Account"), stored.first_ids("Address")
    for hashed, address in addresses.items():
        if hashed not in _addresses_of(accounts.get(address["account_id"], {})):
            yield f"address {hashed} leads to no account that has it"
    for account_id, account in accounts.items():
        owners = {addresses.get(hashed, {}).get("account_id") for hashed in _addresses_of(account)}
        if owners != {account_id}:
            yield f"account {account_id} is not where its addresses lead"


def _addresses_of(account: Row) -> set[str]:
    return {account[name] for name in ("address_hash", "phone_hash") if name in account}


@invariant
def an_identity_belongs_to_one_account(stored: Stored) -> Found:
    belongs = Counter((hashed, row["account_id"]) for hashed, row in stored.first_ids("Identity").items())
    linked = stored.of("LinkedPlatform").items()
    found_by = Counter((_pointed_at(row["found_at"]), account_id) for (account_id, _), row in linked)
    yield from (f"identity {one} is not where it leads" for one in belongs - found_by)
    yield from (f"identity {one} leads elsewhere" for one in found_by - belongs)
    for (account_id, sort_id), row in linked:
        with suppress(Unreadable):  # which is another invariant's matter
            if sort_id != identities._platform_id(account_id, stored.decrypted(row, "platform")):
                yield f"account {account_id} may have several of one platform"


def _pointed_at(pointer: str) -> str:
    return keys.id_of(keys.raw_of(pointer)["pk"]["S"])


@invariant
def a_device_has_one_owner(stored: Stored) -> Found:
    accounts, devices, owned = stored.first_ids("Account"), stored.first_ids("Device"), set(stored.of("Ownership"))
    for device_id in devices:
        if (_owner_of(device_id), ids.own_part(device_id)) not in owned:
            yield f"device {device_id} is not among its owner's"
    for account_id, own_part in owned:
        if account_id not in accounts or account_id + own_part not in devices:
            yield f"account {account_id} counts device {own_part} as its own"
    for account_id, account in accounts.items():
        if account["devices"] != sum(owner == account_id for owner, _ in owned):
            yield f"account {account_id} counts {account['devices']} devices"


@invariant
def a_camera_knows_whose_it_is(stored: Stored) -> Found:
    devices, stocks, cameras = stored.first_ids("Device"), stored.first_ids("Stock"), set(stored.of("BoundCamera"))
    for device_id, device in devices.items():
        if stocks.get(device["stock_id"], {}).get("device_id") != device_id:
            yield f"the camera of device {device_id} does not know it"
        if (device_id, device["stock_id"]) not in cameras:
            yield f"device {device_id} will not report that it ended"
    for stock_id, stock in stocks.items():
        if stock.get("device_id") and devices.get(stock["device_id"], {}).get("stock_id") != stock_id:
            yield f"camera {stock_id} is tied to {stock['device_id']}, which is not its device"


def _owner_of(device_id: str) -> str:
    return ids.parent_of(device_id)


def _grants(device: Row) -> list[Grant]:
    """Those that stand."""
    grants = [Grant.of(text) for text in device.get("grants", [])]
    return [grant for grant in grants if grant.end is None or clock.now_s() < grant.end]


@invariant
def a_command_belongs_to_an_owner_and_goes_down_an_open_channel(stored: Stored) -> Found:
    devices, stocks = stored.first_ids("Device"), stored.first_ids("Stock")
    for (device_id, command_id), command in stored.of("Command").items():
        stock = stocks.get(devices.get(device_id, {}).get("stock_id"), {})
        if stock.get("device_id") != device_id:
            yield f"command {command_id} of nobody's device"
        is_waiting = command["tries"] == 0 and command["until"] > clock.now_s()
        if is_waiting and "connection_id" in stock and "answered_at" not in command:
            yield f"command {command_id} was not brought, and the camera is there"
    for _, connection in stored.of("Connection").items():
        if connection["stock_id"] not in stocks:
            yield f"a connection of no camera, {connection['stock_id']}"


@invariant
def an_offer_is_found_as_long_as_it_stands(stored: Stored) -> Found:
    open_ones = {
        (row["address_hash"], row["transfer_id"]): device_id
        for device_id, row in stored.first_ids("Transfer").items()
        if "ended" not in row
    }
    yield from (f"offer {where} leads nowhere" for where in stored.of("Offer").keys() - open_ones.keys())
    yield from (f"offer {where} is not found" for where in open_ones.keys() - stored.of("Offer").keys())
    gone = set(open_ones.values()) - stored.first_ids("Device").keys()
    yield from (f"device {device_id} is offered and gone" for device_id in gone)


@invariant
def a_share_is_one_thing_seen_from_three_sides(stored: Stored) -> Found:
    """What the device grants, what its owner is shown, and where the other one finds it."""
    granted = {grant.share_id: grant for row in stored.first_ids("Device").values() for grant in _grants(row)}
    shares = {share_id: row for (_, share_id), row in stored.of("Share").items()}
    yield from (f"share {one} is not granted" for one in shares.keys() - granted.keys())
    yield from (f"{one} is granted and no share" for one in granted.keys() - shares.keys())
    found = {}
    for share_id in granted.keys() & shares.keys():
        grant, share = granted[share_id], shares[share_id]
        found[_where(stored, grant, share)] = share_id
        said = share.get("until"), share.get("expires_at"), set(share["rights"]), set(share.get("channels", ()))
        if said != (grant.until, grant.end, set(grant.rights), set(grant.channels or ())):
            yield f"share {share_id} says otherwise than what is granted"
        if share.get("guest_id") != grant.guest_id or ("address" in share) != (grant.guest_id is None):
            yield f"share {share_id} is not of an address while it waits, or of a person since"
    lying = {(kind, *where): row for kind in ("Invitation", "Received") for where, row in stored.of(kind).items()}
    yield from (f"{where} leads to no share" for where in lying.keys() - found.keys())
    yield from (f"share {found[where]} is not found by whom it is for" for where in found.keys() - lying.keys())
    for where in lying.keys() & found.keys():
        if lying[where].get("expires_at") != granted[found[where]].end:
            yield f"{where} does not end with its share"


def _where(stored: Stored, grant: Grant, share: Row) -> tuple[str, str, str]:
    device_id = keys.id_of(share["pk"])
    if grant.guest_id is None:
        return "Invitation", share["address_hash"], device_id
    return "Received", grant.guest_id, device_id


@invariant
def a_guest_has_an_account(stored: Stored) -> Found:
    accounts = stored.first_ids("Account")
    for device_id, device in stored.first_ids("Device").items():
        guests = [grant.guest_id for grant in _grants(device) if grant.guest_id is not None]
        yield from (f"device {device_id} is shared with {one}, who is gone" for one in guests if one not in accounts)
        if len(guests) != len({*guests, _owner_of(device_id)}) - 1:
            yield f"device {device_id} is shared with somebody twice, or with its owner"
        if len(_grants(device)) > share_rules.MOST_SHARES:
            yield f"device {device_id} is shared with {len(_grants(device))}"


@invariant
def what_happened_is_recorded(stored: Stored) -> Found:
    """Beside each sign-in, factor, ownership, share, command and view there is the record of how it came about."""
    told = {(where, row["act"], row["at"]) for kind in _ACTIVITY for (where, _), row in stored.of(kind).items()}
    wanted = {(where, "signed_in", row["opened_at"]) for (where, _), row in stored.of("Session").items()}
    devices = stored.first_ids("Device").items()
    wanted |= {(_owner_of(device_id), "device_added", row["bound_at"]) for device_id, row in devices}
    for (device_id, _), share in stored.of("Share").items():
        wanted.add((device_id, "shared", share["invited_at"]))
        if "accepted_at" in share:
            wanted.add((device_id, "share_accepted", share["accepted_at"]))
    for device_id, row in devices:
        marks = deletions.marks_of(row.get("deleted_spans"))
        wanted |= {(device_id, "recordings_deleted", mark.at_s) for mark in marks}
    alive, redeemed = stored.first_ids("Device"), stored.of("GiftCardRedemption").values()
    of_cards = {(row["device_id"], "gift_card_redeemed", row["redeemed_at"]) for row in redeemed}
    wanted |= {one for one in of_cards if one[0] in alive}
    for kind, act, began in _RECORDED:
        wanted |= {(where, act, row[began]) for (where, _), row in stored.of(kind).items() if _is_a_persons(row)}
    # What happened is remembered for a year.
    since = clock.now_s() - activity.KEPT.total_seconds()
    missing = sorted(one for one in wanted - told if one[2] > since)
    yield from (f"nothing says that {where} {act} at {at}" for where, act, at in missing)


@invariant
def other_people_are_recorded_by_id_alone(stored: Stored) -> Found:
    for (_, sort_id), row in stored.of("DeviceActivity").items():
        if row["by"] == "guest" and ("who_id" not in row or "who" in row):
            yield f"{sort_id} says a guest otherwise"
        if "about_id" in row and "about" in row:
            yield f"{sort_id} says what a person was once called"


_ACTIVITY = ("Activity", "DeviceActivity")
_RECORDED = (
    ("Totp", "second_factor_added", "added_at"),
    ("Passkey", "second_factor_added", "added_at"),
    ("RecoveryCodes", "recovery_codes_made", "made_at"),
    ("Command", "command_given", "given_at"),
    ("Live", "watched", "started_at"),
)


def _is_a_persons(row: Row) -> bool:
    """Of commands, the others follow from what is recorded itself."""
    return row.get("word", "restart") in ("restart", "snapshot")


@invariant
def pushes_go_to_who_may_hear(stored: Stored) -> Found:
    """To the terminals that are signed in and take them; which account may hear of what is asked with each push."""
    places, sessions, audiences = stored.of("Endpoint"), stored.of("Session"), stored.first_ids("Audience")
    for account_id, session_id in places.keys() - sessions.keys():
        yield f"session {session_id} of {account_id} has ended and is pushed to"
    named = {where: row["arn"] for where, row in places.items() if "arn" in row}
    for where in sessions:
        if sessions[where].get("push_arn") != named.get(where):
            yield f"session {where} does not know whether its terminal takes pushes"
    for account_id in audiences.keys() | {account_id for account_id, _ in named}:
        wanted = {f"{session_id} {arn}" for (held_by, session_id), arn in named.items() if held_by == account_id}
        if set(audiences.get(account_id, {}).get("targets", [])) != wanted:
            yield f"account {account_id} and its terminals disagree"


@invariant
def a_push_address_at_sns_has_a_row(stored: Stored) -> Found:
    """Of a terminal, or of what SNS is about to forget; the reverse need not be."""
    rows = stored.of("Endpoint").values()
    arns = Counter(row["arn"] for row in rows if "arn" in row)
    going = {row["arn"] for row in stored.of("EndpointRemoval").values()}
    being_asked = {stored.decrypted(row, "token") for row in rows if "arn" not in row}
    for endpoint in stored.dump["endpoints"]:
        if endpoint["arn"] not in arns.keys() | going and endpoint["attributes"]["Token"] not in being_asked:
            yield f"SNS has {endpoint['arn']}, of which nobody knows"
    yield from (f"{arn} has {count} rows" for arn, count in arns.items() if count > 1)


@invariant
def a_data_key_is_there_as_long_as_its_subject(stored: Stored) -> Found:
    found = stored.first_ids("DataKey")
    lasting = {**stored.first_ids("Account"), **stored.first_ids("Device")}
    kinds = ("ClosureNotice", "Hold", "InvoiceBuyer", "Registration", "Report", "UnnamedEndpoint")
    passing = {one: row for kind in kinds for one, row in stored.first_ids(kind).items()}
    # What was confirmed by an account's address, or again, is known until its link runs out, and empty.
    subscriptions = {one: row for one, row in stored.first_ids("Subscription").items() if "email" in row}
    wanted = {**passing, **lasting, **subscriptions}
    yield from (f"the key of {subject_id} belongs to nobody" for subject_id in found.keys() - wanted.keys())
    yield from (f"{subject} has no key" for subject in wanted.keys() - found.keys())
    for subject_id in found.keys() & wanted.keys():
        if found[subject_id].get("expires_at") != wanted[subject_id].get("expires_at"):
            yield f"the key of {subject_id} does not end with its subject"


@invariant
def an_account_has_no_more_sessions_than_can_be_listed(stored: Stored) -> Found:
    counts = Counter(account_id for account_id, _ in stored.of("Session"))
    yield from (f"{one} has {count}" for one, count in counts.items() if count > session_rules.MOST_SESSIONS)


@invariant
def what_is_sealed_opens(stored: Stored) -> Found:
    for kind, row, name in stored.sealed:
        try:
            stored.decrypted(row, name)
        except Unreadable:
            yield f"{kind.__name__}.{name} at {row['pk']} {row['sk']}"


@invariant
def a_session_belongs_to_a_living_account(stored: Stored) -> Found:
    accounts = stored.first_ids("Account")
    for (account_id, session_id), session in stored.of("Session").items():
        if account_id not in accounts:
            yield f"session {session_id} of nobody"
        elif session["session_generation"] > accounts[account_id]["session_generation"]:
            yield f"session {session_id} is ahead of its account"
    of_accounts = ("Endpoint", "Order", "Answered", "TerminalGuesses", "Export", "ExportVolume", "AddressChange",
                   "OutboxMessage")  # fmt: skip
    of_accounts += ("Avatar", "Relocation", "Totp", "PendingTotp", "Passkey", "RecoveryCodes", "Challenge")
    of_accounts += ("Activity", "BindingTries", "InvitationCount", "OfferedPicture", "Received")
    of_accounts += ("KnownTerminal", "LinkedPlatform", "Audience")
    for account_id, _ in (where for name in of_accounts for where in stored.of(name)):
        if account_id not in accounts:
            yield f"something is left of account {account_id}"


@invariant
def an_account_asks_for_the_second_factors_that_there_are(stored: Stored) -> Found:
    there = Counter(account_id for name in ("Totp", "Passkey") for account_id, _ in stored.of(name))
    for account_id, account in stored.first_ids("Account").items():
        asked = account["second_factor_count"]
        if asked != there[account_id]:
            yield f"account {account_id} asks for one of {asked} second factors, and has {there[account_id]}"
        if not asked and "is_password_short" in account:
            yield f"account {account_id} has nothing but a short password"
        if not asked and account_id in stored.first_ids("RecoveryCodes"):
            yield f"account {account_id} has recovery codes for nothing"
