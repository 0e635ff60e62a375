"""Trees of XML elements written as nested tuples, and their bytes, the same each time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from xml.etree import ElementTree  # writes only: nothing is parsed
from xml.etree.ElementTree import Element, SubElement

# Tag, what is in it, and attributes. None leaves the element out.
Node = tuple[str, "str | Iterable[Node | None]"] | tuple[str, "str | Iterable[Node | None]", Mapping[str, str]]


def written(root: Node, namespaces: Mapping[str, str]) -> bytes:
    """The document; `namespaces` are declared on its root, by prefix, the empty one being that of names without."""
    element = Element(root[0], {f"xmlns:{prefix}" if prefix else "xmlns": uri for prefix, uri in namespaces.items()})
    _fill(element, root)
    ElementTree.indent(element, " ")
    text: bytes = ElementTree.tostring(element, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _fill(element: Element, node: Node) -> None:
    content = node[1]
    if len(node) == 3:
        element.attrib.update(node[2])
    if isinstance(content, str):
        element.text = content
        return
    for child in content:
        if child is not None:
            _fill(SubElement(element, child[0]), child)
