"""Records of agreement to the policy."""

from __future__ import annotations

from pynamodb.attributes import UnicodeAttribute

from chalicelib.register import rows
from chalicelib.store.records import Item
from chalicelib.store.tags import Time, key, personal, plain


class PolicyAgreement(Item):
    """That somebody agreed to a version of the policy, which is its sort id: when, to which text, in which language
    and where. Which one counts stands on the account's row, so that whoever must know it reads nothing more."""

    pk_prefix = "account"
    sk_prefix = "policy-agreement"

    at = key(Time(), rows.REGISTRATION, why="time", exported=True)
    version = plain(UnicodeAttribute(), why="the policy agreed to", exported=True)
    text_sha256 = personal(rows.REGISTRATION)
    language = personal(rows.REGISTRATION)
    terminal = personal(rows.REGISTRATION)
