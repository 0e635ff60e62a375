"""What may be asked about rights and the policy."""

from __future__ import annotations

from typing import Any

from chalicelib.entry.gate import Visitor, Who
from chalicelib.entry.http import Routes
from chalicelib.errors import NotFound
from chalicelib.privacy import actions, shapes
from chalicelib.register import policy_table
from chalicelib.register.policy_table import UnknownVersion
from chalicelib.sessions.actions import Caller
from chalicelib.settings import settings

routes = Routes(__name__)


@routes.post(
    "/me/closing", who=Who.PERSON, stepped_up=True, answers=shapes.Closing, status=202, outlives=True, example={}
)
def close_account(caller: Caller) -> shapes.Closing:
    return actions.close_account(caller)


@routes.get("/erasures/{erasure_id}", who=Who.ANYONE, answers=shapes.Erasure, refuses=(NotFound,), example={})
def get_erasure(visitor: Visitor, erasure_id: str) -> shapes.Erasure:
    return actions.erasure_of(erasure_id)


@routes.get("/keys", who=Who.ANYONE, answers=shapes.Keys, example={})
def get_keys(visitor: Visitor) -> shapes.Keys:
    return actions.public_keys()


@routes.get(
    "/policy", who=Who.ANYONE, query=shapes.AskPolicy, answers=shapes.Policy, refuses=(UnknownVersion,), example={}
)
def get_policy(visitor: Visitor, asked: shapes.AskPolicy) -> Any:
    return policy_table.render(visitor.language, operator=settings.operator, version=asked.version)


@routes.get("/policy/versions", who=Who.ANYONE, answers=shapes.PolicyVersions, example={})
def list_policy_versions(visitor: Visitor) -> Any:
    return policy_table.versions()
