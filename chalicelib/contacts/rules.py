"""Rules of addresses, and for codes and messages to them."""

from __future__ import annotations

from chalicelib.errors import Invalid, TooMany

CODE_TRIES = 5
_LONGEST_WAIT_S = 3600


class AddressInvalid(Invalid):
    pass


class PhoneInvalid(Invalid):
    pass


class PhoneNotTexted(Invalid):
    pass


class TooManyMessages(TooMany):
    """Lately to this address, or from this network."""


class MessagesUsedUp(TooMany):
    """By this installation, or to a country's numbers; an alarm rings."""


# What every route that writes to an address that somebody named may say.
MESSAGE_REFUSALS = (AddressInvalid, PhoneInvalid, PhoneNotTexted, TooManyMessages, MessagesUsedUp)


def wait_before_resend_s(sends: int) -> int:
    """After the first code half a minute, then twice as long each time, up to an hour."""
    return int(min(30 * 2 ** (sends - 1), _LONGEST_WAIT_S))


def unsubscribing(contact: str) -> dict[str, str]:
    """The header by which mail programs offer to stop such mails (RFC 2369, 3.2), where the operator can be reached:
    `contact` has an e-mail address or the address of a page among its words; empty for mails that nobody can stop."""
    for word in contact.split():
        if word.startswith("https://"):
            return {"List-Unsubscribe": f"<{word}>"}
        if "@" in word:
            return {"List-Unsubscribe": f"<mailto:{word}?subject=unsubscribe>"}
    return {}


def unsubscribing_by_one_click(url: str) -> dict[str, str]:
    """The headers by which mail programs unsubscribe in a click, by a POST to this address (RFC 8058, 3.1)."""
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
