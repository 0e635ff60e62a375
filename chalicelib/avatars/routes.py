"""HTTP routes of avatars."""

from __future__ import annotations

from chalicelib.avatars import shapes
from chalicelib.avatars.actions import portraits
from chalicelib.avatars.needs import OwnAvatar
from chalicelib.avatars.records import Avatar
from chalicelib.entry import wire
from chalicelib.entry.callers import Caller, Who
from chalicelib.entry.http import RouteTable

routes = RouteTable(__name__)


@routes.post(
    "/me/avatar",
    who=Who.PERSON,
    asks=shapes.AskPictureTicket,
    answers=wire.Ticket,
    example={"content_type": "image/jpeg"},
)
def get_avatar_ticket(caller: Caller, body: shapes.AskPictureTicket) -> object:
    """Let the person upload one picture of at most 5 MB within ten minutes."""
    return portraits.GALLERY.ticket_for(caller.account_id, body.content_type)


@routes.delete("/me/avatar", who=Who.PERSON, before_agreement=True, needs=OwnAvatar(), example={})
def delete_avatar(caller: Caller, avatar: Avatar | None) -> None:
    """Remove the picture that the person gave of himself."""
    portraits.delete_picture(caller.account, caller.terminal, avatar)
