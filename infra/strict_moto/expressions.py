"""Update and condition expressions, as moto understands them, with its walks through their trees made short.

What a node is depends on its class alone, which moto asks the ABC of every node anew for each of ten walks. Most of
these look for what most branches do not have; and what is looked at of an expression as a whole is looked at once, not
in each of the expressions that moto nests in it, as many as it has words.
"""

import copy
from collections import deque
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import moto.dynamodb.parsing.validators
from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.parsing.ast_nodes import (
    DDBTypedValue,
    DepthFirstTraverser,
    Expression,
    Node,
    NoneExistingPath,
    UpdateExpression,
    UpdateExpressionFunction,
)

# What a walk does with an object of a class: nothing, for it is no node; go through it; process it, too.
_LEFT, _ENTERED, _PROCESSED = 0, 1, 2
_done_with: dict[type, dict[type, int]] = {}
# What a walk may put into a tree; all other nodes of it were read from the text.
_PUT = (DDBTypedValue, NoneExistingPath)
# Under this name a node keeps which kinds were read below it.
_BELOW = "_kinds_below"
_is_entered: dict[type, dict[frozenset[type], bool]] = {}
_is_searched: dict[type, bool] = {}


def traverse_node_recursively(self: Any, node: Any, child_id: int = -1) -> Any:
    if self.nodes_to_be_processed() == (UpdateExpression,):
        return self.process(node)
    kinds = _done_with.setdefault(type(self), {})
    prepares = type(self).pre_processing_of_child is not DepthFirstTraverser.pre_processing_of_child
    return _walk(self, kinds, prepares, node, child_id)


def _walk(walker: Any, kinds: dict[type, int], prepares: bool, node: Any, child_id: int) -> Any:
    done = kinds.get(type(node))
    if done is None:
        is_processed = isinstance(node, walker.nodes_to_be_processed())
        done = kinds[type(node)] = _LEFT if not isinstance(node, Node) else _PROCESSED if is_processed else _ENTERED
    if done == _LEFT:
        return node
    parent_node = node.parent
    if node.children is not None and _enters(walker, node):
        for index, child in enumerate(node.children):
            if prepares:
                walker.pre_processing_of_child(node, index)
            if type(child) is not str:
                _walk(walker, kinds, prepares, child, index)
    if done == _PROCESSED:
        node = walker.process(node)
        node.parent = parent_node
        if parent_node:
            parent_node.children[child_id] = node
    return node


def _enters(walker: Any, node: Any) -> bool:
    """Whether there may be anything below for it."""
    below = node.__dict__.get(_BELOW)
    if below is None:
        return True
    known = _is_entered.setdefault(type(walker), {})
    enters = known.get(below)
    if enters is None:
        wanted = walker.nodes_to_be_processed()
        enters = known[below] = any(issubclass(kind, wanted) for kind in (*below, *_PUT))
    return enters


def _note_kinds(node: Any) -> frozenset[type]:
    """Which kinds of nodes there are below one, noted in it."""
    nodes = [one for one in node.children or () if isinstance(one, Node)]
    below = frozenset({type(one) for one in nodes}.union(*map(_note_kinds, nodes)))
    node.__dict__[_BELOW] = below
    return below


def find_clauses(self: Any, clause_types: Any) -> list[Any]:
    found: list[Any] = []
    _find(self, clause_types, found)
    return found


def _find(node: Any, clause_types: Any, found: list[Any]) -> None:
    for child in node.children or ():
        kind = type(child)
        if kind in clause_types:
            found.append(child)
            continue
        is_searched = _is_searched.get(kind)
        if is_searched is None:
            is_searched = _is_searched[kind] = isinstance(child, Expression | UpdateExpressionFunction)
        if is_searched:
            _find(child, clause_types, found)


def copied(thing: Any) -> Any:
    """A tree, node by node: none has more than its children, its parent, and what does not change."""
    if not isinstance(thing, Node) or thing.parent is not None:
        return copy.deepcopy(thing)
    if _BELOW not in thing.__dict__:
        _note_kinds(thing)  # once: a text that was read is remembered
    return _copied(thing, None)


def _copied(node: Any, parent: Any) -> Any:
    made = object.__new__(type(node))
    made.__dict__.update(node.__dict__)
    made.parent = parent
    if node.children is not None:
        made.children = [
            one if isinstance(one, str) else _copied(one, made) if isinstance(one, Node) else copy.deepcopy(one)
            for one in node.children
        ]
    return made


def _read_once(original: Callable[[Any], deque[Any]]) -> Callable[[Any], deque[Any]]:
    """The words of a condition are those of its text: names and values are looked up later."""

    @lru_cache(4096)
    def words(expression: str) -> tuple[Any, ...]:
        return tuple(original(ConditionExpressionParser(expression, None, None)))

    def lex_condition_expression(self: Any) -> deque[Any]:
        return deque(words(self.condition_expression))

    return lex_condition_expression


REPLACEMENTS: list[tuple[Any, str, Any]] = [
    (DepthFirstTraverser, "traverse_node_recursively", traverse_node_recursively),
    (Node, "find_clauses", find_clauses),
    (moto.dynamodb.parsing.validators, "deepcopy", copied),
    (
        ConditionExpressionParser,
        "_lex_condition_expression",
        _read_once(ConditionExpressionParser._lex_condition_expression),
    ),
]
