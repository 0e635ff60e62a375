"""Figures of how the house is built: `make measures` writes them into docs/architecture.md; tests hold their bars."""

from __future__ import annotations

import ast
import io
import re
import statistics
import tokenize
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib import houses
from tests.house.laws import ROOT, Module, all_modules, circles

DOCUMENT = ROOT / "docs" / "architecture.md"
# Words of a private dialect, for which the field has others: nowhere at all, and these, which are plain English in a
# sentence, not as identifiers.
DIALECT = (
    "companion", "Farewell", "hears_at", "heir", "look_again", "make_pass", "mischief", "must_stand", "NotHad", "Once",
    "Opened", "place_id", "places_of", "pursue", "reapers", "regrant", "relocating", "told_of", "told_to", "turnstile",
    "TurnedAway", "Vault", "VaultKey", "vault",
)  # fmt: skip
AS_IDENTIFIERS = (
    "along", "arriving", "asked", "Door", "doors", "happened", "letters", "looked", "moving", "once", "opened",
    "partition", "place", "places", "pump", "recorded", "standing", "stands", "told",
)  # fmt: skip
MOST_OF_DIALECT = 27


@dataclass(frozen=True)
class Measure:
    """One row: what is counted, how much it is now, and the most that it may be (None where it is only told)."""

    what: str
    value: float
    bar: float | None = None
    text: str = ""

    @property
    def holds(self) -> bool:
        return self.bar is None or self.value <= self.bar

    def row(self) -> str:
        return f"| {self.what} | {self.text or f'{self.value:g}'} | {'' if self.bar is None else f'{self.bar:g}'} |"


def measures() -> list[Measure]:
    modules = all_modules()
    sources = [module.source for module in modules]
    lines = sum(source.count("\n") for source in sources)
    lengths = sorted(length for module in modules for length in _lengths(module.tree))
    files = sorted(source.count("\n") for source in sources)
    return [
        Measure("circles of folders", len(circles(modules)), 0),
        Measure("path ids that a view takes and does not use", len(list(_unused_ids(modules))), 0),
        Measure("records read by position", len(list(_by_position(modules))), 0),
        Measure("lines with `Any`, in 1,000", round(1000 * _lines_with_any(sources) / lines, 1), 8),
        _sizes("lines of a function", lengths),
        _sizes("lines of a file", files),
        Measure("lines of `chalicelib`", lines),
    ]


def _sizes(what: str, sizes: list[int]) -> Measure:
    ninth, most = sizes[len(sizes) * 9 // 10], sizes[-1]
    return Measure(f"{what}: median, nine of ten, most", most, text=f"{statistics.median(sizes):g}, {ninth}, {most}")


def _lengths(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield (node.end_lineno or 0) - node.body[0].lineno + 1


def _lines_with_any(sources: list[str]) -> int:
    return sum(
        1 for source in sources for line in source.splitlines()
        if re.search(r"\bAny\b", line) and not line.lstrip().startswith(("from ", "import ", "#"))
    )  # fmt: skip


def _unused_ids(modules: list[Module]) -> Iterator[str]:
    """Of each view whose decorator names a path: ids of it that are parameters and never read."""
    for module in modules:
        for view in (node for node in module.tree.body if isinstance(node, ast.FunctionDef)):
            paths = [one.args[0] for one in view.decorator_list if isinstance(one, ast.Call) and one.args]
            ids = {name for path in paths for name in re.findall(r"{(\w+)}", ast.unparse(path))}
            read = {node.id for statement in view.body for node in ast.walk(statement) if isinstance(node, ast.Name)}
            yield from (f"{module.name}.{view.name}: {one.arg}" for one in view.args.args if one.arg in ids - read)


def _by_position(modules: list[Module]) -> Iterator[str]:
    """Every `found[3]` and `found[:2]` of what was read from the tables."""
    for module in modules:
        for function in (node for node in ast.walk(module.tree) if isinstance(node, ast.FunctionDef)):
            read = {name for statement in ast.walk(function) for name in _names_read(statement)}
            for node in ast.walk(function):
                if isinstance(node, ast.Subscript) and ast.unparse(node.value) in read and _is_position(node.slice):
                    yield f"{module.name}.{function.name}: {ast.unparse(node)}"


def _names_read(statement: ast.AST) -> Iterator[str]:
    if not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.Call):
        return
    if ast.unparse(statement.value.func) in ("read", "read_all"):
        for target in statement.targets:
            for one in target.elts if isinstance(target, ast.Tuple) else [target]:
                yield ast.unparse(one.value if isinstance(one, ast.Starred) else one)


def _is_position(where: ast.expr) -> bool:
    return isinstance(where, ast.Slice) or (isinstance(where, ast.Constant) and isinstance(where.value, int))


def dialect(folders: tuple[str, ...] = ("chalicelib", "infra")) -> Counter[str]:
    """How often each word of the dialect stands in the Python of these folders."""
    sources = [path.read_text() for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return sum(map(dialect_of, sources), Counter())


def dialect_of(source: str) -> Counter[str]:
    words = Counter(word for word in re.findall(r"\w+", source) if word in DIALECT)
    before = ""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        is_str_method = (before, token.string) == (".", "partition")
        if token.type == tokenize.NAME and token.string in AS_IDENTIFIERS and not is_str_method:
            words[token.string] += 1
        before = token.string
    return words


def measured_table() -> str:
    words = dialect()
    rows = [*measures(), Measure("uses of words that the field has others for", sum(words.values()), MOST_OF_DIALECT)]
    return "| measured | now | bar |\n|---|---:|---:|\n" + "\n".join(measure.row() for measure in rows)


def houses_table() -> str:
    """Every house in its order, what it is for by its own words, and which it opens."""
    modules = all_modules()
    said = {module.house: ast.get_docstring(module.tree) for module in modules if module.room == "__init__"}
    rows = []
    for house in houses.HOUSES:
        opened = {name.split(".")[0] for module in modules if module.house == house for name in module.opened}
        before = ", ".join(f"`{one}`" for one in houses.HOUSES if one in opened - {house})
        rows.append(f"| `{house}` | {said[house]} | {before} |")
    return "| house | what it is for | imports |\n|---|---|---|\n" + "\n".join(rows)


def written(document: str) -> str:
    """The document with both tables as they are now."""
    for name, table in (("houses", houses_table()), ("measures", measured_table())):
        head, begin, rest = document.partition(f"<!-- {name} -->\n")
        _, end, tail = rest.partition(f"<!-- /{name} -->")
        document = f"{head}{begin}{table}\n{end}{tail}"
    return document


if __name__ == "__main__":
    DOCUMENT.write_text(written(DOCUMENT.read_text()))
    print(measured_table())
