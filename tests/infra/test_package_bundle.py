"""What Lambda unpacks is all that the functions need, small, and the same each time."""

from __future__ import annotations

import base64
import gzip
import json
import marshal
import re
import shutil
import struct
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import botocore
import botocore.session
import cryptography
import pytest
import yaml

from chalicelib import words
from chalicelib.aws import http1, retries
from chalicelib.register import rows
from infra.package import __main__ as make_package
from infra.package import bundle, memory, policies, template
from infra.package.interpreter import Interpreter
from tests.avatars.hostile import as_file, picture
from tests.events import event as sample
from tests.events import shared
from tests.infra import packaged
from tests.payments import fake_stripe, stripe_events

MOST_BYTES = 9_500_000
MOST_BYTES_WITH_PICTURES = 13_000_000
MOST_BYTES_WITH_CLIPS = 60_000_000
MOST_BYTES_WITH_INVOICES = 20_000_000
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, with room for what is still to come.
MOST_BYTES_UNPACKED = 200_000_000
MOST_IMPORT_MS = 3_000  # of CPU: a runaway import; what it really takes is printed
# What zips have in common is compiled once.
_COMPILED: bundle.Compiled = {}


@pytest.fixture(scope="module")
def zipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("build") / "bundle.zip"
    bundle.build(target, architecture="x86_64", compiled=_COMPILED)
    return target


