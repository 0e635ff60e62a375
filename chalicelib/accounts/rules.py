"""What holds for addresses, ages, passwords and codes."""

from __future__ import annotations

import unicodedata
from datetime import date

from chalicelib.errors import Gone, Invalid, TooMany, Words

LEAST_AGE_YEARS = 16
LEAST_PASSWORD_CHARACTERS = 15
MOST_PASSWORD_CHARACTERS = 128
CODE_MINUTES = 10
CODE_TRIES = 5
FREE_GUESSES = 10
GUESSES_REMEMBERED_HOURS = 24
MOST_TERMINALS = 20
_LONGEST_WAIT_S = 3600


class TooYoung(Invalid):
    en = "Sowa is for people of 16 years and older. Nothing you entered was kept."
    pl = "Sowa jest dla osób, które ukończyły 16 lat. Niczego z podanych danych nie zachowaliśmy."


class PasswordTooEasy(Invalid):
    en = "Please choose a longer or less common password: 15 characters or more."
    pl = "Wybierz dłuższe lub mniej oczywiste hasło: co najmniej 15 znaków."


class AddressInvalid(Invalid):
    en = "This does not look like an e-mail address."
    pl = "To nie wygląda na adres e-mail."


class CodeWrong(Invalid):
    en = "This code is not right."
    pl = "Ten kod jest nieprawidłowy."


class CodeOver(Gone):
    en = "This code is over. Please ask for a new one."
    pl = "Ten kod jest już nieważny. Poproś o nowy."


class CodeTooSoon(TooMany):
    en = "A code was sent a moment ago. Please wait before asking for another."
    pl = "Kod został wysłany przed chwilą. Odczekaj, zanim poprosisz o następny."


def age_years(born: date, today: date) -> int:
    """Whole years; who is born on 29 February has the birthday on 1 March in other years."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def require_age(born: date, today: date) -> None:
    if born > today or age_years(born, today) > 130:
        raise Invalid(fields={"birth_date": Words("is not a date of birth", "nie jest datą urodzenia")})
    if age_years(born, today) < LEAST_AGE_YEARS:
        raise TooYoung(fields={"birth_date": Words("under 16", "poniżej 16 lat")})


def require_password(password: str, *known: str) -> None:
    """Long enough, not longer than is kept whole, not one character over and over, not the person's own name."""
    if not LEAST_PASSWORD_CHARACTERS <= len(password) <= MOST_PASSWORD_CHARACTERS:
        raise PasswordTooEasy(fields={"password": Words("needs 15 to 128 characters", "wymaga od 15 do 128 znaków")})
    folded = password.casefold()
    if len(set(folded)) < 5 or any(word and folded == word.casefold() for word in known):
        raise PasswordTooEasy(fields={"password": Words("is too easy to guess", "zbyt łatwo odgadnąć")})


def normal_password(password: str) -> str:
    """As it is hashed: in one Unicode form (NFC, as RFC 8265 has it), however the keyboard made its letters."""
    return unicodedata.normalize("NFC", password)


def wait_before_resend_s(sends: int) -> int:
    """After the first code half a minute, then twice as long each time, up to an hour."""
    return int(min(30 * 2 ** (sends - 1), _LONGEST_WAIT_S))


def wait_after_guess_s(wrong: int) -> int:
    """Ten guesses are free; each further one doubles the wait, up to an hour."""
    return 0 if wrong < FREE_GUESSES else int(min(30 * 2 ** (wrong - FREE_GUESSES), _LONGEST_WAIT_S))


def with_newest(terminals: list[str], terminal: str) -> list[str]:
    """The terminals that signed in before, in the order of their last time; of too many the oldest go."""
    return [*(other for other in terminals if other != terminal), terminal][-MOST_TERMINALS:]
