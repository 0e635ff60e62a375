"""What must hold of everything stored, at rest, whatever happened before: checked on a raw dump."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, cached_property
from itertools import pairwise
from typing import Any

from chalicelib import clock, ids
from chalicelib.access.records import Grant
from chalicelib.clips.records import CLIPS, READY, WORKING
from chalicelib.identities import actions as identities
from chalicelib.live.records import PIECES
from chalicelib.orders import rules as order_rules
from chalicelib.plans.records import PlanEnd, PlanWarning
from chalicelib.plans.rules import changes as plan_changes
from chalicelib.plans.rules import ledger as plan_rules
from chalicelib.plans.rules import warnings as plan_warnings
from chalicelib.recordings.rules import deletions, quarters, uploads
from chalicelib.recordings.rules.deletions import Mark, ms_of
from chalicelib.recordings.rules.names import NameUnknown
from chalicelib.recordings.rules.quarters import Quarters
from chalicelib.recordings.rules.segments import Init, Segment, without_doubles
from chalicelib.recordings.rules.uploads import Part
from chalicelib.register import catalogue
from chalicelib.register.upload_hours import UploadHour
from chalicelib.sessions import rules as session_rules
from chalicelib.settings import settings
from chalicelib.sharing import rules as share_rules
from chalicelib.store import crypto, keys
from chalicelib.store.ciphers import DataKey, SubjectCipher
from chalicelib.store.crypto import Unreadable
from chalicelib.store.records import BASES, Item, LedgerRow, Record
from chalicelib.store.tags import tag_of

Row = dict[str, Any]
Found = Iterator[str]


@dataclass(frozen=True)
class Stored:
    """A dump, looked at by kinds of record. What has expired is not there, as for every reader."""

    dump: dict[str, Any]

    def rows(self, base: type[Record]) -> list[Row]:
        rows: list[Row] = self.dump["tables"][base.Meta.table_name]
        now_s = clock.now_s()
        return [row for row in rows if _is_there(row, now_s)]

    def of(self, name: str) -> dict[tuple[str, str], Row]:
        """The rows of the record of this name, by partition id and place id."""
        kind, base = _kind_called(name)
        now_s = clock.now_s()
        return {
            (keys.id_of(row["pk"]), keys.id_of(row.get("sk", ""))): row
            for row in self._by_pk_kind[base].get(kind.pk_prefix, ())
            if _is_there(row, now_s) and (kind.sk_prefix is None or keys.kind_of(row["sk"]) == kind.sk_prefix)
        }

    @cached_property
    def _by_pk_kind(self) -> dict[type[Record], dict[str, list[Row]]]:
        found: dict[type[Record], dict[str, list[Row]]] = {}
        for base in BASES:
            of_base = found.setdefault(base, {})
            for row in self.dump["tables"][base.Meta.table_name]:
                of_base.setdefault(keys.kind_of(row["pk"]), []).append(row)
        return found

    @cached_property
    def kinds(self) -> dict[tuple[str, str, str | None], type[Record]]:
        """Those of the catalogue, by their table and by how their keys begin."""
        return {(one.Meta.table_name, one.pk_prefix, one.sk_prefix): one for one in reversed(catalogue.RECORDS)}

    def kind_of(self, table: str, row: Row) -> type[Record] | None:
        place = keys.kind_of(row["sk"]) if "sk" in row else None
        return self.kinds.get((table, keys.kind_of(row["pk"]), place))

    def first_ids(self, name: str) -> dict[str, Row]:
        """The same for records of which a partition has one."""
        return {pk_id: row for (pk_id, _), row in self.of(name).items()}

    @cached_property
    def objects(self) -> dict[str, Row]:
        """Those of the media bucket: what factories lay down is about nobody yet."""
        return {one["key"]: one for one in self.dump["buckets"][settings.media_bucket]}

    @cached_property
    def recorded(self) -> dict[str, Init | Segment]:
        """Uploaded video, by its object's key; what is called otherwise is not among it."""
        found: dict[str, Init | Segment] = {}
        for key, one in self.objects.items():
            if key.startswith(f"{uploads.ROOT}/"):
                with suppress(NameUnknown):
                    found[key] = uploads.read_object(key, len(one["body"]), clock.from_rfc3339(one["last_modified"]))
        return found

    @cached_property
    def segments(self) -> dict[tuple[str, str], list[Segment]]:
        """By device, and by the channel and day that they were filmed on."""
        found: dict[tuple[str, str], list[Segment]] = {}
        for key, one in self.recorded.items():
            if isinstance(one, Segment):
                where = uploads.parse_key(key).device_id, f"{one.channel}.{quarters.day_of(one.start)}"
                found.setdefault(where, []).append(one)
        return found

    @cached_property
    def ciphers(self) -> dict[str, SubjectCipher]:
        """Those of subjects that are alive: their key and their parent's are whole."""
        rows = {one: _key_row(one, row) for one, row in self.first_ids("DataKey").items()}
        found = {}
        for subject_id, row in rows.items():
            with suppress(Unreadable):
                found[subject_id] = row.unlocked(rows.get(ids.parent_of(subject_id)))
        return found

    @cached_property
    def sealed(self) -> list[tuple[type[Record], Row, str]]:
        """(kind, row, attribute) of every value that is tagged as personal."""
        return [(kind, row, name) for kind, row in known_rows(self) for name in personal(kind) if name in row]

    def decrypted(self, row: Row, name: str) -> Any:
        """The value of a sealed attribute; Unreadable without its key."""
        cipher = self.ciphers.get(keys.id_of(row["pk"]))
        if cipher is None:
            raise Unreadable(f"no key for {row['pk']}")
        return cipher.open(_bytes(row[name]), row["pk"], row["sk"], name)


