"""The laws of the house, each a function from one module's source to the breaches in it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from chalicelib import houses

ROOT = Path(__file__).parents[2]
PACKAGE = "chalicelib"

HOUSES = tuple(houses.HOUSES)
# From below.
FLOORS = ("aws", "store", "register", "entry")
FLOOR = (
    *FLOORS, "errors", "settings", "clock", "instants", "ids", "jwks", "jws", "http_fetch", "mp4", "templates", "typed",
    "words", "houses", "gateway", "shared_queues",
)  # fmt: skip
# Each room, and the rooms of its own house, the floor, and the rooms of other houses that it may open.
# `aws` is the whole folder, `register.policy_table` one module of one.
ROOMS: dict[str, tuple[set[str], set[str], set[str]]] = {
    # Of other houses' rules a route takes the refusals that it declares, of their shapes the answer that it passes on,
    # of their records the types that it is handed.
    "routes": (
        {"actions", "needs", "shapes", "rules", "providers", "records"},
        {"entry", "errors", "words", "settings", "jwks", "register.policy_table", "register.policy_versions"},
        {"actions", "needs", "rules", "shapes", "records"},
    ),
    "needs": (
        {"actions", "records"},
        {"entry.callers", "entry.needs", "store.records", "errors", "words"},
        {"actions", "needs", "records"},
    ),
    "listeners": ({"actions"}, {"entry", "errors", "words"}, {"actions", "records"}),
    "scheduled": ({"actions"}, {"entry", "errors", "words"}, {"actions"}),
    "operations": ({"actions", "shapes"}, {"entry", "errors", "words"}, {"actions"}),
    # Routes that an address of their function alone serves.
    "function_urls": ({"routes"}, {"entry"}, set()),
    "shapes": (
        {"rules", "records"},
        {"entry.wire", "errors", "words", "clock", "instants", "typed"},
        {"shapes", "records"},
    ),
    "actions": (
        {"rules", "records", "shapes", "providers"},
        {
            "entry.callers", "aws", "store", "register", "errors", "words", "settings", "clock", "instants", "ids",
            "jwks", "jws", "mp4",
        },
        {"actions", "records", "shapes"},
    ),
    # Rows of the register are facts, and their figures what a rule goes by.
    "rules": (set(), {"errors", "words", "typed", "instants", "mp4", "register.rows"}, set()),
    # Whether a record may be read goes by the rules of its own house, and by the clock.
    "records": ({"rules"}, {"store", "register", "ids", "clock"}, set()),
    # Who takes the money, who vouches for people: an adapter to a world outside of AWS, and the one that plays it. What
    # that world says is good for a time.
    "providers": (
        {"rules", "sandbox", "shapes", "stripe_provider"},
        {"errors", "words", "settings", "clock", "ids", "jwks", "http_fetch"},
        set(),
    ),
    "sandbox": ({"rules", "shapes", "signatures"}, {"store", "errors", "words", "settings", "clock"}, set()),
    "stripe_provider": (
        {"rules", "shapes", "signatures"},
        {"errors", "words", "settings", "clock", "http_fetch"},
        set(),
    ),
    # As every provider here signs its webhooks.
    "signatures": ({"rules"}, {"store", "settings", "clock"}, set()),
    "__init__": (set(), set(), set()),
}
# For the checker of types alone: what a caller is made of.
TYPES = {"entry.callers": {"accounts.records", "stock.records", "sessions.records"}}
# Within the floor: who may not open whom.
BELOW = {
    "aws": {"store", "register", "entry", "jwks", "jws"},
    "store": {"register", "entry"},
    "register": {"entry"},
    "houses": {*FLOOR},
    "templates": {*FLOOR},
    "errors": {*FLOOR} - {"words"},
    "words": {*FLOOR},
    "clock": {*FLOOR},
    "instants": {*FLOOR},
    "mp4": {*FLOOR},
    "ids": {*FLOOR},
    "typed": {*FLOOR},
    "settings": {*FLOOR},
    "jws": {*FLOOR} - {"store"},
    "jwks": {*FLOOR} - {"clock", "errors", "http_fetch"},
    "http_fetch": {*FLOOR} - {"clock"},
}

MOST_LINES = 40
# After a restore an operator looks through the whole ledger, once.
# Pictures are saved, too: into memory. What Stripe's library answers is no dict, and is read as one.
MAY = {
    "register.erasures": {"scan"}, "store.restored_keys": {"scan"}, "avatars.rules": {"save"},
    "payments.stripe_provider": {"to_dict"},
}  # fmt: skip
NO_ROOM = {"utils", "util", "helpers", "helper", "common", "core", "base", "misc", "manager", "service", "handler"}
NO_ROOM |= {"handlers", "services", "managers", "data", "v1"}
DERIVED = {"register.archive", "register.erase", "register.export", "register.pointed", "register.sweep"}
DERIVED |= {"register.policy_table"}
DOMAIN_WORDS = {"account", "session", "device", "camera", "alarm", "picture", "recording", "plan", "order", "invoice"}
DOMAIN_WORDS |= {"owner", "terminal", "registration", "snapshot", "stock", "share"}
STATUSES = {400, 401, 402, 403, 404, 405, 406, 408, 409, 410, 412, 413, 415, 421, 422, 423, 425, 426, 428, 429}
STATUSES |= {500, 501, 502, 503, 504}


@dataclass(frozen=True)
class Module:
    """One module of the package; `name` is what follows `chalicelib.`, `devices.actions`."""

    name: str
    source: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.source)

    @property
    def house(self) -> str:
        return self.name.split(".")[0]

    @property
    def room(self) -> str:
        return self.name.split(".")[1] if "." in self.name else "__init__"

    @cached_property
    def imports(self) -> list[str]:
        """Every module that is opened, full names; `from a import b` opens `a.b` where that is a module."""
        found = []
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                if node.level:
                    raise ValueError(f"{self.name}: an import is written in full, so that it can be found")
                found += [_opened(node.module or "", alias.name) for alias in node.names]
        return found

    @property
    def opened(self) -> list[str]:
        """Of those, our own; what follows `chalicelib.`."""
        return [name.removeprefix(f"{PACKAGE}.") for name in self.imports if name.startswith(f"{PACKAGE}.")]

    @property
    def opened_at_run_time(self) -> list[str]:
        """The same without what stands under `if TYPE_CHECKING`."""
        blocks = [one for one in ast.walk(self.tree) if isinstance(one, ast.If) and _is_for_types(one)]
        froms = [node for block in blocks for node in block.body if isinstance(node, ast.ImportFrom)]
        typed = [_opened(node.module or "", alias.name) for node in froms for alias in node.names]
        return [name for name in self.opened if f"{PACKAGE}.{name}" not in typed]

    @cached_property
    def docstrings(self) -> set[int]:
        """The ids of the nodes that are docstrings."""
        kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        owners = [node for node in ast.walk(self.tree) if isinstance(node, kinds)]
        firsts = [owner.body[0] for owner in owners if owner.body and ast.get_docstring(owner) is not None]
        return {id(first.value) for first in firsts if isinstance(first, ast.Expr)}

    def texts(self) -> Iterator[str]:
        """Every string in the code, docstrings apart."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in self.docstrings:
                yield node.value

    def uses(self) -> Iterator[str]:
        """Every dotted name that is read: `os.environ`, `datetime.now`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Attribute):
                yield ast.unparse(node)


def _opened(module: str, name: str) -> str:
    folder = ROOT.joinpath(*module.split("."))
    is_module = module == PACKAGE or (folder.is_dir() and (folder / f"{name}.py").exists()) or module in _FOLDERS
    return f"{module}.{name}" if is_module else module


_FOLDERS = {f"{PACKAGE}.{house}" for house in HOUSES}


def _is_for_types(block: ast.If) -> bool:
    return "TYPE_CHECKING" in ast.unparse(block.test)


def all_modules() -> list[Module]:
    package = ROOT / PACKAGE
    paths = sorted(package.rglob("*.py"))
    return [Module(".".join(path.relative_to(package).with_suffix("").parts), path.read_text()) for path in paths]


def _within(name: str, allowed: set[str]) -> bool:
    return any(name == one or name.startswith(f"{one}.") for one in allowed)


# ── Walls ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def rooms_open_only_what_they_may(module: Module) -> list[str]:
    if module.house not in HOUSES:
        return []
    if module.room not in ROOMS:
        return [f"{module.name}: there is no room of this name"]
    own, floor, others = ROOMS[module.room]
    # Of a room that is a folder each part may open the others.
    allowed = {f"{module.house}.{room}" for room in (*own, module.room)} | floor
    allowed |= {f"{house}.{room}" for house in HOUSES if house != module.house for room in others}
    return [f"{module.name} opens {name}" for name in module.opened if not _within(name, allowed)]


def houses_open_only_houses_before_them(module: Module) -> list[str]:
    if module.house not in HOUSES:
        return []
    later = set(HOUSES[HOUSES.index(module.house) + 1 :])
    return [f"{module.name} opens {name}" for name in module.opened if name.split(".")[0] in later]


def the_floor_opens_no_house(module: Module) -> list[str]:
    if module.house not in FLOOR:
        return []
    allowed = TYPES.get(module.name, set())
    houses = [name for name in module.opened if name.split(".")[0] in HOUSES]
    return [f"{module.name} opens {name}" for name in houses if not _within(name, allowed)]


def the_floor_stands_on_itself(module: Module) -> list[str]:
    forbidden = BELOW.get(module.house, set())
    opened = [name for name in module.opened if _within(name, forbidden)]
    return [f"{module.name} opens {name}" for name in opened]


def circles(modules: Iterable[Module]) -> list[list[str]]:
    """Folders and single modules at the top that open each other, however far round; imports within functions count,
    those for the checker of types alone do not."""
    opens: dict[str, set[str]] = {}
    for module in modules:
        opened = {name.split(".")[0] for name in module.opened_at_run_time} - {module.house}
        opens.setdefault(module.house, set()).update(opened)
    reached = {one: _reached(one, opens) for one in opens}
    knots = {tuple(sorted(two for two in reached[one] if one in reached.get(two, ()))) for one in opens}
    return sorted(list(knot) for knot in knots if knot)


def _reached(start: str, opens: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        news = opens.get(waiting.pop(), set()) - found
        found |= news
        waiting += news
    return found


def everything_is_a_house_or_the_floor(module: Module) -> list[str]:
    known = {*HOUSES, *FLOOR, "__init__"}
    return [] if module.house in known else [f"{module.name}: neither in the list of houses nor of the floor"]


# ── One place for each thing ─────────────────────────────────────────────────────────────────────────────────────────


def only_aws_knows_the_sdk(module: Module) -> list[str]:
    if module.house == "aws":
        return []
    sdk = [name for name in module.imports if name.split(".")[0] in ("boto3", "botocore", "s3transfer")]
    # What another floor asks of DynamoDB and KMS it asks of the store.
    calls = () if module.house in ("entry", "store") else ("aws.attempts", "aws.json_calls")
    ways = ("aws.clients", *calls)
    opened = [name for name in module.opened if name.startswith(ways)]
    return [f"{module.name} opens {name}" for name in [*sdk, *opened]]


def only_http_fetch_asks_others(module: Module) -> list[str]:
    if module.name in ("http_fetch", "aws.http1"):
        return []
    ways = ("urllib3", "urllib.request", "http.client", "requests", "httpx", "socket")
    return [f"{module.name} opens {name}" for name in module.imports if _within(name, set(ways))]


def only_settings_reads_the_environment(module: Module) -> list[str]:
    if module.name == "settings":
        return []
    named = [name for name in module.uses() if name in ("os.environ", "os.getenv", "os.environb", "os.putenv")]
    taken = [f"os.{name}" for name in _taken_from(module, "os") if name.startswith(("environ", "getenv"))]
    return [f"{module.name} reads {name}" for name in [*named, *taken]]


def only_clock_knows_the_time(module: Module) -> list[str]:
    if module.name == "clock":
        return []
    # A zone that a machine brings itself may be years old.
    opened = [name for name in module.imports if name in ("time", "zoneinfo")]
    ends = (".now", ".utcnow", ".today")
    asked = [name for name in module.uses() if name.endswith(ends) and re.search(r"\b(datetime|date)\.\w+$", name)]
    return [f"{module.name} uses {name}" for name in [*opened, *asked]]


def only_ids_knows_chance(module: Module) -> list[str]:
    if module.name == "ids":
        return []
    opened = [name for name in module.imports if name in ("random", "secrets", "uuid")]
    asked = [name for name in module.uses() if name in ("os.urandom", "os.getrandom") or name.endswith(".generate_key")]
    taken = [f"os.{name}" for name in _taken_from(module, "os") if name in ("urandom", "getrandom")]
    return [f"{module.name} uses {name}" for name in [*opened, *asked, *taken]]


def only_entry_writes_a_status(module: Module) -> list[str]:
    # What AWS answered is no answer of ours.
    if module.house in ("entry", "store", "aws"):
        return []
    numbers = [
        f"{module.name}:{node.lineno} writes {node.value}"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant) and type(node.value) is int and node.value in STATUSES
    ]
    said = [
        f"{module.name}:{node.value.lineno} says status={ast.unparse(node.value)}"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.keyword) and node.arg in ("status", "status_code")
        if not (module.room == "routes" and isinstance(node.value, ast.Constant) and 200 <= node.value.value < 400)
    ]
    return [*numbers, *said, *(f"{module.name} opens {name}" for name in module.imports if name.startswith("http"))]


def only_keys_builds_a_key(module: Module) -> list[str]:
    if module.name == "store.keys":
        return []
    # `#/components/…` is a reference within a document, `#EXT…` a word of playlists.
    return [f"{module.name} writes {text!r}" for text in module.texts() if re.search(r"^#$|\w#(?!/)|#(?!EXT)\w", text)]


def nothing_is_scanned_and_nothing_leaves_as_it_lies(module: Module) -> list[str]:
    calls = [node.func.attr for node in _calls(module) if isinstance(node.func, ast.Attribute)]
    forbidden = {"scan", "to_dict", "to_json", "to_simple_dict", "parallel_scan"} - MAY.get(module.name, set())
    return [f"{module.name} calls {name}" for name in calls if name in forbidden]


def only_store_writes_records(module: Module) -> list[str]:
    if module.house == "store":
        return []
    forbidden = {"save", "batch_write", "batch_get"} - MAY.get(module.name, set())
    calls = [node.func.attr for node in _calls(module) if isinstance(node.func, ast.Attribute)]
    return [f"{module.name} calls {name}" for name in calls if name in forbidden]


# ── Words and sizes ──────────────────────────────────────────────────────────────────────────────────────────────────


def mails_are_of_houses_before(module: Module) -> list[str]:
    """A template is found by its house's name, which no import shows."""
    if module.house not in HOUSES:
        return []
    named = [text for text in module.texts() if re.fullmatch(r"[a-z_]+/mail/[a-z_]*", text)]
    order = HOUSES.index(module.house)
    return [f"{module.name} fills in {text}" for text in named if HOUSES.index(text.split("/")[0]) > order]


