"""The need of routes about one copy of one's data."""

from __future__ import annotations

from chalicelib.entry.callers import Caller
from chalicelib.entry.needs import Keys
from chalicelib.errors import NotFound
from chalicelib.privacy.records import Export
from chalicelib.store.records import Found


class OwnExport:
    """The caller's export that the path names; its id begins with the account's. Raises NotFound."""

    def keys(self, account_id: str, export_id: str) -> Keys:
        return (Export.key(account_id, export_id.removeprefix(account_id)),)

    def admit(self, caller: Caller, found: Found, export_id: str) -> Export:
        export = found[Export.key(caller.account_id, export_id.removeprefix(caller.account_id))]
        if export is None or not export_id.startswith(caller.account_id):
            raise NotFound
        return export
