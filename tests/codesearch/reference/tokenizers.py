"""Tiny tokenizer files in the published layouts, and the ids they must give, worked out without them."""

from __future__ import annotations

import json

BERT_SPECIALS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
ROBERTA_SPECIALS = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
UNIXCODER_SPECIALS = (*ROBERTA_SPECIALS, "<encoder-decoder>", "<encoder-only>", "<decoder-only>")
CODEGEN_SPECIALS = ("<|endoftext|>",)
CODET5_SPECIALS = ("<pad>", "<s>", "</s>", "<unk>", "<mask>")
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789():_="
VOCABULARY_SIZE = 300


def byte_letters():
    """GPT-2's printable stand-ins for the 256 bytes, by byte."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in printable]
    return {**{byte: chr(byte) for byte in printable}, **{byte: chr(256 + i) for i, byte in enumerate(hidden)}}


def write_json(path, content):
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def write_word_pieces(folder):
    """BERT: ``vocab.txt``, ``tokenizer.json`` and ``tokenizer_config.json``; every letter is a piece."""
    vocabulary = [*BERT_SPECIALS, *LETTERS, *(f"##{letter}" for letter in LETTERS)]
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    write_json(
        folder / "tokenizer_config.json",
        {"do_lower_case": True, "model_max_length": 512, "tokenizer_class": "BertTokenizer"}
        | dict(zip(("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"), BERT_SPECIALS, strict=True)),
    )


def word_piece_ids(text):
    """``[CLS] text [SEP]`` for a text of ``LETTERS`` and spaces."""
    first = len(BERT_SPECIALS)
    ids = [2]
    for word in text.lower().split():
        for run in _runs(word):
            ids += [first + LETTERS.index(c) + (len(LETTERS) if i else 0) for i, c in enumerate(run)]
    return [*ids, 3]


def _runs(word):
    """A word as BERT splits it: punctuation stands alone."""
    runs = [""]
    for letter in word:
        if letter in "():_=":
            runs += [letter, ""]
        else:
            runs[-1] += letter
    return [run for run in runs if run]


def write_byte_pairs(folder, specials, added=()):
    """Byte-level BPE without merges: ``vocab.json``, ``merges.txt`` and their companions; one id a byte."""
    letters = byte_letters()
    tokens = [*specials, *(letters[byte] for byte in range(256))]
    write_json(folder / "vocab.json", {token: i for i, token in enumerate(tokens)})
    (folder / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
    write_json(folder / "added_tokens.json", {token: len(tokens) + i for i, token in enumerate(added)})
    named = {name: token for name, token in SPECIAL_NAMES.items() if token in specials}
    write_json(folder / "special_tokens_map.json", named)
    config = {"tokenizer_class": "RobertaTokenizer", "model_max_length": 512, "add_prefix_space": False}
    write_json(folder / "tokenizer_config.json", config | named)


SPECIAL_NAMES = {
    "bos_token": "<s>",
    "cls_token": "<s>",
    "eos_token": "</s>",
    "sep_token": "</s>",
    "unk_token": "<unk>",
    "pad_token": "<pad>",
    "mask_token": "<mask>",
}


def byte_ids(text, specials):
    """Ids of the bytes of a text, without special tokens."""
    return [len(specials) + byte for byte in text.encode()]


def write_codegen_tokenizer(folder):
    """GPT-2's byte-level BPE with one special token, which nothing adds."""
    write_byte_pairs(folder, CODEGEN_SPECIALS)
    (folder / "added_tokens.json").unlink()
    ends = dict.fromkeys(("bos_token", "eos_token", "unk_token"), "<|endoftext|>")
    write_json(folder / "special_tokens_map.json", ends)
    config = {"add_prefix_space": False, "model_max_length": 2048, "tokenizer_class": "CodeGenTokenizer"}
    write_json(folder / "tokenizer_config.json", config | ends)
