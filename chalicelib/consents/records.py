"""Records of consents."""

from __future__ import annotations

from pynamodb.attributes import UnicodeAttribute

from chalicelib.register import rows
from chalicelib.store.records import Item
from chalicelib.store.tags import Time, key, personal


class ConsentChange(Item):
    """A consent that was given or withdrawn: by which text, when, in which language and how. Which are in force stands
    on the account's row, so that whoever must know it reads nothing more."""

    pk_prefix = "account"
    sk_prefix = "consent"
    # Who gathered something by it deletes that once it is withdrawn.
    stream_queue, stream_listener = "Cleanups", "experience.on_consent_changed"

    at = key(Time(), rows.CONSENT_RECORDS, why="time", exported=True)
    purpose = key(UnicodeAttribute(), rows.CONSENT_RECORDS, why="one of six words: what it is for", exported=True)
    given = personal(rows.CONSENT_RECORDS)
    text_version = personal(rows.CONSENT_RECORDS)
    text_sha256 = personal(rows.CONSENT_RECORDS)
    language = personal(rows.CONSENT_RECORDS)
    way = personal(rows.CONSENT_RECORDS)
    terminal = personal(rows.CONSENT_RECORDS, null=True)
    listed_at = key(
        UnicodeAttribute(null=True), rows.CONSENT_RECORDS, why="where who agrees is found by purpose", points_to="row"
    )


class Consenting(Item):
    """An account that agrees to a purpose for which people are written to, in the partition of that purpose: so that
    who writes to them finds them. Whether it agrees, its own row says."""

    pk_prefix = "consenting"
    sk_prefix = "consenting"
    # What was entered by a consent goes when it is withdrawn, or given anew.
    stream_queue, stream_listener = "Cleanups", "campaigns.on_consent_ended"
    stream_events = frozenset({"MODIFY", "REMOVE"})

    @property
    def account_id(self) -> str:
        return self.sort_id
