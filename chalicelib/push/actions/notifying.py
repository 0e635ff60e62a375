"""Notifications pushed to terminals: ids only, and again to the one that was not reached, alone (B11)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from msgspec.structs import asdict

from chalicelib.aws import sns, sqs
from chalicelib.aws.sns import NotSent, Push
from chalicelib.push.actions import recipients, terminals
from chalicelib.sessions.actions.audience import Target

# Who looks in the morning learns of the night; what is older is in the list. An invitation waits as long as itself.
_ALARM_TTL, _SHARE_TTL = timedelta(days=1), timedelta(days=7)
# A phone may be off for long; FCM keeps nothing for more than four weeks.
_NOTICE_TTL = timedelta(days=28)
# The queue of pushes that did not reach their terminal, and who listens to it there.
_QUEUE, _LISTENER = "Pushes", "push.on_push_failed"


def notify_of_alarm(
    targets: Iterable[Target], device_id: str, alarm_id: str, *, type: str | None = None, late: bool = False
) -> None:
    """Push the ids of an alarm; who may know more asks for it. `late`: it is about the past, and not news; `type`: the
    word that apps have a sentence for, if it is another than that of any alarm."""
    _notify(targets, _of_alarm(device_id, alarm_id, type, late))


def _of_alarm(device_id: str, alarm_id: str, type: str | None, late: bool) -> Push:
    ids = {"device_id": device_id, "alarm_id": alarm_id}
    optional = {} if type is None else {"type": type}
    about = f"{(type or 'alarm').upper()}{'_LATE' if late else ''}"
    ids |= optional | ({"late": "true"} if late else {})
    return Push(about, alarm_id, device_id, _ALARM_TTL, ids)


def notify_of_too_many_uploads(targets: Iterable[Target], device_id: str) -> None:
    """Push the id of a device that uploaded so much that the rest of this hour is not taken."""
    _notify(targets, Push("TOO_MANY_UPLOADS", device_id, device_id, _ALARM_TTL, {"device_id": device_id}))


def notify_of_share(targets: Iterable[Target], share_id: str) -> None:
    """Push the id of a share that waits to be accepted."""
    # A share's id is two ids, and APNs takes 64 bytes.
    _notify(targets, Push("SHARE", share_id[:64], "shares", _SHARE_TTL, {"share_id": share_id}))


def notify_of_return(targets: Iterable[Target], device_id: str, alarm_id: str) -> None:
    """Push that a camera is back, by the id of the alarm that it had gone away, which is over."""
    ids = {"device_id": device_id, "ended_alarm_id": alarm_id}
    _notify(targets, Push("BACK", alarm_id, device_id, _ALARM_TTL, ids))


def notify_of_plan(targets: Iterable[Target], device_id: str, subject: str) -> None:
    """Push the id of a device whose plan ends, by the word for what is to be said of it."""
    ids = {"device_id": device_id, "plan": subject}
    _notify(targets, Push("PLAN", f"plan-{subject}", device_id, _ALARM_TTL, ids))


def notify_of_notice(targets: Iterable[Target], notice_id: str, kind: str) -> None:
    """Push the id of a notice, which says what a person must hear of, and what it is about by a fixed word."""
    _notify(targets, Push("NOTICE", notice_id, "notices", _NOTICE_TTL, {"notice_id": notice_id, "notice": kind}))


def _notify(targets: Iterable[Target], what: Push) -> None:
    """Push to each; what did not reach its terminal is tried again for that one alone, behind a queue of its own, or
    the terminal is forgotten."""
    details: dict[str, Any] = {"about": what.about, "push_id": what.id, **what.ids}
    for target in [target for target in targets if not _is_reached(target, what)]:
        sqs.send(_QUEUE, listener=_LISTENER, **asdict(target), **details)


def _is_reached(target: Target, what: Push) -> bool:
    try:
        return sns.send(target.arn, what)
    except NotSent:
        # Whatever it was, the queue's listener meets it again, where it is logged, counted and put aside in the end.
        return False


def push_again(target: Target, about: str, push_id: str, ids: dict[str, str]) -> None:
    """Again to a terminal that a push did not reach, if it may still be notified; forget it if it is dead.

    Raises what goes wrong otherwise: the queue comes again, and puts aside what never succeeds.
    """
    if target not in _entitled(target.account_id, ids.get("device_id")):
        return
    topic, ttl = _topic_of(ids)
    if not sns.send(target.arn, Push(about, push_id, topic, ttl, ids)):
        terminals.forget_dead(target)


def _topic_of(ids: dict[str, str]) -> tuple[str, timedelta]:
    if "device_id" in ids:
        return ids["device_id"], _ALARM_TTL
    return ("notices", _NOTICE_TTL) if "notice_id" in ids else ("shares", _SHARE_TTL)


def _entitled(account_id: str, device_id: str | None) -> list[Target]:
    """The terminals that may be notified now of this device, or of what is the account's own."""
    if device_id is None:
        return recipients.read_targets([account_id])[account_id]
    found = recipients.of_device(device_id)
    return [] if found is None else found.of_channel(None)
