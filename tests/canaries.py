"""The richest life there can be today, with a canary in everything that is personal, and the search for them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from werkzeug.wrappers import Response as WebResponse

from chalicelib.register import catalogue
from chalicelib.store.ciphers import SubjectCipher
from chalicelib.store.crypto import Unreadable
from infra.demo.search import Hit, Needle, search
from infra.local import dump
from infra.local.cloud import LocalCloud
from tests.campaigns.entrants import enter, opened
from tests.factors import App, Key
from tests.gift_cards.cards import new_code
from tests.identities.people import maja
from tests.identities.platforms import google_token, platforms
from tests.newsletter.subscribers import subscribed
from tests.policy.publishing import publish
from tests.push.refusing import as_if_sns_had_answered_nobody
from tests.scene import Caller, Camera, Person, box, elsewhere, jpeg, pay, wire_time
from tests.support.conversations import attach, send, thread
from tests.worlds.invariants import Stored
from tests.worlds.invariants.stored import personal
from tests.worlds.scenarios import clips

Place = tuple[str, str]
# Kinds that live for minutes or days: what was planted there is gone before the life is full.
PASSING = (
    "AddressChange", "ClosureNotice", "OutboxMessage", "OfferedPicture", "PendingTotp", "Registration", "Report",
    "Subscription", "Transfer", "UnnamedEndpoint",
)  # fmt: skip

# Kinds in the account's own partition that stay.
OF_THE_ACCOUNT = (
    "Account", "Activity", "ConsentChange", "Endpoint", "Entry", "ExercisedRight", "ExperienceEvents",
    "FeedbackMessage", "Order", "Passkey", "PolicyAgreement", "Session", "Totp",
)  # fmt: skip

# What cannot hold a canary, and why.
EXEMPT: dict[Place, str] = {
    **{
        (kind, "country"): "two letters, found in anything"
        for kind in ("Account", "Device", "InvoiceBuyer", "Registration", "Relocation", "Report")
    },
    **{
        (kind, "language"): "two letters, found in anything"
        for kind in ("Account", "ClosureNotice", "OutboxMessage", "Registration", "Subscription")
    },
    ("Account", "is_password_short"): "yes, or not there",
    **{("Notice", name): "words of ours, which many are told alike" for name in ("title", "text")},
    ("Account", "region"): "one of seven words, found in anything",
    ("LinkedPlatform", "platform"): "one of three words, found in anything",
    ("OfferedPicture", "platform"): "one of three words, found in anything",
    ("Account", "came_from"): "the address of an installation, found in many accounts",
    ("Relocation", "endpoint"): "the address of an installation, found in many accounts",
    ("Device", "dst"): "yes or no",
    ("Device", "battery_percent"): "a number up to a hundred",
    **{
        (kind, name): "random id of another person, or a hash of the address that was invited"
        for kind in ("Activity", "DeviceActivity")
        for name in ("who_id", "about_id", "address_hash")
    },
    ("ConsentChange", "given"): "yes or no",
    ("ConsentChange", "language"): "two letters, found in anything",
    ("ConsentChange", "way"): "one of a few words",
    **{("ConsentChange", name): "of a text that everybody is shown" for name in ("text_version", "text_sha256")},
    **{("PolicyAgreement", name): "of a text that everybody is shown" for name in ("language", "text_sha256")},
    ("ExercisedRight", "ground"): "one of a few words",
    ("HeldRecord", "content"): "a copy by law outlives what is looked for: tests/privacy/test_holding.py",
    ("Hold", "position"): "random ids",
    ("Hold", "subject"): "a random id",
    ("Device", "model"): "as the factory made it; lies in stock in the clear, before anybody had the camera",
}


def of_the_catalogue() -> set[Place]:
    return {(kind.__name__, name) for kind in catalogue.RECORDS for name in personal(kind)}


def canary(whose: str, what: str) -> str:
    """A word that is nowhere else."""
    return f"{what}{hashlib.sha256(f'{whose}/{what}'.encode()).hexdigest()[:14]}"


def _digits(whose: str, what: str, count: int) -> str:
    return str(int(hashlib.sha256(f"{whose}/{what}".encode()).hexdigest(), 16))[:count]


def _nip(digits: str) -> str:
    """The Polish tax number that begins so, with its check digit."""
    check = sum(weight * int(digit) for weight, digit in zip((6, 5, 7, 2, 3, 4, 5, 6, 7), digits, strict=True)) % 11
    return f"{digits}{check}" if check < 10 else _nip(f"{(int(digits) + 1) % 10**9:09d}")


def _footage_number(whose: str) -> int:
    return int(_digits(whose, "clip", 6)) % 900


def _footage_of(whose: str) -> bytes:
    """Real video, of which most is like anybody else's."""
    return clips.footage(_footage_number(whose))[1]


