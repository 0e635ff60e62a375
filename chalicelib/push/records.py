"""Records of push endpoints."""

from __future__ import annotations

from datetime import timedelta

from pynamodb.attributes import UnicodeAttribute

from chalicelib.register import rows
from chalicelib.store import keys
from chalicelib.store.records import Item
from chalicelib.store.tags import key, personal


class Endpoint(Item):
    """A terminal's push address at SNS. It outlives its session's row, so that no copy at SNS is ever forgotten; it has
    no ARN yet while SNS is being called."""

    pk_prefix = "account"
    sk_prefix = "endpoint"

    arn = key(UnicodeAttribute(null=True), rows.ALARM_MESSAGES, why="random id given by SNS", points_to="push endpoint")
    platform = key(UnicodeAttribute(), rows.ALARM_MESSAGES, why="fcm or apns", exported=True)
    token = personal(rows.ALARM_MESSAGES)

    @property
    def holder(self) -> str:
        """The holder, as SNS keeps it with its copy."""
        return f"{self.pk_id} {self.sort_id}"


class EndpointRemoval(Item):
    """A push address that nobody is notified at any more, until SNS has forgotten it; named after its session, as the
    address is, and numbered."""

    pk_prefix = "account"
    sk_prefix = "endpoint-removal"
    stream_queue, stream_listener = "Notices", "push.on_session_ended"

    arn = key(UnicodeAttribute(), rows.ALARM_MESSAGES, why="random id given by SNS", points_to="push endpoint")

    @property
    def session_id(self) -> str:
        return keys.first_id_of(self.sk)

    @property
    def holder(self) -> str:
        """The former holder, as SNS keeps it with its copy."""
        return f"{self.pk_id} {self.session_id}"


class UnnamedEndpoint(Item):
    """Tokens of a closed account that SNS may hold under names that never reached their rows: with a short-lived data
    key of their own, since the account's is destroyed, until SNS has forgotten them."""

    pk_prefix = "push-token"
    sk_prefix = "push-token"
    stream_queue, stream_listener = "Notices", "push.on_session_ended"
    # Until then it keeps the erasure open, which rings after an hour.
    spared_for = timedelta(hours=24)

    # Of each its platform, its holder as SNS knows them, and the token itself.
    tokens = personal(rows.ALARM_MESSAGES)
