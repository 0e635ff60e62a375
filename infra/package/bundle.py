"""The zip that Lambda unpacks: the application, Chalice's runtime, what both import, and nothing else."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path
from typing import Any

import chalice
import yaml

from infra.package.interpreter import PYTHON, THIS, Interpreter

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ROOT / "requirements.txt"
REQUIREMENTS_OF_PICTURES, REQUIREMENTS_OF_CLIPS, REQUIREMENTS_OF_INVOICES = (
    Path(__file__).with_name(f"requirements-{what}.txt") for what in ("pictures", "clips", "invoices")
)
RUNTIME = f"python{PYTHON}"
# Lambda's word for a processor, and that of wheels.
ARCHITECTURES = {"x86_64": "x86_64", "arm64": "aarch64"}

# What the functions were seen to call, by service; `make policies` writes it anew. botocore has to find the
# descriptions of these services and operations, and of no others: for them alone rights are granted, too.
OPERATIONS = Path(__file__).with_name("operations.yaml")
SERVICES = frozenset(yaml.safe_load(OPERATIONS.read_text()))
_DATA = frozenset({"endpoints.json", "partitions.json", "sdk-default-configuration.json", "_retry.json"})
# In botocore's table of addresses SES goes by another name.
_ADDRESSES = SERVICES - {"sesv2"} | {"email"}
# Installed because something depends on it, imported by nothing that runs: dnspython (an address's domain is never
# looked up), the parts of cffi and Powertools that are for other uses, time zones a second time and what they are
# compiled from, where and at whose a phone number is, how fido2 talks to a key in a machine of its own, HTTP from
# within a browser, through another TLS or through SOCKS, calendars, Windows' clock, what templates could do beside.
_DROPPED = (
    "bin/", "cffi/", "dns/", "pycparser/",
    *(f"phonenumbers/{name}" for name in ("carrierdata/", "geodata/", "shortdata/region_", "tzdata/")),
    "aws_lambda_powertools/event_handler/",
    *(
        f"aws_lambda_powertools/utilities/{name}/"
        for name in (
            "auth_alpha", "circuit_breaker", "data_masking", "feature_flags", "idempotency", "kafka", "parameters",
            "parser", "streaming", "validation",
        )
    ),
    *(
        f"aws_lambda_powertools/utilities/data_classes/{name}_event.py"
        for name in (
            "active_mq", "api_gateway_authorizer", "appsync_authorizer", "cognito_user_pool", "iot_registry",
            "rabbit_mq", "s3_object",
        )
    ),
    "aws_lambda_powertools/metrics/provider/datadog/", "aws_lambda_powertools/utilities/metadata/",
    *(f"dateutil/{name}" for name in ("easter.py", "rrule.py", "tz/win.py", "tzwin.py", "zoneinfo/")),
    *(f"jinja2/{name}.py" for name in ("constants", "ext", "meta", "nativetypes", "sandbox")),
    "tzdata/zoneinfo/tzdata.zi",
    # Formats and protocols that nobody here speaks, and what is for developers and shells.
    *(f"botocore/{name}" for name in ("crt/auth.py", "docs/translator.py", "stub.py")),
    *(
        f"cryptography/{name}.py"
        for name in (
            "fernet", "hazmat/primitives/serialization/pkcs7", "hazmat/primitives/serialization/pkcs12",
            "hazmat/primitives/twofactor/hotp", "hazmat/primitives/twofactor/totp", "x509/ocsp",
        )
    ),
    "email_validator/__main__.py", "email_validator/deliverability.py", "idna/__main__.py", "idna/cli.py",
    "idna/codec.py", "idna/compat.py", "joserfc/drafts/", "urllib3/http2/connection.py",
    *(f"phonenumbers/{name}.py" for name in ("carrier", "geocoder", "timezone")),
    "aws_lambda_powertools/logging/formatters/datadog.py",
    # By which Stripe's library would ask, if we did not.
    "certifi/", "charset_normalizer/", "requests/",
    *(f"urllib3/contrib/{name}" for name in ("emscripten/", "pyopenssl.py", "socks.py")),
    *(
        f"fido2/{name}"
        for name in ("attestation/", "client/", "ctap", "features.py", "hid/", "mds3.py", "payment.py", "pcsc.py")
    ),
    # Of Pillow, what JPEG, PNG and WebP do not need: other formats' decoders, fonts, profiles, windows.
    *(f"PIL/_{name}." for name in ("avif", "imagingcms", "imagingft", "imagingmath", "imagingmorph", "imagingtk")),
    *(f"pillow.libs/lib{name}" for name in ("avif", "brotli", "freetype", "harfbuzz", "lcms2", "png16")),
)  # fmt: skip
# Of python-stdnum, what checks VAT numbers of the European Union, and what that imports.
_OF_STDNUM = frozenset({
    "at/postleitzahl", "at/uid", "at/vnr", "be/nn", "be/vat", "bg/egn", "bg/pnf", "bg/vat", "cy/vat", "cz/dic",
    "cz/rc", "de/handelsregisternummer", "de/vat", "dk/cpr", "dk/cvr", "ee/ik", "ee/kmkr", "ee/registrikood",
    "es/cif", "es/dni", "es/nie", "es/nif", "eu/oss", "eu/vat", "exceptions", "fi/alv", "fi/hetu", "fi/ytunnus",
    "fr/accise", "fr/siren", "fr/tva", "gr/vat", "hr/oib", "hu/anum", "ie/vat", "iso7064/mod_11_10",
    "iso7064/mod_97_10", "it/iva", "lt/pvm", "lu/tva", "luhn", "lv/pvn", "mt/vat", "nl/bsn", "nl/btw", "nl/postcode",
    "pl/nip", "pt/nif", "ro/cf", "ro/cnp", "ro/cui", "se/orgnr", "se/personnummer", "se/postnummer", "se/vat",
    "si/ddv", "si/emso", "si/maticna", "sk/dph", "sk/rc", "util",
})  # fmt: skip
_DROPPED_SUFFIXES = (
    ".pyc", ".pyi", ".pyx", ".pxd", ".pth", ".c", ".h", "py.typed", "examples-1.json", "examples-1.json.gz"
)  # fmt: skip

# Goes along with what writes with it.
_FONTS = "chalicelib/invoices/rules/fonts/"
# Of Stripe's library what our requests need (chalicelib/payments/stripe_provider.py): 0.2 of 3.1 MB, and nothing of the
# types of what they take and answer. A test asks for all of them by what is in the zip.
_OF_STRIPE = frozenset(f"stripe/{name}.py" for name in (
    "__init__", "_any_iterator", "_api_mode", "_api_requestor", "_api_resource", "_api_version", "_app_info",
    "_base_address", "_checkout_service", "_client_options", "_customer_service", "_dispute_service", "_encode",
    "_error", "_error_object", "_event", "_event_notification_handler", "_http_client", "_list_object",
    "_listable_api_resource", "_multipart_data_generator", "_oauth_service", "_object_classes",
    "_payment_intent_service", "_payment_method_service", "_refund_service", "_request_metrics", "_request_options",
    "_requestor_options", "_stripe_client", "_stripe_context",
    "_stripe_object", "_stripe_response", "_stripe_service", "_util", "_v1_services", "_v2_services",
    "_version", "_webhook", "checkout/__init__", "checkout/_session_service", "oauth_error", "v2/__init__",
    "v2/_amount", "v2/_list_object", "v2/_search_result_object", "v2/core/__init__", "v2/core/_event",
))  # fmt: skip

_COMPILER = Path(__file__).with_name("compile.py")

# Chalice would have Lambda import app.py, and with it all houses.
API_HANDLER = "chalicelib.gateway.answer"

# By the source's path below /var/task, which is compiled in, and what stands in it.
Compiled = dict[tuple[str, bytes], bytes]

# The first date that a zip can say.
_LONG_AGO = (1980, 1, 1, 0, 0, 0)


# Of Amazon Linux 2023, on which the runtime lives: 2.34.
NEWEST_GLIBC = 34


@dataclass(frozen=True)
class Code:
    """One zip, and what it carries beside the application."""

    name: str
    requirements: tuple[Path, ...] = (REQUIREMENTS,)


WHOLE = Code("bundle.zip")
# Pillow, PyAV, which brings FFmpeg along, and fpdf2, with all that is of fonts, are no burden of all functions.
PICTURES = Code("pictures.zip", (REQUIREMENTS, REQUIREMENTS_OF_PICTURES))
CLIPS = Code("clips.zip", (REQUIREMENTS, REQUIREMENTS_OF_CLIPS))
INVOICES = Code("invoices.zip", (REQUIREMENTS, REQUIREMENTS_OF_INVOICES))
OF_ENTRY_POINTS = {
    **dict.fromkeys(("on_image_uploaded", "on_picture_offered"), PICTURES),
    "on_clip_requested": CLIPS,
    "on_invoice_issued": INVOICES,
}
# What is built: that of all functions first, and each other one's.
CODES = (WHOLE, *dict.fromkeys(OF_ENTRY_POINTS.values()))


class Unfit(Exception):
    """A package is built for another machine than Lambda's."""


