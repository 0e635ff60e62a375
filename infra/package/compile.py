"""Compiles all sources of a folder to what Lambda imports, without the docstrings: run by the Python that Lambda has.

Nobody reads a docstring there, and they are a tenth of what is carried and held in memory. All else is as compileall
would have it (asserts included, which `-O` would drop); the format is that of PEP 552.
"""

import ast
import importlib.util
import marshal
import sys
from pathlib import Path

# Based on a hash of the source, and never compared with it: nothing changes there, and dates in a zip mean nothing.
_UNCHECKED = (1).to_bytes(4, "little")
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def compiled(source: bytes, name: str) -> bytes:
    """What the file `name` of this source is imported from."""
    module = ast.parse(source, name)
    for node in ast.walk(module):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            # Nothing may stand before an import of __future__; and no body may be empty.
            node.body[:1] = [] if node.body[1:] or isinstance(node, ast.Module) else [ast.Pass(lineno=1, col_offset=0)]
    code = compile(module, name, "exec", dont_inherit=True)
    return importlib.util.MAGIC_NUMBER + _UNCHECKED + importlib.util.source_hash(source) + marshal.dumps(code)


if __name__ == "__main__":
    tree, at = Path(sys.argv[1]), sys.argv[2]
    for path in sorted(tree.rglob("*.py")):
        name = f"{at}/{path.relative_to(tree).as_posix()}"
        path.with_suffix(".pyc").write_bytes(compiled(path.read_bytes(), name))
