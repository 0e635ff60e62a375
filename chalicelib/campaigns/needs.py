"""The needs of routes about campaigns: a campaign, and the caller's own entry to it."""

from __future__ import annotations

from chalicelib.campaigns.actions.entering import Joined
from chalicelib.campaigns.records import Campaign, Entry
from chalicelib.entry.callers import Caller
from chalicelib.entry.needs import Keys
from chalicelib.errors import NotFound
from chalicelib.store.records import Found


class OwnPart:
    """A campaign that is there, and the caller's part in it. Raises NotFound."""

    def keys(self, account_id: str, campaign_id: str) -> Keys:
        return Campaign.key("", campaign_id), Entry.key(account_id, campaign_id)

    def admit(self, caller: Caller, found: Found, campaign_id: str) -> Joined:
        campaign, entry = (found[key] for key in self.keys(caller.account_id, campaign_id))
        if not isinstance(campaign, Campaign):
            raise NotFound
        return Joined(campaign, entry if isinstance(entry, Entry) else None)
