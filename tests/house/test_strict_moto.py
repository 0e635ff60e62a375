"""The strict layer knows nothing of this project: it can be taken elsewhere as it is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.laws import ROOT

LAYER = ROOT / "infra" / "strict_moto"
OURS = {"app", "chalicelib", "infra", "sowa_agent", "tests"}
_NAMED = re.compile(r"sowa|chalicelib", re.IGNORECASE)


def opened(source: str) -> set[str]:
    """The packages that a module imports by their whole names."""
    return set(_opened(ast.parse(source)))


def _opened(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.name.partition(".")[0] for one in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield str(node.module).partition(".")[0]


def leads_out(source: str, depth: int) -> bool:
    """Whether a relative import goes above the folder, in which the module lies so deep."""
    levels = [node.level for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)]
    return max(levels, default=0) > depth


def test_it_opens_nothing_of_ours_and_names_nothing() -> None:
    sources = {path: path.read_text() for path in LAYER.rglob("*.py")}
    assert len(sources) > 30 and "moto" in opened(sources[LAYER / "layer.py"])
    assert {path.name: found for path, text in sources.items() if (found := opened(text) & OURS)} == {}
    assert [path.name for path, text in sources.items() if leads_out(text, _depth(path))] == []
    texts = {**sources, **{path: path.read_text() for path in LAYER.rglob("*.md")}}
    assert [path.name for path, text in texts.items() if _NAMED.search(text)] == []


def _depth(path: Path) -> int:
    return len(path.relative_to(LAYER).parts)


@pytest.mark.parametrize(
    "source",
    ["import chalicelib.clock", "from infra.local import cloud", "def f():\n    from tests.scene import jpeg"],
)
def test_an_import_of_ours_is_seen(source: str) -> None:
    assert opened(source) & OURS
    assert not opened("from . import trace\nfrom ..layer import StrictAWS\nimport boto3") & OURS


def test_a_way_out_of_the_folder_is_seen() -> None:
    assert leads_out("from ..local import cloud", 1) and not leads_out("from .. import layer", 2)
    assert _NAMED.search('importlib.import_module("chalicelib.aws")')
