"""The sandbox provider's page: an order is paid there, or what else payers do; it works without JavaScript."""

from __future__ import annotations

from html import escape
from typing import Any
from urllib.parse import parse_qs, quote

from werkzeug.datastructures import Headers

from infra.local import checkout
from infra.local.gateway import HttpRequest, Response

LANGUAGES = {"en": "English", "pl": "Polski"}
_PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><meta name="color-scheme" content="light dark"><title>{title}</title>
<style>
:root {{ color-scheme: light dark; --line: #8885; --quiet: #6b7280; --good: #17663a }}
body {{ font: 17px/1.5 system-ui, sans-serif; max-width: 27rem; margin: 0 auto; padding: 1rem }}
header {{ display: flex; justify-content: space-between; align-items: baseline; gap: 1rem; flex-wrap: wrap }}
main {{ border: 1px solid var(--line); border-radius: 12px; padding: 1rem 1.2rem; margin-top: 1rem }}
h1 {{ font-size: 1.2rem; margin: 0 }} h2 {{ font-size: 1rem }}
.amount {{ font-size: 2.2rem; font-weight: 600; margin: .2rem 0; overflow-wrap: anywhere }}
.quiet {{ color: var(--quiet); font-size: .9rem }} ul {{ padding: 0; list-style: none }}
li {{ border-top: 1px solid var(--line); padding: .6rem 0 }}
button {{ font: inherit; width: 100%; min-height: 2.9rem; margin: .25rem 0; border: 1px solid var(--line);
border-radius: 8px; background: none; color: inherit; cursor: pointer }}
button.first {{ background: var(--good); border-color: var(--good); color: #fff; font-weight: 600 }}
code {{ overflow-wrap: anywhere }} :focus-visible {{ outline: 3px solid #2f6fdb; outline-offset: 2px }}
</style></head><body>
<header><h1>{title}</h1><nav lang="{other}"><a href="?language={other}">{other_name}</a></nav></header>
<main>{body}</main></body></html>
"""
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
WORDS: dict[str, dict[str, str]] = {
    "en": {
        "title": "Sandbox payments",
        "no_money": "This provider is a rehearsal: no money moves.",
        "nothing": "There is no such order here.",
        "to_pay": "To pay",
        "order": "Order",
        "plan": "Plan",
        "payments": "Payments",
        "paid": "Pay",
        "again": "Pay once more",
        "refused": "Have the bank refuse it",
        "expired": "Let it time out",
        "disputed": "Dispute it at the bank",
        "won": "The bank decides for the seller",
        "lost": "The bank takes the money back",
        "renews": "It renews by itself: the card is saved, and charged each time.",
        "save_card": "Save a card",
        "card_good": "Save a card that pays",
        "card_declined": "Save a card that is declined later",
        "card_confirmed": "Save a card whose bank wants you to confirm each payment",
        "card_saved": "It was told. You can close this page.",
        "with_declined": "Pay, with a card that is declined later",
        "state_open": "waits for its payment",
        "state_paid": "paid",
        "state_refused": "refused by the bank; it can be tried again",
        "state_expired": "timed out",
        "state_refund_due": "over; what was paid goes back",
        "state_refunded": "given back",
        "state_charged_back": "taken back by the bank",
        "payment_applied": "paid the order",
        "payment_refund_due": "goes back",
        "payment_refunding": "is on its way back",
        "payment_refunded": "went back",
        "payment_refund_failed": "could not go back",
        "payment_charged_back": "taken back by the bank",
        "dispute_opened": "disputed",
        "dispute_won": "the dispute was decided for the seller",
        "dispute_lost": "the dispute was lost",
    },
    "pl": {
        "title": "Płatności próbne",
        "no_money": "Ten dostawca służy do prób: żadne pieniądze nie są przekazywane.",
        "nothing": "Nie ma tu takiego zamówienia.",
        "to_pay": "Do zapłaty",
        "order": "Zamówienie",
        "plan": "Plan",
        "payments": "Płatności",
        "paid": "Zapłać",
        "again": "Zapłać jeszcze raz",
        "refused": "Niech bank odmówi",
        "expired": "Pozwól, by minął czas",
        "disputed": "Zakwestionuj w banku",
        "won": "Bank rozstrzyga na korzyść sprzedawcy",
        "lost": "Bank cofa płatność",
        "renews": "Odnawia się samo: karta zostanie zapisana i za każdym razem obciążona.",
        "save_card": "Zapisz kartę",
        "card_good": "Zapisz kartę, która płaci",
        "card_declined": "Zapisz kartę, której bank później odmówi",
        "card_confirmed": "Zapisz kartę, której bank chce potwierdzenia każdej płatności",
        "card_saved": "Przekazano. Możesz zamknąć tę stronę.",
        "with_declined": "Zapłać kartą, której bank później odmówi",
        "state_open": "czeka na płatność",
        "state_paid": "opłacone",
        "state_refused": "bank odmówił; można spróbować jeszcze raz",
        "state_expired": "czas na płatność minął",
        "state_refund_due": "nieaktualne; to, co zapłacono, wraca",
        "state_refunded": "zwrócone",
        "state_charged_back": "płatność cofnięta przez bank",
        "payment_applied": "opłaciła zamówienie",
        "payment_refund_due": "wraca",
        "payment_refunding": "jest w drodze z powrotem",
        "payment_refunded": "została zwrócona",
        "payment_refund_failed": "nie udało się jej zwrócić",
        "payment_charged_back": "cofnięta przez bank",
        "dispute_opened": "sporna",
        "dispute_won": "spór rozstrzygnięto na korzyść sprzedawcy",
        "dispute_lost": "spór przegrany",
    },
}  # fmt: skip


def show(request: HttpRequest, order_id: str) -> Response:
    """The order, and what its payer may do now."""
    language = _language(request)
    order = checkout.described(order_id)
    body = f"<p>{WORDS[language]['nothing']}</p>" if order is None else _order(order, WORDS[language])
    (other,) = LANGUAGES.keys() - {language}
    title = WORDS[language]["title"]
    page = _PAGE.format(language=language, title=title, other=other, other_name=LANGUAGES[other], body=body)
    return Response(404 if order is None else 200, _headers(), page.encode())


def show_cards(request: HttpRequest) -> Response:
    """Where a card is saved without a payment."""
    language = _language(request)
    words = WORDS[language]
    is_saved = "saved" in parse_qs(request.query)
    currency = parse_qs(request.query).get("currency", ["EUR"])[-1]
    buttons = "".join(
        _button("saved", words[f"card_{one}"], words, card=one, currency=currency) for one in checkout.CARDS
    )
    said = f"<p>{words['card_saved']}</p>" if is_saved else buttons
    body = f'<h2>{words["save_card"]}</h2>{said}<p class="quiet">{words["no_money"]}</p>'
    (other,) = LANGUAGES.keys() - {language}
    page = _PAGE.format(
        language=language, title=words["title"], other=other, other_name=LANGUAGES[other], body=body
    )  # fmt: skip
    return Response(200, _headers(), page.encode())


def back_to_cards(device_id: str, language: str | None) -> Response:
    headers = _headers()
    query = f"&language={language}" if language in LANGUAGES else ""
    headers["Location"] = f"/_local/cards/{quote(device_id, safe='')}?saved=1{query}"
    return Response(303, headers, b"")


def is_form(request: HttpRequest) -> bool:
    kind = next((value for name, value in request.headers if name.lower() == "content-type"), "")
    return kind.startswith("application/x-www-form-urlencoded")


def form_of(request: HttpRequest) -> dict[str, str]:
    """What a button of the page says."""
    return {name: values[-1] for name, values in parse_qs((request.body or b"").decode("utf-8", "replace")).items()}


def back_to(order_id: str, language: str | None) -> Response:
    """Look at the order again: a page that is loaded once more does nothing once more."""
    headers = _headers()
    query = f"?language={language}" if language in LANGUAGES else ""
    headers["Location"] = f"/_local/payments/{quote(order_id, safe='')}{query}"
    return Response(303, headers, b"")


def _order(order: dict[str, Any], words: dict[str, str]) -> str:
    payments, state = order["payments"], words[f"state_{order['state']}"]
    lines = [
        f'<p class="quiet">{words["to_pay"]}</p><p class="amount">{_money(order["amount"])}</p>',
        f'<p>{words["plan"]}: <strong>{escape(order["plan_id"])}</strong><br>{state}</p>',
        f'<p class="quiet">{words["renews"]}</p>' if order["renew"] else "",
        _buttons(order, words),
    ]
    if payments:
        lines.append(f"<h2>{words['payments']}</h2><ul>{''.join(_payment(one, words) for one in payments)}</ul>")
    lines.append(f'<p class="quiet">{words["order"]} <code>{escape(order["order_id"])}</code></p>')
    lines.append(f'<p class="quiet">{words["no_money"]}</p>')
    return "".join(lines)


def _buttons(order: dict[str, Any], words: dict[str, str]) -> str:
    if order["state"] in ("open", "refused"):
        later = _button("paid", words["with_declined"], words, card="declined") if order["renew"] else ""
        return "".join(_button(one, words[one], words) for one in checkout.OUTCOMES) + later
    return _button("paid", words["again"], words, reference=f"sandbox-again-{len(order['payments'])}")


def _payment(payment: dict[str, Any], words: dict[str, str]) -> str:
    said = words[f"payment_{payment['state']}"]
    if payment["dispute"] is not None:
        said += ", " + words[f"dispute_{payment['dispute']}"]
    may = {None: ("disputed",), "opened": ("won", "lost")}.get(payment["dispute"], ())
    buttons = "".join(_button(one, words[one], words, reference=payment["reference"]) for one in may)
    return f"<li><strong>{_money(payment['amount'])}</strong> {said}{buttons}</li>"


def _button(outcome: str, said: str, words: dict[str, str], **more: str) -> str:
    language = next(one for one, known in WORDS.items() if known is words)
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(value)}">'
        for name, value in {"outcome": outcome, "language": language, **more}.items()
    )
    kind = ' class="first"' if outcome == "paid" and not more else ""
    return f'<form method="post">{hidden}<button{kind}>{said}</button></form>'


def _money(money: dict[str, Any]) -> str:
    return f"{money['amount'] / 100:.2f}&nbsp;{escape(money['currency'])}"


def _language(request: HttpRequest) -> str:
    """As a link says, or else the browser."""
    wanted = parse_qs(request.query).get("language", [""])[-1]
    if wanted in LANGUAGES:
        return wanted
    spoken = next((value for name, value in request.headers if name.lower() == "accept-language"), "")
    return "pl" if spoken.lower().startswith("pl") else "en"


def _headers() -> Headers:
    return Headers(
        {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Security-Policy": _POLICY,
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }
    )
