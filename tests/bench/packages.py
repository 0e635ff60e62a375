"""What lies before the handlers: our bundle, as it is deployed, and boto3 as everybody has it; both precompiled."""

from __future__ import annotations

import shutil
import subprocess
from importlib.metadata import distribution
from pathlib import Path

from infra.package import bundle
from infra.package.interpreter import Interpreter

HANDLERS = [Path(__file__).with_name(name) for name in ("raw.py", "raw_events.py")]
# What `pip install boto3 cryptography` brings: the first are the same for each Python.
_BOTO3 = ("boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "six", "urllib3")
_SEALS = ("cryptography", "cffi", "_cffi_backend", "pycparser")


def lay_out_ours(into: Path, fetched: Path, python: Interpreter) -> None:
    """As `make package` does for this machine; what the index had lies in `fetched`."""
    bundle.fetch(fetched, "x86_64")
    bundle.lay_out(fetched, into, python)


def lay_out_raw(into: Path, fetched: Path, python: Interpreter) -> None:
    for name in _BOTO3:
        found = distribution(name)
        for file in found.files or ():
            if ".." not in file.parts and file.suffix != ".pyc":
                target = into / str(file)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(str(found.locate_file(file)), target)
    for name in _SEALS:
        for one in fetched.glob(f"{name}*"):
            (shutil.copytree if one.is_dir() else shutil.copyfile)(one, into / one.name)
    for handler in HANDLERS:
        shutil.copyfile(handler, into / handler.name)
    command = [python.executable, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", into]
    subprocess.run(command, check=True)  # noqa: S603  # our own words only


def shorten_as_ours(raw: Path, ours: Path, into: Path) -> None:
    """The raw handler over our shortened descriptions: what is left of the difference without them."""
    shutil.copytree(raw, into)
    shutil.rmtree(into / "botocore" / "data")
    shutil.copytree(ours / "botocore" / "data", into / "botocore" / "data")
