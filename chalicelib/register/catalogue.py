"""Every record and every bucket prefix there is, imported by name: what is not here does not exist."""

from __future__ import annotations

from typing import Any

from chalicelib.accounts.records import (
    Account,
    Address,
    AddressChange,
    BegunRegistration,
    Code,
    Farewell,
    Guesses,
    Identity,
    Letter,
    MessageCount,
    Registration,
    ResetCode,
    SpentTicket,
    TerminalGuesses,
    TurnedAway,
    Undelivered,
)
from chalicelib.activity.records import Activity, DeviceActivity
from chalicelib.alarms.records import PICTURES, Alarm, Removal
from chalicelib.avatars.records import PICTURES as AVATARS
from chalicelib.avatars.records import UPLOADS as AVATAR_UPLOADS
from chalicelib.avatars.records import AccountUploadHour, Avatar, AvatarRemoval
from chalicelib.commands.records import Command
from chalicelib.devices.records import (
    COVER_UPLOADS,
    COVERS,
    BindingTries,
    CheckPosition,
    Connection,
    ConnectionCheck,
    CoverRemoval,
    Device,
    DeviceUploadHour,
    Load,
    Offer,
    PasswordTries,
    PresenceChange,
    RefusedUploads,
    Report,
    SettingChange,
    Share,
    Stock,
    Transfer,
)
from chalicelib.entry.once import Answered, AnsweredForGood
from chalicelib.identities.records import OfferedPicture, SpentNonce
from chalicelib.live.records import PIECES, Live
from chalicelib.orders.records import Invoice, InvoiceCounter, Order, Payment
from chalicelib.plans.records import Plan
from chalicelib.privacy.records import ARCHIVES, Export, LogReading, Relocation
from chalicelib.push.records import Endpoint, EndpointRemoval, UnnamedEndpoint
from chalicelib.register.erasures import Erasure, OpenErasure
from chalicelib.register.prefixes import Prefix
from chalicelib.second_factors.records import Challenge, Passkey, PendingTotp, RecoveryCodes, Totp
from chalicelib.sessions.records import Session
from chalicelib.sharing.records import Invitation, InvitationCount, InvitationMails, Received
from chalicelib.store import keys
from chalicelib.store.ciphers import VaultKey
from chalicelib.store.crypto import RootSecret
from chalicelib.store.hour_keys import HourKey
from chalicelib.store.records import Record, Service, UnknownKind

RECORDS: tuple[type[Record], ...] = (
    Account,
    AccountUploadHour,
    Activity,
    Address,
    AddressChange,
    BegunRegistration,
    Alarm,
    Answered,
    AnsweredForGood,
    Avatar,
    AvatarRemoval,
    BindingTries,
    Challenge,
    CheckPosition,
    Code,
    Command,
    Connection,
    ConnectionCheck,
    CoverRemoval,
    Device,
    DeviceActivity,
    DeviceUploadHour,
    Endpoint,
    EndpointRemoval,
    Erasure,
    Export,
    Farewell,
    Guesses,
    HourKey,
    Identity,
    Invitation,
    InvitationCount,
    InvitationMails,
    Invoice,
    InvoiceCounter,
    Letter,
    Live,
    Load,
    LogReading,
    MessageCount,
    Offer,
    OfferedPicture,
    OpenErasure,
    Order,
    Passkey,
    PasswordTries,
    Payment,
    PendingTotp,
    Plan,
    PresenceChange,
    Received,
    RecoveryCodes,
    RefusedUploads,
    Registration,
    Relocation,
    Removal,
    Report,
    ResetCode,
    RootSecret,
    Service,
    Session,
    SettingChange,
    Share,
    SpentNonce,
    SpentTicket,
    Stock,
    TerminalGuesses,
    Totp,
    Transfer,
    TurnedAway,
    Undelivered,
    UnnamedEndpoint,
    VaultKey,
)

PREFIXES: tuple[Prefix, ...] = (ARCHIVES, AVATARS, AVATAR_UPLOADS, COVERS, COVER_UPLOADS, PICTURES, PIECES)


def record_at(table: str, partition: str, place: str | None) -> type[Record] | None:
    """The kind of record that lies in this table under keys that begin so."""
    for record in RECORDS:
        if (record.Meta.table_name, record.partition, record.place) == (table, partition, place):
            return record
    return None


def kind_of(base: type[Record], item: dict[str, Any]) -> type[Record]:
    """The kind of record that an item of this table is; raises UnknownKind."""
    where = keys.kind_of(item["pk"]["S"]), keys.kind_of(item["sk"]["S"]) if "sk" in item else None
    record = record_at(base.Meta.table_name, *where)
    if record is None:
        raise UnknownKind("/".join(filter(None, where)))
    return record
