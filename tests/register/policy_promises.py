"""Which tests hold what each row of the policy says; `python -m tests.register.policy_promises` writes the document."""

from __future__ import annotations

import sys
from pathlib import Path

from chalicelib.register import rows
from chalicelib.register.rows import Row

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "policy-promises.md"

# Files of tests, or single tests, below tests/.
TESTS_OF: dict[str, tuple[str, ...]] = {
    "B1a": ("accounts/test_registering.py", "accounts/test_regions.py", "accounts/test_children.py"),
    "B1b": ("accounts/test_profile.py", "accounts/test_changing_addresses.py"),
    "B2": ("sessions/test_signing_in.py", "sessions/test_terminals.py", "sessions/test_known_terminals.py"),
    "B3": ("devices/test_binding.py", "access/test_privacy_mode.py"),
    "B4": ("live/test_live.py", "live/test_playing.py"),
    "B5": ("playback/test_playing_back.py", "recordings/test_deleting_recordings.py", "clips/test_clips.py"),
    "B6": ("devices/test_settings.py", "stock/test_presence.py"),
    "B7": ("devices/test_covers.py", "devices/test_owning.py"),
    "B8": ("devices/test_device_passwords.py",),
    "B9": ("sharing/test_sharing.py", "sharing/test_guests_are_people.py"),
    "B10": ("devices/test_removing.py", "accounts/test_former_owners.py"),
    "B11": ("alarms/test_seven_days.py", "alarms/test_arriving.py"),
    "B12": ("recordings/test_kept_to_the_second.py", "plans/test_warnings.py"),
    "B13": ("orders/test_ordering.py", "payments/test_payments.py", "orders/test_invoice_documents.py"),
    "B14": ("plans/test_moves.py", "plans/test_ledger.py"),
    "B15": ("experience/test_experience.py",),
    "B16": ("support/test_feedback.py",),
    "B17": ("privacy/test_closing.py", "privacy/test_erasures.py", "worlds/test_canaries.py"),
    "C1": ("campaigns/test_campaigns.py",),
    "D3": ("accounts/test_resets.py",),
    "E1": ("newsletter/test_newsletter.py", "newsletter/test_sending.py"),
    "F2": ("notices/test_notices.py", "notices/test_incidents.py"),
    "F3": ("privacy/test_holding.py", "privacy/test_disclosing.py"),
    "LOG": ("privacy/test_api_log.py",),
    "LAW": ("invoices/test_written.py", "orders/test_invoice_documents.py"),
    "RIGHTS": ("privacy/test_exporting.py", "privacy/test_restriction.py", "privacy/test_objections.py"),
    "CONSENTS": ("consents/test_consents.py",),
    "AUDIT": ("activity/test_activity.py", "activity/test_every_act.py"),
    "GUESSES": ("sessions/test_guessing.py",),
    "MESSAGES": ("accounts/test_registering.py", "newsletter/test_newsletter.py"),
    "REPEATS": ("entry/test_idempotency.py",),
    "IDLE": ("inactivity/test_inactive_accounts.py",),
    "REPORTS": ("outbox/test_mail_reports.py",),
}
_HEAD = """# What the policy promises, and the tests that hold it

Of each row of the policy's table (`GET /policy`, `chalicelib/register/rows.json`) the tests that fail when it does not
hold. All rows are held by the canaries of a closed account (`worlds/test_canaries.py`) and by the kinds of records that
name them (`register/test_rows.py`), too. Written by `python -m tests.register.policy_promises`.

| row | what for | kept | held by |
|---|---|---|---|
"""


def document() -> str:
    return _HEAD + "".join(_line(row) for row in rows.ROWS if not row.planned) + _planned()


def _line(row: Row) -> str:
    said = (row.sentence(name, "en") for name in ("purpose", "kept_for"))
    tests = ", ".join(f"[{name}](../tests/{name})" for name in TESTS_OF[row.id])
    return f"| {row.id} | {' | '.join(said)} | {tests} |\n"


def _planned() -> str:
    named = ", ".join(f"{row.id} ({row.sentence('title', 'en')})" for row in rows.ROWS if row.planned)
    return f"\nNot promised by this version, and said so on the page: {named}.\n"


if __name__ == "__main__":
    DOCUMENT.write_text(document())
    sys.exit(0)
