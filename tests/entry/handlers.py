"""Calls each function the way Lambda does: its own module, freshly imported, and never the app.

Run as a program it prints, for every `handler event` pair of its arguments, what the function answered.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import types
from typing import Any

from chalice import Chalice

from infra.local.cloud import LocalCloud
from infra.local.functions import Context
from tests.events import event, shared

OPERATIONS = {
    "load_devices": {"devices": [{"sn": "SN0001", "model": "One", "code": "ABCD-2345", "secret": "s" * 32}]},
    "unload_devices": {"devices": [{"sn": "SN0001"}]},
    "show_devices": {"sns": ["SN0001"]},
    "show_erasures": {},
    "close_month": {"month": "2025-12"},
    "replay_erasures": {"restored_to": "2026-01-05T08:00:00Z"},
    "restore_keys": {"restored_to": "2026-01-05T08:00:00Z"},
    "issue_gift_cards": {"plan_id": "event-7-month", "count": 1, "until": "2027-12-31"},
    "revoke_gift_cards": {"batch_id": "none"},
    "report_gift_cards": {},
    "declare_incident": {"title": "A leak", "what": "Names.", "advice": "Nothing.", "who": {"accounts": ["nobody"]}},
    "record_incident_step": {"incident_id": "none", "step": "notification"},
    "announce": {"title": "We move", "text": "Sowa moves to other machines on Sunday.", "to": "all"},
    "open_campaign": {
        "campaign": "spring", "kind": "draw", "purpose": "marketing_events", "ends_at": "2026-01-10T08:00:00Z",
        "title": "A draw", "text": "Of cameras.", "data_use": "Deleted.",
    },
    "draw_winners": {"campaign": "autumn", "count": 1},
    "send_newsletter": {"issue": "2026-12", "subject": "New cameras", "text": "They see in the dark."},
    "forget_subscriber": {"email": "nobody@example.com"},
    "show_objections": {},
    "show_feedback": {},
    "answer_feedback": {"reference": "a" * 60, "text": "It is the infrared light."},
    "publish_policy": {"version": "gate", "from": "2030-01-01", "text": "Our gate is filmed, too."},
    "show_proposals": {},
    "propose_hold": {
        "order": {"subject": "a" * 26, "scope": ["B11"], "until": "2027-01-05T08:00:00Z", "basis": "case 17/26"},
        "identity": "nobody=1",
    },
    "approve_hold": {"proposal_id": "none", "identity": "nobody=1"},
    "propose_disclose": {
        "order": {"subject": "a" * 26, "scope": ["B11"], "basis": "case 17/26"}, "identity": "nobody=1",
    },
    "approve_disclose": {"proposal_id": "none", "identity": "nobody=1"},
    "answer_objection": {"request_id": "a" * 40, "granted": True, "grounds": "It is so."},
    "remove_child": {"email": "nobody@example.com"},
    "remove_second_factors": {"email": "nobody@example.com"},
    "read_api_log": {"from": "2026-01-05T08:00:00Z", "to": "2026-01-05T09:00:00Z", "reason": "case 2026-17"},
}


def answer_of(handler: str, event_name: str) -> Any:
    module, _, name = handler.rpartition(".")
    sample, _, listener = event_name.partition(":")
    asked = OPERATIONS[name] if event_name == "operation" else shared(event(sample), listener)
    answer = getattr(importlib.import_module(module), name)(asked, Context(name, "a-request", 60))
    if "app" in sys.modules:
        raise RuntimeError("the app was imported")
    return answer


def in_a_process_of_its_own(handler: str, event_name: str) -> Any:
    """Forked from one that has imported no house yet."""
    read, write = os.pipe()
    if not os.fork():
        try:
            said = {"answer": answer_of(handler, event_name)}
        except BaseException as fault:  # whatever it is, it is to be told
            said = {"fault": repr(fault)}
        os.write(write, json.dumps(said, default=repr).encode())
        os._exit(0)
    os.close(write)
    os.wait()
    with os.fdopen(read) as told:
        return json.loads(told.read())


def main(pairs: list[str]) -> None:
    nothing = types.ModuleType("nothing")
    nothing.app = Chalice("nothing", configure_logs=False)  # type: ignore[attr-defined]
    sys.modules["nothing"] = nothing
    with LocalCloud.start(app_module="nothing"):
        houses = [name for name in sys.modules if name.startswith("chalicelib.") and name.endswith(".actions")]
        said = {pair: in_a_process_of_its_own(*pair.split()) for pair in pairs}
    print(json.dumps({"imported before": houses, **said}))


if __name__ == "__main__":
    main(sys.argv[1:])