@pytest.fixture(scope="module")
def unpacked(zipped: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("task")
    with zipfile.ZipFile(zipped) as archive:
        archive.extractall(place)
    return place


@pytest.fixture(scope="module")
def with_pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The second zip, unpacked beside itself."""
    return built(bundle.PICTURES, tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="module")
def with_clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The third."""
    return built(bundle.CLIPS, tmp_path_factory.mktemp("clips"))


@pytest.fixture(scope="module")
def with_invoices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The fourth."""
    return built(bundle.INVOICES, tmp_path_factory.mktemp("invoices"))


def built(code: bundle.Code, place: Path) -> Path:
    bundle.build(place / code.name, architecture="x86_64", code=code, compiled=_COMPILED)
    with zipfile.ZipFile(place / code.name) as archive:
        archive.extractall(place / "task")
    return place / "task"


def functions() -> list[Any]:
    """Of the packaged template."""
    from app import app

    return template.functions_of(template.of_chalice(app))


def test_it_is_small(zipped: Path) -> None:
    size = zipped.stat().st_size
    print(f"{size / 1e6:.1f} MB")
    assert size <= MOST_BYTES


def test_what_reads_pictures_has_a_zip_of_its_own_that_is_small_too(unpacked: Path, with_pictures: Path) -> None:
    size = with_pictures.with_name("pictures.zip").stat().st_size
    print(f"{size / 1e6:.1f} MB")
    assert size <= MOST_BYTES_WITH_PICTURES
    files = [
        {path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file()}
        for place in (unpacked, with_pictures)
    ]
    assert files[0] < files[1]
    assert {name.split("/")[0] for name in files[1] - files[0]} == {"PIL", "pillow.libs"}


def test_what_makes_clips_has_another_that_lambda_has_room_for(unpacked: Path, with_clips: Path) -> None:
    size = with_clips.with_name("clips.zip").stat().st_size
    files = [
        {path.relative_to(place).as_posix(): path.stat().st_size for path in place.rglob("*") if path.is_file()}
        for place in (unpacked, with_clips)
    ]
    print(f"{size / 1e6:.1f} MB, {sum(files[1].values()) / 1e6:.1f} MB unpacked")
    assert size <= MOST_BYTES_WITH_CLIPS and sum(files[1].values()) <= MOST_BYTES_UNPACKED
    assert files[0].keys() < files[1].keys()
    assert {name.split("/")[0] for name in files[1].keys() - files[0].keys()} == {"av", "av.libs"}


def test_what_writes_invoices_has_another(unpacked: Path, with_invoices: Path) -> None:
    size = with_invoices.with_name("invoices.zip").stat().st_size
    files = [
        {path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file()}
        for place in (unpacked, with_invoices)
    ]
    print(f"{size / 1e6:.1f} MB")
    assert size <= MOST_BYTES_WITH_INVOICES and files[0] < files[1]
    own = {name for name in files[1] - files[0] if name.startswith("chalicelib/")}
    assert own == {f"chalicelib/invoices/rules/fonts/{name}" for name in ("DejaVuSans.ttf", "LICENSE")}
    assert {name.split("/")[0] for name in files[1] - files[0]} == {
        "PIL", "chalicelib", "defusedxml", "fontTools", "fpdf", "pillow.libs"
    }  # fmt: skip


_INVOICE = """
import json, sys
from datetime import date
from chalicelib.invoices.rules import cii, pdf, vat
from chalicelib.invoices.rules.documents import Document
from chalicelib.invoices.rules.parties import Buyer, Seller
document = Document(
    series="invoice", number="S-2026-000001", issued_on=date(2026, 1, 5),
    seller=Seller("Sowa", "Warszawa", "PL", "PL5260250995"), buyer=Buyer("Łukasz Żółć", "Kraków", "PL"),
    names={"pl": "Zdarzenia", "en": "Events"}, period_days=30, gross=299, currency="PLN",
    tax=vat.tax_of("PL", date(2026, 1, 5), seller_country="PL", is_business=False),
    payment_method="card", payment_reference="pi_1",
)
written = pdf.pdf(document, cii.cii(document))
print(json.dumps([written[:5].decode(), len(written) > 10000, b"/AF " in written]))
"""


def test_it_writes_an_invoice_with_nothing_else_around(with_invoices: Path) -> None:
    assert json.loads(started(with_invoices, _INVOICE)) == ["%PDF-", True, True]


_NUMBERS = """
import json
from stdnum.eu import vat
numbers = json.loads(NUMBERS)
print(json.dumps([vat.validate(one) for one in numbers] == numbers))
"""


def test_vat_numbers_of_each_country_of_the_union_are_checked_with_nothing_else_around(unpacked: Path) -> None:
    from tests.orders.test_invoice_to import NUMBERS

    assert len(NUMBERS) == 27
    said = json.dumps(list(NUMBERS.values()))
    assert json.loads(started(unpacked, _NUMBERS.replace("NUMBERS)", f"{said!r})"))) is True
    assert not (unpacked / "stdnum" / "us").exists() and (unpacked / "stdnum" / "pl").exists()


def test_what_each_zip_carries_beside_the_rest_is_pinned_as_the_tests_have_it() -> None:
    ours = (bundle.ROOT / "requirements-dev.txt").read_text()
    for path in (bundle.REQUIREMENTS_OF_PICTURES, bundle.REQUIREMENTS_OF_CLIPS, bundle.REQUIREMENTS_OF_INVOICES):
        pinned = re.findall(r"^\S+==\S+|sha256:[0-9a-f]{64}", path.read_text(), re.MULTILINE)
        assert len(pinned) > 2 and not [one for one in pinned if one not in ours], path.name


def test_only_the_function_that_needs_it_is_given_it() -> None:
    given = {one.entry_point: one.properties["CodeUri"] for one in template.functions_of(packaged.made())}
    assert [given.pop(name) for name in ("on_image_uploaded", "on_picture_offered")] == ["./pictures.zip"] * 2
    assert given.pop("on_clip_requested") == "./clips.zip"
    assert given.pop("on_invoice_issued") == "./invoices.zip"
    assert set(given.values()) == {"./bundle.zip"}


def test_every_zip_that_a_function_is_given_is_built(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    built: list[str] = []
    monkeypatch.setattr(bundle, "build", lambda target, **how: built.append(target.name) is None)
    make_package.package(tmp_path, architecture="x86_64", python=None)
    given = {one.properties["CodeUri"] for one in template.functions_of(packaged.made())}
    assert {f"./{name}" for name in built} == given and len(built) == len(given) == 4


def test_one_python_runs_all_functions() -> None:
    assert {one.properties["Runtime"] for one in template.functions_of(packaged.made())} == {"python3.13"}


def test_what_makes_clips_is_given_a_zip_and_a_disk_of_its_own() -> None:
    made = [
        template.Function("OnFilmAsked", name, {"Handler": f"chalicelib.films.listeners.{name}", "Tags": {}})
        for name in ("on_clip_requested", "on_notice_due")
    ]
    for function in made:
        template._wire(function, "arm64")
    clips, letters = (function.properties for function in made)
    assert (clips["CodeUri"], clips["EphemeralStorage"]) == ("./clips.zip", {"Size": 4096})
    assert letters["CodeUri"] == "./bundle.zip" and "EphemeralStorage" not in letters


def test_nothing_opens_pillow_before_there_is_a_picture() -> None:
    opened = "import sys, app, chalicelib.avatars.listeners; print([name for name in sys.modules if name[:3] == 'PIL'])"
    done = subprocess.run(  # noqa: S603  # our own words only
        [sys.executable, "-c", opened], cwd=bundle.ROOT, capture_output=True, text=True, timeout=60, check=True,
        env={"AWS_DEFAULT_REGION": "eu-central-1"},
    )  # fmt: skip
    assert done.stdout.strip() == "[]"


_PAY = """
import json
from chalicelib.payments.providers import provider
from chalicelib.payments.shapes import Checkout, RefundRequest, Report
checkout = Checkout("order-1", 299, "EUR", "card", "Events", "en", 0, 86_100)
said = [type(provider().open_checkout(checkout)).__name__]
wanted, customer = json.loads(sys.argv[1])
for kind, number in wanted:
    said.append(type(provider().looked_up(Report("evt", kind, number))).__name__)
said.append(provider().refund(RefundRequest("r-1", "pi_1", 100, "EUR")).state)
said.append(provider().forget_customer(customer))
try:
    provider().open_checkout(Checkout("order-2", 1, "EUR", "card", "Events", "en", 0, 86_100))
except Exception as refusal:
    said.append(type(refusal).__name__)
loaded = sorted(name for name in sys.modules if name.split(".")[0] == "stripe")
print(json.dumps([said, loaded, [name for name in ("requests", "certifi", "httpx") if name in sys.modules]]))
"""


def test_it_asks_stripe_with_nothing_else_around(unpacked: Path) -> None:
    with fake_stripe.served() as (server, url):
        stripe_events.ask(server)
        stripe_events.event_of("order-1", "paid", 299, "EUR", "pi_1")
        fake_stripe.dispute(server, "dp_1", "pi_1", "lost")
        # What Stripe puts into an answer is of any of its kinds.
        customer, _ = fake_stripe.saved_card(server)
        # What Stripe puts into an answer is of any of its kinds.
        server.objects["pi_1"]["payment_details"] = {"object": "terminal.reader", "id": "tmr_1"}
        wanted = [("checkout.session", "cs_paid_pi_1"), ("payment_intent", "pi_1"), ("dispute", "dp_1"), ("refund", "")]
        said, loaded, others = json.loads(started(
            unpacked, _PAY, json.dumps([wanted, customer]), PAYMENT_PROVIDER="stripe",
            PAYMENT_API_KEY=fake_stripe.API_KEY,
            PAYMENT_API_URL=url, PAYMENT_RETURN_URL="https://app.sowa.test",
        ))  # fmt: skip
    assert said == ["str", "Payment", "Payment", "Dispute", "NoneType", "succeeded", None, "AmountTooSmall"]
    carried = {path.relative_to(unpacked).with_suffix("").as_posix() for path in (unpacked / "stripe").rglob("*.pyc")}
    assert {name.replace("/", ".").removesuffix(".__init__") for name in carried} == set(loaded)
    assert others == [] and server.strange == []


def test_nothing_opens_stripes_library_before_somebody_pays() -> None:
    opened = "import sys, app, chalicelib.orders.listeners; print([one for one in sys.modules if one[:6] == 'stripe'])"
    done = subprocess.run(  # noqa: S603  # our own words only
        [sys.executable, "-c", opened], cwd=bundle.ROOT, capture_output=True, text=True, timeout=60, check=True,
        env={"AWS_DEFAULT_REGION": "eu-central-1"},
    )  # fmt: skip
    assert done.stdout.strip() == "[]"


_REDRAW = """
import base64, json
import chalicelib.avatars.listeners
from chalicelib.avatars.rules import cleaned
print(json.dumps([cleaned(base64.b64decode(data)) is not None for data in json.loads(sys.argv[1])]))
"""


def test_it_redraws_all_three_kinds_with_nothing_else_around(with_pictures: Path) -> None:
    files = [as_file(picture("RGB", (64, 64)), kind) for kind in ("JPEG", "PNG", "WEBP", "GIF")]
    said = started(with_pictures, _REDRAW, json.dumps([base64.b64encode(data).decode() for data in files]))
    assert json.loads(said) == [True, True, True, False]


_REMUX = """
import io, json, os, tempfile
import av
source = io.BytesIO()
with av.open(source, "w", format="mpegts") as made:
    stream = made.add_stream("mpeg4", rate=10)
    stream.width = stream.height = 64
    for number in range(20):
        frame = av.VideoFrame(64, 64, "yuv420p")
        frame.pts = number
        for packet in stream.encode(frame):
            made.mux(packet)
    for packet in stream.encode():
        made.mux(packet)
source.seek(0)
target = os.path.join(tempfile.mkdtemp(), "clip.mp4")  # a file: the index can only be put in front of one
with av.open(source) as read, av.open(target, "w", format="mp4", options={"movflags": "faststart"}) as made:
    copy = made.add_stream_from_template(read.streams.video[0])
    count = 0
    for packet in read.demux(read.streams.video[0]):
        if packet.dts is not None:
            packet.stream = copy
            made.mux(packet)
            count += 1
begin = open(target, "rb").read()
assert begin.index(b"moov") < begin.index(b"mdat")
print(json.dumps([count, sorted(name for name in ("h264", "hevc", "aac") if name in av.codecs_available)]))
"""


def test_it_copies_video_with_nothing_else_around(with_clips: Path) -> None:
    assert json.loads(started(with_clips, _REMUX)) == [20, ["aac", "h264", "hevc"]]


def test_what_another_python_compiled_or_another_machine_loads_is_not_for_lambda() -> None:
    of_lambda, other = (Interpreter(Path(sys.executable), version) for version in ("3.13", "3.99"))
    assert list(bundle._hindrances([], of_lambda)) == []
    assert list(bundle._hindrances([], other)) == ["For Python 3.99 only; Lambda runs 3.13."]
    (said,) = bundle._hindrances(["grapes 1.2 (musllinux_1_2_x86_64)"], of_lambda)
    assert "grapes 1.2" in said


def test_nothing_is_in_it_that_only_developers_use(unpacked: Path) -> None:
    names = [path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*")]
    assert not [name for name in names if name.endswith(".dist-info") or "/tests/" in name]
    assert not {"boto3", "s3transfer", "moto", "pytest", "infra", "tests"} & {name.split("/")[0] for name in names}
    assert sorted(name for name in names if name.startswith("chalice/")) == ["chalice/__init__.pyc", "chalice/app.pyc"]


def test_what_is_said_to_people_known_to_the_register_and_trusted_is_in_it(unpacked: Path) -> None:
    said = list(words.FOLDER.rglob("*.json"))
    assert len(said) >= 3 * len(words.LANGUAGES)
    for path in [*said, Path(rows.__file__).with_name("rows.json"), Path(http1.__file__).with_name("amazon_roots.pem")]:
        assert (unpacked / path.relative_to(bundle.ROOT)).read_bytes() == path.read_bytes()


def test_libraries_come_without_what_only_debuggers_read_and_load_all_the_same(
    unpacked: Path, with_pictures: Path, with_clips: Path
) -> None:
    libraries = list(unpacked.rglob("*.so"))
    rust = Path(cryptography.__file__).parent / "hazmat" / "bindings" / "_rust.abi3.so"
    (carried,) = (one for one in libraries if one.name == rust.name)
    assert carried.stat().st_size < 0.9 * rust.stat().st_size
    for one in libraries:
        table, count = struct.unpack_from("<40xQ12xH", one.read_bytes())
        assert (table, count) == (0, 0), one
    started(unpacked, "import cryptography.hazmat.bindings._rust, msgspec, _cffi_backend, markupsafe._speedups, argon2")
    started(with_pictures, "from PIL import Image, _imaging, _webp")
    started(with_clips, "import av; av.CodecContext.create('h264', 'r')")


def test_what_is_no_library_stays_as_it_is() -> None:
    assert bundle._without_symbols(b"") == b""
    assert bundle._without_symbols(b"INPUT(libz.so.1)") == b"INPUT(libz.so.1)"


def test_botocore_knows_the_services_that_are_called_and_no_other(unpacked: Path) -> None:
    source = "".join(path.read_text() for path in (bundle.ROOT / "chalicelib").rglob("*.py"))
    # What goes over our own transport can go back to botocore's.
    # A request that an operator signed goes to STS as it is, by no client.
    own = set(retries.SERVICES) - {"sts"}
    called = set(re.findall(r'\bclient\("([a-z0-9]+)"[,)]', source)) | own
    assert called == bundle.SERVICES
    data = unpacked / "botocore" / "data"
    assert {path.name for path in data.iterdir() if path.is_dir()} == called


_ADDRESSES = """
import json
from botocore.session import get_session
services, regions = json.loads(sys.argv[1])
clients = {f"{name} {region}": get_session().create_client(name, region) for name in services for region in regions}
print(json.dumps({place: [client.meta.endpoint_url, client.meta.config.signature_version, client.meta.region_name]
                  for place, client in clients.items()}))
"""


def test_short_descriptions_lead_to_the_same_addresses_and_signatures(unpacked: Path) -> None:
    regions = ["eu-central-1", "us-east-1", "cn-north-1", "us-gov-west-1"]
    found = json.loads(started(unpacked, _ADDRESSES, json.dumps([sorted(bundle.SERVICES), regions]), **_KEYS))
    full = botocore.session.get_session()
    metas = {(name, at): full.create_client(name, at).meta for name in bundle.SERVICES for at in regions}
    assert found == {
        f"{name} {at}": [meta.endpoint_url, meta.config.signature_version, meta.region_name]
        for (name, at), meta in metas.items()
    }


def test_descriptions_say_what_a_call_is_and_not_what_it_is_for(unpacked: Path) -> None:
    called = yaml.safe_load(bundle.OPERATIONS.read_text())
    data, full = unpacked / "botocore" / "data", Path(botocore.__file__).parent / "data"
    for service in data.rglob("service-2.json"):
        short = json.loads(service.read_text())
        packed = full / service.relative_to(data).with_suffix(".json.gz")
        whole = json.loads(gzip.decompress(packed.read_bytes()))
        assert "<p>" not in service.read_text()
        assert set(short["operations"]) == set(called[service.relative_to(data).parts[0]])
        for kind in ("operations", "shapes"):
            assert short[kind] == {name: bundle._without_words(whole[kind][name]) for name in short[kind]}


def test_all_code_is_compiled_has_no_source_and_is_never_compared_with_one(unpacked: Path) -> None:
    assert not list(unpacked.rglob("*.py"))
    compiled = list(unpacked.rglob("*.pyc"))
    assert {"app.pyc", "gateway.pyc"} <= {path.name for path in compiled}
    for path in compiled:
        # PEP 552: bit 0 says that a hash stands in the place of a date, bit 1 that it is to be checked.
        assert path.read_bytes()[4:8] == b"\x01\0\0\0", path


def test_code_knows_its_lines_and_not_their_columns(unpacked: Path) -> None:
    for path in unpacked.rglob("*.pyc"):
        code = marshal.loads(path.read_bytes()[16:])  # noqa: S302  # what we have just compiled
        lines, _, *columns = zip(*code.co_positions(), strict=True)
        assert set(lines) - {None} and {one for column in columns for one in column} == {None}, path


def test_the_same_files_make_the_same_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for place in (first, second):
        shutil.copytree(bundle.ROOT / "chalicelib", place, ignore=shutil.ignore_patterns("__pycache__"))
    (second / "errors.py").touch()
    (second / "ids.py").chmod(0o700)
    for place in (first, second):
        bundle._compile(place, bundle.THIS, {})
        bundle.write_zip(place, place.with_suffix(".zip"))
    assert first.with_suffix(".zip").read_bytes() == second.with_suffix(".zip").read_bytes()


def test_what_zips_have_in_common_is_compiled_once(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "b.py").write_text("x = 2\n")
    compiled = {("a.py", b"x = 1\n"): b"of another zip", ("b.py", b"x = 1\n"): b"of another source"}
    bundle._compile(tmp_path, bundle.THIS, compiled)
    assert (tmp_path / "a.pyc").read_bytes() == b"of another zip"
    code = marshal.loads((tmp_path / "b.pyc").read_bytes()[16:])  # noqa: S302  # what we have just compiled
    assert code.co_filename == "/var/task/b.py" and 2 in code.co_consts
    assert compiled["b.py", b"x = 2\n"] == (tmp_path / "b.pyc").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.pyc", "b.pyc"]


@pytest.mark.parametrize(
    ("platform", "architecture", "fits"),
    [
        ("any", "arm64", True),
        ("manylinux2014_x86_64", "x86_64", True),
        ("manylinux_2_26_aarch64", "arm64", True),
        ("manylinux_2_17_x86_64", "arm64", False),
        ("manylinux_2_34_x86_64", "x86_64", True),
        ("manylinux_2_35_x86_64", "x86_64", False),
        ("musllinux_1_2_x86_64", "x86_64", False),
        ("macosx_11_0_arm64", "arm64", False),
    ],
)
def test_a_wheel_for_another_machine_is_recognised(platform: str, architecture: str, fits: bool) -> None:
    assert bundle._fits(platform, architecture) is fits


def test_a_package_that_lambda_cannot_load_is_named(tmp_path: Path) -> None:
    info = tmp_path / "grapes-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: grapes\nVersion: 1.2\n")
    (info / "WHEEL").write_text("Tag: cp311-cp311-musllinux_1_2_x86_64\n")
    assert bundle.unfit(tmp_path, "x86_64") == ["grapes 1.2 (musllinux_1_2_x86_64)"]


# As Lambda starts it: nothing but the standard library and what was unpacked (-S leaves out everything installed).


def started(unpacked: Path, script: str, *arguments: str, **environment: str) -> str:
    told = {"AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "eu-central-1", **environment}
    prologue = f"import sys; sys.path.insert(0, {str(unpacked)!r}); sys.dont_write_bytecode = True\n"
    done = subprocess.run(  # noqa: S603  # our own words only
        [sys.executable, "-I", "-S", "-c", prologue + script, *arguments],
        env=told, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


# At work, against an AWS of its own behind HTTP


_AWS = """
import json, os, sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
os.environ["AWS_ENDPOINT_URL"] = f"http://{host}:{port}"
import boto3
from infra import applier
session = boto3.Session(region_name="eu-central-1")
session.client("ses").verify_domain_identity(Domain="sowa.test")
fcm = session.client("sns").create_platform_application(Name="sowa", Platform="GCM", Attributes={})
parameters = {
    "Stage": "test", "MailDomain": "sowa.test", "MailSender": "post@sowa.test", "PublicUrl": "https://sowa.test",
    "PaymentProvider": "sandbox", "PaymentWebhookSecret": "a-secret-of-no-importance",
    "OperatorContact": "privacy@sowa.test",
    "Seller": '{"name": "Sowa", "address": "Warszawa", "vat_number": "PL5260250995"}',
    "FcmApplicationArn": fcm["PlatformApplicationArn"],
}
told = applier.apply(parameters=parameters, session=session, local=True).environment()
session.client("logs").create_log_group(logGroupName=told["API_LOG_GROUP"])
told["CHANNEL_MANAGEMENT_URL"] = os.environ["AWS_ENDPOINT_URL"]
print(json.dumps({**told, "AWS_ENDPOINT_URL": os.environ["AWS_ENDPOINT_URL"]}), flush=True)
sys.stdin.read()
"""
_KEYS = {"AWS_ACCESS_KEY_ID": "AKIAOFNOIMPORTANCE00", "AWS_SECRET_ACCESS_KEY": "none"}
_OF_LAMBDA = {*_KEYS, "AWS_ENDPOINT_URL"}


@pytest.fixture(scope="module")
def aws() -> Iterator[dict[str, str]]:
    """The environment of functions in a world that begins with this test."""
    with subprocess.Popen(  # noqa: S603  # our own words only
        [sys.executable, "-c", _AWS], cwd=bundle.ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env={**_KEYS, "AWS_DEFAULT_REGION": "eu-central-1", "PATH": ""}, stderr=subprocess.DEVNULL,
    ) as server:  # fmt: skip
        assert server.stdout is not None
        yield {**json.loads(server.stdout.readline()), **_KEYS}
        server.terminate()


_CALL = """
import contextlib, importlib, io, json, re, time, types
started = time.process_time()
module, _, name = sys.argv[1].rpartition(".")
handler = getattr(importlib.import_module(module), name)
took_ms = (time.process_time() - started) * 1000
strange = {name for name in sys.modules if name.startswith("chalice.")} - {"chalice.app"}
assert not strange, strange
with contextlib.redirect_stdout(io.StringIO()):
    context = types.SimpleNamespace(get_remaining_time_in_millis=lambda: 29_000)
    try:
        answer = handler(json.loads(sys.argv[2]), context)
    except Exception as refusal:
        if "REFUSED" not in sys.argv[2]:
            raise
        answer = {"refused": type(refusal).__name__}
peak_mb = int(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1]) / 1024
print(json.dumps([round(took_ms), peak_mb, answer]))
"""


def _waking(function: Any) -> tuple[Any, Any]:
    """An event of the kind that wakes a function, and a part of what it answers; a new kind has none, and fails."""
    if function.entry_point == "api":
        return _request("GET", "/keys")[1], {"statusCode": 200}
    if function.entry_point in _OF_THE_CHANNEL:
        # Its token is nobody's, and so is the connection.
        status = {"camera_connected": 401, "camera_said": 404, "camera_disconnected": 200}[function.entry_point]
        return sample(_OF_THE_CHANNEL[function.entry_point]), {"statusCode": status}
    if not function.events:
        return _ORDERS[function.entry_point]
    ((_, source),) = function.events.items()
    if source["Type"] == "SQS":
        queue = source["Properties"]["Queue"].rpartition(":")[2]
        return shared(sample(_OF_QUEUES.get(queue, "sqs_ids")), _SHARED.get(queue)), {"batchItemFailures": []}
    return {"DynamoDB": (sample("dynamodb_stream"), {"batchItemFailures": []}), "Schedule": (sample("schedule"), {})}[
        source["Type"]
    ]


_OF_QUEUES = {
    **dict.fromkeys(("AlarmPictures", "RecordingUploads"), "sqs_s3_notification"),
    "ImageUploads": "sqs_s3_avatar",
    "Pushes": "sqs_push",
    "MailReports": "ses_bounce",
}
# One of those who listen to each.
_SHARED = {
    "Cleanups": "stock.on_ownership_ended", "Commands": "commands.on_settings_changed",
    "Notices": "outbox.on_letter_written", "Pushes": "push.on_push_failed",
}  # fmt: skip
_OF_THE_CHANNEL = {
    "camera_connected": "ws_connect", "camera_said": "ws_message", "camera_disconnected": "ws_disconnect",
}  # fmt: skip
_SPAN = {"from": "2026-01-05T08:00:00Z", "to": "2026-01-05T09:00:00Z", "reason": "case 2026-17"}
_RESTORED = {"restored_to": "2026-01-05T08:00:00Z"}
_ABSENT = {
    "sn": "SN0009", "state": "absent", "model": None, "connected": False, "connected_at": None, "away_since": None,
    "locked_until": None,
}  # fmt: skip
_NEXT_YEAR = datetime.now(UTC).year + 1
_ORDERS = {
    "load_devices": ({"devices": []}, {"loaded": 0, "bad_rows": []}),
    "unload_devices": ({"devices": []}, {"unloaded": 0, "bad_rows": []}),
    "replay_erasures": (_RESTORED, {"erasures": 0, "subjects": 0, "deletions": 0, "finished": True}),
    "restore_keys": (_RESTORED, {"copy": "", "finished": False}),
    "remove_child": ({"phone": "+48601234567"}, {"closed": None}),
    "remove_second_factors": ({"phone": "+48601234567"}, {"count": 0}),
    "issue_gift_cards": ({"plan_id": "event-7-month", "count": 1, "until": f"{_NEXT_YEAR}-12-31"}, {"file": None}),
    "revoke_gift_cards": ({"batch_id": "none"}, {"batch": None}),
    "report_gift_cards": ({}, {"cursor": None}),  # of which some may have been issued before
    "read_api_log": (_SPAN, {"items": []}),
    "show_devices": ({"sns": ["SN0009"]}, {"items": [_ABSENT]}),
    "answer_objection": ({"request_id": "a" * 40, "granted": True, "grounds": "It is so."}, {"state": None}),
    "show_objections": ({}, {"items": [], "more": False}),
    "show_proposals": ({}, {"items": []}),
    "show_feedback": ({}, {"items": [], "thread": None}),
    "answer_feedback": ({"reference": f"{'a' * 26}.{'b' * 26}", "text": "It is so."}, {"feedback": None}),
    "publish_policy": (
        {"version": f"{_NEXT_YEAR}-12", "from": f"{_NEXT_YEAR}-12-31", "text": "We film the garage."},
        {"version": f"{_NEXT_YEAR}-12"},
    ),
    "propose_hold": (
        {
            "order": {
                "subject": "a" * 26, "scope": ["B11"], "until": f"{_NEXT_YEAR}-12-31T00:00:00Z", "basis": "case 17/26"
            },
            "identity": "REFUSED=1",
        },
        {"refused": "IdentityNotProved"},
    ),
    "propose_disclose": (
        {"order": {"subject": "a" * 26, "scope": ["B11"], "basis": "case 17/26"}, "identity": "REFUSED=1"},
        {"refused": "IdentityNotProved"},
    ),
    "approve_disclose": ({"proposal_id": "none", "identity": "REFUSED=1"}, {"refused": "NotFound"}),
    "approve_hold": ({"proposal_id": "none", "identity": "REFUSED=1"}, {"refused": "NotFound"}),
    "show_erasures": ({}, {"items": [], "total": 0, "oldest_seconds": 0}),
    "close_month": ({"month": "2025-12"}, {"month": "2025-12", "invoices": 0, "credit_notes": 0, "sums": []}),
    "show_live": (sample("function_url"), {"statusCode": 404}),
    "announce": ({"title": "We move", "text": "On Sunday."}, {"accounts": None}),
    "declare_incident": (
        {"title": "A leak", "what": "It leaked.", "advice": "Sign in again.", "who": {"accounts": ["a" * 26]}},
        {"accounts": 1},
    ),
    "open_campaign": (
        {
            "campaign": "spring", "kind": "survey", "purpose": "surveys", "ends_at": f"{_NEXT_YEAR}-01-10T08:00:00Z",
            "title": "A survey", "text": "Of cameras.", "data_use": "Deleted.",
        },
        {"campaign": "spring"},
    ),
    "draw_winners": ({"campaign": "none", "count": 1}, {"seed": None, "winners": []}),
    "send_newsletter": ({"issue": "2026-12", "subject": "News", "text": "None."}, {"sent": 0, "done": False}),
    "forget_subscriber": ({"email": "nobody@example.com"}, {"subscribed": False}),
    "record_incident_step": ({"incident_id": "none", "step": "notification"}, {"incident": None}),
}


def test_each_operators_function_is_ordered_something() -> None:
    ordered = {one.entry_point for one in functions() if not one.events} - {"api", *_OF_THE_CHANNEL}
    assert _ORDERS.keys() == ordered


@pytest.mark.one_in(5)
@pytest.mark.parametrize("number", range(10))
def test_every_handler_is_imported_and_called_in_a_fresh_process(
    unpacked: Path, with_pictures: Path, request: pytest.FixtureRequest, aws: dict[str, str], number: int
) -> None:
    for function in functions()[number::10]:
        event, expected = _waking(function)
        code = bundle.OF_ENTRY_POINTS.get(function.entry_point, bundle.WHOLE)
        # The largest is made only where it is needed.
        place = {bundle.WHOLE: unpacked, bundle.PICTURES: with_pictures}.get(code) or request.getfixturevalue(
            "with_clips"
        )
        told = {
            name: value
            for name, value in aws.items()
            if name in {*policies.settings_of(function.entry_point), *_OF_LAMBDA}
        }
        said = started(place, _CALL, function.properties["Handler"], json.dumps(event), **told)
        took_ms, peak_mb, answer = json.loads(said)
        print(f"{function.entry_point}: {took_ms} ms, {peak_mb:.1f} MB")
        assert took_ms < MOST_IMPORT_MS
        assert fits(function.entry_point, peak_mb), (function.entry_point, peak_mb)
        assert answer == answer | expected


def fits(entry_point: str, peak_mb: float) -> bool:
    """Whether a function has memory for what its process took, for Lambda's own part, and a quarter beside."""
    return (peak_mb + memory.RUNTIME_MB) * 1.25 <= memory.megabytes_of(entry_point)


