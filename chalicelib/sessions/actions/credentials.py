"""Another password, and second factors that are lost: both end sessions, in the same commit (B1b, D3)."""

from __future__ import annotations

from chalicelib.accounts.actions import passwords, resets
from chalicelib.accounts.actions import standing as accounts
from chalicelib.activity import actions as activity
from chalicelib.contacts.actions.addresses import Contact
from chalicelib.entry.callers import Caller
from chalicelib.outbox.actions import letters
from chalicelib.second_factors.actions import factors
from chalicelib.sessions import shapes
from chalicelib.sessions.actions import ending
from chalicelib.settings import settings
from chalicelib.store.commit import MOST_WRITES, change, commit, done

_PASSWORD_CHANGED = "accounts/mail/password"


def change_password(caller: Caller, current: str, new: str) -> None:
    """Set another password and end all other sessions, in one commit; the person is told (B1b)."""
    account, session = caller.account, caller.session
    changed = passwords.changed(account, current, new, session.terminal_unique_id)
    ends = ending.ends_of(caller.account_id, but=session.place_id)
    told = letters.write(account, _PASSWORD_CHANGED)
    recorded = activity.happened(account, "password_changed", who=caller.terminal)
    done(*changed, change(session, epoch=account.epoch), told, recorded, *ends, answer=None)


def reset_password(reset_id: str, code: str, password: str, repeat_key: str | None) -> None:
    """Set another password by a code and end all sessions, in one commit; the person is told (D3)."""
    try:
        reset = resets.proved(reset_id, code, password, repeat_key)
    except resets.AlreadyReset:
        return
    told, recorded = letters.write(reset.account, _PASSWORD_CHANGED), activity.happened(reset.account, "password_reset")
    commit(*reset.writes, told, recorded, *ending.ends_of(reset.account.partition_id))


def remove_second_factors(contact: Contact) -> shapes.SecondFactorsRemoved:
    """For who has lost all of them and proved to the operator who they are: they are asked for no more, all sessions
    end, and the person is told."""
    account = accounts.at(contact)
    if account is None or not account.second_factors:
        return shapes.SecondFactorsRemoved(count=0)
    count, ends = len(account.second_factors), factors.ends_of_all(account)
    told = letters.write(account, "second_factors/mail/all_removed", contact=settings.operator["contact"])
    recorded = activity.happened(account, "second_factors_removed", by=activity.OPERATOR)
    commit(*ends, told, recorded, *ending.ends_of(account.partition_id)[: MOST_WRITES - len(ends) - 2])
    return shapes.SecondFactorsRemoved(count=count)
