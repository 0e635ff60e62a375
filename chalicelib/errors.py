"""The families of refusal: every way in which the cloud says no."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple


class Words(NamedTuple):
    """A few words in each language a person may read them in."""

    en: str
    pl: str

    def read_in(self, language: str) -> str:
        return self.pl if language == "pl" else self.en


class Refusal(Exception):
    """A no that the person may read.

    The class name is the wire's `code`; `en` and `pl` are the messages; `details` go into the body beside them
    (`fields` for 422, `endpoint` for 421), `retry_after_seconds` becomes a header.
    """

    en: ClassVar[str] = "This is not possible."
    pl: ClassVar[str] = "To nie jest możliwe."

    def __init__(self, *, retry_after_seconds: int | None = None, **details: Any) -> None:
        super().__init__(type(self).__name__)
        self.retry_after_seconds = retry_after_seconds
        self.details = details

    def message(self, language: str) -> str:
        return self.pl if language == "pl" else self.en


class Malformed(Refusal):
    en = "The request could not be read."
    pl = "Nie udało się odczytać żądania."


class TooLarge(Refusal):
    en = "The request is too large."
    pl = "Żądanie jest zbyt duże."


class Invalid(Refusal):
    """422: well-formed, but something in it is wrong; `fields` names what, in Words."""

    en = "Something in the request is not right. Check the named fields."
    pl = "Coś w żądaniu jest nieprawidłowe. Sprawdź wskazane pola."


class NotSignedIn(Refusal):
    en = "Please sign in."
    pl = "Zaloguj się."


class Forbidden(Refusal):
    en = "You may not do this."
    pl = "Nie masz do tego prawa."


class StepUpRequired(Forbidden):
    en = "Please confirm that it is you with a code first."
    pl = "Najpierw potwierdź kodem, że to Ty."


class NotFound(Refusal):
    """404: not yours, absent and expired look the same."""

    en = "There is no such thing here."
    pl = "Nie ma tu niczego takiego."


class Conflict(Refusal):
    en = "This does not fit the present state."
    pl = "To nie pasuje do obecnego stanu."


class Gone(Refusal):
    en = "This is over."
    pl = "To już minęło."


class TooMany(Refusal):
    """429: say when to come back with `retry_after_seconds`."""

    en = "Too many tries. Please wait a little."
    pl = "Zbyt wiele prób. Odczekaj chwilę."


class Misdirected(Refusal):
    """421: another region serves this person; `endpoint` names it."""

    en = "Another region serves you."
    pl = "Obsługuje Cię inny region."


class Unavailable(Refusal):
    en = "The service is busy. Please try again in a moment."
    pl = "Usługa jest zajęta. Spróbuj ponownie za chwilę."


class KeyReused(Invalid):
    en = "This Idempotency-Key was already used with another request."
    pl = "Ten Idempotency-Key był już użyty z innym żądaniem."

    def __init__(self) -> None:
        used = Words("was used with another request", "użyto go z innym żądaniem")
        super().__init__(fields={"Idempotency-Key": used})


class KeyMissing(Malformed):
    en = "This request needs an Idempotency-Key header."
    pl = "To żądanie wymaga nagłówka Idempotency-Key."