def test_memory_fits_with_what_lambda_takes_itself_and_with_a_margin() -> None:
    assert fits("on_picture_uploaded", 72) and not fits("on_picture_uploaded", 73)
    assert fits("api", 379) and not fits("api", 380)


_CALLS = """
import contextlib, importlib, io, json, types
context = types.SimpleNamespace(get_remaining_time_in_millis=lambda: 29_000)
answers = []
for handler, event in json.loads(sys.argv[1]):
    module, _, name = handler.rpartition(".")
    with contextlib.redirect_stdout(io.StringIO()) as said:
        answers.append(getattr(importlib.import_module(module), name)(event, context))
from chalicelib.aws import sns
from datetime import timedelta
told = sns.Push("ALARM", "a", "d", timedelta(days=1), {"device_id": "d", "alarm_id": "a"})
sns.send(sns.open_endpoint("fcm", "a-token", "a-terminal"), told)
print(json.dumps(answers))
"""


def _request(method: str, path: str, body: Any = None) -> list[Any]:
    event = sample("rest_v1")
    told = {"resource": path, "path": path, "httpMethod": method, "pathParameters": None, "isBase64Encoded": False}
    event |= told | {"body": None if body is None else json.dumps(body), "queryStringParameters": None}
    event["multiValueQueryStringParameters"] = None
    event["requestContext"] |= {"resourcePath": path, "path": path, "httpMethod": method}
    return [bundle.API_HANDLER, event]


