from __future__ import annotations

from collections import Counter

from codesearch.encoders.vocabulary import Vocabulary
from codesearch.train.vocabulary import choose_tokens, count_words


def read(vocabulary: Vocabulary, text: str) -> list[str]:
    (ids,) = vocabulary.token_ids([text])
    return [vocabulary.tokens[i] for i in ids]


def test_an_identifier_is_read_as_its_words_in_every_spelling() -> None:
    vocabulary = Vocabulary(["get", "user", "name", "http"])
    for spelling in ("getUserName", "get_user_name", "GET_USER_NAME", "GetUserName"):
        assert read(vocabulary, spelling) == ["get", "user", "name"]
    assert read(vocabulary, "HTTPUser") == ["http", "user"]


def test_an_unknown_word_is_read_as_its_longest_known_pieces() -> None:
    assert read(Vocabulary(["token", "tokenize", "r", "izer", "s"]), "tokenizers") == ["tokenize", "r", "s"]


def test_characters_that_nothing_covers_are_left_out() -> None:
    assert read(Vocabulary(["file"]), "file été 文件 €") == ["file"]


def test_an_empty_text_has_no_tokens() -> None:
    assert Vocabulary(["file"]).token_ids(["", " \n"]) == [[], []]


def test_a_word_without_end_is_cut() -> None:
    assert len(read(Vocabulary(["a"]), "a" * 10_000)) == 64


def test_identifiers_are_counted_by_their_words() -> None:
    assert count_words(["readFile read_file", "File"]) == Counter({"file": 3, "read": 2})


def test_the_vocabulary_holds_the_most_frequent_words_and_every_single_letter() -> None:
    tokens = choose_tokens(Counter(parse=9, date=5, rare=1), Counter(self=9, parse=2), size=39)
    assert {"parse", "self", "date"} < set(tokens)
    assert "rare" not in tokens
    assert set("abcxyz019") < set(tokens)


def test_texts_and_code_count_alike_however_much_there_is_of_each() -> None:
    tokens = choose_tokens(Counter(word=10), Counter(code=100_000, more=1_000), size=38)
    assert {"word", "code"} < set(tokens)
    assert "more" not in tokens


def test_a_plain_word_that_was_not_seen_comes_before_a_rare_one() -> None:
    texts = Counter(common=10_000, rare=1)
    assert "unseen" in choose_tokens(texts, texts, general=["unseen"], size=38)
