"""How long Lambda takes new functions of a runtime, as runtimes.yaml declares it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

import yaml

DECLARED = Path(__file__).with_name("runtimes.yaml")
# So much time an installation has to be brought to another one, before what was deleted cannot be made again.
LEAST_LEFT = timedelta(days=90)


class Ending(Exception):
    """A runtime should not be packaged for any more, and the sentence says until when it is taken."""


def require_lasting(runtimes: Iterable[str], today: date) -> None:
    """Raises Ending for a runtime whose functions nobody can create in 90 days, and for one whose end is not known."""
    declared: dict[str, date] = yaml.safe_load(DECLARED.read_text())
    for runtime in sorted(set(runtimes)):
        if runtime not in declared:
            raise Ending(f"Until when Lambda takes {runtime} is not known: say so in infra/package/{DECLARED.name}.")
        if today + LEAST_LEFT >= declared[runtime]:
            raise Ending(
                f"Lambda takes no new function of {runtime} from {declared[runtime]} on. Package for a later Python: "
                f"PYTHON in infra/package/interpreter.py, if infra/package/{DECLARED.name} still says what AWS does."
            )
