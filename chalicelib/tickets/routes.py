"""HTTP route of upload tickets; a house of its own, so that whoever looks at alarms imports nothing of video."""

from __future__ import annotations

from chalicelib.access import actions as access
from chalicelib.alarms.actions import tickets as alarms
from chalicelib.entry import wire
from chalicelib.entry.callers import Camera, Who
from chalicelib.entry.http import RouteTable
from chalicelib.errors import ProcessingRestricted
from chalicelib.live.actions import views as live
from chalicelib.recordings.actions import tickets as recordings
from chalicelib.recordings.shapes import RecordingTickets
from chalicelib.tickets import shapes

routes = RouteTable(__name__)


@routes.post(
    "/cameras/tickets",
    who=Who.CAMERA,
    asks=shapes.AskTicket,
    answers=wire.Ticket | RecordingTickets,
    refuses=(
        access.NobodyOwns, access.PrivacyModeOn, ProcessingRestricted, alarms.TooManyUploads, recordings.NoPlan,
        recordings.EventQuotaSpent,
    ),
    example={"kind": "alarm"},
    tag="alarms",
)  # fmt: skip
def get_ticket(camera: Camera, body: shapes.AskTicket) -> wire.Ticket | RecordingTickets:
    """A form for uploads of one kind: alarms and snapshots, live pieces, or recordings, a form for each channel."""
    if body.kind == "recording":
        return recordings.tickets_for(camera, body.channels)
    return wire.Ticket.of(live.ticket_for(camera) if body.kind == "live" else alarms.ticket_for(camera))
