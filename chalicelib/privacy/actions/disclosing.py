"""Disclosure to a court or an authority: a copy that is held for a week, packed to be handed over (F3)."""

from __future__ import annotations

from chalicelib import clock
from chalicelib.aws import s3
from chalicelib.privacy import shapes
from chalicelib.privacy.actions import holding
from chalicelib.privacy.actions.hold_archives import ZIP
from chalicelib.register.proposals import Approval


def judge(order: shapes.Disclose) -> None:
    """Raises Invalid, NotFound for what could not be disclosed."""
    holding.judge(order, holding.until_of(order, clock.now()))


def disclose(order: shapes.Disclose, approval: Approval) -> shapes.Disclosed:
    """Begin to copy and pack; or how far it is, and a link, if that was approved before. Raises Invalid, NotFound."""
    until = holding.until_of(order, clock.now())
    held = holding.copy_of(order, approval, until, is_disclosed=1)
    said = holding.described(held, holding.hold_id_of(approval), until)
    if held is None or held.archive is None or held.until <= clock.now_s():
        return shapes.Disclosed(**said, size_bytes=None, sha256=None, download_url=None)
    url = s3.link(held.archive, until=clock.at_epoch(held.until), content_type=ZIP)
    return shapes.Disclosed(**said, size_bytes=int(held.size_bytes), sha256=held.sha256, download_url=url)