@dataclass
class Life:
    """Somebody, what he has, and every canary in it."""

    world: LocalCloud
    whose: str
    time_zone: str
    person: Person = field(init=False)
    camera: Camera = field(init=False)
    app: App = field(init=False)
    planted: dict[Place, Any] = field(default_factory=dict)
    needles: list[Needle] = field(default_factory=list)
    ticket: dict[str, Any] = field(default_factory=dict)
    recording_ticket: dict[str, Any] = field(default_factory=dict)
    films: dict[str, bytes] = field(default_factory=dict)
    playlist_path: str = ""
    buyer_id: str = ""

    def __post_init__(self) -> None:
        terminal = {name: self.word(name) for name in ("os", "model", "unique_id")}
        place = {"latitude": self.number("52.", "lat"), "longitude": self.number("21.", "lon")}
        email = f"{self.word('mail')}@example.com"
        self.person = Person(self.world, email, nickname=self.word("Nick"), terminal={**terminal, "gps": place})
        self.camera = Camera(self.world, sn=self.word("SN").upper(), code=self.word("code"), secret=self.word("secret"))

    def word(self, what: str) -> str:
        word = canary(self.whose, what)
        self._look_for(what, word)
        return word

    def number(self, start: str, what: str) -> float:
        text = start + "1" + _digits(self.whose, what, 9).rstrip("0") + "7"
        self._look_for(what, text)
        return float(text)

    def _look_for(self, what: str, value: str | bytes) -> None:
        if what not in ("code", "secret"):  # the factory's, and only as hashes
            self.needles.append(Needle(f"{what} of {self.whose}", value))

    # How it goes

    def live(self) -> None:
        self._order_the_newsletter()
        self._begin_by_phone()
        self._come_from_a_platform()
        self._register()
        self._leave_and_come_back()
        self._be_reached_by_phone()
        self._set_up_second_factors()
        self._show_face()
        self._link_a_platform()
        self._get_a_camera()
        self._share()
        self._be_told()
        self._be_given_notice()
        self._agree()
        self._see()
        self._buy()
        self._record()
        self._restrict()
        self._keep_all_planted()

    def _register(self) -> None:
        registration_id = self.person.register(password=self.word("password"), country="PL", language="pl")
        self._keep("Registration", registration_id)
        code = self.person.newest_code()
        body = {"registration_id": registration_id, "code": code, "terminal": self.person.terminal}
        key = {"Idempotency-Key": self.word("confirmation")}
        answer = self.person._keep(self.world.call("POST", "/accounts/confirm", body, headers=key))
        assert answer.status == 201, answer.body
        for name in ("access_token", "refresh_token"):
            self._look_for(name, answer.json[name].rpartition(".")[2])
        assert self.person.take_pushes(self.word("pushtoken")).status == 204
        self._sign_in_elsewhere()

    def _leave_and_come_back(self) -> None:
        """Nobody has been sent the last letter yet when it is looked at, and SNS has forgotten no terminal."""
        as_if_sns_had_answered_nobody(self.person)
        self.person.step_up()
        answer = self.person.close()
        self._look_for("erasure", answer.json["erasure_id"])
        stored = Stored(dump.dump())
        (notice_id,) = stored.first_ids("ClosureNotice")
        self._keep("ClosureNotice", notice_id, stored)
        (left_id,) = stored.first_ids("UnnamedEndpoint")
        self._keep("UnnamedEndpoint", left_id, stored)
        self.world.settle()
        self._register()

    def _sign_in_elsewhere(self) -> None:
        """Nobody has been told of it yet when it is looked at, and the session is over before anybody is."""
        other = elsewhere(self.person, password=canary(self.whose, "password"))
        self._keep("OutboxMessage", self.person.account_id, Stored(dump.dump()))
        assert other.call("DELETE", "/sessions/current").status == 204

    def _order_the_newsletter(self) -> None:
        """Without an account, and then with one that has the address."""
        email = self.person.email
        subscribed(self.world, email)
        stored = Stored(self.world.dump())
        ((_, subscription_id),) = stored.of("Subscriber")
        self._keep("Subscription", subscription_id, stored)

    def _begin_by_phone(self) -> None:
        """And think better of it."""
        self._look_for("phone", self._number)
        self._keep("Registration", Caller(self.world, self._number, nickname=self.person.nickname).register())

    def _come_from_a_platform(self) -> None:
        """And leave. Nobody has fetched the picture yet when it is looked at, and then it is not there."""
        url = platforms().picture(lambda: WebResponse(status=404), self.word("offeredpicture"))
        came = canary(self.whose, "came")
        newcomer = maja(self.world, came, f"{came}@example.com", picture=url)
        self._keep("OfferedPicture", newcomer.account_id, Stored(dump.dump()))
        self.world.settle()
        newcomer.step_up()
        assert newcomer.close().status == 202

    @property
    def _number(self) -> str:
        return f"+4860{_digits(self.whose, 'phone', 7)}"

    def _be_reached_by_phone(self) -> None:
        number = self._number
        self.person.step_up()
        change_id = self.person.change_address(phone=number)
        self._keep("AddressChange", self.person.account_id)
        body = {"change_id": change_id, "code": Caller(self.world, number).newest_code()}
        assert self.person.call("POST", "/me/address/confirm", body).status == 200

    def _link_a_platform(self) -> None:
        """Nothing of what it says is kept."""
        id_token = google_token(
            self.world, self.word("subject"), f"{self.word('mailthere')}@example.com", name=self.word("namethere"),
            picture=f"https://pictures.test/{self.word('picturethere')}.jpg",
        )  # fmt: skip
        self._look_for("id token", id_token.rpartition(".")[2])
        self.person.step_up()
        body = {"provider": "google", "id_token": id_token}
        answer = self.person.call("POST", "/me/identities", body, headers={"Idempotency-Key": self.word("linking")})
        assert answer.status == 201, answer.body

    def _set_up_second_factors(self) -> None:
        self.person.step_up()
        self.app = App.added(self.person)
        self._look_for("secret of an app", self.app.secret)
        self._look_for("secret of another app", App.begun(self.person).secret)
        self._keep("PendingTotp", self.person.account_id)
        made = Key().made_for(self.person)
        self._look_for("passkey", made["rawId"])
        body = {"name": self.word("passkey name"), "credential": made}
        assert self.person.call("POST", "/me/second-factors/passkeys/confirm", body).status == 201

    def _get_a_camera(self) -> None:
        self.camera.load()
        mac = ":".join(f"02{_digits(self.whose, 'mac', 10)}"[at : at + 2] for at in range(0, 12, 2))
        ip = f"fd00:{_digits(self.whose, 'ip', 4)}:{_digits(self.whose, 'lan', 4)}::77"
        self._look_for("mac", mac)
        self._look_for("ip", ip)
        told = self.camera.activation(
            mac=mac, firmware=self.word("fw"), channels=[{"id": "1", "name": self.word("channel")}],
            lan={"ip": ip, "port": 8554},
        )  # fmt: skip
        answer = self.world.call("POST", "/cameras/activation", told)
        assert answer.status == 200, answer.body
        self.camera.token = answer.json["camera_token"]
        stored = Stored(self.world.dump())
        self._keep("Report", next(iter(where for where, _ in stored.of("Report"))))
        self._bind()

    def _bind(self) -> None:
        body = {
            "sn": self.camera.sn, "code": self.camera.code, "name": self.word("name"), "time_zone": self.time_zone,
            "dst": True, "wifi": {"ssid": self.word("ssid"), "signal_dbm": -51}, "password": self.word("devicepass"),
        }  # fmt: skip
        self._look_for("time zone", self.time_zone)
        answer = self.person.call("POST", "/devices", body, headers={"Idempotency-Key": self.word("binding")})
        assert answer.status == 201, answer.body
        self.camera.device_id = answer.json["device_id"]
        self._set()
        self._cover()

    def _cover(self) -> None:
        picture = jpeg(int(_digits(self.whose, "cover", 6)), (320, 240))
        self.person.cover(self.camera.device_id, picture)
        shown = self.person.cover_of(self.camera.device_id)
        assert shown is not None
        self.needles += [Needle(f"upload of the cover of {self.whose}", picture[700:748])]
        self.needles += [Needle(f"cover of {self.whose}", shown[700:748])]
        self._offer()

    def _offer(self) -> None:
        """And nobody takes it."""
        body = {"email": f"{self.word('heir')}@example.com"}
        assert self.person.call("POST", f"/devices/{self.camera.device_id}/transfer", body).status == 202
        self._keep("Transfer", self.camera.device_id)

    def _set(self) -> None:
        wanted, told = ({"channels": [{"id": "1", "name": self.word(name)}]} for name in ("gate", "toldgate"))
        assert self.person.change_settings(self.camera.device_id, 0, **wanted).status == 200
        stream = {"channel": "1", "codec": "h264", "width": 1920, "height": 1080}
        stream["dropped_frames"] = int(self.number("", "dropped frames"))
        said = {"settings": {"version": 1, "settings": told}, "battery_percent": 80, "streams": [stream]}
        assert self.camera.report(**said).status == 200

    def _share(self) -> None:
        email = f"{self.word('guest')}@example.com"
        assert self.person.share(self.camera.device_id, email=email).status == 201
        self.world.settle()

    def _agree_to_policy(self) -> None:
        """To one that was published, whichever life did it first."""
        if "gate" not in str(self.world.call("GET", "/policy/versions").json):
            publish(self.world)
        assert self.person.call("POST", "/policy/versions/gate/accept").status == 200

    def _write_to_operator(self) -> None:
        """With a picture, and be answered."""
        sent = send(self.person, self.word("feedback"), attachments=1)
        picture = jpeg(int(_digits(self.whose, "attachment", 6)), (320, 240))
        self.needles.append(Needle(f"upload of the attachment of {self.whose}", picture[700:748]))
        assert attach(self.person, sent["tickets"][0], picture) == 204
        self.world.settle()
        (message,) = thread(self.person, sent["feedback_id"])["items"]
        shown = self.world.fetch(message["pictures"][0]).body
        self.needles.append(Needle(f"redrawn attachment of {self.whose}", shown[700:748]))
        order = {"reference": self.person.account_id + sent["feedback_id"], "text": self.word("said to feedback")}
        assert self.world.invoke("answer_feedback", order)["feedback"]["state"] == "answered"
        self.world.settle()

    def _agree(self) -> None:
        """And be watched in the app."""
        self._agree_to_policy()
        self._write_to_operator()
        assert self.person.agree("experience").status == 200
        self._enter_a_campaign()
        tapped = {"name": "tapped", "at": wire_time(self.world.now())}
        events = [tapped | {"screen": self.word("screen"), "value": self.word("tapped")}]
        assert self.person.send_events(*events).status == 202

    def _enter_a_campaign(self) -> None:
        asked = {"question_id": "wish", "text": "What do you wish?"}
        opened(self.world, f"campaign-of-{self.whose}", questions=[asked])
        contact = {"name": self.word("entrant"), "place": self.word("entrantplace")}
        assert self.person.agree("marketing_events").status == 200
        answers = {"wish": self.word("wish")}
        answer = enter(self.person, f"campaign-of-{self.whose}", contact=contact, answers=answers)
        assert answer.status == 201, answer.body

    def _restrict(self) -> None:
        """And think better of it: who has restricted is shown no live view."""
        body = {"reason": "accuracy", "note": self.word("note")}
        assert self.person.call("PUT", "/privacy/restriction", body).status == 200
        assert self.person.call("DELETE", "/privacy/restriction").status == 204
        self._object()

    def _object(self) -> None:
        """And be answered."""
        body = {"reason": self.word("objection")}
        assert self.person.call("PUT", "/privacy/objections/AUDIT", body).status == 200
        waiting = self.world.invoke("show_objections", {})["items"]
        request_id = next(one["request_id"] for one in waiting if one["reason"] == body["reason"])
        event = {"request_id": request_id, "granted": False, "grounds": self.word("answer")}
        assert self.world.invoke("answer_objection", event)["state"] == "refused"
        self.world.settle()

    def _show_face(self) -> None:
        picture = jpeg(int(_digits(self.whose, "face", 6)), (320, 240))
        self.person.show_face(picture)
        shown = self.person.avatar()
        assert shown is not None
        # Neither as it was uploaded nor as it was redrawn.
        self.needles += [Needle(f"face of {self.whose}", picture[700:748])]
        self.needles += [Needle(f"avatar of {self.whose}", shown[700:748])]

    def _be_told(self) -> None:
        """One command is answered, and one waits."""
        channel = self.camera.connect()
        self.world.settle()
        assert self.person.command(self.camera.device_id).status == 202
        self.world.settle()
        assert channel.say({"id": channel.messages[0]["id"], "ok": True}) == 200
        self._be_watched()
        channel.close()
        assert self.person.command(self.camera.device_id, "snapshot").status == 202
        self.world.settle()

    def _be_given_notice(self) -> None:
        """Alone and with everybody, and read both."""
        for to in ("all", [self.person.account_id]):
            order = {"title": f"We move, {self.whose}", "text": "On Sunday.", "to": to}
            notice_id = self.world.invoke("announce", order)["notice_id"]
            self.world.settle()
            assert self.person.call("POST", f"/notices/{notice_id}/read").status == 200

    def _be_watched(self) -> None:
        self.person.watch(self.camera.device_id)
        self.world.settle()
        piece = jpeg(int(_digits(self.whose, "video", 6)), (320, 240))
        self.needles.append(Needle(f"live video of {self.whose}", piece[700:748]))
        self.camera.stream(init="a")
        self.camera.stream(piece)

    def _see(self) -> None:
        for number in (1, 2):
            picture = jpeg(int(_digits(self.whose, f"picture {number}", 6)))
            self.needles.append(Needle(f"picture {number} of {self.whose}", picture[700:748]))
            self.camera.see(number, data=picture)
        self.ticket = self.camera.ask_ticket().json
        alarms = self.person.alarms(self.camera.device_id)
        path = f"/devices/{self.camera.device_id}/alarms/{alarms[0]['alarm_id']}"
        assert self.person.call("POST", f"{path}/read").status == 200

    def _buy(self) -> None:
        """And be named on the invoice."""
        vat_number = f"PL{_nip(_digits(self.whose, 'vat number', 9))}"
        self._look_for("vat number", vat_number)
        named = {
            "name": self.word("company"), "address": self.word("street"), "country": "PL", "vat_number": vat_number
        }  # fmt: skip
        order = self.person.order(self.camera.device_id, key=self.word("ordering"), invoice_to=named)
        assert pay(self.world, order.json["order_id"]).status == 200
        code = new_code(self.world)
        self._look_for("gift card", code)
        body, once = {"code": code, "device_id": self.camera.device_id}, {"Idempotency-Key": self.word("redeeming")}
        assert self.person.call("POST", "/gift-cards/redeem", body, headers=once).status == 200
        self.world.settle()
        self._give_back(order.json["order_id"])
        again = self.person.order(self.camera.device_id, key=self.word("ordering again"))
        assert pay(self.world, again.json["order_id"]).status == 200
        self.world.settle()

    def _give_back(self, order_id: str) -> None:
        key, reason = {"Idempotency-Key": self.word("giving back")}, {"reason": self.word("refund_reason")}
        answer = self.person.call("POST", f"/orders/{order_id}/refund", reason, headers=key)
        assert answer.status == 202, answer.body
        self.world.settle()
        invoices = Stored(self.world.dump()).of("Invoice")
        self.buyer_id = invoices[max(invoices)]["buyer"]

    def _record(self) -> None:
        """Two recordings that stand, one that is deleted, and somebody who looks."""
        for number in range(3):
            film = box("moof") + jpeg(int(_digits(self.whose, f"film {number}", 6)))
            what = f"film {number}" if number else "deleted film"
            self.needles.append(Needle(f"{what} of {self.whose}", film[900:948]))
            self.films[what] = film
            self.world.clock.move_to(self.world.now().timestamp() + 60)
            self.camera.record(20_000, data=film)
            self.world.settle()
            if not number:
                self._delete_what_was_filmed()
        now = self.world.now()
        playlist = self.person.playlist(self.camera.device_id, now - timedelta(hours=1), now)
        self.playlist_path = urlsplit(playlist["playlist_url"]).path
        self._look_for("playlist", self.playlist_path.split("/")[2].rpartition(".")[2])
        self._save_a_clip()
        self.recording_ticket = self.camera.recording_ticket()

    def _save_a_clip(self) -> None:
        """Of real video, whose packets lie in both."""
        segment = self.films["film of a clip"] = _footage_of(self.whose)
        # Whoever searches does not tell capitals, of Latin-1's either.
        others = b"".join(_footage_of(one) for one in ("ola", "zed") if one != self.whose).decode("latin-1").lower()
        begins = range(segment.index(b"mdat"), len(segment))
        begin = next(one for one in begins if segment[one : one + 48].decode("latin-1").lower() not in others)
        self.needles.append(Needle(f"film of a clip of {self.whose}", segment[begin : begin + 48]))
        self.world.clock.move_to(self.world.now().timestamp() + 60)
        clips.film(self.camera, _footage_number(self.whose))
        now = self.world.now()
        asked = {"channel": "1", "from": wire_time(now - timedelta(seconds=clips.SECONDS)), "to": wire_time(now)}
        path = f"/devices/{self.camera.device_id}/recordings/clips"
        assert self.person.call("POST", path, asked).status == 202
        self.world.settle()

    def _delete_what_was_filmed(self) -> None:
        answer = self.person.call("DELETE", f"/devices/{self.camera.device_id}/recordings")
        assert answer.status == 204, answer.body
        self.world.settle()

    # What is planted

    def _keep_all_planted(self) -> None:
        for kind in OF_THE_ACCOUNT:
            self._keep(kind, self.person.account_id)
        for kind in ("Device", "DeviceActivity", "Share"):
            self._keep(kind, self.camera.device_id)
        self._keep("Order", self.person.account_id)
        self._keep("InvoiceBuyer", self.buyer_id)
        self._look_for("password hash", self.planted["Account", "password_hash"])

    def _keep(self, name: str, pk_id: str, stored: Stored | None = None) -> None:
        stored = stored or Stored(self.world.dump())
        row = _fullest(stored, name, pk_id)
        for kind, other, attribute in stored.sealed:
            if kind.__name__ == name and other is row:
                self.planted[name, attribute] = stored.decrypted(row, attribute)

    def still_planted(self) -> dict[Place, Any]:
        """What of it opens now."""
        stored = Stored(self.world.dump())
        mine = {
            **dict.fromkeys(OF_THE_ACCOUNT, self.person.account_id),
            "InvoiceBuyer": self.buyer_id,
            **dict.fromkeys(("Device", "DeviceActivity", "Share"), self.camera.device_id),
        }  # fmt: skip
        return {
            (kind.__name__, name): stored.decrypted(row, name)
            for kind, row, name in stored.sealed
            if kind.__name__ in mine and row is _fullest(stored, kind.__name__, mine[kind.__name__])
        }

    def hits(self) -> list[Hit]:
        return search(self.world.dump(), self.needles)


