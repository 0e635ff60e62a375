"""Components of the contract that operations share: servers, parameters, headers, refusals, and readable schemas."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from chalicelib import errors, words
from chalicelib.entry import refusals
from chalicelib.entry.wire import END, IN_CONTRACT
from chalicelib.words import DEFAULT_LANGUAGE, LANGUAGES

JSON = "application/json"
# A part of the document, as JSON says it.
Part = dict[str, object]
_HEADERS_OF = {
    401: ("WWW-Authenticate", "Realm"),
    429: ("Retry-After", "RetryAfter"),
    503: ("Retry-After", "RetryAfter"),
}
_REQUEST_ID = "00000000-0000-4000-8000-000000000000"
SERVERS = [
    {
        "url": "https://{api}.execute-api.{region}.amazonaws.com/{stage}",
        "description": "An installation in an AWS account: `make deploy` prints its address.",
        "variables": {
            "api": {"default": "a1b2c3d4e5"},
            "region": {"default": "eu-central-1"},
            "stage": {"default": "api"},
        },
    },
    {"url": "http://127.0.0.1:8000", "description": "The local cloud, without an account: `make run`."},
]
PARAMETERS: Part = {
    "AcceptLanguage": {
        "name": "Accept-Language",
        "in": "header",
        "description": "The language of messages.",
        "schema": {"type": "string", "enum": list(LANGUAGES), "default": DEFAULT_LANGUAGE},
    },
    **{
        name: {
            "name": "Idempotency-Key",
            "in": "header",
            "required": required,
            "description": "Made anew for each request, of 128 random bits or more. An exact repeat under the same "
            "key is answered again and carried out once.",
            "schema": {"type": "string", "minLength": 16, "maxLength": 200},
        }
        for name, required in (("IdempotencyKey", False), ("IdempotencyKeyOfPayment", True))
    },
}
HEADERS: Part = {
    "RetryAfter": {
        "description": "Seconds until it is worth asking again.",
        "schema": {"type": "integer", "minimum": 1},
    },
    "Realm": {
        "description": "Whose token is wanted: `people` or `cameras`. API Gateway calls the header "
        "`x-amzn-Remapped-WWW-Authenticate`.",
        "schema": {"type": "string"},
        "example": 'Bearer realm="people"',
    },
    "Location": {"required": True, "schema": {"type": "string", "format": "uri"}},
}


def refused(status: int, codes: Iterable[str]) -> Part:
    """The response of this status, with one of these codes."""
    examples = {code: {"$ref": f"#/components/examples/{code}"} for code in sorted(codes)}
    response: Part = {
        "description": ", ".join(f"`{code}`" for code in examples),
        "content": {JSON: {"schema": {"$ref": "#/components/schemas/Refusal"}, "examples": examples}},
    }
    if status in _HEADERS_OF:
        name, component = _HEADERS_OF[status]
        response["headers"] = {name: {"$ref": f"#/components/headers/{component}"}}
    return response


def refusal_shown(kind: type[errors.Refusal]) -> Part:
    """Its body in English, without the details, which each single refusal has of its own."""
    shown = kind.__new__(kind)
    shown.details = {}
    return refusals.body_of(shown, DEFAULT_LANGUAGE, _REQUEST_ID)


def _text(**more: object) -> Part:
    return {"type": "string", **more}


def _money(description: str) -> Part:
    return {
        "type": "object",
        "description": f"{description} In the currency's smallest unit.",
        "properties": {"amount": {"type": "integer"}, "currency": _text()},
        "required": ["amount", "currency"],
    }


# All that refusals say beside their code and message, by name; what each is of stands before the colon.
_DETAILS: Part = {
    "fields": {
        "type": "object",
        "description": "422: what is wrong, and with which field; fields in fields are joined by dots.",
        "additionalProperties": _text(),
    },
    "device_id": _text(
        description="`AlreadyYours`: the device that it is; `FreePlanElsewhere`: that has it; `GiftCardSpent`: that "
        "you redeemed it for."
    ),
    "last_day": _text(format="date", description="`GiftCardExpired`: the last on which it was taken."),
    "until": _text(format="date-time", description="`FreePlanElsewhere`: how long that device has it."),
    "methods": {
        "type": "array",
        "items": _text(),
        "description": "`SecondFactorNeeded`: what may be sent along in `second_factor`.",
    },
    "passkey": {
        "anyOf": [{"type": "object", "additionalProperties": True}, {"type": "null"}],
        "description": "`SecondFactorNeeded`: what a browser asks passkeys with (WebAuthn's request options).",
    },
    "header": _text(description="`Malformed`: the header that is wrong."),
    "reason": _text(description="`Malformed`: what is wrong."),
    "most_bytes": {"type": "integer", "description": "`TooLarge`: the most that a body may be."},
    "amount": _money("`RefundedAlready`: what went back, or is on its way."),
    "credit_note_number": _text(description="`RefundedAlready`: the document of that."),
    "to_pay": _money("`PriceChanged`: what is to be paid now."),
    "price": _money("`NothingToPay`: what the plan costs."),
    "credit": _money("`NothingToPay`: what is left of the plan that runs."),
    "currency": _text(description="`CreditInOtherCurrency`: the one in which that was paid."),
    "may_be_paused_from": _text(format="date-time", description="`PauseSpent`: when it can be paused again."),
    "may_be_renewed_from": _text(format="date-time", description="`FreePlanRuns`: when it can be renewed."),
    "card_url": {
        "anyOf": [_text(), {"type": "null"}],
        "description": "`CardMissing`: where a card is saved; null if the payment provider does not answer.",
    },
    "most": {"type": "integer", "description": "`TooManyOrders`: how many may be open at a time."},
    "endpoint": _text(description="421: the installation that serves this person."),
    "at": _text(format="date-time", description="Where a clip or a playlist has to end, or to begin anew."),
    "range": {
        "type": "object",
        "description": "What to delete as a whole, where too many single deletions stand.",
        "properties": {
            "channel": _text(),
            "from": _text(format="date-time"),
            "to": _text(format="date-time"),
        },
    },
    "policy_version": _text(
        description="`PolicyNotAccepted`: the version to show and to agree to. `PolicyVersionOld`: the one that counts."
    ),
    "text_version": _text(description="`TextVersionOld`: the version of the text to show and to agree to."),
}


def refusal_schema(codes: Iterable[str]) -> Part:
    return {
        "type": "object",
        "description": "A no that a person may read, in the language that was asked for. `code` is what a program "
        "reads; others come with later versions, and mean what their status says.",
        "properties": {
            "code": _text(enum=sorted(codes)),
            "message": _text(),
            "request_id": _text(description="What to name to whoever operates the installation."),
            "kind": _text(
                enum=[key.removeprefix(errors.ABSENT) for key in sorted(words.bundle(DEFAULT_LANGUAGE))
                      if key.startswith(errors.ABSENT)],
                description="`NotFound`: what there is not, or is not yours. Of what lies below a thing (an alarm of a "
                "device) only who has the thing is told.",
            ),
            **_DETAILS,
        },
        "required": ["code", "message", "request_id"],
    }


def readable(schema: Any) -> Any:
    """The schema as generators of clients read it: without a default of null, which needs not be said, and with
    patterns that every engine of regular expressions reads alike."""
    if isinstance(schema, list):
        return [readable(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    unsaid: Any = (("default", None), ("required", []))
    kept = {name: readable(one) for name, one in schema.items() if (name, one) not in unsaid}
    if isinstance(kept.get("pattern"), str):
        kept["pattern"] = _portable(kept["pattern"])
    if "prefixItems" in kept:
        # A tuple of one kind as a list, since `items` that are `false` are more than openapi-python-client 0.29 reads.
        (kept["items"],) = {json.dumps(one): one for one in kept.pop("prefixItems")}.values()
    return kept


def _portable(pattern: str) -> str:
    """As RE2 reads it, too, which does not look ahead. `$` is the end in JSON Schema, where in Python a line break may
    follow."""
    return IN_CONTRACT.get(pattern, pattern).replace(END, "$")