def is_carried(path: str) -> bool:
    """Whether a file of an installed package goes into the zip."""
    if path.startswith(_DROPPED) or path.endswith(_DROPPED_SUFFIXES) or "__pycache__/" in path:
        return False
    top, *rest = path.split("/")
    if top.endswith(".dist-info") or path.startswith("..") or {"tests", "test"} & set(rest[:-1]):
        return False
    if top == "stdnum":
        name = path.removeprefix("stdnum/").removesuffix(".py")
        return name in _OF_STDNUM or any(one.startswith(name.removesuffix("__init__")) for one in _OF_STDNUM)
    if top == "stripe":
        return path in _OF_STRIPE
    if top == "botocore" and rest[:1] == ["data"]:
        return rest[1] in (_DATA if len(rest) == 2 else SERVICES)
    return True


def requirements(code: Code = WHOLE) -> list[str]:
    """The names of what is pinned for the functions."""
    pinned = "\n".join(path.read_text() for path in code.requirements)
    return re.findall(r"^([A-Za-z0-9_.-]+)==", pinned, re.MULTILINE)


def fetch(into: Path, architecture: str, code: Code = WHOLE) -> None:
    """Install the pinned requirements from the package index, in wheels for Lambda's machine, hashes checked."""
    machine = ARCHITECTURES[architecture]
    fitting = [f"manylinux_2_{minor}_{machine}" for minor in range(17, NEWEST_GLIBC + 1)]
    platforms = [argument for tag in (*fitting, f"manylinux2014_{machine}") for argument in ("--platform", tag)]
    abi = f"cp{PYTHON.replace('.', '')}"
    pinned = [argument for path in code.requirements for argument in ("--requirement", path)]
    subprocess.run(  # noqa: S603  # our own words only
        [
            sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
            "--no-compile", "--require-hashes", *pinned, "--target", into,
            "--only-binary", ":all:", "--python-version", PYTHON, "--implementation", "cp",
            "--abi", abi, "--abi", "abi3", "--abi", "none",
            *platforms,
        ],
        check=True,
    )  # fmt: skip


