"""What of a function an encoder reads, and the digest that names it."""

from __future__ import annotations

import hashlib

_PROBE = 40


def encoder_text(qualified_name: str, docstring: str, text: str) -> str:
    """The text of a function that an encoder is given: name in its context, documentation, source.

    A docstring inside of the source is not repeated.
    """
    if docstring and docstring[:_PROBE].split("\n", 1)[0] not in text:
        return f"{qualified_name}\n{docstring}\n{text}"
    return f"{qualified_name}\n{text}"


def content_digest(text: str) -> bytes:
    """16 bytes that name a text: functions of equal text share their vectors."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def parts(text: str, max_chars: int) -> list[str]:
    """Cut a text that is too long for an encoder into parts of about equal length, at line ends where possible."""
    if len(text) <= max_chars:
        return [text]
    count = -(-len(text) // max_chars)
    size = -(-len(text) // count)
    cut = []
    start = 0
    while start < len(text):
        end = min(start + size, len(text))
        line_end = text.rfind("\n", start + size // 2, end)
        if end < len(text) and line_end > start:
            end = line_end + 1
        cut.append(text[start:end])
        start = end
    return cut
