"""Normal forms of what people type and scanners read, whatever keyboard, label or page it came from."""

from __future__ import annotations

# Of Unicode's dashes those that keyboards and word processors put for a hyphen, the minus sign, and the wide ones of
# East Asia; of its blanks all; and what cannot be seen: soft hyphens, marks of direction (which phones put round a
# copied number), joiners, a byte order mark.
_DASHES = (*range(0x2010, 0x2016), 0x2212, 0xFE58, 0xFE63, 0xFF0D)
_BLANKS = (0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000)
_UNSEEN = (0xAD, 0x61C, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF)
_TIDY = dict.fromkeys(_DASHES, "-") | dict.fromkeys(_BLANKS, " ") | dict.fromkeys(_UNSEEN, "")


def tidied(text: str) -> str:
    """Without blanks at its ends, and with the dashes and blanks of a keyboard."""
    return (text if text.isascii() else text.translate(_TIDY)).strip()


def joined(text: str) -> str:
    """The same without any blanks and dashes in between."""
    return "".join(tidied(text).replace("-", " ").split())


# The fields that there is a route for: each is brought into its form here, for all of them.


def country_code(code: str) -> str:
    """Of ISO 3166-1, in capitals."""
    return tidied(code).upper()


def language(tag: str) -> str:
    """`pl` of `pl-PL`, as a browser or a phone says it."""
    return tidied(tag).replace("_", "-").partition("-")[0].lower()


def phone_number(number: str) -> str:
    """With a plus where people dial two zeros; what else is between the digits is known to who parses it."""
    tidy = tidied(number)
    return f"+{tidy[2:]}" if tidy.startswith("00") else tidy


def serial_number(sn: str) -> str:
    return tidied(sn).upper()


def mac_address(mac: str) -> str:
    """Its digits, whatever is between them."""
    return joined(mac).replace(":", "").replace(".", "").upper()


def one_time_code(code: str) -> str:
    """As apps and mails show it in two halves, or as it was copied with a blank."""
    return joined(code)


def printed_code(code: str) -> str:
    """As printed, whatever way it was typed: case, blanks and dashes do not count."""
    return joined(code).upper()


def gift_card_code(code: str) -> str:
    """As it was issued: case, blanks and hyphens do not count."""
    return joined(code).upper()


def recovery_code(code: str) -> str:
    """As it was made, of what was written down and typed again."""
    return joined(code).lower()