def _key_row(subject_id: str, row: Row) -> DataKey:
    return DataKey.new(subject_id, encrypted_key=_bytes(row["encrypted_key"]))


def _bytes(text: str) -> bytes:
    return text.encode("latin-1")  # as a dump writes them


def _is_there(row: Row, now_s: int) -> bool:
    expires_at: int = row.get("expires_at", now_s + 1)
    return expires_at > now_s


@cache
def _kind_called(name: str) -> tuple[type[Record], type[Record]]:
    """The kind of record, and whose table it lies in."""
    kind = next(one for one in catalogue.RECORDS if one.__name__ == name)
    return kind, next(base for base in BASES if issubclass(kind, base))


@cache
def _declared(kind: type[Record]) -> frozenset[str]:
    return frozenset(one.attr_name for one in kind.get_attributes().values())


@cache
def personal(kind: type[Record]) -> list[str]:
    tags = {name: tag_of(attribute) for name, attribute in kind.get_attributes().items()}
    return sorted(name for name, tag in tags.items() if tag is not None and tag.kind == "personal")


def known_rows(stored: Stored) -> Iterator[tuple[type[Record], Row]]:
    for base in BASES:
        for row in stored.rows(base):
            if (kind := stored.kind_of(base.Meta.table_name, row)) is not None:
                yield kind, row


INVARIANTS: dict[str, Callable[[Stored], Found]] = {}


def invariant(check: Callable[[Stored], Found]) -> Callable[[Stored], Found]:
    INVARIANTS[check.__name__] = check
    return check


def violations(dump: dict[str, Any]) -> list[str]:
    """Each sentence begins with the name of what does not hold."""
    stored = Stored(dump)
    return [f"{name}: {found}" for name, check in INVARIANTS.items() for found in check(stored)]


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
    for kind, act, began in _RECORDED:
        wanted |= {(where, act, row[began]) for (where, _), row in stored.of(kind).items() if _is_a_persons(row)}
    yield from (f"nothing says that {where} {act} at {at}" for where, act, at in sorted(wanted - told))


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
    kinds = ("ClosureNotice", "Registration", "Report", "UnnamedEndpoint")
    passing = {one: row for kind in kinds for one, row in stored.first_ids(kind).items()}
    wanted = {**passing, **lasting}
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