def no_room_is_called_so(module: Module) -> list[str]:
    words = {word for part in module.name.split(".") for word in [part, *part.split("_")]}
    return [f"{module.name}: {word}" for word in sorted(words & NO_ROOM)]


def what_is_derived_names_no_house(module: Module) -> list[str]:
    if module.name not in DERIVED:
        return []
    words = re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", module.source).lower())
    return [f"{module.name} says {word}" for word in words if {word, word.removesuffix("s")} & DOMAIN_WORDS]


def a_sentence_hangs_on_the_door(module: Module) -> list[str]:
    said = ast.get_docstring(module.tree) or ""
    is_sentence = said.endswith(".") and "\n\n" not in said and not re.search(r"[.!?]\s+[A-ZĄĆĘŁŃÓŚŹŻ]", said)
    return [] if is_sentence and len(said.split()) > 2 else [f"{module.name}: {said!r} is not one sentence"]


def functions_are_short(module: Module) -> list[str]:
    """What is counted is what is done; a long signature is a long sentence, but one."""
    functions = [node for node in ast.walk(module.tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    lines = {node.name: (node.end_lineno or 0) - node.body[0].lineno + 1 for node in functions}
    return [f"{module.name}.{name} has {count} lines" for name, count in lines.items() if count > MOST_LINES]


LAWS = (
    rooms_open_only_what_they_may,
    houses_open_only_houses_before_them,
    the_floor_opens_no_house,
    the_floor_stands_on_itself,
    everything_is_a_house_or_the_floor,
    only_aws_knows_the_sdk,
    only_http_fetch_asks_others,
    only_settings_reads_the_environment,
    only_clock_knows_the_time,
    only_ids_knows_chance,
    only_entry_writes_a_status,
    only_keys_builds_a_key,
    nothing_is_scanned_and_nothing_leaves_as_it_lies,
    only_store_writes_records,
    mails_are_of_houses_before,
    no_room_is_called_so,
    what_is_derived_names_no_house,
    a_sentence_hangs_on_the_door,
    functions_are_short,
)


def _calls(module: Module) -> list[ast.Call]:
    return [node for node in ast.walk(module.tree) if isinstance(node, ast.Call)]


def _taken_from(module: Module, source: str) -> list[str]:
    froms = [node for node in ast.walk(module.tree) if isinstance(node, ast.ImportFrom) and node.module == source]
    return [alias.name for node in froms for alias in node.names]


# ── Doors ────────────────────────────────────────────────────────────────────────────────────────────────────────────

ENTRY_POINTS = ("RouteTable", "Listeners", "Schedules", "Operations")


def entry_points_of(module: Module) -> set[str]:
    """The objects of a module on which doors are declared: `alarms.routes.routes`."""
    made = [node for node in module.tree.body if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)]
    named = [node for node in made if isinstance(node.value, ast.Call) and ast.unparse(node.value.func) in ENTRY_POINTS]
    return {f"{module.name}.{ast.unparse(node.targets[0])}" for node in named}


def registered() -> set[str]:
    """The same, as chalicelib/houses.py lists them for app.py."""
    listed = {
        *(f"{name}.routes" for name in (*houses.modules("routes"), houses.ENTRY_ROUTES)),
        *(f"{name}.listeners" for name in (*houses.modules("listeners"), houses.ENTRY_LISTENERS, houses.SHARED_QUEUES)),
        *(f"{name}.schedules" for name in houses.modules("scheduled")),
        *(f"{name}.operations" for name in houses.modules("operations")),
    }
    return {name.removeprefix(f"{PACKAGE}.") for name in listed}
