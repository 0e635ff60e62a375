"""Sent messages: mails, text messages and pushes, seen where moto accepts them.

There and not in the client, because a call that failed on the way has sent nothing, and one whose reply was lost has
sent it, and sent it again with its retry.
"""

from __future__ import annotations

import base64
import html
import json
import re
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses, parseaddr
from typing import Any, Self
from unittest.mock import patch

from moto.ses.responses import EmailResponse
from moto.sesv2.responses import SESV2Response
from moto.sns.models import sns_backends
from moto.sns.responses import SNSResponse

from infra.local.functions import ACCOUNT, REGION

Sent = dict[str, Any]
# Six digits that are part of nothing longer: no colour, no path, no telephone number.
_CODE = re.compile(r"(?<![\w#/+.-])\d{6}(?![\w/-])")
_TAG = re.compile(r"<(style|script)\b.*?</\1>|<[^>]*>", re.DOTALL | re.IGNORECASE)


class Outbox:
    """Collects within; what it has, it keeps."""

    def __init__(self) -> None:
        self._sent: list[Sent] = []
        self._patches = ExitStack()

    def __enter__(self) -> Self:
        for owner, name, read in _DOORS:
            self._patches.enter_context(patch.object(owner, name, self._watched(getattr(owner, name), read)))
        return self

    def __exit__(self, *_: object) -> None:
        self._patches.close()

    def newest_first(self, to: str | None = None) -> list[Sent]:
        """Addresses are looked up in whatever case they are typed; the product writes to them in small letters."""
        wanted = None if to is None else to.lower()
        return [dict(sent) for sent in reversed(self._sent) if wanted is None or str(sent["to"]).lower() == wanted]

    def snapshot(self) -> list[Sent]:
        return list(self._sent)

    def restore(self, kept: list[Sent]) -> None:
        self._sent = list(kept)

    def _watched(self, accept: Callable[[Any], Any], read: Callable[[Any], Iterable[Sent]]) -> Callable[[Any], Any]:
        def accepted(response: Any) -> Any:
            if read is _unknown:
                raise NotImplementedError("mails from templates that SES keeps: nobody here could say what was sent")
            answer = accept(response)
            at = datetime.fromtimestamp(time.time(), UTC).isoformat().replace("+00:00", "Z")
            self._sent.extend(_finished(sent, at) for sent in read(response))
            return answer

        return accepted


def _finished(sent: Sent, at: str) -> Sent:
    code = _CODE.search(sent["text"])
    known = {"kind": sent["kind"], "to": sent["to"], "at": at, **({"code": code[0]} if code else {})}
    return known | {name: value for name, value in sent.items() if value is not None}


def _simple_v1(response: Any) -> Iterable[Sent]:
    texts = (response._get_param(f"Message.Body.{kind}.Data") for kind in ("Text", "Html"))
    return _mails(response._get_param("Destination", {}), response._get_param("Message.Subject.Data"), *texts)


def _raw_v1(response: Any) -> Iterable[Sent]:
    raw = response._get_param("RawMessage.Data")
    return _raw(raw if isinstance(raw, bytes) else raw.encode(), response._get_param("Destinations", []))


def _v2(response: Any) -> Iterable[Sent]:
    sent = json.loads(response.body)
    destination, content = sent.get("Destination", {}), sent["Content"]
    if "Raw" in content:
        return _raw(base64.b64decode(content["Raw"]["Data"]), _all_of(destination))
    simple = content["Simple"]
    texts = (simple["Body"].get(kind, {}).get("Data") for kind in ("Text", "Html"))
    return _mails(destination, simple["Subject"]["Data"], *texts)


def _mails(destination: Any, subject: str | None, text: str | None, marked_up: str | None) -> Iterable[Sent]:
    plain = text if text is not None else _without_tags(marked_up or "")
    for address in _all_of(destination):
        yield {"kind": "email", "to": address, "subject": subject, "text": plain, "html": marked_up}


def _raw(raw: bytes, addresses: list[str]) -> Iterable[Sent]:
    mail = message_from_bytes(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    named = [address for _, address in getaddresses([str(mail[name]) for name in ("To", "Cc", "Bcc") if mail[name]])]
    parts = (mail.get_body(preferencelist=(kind,)) for kind in ("plain", "html"))
    texts = (part.get_content() if part else None for part in parts)
    return _mails({"ToAddresses": addresses or named}, mail["Subject"] and str(mail["Subject"]), *texts)


def _all_of(destination: Any) -> list[str]:
    given = [address for name in ("To", "Cc", "Bcc") for address in destination.get(f"{name}Addresses") or []]
    return [parseaddr(address)[1] or address for address in given]


def _published(response: Any) -> Iterable[Sent]:
    message = response._get_param("Message")
    if phone := response._get_param("PhoneNumber"):
        yield {"kind": "sms", "to": phone, "text": message}
        return
    arn = response._get_param("TargetArn") or response._get_param("TopicArn")
    endpoint = sns_backends[ACCOUNT][REGION].platform_endpoints.get(arn)
    if endpoint is not None:  # a topic is not the outside world
        payload, text = _payload(
            message, response._get_param("MessageStructure") == "json", endpoint.application.platform
        )
        yield {
            "kind": "push",
            "to": endpoint.token,
            "subject": response._get_param("Subject"),
            "text": text,
            "data": payload,
        }


def _payload(message: str, structured: bool, platform: str) -> tuple[Any, str]:
    """What the platform gets, and the sentence in it that a person reads, if it can be found."""
    content = json.loads(message) if structured else {}
    own = content.get(platform, content.get("default", "")) if structured else message
    try:
        payload = json.loads(own)
    except (ValueError, TypeError):  # bare moto takes a platform's part that is no text, SNS does not
        return None, str(own)
    if isinstance(payload, dict) and isinstance(payload.get("fcmV1Message"), dict):
        # SNS's own wrapping, which FCM never sees.
        payload = payload["fcmV1Message"].get("message", payload)
    return payload, _sentence(payload) or str(content.get("default", ""))


def _sentence(payload: Any) -> str:
    """Where FCM (old and v1) and APNs keep it."""
    if not isinstance(payload, dict):
        return ""
    for name in ("notification", "alert"):
        value = payload.get(name)
        if isinstance(value, str):
            return value
        if isinstance(value, dict) and value.get("body"):
            return str(value["body"])
    inner = (payload.get(name) for name in ("fcmV1Message", "message", "android", "aps"))
    return next((text for one in inner if (text := _sentence(one))), "")


def _without_tags(marked_up: str) -> str:
    return html.unescape(_TAG.sub(" ", marked_up)).strip()


def _unknown(response: Any) -> Iterable[Sent]:
    """Of a template that SES keeps, and fills in."""
    return []


_DOORS: list[tuple[type, str, Callable[[Any], Iterable[Sent]]]] = [
    (EmailResponse, "send_email", _simple_v1),
    (EmailResponse, "send_raw_email", _raw_v1),
    (EmailResponse, "send_templated_email", _unknown),
    (EmailResponse, "send_bulk_templated_email", _unknown),
    (SESV2Response, "send_email", _v2),
    (SNSResponse, "publish", _published),
]