def _reference(order: Row, stored: Stored) -> str:
    payment = stored.of("Payment").get(("", order.get("paid_with", "")))
    if payment is not None:
        return str(payment["payment_reference"])
    order_id = keys.id_of(order["pk"]) + keys.id_of(order["sk"])
    return f"sandbox-{crypto.plain_hash(order_id)[:16]}"  # what the sandbox calls its payment


@invariant
def money_counts_once(stored: Stored) -> Found:
    """A payment that was applied has its invoice and no other; an order knows of its own, and no two of the same."""
    payments = {payment_id: row for (_, payment_id), row in stored.of("Payment").items()}
    invoiced = {row["payment_reference"] for row in stored.of("Invoice").values()}
    for payment_id, row in payments.items():
        if (row["state"] == "applied") != (row["payment_reference"] in invoiced):
            yield f"payment {payment_id} is {row['state']}, and so is not its invoice"
        if (row["state"] == "refund_due") != ("reason" in row):
            yield f"payment {payment_id} is {row['state']} without knowing why"
    known: Counter[str] = Counter()
    for (_, sort_id), order in stored.of("Order").items():
        mine = [(one, "refund_due") for one in order.get("refunds_due", ())]
        mine += [(one, "applied") for one in [order.get("paid_with")] if one is not None]
        known.update(one for one, _ in mine)
        if any(payments.get(one, {}).get("state") != state for one, state in mine):
            yield f"order {sort_id} and its payments disagree"
        if (order["state"] == "paid" and "period_days" in order and _is_bought(order)) != ("paid_with" in order):
            yield f"order {sort_id} is {order['state']}, and knows of no such payment"
    yield from (f"payment {one} is that of {count} orders" for one, count in known.items() if count > 1)


@invariant
def paid_means_one_invoice(stored: Stored) -> Found:
    orders = stored.of("Order").values()
    invoices = {number: row for (_, number), row in stored.of("Invoice").items()}
    by_reference = Counter(row["payment_reference"] for row in invoices.values())
    yield from (f"payment {one} has {count} invoices" for one, count in by_reference.items() if count > 1)
    for order in orders:
        number = order.get("invoice_number")
        if not _is_bought(order):
            if number is not None or order["amount"] or order["state"] != "paid":
                yield f"order {order['sk']} is of the free plan, and {order['state']} with {number}"
            continue
        if (order["state"] == "paid") != (by_reference[_reference(order, stored)] == 1):
            yield f"order {order['sk']} is {order['state']}, and so is not its invoice"
        elif order["state"] != "paid" and number is not None:
            yield f"order {order['sk']} is {order['state']} and has a number"
        elif order["state"] == "paid" and not _agree(order, invoices.get(number), _reference(order, stored)):
            yield f"order {order['sk']} and invoice {number} disagree"


def _agree(order: Row, invoice: Row | None, reference: str) -> bool:
    said = ("plan_id", "amount", "currency", "payment_method")
    same = invoice is not None and all(order[name] == invoice[name] for name in said)
    return same and invoice is not None and invoice["payment_reference"] == reference


@invariant
def invoices_are_numbered_without_a_gap(stored: Stored) -> Found:
    last = {int(year): row["last"] for (_, year), row in stored.of("InvoiceCounter").items()}
    numbers = {number for _, number in stored.of("Invoice")}
    wanted = {order_rules.invoice_number(year, n) for year, count in last.items() for n in range(1, count + 1)}
    yield from (f"{number} is missing" for number in sorted(wanted - numbers))
    yield from (f"{number} was never counted" for number in sorted(numbers - wanted))


