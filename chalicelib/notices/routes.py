"""HTTP routes of notices."""

from __future__ import annotations

from chalicelib.entry.callers import Caller, Who
from chalicelib.entry.http import RouteTable
from chalicelib.entry.wire import Page
from chalicelib.errors import NotFound
from chalicelib.notices import shapes
from chalicelib.notices.actions import reading
from chalicelib.notices.actions.reading import Shown
from chalicelib.notices.needs import OwnReading, ShownNotice
from chalicelib.notices.records import ReadAnnouncements

routes = RouteTable(__name__)


@routes.get(
    "/notices",
    who=Who.PERSON,
    before_agreement=True,
    needs=OwnReading(),
    query=Page,
    answers=shapes.Notices,
    example={},
)
def list_notices(caller: Caller, read: ReadAnnouncements, page: Page) -> shapes.Notices:
    """What the caller must hear of, and what everybody is told, newest first: announcements, incidents, changes of the
    policy, products that are withdrawn, and warnings before anything is deleted."""
    return reading.notices_of(caller, read, page.limit, page.cursor)


@routes.post(
    "/notices/{notice_id}/read",
    who=Who.PERSON,
    before_agreement=True,
    needs=ShownNotice(),
    answers=shapes.Notice,
    refuses=(NotFound,),
    example={},
)
def mark_notice_read(caller: Caller, notice: Shown) -> shapes.Notice:
    """Mark a notice as read, for the caller alone; again it changes nothing."""
    return reading.mark_read(caller, notice)
