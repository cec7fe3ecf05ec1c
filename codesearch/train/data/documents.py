"""Pairs of headings and sentences of documents and the code that stands below or beside them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from codesearch.train.data.clean import comment_text
from codesearch.train.data.docstrings import Described
from codesearch.train.data.functions import SourceFile, is_worth_training, without_docstring
from indexer.function import Function
from indexer.languages import LANGUAGES, canonical_name

_FENCE = re.compile(r"^([ \t]*)(`{3,}|~{3,})[ \t]*\{?\.?([\w+#-]+)[^\n]*\n(.*?)^\1\2[ \t]*$", re.MULTILINE | re.DOTALL)
_DIRECTIVE = re.compile(
    r"^([ \t]*)\.\. (?:code-block|code|sourcecode|ipython|testcode)::[ \t]*([\w+#-]+)[ \t]*\n"
    r"((?:\1[ \t]+[^\n]*\n|[ \t]*\n)+)",
    re.MULTILINE,
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z`\"'])")
_HEADING = re.compile(
    r"^#{1,6}[ \t]+(.+?)[ \t#]*$|^(\S.*)\n(?:={3,}|-{3,}|~{3,}|\^{3,}|\*{3,}|\+{3,}|\"{3,})[ \t]*$", re.MULTILINE
)
_METADATA = re.compile(r"\A---\n(?:.*\n)*?title:[ \t]*(.+)\n(?:.*\n)*?---\n")
_README = re.compile(r"readme\.(?:md|markdown|rst)", re.IGNORECASE)
_TRANSLATED = re.compile(r"(?:^|/)(?:locali[sz]ations?|translations?|i18n|locales?)/", re.IGNORECASE)
_NO_TEXT = ("```", "~~~", "|", "<", "..", ">>>", "- ", "* ")
_OPTION = re.compile(r"\A(?:[ \t]*:[\w-]+:[^\n]*\n)+")


def document_pairs(files: Iterable[SourceFile]) -> Iterator[Described]:
    """Yield the code blocks of Markdown and reStructuredText that say which language they are in.

    A block comes with the sentence before it, and the first of a section with the section's heading and first sentence
    as well, which say what people look for.
    """
    for file in files:
        if file.language is None and not _TRANSLATED.search(file.path):
            for block in _blocks(file.text):
                language = LANGUAGES.get(canonical_name(block.language) or "")
                if language is None or not is_worth_training(block.code):
                    continue
                line = file.text.count("\n", 0, block.start) + 2
                stem = PurePosixPath(file.path).stem
                end_line = line + block.code.count("\n")
                function = Function("window", stem, stem, line, end_line, "", "", block.code)
                texts = [_sentence_before(file.text, block.start), *_opening(file.text[block.after : block.start])]
                for text in dict.fromkeys(filter(None, texts)):
                    yield Described(text, function, block.code, file.path, language)


def readme_pairs(files: Iterable[SourceFile]) -> Iterator[Described]:
    """Yield the longest function of a file that has a README for itself, as recipes have, with the README's title."""
    folders: dict[str, list[SourceFile]] = defaultdict(list)
    for file in files:
        folders[file.path.rpartition("/")[0]].append(file)
    for folder, together in folders.items():
        sources = [file for file in together if file.language is not None]
        readmes = [file for file in together if _README.fullmatch(file.path.rpartition("/")[2])]
        if folder and len(sources) == len(readmes) == 1:
            yield from _in_readme(readmes[0], sources[0])


def _in_readme(readme: SourceFile, source: SourceFile) -> Iterator[Described]:
    functions = [function for function in source.functions if function.kind in ("function", "method")]
    if source.language is None or source.is_test or not functions:
        return
    longest = max(functions, key=lambda function: function.end_line - function.start_line)
    code = without_docstring(longest, source.language)
    for text in filter(None, _opening(readme.text)[:1] if is_worth_training(code) else []):
        yield Described(text, longest, code, source.path, source.language)


@dataclass(frozen=True, slots=True)
class _Block:
    after: int
    """Where the block before it ends."""
    start: int
    language: str
    code: str


def _blocks(text: str) -> Iterator[_Block]:
    found = sorted([*_FENCE.finditer(text), *_DIRECTIVE.finditer(text)], key=lambda match: match.start())
    after = 0
    for match in found:
        is_fence = match.re is _FENCE
        code = match[4] if is_fence else _OPTION.sub("", match[3])
        yield _Block(min(after, match.start()), match.start(), match[3] if is_fence else match[2], _dedented(code))
        after = match.end()


def _dedented(code: str) -> str:
    lines = [line.rstrip() for line in code.strip("\n").splitlines()]
    depth = min((len(line) - len(line.lstrip()) for line in lines if line), default=0)
    return "\n".join(line[depth:] for line in lines).strip("\n")


def _sentence_before(text: str, start: int) -> str | None:
    """Return the last sentence of the paragraph or the heading that ends right before ``start``."""
    return _sentence(text[max(0, start - 2000) : start].rstrip().rpartition("\n\n")[2], -1)


def _opening(text: str) -> list[str | None]:
    """Return the last heading of a text, or the title in its metadata, and the sentence that follows."""
    metadata = _METADATA.match(text)
    headings = [metadata] if metadata else []
    headings += _HEADING.finditer(text, metadata.end() if metadata else 0)
    if not headings:
        return []
    title = next(filter(None, headings[-1].groups()))
    paragraph = text[headings[-1].end() :].strip().partition("\n\n")[0]
    return [comment_text(title.strip()), _sentence(paragraph, 0)]


def _sentence(paragraph: str, which: int) -> str | None:
    """Return one sentence of a paragraph; None of a list, a table, markup or code."""
    if not paragraph or paragraph.lstrip().startswith(_NO_TEXT) or paragraph.endswith(("```", "~~~")):
        return None
    paragraph = _HEADING.sub("", paragraph)
    return comment_text(_SENTENCE.split(" ".join(paragraph.split()))[which].rstrip(":"))
