"""Operators' functions for rights."""

from __future__ import annotations

from chalicelib.contacts.actions import addresses
from chalicelib.entry import operators
from chalicelib.entry.queues import Operations
from chalicelib.privacy import shapes
from chalicelib.privacy.actions import api_log, closing, disclosing, erasing, holding, objections, restore
from chalicelib.privacy.actions import restore_keys as keys

operations = Operations(__name__)


@operations.operation(shapes.Replay)
def replay_erasures(body: shapes.Replay) -> shapes.Replayed:
    """After a restore: forget again whoever has left since, delete again what was deleted, then open the table to
    everybody. Order it until it is finished."""
    return restore.replay_erasures(body.restored_to)


@operations.operation(shapes.Replay)
def restore_keys(body: shapes.Replay) -> shapes.KeysRestored:
    """Add to the table of keys what it lacks of a restored copy, but nobody's who has left since. Order it until it is
    finished."""
    return keys.restore_keys(body.restored_to)


@operations.operation(shapes.ShowErasures)
def show_erasures(body: shapes.ShowErasures) -> shapes.OpenErasures:
    """Which erasures are open, and since when; whose they are nobody can tell."""
    return erasing.open_erasures()


@operations.operation(shapes.RemoveChild)
def remove_child(body: shapes.RemoveChild) -> shapes.Removed:
    """A parent asked that the account of a child be removed: it is closed as its owner would."""
    return closing.remove_child(addresses.contact_from(body.email, body.phone))


@operations.operation(shapes.ReadApiLog)
def read_api_log(body: shapes.ReadApiLog) -> shapes.ApiLog:
    """Read which account sent requests from which address, for a recorded reason; of the last seven days and no
    longer."""
    return api_log.read_api_log(body.from_, body.to, body.account_id, body.reason, body.cursor)


@operations.operation(shapes.ShowObjections)
def show_objections(body: shapes.ShowObjections) -> shapes.OpenObjections:
    """Which objections of people wait for an answer, and by when each is due."""
    return objections.open_objections()


@operations.operation(shapes.AnswerObjection)
def answer_objection(body: shapes.AnswerObjection) -> shapes.AnsweredObjection:
    """Grant an objection or refuse it, with grounds that the person is written."""
    return objections.answer(body.request_id, body.granted, body.grounds)


@operations.operation(shapes.ShowProposals)
def show_proposals(body: shapes.ShowProposals) -> operators.Proposals:
    """Show proposals of operators: what is open, or was approved in the last five years, and by whom."""
    return operators.listed()


@operations.proposal(shapes.Hold)
def propose_hold(order: shapes.Hold) -> None:
    """Propose that a copy of some of a subject's data be held, on a legal basis and until a time."""
    holding.judge(order, order.until)


@operations.approval(shapes.Hold)
def approve_hold(order: shapes.Hold, approval: operators.Approval) -> shapes.Held:
    """Hold a copy of some of a subject's data, as somebody else proposed; again, to see how far it is."""
    return holding.hold(order, approval)


@operations.proposal(shapes.Disclose)
def propose_disclose(order: shapes.Disclose) -> None:
    """Propose that some of a subject's data be handed over to a court or an authority, on a legal basis."""
    disclosing.judge(order)


@operations.approval(shapes.Disclose)
def approve_disclose(order: shapes.Disclose, approval: operators.Approval) -> shapes.Disclosed:
    """Pack some of a subject's data to be handed over, as somebody else proposed; again, for a link to it."""
    return disclosing.disclose(order, approval)
