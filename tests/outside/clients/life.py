"""A household's life by a client that openapi-python-client made: `life.py URL SN CODE SECRET PICTURE`, in that
client's environment; the last line that it prints is what it saw."""

from __future__ import annotations

import datetime
import json
import sys
from pathlib import Path
from typing import Any

import httpx
from sowa_client import AuthenticatedClient, Client, models
from sowa_client.api.accounts import confirm, get_me, register
from sowa_client.api.alarms import get_alarm, get_ticket, list_alarms, mark_read
from sowa_client.api.devices import activate, bind, change_device, list_devices
from sowa_client.api.orders import get_order, place_order
from sowa_client.api.plans import get_device_plan, list_plans
from sowa_client.api.privacy import close_account, get_erasure
from sowa_client.api.sessions import ask_for_step_up, refresh, step_up
from sowa_client.api.sharing import share_device

KEY = "0123456789abcdef0123456789abcde"


def main(url: str, sn: str, code: str, secret: str, picture: Path) -> None:
    local = httpx.Client(base_url=url, timeout=60)

    def newest_code() -> str:
        sent = local.get("/_local/outbox", params={"to": "ada@example.com"}).json()
        return str(next(one["code"] for one in sent if one.get("code")))

    anyone: Any = Client(base_url=url, timeout=httpx.Timeout(60))
    (version,) = {item["version"] for item in local.get("/policy/versions").json()["items"][:1]}
    registered = register.sync(
        client=anyone,
        body=models.Register(
            email="ada@example.com", password="a horse that eats ink", country="PL", nickname="Ada",
            birth_date=datetime.date(1990, 5, 17), policy_version=version, language=models.RegisterLanguage.EN,
        ),
    )  # fmt: skip
    terminal = models.Terminal(os="Android 16", model="Pixel 9", unique_id="t1")
    tokens = confirm.sync(
        client=anyone,
        body=models.Confirm(registration_id=registered.registration_id, code=newest_code(), terminal=terminal),
    )
    tokens = refresh.sync(client=anyone, body=models.Refresh(refresh_token=tokens.refresh_token))
    ada: Any = AuthenticatedClient(base_url=url, token=tokens.access_token, timeout=httpx.Timeout(60))
    assert get_me.sync(client=ada).nickname == "Ada"

    activated = activate.sync(
        client=anyone,
        body=models.Activate(
            sn=sn, secret=secret, mac="02:00:5e:10:00:01", model="Sowa One", firmware="1.0.0",
            channels=[models.Channel(id="1", name="Door")],
        ),
    )  # fmt: skip
    wanted = models.Bind(sn=sn, code=code, name="Garden", time_zone="Europe/Warsaw", dst=True)
    device = bind.sync(client=ada, idempotency_key=KEY + "1", body=wanted)
    again = bind.sync_detailed(client=ada, idempotency_key=KEY + "2", body=wanted)
    changed = change_device.sync(client=ada, device_id=device.device_id, body=models.ChangeDevice(name="Yard"))
    assert (again.status_code, changed.name) == (409, "Yard")

    camera: Any = AuthenticatedClient(base_url=url, token=activated.camera_token, timeout=httpx.Timeout(60))
    ticket = get_ticket.sync(client=camera, body=models.AskTicket(kind=models.AskTicketKind.ALARM))
    name = f"{ticket.key_prefix}1/{ticket.now:%Y%m%dT%H%M%SZ}-motion-1.jpg"
    form, file = {**ticket.fields.to_dict(), "key": name}, ("1.jpg", picture.read_bytes())
    sent = httpx.post(ticket.url, data=form, files={"file": file}, timeout=60)
    assert sent.status_code == 204, sent.text
    local.get("/_local/outbox")  # which lets what was begun come to its end
    (alarm,) = list_alarms.sync(client=ada, device_id=device.device_id, limit=5).items
    shown = get_alarm.sync(client=ada, device_id=device.device_id, alarm_id=alarm.alarm_id)
    assert httpx.get(shown.picture_url, timeout=60).status_code == 200
    assert mark_read.sync(client=ada, device_id=device.device_id, alarm_id=alarm.alarm_id).read

    plan = next(one for one in list_plans.sync(client=anyone).items if one.kind == models.PlanKind.EVENT)
    order = place_order.sync(
        client=ada,
        idempotency_key=KEY + "3",
        body=models.PlaceOrder(
            plan_id=plan.plan_id, device_id=device.device_id, payment_method=models.PlaceOrderPaymentMethod("sandbox")
        ),
    )
    local.post(f"/_local/payments/{order.order_id}", json={"outcome": "paid"})
    assert get_order.sync(client=ada, order_id=order.order_id).state == "paid"
    assert get_device_plan.sync(client=ada, device_id=device.device_id).state == "active"
    share_device.sync(
        client=ada,
        device_id=device.device_id,
        body=models.ShareDevice(email="guest@example.com", rights=[models.ShareDeviceRightsItem.ALARMS]),
    )

    ask_for_step_up.sync_detailed(client=ada)
    step_up.sync_detailed(client=ada, body=models.StepUp(code=newest_code()))
    closing = close_account.sync(client=ada)
    local.post("/_local/clock", json={"advance_seconds": 3600})  # in which the erasure is carried out
    erasure = get_erasure.sync(client=anyone, erasure_id=closing.erasure_id)
    refused = list_devices.sync_detailed(client=ada)
    print(json.dumps({
        "alarm": alarm.type_, "at": alarm.at.isoformat(), "erasure": erasure.state, "receipt": bool(erasure.receipt),
        "afterwards": [refused.status_code, refused.parsed.code],
    }))  # fmt: skip


if __name__ == "__main__":
    address, serial, printed, factory_secret, file = sys.argv[1:]
    main(address, serial, printed, factory_secret, Path(file))
