"""What is not in the catalogue does not exist: every item and object of a full life is found there."""

from __future__ import annotations

from chalicelib.aws import s3
from chalicelib.aws.clients import client
from chalicelib.orders.actions import webhooks
from chalicelib.payments.shapes import Report
from chalicelib.privacy.records import ExportVolume
from chalicelib.register import catalogue
from chalicelib.stock.records import PresenceChange
from chalicelib.store import keys
from chalicelib.store.commit import commit, create
from chalicelib.store.records import BASES
from chalicelib.store.tags import tag_of
from infra.local.cloud import LocalCloud
from tests.campaigns.entrants import entered, opened
from tests.conftest import Home
from tests.factors import App, Key, asked, recovery_codes
from tests.gift_cards.cards import UNKNOWN, issue, redeem
from tests.identities.people import maja
from tests.identities.platforms import google_picture
from tests.neighbour import COUNTRY, neighbour
from tests.newsletter.subscribers import send, subscribed
from tests.operators import ordered
from tests.orders.payment_events import order, tell
from tests.orders.test_disputes import changed
from tests.payments.saved_cards import tell_card_saved
from tests.policy.publishing import publish
from tests.privacy.exports import ready
from tests.push.refusing import as_if_sns_had_answered_nobody
from tests.recordings.plans import subscribe
from tests.scene import (
    PASSWORD,
    Camera,
    Person,
    ask_for_reset,
    elsewhere,
    jpeg,
    lay_down,
    new_camera,
    new_person,
    pay,
)
from tests.support import conversations
from tests.worlds.scenarios.money import NAMED


def test_every_record_is_found_where_it_lies_and_nothing_elsewhere(world: LocalCloud) -> None:
    for record in catalogue.RECORDS:
        assert catalogue.record_at(record.Meta.table_name, record.pk_prefix, record.sk_prefix) is record
        assert catalogue.record_at(record.Meta.table_name, record.pk_prefix, "nonsense") is None
        assert catalogue.record_at("nonsense", record.pk_prefix, record.sk_prefix) is None


def test_a_record_has_a_name_of_its_own() -> None:
    """By which invariants, canaries and documents find it."""
    names = [record.__name__ for record in catalogue.RECORDS]
    assert len(names) > 100
    assert sorted({name for name in names if names.count(name) > 1}) == []


def of_one_who_is_gone(home: Home) -> None:
    """What is kept of him: that his card was deleted, and a credit note for money that was taken back afterwards."""
    gone = new_person(home.world, "gone@example.com")
    order_id = bought(home, gone, new_camera(home.world, "SN0801", owner=gone), renew=True)
    payment = gone.call("GET", f"/orders/{order_id}").json["payments"][0]["reference"]
    gone.step_up()
    assert gone.close().status == 202
    home.world.settle()
    assert changed(home, order_id, "lost", reference=payment)


def of_plans(home: Home) -> tuple[Person, Camera]:
    """One is handed over, one goes back whole, and two renew by themselves; whose the last is, and for which camera."""
    giver, taker = new_person(home.world, "giver@example.com"), new_person(home.world, "taker@example.com")
    given, returned = (new_camera(home.world, sn, owner=giver) for sn in ("SN0802", "SN0803"))
    bought(home, giver, given)
    order_id = bought(home, giver, returned)
    once = {"Idempotency-Key": "a-key-of-who-gives-back"}
    assert giver.call("POST", f"/orders/{order_id}/refund", {}, headers=once).status == 202
    giver.step_up()
    transfer_id = giver.offer(given.device_id, email=taker.email, with_plan=True)
    taker.step_up()
    assert taker.accept(transfer_id).status == 201
    renewing = new_camera(home.world, "SN0804", owner=giver), new_camera(home.world, "SN0805", owner=taker)
    for person, camera in zip((giver, taker), renewing, strict=True):
        bought(home, person, camera, renew=True)
    return taker, renewing[1]


def of_a_renewal_that_ends(home: Home, payer: Person, camera: Camera) -> None:
    """Nobody has heard of it yet: neither that a card took another's place, nor that the plan renews no more."""
    payer.sign_in()
    assert tell_card_saved(home, camera.device_id, customer="another-customer").status == 200
    once = {"Idempotency-Key": "a-key-of-who-ends-it"}
    path = f"/devices/{camera.device_id}/plan/renewal"
    assert payer.call("PUT", path, {"on": False}, headers=once).status == 200


def bought(home: Home, person: Person, camera: Camera, *, renew: bool = False) -> str:
    ordered = person.order(camera.device_id, key=f"order-for-{camera.sn}-0123456789", renew=renew)
    assert ordered.status == 201, ordered.body
    assert pay(home.world, ordered.json["order_id"]).status == 200
    home.world.settle()
    return str(ordered.json["order_id"])


