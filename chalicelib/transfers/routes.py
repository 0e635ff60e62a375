"""HTTP routes of handing devices over."""

from __future__ import annotations

from typing import Any

from chalicelib.access.actions import RightMissing
from chalicelib.contacts.actions import addresses
from chalicelib.contacts.rules import MESSAGE_REFUSALS
from chalicelib.devices import rules
from chalicelib.devices import shapes as devices_shapes
from chalicelib.devices.actions import binding
from chalicelib.entry.callers import Caller, Who
from chalicelib.entry.http import RouteTable
from chalicelib.entry.wire import Page, page_of
from chalicelib.errors import Conflict, NotFound
from chalicelib.plans.rules.changes import PlanSuspended, TooManyToHandOver
from chalicelib.transfers import actions, shapes
from chalicelib.transfers.actions import Offered
from chalicelib.transfers.needs import OfferedTransfer, TransferOf, WithTransfer

routes = RouteTable(__name__)


@routes.post(
    "/devices/{device_id}/transfer",
    who=Who.PERSON,
    needs=TransferOf(),
    asks=shapes.OfferTransfer,
    answers=shapes.Transfer,
    status=202,
    stepped_up=True,
    unrestricted=True,
    refuses=(NotFound, RightMissing, *MESSAGE_REFUSALS, actions.TooManyOffers, Conflict),
    example={"email": "$new_email"},
    tag="devices",
)
def offer_transfer(caller: Caller, found: WithTransfer, body: shapes.OfferTransfer) -> shapes.Transfer:
    """Offer the device to somebody at an address, who is told by mail; an earlier offer ends. Nobody is looked up."""
    contact = addresses.contact_from(body.email, body.phone)
    return actions.offer(caller, found.device.device, found.transfer, contact, with_plan=body.with_plan)


@routes.delete(
    "/devices/{device_id}/transfer",
    who=Who.PERSON,
    before_agreement=True,
    needs=TransferOf(),
    refuses=(NotFound, RightMissing),
    example={},
    tag="devices",
)
def withdraw_transfer(caller: Caller, found: WithTransfer) -> None:
    """Take an offer of the device back, if there is one."""
    actions.withdraw(caller, found.device, found.transfer)


@routes.get(
    "/transfers",
    who=Who.PERSON,
    before_agreement=True,
    query=Page,
    answers=shapes.Offers,
    example={},
    tag="devices",
)
def list_transfers(caller: Caller, page: Page) -> shapes.Offers:
    """The devices that are offered to the caller, the oldest offer first."""
    return page_of(actions.offers_to(caller), page)


@routes.post(
    "/transfers/{transfer_id}/accept",
    who=Who.PERSON,
    needs=OfferedTransfer(is_shown=True),
    asks=shapes.AcceptTransfer,
    answers=devices_shapes.Device,
    ends_need=True,
    status=201,
    stepped_up=True,
    refuses=(NotFound, binding.TooManyDevices, rules.TimeZoneUnknown, PlanSuspended, TooManyToHandOver),
    example={"name": "Garden", "time_zone": "Europe/Warsaw", "dst": True},
    tag="devices",
)
def accept_transfer(caller: Caller, given: Offered, body: shapes.AcceptTransfer) -> Any:
    """Become the owner of a device that is offered: the other's ownership ends with it, and what it stored is
    erased."""
    return actions.accept(caller, given, body)


@routes.post(
    "/transfers/{transfer_id}/decline",
    who=Who.PERSON,
    before_agreement=True,
    needs=OfferedTransfer(),
    refuses=(NotFound,),
    example={},
    tag="devices",
)
def decline_transfer(caller: Caller, given: Offered) -> None:
    """Turn an offer down; the other is told."""
    actions.decline(caller, given)