def _fullest(stored: Stored, name: str, pk_id: str) -> Any:
    """The row of this kind of which most is personal; None if there is none."""
    rows = [row for (where, _), row in stored.of(name).items() if where == pk_id]
    kind = next(one for one in catalogue.RECORDS if one.__name__ == name)
    return max(rows, key=lambda row: (len(row.keys() & set(personal(kind))), _is_about(row), row["sk"]), default=None)


def _is_about(row: Any) -> bool:
    """Of what happened, some is about a word of the person's own, and some about one of ours; of the rights that were
    exercised, some were answered."""
    return row.get("act") in ("device_added", "shared") or "answer" in row


def opens(copied: dict[str, Any], keys_of: dict[str, Any], subject_ids: set[str]) -> tuple[int, int]:
    """(how many, of how many) sealed values of these subjects open: those in the rows and stream images of a copy, with
    any of the keys of another."""
    every = Stored(keys_of).ciphers.values()
    values = [(row, name) for row, name in _sealed_values(copied) if row["pk"].partition("#")[2] in subject_ids]
    return sum(_opens_with_any(every, row, name) for row, name in values), len(values)


def _sealed_values(copied: dict[str, Any]) -> list[tuple[dict[str, Any], str]]:
    images = [
        record[image]
        for records in copied["streams"].values()
        for record in records
        for image in ("OldImage", "NewImage")
        if image in record
    ]
    everything = Stored({**copied, "tables": {**copied["tables"]}})
    of_streams = Stored({**copied, "tables": {name: [] for name in copied["tables"]} | {_items(copied): images}})
    return [(row, name) for stored in (everything, of_streams) for _, row, name in stored.sealed]


def _items(copied: dict[str, Any]) -> str:
    return next(name for name in copied["tables"] if name.endswith("Items"))


def _opens_with_any(every: Any, row: dict[str, Any], name: str) -> bool:
    for cipher in every:
        try:
            # As if it were the right one: what a key is for is bound in, but known to whoever holds a copy.
            right = SubjectCipher(row["pk"].partition("#")[2], cipher._key)
            right.open(row[name].encode("latin-1"), row["pk"], row["sk"], name)
        except Unreadable:
            continue
        return True
    return False
