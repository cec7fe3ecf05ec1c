"""Pairs of the heading or sentence before a code block in a document, and the block."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from codesearch.train.data.clean import comment_text
from codesearch.train.data.docstrings import Described
from codesearch.train.data.functions import SourceFile, is_worth_training
from indexer.function import Function
from indexer.languages import LANGUAGES, canonical_name

_FENCE = re.compile(r"^([ \t]*)(`{3,}|~{3,})[ \t]*\{?\.?([\w+#-]+)[^\n]*\n(.*?)^\1\2[ \t]*$", re.MULTILINE | re.DOTALL)
_DIRECTIVE = re.compile(
    r"^([ \t]*)\.\. (?:code-block|code|sourcecode|ipython|testcode)::[ \t]*([\w+#-]+)[ \t]*\n"
    r"((?:\1[ \t]+[^\n]*\n|[ \t]*\n)+)",
    re.MULTILINE,
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z`\"'])")
_HEADING = re.compile(r"^#{1,6}\s+|^[=~^\"'*+-]{3,}\s*$", re.MULTILINE)
_OPTION = re.compile(r"\A(?:[ \t]*:[\w-]+:[^\n]*\n)+")


def document_pairs(files: Iterable[SourceFile]) -> Iterator[Described]:
    """Yield the code blocks of Markdown and reStructuredText that say which language they are in."""
    for file in files:
        if file.language is None:
            for start, name, code in _blocks(file.text):
                language = LANGUAGES.get(canonical_name(name) or "")
                text = _text_before(file.text, start)
                if language is None or text is None or not is_worth_training(code):
                    continue
                line = file.text.count("\n", 0, start) + 2
                stem = PurePosixPath(file.path).stem
                function = Function("window", stem, stem, line, line + code.count("\n"), "", "", code)
                yield Described(text, function, code, file.path, language)


def _blocks(text: str) -> Iterator[tuple[int, str, str]]:
    for match in _FENCE.finditer(text):
        yield match.start(), match[3], _dedented(match[4])
    for match in _DIRECTIVE.finditer(text):
        yield match.start(), match[2], _dedented(_OPTION.sub("", match[3]))


def _dedented(code: str) -> str:
    lines = [line.rstrip() for line in code.strip("\n").splitlines()]
    depth = min((len(line) - len(line.lstrip()) for line in lines if line), default=0)
    return "\n".join(line[depth:] for line in lines).strip("\n")


def _text_before(text: str, start: int) -> str | None:
    """Return the last sentence of the paragraph or the heading that ends right before ``start``."""
    before = text[max(0, start - 2000) : start].rstrip()
    paragraph = before.rpartition("\n\n")[2]
    if paragraph.lstrip().startswith(("```", "~~~", "|", "<", "..", ">>>")) or paragraph.endswith(("```", "~~~")):
        return None
    paragraph = _HEADING.sub("", paragraph)
    return comment_text(_SENTENCE.split(" ".join(paragraph.split()))[-1].rstrip(":"))
