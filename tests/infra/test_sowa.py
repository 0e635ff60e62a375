"""The command `sowa`: each sub-command against the local cloud, and what it asks of AWS where it is deployed."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3
import click
import pytest
from botocore.response import StreamingBody
from botocore.stub import ANY, Stubber
from click.testing import CliRunner, Result

from chalicelib.register import policy_table
from infra.demo.client import Answer
from infra.local.control_api import ControlApi
from infra.local.gateway import http_request
from infra.package.operators import needing_two
from infra.sowa import clouds, policies
from infra.sowa.__main__ import main, sowa
from tests.campaigns.entrants import entered
from tests.campaigns.entrants import order as campaign
from tests.conftest import Home
from tests.factors import App
from tests.gift_cards.cards import redeem
from tests.loopback import Ports
from tests.privacy.backups import brought_back
from tests.privacy.leaving import closed
from tests.scene import CODE, SECRET, Camera, rows

ROOT = Path(__file__).parents[2]
MOMENT = "2026-01-05T08:00:00Z"


@pytest.fixture
def run(home: Home, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """The command with these words, against this world."""
    local, told = ControlApi(home.world), dict(os.environ)

    def send(wire: Any, method: str, url: str, body: bytes | None = None, headers: Any = None) -> Answer:
        # Functions of this process take standard output for their log, and leave themselves there.
        streams = sys.stdout, sys.stderr
        # Nor do they read their settings where the command was told of none.
        with patch.dict(os.environ, told):
            answer = local.handle(http_request(method, url, {}, body or b""))
        sys.stdout, sys.stderr = streams
        return Answer(answer.status, dict(answer.headers), answer.body)

    monkeypatch.setattr(clouds.Wire, "send", send)
    return lambda *words, given="": invoked("--local", *words, given=given)


def invoked(*words: str, given: str | bytes = "") -> Result:
    return CliRunner().invoke(sowa, words, input=given, prog_name="sowa", env={"STAGE": "", "AWS_REGION": ""})


def of_json(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def csv(*sns: str, secret: str = SECRET) -> str:
    return "".join(["sn,model,code,secret\n", *(f"{sn},One,{CODE},{secret}\n" for sn in sns)])


# Cameras


def test_cameras_are_loaded_from_a_file_or_from_stdin_and_loading_again_changes_nothing(
    run: Callable[..., Result], home: Home, tmp_path: Path
) -> None:
    file = tmp_path / "cameras.csv"
    file.write_text(csv("SN0050", "SN0051"))
    before = len(rows(home.world, "stock/stock"))
    loaded = of_json(run("--json", "devices", "load", str(file)))
    assert (loaded["loaded"], loaded["unchanged"], loaded["done"]) == (2, 0, True)
    again = run("devices", "load", "-", given=csv("SN0051", "SN0052"))
    assert again.exit_code == 0 and again.stdout.splitlines() == ["loaded: 1", "unchanged: 1", "refused: 0"]
    assert len(rows(home.world, "stock/stock")) == before + 3


def test_a_row_that_is_not_taken_is_named_kept_where_it_was_asked_for_and_fails_the_command(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    kept = tmp_path / "refused.jsonl"
    result = run("devices", "load", "-", "--refused", str(kept), given=csv("SN0050") + "SN0051,One,x,y\n")
    assert result.exit_code == 1
    assert "loaded: 1" in result.stdout and "row 3: " in result.stdout
    assert "1 rows were not taken." in result.stderr
    (row,) = map(json.loads, kept.read_text().splitlines())
    assert row["row"] == 3
    assert kept.stat().st_mode & 0o777 == 0o600
    # It is not written over.
    assert run("devices", "load", "-", "--refused", str(kept), given=csv("SN0053")).exit_code == 1
    assert of_json(run("--json", "devices", "show", "SN0053"))[0]["state"] == "absent"


def test_cameras_are_taken_out_of_stock_unless_somebody_owns_them(run: Callable[..., Result], home: Home) -> None:
    run("devices", "load", "-", given=csv("SN0050"))
    result = run("devices", "unload", "-", given=f"sn\nSN0050\nSN0099\n{home.camera.sn}\n")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[:3] == ["unloaded: 1", "absent: 1", "refused: 1"]
    assert "has an owner" in result.stdout


def test_what_is_no_file_of_cameras_is_refused_in_words(run: Callable[..., Result]) -> None:
    result = run("devices", "load", "-", given="sn,model\nSN0050,One\n")
    assert result.exit_code == 1 and "Invalid" in result.stderr and "sn,model,code,secret" in result.stderr


def test_secrets_and_codes_are_said_by_no_output(run: Callable[..., Result]) -> None:
    for words in (["devices", "load", "-"], ["--json", "devices", "load", "-"], ["stock", "check", "-"]):
        result = run(*words, given=csv("SN0050") + f"SN0051,One,x,{SECRET}\n")
        assert "SN0050" in csv("SN0050") and SECRET not in result.output and CODE not in result.output


def test_one_camera_is_shown_and_a_file_of_them_is_checked(run: Callable[..., Result], home: Home) -> None:
    free = Camera(home.world, sn="SN0002")
    free.load()
    shown = run("devices", "show", home.camera.sn, "SN0002", "SN0099").stdout.splitlines()
    assert [line.split()[1] for line in shown] == ["owned", "free", "absent"]
    result = run("stock", "check", "-", given=csv(home.camera.sn, "SN0002", "SN0099"))
    assert result.exit_code == 1
    assert result.stdout.splitlines() == ["owned: 1", "free: 1", "absent: 1", "  absent: SN0099"]
    assert run("stock", "check", "-", given=csv(home.camera.sn)).exit_code == 0


def test_a_check_of_more_than_a_hundred_asks_for_them_in_turn(run: Callable[..., Result]) -> None:
    sns = [f"SN9{number:04d}" for number in range(230)]
    lines = "".join(f'{{"sn": "{sn}"}}\n' for sn in sns)
    result = run("--json", "stock", "check", "-", given=lines)
    told = json.loads(result.stdout)
    assert [one["sn"] for one in told["items"]] == sns
    assert told["counts"] == {"owned": 0, "free": 0, "absent": 230}


@pytest.mark.parametrize(("given", "said"), [("sn\n\n", ""), ("name\nx\n", "sn"), ('{"name": "x"}\n', "Row 1")])
def test_a_file_without_serial_numbers_cannot_be_checked(
    run: Callable[..., Result], given: str, said: str
) -> None:
    result = run("stock", "check", "-", given=given)
    assert (result.exit_code == 0) == (said == "") and said in result.stderr


# Erasures, restores, people, the log


def test_erasures_are_shown_and_resumed(run: Callable[..., Result], home: Home) -> None:
    closed(home)
    assert run("erasures", "show").stdout.startswith("open: 1, late by 0 s\n")
    assert run("erasures", "resume").stdout == "passes ordered: 2\n"
    home.world.clock.move_to(home.world.now().timestamp() + 2 * 3600)
    late = run("erasures", "show")
    assert late.exit_code == 1 and "An erasure is late" in late.stderr


def test_a_replay_and_a_restore_of_keys_go_on_until_they_are_finished(
    run: Callable[..., Result], home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with brought_back(home.world):
        closed(home)
    asked: list[str] = []
    real = clouds.Local.order

    def order(self: Any, name: str, event: Mapping[str, Any]) -> Any:
        asked.append(name)
        answer = real(self, name, event)
        return {**answer, "finished": False} if len(asked) == 1 else answer

    monkeypatch.setattr(clouds.Local, "order", order)
    result = run("erasures", "replay", "--restored-to", "2026-01-05T09:00:00+01:00")
    assert result.exit_code == 0 and "erasures: 1" in result.stdout
    assert asked == ["replay_erasures"] * 2 and "replay_erasures goes on" in result.stderr


def test_a_restore_of_keys_without_a_copy_is_not_asked_for_for_ever(run: Callable[..., Result]) -> None:
    result = run("keys", "restore", "--restored-to", MOMENT)
    # No copy is deployed here (tests/privacy/test_restoring.py has one), and it is not asked for ever.
    assert result.exit_code == 1 and "restore_keys does not get further" in result.stderr


@pytest.mark.parametrize("moment", ["yesterday", "2026-01-05", "2026-01-05T08:00:00"])
def test_a_moment_without_its_zone_is_not_guessed(run: Callable[..., Result], moment: str) -> None:
    result = run("erasures", "replay", "--restored-to", moment)
    assert result.exit_code == 2 and "2026-11-30T10:00:00Z" in result.stderr


def test_whose_account_is_meant_is_asked_for(run: Callable[..., Result], home: Home) -> None:
    App.added(home.owner)
    result = run("accounts", "remove-second-factors", given=f"{home.owner.email}\n")
    assert result.exit_code == 0 and "count: 1" in result.stdout
    gone = run("accounts", "remove-child", given=f"{home.owner.email}\n")
    assert gone.exit_code == 0 and "/erasures/" in gone.stdout
    assert "No account is reached there." in run("accounts", "remove-child", given="nobody@example.org\n").stdout


def test_an_objection_is_shown_and_answered(run: Callable[..., Result], home: Home) -> None:
    assert run("objections", "show").stdout == "open: 0\n"
    assert home.owner.call("PUT", "/privacy/objections/AUDIT", {"reason": "I am known."}).status == 200
    first, line = run("objections", "show").stdout.splitlines()
    request_id, purpose, *_ = line.split()
    assert (first, purpose) == ("open: 1", "AUDIT") and line.endswith("I am known.")
    answered = run("objections", "answer", request_id, "--refuse", given="It protects you.\n")
    assert answered.stdout.splitlines()[-1] == f"{request_id}: refused"
    assert run("objections", "answer", "a" * 40, "--grant", given="It is so.\n").stdout.endswith("there is none\n")


def test_people_are_told_of_news_and_incidents(run: Callable[..., Result], home: Home, tmp_path: Path) -> None:
    def ordered(*command: str, **order: Any) -> Result:
        (file := tmp_path / "order.json").write_text(json.dumps(order))
        return run(*command, str(file))

    assert ordered("notices", "announce", title="We move", text="On Sunday.").stdout.endswith(": everybody\n")
    what = {"title": "A leak", "what": "On Sunday.", "advice": "Look.", "who": {"accounts": [home.owner.account_id]}}
    first, *deadlines = ordered("incidents", "declare", **what).stdout.splitlines()
    incident_id = first.partition(":")[0]
    assert first.endswith(": 1 accounts") and len(deadlines) == 3
    recorded = run("incidents", "record", incident_id, "notification").stdout.splitlines()
    assert recorded[0] == f"{incident_id}: A leak" and [line.split()[0] for line in recorded[1:]] == [
        "early_warning", "final_report",
    ]  # fmt: skip
    issue = {"issue": "2026-12", "subject": "New cameras", "text": "They see in the dark."}
    assert "0 sent, 0 refused, under way" in ordered("newsletter", "send", **issue).stdout
    home.world.settle()
    assert ordered("newsletter", "send", **issue).stdout == "2026-12: 0 sent, 0 refused, done\n"
    draw = campaign(home.world, ends_at="2026-01-12T08:00:00Z")
    assert "until 2026-01-12" in ordered("campaigns", "open", **draw).stdout
    ticket = entered(home.owner)
    home.world.clock.move_to(home.world.now().timestamp() + 7 * 86_400)
    seed, winner = run("campaigns", "draw", "spring-draw", "--count", "1").stdout.splitlines()
    assert seed.startswith("seed: ") and winner == f"{ticket}: {home.owner.nickname} {home.owner.email}"
    assert "There is no campaign none." in run("campaigns", "draw", "none", "--count", "1").stderr
    assert run("newsletter", "forget", given="nobody@example.com\n").stdout.endswith("It was not subscribed.\n")
    assert "There is no incident none." in run("incidents", "record", "none", "notification").stderr
    (wrong := tmp_path / "wrong.json").write_text("[]")
    assert "no JSON object" in run("notices", "announce", str(wrong)).stderr
    wrong.write_text("{")
    assert "is not JSON" in run("notices", "announce", str(wrong)).stderr


def test_the_log_is_read_page_by_page(
    run: Callable[..., Result], home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.owner.call("GET", "/me")
    words = ("api-log", "--from", MOMENT, "--to", "2026-01-05T09:00:00Z", "--reason", "case 2026-17")
    whole = of_json(run("--json", *words))
    assert any(one["route"] == "GET /me" for one in whole)
    pages = [
        {"items": whole[:1], "cursor": "more"},
        {"items": [], "cursor": "still more"},
        {"items": whole[1:], "cursor": None},
    ]
    asked: list[Any] = []
    monkeypatch.setattr(clouds.Local, "order", lambda self, name, event: (asked.append(event), pages.pop(0))[1])
    assert of_json(run("--json", *words, "--account", "a1")) == whole
    assert [one.get("cursor") for one in asked] == [None, "more", "still more"]
    assert {one["account_id"] for one in asked} == {"a1"}
    assert run("api-log", "--from", MOMENT).exit_code == 2


# Policies


def test_policies_are_printed_without_an_installation() -> None:
    meant = ("x", "eu-central-1", 12 * "1")
    words = ("--stage", "x", "--region", "eu-central-1", "policies")
    assert of_json(invoked(*words, "deployer", "--account-id", 12 * "1")) == policies.of_deployer(*meant)
    assert of_json(invoked(*words, "operator", "--account-id", 12 * "1")) == policies.of_operator(*meant)
    assert invoked("policies", "deployer", "--account-id", "1" * 12).exit_code == 1
    told = of_json(invoked("--json", "policies", "functions", "show_erasures"))
    assert told == {"show_erasures": ["Ledger: " + ", ".join(sorted(["BatchGetItem", "GetItem", "Query"]))]}
    assert "api: " in invoked("policies", "functions").stdout
    assert "There is no function nothing." in invoked("policies", "functions", "nothing").stderr


def test_the_privacy_policy_is_seen_before_it_is_deployed() -> None:
    words = ["policies", "privacy", "--language", "pl", "--name", "Ja", "--contact", "a@b.pl", "--additions"]
    said = {"name": "Ja", "contact": "a@b.pl"}
    page = policy_table.page("pl", operator=said, additions={"pl": "Więcej."})
    assert invoked(*words, '{"pl": "Więcej."}').stdout == page + "\n"
    refused = invoked(*words, "Więcej.")
    assert refused.exit_code == 2 and "JSON" in refused.stderr


# Words


Words = tuple[str, ...]


def every_command(command: click.Command, path: Words = ()) -> Iterator[tuple[Words, click.Command]]:
    yield path, command
    for name, one in getattr(command, "commands", {}).items():
        yield from every_command(one, (*path, name))


COMMANDS = dict(every_command(sowa))


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_each_command_says_what_it_does(path: tuple[str, ...]) -> None:
    result = invoked(*path, "--help")
    assert result.exit_code == 0 and len(result.stdout.splitlines()) > 4
    assert COMMANDS[path].help


def test_no_secret_is_an_argument_or_an_option() -> None:
    said = {name for command in COMMANDS.values() for one in command.params for name in (one.name, *one.opts)}
    assert "file" in said and "reason" in {str(name).lstrip("-") for name in said}
    assert not {"secret", "code", "password", "token", "email", "phone", "address"} & {
        str(name).lstrip("-") for name in said
    }


def test_who_says_no_installation_is_asked_for_one() -> None:
    result = invoked("erasures", "show")
    assert result.exit_code == 1 and "--stage" in result.stderr and "--local" in result.stderr


def test_a_local_cloud_that_does_not_run_is_said_to() -> None:
    ports = Ports()
    result = invoked("--url", ports.url.rpartition(":")[0] + ":1", "erasures", "show")
    assert result.exit_code == 1 and "make run" in result.stderr


def test_it_is_a_command_of_the_shell_that_works_from_any_folder(home: Home, tmp_path: Path) -> None:
    (tmp_path / "cameras.csv").write_text(csv("SN0060"))
    ports = Ports()
    with ports.serving(home.world):
        done = subprocess.run(  # noqa: S603  # our own words only
            [str(ROOT / "infra" / "sowa" / "sowa"), "--url", ports.url, "--json", "devices", "load", "cameras.csv"],
            cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["loaded"] == 1


# Gift cards


ISSUE = ("gift-cards", "issue", "--plan", "event-7-month", "--until", "2027-12-31")


@pytest.mark.parametrize("count", [3, 1001])
def test_gift_cards_are_issued_into_a_file_that_is_ones_own(
    run: Callable[..., Result], home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    deleted: list[str] = []
    monkeypatch.setattr(clouds.Local, "delete", lambda cloud, address: deleted.append(address))
    file = tmp_path / "codes.txt"
    result = run("--json", *ISSUE, "--count", str(count), "--note", "Fair", "--codes", str(file))
    batch_id = of_json(result)["batch_id"]
    codes = file.read_text().splitlines()
    assert len(set(codes)) == count
    assert file.stat().st_mode & 0o777 == 0o600
    assert [one.rpartition("/")[2] for one in deleted] == ([f"{batch_id}.jwe"] if count > 1000 else [])
    assert batch_id in result.output and not any(code in result.output for code in codes)
    assert redeem(home, codes[-1]).status == 200
    (line, last) = run("gift-cards", "report").stdout.splitlines()
    left = count - 1
    assert line == (
        f"{batch_id}  issued  event-7-month  until 2027-12-31  issued {count}  redeemed 1  revoked 0  expired 0  "
        f"left {left}  Fair"
    )
    assert last == "1 batches"
    assert f"revoked {left}" in run("gift-cards", "revoke", batch_id).stdout
    assert of_json(run("--json", "gift-cards", "report"))[0]["state"] == "revoked"


def test_where_the_file_cannot_be_made_no_gift_cards_are_issued(run: Callable[..., Result], tmp_path: Path) -> None:
    there = tmp_path / "codes.txt"
    there.write_text("the codes of before")
    for file in (there, tmp_path / "nowhere" / "codes.txt"):
        result = run(*ISSUE, "--count", "1", "--codes", str(file))
        assert result.exit_code == 1 and f"{file} cannot be made" in result.stderr
    assert there.read_text() == "the codes of before"
    assert run("gift-cards", "report").stdout == "0 batches\n"
    assert run(*ISSUE, "--count", "1", "--codes", str(tmp_path / "others.txt")).exit_code == 0
    assert len(run("gift-cards", "report").stdout.splitlines()) == 2


def test_what_is_refused_leaves_no_file_of_codes(run: Callable[..., Result], tmp_path: Path) -> None:
    file = tmp_path / "codes.txt"
    for words in (("--until", "yesterday"), ("--plan", "free"), ("--plan", "gold")):
        result = run(*ISSUE, *words, "--count", "1", "--codes", str(file))
        assert result.exit_code == 1 and result.stderr.startswith("Error: ")
        assert not file.exists()
    assert run(*ISSUE, "--count", "1", "--codes", str(file)).exit_code == 0 and file.exists()


def test_a_batch_that_is_not_there_fails_the_command(run: Callable[..., Result]) -> None:
    result = run("gift-cards", "revoke", "nothing")
    assert result.exit_code == 1 and "There is no batch nothing." in result.stderr


# Deployed


class Aws:
    """Clients of a session that answer as they are told to, and refuse what they are not."""

    def __init__(self) -> None:
        session = boto3.Session("id", "secret", region_name="eu-central-1")
        self.clients = {name: session.client(name) for name in ("lambda", "s3", "cloudformation")}
        self.stubs = {name: Stubber(client) for name, client in self.clients.items()}
        self.configs: list[Any] = []
        for stub in self.stubs.values():
            stub.activate()

    def client(self, session: Any, name: str, config: Any = None) -> Any:
        self.configs.append((name, config))
        return self.clients[name]

    def answers(self, function: str, told: Any, *, asked: Any = ANY, error: str | None = None) -> None:
        body = json.dumps(told).encode()
        answer = {"StatusCode": 200, "Payload": StreamingBody(io.BytesIO(body), len(body))}
        expected = {"FunctionName": function, "Payload": asked}
        failed = {} if error is None else {"FunctionError": error}
        self.stubs["lambda"].add_response("invoke", answer | failed, expected)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Aws:
    fake = Aws()
    monkeypatch.setattr(boto3.Session, "client", lambda self, name, config=None: fake.client(self, name, config))
    return fake


def deployed(*words: str, given: str = "") -> Result:
    return invoked("--stage", "production", "--region", "eu-central-1", *words, given=given)


def test_a_deployed_function_is_invoked_once_and_waited_for(aws: Aws) -> None:
    aws.answers("sowa-production-show_erasures", {"items": [], "total": 0, "oldest_seconds": 0}, asked=b"{}")
    assert deployed("erasures", "show").stdout == "open: 0, late by 0 s\n"
    ((_, config),) = aws.configs
    assert config.retries == {"total_max_attempts": 1} and config.read_timeout >= 900
    aws.answers("sowa-production-resume_erasures", {"passes": 2}, asked=b"{}")
    assert deployed("erasures", "resume").stdout == "passes ordered: 2\n"


def test_a_month_is_closed_and_its_sums_are_said(aws: Aws) -> None:
    one = {"currency": "EUR", "country": "FI", "tax_category": "S", "tax_rate_bp": 2550, "documents": 2, "net": 476,
           "tax": 122, "gross": 598}  # fmt: skip
    told = {"month": "2026-01", "invoices": 2, "credit_notes": 0, "sums": [one], "csv_url": "https://a",
            "xml_url": "https://b", "csv_sha256": "", "xml_sha256": "", "until": "2026-02-01T00:05:00Z"}  # fmt: skip
    aws.answers("sowa-production-close_month", told, asked=b'{"month": "2026-01"}')
    said = deployed("invoices", "close-month", "2026-01").stdout.splitlines()
    assert said == [
        "2026-01: invoices 2, credit notes 0",
        "EUR  FI  S  25.5 %  net 476  tax 122  gross 598  documents 2",
        "until 2026-02-01T00:05:00Z: https://a https://b",
    ]


def test_a_file_is_put_into_the_factorys_bucket_and_taken_out_when_it_is_through(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    resource = {"LogicalResourceId": "Factory", "PhysicalResourceId": "the-bucket", "ResourceType": "AWS::S3::Bucket"}
    detail = {**resource, "LastUpdatedTimestamp": "2026-01-05T08:00:00Z", "ResourceStatus": "CREATE_COMPLETE"}
    aws.stubs["cloudformation"].add_response(
        "describe_stack_resource", {"StackResourceDetail": detail},
        {"StackName": "sowa-production", "LogicalResourceId": "Factory"},
    )  # fmt: skip
    uploaded: dict[str, Any] = {}

    def upload(Fileobj: Any, Bucket: str, Key: str) -> None:
        uploaded.update(body=Fileobj.read(), bucket=Bucket, key=Key)

    monkeypatch.setattr(aws.clients["s3"], "upload_fileobj", upload)
    size = len(csv("SN1"))
    for position, done in ((10, False), (size, True)):
        how_far = {"position_bytes": position, "size_bytes": size, "lines": 1, "done": done}
        refused = {"bad": 0, "bad_rows": [], "bad_rows_at": None}
        aws.answers("sowa-production-load_devices", {"loaded": 1, "unchanged": 0, **refused, **how_far})
    aws.stubs["s3"].add_response("delete_object", {}, {"Bucket": "the-bucket", "Key": ANY})
    result = deployed("devices", "load", "-", given=csv("SN1"))
    assert result.exit_code == 0, result.output
    assert (uploaded["body"].decode(), uploaded["bucket"]) == (csv("SN1"), "the-bucket")
    for stub in aws.stubs.values():
        stub.assert_no_pending_responses()


def test_a_file_that_does_not_get_further_is_not_asked_for_for_ever(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clouds.Deployed, "upload", lambda self, name, content: f"s3://the-bucket/{name}")
    still = {"loaded": 0, "unchanged": 0, "bad": 0, "bad_rows": [], "position_bytes": 5, "done": False}
    for _ in range(2):
        aws.answers("sowa-production-load_devices", still)
    result = deployed("devices", "load", "-", given=csv("SN1"))
    assert result.exit_code == 1 and "stands still" in result.stderr


def test_what_a_function_refuses_is_said_and_what_is_not_there_too(aws: Aws) -> None:
    told = {"errorType": "Invalid", "errorMessage": "Check the named fields. sns is missing."}
    aws.answers("sowa-production-show_devices", told, error="Unhandled")
    result = deployed("devices", "show", "SN1")
    assert result.exit_code == 1 and "Invalid: Check the named fields. sns is missing." in result.stderr
    aws.stubs["lambda"].add_client_error("invoke", "ResourceNotFoundException", "Function not found")
    assert "There is no sowa-production in eu-central-1" in deployed("devices", "show", "SN1").stderr
    aws.stubs["lambda"].add_client_error("invoke", "AccessDeniedException", "not allowed to")
    assert "not allowed to" in deployed("devices", "show", "SN1").stderr


def test_who_has_no_credentials_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    files = dict.fromkeys(("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"), "/nothing")
    with patch.dict(os.environ, {**nothing, **files, "AWS_EC2_METADATA_DISABLED": "true"}, clear=True):
        result = deployed("erasures", "show")
    assert result.exit_code == 1 and "credentials" in result.stderr


def test_every_operators_function_has_a_command(home: Home, aws: Aws) -> None:
    """What nobody can order from here nobody finds."""
    source = "".join(path.read_text() for path in (ROOT / "infra" / "sowa" / "commands").glob("*.py"))
    of_two = {f"{part}_{name}" for part in ("propose", "approve") for name in needing_two()}
    ordered = {one.name for one in home.world.gateway.app.pure_lambda_functions} - {"show_live", *of_two}
    assert main is not None and [name for name in ordered if f'"{name}"' not in source] == []


# What needs two operators


def test_what_one_proposes_another_approves_and_the_first_may_not(run: Callable[..., Result], home: Home) -> None:
    order = {"subject": home.owner.account_id, "scope": ["B7"], "until": "2026-02-05T08:00:00Z", "basis": "II Kp 17/26"}
    proposed = of_json(run("--json", "--as", "anna", "proposals", "propose", "hold", "-", given=json.dumps(order)))
    assert (proposed["state"], proposed["order"], proposed["proposed_by"]) == ("open", order, "anna")
    approve = ("--json", "--as", "bob", "proposals", "approve", proposed["proposal_id"])
    assert run(*approve, given="n\n").exit_code == 1
    same = run("--as", "Anna", "proposals", "approve", proposed["proposal_id"], "--yes")
    assert same.exit_code == 1 and "Somebody else has to approve it" in same.stderr
    shown = run("proposals", "show").stdout
    assert "open" in shown and "proposed by anna" in shown and order["basis"] in shown
    approved = run(*approve, given="y\n")
    assert order["basis"] in approved.stderr, "who approves has read what"
    assert of_json(approved)["state"] == "copying"
    home.world.settle()
    assert of_json(run(*approve, "--yes"))["state"] == "complete"
    assert "approved by bob" in run("proposals", "show").stdout
    assert run("proposals", "approve", "nothing", "--yes").exit_code == 1


def test_who_proposes_may_not_approve_by_any_policy() -> None:
    def may(policy: Mapping[str, Any]) -> set[str]:
        return {one.rpartition("-")[2] for statement in policy["Statement"] for one in statement["Resource"]}

    propose, approve = (may(policies.of_part(part, "s", "r", "1")) for part in ("propose", "approve"))
    assert propose & approve == {"show_proposals"}
    assert {one.removeprefix("propose_") for one in propose} >= set(needing_two())
    ordinary = [one for one in may(policies.of_operator("s", "r", "1")) if one.startswith(("propose_", "approve_"))]
    assert ordinary == []
