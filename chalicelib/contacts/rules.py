"""What holds for addresses, and for codes and messages to them."""

from __future__ import annotations

from chalicelib.errors import Invalid, TooMany

CODE_TRIES = 5
_LONGEST_WAIT_S = 3600


class AddressInvalid(Invalid):
    en = "This does not look like an e-mail address."
    pl = "To nie wygląda na adres e-mail."


class PhoneInvalid(Invalid):
    en = "This does not look like a phone number with its country code."
    pl = "To nie wygląda na numer telefonu z numerem kierunkowym kraju."


class PhoneNotTexted(Invalid):
    en = "We send text messages to mobile numbers of certain countries only. Please use an e-mail address."
    pl = "SMS-y wysyłamy tylko na numery komórkowe z niektórych krajów. Podaj adres e-mail."


class TooManyMessages(TooMany):
    """Lately to this address, or from this network."""

    en = "Too many messages were asked for, to this address or from your network. Please try again within the hour."
    pl = "Poproszono o zbyt wiele wiadomości na ten adres lub z Twojej sieci. Spróbuj ponownie w ciągu godziny."


class MessagesUsedUp(TooMany):
    """By this installation, or to a country's numbers; an alarm rings."""

    en = "We cannot send any more messages today. Please try again tomorrow."
    pl = "Dziś nie możemy wysłać więcej wiadomości. Spróbuj ponownie jutro."


# What every route that writes to an address that somebody named may say.
MESSAGE_REFUSALS = (AddressInvalid, PhoneInvalid, PhoneNotTexted, TooManyMessages, MessagesUsedUp)


def wait_before_resend_s(sends: int) -> int:
    """After the first code half a minute, then twice as long each time, up to an hour."""
    return int(min(30 * 2 ** (sends - 1), _LONGEST_WAIT_S))