_ASKED = """
import contextlib, importlib, io, json
module, _, name = sys.argv[1].rpartition(".")
routes, event = json.loads(sys.argv[2])
with contextlib.redirect_stdout(io.StringIO()):
    answer = getattr(importlib.import_module(module), name)
    said = [answer({**event, "requestContext": {**event["requestContext"], **route}}, None) for route in routes]
opened = sorted(name for name in sys.modules if name.endswith((".routes", ".contract")))
print(json.dumps([[[one["statusCode"], sorted(one["headers"])] for one in said], opened]))
"""


def _asked(place: Path, aws: dict[str, str], handler: str, routes: list[tuple[str, str]]) -> Any:
    """What a handler answers to who is not signed in, and which houses that has opened."""
    told = [{"httpMethod": method, "resourcePath": path} for method, path in routes]
    return json.loads(started(place, _ASKED, handler, json.dumps([told, _request("GET", "/")[1]]), **aws))


def test_a_container_of_the_api_opens_the_house_that_is_asked_and_no_other(unpacked: Path, aws: dict[str, str]) -> None:
    answers, opened = _asked(unpacked, aws, bundle.API_HANDLER, [("GET", "/plans"), ("GET", "/nowhere")])
    assert opened == ["chalicelib.plans.routes"]
    assert [status for status, _ in answers] == [200, 405]