def copy_installed(into: Path, code: Code = WHOLE) -> None:
    """The same from this very environment, without a network. It may be built for this machine only: see `unfit`."""
    for name in requirements(code):
        found = distribution(name)
        for file in found.files or ():
            if is_carried(str(file)) or file.name in ("METADATA", "WHEEL"):
                target = into / str(file)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(str(found.locate_file(file)), target)


def unfit(installed: Path, architecture: str) -> list[str]:
    """The installed packages that Lambda could not load."""
    found = distributions(path=[str(installed)])
    wrong = _unfit(found, architecture)
    return sorted(f"{one.name} {one.version} ({', '.join(tags)})" for one, tags in wrong)


def _unfit(found: Iterable[Distribution], architecture: str) -> Iterator[tuple[Distribution, list[str]]]:
    for one in found:
        tags = re.findall(r"^Tag: \S+-(\S+)$", one.read_text("WHEEL") or "", re.MULTILINE)
        if not any(_fits(tag, architecture) for tag in tags):
            yield one, tags


def _fits(platform: str, architecture: str) -> bool:
    if platform == "any":
        return True
    linux = re.fullmatch(r"manylinux(?:_2_(\d+)|2014|2010|1)_(\w+)", platform)
    if linux is None:
        return False
    return linux[2] == ARCHITECTURES[architecture] and int(linux[1] or 17) <= NEWEST_GLIBC


