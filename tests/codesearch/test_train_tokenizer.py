from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

from codesearch.train.tokenizer import code_tokenizer

if TYPE_CHECKING:
    from pathlib import Path

WORDS = ["[UNK]", "parse", "http", "response", "user", "id", "utf8", "to", "string"]


@pytest.fixture
def start(tmp_path: Path) -> Path:
    """The folder of an encoder whose tokenizer lowers all letters, as those of the BERT family do."""
    tokenizer = Tokenizer(WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.normalizer = BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    return tmp_path


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("parseHTTPResponse", ["parse", "http", "response"]),
        ("__parse_http_response", ["parse", "http", "response"]),
        ("UserId", ["user", "id"]),
        ("utf8ToString", ["utf8", "to", "string"]),
        ("parse user", ["parse", "user"]),
    ],
)
def test_a_name_is_read_as_its_words(start: Path, name: str, words: list[str]) -> None:
    assert code_tokenizer(start).encode(name).tokens == words


def test_a_saved_tokenizer_still_splits_names(start: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved.json"
    code_tokenizer(start).save(str(saved))
    assert Tokenizer.from_file(str(saved)).encode("userId").tokens == ["user", "id"]
