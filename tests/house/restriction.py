"""Who asks whether processing is restricted (GDPR, article 18): every route, listener, scheduled job and operation; or
why it need not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from chalicelib import houses
from chalicelib.entry.http import Route
from tests.house.laws import ROOT

# Where each asks, by a function that its code leads to. Beside these ask all routes that are declared to be for guests,
# whose need does, and those that are `unrestricted`.
ASKED: dict[str, tuple[str, ...]] = {
    "access.actions.is_restricted": (
        "GET /alarms", "GET /devices", "GET /shares", "POST /shares/{share_id}/accept",
        "POST /transfers/{transfer_id}/accept", "GET /live/{capability}/media/{place}",
        "GET /live/{capability}/playlist.m3u8", "on_clip_requested", "on_command_given", "on_person_invited",
        "on_transfer_offered",
    ),
    "access.actions.is_shown_to": (
        "GET /recordings/{playback}/media/{media_path}", "GET /recordings/{playback}/playlist.m3u8",
    ),
    "access.actions.read_shown": ("POST /cameras/tickets", "on_mailbox_opened"),
    "access.actions.shown_to_others": ("GET /transfers",),
    "store.ciphers.require_unrestricted": ("on_issue_due",),
    "campaigns.actions.drawing._entries": ("draw_winners",),
    "notices.actions.telling.targets_of": ("on_recipient_named", "check_inactive_accounts"),
    "outbox.actions.messages.send_message": ("on_letter_written",),
    # What is written there is asked about when it is sent.
    "outbox.actions.messages.write_notice": ("on_delivery_reported",),
    # They were read for the batch, and say themselves that nobody is notified.
    "push.actions.recipients.Recipients": ("on_picture_uploaded",),
    "push.actions.recipients.of_devices": (
        "on_presence_changed", "on_push_failed", "renew_plans", "warn_of_plan_ends",
    ),
}  # fmt: skip

# Why the others need not.
NOT_ASKED: dict[str, tuple[str, ...]] = {
    "the person's own: he reads it, changes it, takes it along or ends it": (
        *("GET /consents", "PUT /consents/{purpose}", "GET /consents/{purpose}/history", "POST /devices"),
        *("POST /feedback", "GET /feedback", "GET /feedback/{feedback_id}", "POST /feedback/{feedback_id}/messages"),
        "on_attachment_uploaded",
        *("GET /notices", "POST /notices/{notice_id}/read", "POST /policy/versions/{version}/accept"),
        *("POST /newsletter/confirm", "on_address_held"),
        *("GET /campaigns", "DELETE /campaigns/{campaign_id}/entries/mine"),
        *("POST /gift-cards/redeem", "GET /me", "PATCH /me", "POST /me/address", "POST /me/address/confirm"),
        *("DELETE /me/avatar", "POST /me/avatar", "POST /me/closing", "GET /me/identities", "POST /me/identities"),
        *("DELETE /me/identities/{identity_id}", "POST /me/move", "POST /me/move/confirm", "PUT /me/password"),
        *("GET /me/second-factors", "POST /me/second-factors/passkeys"),
        *("POST /me/second-factors/passkeys/confirm", "DELETE /me/second-factors/passkeys/{passkey_id}"),
        *("PATCH /me/second-factors/passkeys/{passkey_id}", "POST /me/second-factors/recovery-codes"),
        *("DELETE /me/second-factors/totp", "POST /me/second-factors/totp", "POST /me/second-factors/totp/confirm"),
        *("GET /privacy/activity", "GET /privacy/exports", "POST /privacy/exports", "GET /privacy/requests"),
        *("GET /privacy/exports/{export_id}", "GET /privacy/exports/{export_id}/archive/{link}"),
        *("GET /privacy/objections", "PUT /privacy/objections/{purpose}", "DELETE /privacy/objections/{purpose}"),
        *("DELETE /privacy/restriction", "GET /privacy/restriction", "PUT /privacy/restriction"),
        *("DELETE /sessions", "GET /sessions", "DELETE /sessions/current", "DELETE /sessions/{session_id}"),
        *("POST /step-up", "POST /step-up/confirm", "PUT /terminals/current/push"),
        *("on_avatar_uploaded", "on_cover_uploaded", "on_export_asked", "on_picture_offered", "on_settings_changed"),
    ),
    "a contract that the person makes, and what tax law keeps of it": (
        *("GET /orders", "POST /orders", "POST /orders/preview", "GET /orders/{order_id}"),
        *("GET /orders/{order_id}/invoice", "POST /orders/{order_id}/refund"),
        *("POST /orders/{order_id}/refund/preview", "POST /payments/{provider}", "on_invoice_issued"),
        *("on_order_changed", "on_refund_due", "on_event_delayed", "ask_for_refunds", "look_up_delayed_events"),
        *("on_customer_due", "on_renewal_ended", "close_month"),
    ),
    "somebody becomes known as who he is": (
        *("POST /accounts", "POST /accounts/arrivals", "POST /accounts/code", "POST /accounts/confirm"),
        *("POST /password-resets", "POST /password-resets/confirm", "POST /sessions", "POST /sessions/federated"),
        *("POST /sessions/refresh", "GET /nonce"),
    ),
    "shows nothing of anybody": (
        *("GET /erasures/{erasure_id}", "GET /keys", "GET /openapi.json", "GET /plans", "GET /policy"),
        *("GET /policy/page", "GET /policy/versions", "issue_gift_cards", "revoke_gift_cards", "report_gift_cards"),
        *("announce", "load_devices", "unload_devices", "show_devices", "show_erasures", "publish_policy"),
        "GET /policy/versions/{version}/changes",
        *("POST /newsletter", "GET /newsletter/confirm", "GET /newsletter/unsubscribe", "send_newsletter"),
        *("GET /campaigns/{campaign_id}/tickets", "open_campaign"),
    ),
    "a guest ends what he was given, and is shown nothing": (
        *("DELETE /shares/{share_id}", "POST /shares/{share_id}/decline", "POST /transfers/{transfer_id}/decline"),
    ),
    "stores what a camera brings and says, as ever": (
        *("POST /cameras/activation", "PUT /cameras/state", "on_camera_connected"),
        *("on_camera_said", "on_camera_disconnected"),
        *("on_recording_uploaded", "check_connections", "reconcile_recordings", "on_mail_reported"),
    ),
    "says in time that an account ends, which is promised whatever else is restricted": (
        *("on_account_warned", "on_terminal_seen"),
    ),
    "deletes what is over, or what the person deleted": (
        *("on_alarms_removed", "on_avatar_removed", "on_cover_removed", "on_consent_changed", "on_erasure_begun"),
        *("on_session_ended", "on_recordings_removed", "on_share_ended", "on_ownership_ended"),
        *("sweep_expired_pictures", "sweep_expired_uploads", "delete_unreadable_clips", "sweep_expired_clips"),
        *("sweep_expired_cover_uploads", "sweep_expired_invoices", "sweep_live_video", "resume_erasures"),
        *("sweep_expired_archives", "sweep_expired_recordings", "sweep_expired_attachments"),
        "end_plans",
        *("POST /newsletter/unsubscribe", "on_undelivered", "forget_subscriber", "on_consent_ended"),
    ),
    "an operator's duty, by law or to let somebody in: recorded each time": (
        *("replay_erasures", "restore_keys", "remove_child", "read_api_log", "remove_second_factors"),
        *("show_objections", "answer_objection", "declare_incident", "record_incident_step"),
        *("show_proposals", "propose_hold", "approve_hold", "propose_disclose", "approve_disclose", "end_holds"),
        *("check_incident_deadlines", "show_feedback", "answer_feedback"),
    ),
}
_JOBS = r"^def ([a-z]\w+)\("


def jobs() -> list[str]:
    """Whoever listens, comes by the clock or is ordered."""
    rooms = [name for room in ("listeners", "scheduled", "operations") for name in houses.modules(room)]
    sources = [(ROOT / Path(*name.split("."))).with_suffix(".py").read_text() for name in rooms]
    return [name for source in sources for name in re.findall(_JOBS, source, re.MULTILINE)]


def is_declared(route: Route) -> bool:
    """Whether what the route declares asks already; or shows the owner what is his."""
    return route.unrestricted or hasattr(route.needs, "right")


def faults(
    names: Iterable[str], asked: Mapping[str, tuple[str, ...]], not_asked: Mapping[str, tuple[str, ...]]
) -> list[str]:
    """Who is in neither list, in both, or there no more."""
    said = [name for group in (*asked.values(), *not_asked.values()) for name in group]
    there = set(names)
    missing = [f"{name}: does it ask whether processing is restricted?" for name in sorted(there - set(said))]
    gone = [f"{name}: is not there" for name in sorted(set(said) - there)]
    return missing + gone + [f"{name}: said twice" for name in sorted({one for one in said if said.count(one) > 1})]