def _application(*, writes_pages: bool) -> Iterator[tuple[str, Path]]:
    yield "app.py", ROOT / "app.py"
    for path in (ROOT / "chalicelib").rglob("*"):
        name = path.relative_to(ROOT).as_posix()
        if path.is_file() and is_carried(name) and (writes_pages or not name.startswith(_FONTS)):
            yield name, path
    # As Chalice packages itself: the rest of it is for developers.
    runtime = Path(chalice.__file__).parent
    yield from ((f"chalice/{name}", runtime / name) for name in ("__init__.py", "app.py"))


def lay_out(installed: Path, into: Path, python: Interpreter = THIS, compiled: Compiled | None = None) -> None:
    """Everything that goes into the zip, as it will lie under /var/task; what one Python compiles, no other reads.

    `compiled` is what the same Python has compiled for other zips: it is taken from there, and the rest is added.
    """
    files = {path.relative_to(installed).as_posix(): path for path in installed.rglob("*") if path.is_file()}
    application = dict(_application(writes_pages="fpdf/__init__.py" in files))
    carried = {name: path for name, path in files.items() if is_carried(name)} | application
    for name, path in carried.items():
        (into / name).parent.mkdir(parents=True, exist_ok=True)
        if ".so" in path.suffixes:
            (into / name).write_bytes(_without_symbols(path.read_bytes()))
        else:
            shutil.copyfile(path, into / name)
    _shorten(into / "botocore" / "data")
    _write_json(into / "chalicelib" / "routes.json", _houses())
    # Read by fido2 whenever it is imported, and asked about origins by who does not say which are right; we do.
    (into / "fido2" / "public_suffix_list.dat").write_bytes(b"")
    _compile(into, python, {} if compiled is None else compiled)


def _houses() -> dict[str, str]:
    """Which module answers which route."""
    from app import app

    return {route.name: route.view.__module__ for route in app.declared_routes}


def _shorten(data: Path) -> None:
    """Take out of botocore's descriptions what no call needs: all of it is read and parsed at each cold start, and was
    a sixth of that."""
    table = json.loads((data / "endpoints.json").read_bytes())
    for table_of_hosts in table["partitions"]:
        table_of_hosts["services"] = {
            name: service for name, service in table_of_hosts["services"].items() if name in _ADDRESSES
        }
    _write_json(data / "endpoints.json", table)
    operations = yaml.safe_load(OPERATIONS.read_text())
    for packed in sorted(data.rglob("service-2.json.gz")):
        service = packed.relative_to(data).parts[0]
        described = _without_words(json.loads(gzip.decompress(packed.read_bytes())))
        _write_json(packed.with_suffix(""), _of_operations(operations[service], described))
        packed.unlink()  # the zip packs it anyway


def _of_operations(names: list[str], described: dict[str, Any]) -> dict[str, Any]:
    """The description of these operations and of the shapes that they take and give."""
    operations = {name: described["operations"][name] for name in names}
    wanted, shapes = list(_shapes_in(operations)), {}
    while wanted:
        name = wanted.pop()
        if name not in shapes:
            shapes[name] = described["shapes"][name]
            wanted += _shapes_in(shapes[name])
    return {**described, "operations": operations, "shapes": shapes}


def _shapes_in(described: Any) -> Iterator[str]:
    if isinstance(described, list):
        described = dict(enumerate(described))
    if isinstance(described, dict):
        for name, value in described.items():
            # A field may be called so, too; then what is there is a shape of its own.
            yield from [value] if name == "shape" and isinstance(value, str) else _shapes_in(value)


def _without_words(described: Any) -> Any:
    if isinstance(described, list):
        return [_without_words(each) for each in described]
    if not isinstance(described, dict):
        return described
    return {
        # A field may be called so, too; then what is there is no text.
        name: "" if name == "documentation" and isinstance(value, str) else _without_words(value)
        for name, value in described.items()
    }


def _write_json(target: Path, content: Any) -> None:
    target.write_text(json.dumps(content, separators=(",", ":")))


