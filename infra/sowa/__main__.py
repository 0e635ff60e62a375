"""`sowa`: what operators order of an installation, with progress, and as JSON for programs."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import click

from chalicelib.errors import Invalid
from chalicelib.register import proposals
from infra.package.operators import PARTS, needing_two
from infra.sowa import factory_files, gift_card_codes, policies
from infra.sowa.clouds import Cloud, Deployed, Failed, Local

LOCAL_URL = "http://127.0.0.1:8000"
# What `show_devices` takes.
_MOST_SHOWN = 100
_STATES = ("owned", "free", "absent")


@dataclass
class Session:
    """The options of the command itself: which installation, and how to answer."""

    stage: str | None
    region: str | None
    local_url: str | None
    as_json: bool
    person: str

    @property
    def cloud(self) -> Cloud:
        """Raises Failed where nobody said which installation is meant."""
        if self.local_url is not None:
            return Local(self.local_url, self.person)
        if self.stage is None:
            raise Failed("Say which installation: sowa --stage NAME --region REGION …, or sowa --local …")
        return Deployed(self.stage, self.region)

    def show(self, answer: Any, *lines: str) -> None:
        """The answer as JSON where that is wanted, else the lines for people."""
        click.echo(json.dumps(answer, ensure_ascii=False, indent=1) if self.as_json else "\n".join(lines))


class Moment(click.ParamType):
    """A moment with its zone, as the functions take it: 2026-11-30T10:00:00Z."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            self.fail(f"{value!r} is no moment with its zone, such as 2026-11-30T10:00:00Z.", param, ctx)
        return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


of_session = click.make_pass_decorator(Session)
FILE = click.File("rb")
MOMENT = Moment()


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--stage", envvar="STAGE", help="The installation that is deployed as sowa-STAGE. [$STAGE]")
@click.option("--region", envvar=["AWS_REGION", "AWS_DEFAULT_REGION"], help="Where it is. [$AWS_REGION]")
@click.option("--local", is_flag=True, help=f"The local cloud (make run), at {LOCAL_URL}.")
@click.option("--url", metavar="URL", help="The local cloud, at this address.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of lines for people.")
@click.option("--as", "person", metavar="NAME", default="operator", help="Who you are, in the local cloud.")
@click.pass_context
def sowa(
    context: click.Context,
    stage: str | None,
    region: str | None,
    local: bool,
    url: str | None,
    as_json: bool,
    person: str,
) -> None:
    """What an operator orders of an installation of Sowa, deployed or local.

    Nothing secret is an argument: secrets of cameras come in files or from stdin, and whose account is meant is asked
    for. A command that was broken off may be given again.
    """
    context.obj = Session(stage or None, region or None, url or (LOCAL_URL if local else None), as_json, person)


# Cameras


@sowa.group()
def devices() -> None:
    """Cameras from the factory: into stock, out of it, and one by one."""


REFUSED = click.option(
    "--refused", type=click.Path(path_type=Path, exists=False), help="Where to write the rows that were not taken."
)


@devices.command("load")
@click.argument("file", type=FILE)
@REFUSED
@of_session
def load(session: Session, file: BinaryIO, refused: Path | None) -> None:
    """Put the cameras of FILE into stock.

    FILE is CSV in UTF-8 with the header sn,model,code,secret, or JSON lines; - is stdin. What is there already stays as
    it is.
    """
    _through(session, "load_devices", file, refused, ("loaded", "unchanged"))


@devices.command("unload")
@click.argument("file", type=FILE)
@REFUSED
@of_session
def unload(session: Session, file: BinaryIO, refused: Path | None) -> None:
    """Take the cameras of FILE out of stock, unless somebody owns them; only the serial numbers count."""
    _through(session, "unload_devices", file, refused, ("unloaded", "absent"))


def _through(session: Session, operation: str, file: BinaryIO, refused: Path | None, counts: tuple[str, str]) -> None:
    if refused is not None and refused.exists():
        raise Failed(f"{refused} is there already.")
    cloud = session.cloud
    answer = factory_files.carry_out(cloud, operation, file)
    if answer["bad"] and refused is not None:
        factory_files.keep(cloud.read_below(answer["bad_rows_at"]), refused)
    first_bad = [f"  row {bad['row']}: {_fields(bad['fields'])}" for bad in answer["bad_rows"]]
    session.show(
        answer, *(f"{name}: {answer[name]}" for name in counts), f"refused: {answer['bad']}", *first_bad
    )
    if answer["bad"]:
        raise Failed(f"{answer['bad']} rows were not taken.")


