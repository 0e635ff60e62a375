"""What lies before the handlers: our bundle, as it is deployed, and boto3 as everybody has it; both precompiled."""

from __future__ import annotations

import compileall
import py_compile
import shutil
from importlib.metadata import distribution
from pathlib import Path

from infra.package import bundle

HANDLERS = [Path(__file__).with_name(name) for name in ("raw.py", "raw_events.py")]
# What `pip install boto3 cryptography` brings.
_BOTO3 = ("boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "six", "urllib3")
_SEALS = ("cryptography", "cffi", "pycparser")


def lay_out_ours(into: Path, scratch: Path) -> None:
    bundle.copy_installed(scratch)
    bundle.lay_out(scratch, into)


def lay_out_raw(into: Path) -> None:
    for name in (*_BOTO3, *_SEALS):
        found = distribution(name)
        for file in found.files or ():
            if ".." not in file.parts and file.suffix != ".pyc":
                target = into / str(file)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(str(found.locate_file(file)), target)
    for handler in HANDLERS:
        shutil.copyfile(handler, into / handler.name)
    unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
    assert compileall.compile_dir(into, quiet=1, invalidation_mode=unchecked)


def shorten_as_ours(raw: Path, ours: Path, into: Path) -> None:
    """The raw handler over our shortened descriptions: what is left of the difference without them."""
    shutil.copytree(raw, into)
    shutil.rmtree(into / "botocore" / "data")
    shutil.copytree(ours / "botocore" / "data", into / "botocore" / "data")
