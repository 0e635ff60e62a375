"""Changes of credentials: passwords, and lost second factors; both end sessions, in the same commit (B1b, D3)."""

from __future__ import annotations

from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.accounts.actions import passwords, resets
from chalicelib.activity import actions as activity
from chalicelib.contacts.actions.addresses import Contact
from chalicelib.entry.callers import Caller
from chalicelib.outbox.actions import messages
from chalicelib.second_factors.actions import factors
from chalicelib.sessions import shapes
from chalicelib.sessions.actions import audience, authentication, ending
from chalicelib.settings import settings
from chalicelib.store.commit import MOST_WRITES, commit, commit_and_answer
from chalicelib.store.retrying import retrying_from

_PASSWORD_CHANGED = "accounts/mail/password"


def change_password(caller: Caller, current: str, new: str) -> None:
    """Set another password and end all other sessions, in one commit; the person is notified (B1b)."""
    account = caller.account
    changed = passwords.changed(account, current, new, caller.session.terminal_unique_id)
    raised = int(account.session_generation)
    notice = messages.write(account, _PASSWORD_CHANGED)
    activity_row = activity.record(account, "password_changed", who=caller.terminal)

    def attempt(caller: Caller) -> None:
        own = caller.session
        ends = ending.ends_of_all(caller.account_id, but=own)
        kept = audience.kept(own, session_generation=raised)
        commit_and_answer(*changed, kept, notice, activity_row, *ends, answer=None)

    # This terminal may take pushes, or lose them, at the same moment.
    retrying_from(caller, attempt, authentication.read_again)


def reset_password(reset_id: str, code: str, password: str, repeat_key: str | None) -> None:
    """Set another password by a code and end all sessions, in one commit; the person is notified (D3)."""
    try:
        reset = resets.proved(reset_id, code, password, repeat_key)
    except resets.AlreadyReset:
        return
    notice = messages.write(reset.account, _PASSWORD_CHANGED)
    activity_row = activity.record(reset.account, "password_reset")
    commit(*reset.writes, notice, activity_row, *ending.ends_of_all(reset.account.pk_id))


def remove_second_factors(contact: Contact) -> shapes.SecondFactorsRemoved:
    """For who has lost all of them and proved to the operator who they are: they are required no more, all sessions
    end, and the person is notified."""
    account = accounts.at(contact)
    if account is None or not account.second_factor_count:
        return shapes.SecondFactorsRemoved(count=0)
    count, ends = int(account.second_factor_count), factors.ends_of_all(account)
    notice = messages.write(account, "second_factors/mail/all_removed", contact=settings.operator["contact"])
    activity_row = activity.record(account, "second_factors_removed", by=activity.OPERATOR)
    room = MOST_WRITES - len(ends) - 3  # and what the ledger of deletions is told
    commit(*ends, notice, activity_row, *ending.ends_of_all(account.pk_id)[:room])
    return shapes.SecondFactorsRemoved(count=count)
