"""Queue listeners of mails."""

from __future__ import annotations

from chalicelib.entry.queues import Listeners, Message
from chalicelib.outbox.actions import messages, reports

listeners = Listeners(__name__)


@listeners.on_shared_queue("Notices")
def on_letter_written(message: Message) -> None:
    """Something happened to an account that its owner must be notified of."""
    messages.send_message(message.body["partition_id"], message.body["sort_id"])


@listeners.on_queue("MailReports")
def on_mail_reported(message: Message) -> None:
    """The mail provider says what became of a mail."""
    reports.take_report(message.body)