@invariant
def plan_time_granted_is_plan_time_paid(stored: Stored) -> Found:
    """Of each order that was paid the time lies somewhere, wherever it was moved: never more than was paid, and no less
    unless another plan took its place, it was handed over, or a device went with it."""
    ledgers = {account_id + own: _ledger_of(row) for (account_id, own), row in stored.of("Ownership").items()}
    orders = {(keys.id_of(row["pk"]) + keys.id_of(row["sk"])): row for row in stored.of("Order").values()}
    had: Counter[str] = Counter()
    for device_id, ledger in ledgers.items():
        for one in ledger.grants:
            had[one.source] += ledger.had_s(one)
            if one.source_kind in ("order", "free") and not _is_of_order(one, orders, device_id):
                yield f"device {device_id} has what nobody paid: {one.text}"
    changed = {row["device_id"] for row in orders.values() if row["state"] == "paid" and "credit_of" in row}
    moved = {device_id for device_id, ledger in ledgers.items() if any(one.mark == "moved" for one in ledger.grants)}
    for order_id, row in orders.items():
        if not row["device_id"].startswith(keys.id_of(row["pk"])):
            yield f"order {order_id} is for a device that is not its buyer's"
        if row["state"] != "paid" or row["device_id"] not in ledgers:
            continue
        source = plan_rules.source_of("order" if _is_bought(row) else "free", order_id)
        granted_s = row["period_days"] * 86_400
        if had[source] > granted_s:
            yield f"order {order_id} was granted {had[source]} seconds of {granted_s}"
        if had[source] < granted_s and not changed and not moved:
            yield f"order {order_id} was paid, and granted {had[source]} seconds of {granted_s}"


def _is_bought(order: Row) -> bool:
    return order["plan_id"] != "free"


def _is_of_order(one: plan_rules.Grant, orders: dict[str, Row], device_id: str) -> bool:
    order_id = one.source.partition(":")[2]
    order = orders.get(order_id)
    return (
        order is not None
        and order["state"] == "paid"
        and order_id.startswith(ids.parent_of(device_id))
        and one.plan_id == order["plan_id"]
    )


@invariant
def a_plan_has_one_holder_at_every_instant(stored: Stored) -> Found:
    live: dict[str, str] = {}
    for (account_id, own), row in stored.of("Ownership").items():
        ledger = _ledger_of(row)
        if any(one.until > other.begins for one, other in pairwise(ledger.grants)):
            yield f"device {own} has two plans at once"
        for one in ledger.left_at(clock.now_s()):
            if live.setdefault(one.source, account_id + own) != account_id + own:
                yield f"{one.source} is had by two devices"


@invariant
def a_year_has_thirty_days_of_pauses(stored: Stored) -> Found:
    for (_, own), row in stored.of("Ownership").items():
        for one in _ledger_of(row).own_pauses:
            year = one.until - plan_changes.YEAR_S
            if sum(each.overlap_s(year, one.until) for each in _ledger_of(row).own_pauses) > plan_changes.MOST_PAUSED_S:
                yield f"device {own} was paused for too long"


@invariant
def the_free_plan_is_of_one_device(stored: Stored) -> Found:
    """The account's row says which, for as long as it is not over."""
    now, found = clock.now_s(), {}
    for (account_id, own), row in stored.of("Ownership").items():
        until = plan_changes.free_until(_ledger_of(row), now)
        if until is not None:
            if account_id in found:
                yield f"account {account_id} has the free plan twice"
            found[account_id] = (account_id + own, until)
    said = {where[0]: (row["device_id"], row["until"]) for where, row in stored.of("FreePlan").items()}
    for account_id in found.keys() | {one for one, (_, until) in said.items() if until > now}:
        if found.get(account_id) != said.get(account_id):
            yield f"account {account_id} has the free plan {found.get(account_id)}, and says {said.get(account_id)}"


@invariant
def the_end_of_a_plan_is_found_by_its_day(stored: Stored) -> Found:
    """Of each ledger one row says when all is over, as long as it is not, and none is of anything else."""
    ends, wanted = stored.of("PlanEnd"), {}
    for (account_id, own), row in stored.of("Ownership").items():
        ends_at = plan_rules.ends_at(_ledger_of(row))
        if ends_at is None:
            if "plan_end" in row:
                yield f"device {account_id + own} has no plan, and its end is {row['plan_end']}"
            continue
        where = f"{clock.at_epoch(ends_at):%Y%m%d}", account_id + own
        wanted[where] = ends_at
        if row.get("plan_end") != keys.written(PlanEnd.key(*where)):
            yield f"device {where[1]} says that its plan's end is {row.get('plan_end')}"
    for where in ends.keys() | {one for one, ends_at in wanted.items() if ends_at > clock.now_s()}:
        if where not in ends or ends[where]["ends_at"] != wanted.get(where):
            yield f"the end of a plan {where} is {ends.get(where)}"


