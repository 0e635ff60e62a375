"""Records of the User Experience Plan."""

from __future__ import annotations

from chalicelib.register import rows
from chalicelib.store.records import Item, Record
from chalicelib.store.tags import Time, key, personal


class ExperienceEvents(Item):
    """What an app sent in one request. Its sort id begins with the id of the consent by which it was gathered, and it
    is readable as long as that is in force."""

    pk_prefix = "account"
    sk_prefix = "app-events"
    is_deleted_for_good = True

    arrived_at = key(Time(), rows.EXPERIENCE_PLAN, why="time", exported=True)
    events = personal(rows.EXPERIENCE_PLAN)

    @property
    def grant_id(self) -> str:
        return self.sort_id.partition("-")[0]

    def is_readable(self, subject_record: Record) -> bool:
        in_force = getattr(subject_record, "consents", None) or ()
        return super().is_readable(subject_record) and any(one.endswith(f" {self.grant_id}") for one in in_force)
