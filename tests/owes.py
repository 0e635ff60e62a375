"""Checklist of what a new route still lacks: `make owes ROUTE="PUT /devices/{id}/note"` names the files to touch.

It reads declarations and committed files only, in seconds; the tests that hold a route to all of this run worlds.
"""

from __future__ import annotations

import ast
import difflib
import gzip
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

from chalicelib import errors, words
from chalicelib.entry import openapi
from chalicelib.entry.callers import Who
from chalicelib.entry.contract import DOCUMENT
from chalicelib.entry.http import Route
from chalicelib.register import catalogue, export
from chalicelib.store.tags import tags_of
from tests import costs
from tests.canaries import EXEMPT, PASSING, of_the_catalogue
from tests.entry.examples import RECORDED
from tests.house.laws import ROOT, all_modules
from tests.house.reachable import raised_by
from tests.house.test_matrix import OF_GUESTS, right_of
from tests.routes import NothingFills, all_routes, filling, names_in, names_in_example
from tests.worlds import conflicts
from tests.worlds.scenarios import SCENARIOS

Debts = Iterator[str]
_PATH_NAME = re.compile(r"\{\w+\}")


def debts_of(route: Route) -> list[str]:
    """Each begins with the file to touch, in the order in which they are paid."""
    return list(dict.fromkeys(debt for look in _LOOKS for debt in look(route)))


def named_like(text: str, routes: Iterable[Route]) -> Route:
    """The route of this method and path, whatever the names in the path are called. Raises LookupError with the
    nearest."""
    by_form = {_PATH_NAME.sub("{}", route.name): route for route in routes}
    form = _PATH_NAME.sub("{}", " ".join(text.split()))
    if form not in by_form:
        near = difflib.get_close_matches(form, by_form, n=3, cutoff=0.3)
        where = "declare it with @routes in the routes.py of its house"
        raise LookupError(f"{text} is not declared: {where}; near are {', '.join(by_form[one].name for one in near)}")
    return by_form[form]


def _file_of(thing: Any) -> str:
    return str(Path(sys.modules[thing.__module__].__file__ or "").relative_to(ROOT))


def _house(route: Route) -> str:
    return route.view.__module__.split(".")[1]


def _declaration(route: Route) -> Debts:
    where = _file_of(route.view)
    if not route.view.__doc__:
        yield f"{where}: `{route.view.__name__}` needs a docstring, which is the operation's description"
    for name in sorted({*names_in(route.path), *names_in_example(route.example)}):
        try:
            filling(name, route)
        except NothingFills:
            yield f"tests/routes.py: _FILL must say what makes a `{name}`, for the matrix, the costs and the examples"
    can_happen = raised_by(route)
    for refusal in route.refuses:
        if refusal not in can_happen:
            yield f"{where}: nothing that it leads to raises {refusal.__name__}: take it out of `refuses`"
    if route.path.count("{") and route.who is Who.PERSON and not _refuses_what_is_absent(route):
        yield f"{where}: a thing that the path names may not be there: `refuses` lacks NotFound"


def _refuses_what_is_absent(route: Route) -> bool:
    return any(issubclass(one, errors.NotFound) for one in route.refuses)


def _words(route: Route) -> Debts:
    keys = {one.__name__: f"a sentence for {one.__name__}" for one in route.refuses}
    if route.names_last is not None:
        keys[f"{errors.ABSENT}{route.names_last}"] = f"what is said where there is no such {route.names_last}"
    for language in words.LANGUAGES:
        for key, what in keys.items():
            if key not in words.bundle(language):
                yield f"chalicelib/words/{language}.json: `{key}`, {what}"


def _labels(route: Route) -> Debts:
    for kind in catalogue.RECORDS:
        exported = [name for name, tag in tags_of(kind).items() if tag.exported]
        for language in words.LANGUAGES:
            labels = words.bundle(language, "labels")
            for name in (*exported, *([export._name_of(kind)] if exported else [])):
                if name not in labels:
                    yield (
                        f"chalicelib/words/labels/{language}.json: `{name}`, a label of {kind.__name__} in a copy of "
                        f"one's data"
                    )


def _acts(route: Route) -> Debts:
    from chalicelib.privacy.shapes import Activity

    listed = set(get_args(get_type_hints(Activity)["act"]))
    for module in all_modules():
        for call in (node for node in ast.walk(ast.parse(module.source)) if isinstance(node, ast.Call)):
            said = ast.unparse(call.func)
            nth = {"access.record_act": 2, "activity.record": 1}.get(said)
            act = call.args[nth] if nth is not None and len(call.args) > nth else None
            if isinstance(act, ast.Constant) and act.value not in listed:
                yield f"chalicelib/privacy/shapes.py: `{act.value}` in Activity.act, by which its owner reads of it"


