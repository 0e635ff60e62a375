"""What may be asked about avatars."""

from __future__ import annotations

from typing import Any

from chalicelib.avatars import actions, shapes
from chalicelib.entry.gate import Who
from chalicelib.entry.http import Routes
from chalicelib.sessions.actions import Caller

routes = Routes(__name__)


@routes.post(
    "/me/avatar",
    who=Who.PERSON,
    asks=shapes.AskAvatarTicket,
    answers=shapes.AvatarTicket,
    example={"content_type": "image/jpeg"},
)
def get_avatar_ticket(caller: Caller, asked: shapes.AskAvatarTicket) -> Any:
    return actions.ticket_for(caller.account_id, asked.content_type)


@routes.delete("/me/avatar", who=Who.PERSON, along=actions.place_of, example={})
def delete_avatar(caller: Caller) -> None:
    actions.delete_picture(caller.account_id, caller.along[0])