@invariant
def the_next_warning_of_a_plan_is_found_by_its_second(stored: Stored) -> Found:
    """Each ledger names one row, which is the next, and none is of anything else."""
    now, named = clock.now_s(), set()
    rows = {keys.written(PlanWarning.key(*where)) for where in stored.of("PlanWarning")}
    for (account_id, own), row in stored.of("Ownership").items():
        pointer = row.get("plan_warning")
        following = plan_warnings.next_warning(_ledger_of(row), now)
        named.add(pointer)
        if following is not None and pointer is None and _is_new_form(row):
            yield f"device {account_id + own} is warned of nothing, and ends"
        if pointer is not None and pointer not in rows:
            yield f"device {account_id + own} names a warning that is not there"
        due_at = None if pointer is None else PlanWarning.due_at_of(pointer)
        if due_at is not None and due_at > now and (following is None or following.at != due_at):
            yield f"device {account_id + own} is warned at {due_at}, and {following} is next"
    yield from (f"warning {one} is of nothing" for one in sorted(rows - named))


def _is_new_form(row: Row) -> bool:
    return all(len(text.split(" ")) > 7 for text in row.get("plan_grants", ()))


def _ledger_of(row: Row) -> plan_rules.Ledger:
    return plan_rules.Ledger.of(row.get("plan_grants"), row.get("plan_pauses"))


@invariant
def no_object_without_row_and_no_row_without_object(stored: Stored) -> Found:
    devices = stored.first_ids("Device")
    pictures: dict[str, Row] = {}
    for (device_id, alarm_id), alarm in stored.of("Alarm").items():
        if device_id not in devices:
            yield f"alarm {alarm_id} of nobody's device"
        if alarm.get("picture") is not None:
            pictures[alarm["picture"]] = alarm
    copies = (*stored.of("Export").values(), *stored.of("ExportVolume").values())
    archives = {one["archive"] for one in copies if one.get("until", 0) > clock.now_s()}
    avatars = {avatar["picture"] for avatar in stored.of("Avatar").values() if "picture" in avatar}
    covers = {device["cover"] for device in devices.values() if "cover" in device}
    known = pictures.keys() | archives | avatars | covers
    # Live video has no rows: it passes within the hour. Of recordings, days have rows; those of clips end before them.
    passing = {key for key in stored.objects if key.startswith((PIECES.root, CLIPS.root))}
    yield from (f"nobody knows of {key}" for key in stored.objects.keys() - known - passing - stored.recorded.keys())
    yield from (f"{key} is gone" for key in known - stored.objects.keys())
    yield from (f"upload of {one['key']} was never ended" for one in stored.dump["uploads"])


@invariant
def what_was_uploaded_lies_in_an_hour_that_was_noted(stored: Stored) -> Found:
    """Else an erasure would not look there."""
    noted = {
        (row["pk"], keys.id_of(row["sk"]))
        for row in stored.dump["tables"][Item.Meta.table_name]
        if keys.kind_of(row["sk"]) == UploadHour.sk_prefix
    }
    for prefix in (prefix for prefix in catalogue.PREFIXES if prefix.by_ticket):
        for key in (key for key in stored.objects if key.startswith(prefix.root)):
            subject = keys.joined(prefix.subject, prefix.parse_key(key)[0])
            if (subject, f"{prefix.name}.{prefix.stamp_of(key)}") not in noted:
                yield f"nobody noted the hour of {key}"


@invariant
def live_video_is_of_the_last_hour_and_seen_by_who_may(stored: Stored) -> Found:
    devices = stored.first_ids("Device")
    for key, one in stored.objects.items():
        if not key.startswith(PIECES.root):
            continue
        age_s = clock.now_s() - clock.from_rfc3339(one["last_modified"]).timestamp()
        if age_s > 3600:
            yield f"{key} is {age_s} seconds old"
    for (device_id, live_id), live in stored.of("Live").items():
        if device_id not in devices:
            yield f"live view {live_id} of nobody's device"
        if live["expires_at"] != live["until"]:
            yield f"live view {live_id} does not end when it says"


