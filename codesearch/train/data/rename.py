"""Code without its names: a model that reads it has nothing but what the code does (as AdvTest of CodeXGLUE asks).

The function's own name and its variables are renamed; what it calls, members, types and constants stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from indexer.parse import TooCostlyError, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    import tree_sitter

    from indexer.languages import Language

FUNCTION = "func"
_VARIABLE = "var"
_IDENTIFIERS = frozenset({"identifier", "simple_identifier", "variable", "word"})
_MEMBER_MARKS = frozenset({".", "->", "::", "?.", "&.", "@", ":"})
_NO_VARIABLES = ("type", "call", "attribute", "annotation", "keyword_argument", "pair", "invocation", "command")

_FIXED = frozenset({b"self", b"this", b"super", b"cls", b"null", b"nil", b"true", b"false", b"undefined"})


def without_names(code: str, name: str, language: Language) -> str | None:
    """Rename the function called ``name`` and its variables; None if the code cannot be parsed or has none."""
    data = code.encode()
    try:
        tree = parse(data, language)
    except TooCostlyError:
        return None
    numbers: dict[bytes, int] = {}
    pieces, end = [], 0
    for leaf in _leaves(tree.root_node):
        text = data[leaf.start_byte : leaf.end_byte]
        if text == name.encode():
            new = FUNCTION
        elif leaf.type in _IDENTIFIERS and (text in numbers or _is_variable(leaf, text)):
            new = f"{_VARIABLE}{numbers.setdefault(text, len(numbers))}"
        else:
            continue
        pieces += [data[end : leaf.start_byte], new.encode()]
        end = leaf.end_byte
    if not numbers:
        return None
    return b"".join([*pieces, data[end:]]).decode()


def _leaves(root: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.child_count:
            waiting.extend(reversed(node.children))
        elif node.is_named:
            yield node


def _is_variable(leaf: tree_sitter.Node, text: bytes) -> bool:
    """Whether a name is one that its author was free to choose here: a parameter or a local variable."""
    if not text[:1].islower() or text in _FIXED:
        return False
    before, parent = leaf.prev_sibling, leaf.parent
    if before is not None and before.type in _MEMBER_MARKS:
        return False
    is_first = before is None
    return not (is_first and parent is not None and any(part in parent.type for part in _NO_VARIABLES))
