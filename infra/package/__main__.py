"""`make package`: the zips and the template, into build/."""

from __future__ import annotations

import argparse
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from infra.package import bundle, interpreter, runtimes
from infra.package.interpreter import Interpreter

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build"
MANIFEST = "package.json"


def main() -> None:
    options = argparse.ArgumentParser(prog="make package", description=__doc__)
    options.add_argument("--architecture", choices=bundle.ARCHITECTURES, default="x86_64")
    options.add_argument(
        "--offline", action="store_true", help="from this environment's packages; for a look, not for AWS"
    )
    options.add_argument("--into", type=Path, default=BUILD)
    chosen = options.parse_args()
    # botocore wants a region as soon as the application is imported; none of it gets into the template.
    os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")
    try:
        runtimes.require_lasting([bundle.RUNTIME], datetime.now(UTC).date())
        python = None if chosen.offline else interpreter.of_lambda(os.environ)
    except (runtimes.Ending, interpreter.Missing) as why:
        sys.exit(str(why))
    package(chosen.into, architecture=chosen.architecture, python=python)


def package(into: Path, *, architecture: str, python: Interpreter | None) -> None:
    """Everything that `make deploy` needs, and a word on whether Lambda can run it; see `bundle.build`."""
    from app import app
    from infra.package import template

    compiled: bundle.Compiled = {}
    fitting = [
        bundle.build(into / one.name, architecture=architecture, python=python, code=one, compiled=compiled)
        for one in bundle.CODES
    ]
    made = template.made(app, architecture=architecture)
    text = template.written(made)
    (into / "template.json").write_bytes(text)
    made_by = python or interpreter.THIS
    (into / MANIFEST).write_text(
        json.dumps({"architecture": architecture, "python": made_by.version, "fits_lambda": all(fitting)})
    )
    functions = len(template.functions_of(made))
    print(f"template.json: {len(text) / 1e3:.0f} KB, {len(made['Resources'])} resources, {functions} functions")


if __name__ == "__main__":
    main()