@invariant
def a_segment_lies_in_its_days_row_and_a_row_has_segments(stored: Stored) -> Found:
    """Of a row whose last segment is over, or deleted, minutes are left."""
    devices, rows = stored.first_ids("Device"), stored.of("RecordingDay")
    yield from (f"{key} is nobody's" for key in stored.recorded if uploads.parse_key(key).device_id not in devices)
    yield from (f"day {sort_id} of nobody's device" for device_id, sort_id in rows if device_id not in devices)
    for where, segments in stored.segments.items():
        parts = _parts_of(rows.get(where, {}))
        yield from (f"no day knows of {one.object_key}" for one in segments if not _is_within(one, parts))
    for where, row in rows.items():
        segments = stored.segments.get(where, [])
        if "prefixes" in row and row["until"] > clock.now_s() and not segments:
            yield f"nothing is left of day {where[1]}"
        if segments and not _spans(row, segments):
            yield f"day {where[1]} ends before its segments"


def _parts_of(row: Row) -> list[Part]:
    return [Part.of(text) for text in row.get("prefixes", ())]


def _is_within(segment: Segment, parts: list[Part]) -> bool:
    own = uploads.parse_key(segment.object_key).part
    return any(one.where == own.where and one.first <= own.first <= one.last for one in parts)


def _spans(row: Row, segments: list[Segment]) -> bool:
    begins, ends = min(ms_of(one.start) for one in segments), max(ms_of(one.end) for one in segments)
    until = max(clock.epoch_s(one.until) for one in segments)
    return bool(row["first_ms"] <= begins and ends <= row["last_ms"] and until <= row["until"] < row["expires_at"])


@invariant
def a_day_counts_what_is_stored_of_it(stored: Stored) -> Found:
    """Each quarter of an hour its bytes, but of what may be over; its minutes too, where nothing was deleted: those
    are counted up alone, also of what was refused when S3's late news of it came."""
    devices, refused = stored.first_ids("Device"), stored.first_ids("RefusedUploads")
    for (device_id, sort_id), row in stored.of("RecordingDay").items():
        counted = Quarters.of(_bytes(row["quarters"]))
        listed = Quarters().with_all(without_doubles(stored.segments.get((device_id, sort_id), [])))
        if (row["recorded_ms"], row["size_bytes"]) != (counted.total_ms, counted.total_bytes):
            yield f"day {sort_id} counts otherwise in all than by quarters"
        if not counted.holds(listed):
            yield f"day {sort_id} counts less than there is"
        hidden = devices.get(device_id, {}).keys() & {"deleted_spans", "private_spans", "private_since"}
        least = min((part.keep_days for part in _parts_of(row)), default=0)
        for nth in (nth for nth in counted.filled() if not _may_be_over(sort_id.rpartition(".")[2], nth, least)):
            if counted.size_bytes[nth] != listed.size_bytes[nth]:
                yield f"day {sort_id} counts {counted.size_bytes[nth]} bytes of {listed.size_bytes[nth]}"
            if not hidden and device_id not in refused and counted.ms[nth] != listed.ms[nth]:
                yield f"day {sort_id} counts {counted.ms[nth]} milliseconds of {listed.ms[nth]}"


def _may_be_over(day: str, nth: int, keep_days: int) -> bool:
    """Whether something that was filmed in the quarter of an hour may be over by now."""
    return quarters.begin_of(day, nth) - timedelta(minutes=1, days=-keep_days) <= clock.now()


@invariant
def what_was_deleted_or_private_is_not_stored(stored: Stored) -> Found:
    for device_id, device in stored.first_ids("Device").items():
        marks, private = deletions.marks_of(device.get("deleted_spans")), list(_private_spans(device))
        if marks != _merged(marks) or sum(map(len, device.get("deleted_spans", ()))) > deletions.MOST_BYTES:
            yield f"device {device_id} has {len(marks)} marks, of which some are one"
        for one in (one for where, found in stored.segments.items() if where[0] == device_id for one in found):
            if deletions.Deleted(marks).has(one):
                yield f"{one.object_key} was deleted"
            arrived_s = clock.epoch_s(one.arrived)
            spans = (one.start.timestamp(), one.end.timestamp()), (arrived_s, arrived_s + 0.999)
            if any(begin <= until and since <= end for since, until in private for begin, end in spans):
                yield f"{one.object_key} was filmed or came in privacy mode"