def _fields(fields: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {what}" for name, what in fields.items())


@devices.command("show")
@click.argument("sn", nargs=-1, required=True)
@of_session
def show(session: Session, sn: tuple[str, ...]) -> None:
    """What stock has of the cameras with these serial numbers: whether somebody owns them, and when they were there."""
    items = list(_shown(session.cloud, sn))
    session.show(items, *map(_line_of_device, items))


def _shown(cloud: Cloud, sns: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    left = iter(sns)
    while hundred := list(islice(left, _MOST_SHOWN)):
        yield from cloud.order("show_devices", {"sns": hundred})["items"]


def _line_of_device(item: Mapping[str, Any]) -> str:
    parts = [item["sn"], item["state"], item["model"] or "-"]
    if item["connected"]:
        parts.append(f"connected since {item['connected_at']}")
    elif item["away_since"]:
        parts.append(f"away since {item['away_since']}")
    if item["locked_until"]:
        parts.append(f"locked until {item['locked_until']}")
    return "  ".join(parts)


@sowa.group()
def stock() -> None:
    """What is in stock of a factory's file."""


@stock.command("check")
@click.argument("file", type=FILE)
@of_session
def check(session: Session, file: BinaryIO) -> None:
    """Count how many cameras of FILE (as for loading) are owned, free and absent; fails, with their names, if any is
    absent. With --json each of them is said."""
    try:
        sns = tuple(factory_files.serial_numbers(file))
    except Invalid as wrong:
        fields = {name: phrase.read_in("en") for name, phrase in wrong.details["fields"].items()}
        raise Failed(_fields(fields)) from wrong
    cloud, items = session.cloud, []
    with click.progressbar(length=len(sns), label="stock check", file=sys.stderr) as bar:
        for item in _shown(cloud, sns):
            items.append(item)
            bar.update(1)
    counts = Counter(item["state"] for item in items)
    absent = [f"  absent: {item['sn']}" for item in items if item["state"] == "absent"]
    answer = {"counts": {state: counts[state] for state in _STATES}, "items": items}
    session.show(answer, *(f"{state}: {counts[state]}" for state in _STATES), *absent)
    if absent:
        raise Failed(f"{len(absent)} of {len(sns)} are not in stock.")


# Erasures


@sowa.group()
def erasures() -> None:
    """Erasures that are open, and what a restore must not bring back."""


@erasures.command("show")
@of_session
def show_erasures(session: Session) -> None:
    """Which erasures are open, since when, and how late the latest is; fails if one is late by an hour."""
    answer = session.cloud.order("show_erasures", {})
    lines = [
        f"{one['erasure']}  {one['state']}  since {one['began_at']}  next pass {one['next_pass_at']}"
        f"  open subjects {one['open_subjects']}"
        for one in answer["items"]
    ]
    session.show(answer, f"open: {answer['total']}, late by {answer['oldest_seconds']} s", *lines)
    if answer["oldest_seconds"] > 3600:
        raise Failed("An erasure is late. infra/README.md says under ErasureLate what to look at.")


@erasures.command("resume")
@of_session
def resume(session: Session) -> None:
    """Order the passes that are due now, as the clock does every five minutes."""
    answer = session.cloud.run("resume_erasures")
    session.show(answer, f"passes ordered: {answer['passes']}")


@erasures.command("replay")
@click.option("--restored-to", type=MOMENT, required=True, help="The moment to which the table was restored.")
@of_session
def replay(session: Session, restored_to: str) -> None:
    """After a restore: forget again whoever left since, and open the table."""
    answer = _finished(session.cloud, "replay_erasures", restored_to)
    session.show(answer, *(f"{name}: {answer[name]}" for name in ("erasures", "subjects", "deletions")))


@sowa.group()
def invoices() -> None:
    """Invoices and credit notes, for the book-keeper."""


@invoices.command("close-month")
@click.argument("month")
@of_session
def close_month(session: Session, month: str) -> None:
    """Write all documents of a MONTH (2026-01) as CSV and XML, with sums by country and rate; again, if need be."""
    answer = session.cloud.order("close_month", {"month": month})
    lines = [
        f"{one['currency']}  {one['country']}  {one['tax_category']}  {one['tax_rate_bp'] / 100:g} %  net {one['net']}"
        f"  tax {one['tax']}  gross {one['gross']}  documents {one['documents']}"
        for one in answer["sums"]
    ]
    counts = f"{answer['month']}: invoices {answer['invoices']}, credit notes {answer['credit_notes']}"
    links = f"until {answer['until']}: {answer['csv_url']} {answer['xml_url']}"
    session.show(answer, counts, *lines, links)


@sowa.group()
def keys() -> None:
    """The table of keys, after a restore."""


@keys.command("restore")
@click.option("--restored-to", type=MOMENT, required=True, help="The moment to which the copy was restored.")
@of_session
def restore_keys(session: Session, restored_to: str) -> None:
    """Add to the table of keys what it lacks of the copy that RESTORED_KEYS names."""
    answer = _finished(session.cloud, "restore_keys", restored_to)
    session.show(answer, *(f"{name}: {answer[name]}" for name in ("copy", "added", "stayed_deleted")))


def _finished(cloud: Cloud, operation: str, restored_to: str) -> dict[str, Any]:
    """The last answer: these work in instalments, each as long as a function may run."""
    last: list[dict[str, Any]] = []
    while last[-3:] != 3 * last[-1:] or not last:
        answer: dict[str, Any] = cloud.order(operation, {"restored_to": restored_to})
        if answer["finished"]:
            return answer
        click.echo(f"{operation} goes on: {answer}", err=True)
        last.append(answer)
    raise Failed(f"{operation} does not get further: {last[-1]}. Its log says why.")


# People


@sowa.group()
def accounts() -> None:
    """What is done for people who proved to you who they are. Their address is asked for, and is no argument."""


def _asked_address() -> dict[str, str]:
    address = click.prompt("E-mail address, or phone number as +48…", err=True).strip()
    return {"email" if "@" in address else "phone": address}


@accounts.command("remove-second-factors")
@of_session
def remove_second_factors(session: Session) -> None:
    """Let in by the password alone who lost phone, passkeys and recovery codes; all sessions end."""
    answer = session.cloud.order("remove_second_factors", _asked_address())
    session.show(answer, *(f"{name}: {value}" for name, value in answer.items()))


@accounts.command("remove-child")
@of_session
def remove_child(session: Session) -> None:
    """Close the account of a child, as its parent asked."""
    answer = session.cloud.order("remove_child", _asked_address())
    closed = answer["closed"]
    session.show(answer, "No account is reached there." if closed is None else f"receipt: {closed['receipt_url']}")


# Objections


@sowa.group()
def objections() -> None:
    """Objections of people, which are answered within a month."""


@objections.command("show")
@of_session
def show_objections(session: Session) -> None:
    """Which objections wait for an answer, the one that is due first first."""
    answer = session.cloud.order("show_objections", {})
    items, more = answer["items"], " and more" if answer["more"] else ""
    lines = [f"{one['request_id']}  {one['purpose']}  due {one['due_at']}  {one['reason'] or ''}" for one in items]
    session.show(answer, f"open: {len(items)}{more}", *lines)


@objections.command("answer")
@click.argument("request_id")
@click.option("--grant/--refuse", "granted", required=True, help="Whether the processing ends, or goes on.")
@of_session
def answer_objection(session: Session, request_id: str, granted: bool) -> None:
    """Grant an objection or refuse it; the grounds are asked for, and go to the person."""
    grounds = click.prompt("Grounds, as the person will read them", err=True).strip()
    order = {"request_id": request_id, "granted": granted, "grounds": grounds}
    answer = session.cloud.order("answer_objection", order)
    session.show(answer, f"{answer['request_id']}: {answer['state'] or 'there is none'}")


# Notices


@sowa.group()
def notices() -> None:
    """What people must hear of, in the list of their notices, by push and mail."""


@notices.command("announce")
@click.argument("order", type=click.File("rb"))
@of_session
def announce(session: Session, order: BinaryIO) -> None:
    """Tell everybody, or some accounts. ORDER is a file of JSON: title, text, and as wanted to, kind, translations."""
    answer = session.cloud.order("announce", _read_order(order))
    reached = "everybody" if answer["accounts"] is None else f"{answer['accounts']} accounts"
    session.show(answer, f"{answer['notice_id']}: {reached}")


@sowa.group()
def newsletter() -> None:
    """The newsletter: issues to those who want them, and who is forgotten."""


@newsletter.command("send")
@click.argument("order", type=click.File("rb"))
@of_session
def send_newsletter(session: Session, order: BinaryIO) -> None:
    """Send an issue, or go on with it. ORDER is a file of JSON: issue (a name), subject, text, and translations."""
    answer = session.cloud.order("send_newsletter", _read_order(order))
    state = "done" if answer["done"] else "under way; order it again to see more"
    session.show(answer, f"{answer['issue']}: {answer['sent']} sent, {answer['failed']} refused, {state}")


@newsletter.command("forget")
@of_session
def forget_subscriber(session: Session) -> None:
    """Leave nothing of an address, which is asked for."""
    email = click.prompt("E-mail address", err=True).strip()
    answer = session.cloud.order("forget_subscriber", {"email": email})
    session.show(answer, "It was subscribed, and is forgotten." if answer["subscribed"] else "It was not subscribed.")


@sowa.group()
def campaigns() -> None:
    """Campaigns that people may enter, and draws of winners."""


@campaigns.command("open")
@click.argument("order", type=click.File("rb"))
@of_session
def open_campaign(session: Session, order: BinaryIO) -> None:
    """Open a campaign. ORDER is a file of JSON: campaign (a name), kind, purpose, ends_at, title, text, data_use, …"""
    answer = session.cloud.order("open_campaign", _read_order(order))
    seed = f"the seed's SHA-256 is {answer['seed_sha256']}"
    session.show(answer, f"{answer['campaign']}: until {answer['ends_at']}, {seed}")


@campaigns.command("draw")
@click.argument("campaign")
@click.option("--count", type=int, required=True, help="So many win.")
@of_session
def draw_winners(session: Session, campaign: str, count: int) -> None:
    """Draw the winners of a CAMPAIGN that has ended, and tell them; drawn again, they are the same."""
    answer = session.cloud.order("draw_winners", {"campaign": campaign, "count": count})
    if answer["seed"] is None:
        raise Failed(f"There is no campaign {campaign}.")
    session.show(answer, f"seed: {answer['seed']}", *map(_line_of_winner, answer["winners"]))


def _line_of_winner(winner: Mapping[str, Any]) -> str:
    contact = winner["contact"] or {}
    reached = " ".join(str(contact[name]) for name in ("name", "email", "phone", "place") if contact.get(name))
    return f"{winner['ticket']}: {reached or 'withdrawn'}"


@sowa.group()
def incidents() -> None:
    """Incidents: whom they concern is told, and what the law asks for rings until it is recorded."""


@incidents.command("declare")
@click.argument("order", type=click.File("rb"))
@of_session
def declare_incident(session: Session, order: BinaryIO) -> None:
    """Tell those whom an incident concerns. ORDER is a file of JSON: title, what, advice, who (devices, accounts)."""
    answer = session.cloud.order("declare_incident", _read_order(order))
    session.show(answer, f"{answer['incident_id']}: {answer['accounts']} accounts", *_lines_of_deadlines(answer))


@incidents.command("record")
@click.argument("incident_id")
@click.argument("step")
@of_session
def record_incident_step(session: Session, incident_id: str, step: str) -> None:
    """Record that a STEP is done: early_warning, notification, final_report."""
    answer = session.cloud.order("record_incident_step", {"incident_id": incident_id, "step": step})
    incident = answer["incident"]
    if incident is None:
        raise Failed(f"There is no incident {incident_id}.")
    session.show(answer, f"{incident['incident_id']}: {incident['title']}", *_lines_of_deadlines(incident))


def _lines_of_deadlines(answer: Mapping[str, Any]) -> Iterator[str]:
    return (f"{step} until {at}" for step, at in answer["deadlines"].items())


def _read_order(file: BinaryIO) -> dict[str, Any]:
    try:
        order = json.load(file)
    except ValueError as error:
        raise Failed(f"{file.name} is not JSON: {error}") from None
    if not isinstance(order, dict):
        raise Failed(f"{file.name} is no JSON object.")
    return order


# Feedback


@sowa.group()
def feedback() -> None:
    """What people write to you, and what you answer."""


@feedback.command("show")
@click.argument("reference", required=False)
@of_session
def show_feedback(session: Session, reference: str | None) -> None:
    """Which threads wait for an answer, the longest first; or, by its REFERENCE, one with its messages and pictures."""
    answer = session.cloud.order("show_feedback", {} if reference is None else {"reference": reference})
    if reference is None:
        items, more = answer["items"], " and more" if answer["more"] else ""
        lines = (f"{one['reference']}  {one['about']}  since {one['waits_since']}" for one in items)
        session.show(answer, f"waiting: {len(items)}{more}", *lines)
        return
    if answer["thread"] is None:
        raise Failed("There is no such thread, or no more.")
    session.show(answer, *_lines_of_thread(answer["thread"]))


def _lines_of_thread(thread: Mapping[str, Any]) -> Iterator[str]:
    for one in thread["items"]:
        yield f"{one['at']}  {one['by']}"
        yield one["text"]
        yield from one["pictures"]


@feedback.command("answer")
@click.argument("reference")
@of_session
def answer_feedback(session: Session, reference: str) -> None:
    """Answer a thread; the answer is asked for, and goes to the person by mail, too."""
    text = click.prompt("Answer, as the person will read it", err=True).strip()
    answer = session.cloud.order("answer_feedback", {"reference": reference, "text": text})
    if answer["feedback"] is None:
        raise Failed("There is no such thread, or no more.")
    session.show(answer, f"{reference}: {answer['feedback']['state']}")


# The policy


@sowa.group()
def policy() -> None:
    """Versions of the privacy policy that this installation publishes."""


@policy.command("publish")
@click.argument("order", type=click.File("rb"))
@of_session
def publish_policy(session: Session, order: BinaryIO) -> None:
    """Publish a version, and tell every account. ORDER is JSON: version, from, text; translations, needs_agreement."""
    answer = _published(session.cloud, _read_order(order))
    session.show(answer, f"{answer['version']} from {answer['from']}: {answer['named']} accounts are told")


def _published(cloud: Cloud, order: dict[str, Any]) -> dict[str, Any]:
    """The last answer, and how many accounts were named in all: so many at a time as a function may run for."""
    named = 0
    while True:
        answer: dict[str, Any] = cloud.order("publish_policy", order)
        named += answer["named"]
        if answer["finished"]:
            return answer | {"named": named}
        if not answer["named"]:
            raise Failed("publish_policy does not get further. Its log says why.")
        click.echo(f"publish_policy goes on: {named} accounts are named", err=True)


# What needs two operators


@sowa.group("proposals")
def of_two() -> None:
    """What one operator proposes and another one approves. Both sign with their own credentials."""


@of_two.command("show")
@of_session
def show_proposals(session: Session) -> None:
    """What was proposed and by whom, and what of it is approved."""
    answer = session.cloud.order("show_proposals", {})
    session.show(answer, *map(_line_of_proposal, answer["items"]))


def _line_of_proposal(one: Mapping[str, Any]) -> str:
    parts = [one["proposal_id"], one["operation"], one["state"], f"proposed by {one['proposed_by']}"]
    if one["approved_by"] is not None:
        parts.append(f"approved by {one['approved_by']}")
    return "  ".join([*parts, json.dumps(one["order"], ensure_ascii=False)])


@of_two.command("propose")
@click.argument("operation", type=click.Choice(needing_two()))
@click.argument("order", type=click.File("rb"))
@of_session
def propose(session: Session, operation: str, order: BinaryIO) -> None:
    """Propose an OPERATION. ORDER is a file of JSON: subject, scope, basis, as wanted told_from; of a hold until."""
    wanted, cloud = _read_order(order), session.cloud
    identity = cloud.signed(proposals.bound_to_proposal(cloud.stage, operation, wanted))
    answer = cloud.order(f"propose_{operation}", {"order": wanted, "identity": identity})
    session.show(answer, _line_of_proposal(answer))


@of_two.command("approve")
@click.argument("proposal_id")
@click.option("--yes", is_flag=True, help="Do not ask: you have read the order.")
@of_session
def approve(session: Session, proposal_id: str, yes: bool) -> None:
    """Approve what somebody else proposed, having read it; again, to see how far it is."""
    cloud = session.cloud
    found = [one for one in cloud.order("show_proposals", {})["items"] if one["proposal_id"] == proposal_id]
    if not found:
        raise Failed(f"There is no proposal {proposal_id}, or nobody approved it within a week.")
    (one,) = found
    click.echo(_line_of_proposal(one), err=True)
    if not yes:
        click.confirm("Do you approve this?", abort=True, err=True)
    bound_to = proposals.bound_to_approval(cloud.stage, one["operation"], proposal_id, one["order"])
    answer = cloud.order(
        f"approve_{one['operation']}", {"proposal_id": proposal_id, "identity": cloud.signed(bound_to)}
    )
    session.show(answer, *(f"{name}: {value}" for name, value in answer.items()))


# Gift cards


@sowa.group("gift-cards")
def gift_cards() -> None:
    """Gift cards: issued, withdrawn, and what became of them."""


@gift_cards.command("issue")
@click.option("--plan", required=True, help="The plan of which each gives one period, as GET /plans names it.")
@click.option("--count", type=click.IntRange(1), required=True, help="How many cards.")
@click.option("--until", metavar="DATE", required=True, help="The last day on which they are taken: 2027-12-31.")
@click.option("--note", help="What they are for; it names nobody.")
@click.option(
    "--order",
    help="A word of 16 letters or more for this order: given again within a day, the batch of before is revoked.",
)
@click.option("--codes", type=click.Path(path_type=Path), required=True, help="The new file that gets the codes.")
@of_session
def issue(
    session: Session, plan: str, count: int, until: str, note: str | None, order: str | None, codes: Path
) -> None:
    """Issue cards. Their codes are in the file CODES, one a line, and nowhere else; who loses it revokes the batch."""
    said = {"plan_id": plan, "count": count, "until": until, "note": note, "order_id": order}
    event, cloud = {name: value for name, value in said.items() if value is not None}, session.cloud
    with gift_card_codes.new_file(codes) as file:
        answer = cloud.order("issue_gift_cards", event)
        gift_card_codes.write(cloud, answer, file)
    batch_id = answer["batch_id"]
    session.show({"batch_id": batch_id, "codes": str(codes)}, f"batch: {batch_id}", f"codes: {codes}")


@gift_cards.command("revoke")
@click.argument("batch_id")
@of_session
def revoke(session: Session, batch_id: str) -> None:
    """Withdraw the cards of a batch that are left; what was redeemed stays."""
    answer = session.cloud.order("revoke_gift_cards", {"batch_id": batch_id})
    if answer["batch"] is None:
        raise Failed(f"There is no batch {batch_id}. sowa gift-cards report names those that there are.")
    session.show(answer, _line_of_batch(answer["batch"]))


@gift_cards.command("report")
@of_session
def report(session: Session) -> None:
    """Which batches there are, the newest first, and how many of their cards were redeemed or are left."""
    items = list(_reported(session.cloud))
    session.show(items, *map(_line_of_batch, items), f"{len(items)} batches")


def _reported(cloud: Cloud) -> Iterator[dict[str, Any]]:
    cursor: dict[str, str] = {}
    while True:
        page = cloud.order("report_gift_cards", cursor)
        yield from page["items"]
        if page["cursor"] is None:
            return
        cursor = {"cursor": page["cursor"]}


def _line_of_batch(batch: Mapping[str, Any]) -> str:
    counts = (f"{name} {batch[name]}" for name in ("issued", "redeemed", "revoked", "expired", "left"))
    return "  ".join(
        [batch["batch_id"], batch["state"], batch["plan_id"], f"until {batch['until']}", *counts, batch["note"] or "-"]
    )


# The API's log


@sowa.command("api-log")
@click.option("--from", "from_", type=MOMENT, required=True, help="From then on.")
@click.option("--to", type=MOMENT, required=True, help="Up to then, which is not included.")
@click.option("--reason", required=True, help="Kept for good, so it names nobody: a case number will do.")
@click.option("--account", help="Of this account alone, which is told of it.")
@of_session
def api_log(session: Session, from_: str, to: str, reason: str, account: str | None) -> None:
    """Who sent requests from which address; of the last seven days and no longer. That you looked is recorded."""
    event = {"from": from_, "to": to, "reason": reason} | ({} if account is None else {"account_id": account})
    items = list(_logged(session.cloud, event))
    lines = [
        f"{one['at']}  {one['address']}  {one['answered']}  {one['route']}  {one['account_id'] or '-'}" for one in items
    ]
    session.show(items, *lines, f"{len(items)} requests")


def _logged(cloud: Cloud, event: dict[str, str]) -> Iterator[dict[str, Any]]:
    cursor: dict[str, str] = {}
    while True:
        page = cloud.order("read_api_log", event | cursor)
        yield from page["items"]
        if page["cursor"] is None:
            return
        cursor = {"cursor": page["cursor"]}
        click.echo(f"and further from {page['items'][-1]['at'] if page['items'] else 'there'}", err=True)


# Policies


@sowa.group("policies")
def of_policies() -> None:
    """Who may do what: of deployers, of functions, and the privacy policy. Nothing is asked of an installation."""


ACCOUNT_ID = click.option("--account-id", required=True, help="The twelve digits of the AWS account.")


@of_policies.command("deployer")
@ACCOUNT_ID
@of_session
def deployer(session: Session, account_id: str) -> None:
    """The IAM policy of who deploys STAGE in REGION, as JSON."""
    _print_policy(policies.of_deployer, session, account_id)


@of_policies.command("operator")
@ACCOUNT_ID
@of_session
def operator(session: Session, account_id: str) -> None:
    """The IAM policy of who gives the commands of `sowa`, as JSON."""
    _print_policy(policies.of_operator, session, account_id)


@of_policies.command("pair")
@click.argument("part", type=click.Choice(PARTS))
@ACCOUNT_ID
@of_session
def pair(session: Session, part: str, account_id: str) -> None:
    """The IAM policy of who proposes, or approves, what needs two: give nobody both. The stack has a role for each."""
    _print_policy(partial(policies.of_part, part), session, account_id)


def _print_policy(made: Callable[[str, str, str], Any], session: Session, account_id: str) -> None:
    if session.stage is None or session.region is None:
        raise Failed("Say which installation: sowa --stage NAME --region REGION policies …")
    click.echo(json.dumps(made(session.stage, session.region, account_id), indent=1))


@of_policies.command("functions")
@click.argument("name", nargs=-1)
@of_session
def functions(session: Session, name: tuple[str, ...]) -> None:
    """What functions may do to AWS; of all, or of those with these names."""
    granted = policies.of_functions()
    if unknown := set(name) - granted.keys():
        raise Failed(f"There is no function {', '.join(sorted(unknown))}. There are: {', '.join(granted)}.")
    chosen = {one: granted[one] for one in name or granted}
    session.show(chosen, *(f"{one}: {what}" for one, all_of in chosen.items() for what in all_of))


@of_policies.command("privacy")
@click.option("--language", type=click.Choice(policies.LANGUAGES), default="en", show_default=True)
@click.option("--name", required=True, help="OPERATOR_NAME, as it will be deployed.")
@click.option("--contact", required=True, help="OPERATOR_CONTACT.")
@click.option("--additions", default="{}", help="POLICY_ADDITIONS, as JSON.")
def privacy(language: str, name: str, contact: str, additions: str) -> None:
    """The page of the privacy policy as people will see it, before it is deployed."""
    try:
        words = json.loads(additions)
    except ValueError as wrong:
        raise click.BadParameter(f"--additions is not JSON: {wrong}") from wrong
    click.echo(policies.page_of_privacy(language, name, contact, words))


main = partial(sowa, prog_name="sowa")

if __name__ == "__main__":
    main()
