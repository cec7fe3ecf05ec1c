"""The tokenizer of the transformer: that of the encoder it starts from, with names in code split into words.

A tokenizer made for prose lowers all letters before it looks for words it knows, so that ``parseHTTPResponse`` becomes
a heap of syllables. The split is part of its normalisation and thus of ``tokenizer.json``: whatever trains, exports or
encodes reads the same file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from codesearch.errors import CodesearchError

if TYPE_CHECKING:
    from pathlib import Path

    from tokenizers import Tokenizer

WORD_ENDS = r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_+"
"""Between the words of ``parseHTTPResponse`` and of ``parse_http_response``, which are the same three."""


def code_tokenizer(start: Path) -> Tokenizer:
    """The tokenizer of the folder ``start``, which reads names in code as their words.

    Raises:
        CodesearchError: its ``tokenizer.json`` is missing or damaged.
    """
    from tokenizers import Regex, Tokenizer, normalizers

    file = start / "tokenizer.json"
    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as error:  # tokenizers raises nothing more particular
        raise CodesearchError(f"{file} is no tokenizer that can be read ({error}): get the model again") from error
    steps = [normalizers.Replace(Regex(WORD_ENDS), " ")]
    if tokenizer.normalizer:
        steps.append(tokenizer.normalizer)
    tokenizer.normalizer = normalizers.Sequence(steps)
    return tokenizer