def _compile(tree: Path, python: Interpreter, compiled: Compiled) -> None:
    sources = {path: (path.relative_to(tree).as_posix(), path.read_bytes()) for path in tree.rglob("*.py")}
    for path in [path for path, source in sources.items() if source in compiled]:
        path.with_suffix(".pyc").write_bytes(compiled[sources.pop(path)])
        path.unlink()
    _compile_all(tree, python)
    for path, source in sources.items():
        compiled[source] = path.with_suffix(".pyc").read_bytes()
        path.unlink()


def _compile_all(tree: Path, python: Interpreter) -> None:
    # Lambda cannot write what it compiled, so it would compile at each cold start. Sources stay behind, a seventh of
    # the zip: the log says of a fault in which file and line it was. In which column of its line, nobody asks, and it
    # is a tenth of the zip. In a process of its own, so that the order of sets is the same each time.
    others = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    subprocess.run(  # noqa: S603  # our own words only
        [python.executable, _COMPILER, tree, "/var/task"],
        env={**others, "PYTHONHASHSEED": "0", "PYTHONNODEBUGRANGES": "1"}, check=True,
    )  # fmt: skip


def _without_symbols(library: bytes) -> bytes:
    """A shared library of 64 bits without what only debuggers and linkers read: the sections that follow all that is
    loaded, and the table that names the sections. (`strip` is not there for each processor.)"""
    is_elf64 = library[:6] == b"\x7fELF\x02\x01"
    if not is_elf64:
        return library
    table, size, count = (struct.unpack_from(form, library, at)[0] for form, at in (("<Q", 32), ("<H", 54), ("<H", 56)))
    segments = (struct.unpack_from("<8xQ16xQ", library, table + size * each) for each in range(count))
    end = max(offset + length for offset, length in segments)
    kept = bytearray(library[:end])
    struct.pack_into("<Q", kept, 40, 0)  # e_shoff
    struct.pack_into("<HH", kept, 60, 0, 0)  # e_shnum, e_shstrndx
    return bytes(kept)


def write_zip(tree: Path, target: Path) -> None:
    """The same bytes for the same files: sorted, and without dates, owners or modes of this machine."""
    files = sorted(path for path in tree.rglob("*") if path.is_file())
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as bundle:
        for path in files:
            entry = zipfile.ZipInfo(path.relative_to(tree).as_posix(), _LONG_AGO)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o100644 << 16
            bundle.writestr(entry, path.read_bytes())


def build(
    target: Path,
    *,
    architecture: str,
    python: Interpreter | None = None,
    code: Code = WHOLE,
    compiled: Compiled | None = None,
    say: Callable[[str], None] = print,
) -> bool:
    """Write the zip, compiled by this Python, of which Lambda has the like; whether Lambda can run it.

    Without one the packages of this environment are taken, and none is fetched: for tests, and to look at sizes. What
    zips have in common is compiled once for all that are given the same `compiled`.
    """
    with tempfile.TemporaryDirectory() as folder:
        installed, tree = Path(folder, "installed"), Path(folder, "tree")
        if python is None:
            copy_installed(installed, code)
        else:
            fetch(installed, architecture, code)
        wrong = unfit(installed, architecture)
        if wrong and python is not None:
            raise Unfit(", ".join(wrong))
        compiler = python or THIS
        lay_out(installed, tree, compiler, compiled)
        target.parent.mkdir(parents=True, exist_ok=True)
        write_zip(tree, target)
        unpacked = sum(path.stat().st_size for path in tree.rglob("*") if path.is_file())
    hindrances = list(_hindrances(wrong, compiler))
    for one in hindrances:
        say(one)
    say(f"{target.name}: {target.stat().st_size / 1e6:.1f} MB, {unpacked / 1e6:.1f} MB unpacked, "
        f"Python {compiler.version}, {architecture}")  # fmt: skip
    return not hindrances


def _hindrances(wrong: list[str], compiler: Interpreter) -> Iterator[str]:
    if wrong:
        yield f"For this machine only; Lambda could not load {', '.join(wrong)}."
    if compiler.version != PYTHON:
        yield f"For Python {compiler.version} only; Lambda runs {PYTHON}."
