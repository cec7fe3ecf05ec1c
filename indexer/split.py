"""Splitting identifiers into the words people type, for the word index and for encoders."""

from __future__ import annotations

import re

_IDENTIFIER = re.compile(r"\w+")
# Case changes, acronyms (`HTTPResponse` is HTTP + Response) and digits end a part; other letters are kept as runs.
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_A-Za-z]+")
_CACHE_LIMIT = 200_000


def split_identifier(identifier: str) -> list[str]:
    """Split one identifier into lower-case parts: ``parseHTTPResponse`` -> ``parse``, ``http``, ``response``."""
    return [part.lower() for part in _PART.findall(identifier)]


class WordSplitter:
    """Turns source text into a string of words in which compound identifiers appear in parts and as a whole.

    ``parse_http_response`` and ``parseHTTPResponse`` both become ``parse http response parsehttpresponse``, so that
    either spelling, or one of its words, finds the other. Identifiers repeat, so their splits are remembered.
    """

    def __init__(self) -> None:
        self._split: dict[str, str] = {}

    def words(self, text: str) -> str:
        """Give the words of ``text``, separated by spaces."""
        known = self._split
        if len(known) > _CACHE_LIMIT:
            known.clear()
        words = []
        for identifier in _IDENTIFIER.findall(text):
            split = known.get(identifier)
            if split is None:
                split = known[identifier] = _parts_and_whole(identifier)
            words.append(split)
        return " ".join(words)


def _parts_and_whole(identifier: str) -> str:
    parts = split_identifier(identifier)
    if len(parts) > 1:
        parts.append("".join(parts))
    return " ".join(parts)