def _contract(route: Route) -> Debts:
    recorded = json.loads(RECORDED.read_text())
    document = openapi.document(all_routes(), recorded)
    made = document["paths"][route.path][route.method.lower()]
    there = json.loads(DOCUMENT.read_text())["paths"].get(route.path, {}).get(route.method.lower())
    has_bodies = route.asks is not None or (route.answers_with_json and bool(route.answer_shapes))
    if route.name not in recorded and has_bodies and route.path != "/openapi.json":
        yield f"{RECORDED.relative_to(ROOT)}: `make contract` sends its example and writes what is answered"
    if json.dumps(there, sort_keys=True) != json.dumps(made, sort_keys=True):
        yield f"{DOCUMENT.relative_to(ROOT)}: `make contract` writes the operation into the OpenAPI document"


def _costs(route: Route) -> Debts:
    if f"| `{route.name}` |" not in costs.TABLE.read_text():
        yield f"{costs.TABLE.relative_to(ROOT)}: `make costs` counts its AWS calls (a read 2 at most, a mutation 6)"


def _matrix(route: Route) -> Debts:
    if route.who is not Who.PERSON or "{device_id}" not in route.path:
        return
    if route.needs is None or not hasattr(route.needs, "right"):
        yield f"{_file_of(route.view)}: a route about a device needs one that says who may: `needs=OWNER`, DeviceOf(…)"
    elif right_of(route) != "owner" and OF_GUESTS.get(route.name, "owner") != right_of(route):
        yield f"tests/house/test_matrix.py: OF_GUESTS must say once more that guests may, by `{right_of(route)}`"


def _scenario(route: Route) -> Debts:
    if route.method == "GET":
        return
    own = [one for one in SCENARIOS if route.name in ((one.covers,) if isinstance(one.covers, str) else one.covers)]
    committed = conflicts.committed()
    if not own and route.who is not Who.PERSON:
        yield f"tests/worlds/scenarios: nothing plays it while each of its calls fails (covers={route.name!r})"
    if any(one.name not in committed for one in own) or (not own and route.who is Who.PERSON):
        yield "tests/footprints.json: `make conflicts` sees what it reads and writes (after `make contract`)"


def _canaries(route: Route) -> Debts:
    from tests import yesterday

    said = [json.loads(gzip.decompress(path.read_bytes()))["planted"] for path in yesterday.files()]
    planted = {name for one in said for _, name, _ in one}
    text = (ROOT / "tests" / "canaries.py").read_text()
    for kind, name in sorted(of_the_catalogue() - EXEMPT.keys()):
        if name not in planted and kind not in PASSING and not re.search(rf"\b{name}\b", text):
            yield f"tests/canaries.py: nobody's life plants a canary in {kind}.{name}; or EXEMPT says why not"


def _policies(route: Route) -> Debts:
    row = next((one for one in costs.TABLE.read_text().splitlines() if one.startswith(f"| `{route.name}` |")), "")
    noted = (ROOT / "infra" / "package" / "operations.yaml").read_text()
    for service, operation in re.findall(r"(\w+)\.([A-Z]\w+)", row.rpartition("|")[0].rpartition("|")[2]):
        if operation not in noted:
            yield f"infra/package: `make policies` lets functions do {service}.{operation}"


def _tests(route: Route) -> Debts:
    """By the last word of its path, however a test puts the rest of it together."""
    *_, last = (part for part in route.path.split("/") if part and part[0] != "{")
    tests = [path for path in (ROOT / "tests").glob("*/*.py") if path.parent.name not in ("house", "entry", "worlds")]
    asks = re.compile(rf"/{re.escape(last)}\b")
    if not any(asks.search(path.read_text()) for path in (*tests, ROOT / "tests" / "scene.py")):
        yield f"tests/{_house(route)}: no test asks for {route.path}"


_LOOKS: tuple[Callable[[Route], Debts], ...] = (
    _declaration, _words, _labels, _acts, _matrix, _tests, _canaries, _contract, _costs, _scenario, _policies,
)  # fmt: skip


def main(text: str) -> int:
    try:
        route = named_like(text, all_routes())
    except LookupError as unknown:
        print(unknown.args[0])
        return 1
    debts = debts_of(route)
    print(f"{route.name} owes nothing that can be seen without playing it: `make test` does." if not debts else
          "\n".join((f"{route.name} owes:", *debts)))  # fmt: skip
    return int(bool(debts))


if __name__ == "__main__":
    sys.exit(main(" ".join(sys.argv[1:])))