def _private_spans(device: Row) -> Iterator[tuple[float, float]]:
    for text in device.get("private_spans", ()):
        since_ms, until_ms = text.split(" ")
        yield int(since_ms) / 1000, int(until_ms) / 1000
    if "private_since" in device:
        yield device["private_since"], device.get("private_until", float("inf"))


def _merged(marks: list[Mark]) -> list[Mark]:
    merged: list[Mark] = []
    for mark in marks:
        merged = deletions.with_mark(merged, mark)
    return merged


# Within so long what is over, or what a plan left behind, is gone.
_GONE_WITHIN = timedelta(days=1)


@invariant
def no_recording_is_kept_beyond_its_end(stored: Stored) -> Found:
    """Neither that of its class nor that of the plan by which it was kept."""
    owned = {account_id + own: row for (account_id, own), row in stored.of("Ownership").items()}
    then = clock.now() - _GONE_WITHIN
    for (device_id, _), segments in stored.segments.items():
        ledger = _ledger_of(owned.get(device_id, {}))
        spans = plan_rules.stored_spans(ledger, clock.epoch_s(then))
        for one in segments:
            if one.until <= then:
                yield f"{one.object_key} was over at {one.until}"
            if one.arrived <= then and not any(span.has(clock.epoch_s(one.arrived)) for span in spans):
                yield f"{one.object_key} was kept by a plan that ended"
            if plan_rules.running_at(ledger, clock.epoch_s(one.arrived)) is None:
                yield f"{one.object_key} came without a plan"


@invariant
def a_clip_is_a_file_for_a_day(stored: Stored) -> Found:
    devices, rows = stored.first_ids("Device"), stored.of("Clip")
    for (device_id, clip_id), row in rows.items():
        if device_id not in devices:
            yield f"clip {clip_id} of nobody's device"
        # What was deleted while it waited is not made, and nobody sees that it is not.
        marks = deletions.marks_of(devices.get(device_id, {}).get("deleted_spans"))
        is_left = row["state"] == WORKING and not any(mark.at_s >= row["asked_at"] for mark in marks)
        if is_left or (row["state"] == READY) != (row["video"] in stored.objects):
            yield f"clip {clip_id} is {row['state']}, and so is not its file"
        if row["until"] > row["asked_at"] + CLIPS.keep.total_seconds() or row["until"] != row["expires_at"]:
            yield f"clip {clip_id} lasts until {row['until']}"
    for key in (key for key in stored.objects if key.startswith(CLIPS.root)):
        if CLIPS.parse_key(key)[0] not in devices:
            yield f"{key} is nobody's"
        if clock.from_rfc3339(stored.objects[key]["last_modified"]) + CLIPS.keep + _GONE_WITHIN <= clock.now():
            yield f"{key} is over"


@invariant
def the_forgotten_have_nothing_but_their_erasure(stored: Stored) -> Found:
    for (hashed, _), erasure in stored.of("Erasure").items():
        if erasure["state"] != "done" or "receipt" not in erasure:
            yield f"erasure {hashed} is not done"
    yield from (f"{subject} of erasure {hashed} is open" for hashed, subject in stored.of("OpenSubject"))
    for _, subject in stored.of("ErasedSubject"):
        yield from (f"{subject} is named in {where}" for where in _places_of(stored, keys.id_of(subject)))


# What goes by itself within a day or, where money moved, thirty: a kept answer says whose end makes it unreadable, too,
# and a code for which device it was sent.
_EXPIRING = {"answer": {"shows"}, "code": {"sk"}}


