"""Splitting identifiers into the words people type, for the word index and for encoders."""

from __future__ import annotations

import re

_IDENTIFIER = re.compile(r"\w+")
# Case changes, acronyms (`HTTPResponse` is HTTP + Response) and digits end a part; other letters are kept as runs.
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_A-Za-z]+")
_CACHE_LIMIT = 200_000
_TO_BLANKS = bytes(byte if chr(byte).isalnum() or chr(byte) == "_" else 32 for byte in range(128)).ljust(256)


def split_identifier(identifier: str) -> list[str]:
    """Split an identifier, or a text, into lower-case parts: ``parseHTTPResponse`` to parse, http and response."""
    return [part.lower() for part in _PART.findall(identifier)]


def identifier_words(identifier: str) -> list[str]:
    """The words by which an identifier is found: its parts, and the whole if it has several."""
    parts = split_identifier(identifier)
    if len(parts) > 1:
        parts.append("".join(parts))
    return parts


def identifiers(text: str) -> list[str]:
    r"""All runs of letters, digits and underscores (``\w+``) in their order."""
    if text.isascii():  # three times as fast as the expression
        return text.encode("ascii").translate(_TO_BLANKS).decode("ascii").split()
    return _IDENTIFIER.findall(text)


class WordSplitter:
    """Turns source text into a string of words in which compound identifiers appear in parts and as a whole.

    ``parse_http_response`` and ``parseHTTPResponse`` both become ``parse http response parsehttpresponse``, so that
    either spelling, or one of its words, finds the other.
    """

    def __init__(self) -> None:
        self._split = _Splits()

    def words(self, text: str) -> str:
        """Give the words of ``text``, separated by spaces."""
        if len(self._split) > _CACHE_LIMIT:
            self._split.clear()
        return " ".join(map(self._split.__getitem__, identifiers(text)))


class _Splits(dict[str, str]):
    """Identifiers repeat, so their splits are remembered."""

    def __missing__(self, identifier: str) -> str:
        split = self[identifier] = " ".join(identifier_words(identifier))
        return split