def test_every_route_is_found_as_in_the_whole_application(unpacked: Path, aws: dict[str, str]) -> None:
    from app import app

    routes = [(route.method, route.path) for route in app.declared_routes]
    answers, opened = _asked(unpacked, aws, bundle.API_HANDLER, routes)
    assert [answers, opened] == _asked(unpacked, aws, "app.app", routes)
    assert 405 not in {status for status, _ in answers}  # Chalice's word for what it does not know


def _stream_record(pk: str, sk: str) -> dict[str, Any]:
    event = sample("dynamodb_stream")
    record = {**event["Records"][0], "eventName": "INSERT"}
    record["dynamodb"] = {**record["dynamodb"], "Keys": {"pk": {"S": pk}, "sk": {"S": sk}}}
    return {"Records": [record]}


def test_it_works_with_nothing_else_around(unpacked: Path, aws: dict[str, str]) -> None:
    camera = {"sn": "SN0001", "model": "Sowa One", "code": "ABCD-2345", "secret": "factory-secret-0123456789abcdef"}
    person = {
        "email": "ola@example.com", "password": "correct horse battery staple", "country": "PL", "nickname": "Ola",
        "birth_date": "1990-05-17", "policy_version": "2026-11-01", "language": "pl",
    }  # fmt: skip
    calls = [
        ["chalicelib.stock.operations.load_devices", {"devices": [camera]}],
        _request("POST", "/accounts", person),
        _request("GET", "/keys"),
        ["chalicelib.alarms.listeners.on_picture_uploaded", sample("sqs_s3_notification")],
        ["chalicelib.entry.forwarding.forward_ledger_changes", _stream_record("erasure#x", "erasure")],
        ["chalicelib.alarms.scheduled.sweep_expired_pictures", sample("schedule")],
        ["chalicelib.privacy.scheduled.resume_erasures", sample("schedule")],
    ]
    loaded, registered, keys, uploaded, forwarded, swept, resumed = json.loads(
        started(unpacked, _CALLS, json.dumps(calls), **aws)
    )
    assert (loaded["loaded"], loaded["bad_rows"]) == (1, [])
    assert registered["statusCode"] == 202, registered
    assert keys["statusCode"] == 200 and json.loads(keys["body"])["keys"][0]["crv"] == "P-256"
    assert uploaded == forwarded == {"batchItemFailures": []}
    assert (swept["deleted"], resumed["passes"]) == (0, 0)