def test_everything_that_a_full_life_stores_is_of_a_known_kind(home: Home) -> None:
    conversations.send(home.owner)
    publish(home.world)
    assert home.owner.call("POST", "/policy/versions/gate/accept").status == 200
    of_one_who_is_gone(home)
    taker, renewing = of_plans(home)
    home.world.invoke("load_devices", {"s3": lay_down(home.world, "batch.jsonl", "{}")})
    home.owner.set_device_password(home.camera.device_id, "seven grey herons")
    home.owner.check_device_password(home.camera.device_id, "wrong")
    home.owner.bind(Camera(home.world, "SN-THAT-IS-NOT"))
    pay(home.world, home.owner.order(home.camera.device_id, invoice_to=NAMED).json["order_id"])
    new_camera(home.world, "SN0002")
    for name in ("x.jpg", "1/20000101T000000Z-motion-a.jpg"):  # what is none, and a clock that is wrong
        home.world.upload(home.camera.ask_ticket().json, name, jpeg())
    home.owner.call("PATCH", "/me", {"nickname": "Ala"}, headers={"Idempotency-Key": "a-key-of-the-client"})
    home.owner.sign_in(password="wrong password of fifteen")
    anothers = {**home.owner.terminal, "unique_id": "somebody-elses"}
    Person(home.world, home.owner.email, terminal=anothers).sign_in(password="wrong password of fifteen")
    home.world.mail.decide("new@example.com", "bounced")
    home.world.call("POST", "/accounts", {**home.stranger.registration(), "email": "new@example.com"})
    ask_for_reset(home.world, home.owner.email)
    child = home.stranger.registration(birth_date="2015-01-01", terminal=home.stranger.terminal)
    assert home.world.call("POST", "/accounts", child).status == 422
    home.owner.show_face()
    subscribe(home)
    home.camera.record()
    home.world.settle()
    recorded = home.owner.call("GET", f"/devices/{home.camera.device_id}/recordings").json["items"][0]
    asked_for = {"channel": "1", "from": recorded["start"], "to": recorded["end"]}
    assert home.owner.call("POST", f"/devices/{home.camera.device_id}/recordings/clips", asked_for).status == 202
    second = new_camera(home.world, "SN0777", owner=home.owner)
    assert home.owner.order(second.device_id, "free", key="the-key-of-what-is-free").status == 201
    assert redeem(home, UNKNOWN).status == 404
    (code,) = issue(home.world, order_id="an-order-0123456789")["codes"]
    assert redeem(home, code).status == 200
    maja(home.world)
    home.owner.cover(home.camera.device_id)
    home.owner.step_up()
    home.owner.change_address(email="another@example.com")
    ticket = home.owner.call("POST", "/me/move", {"country": COUNTRY}).json["ticket"]
    assert home.owner.call("POST", "/me/move/confirm", {"arrival": ticket}).status == 422
    arriving = {"ticket": neighbour().ticket(email="eva@example.com"), "password": PASSWORD}
    arriving |= {"terminal": home.owner.terminal}
    assert home.world.call("POST", "/accounts/arrivals", arriving).status == 201
    home.owner.call("POST", "/privacy/exports")
    leak = {"title": "A leak", "what": "Names.", "advice": "None.", "who": {"accounts": [home.owner.account_id]}}
    home.world.invoke("declare_incident", leak)
    home.world.settle()
    home.owner.agree("newsletter")
    opened(home.world)
    entered(home.owner)
    subscribed(home.world)
    send(home.world)
    for to in ("all", [home.owner.account_id]):
        told = home.world.invoke("announce", {"title": "We move", "text": "On Sunday.", "to": to})
        home.world.settle()
        assert home.owner.call("POST", f"/notices/{told['notice_id']}/read").status == 200
    home.owner.offer(home.camera.device_id, email="heir@example.com")
    home.stranger.step_up()
    for person in (home.stranger, Person(home.world, "later@example.com")):
        share = home.owner.share(home.camera.device_id, email=person.email)
        home.world.settle()
        person.call("POST", f"/shares/{share.json['share_id']}/accept")
    once = {"Idempotency-Key": "a-key-of-the-client"}
    new = Person(home.world, "ula@example.com").registration()
    assert home.world.call("POST", "/accounts", new, headers=once).status == 202
    other = new_person(home.world, "ewa@example.com")
    other.step_up()
    other.close(**once)
    home.world.invoke(
        "read_api_log", {"from": "2026-01-05T08:00:00Z", "to": "2026-01-05T09:00:00Z", "reason": "case 2026-17"}
    )
    held = {"subject": home.owner.account_id, "scope": ["B7"], "until": "2026-02-05T08:00:00Z", "basis": "II Kp 17/26"}
    ordered(home.world, "hold", held)
    home.world.settle()
    iza = new_person(home.world, "iza@example.com")
    App.added(iza)
    Key().add_to(iza)
    recovery_codes(iza)
    App.begun(iza)
    asked(iza)
    elsewhere(new_person(home.world, "ala@example.com"))
    home.stranger.take_pushes("a-token-that-sns-has-under-no-name-of-ours")
    as_if_sns_had_answered_nobody(home.stranger)
    home.stranger.close(**once)
    home.camera.connect()
    home.owner.watch(home.camera.device_id)
    home.owner.command(home.camera.device_id)
    home.camera.connect()  # what was commanded waits for it
    home.owner.take_pushes("another-token-of-a-platform")
    home.owner.change_settings(home.camera.device_id, 0, night_mode="on")
    maja(home.world, "google-2", "kaja@example.com", picture=google_picture())  # nobody has fetched it yet
    home.owner.upload_avatar()  # lies there until the cloud is told
    home.owner.call("DELETE", "/me/avatar")
    home.owner.call("DELETE", f"/devices/{home.camera.device_id}/cover")
    home.world.run_schedule("check_connections")
    assert home.owner.call("PUT", "/privacy/restriction", {"reason": "accuracy"}).status == 200
    assert home.owner.call("DELETE", "/privacy/restriction").status == 204
    assert home.owner.call("PUT", "/privacy/objections/AUDIT", {}).status == 200
    home.owner.agree("experience")
    assert home.owner.send_events().status == 202
    home.world.run_schedule("check_inactive_accounts")
    # Last: nobody has been told yet.
    home.world.invoke("announce", {"title": "We moved", "text": "On Sunday.", "to": [home.owner.account_id]})
    tell(home, order(home), amount=1, reference="a-cent")  # it goes back
    home.owner.call("DELETE", f"/devices/{home.camera.device_id}/recordings", {})
    home.owner.call("DELETE", f"/devices/{home.camera.device_id}/alarms", {})
    of_a_renewal_that_ends(home, taker, renewing)
    report = Report("evt_1", "refund", "re_1")
    commit(create(webhooks._taken("a-hash")), create(webhooks._delayed("stripe", report)))
    commit(create(PresenceChange.new(home.camera.device_id, "1767600000-offline")))
    volume = ExportVolume.new(iza.account_id, "20260105T080000Z00.000002", archive="one.zip", after_subject="account")
    commit(create(volume))
    seen = set()
    for base in BASES:
        for item in client("dynamodb").scan(TableName=base.Meta.table_name)["Items"]:
            place = keys.kind_of(item["sk"]["S"]) if "sk" in item else None
            record = catalogue.record_at(base.Meta.table_name, keys.kind_of(item["pk"]["S"]), place)
            assert record is not None, (item["pk"], item.get("sk"))
            declared = {one.attr_name: one for one in record.get_attributes().values()}
            assert item.keys() <= declared.keys(), record
            for name, value in item.items():
                tag = tag_of(declared[name])
                assert tag is not None
                assert tag.kind != "personal" or set(value) == {"B"}, (record, name)
            seen.add(record.__name__)
    # Made before this world, after a loss, by a move to another region, when an erasure is further, when a month is
    # over, and of many who pay at once.
    others = {"RootSecret", "KeysRestore", "Replay", "PlanTicket", "ErasedSubject", "OpenEndpoint", "KeptRecord"}
    others |= {"ClosedMonth", "HeldCopy", "NumberingTurn"}
    assert {one.__name__ for one in catalogue.RECORDS} - seen <= others


def test_every_object_of_a_full_life_lies_below_a_known_prefix(home: Home) -> None:
    home.camera.see(2)
    home.owner.show_face()
    home.owner.cover(home.camera.device_id)
    assert conversations.attach(home.owner, conversations.send(home.owner, attachments=1)["tickets"][0]) == 204
    ready(home.owner)
    home.owner.upload_avatar()
    home.owner.upload_cover(home.camera.device_id)
    assert conversations.attach(home.owner, conversations.send(home.owner, attachments=1)["tickets"][0]) == 204
    objects = [stored.key for stored in s3.below("")]
    assert len(objects) == 9
    assert all(any(key.startswith(f"{prefix.name}/") for prefix in catalogue.PREFIXES) for key in objects)
