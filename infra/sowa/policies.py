"""IAM policies and the privacy policy, as they follow from what is committed; no installation is asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from string import Template
from typing import Any

import yaml

from chalicelib.register import policy_table
from chalicelib.words import LANGUAGES
from infra.package import operators, policies

PEOPLE = Path(policies.__file__).with_name("deployer.yaml")
# Those that `sowa` invokes: operators' functions, and the one job that it runs.
OPERATIONS = (
    "load_devices", "unload_devices", "show_devices", "show_erasures", "resume_erasures", "replay_erasures",
    "close_month", "restore_keys", "remove_second_factors", "remove_child", "read_api_log", "issue_gift_cards",
    "revoke_gift_cards", "report_gift_cards", "announce", "declare_incident", "record_incident_step",
    "show_objections", "answer_objection", "publish_policy", "show_proposals",
    "send_newsletter", "forget_subscriber", "open_campaign", "draw_winners",
    "show_feedback", "answer_feedback",
)  # fmt: skip

__all__ = ["LANGUAGES", "OPERATIONS", "of_deployer", "of_functions", "of_operator", "of_part", "page_of_privacy"]


def of_deployer(stage: str, region: str, account_id: str) -> dict[str, Any]:
    """The IAM policy of who runs `make deploy` and `make destroy`."""
    return _policy("deployer", stage, region, account_id)


def of_operator(stage: str, region: str, account_id: str) -> dict[str, Any]:
    """The IAM policy of who runs `sowa`."""
    return _policy("operator", stage, region, account_id)


def of_part(part: str, stage: str, region: str, account_id: str) -> dict[str, Any]:
    """The IAM policy of who proposes, or of who approves, what needs two: `propose` or `approve`. Nobody has both."""
    function = f"arn:aws:lambda:{region}:{account_id}:function:sowa-{stage}-"
    invoked = [f"{function}{name}" for name in operators.invoked()[part]]
    statement = {"Effect": "Allow", "Action": ["lambda:InvokeFunction"], "Resource": invoked}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _policy(who: str, stage: str, region: str, account_id: str) -> dict[str, Any]:
    names = {"Stage": stage, "Region": region, "Account": account_id}
    statements = [
        {"Effect": "Allow", **one, "Resource": list(_filled(one["Resource"], names))}
        for one in yaml.safe_load(PEOPLE.read_text())[who]
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def _filled(resources: str | list[str], names: dict[str, str]) -> Iterator[str]:
    for resource in [resources] if isinstance(resources, str) else resources:
        operations = OPERATIONS if "${Operation}" in resource else ("",)
        yield from (Template(resource).substitute(names, Operation=one) for one in operations)


def of_functions() -> dict[str, list[str]]:
    """Function → what it may do, a line for each resource."""
    return {
        name: [f"{resource}: {', '.join(sorted(actions))}" for resource, actions in policies.granted(name).items()]
        for name in sorted(policies.seen())
    }


def page_of_privacy(language: str, name: str, contact: str, additions: dict[str, str]) -> str:
    """The page as `GET /policy/page` will answer it."""
    operator = {"name": name, "contact": contact}
    return policy_table.page(language, operator=operator, additions=additions)
