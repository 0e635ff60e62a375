"""Which routes go on while agreement to a policy is missing, and why; every other one of a person's waits for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from chalicelib.entry.callers import Who
from chalicelib.entry.http import Route

GOES_ON: dict[str, tuple[str, ...]] = {
    "ends, deletes, withdraws or refuses something: nobody must agree to anything to be rid of it": (
        *("DELETE /devices/{device_id}", "DELETE /devices/{device_id}/alarms", "DELETE /devices/{device_id}/cover"),
        *("DELETE /devices/{device_id}/alarms/{alarm_id}", "DELETE /devices/{device_id}/live/{live_id}"),
        *("DELETE /devices/{device_id}/recordings", "DELETE /devices/{device_id}/recordings/{recording_id}"),
        *("DELETE /devices/{device_id}/shares/{share_id}", "DELETE /devices/{device_id}/transfer"),
        *("DELETE /me/avatar", "POST /me/closing", "POST /me/move", "POST /me/move/confirm"),
        *("DELETE /me/identities/{identity_id}", "DELETE /sessions", "DELETE /sessions/current"),
        *("DELETE /sessions/{session_id}", "DELETE /shares/{share_id}", "POST /shares/{share_id}/decline"),
        *("POST /transfers/{transfer_id}/decline", "PUT /devices/{device_id}/plan/renewal"),
        *("POST /orders/{order_id}/refund", "POST /orders/{order_id}/refund/preview"),
        "DELETE /campaigns/{campaign_id}/entries/mine",
    ),
    "keeps people and what is seen of them safe": (
        *("PUT /devices/{device_id}/privacy-mode", "PUT /me/password", "GET /me/second-factors", "POST /step-up"),
        *("POST /me/second-factors/passkeys", "POST /me/second-factors/passkeys/confirm", "POST /step-up/confirm"),
        *("DELETE /me/second-factors/passkeys/{passkey_id}", "PATCH /me/second-factors/passkeys/{passkey_id}"),
        *("POST /me/second-factors/recovery-codes", "DELETE /me/second-factors/totp", "POST /me/second-factors/totp"),
        *("POST /me/second-factors/totp/confirm", "GET /sessions", "GET /me/identities"),
    ),
    "names what of it there is": (
        *("GET /devices", "GET /devices/{device_id}", "GET /devices/{device_id}/shares", "GET /shares"),
        *("GET /transfers", "GET /devices/{device_id}/plan"),
    ),
    "a right that the law gives, or what is told of it": (
        *("GET /consents", "PUT /consents/{purpose}", "GET /consents/{purpose}/history", "GET /notices"),
        *("POST /notices/{notice_id}/read", "PUT /terminals/current/push", "GET /privacy/activity"),
        *("GET /privacy/exports", "POST /privacy/exports", "GET /privacy/exports/{export_id}"),
        *("GET /privacy/objections", "DELETE /privacy/objections/{purpose}", "PUT /privacy/objections/{purpose}"),
        *("GET /privacy/requests", "DELETE /privacy/restriction", "GET /privacy/restriction"),
        *("PUT /privacy/restriction", "GET /me", "PATCH /me", "POST /me/address", "POST /me/address/confirm"),
        *("GET /orders", "GET /orders/{order_id}", "GET /orders/{order_id}/invoice"),
    ),
    "by it people reach who answers for their data": (
        *("POST /feedback", "GET /feedback", "GET /feedback/{feedback_id}", "POST /feedback/{feedback_id}/messages"),
    ),
    "by it one agrees": ("POST /policy/versions/{version}/accept",),
}


def faults(routes: Iterable[Route], goes_on: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Which routes go on and do not say why, say so and do not, or are there no more."""
    said = [name for group in goes_on.values() for name in group]
    going = {route.name: route for route in routes if route.before_agreement}
    unsaid = [f"{name}: why does it go on without agreement?" for name in sorted(going.keys() - set(said))]
    waits = [f"{name}: does not go on, or is not there" for name in sorted(set(said) - going.keys())]
    nobodys = [f"{name}: nobody agrees there" for name, route in going.items() if route.who is not Who.PERSON]
    twice = [f"{name}: said twice" for name in sorted({one for one in said if said.count(one) > 1})]
    return [*unsaid, *waits, *nobodys, *twice]


def is_safety_control(route: Route) -> bool:
    """What ends or deletes is named by its method; whoever adds such a route must not make people wait with it."""
    return route.who is Who.PERSON and route.method == "DELETE"
