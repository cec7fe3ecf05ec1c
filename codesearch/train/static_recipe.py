"""Making the static encoder from pairs: vocabulary, the words' first vectors, training, and the shipped files."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from typing import TYPE_CHECKING

import numpy as np

from codesearch.encoders.static import MAX_TOKENS
from codesearch.encoders.vocabulary import Vocabulary
from codesearch.errors import CodesearchError
from codesearch.train.arrays import read_arrays, write_arrays
from codesearch.train.bags import tokenize_pairs
from codesearch.train.data.pair import ORIGINS, Origin, Pair, read_pairs
from codesearch.train.distill import principal_axes, project, rarity_weights
from codesearch.train.static import StaticModel, buckets, learn_texts, train
from codesearch.train.static_files import save_static
from codesearch.train.vocabulary import choose_tokens, count_words

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Collection
    from pathlib import Path

    from numpy.typing import NDArray

    from codesearch.encoders.protocol import Encoder
    from codesearch.train.static import Settings

TOKENS = 30_000
DIM = 256
_TEXTS_AT_ONCE = 5000

_PLAIN_WORD = re.compile(r"[a-z]{2,}")


def make_static(
    pairs: list[Pair], teacher: Encoder, general: list[str], folder: Path, settings: Settings
) -> list[float]:
    """Train a static encoder, write it to ``folder / "model"``, and return the losses.

    Args:
        pairs: to train on.
        teacher: the sentence encoder whose vectors of words and texts are the start.
        general: words of plain language, the most frequent first (see ``plain_words``).
        folder: for the model and the state of the run; one that was stopped goes on.
        settings: of the run.
    """
    text_counts = count_words(pair.text for pair in pairs)
    code_counts = count_words(pair.code for pair in pairs)
    tokens = choose_tokens(text_counts, code_counts, general, TOKENS)
    vocabulary = Vocabulary(tokens)
    tokenized = tokenize_pairs(pairs, vocabulary)

    texts = np.random.default_rng(settings.seed).permutation(len(pairs))[: settings.start_texts]
    text_vectors = _taught(teacher, [pairs[i].text for i in texts], folder / "texts.npz")
    word_vectors = _taught(teacher, tokens, folder / "words.npz")
    axes = principal_axes(text_vectors, DIM)
    weights = rarity_weights(_shares(text_counts, tokens) / 2 + _shares(code_counts, tokens) / 2)
    model = StaticModel(project(word_vectors, axes), weights, settings.temperature)
    start = {"teacher": teacher.name, "vocabulary": _digest(tokens)}
    learn_texts(model, tokenized.queries.chosen(texts), project(text_vectors, axes), settings, folder, start)
    losses = train(model, tokenized, settings, folder, start)
    save_model(folder / "model", tokens, model)
    return losses


def save_model(folder: Path, tokens: list[str], model: StaticModel) -> None:
    """Write a model in the shipped format."""
    save_static(
        folder,
        tokens,
        model.table.detach().numpy(),
        model.query_weights.detach().exp().numpy(),
        model.code_weights.detach().exp().numpy(),
        model.place_weights.detach().exp().numpy()[buckets(np.arange(MAX_TOKENS))],
    )


def read_training_pairs(folder: Path, only: Collection[Origin] = ORIGINS) -> list[Pair]:
    """The pairs from ``only`` these sources in ``folder`` that are not held out, in the order of the files' names.

    Raises:
        CodesearchError: there are none.
    """
    files = sorted(folder.glob("*.jsonl.gz"))
    pairs = [pair for file in files for pair in read_pairs(file) if pair.split == "train" and pair.source in only]
    if not pairs:
        raise CodesearchError(f"no training pairs in {folder}: collect them with: codesearch train data {folder}")
    return pairs


def plain_words(tokenizer_file: Path) -> list[str]:
    """The whole words of a WordPiece vocabulary, which has the most frequent first.

    Raises:
        CodesearchError: there is no such file.
    """
    try:
        vocabulary = json.loads(tokenizer_file.read_text("utf-8"))["model"]["vocab"]
    except (OSError, ValueError, KeyError) as error:
        raise CodesearchError(f"{tokenizer_file} is not the tokenizer of a sentence encoder: {error}") from error
    return [word for word in vocabulary if _PLAIN_WORD.fullmatch(word)]


def _shares(counts: Counter[str], tokens: list[str]) -> NDArray[np.float64]:
    return np.array([counts[token] for token in tokens], np.float64) / max(1, counts.total())


def _digest(texts: list[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode("utf-8", "surrogatepass")).hexdigest()


def _taught(teacher: Encoder, texts: list[str], kept: Path) -> NDArray[np.float32]:
    """The teacher's vectors of texts, shape ``(texts, teacher.dim)``, kept in a file for a run that goes on."""
    digest = _digest([teacher.name, *texts])
    found = read_arrays(kept)
    if found and str(found["digest"]) == digest:
        vectors: NDArray[np.float32] = found["vectors"]
        return vectors
    parts = []
    for start in range(0, len(texts), _TEXTS_AT_ONCE):
        parts.append(teacher.encode_queries(texts[start : start + _TEXTS_AT_ONCE]))
        print(f"{teacher.name}: {start + len(parts[-1]):,}/{len(texts):,} texts", file=sys.stderr, flush=True)
    vectors = np.concatenate(parts)
    write_arrays(kept, {"digest": np.array(digest), "vectors": vectors})
    return vectors
