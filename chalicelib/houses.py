"""The list of houses: what app.py registers, the catalogue imports, and the laws of the tests read."""

from __future__ import annotations

# Names alone: to import this imports nothing, so that a function carries only the houses that it uses.
# From below: a house may open the actions and needs of the houses before it, and of no other. What would be a circle
# becomes an event.
HOUSES: dict[str, tuple[str, ...]] = {
    "activity": ("records",),
    "contacts": ("records",),
    "outbox": ("listeners", "records"),
    "accounts": ("routes", "records"),
    "avatars": ("routes", "listeners", "scheduled", "records"),
    "second_factors": ("routes", "records"),
    "sessions": ("routes", "operations", "records"),
    "identities": ("routes", "listeners", "records"),
    "consents": ("routes", "records"),
    "experience": ("routes", "listeners", "records"),
    "access": ("records",),
    "push": ("routes", "listeners", "records"),
    "notices": ("routes", "listeners", "scheduled", "operations", "records"),
    "newsletter": ("routes", "listeners", "operations", "records"),
    "support": ("routes", "listeners", "scheduled", "operations", "records"),
    "campaigns": ("routes", "listeners", "operations", "records"),
    "plans": ("routes", "scheduled", "records"),
    "stock": ("routes", "listeners", "scheduled", "operations", "records"),
    "devices": ("routes", "listeners", "scheduled", "records"),
    "transfers": ("routes", "listeners", "records"),
    "commands": ("routes", "listeners", "records"),
    "sharing": ("routes", "listeners", "records"),
    "live": ("routes", "scheduled", "function_urls", "records"),
    "recordings": ("routes", "listeners", "scheduled", "records"),
    "alarms": ("routes", "listeners", "scheduled", "records"),
    "tickets": ("routes",),
    "playback": ("routes",),
    "clips": ("routes", "listeners", "scheduled", "records"),
    "payments": (),
    "invoices": ("listeners", "scheduled", "operations", "records"),
    "orders": ("routes", "listeners", "scheduled", "records"),
    "gift_cards": ("routes", "operations", "records"),
    "privacy": ("routes", "listeners", "scheduled", "operations", "records"),
    "inactivity": ("listeners", "scheduled", "records"),
    "policy": ("routes", "operations", "records"),
    "profile": ("routes",),
    "recovery": ("routes",),
}
# Of the floors below, what is served, listened to and kept.
ENTRY_ROUTES, ENTRY_LISTENERS = "chalicelib.entry.contract", "chalicelib.entry.forwarding"
# The functions of queues that several houses listen to.
SHARED_QUEUES = "chalicelib.shared_queues"
FLOOR_RECORDS = (
    "chalicelib.entry.idempotency",
    "chalicelib.register.erasures",
    "chalicelib.register.policy_versions",
    "chalicelib.register.proposals",
    "chalicelib.store.ciphers",
    "chalicelib.store.crypto",
    "chalicelib.store.deletions",
    "chalicelib.store.hour_keys",
    "chalicelib.store.records",
)
# Who makes a caller of a token.
OF_PEOPLE, OF_CAMERAS = "chalicelib.sessions.actions.authentication", "chalicelib.stock.actions.cameras"


def modules(room: str) -> list[str]:
    """The modules of this room, of every house that has it: `chalicelib.devices.routes`."""
    return [f"chalicelib.{house}.{room}" for house, rooms in HOUSES.items() if room in rooms]
