"""Every record and every bucket prefix there is, imported by name: what is not here does not exist."""

from __future__ import annotations

from chalicelib.accounts.records import Account, Address, Code, Guesses, Registration
from chalicelib.alarms.records import PICTURES, Alarm, Removal
from chalicelib.aws.crypto import RootSecret
from chalicelib.aws.table import Record
from chalicelib.devices.records import Device, Report, Stock
from chalicelib.entry.once import Answered, AnsweredForGood
from chalicelib.orders.records import Invoice, InvoiceCounter, Order
from chalicelib.plans.records import Plan
from chalicelib.push.records import Endpoint
from chalicelib.register.erasures import Erasure, OpenErasure
from chalicelib.register.prefixes import Prefix
from chalicelib.register.vaults import VaultKey
from chalicelib.sessions.records import Session

RECORDS: tuple[type[Record], ...] = (
    Account,
    Address,
    Alarm,
    Answered,
    AnsweredForGood,
    Code,
    Device,
    Endpoint,
    Erasure,
    Guesses,
    Invoice,
    InvoiceCounter,
    OpenErasure,
    Order,
    Plan,
    Registration,
    Removal,
    Report,
    RootSecret,
    Session,
    Stock,
    VaultKey,
)

PREFIXES: tuple[Prefix, ...] = (PICTURES,)


def record_at(table: str, partition: str, place: str | None) -> type[Record] | None:
    """The kind of record that lies in this table under keys that begin so."""
    for record in RECORDS:
        if (record.Meta.table_name, record.partition, record.place) == (table, partition, place):
            return record
    return None