def _places_of(stored: Stored, subject_id: str) -> Found:
    """Where a random id still stands. An order says for which device it was; the answer to a closing outlives it, and
    for so long as a table of before can be restored its ledger says what must not come back."""
    for base in BASES:
        for row in stored.rows(base):
            said = {name for name, value in row.items() if subject_id in str(value)}
            if said and not said <= _allowed(base, row):
                yield f"{row['pk']} {row.get('sk', '')}: {sorted(said)}"
    yield from (key for key in stored.objects if subject_id in key)


def _allowed(base: type[Record], row: Row) -> set[str]:
    kind = keys.kind_of(row.get("sk", ""))
    if base is LedgerRow:
        return set(row) if kind in ("answer", "deletion") else {"sk", "receipt"}
    if base is Item and kind == "order":
        return {"device_id"}
    return _EXPIRING.get(kind, set()) if base is Item and "expires_at" in row else set()


@invariant
def of_a_deleted_alarm_only_its_name_is_left(stored: Stored) -> Found:
    for (_, alarm_id), alarm in stored.of("Alarm").items():
        if "removed" in alarm:
            left = alarm.keys() & {"channel", "picture", "etag", "picture_etag", "unreadable", "read_by"}
            yield from (f"{name} of deleted alarm {alarm_id}" for name in sorted(left))


@invariant
def what_was_told_was_heard(stored: Stored) -> Found:
    for name, messages in stored.dump["queues"].items():
        # What S3 says when it is told of a queue is no news, should nobody listen yet.
        news = [message for message in messages if '"s3:TestEvent"' not in message["body"]]
        yield from (f"{name} still holds {message['body']}" for message in news)
    yield from (f"{one['queue']} hides {one['body']}" for one in stored.dump["unsent"])
    for (_, sort_id), order in stored.of("Order").items():
        if order["state"] == "paid" and "confirmed_at" not in order:
            yield f"nobody was told that order {sort_id} is paid"
    kinds = ("Removal", "AvatarRemoval", "CoverRemoval", "RecordingRemoval")
    removals = [where for kind in kinds for where in stored.of(kind)]
    yield from (f"removal {one[1]} was never carried out" for one in removals)
    unasked = (*stored.of("EndpointRemoval"), *stored.of("UnnamedEndpoint"))
    yield from (f"SNS was never asked to forget {one[1]}" for one in unasked)
    yield from (f"letter {one[1]} was never sent" for one in (*stored.of("OutboxMessage"), *stored.of("ClosureNotice")))
    yield from (f"nobody was told that a camera is {one[1]}" for one in stored.of("PresenceChange"))
    yield from (f"the picture of {one[0]} was never fetched" for one in stored.of("OfferedPicture"))
    for (_, transfer_id), offer in stored.of("Offer").items():
        if "told_at" not in offer:
            yield f"nobody was told of {transfer_id}"
    for (_, device_id), invitation in stored.of("Invitation").items():
        if "told_at" not in invitation:
            yield f"nobody was told of an invitation to {device_id}"
    for (_, sort_id), export in stored.of("Export").items():
        if "announced_at" not in export:
            yield f"copy {sort_id} was asked for and is {export['state']}"


@invariant
def what_is_personal_is_sealed(stored: Stored) -> Found:
    for base in BASES:
        for row in stored.dump["tables"][base.Meta.table_name]:
            yield from _in_the_clear(stored, base.Meta.table_name, row)
    names = {base.Meta.table_name for base in BASES}
    for table, records in stored.dump["streams"].items():
        for record in records if table in names else ():
            for image in ("OldImage", "NewImage"):
                yield from _in_the_clear(stored, table, record.get(image))


def _in_the_clear(stored: Stored, table: str, row: Row | None) -> Found:
    if row is None:
        return
    kind = stored.kind_of(table, row)
    if kind is None:
        yield f"nobody knows what {row['pk']} {keys.kind_of(row['sk']) if 'sk' in row else None} is"
        return
    yield from (f"{kind.__name__}.{name} is not declared" for name in row.keys() - _declared(kind))
    for name in personal(kind):
        value = row.get(name)
        # One byte of form, twelve of nonce, sixteen of tag, and a value.
        if value is not None and (not isinstance(value, str) or value[0] != "\x01" or len(value) < 30):
            yield f"{kind.__name__}.{name} is in the clear"
