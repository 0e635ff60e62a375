"""What is refused of what a payment provider tells."""

from __future__ import annotations

from chalicelib.errors import Malformed, NotFound


class SignatureWrong(Malformed):
    en = "The signature of this event is missing, wrong or too old."
    pl = "Podpisu tego zdarzenia brakuje albo jest on błędny lub zbyt stary."


class ProviderUnknown(NotFound):
    en = "This installation does not know this payment provider."
    pl = "Ta instalacja nie zna tego dostawcy płatności."
