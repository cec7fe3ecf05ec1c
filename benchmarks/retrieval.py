"""How well encoders find functions, and how fast: the numbers of the model cards.

    python benchmarks/retrieval.py ENCODER... --cosqa FOLDER --pairs FOLDER

FOLDER of ``--cosqa`` holds ``cosqa-retrieval-dev-500.json`` and ``code_idx_map.txt`` (the CoCLR release); that of
``--pairs`` what ``codesearch train data`` writes, of which the held-out docstring pairs are asked. ``bm25`` is an
encoder too: words alone. Quality is the mean reciprocal rank with its 95 % bootstrap interval.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from codesearch import load_encoder
from codesearch.encoders.protocol import Encoder
from codesearch.encoders.resolve import SHIPPED_FOLDER
from codesearch.train.data.pair import Pair, read_pairs
from eval.bm25 import BM25
from eval.fusion import SHARE
from eval.intervals import Estimate, estimate
from eval.markdown import table
from eval.tasks.cosqa import CoSQA
from eval.tasks.task import Source
from indexer.text import encoder_text

LANGUAGES = ("go", "java", "javascript", "php", "python", "ruby")
CANDIDATES = 1000
MEDIAN_TOKENS = 60
"""Of the functions that speed is measured with, as the shipped transformer's tokenizer counts them."""


@dataclass(frozen=True)
class Collection:
    """Queries and codes; query ``i`` is answered by code ``answers[i]``."""

    name: str
    queries: list[str]
    codes: list[str]
    answers: NDArray[np.int64]


def read_cosqa(folder: Path) -> Collection:
    (retrieval,) = CoSQA().read(Source(data=folder, split="dev"))
    place = {document.id: i for i, document in enumerate(retrieval.documents)}
    answers = [place[next(iter(retrieval.qrels[query.id]))] for query in retrieval.queries]
    return Collection(
        "CoSQA dev",
        [query.text for query in retrieval.queries],
        [document.text for document in retrieval.documents],
        np.array(answers),
    )


def read_held_out(folder: Path) -> list[Collection]:
    """The held-out docstring pairs of each language, up to ``CANDIDATES`` drawn with a fixed seed."""
    pairs: dict[str, list[Pair]] = defaultdict(list)
    for path in sorted(folder.glob("*.jsonl.gz")):
        for pair in read_pairs(path):
            if pair.split == "valid" and pair.source == "docstring" and pair.language in LANGUAGES:
                pairs[pair.language].append(pair)
    collections = []
    for language in sorted(pairs):
        once = list({pair.text: pair for pair in pairs[language]}.values())
        chosen = random.Random(0).sample(once, min(CANDIDATES, len(once)))
        codes = [encoder_text(pair.qualified_name, "", pair.code) for pair in chosen]
        queries = [pair.text for pair in chosen]
        collections.append(Collection(f"{language} ({len(chosen)})", queries, codes, np.arange(len(chosen))))
    return collections


def word_scores(collection: Collection, stemmed: bool = False) -> NDArray[np.float32]:
    found, scores = BM25(collection.codes, stemmed=stemmed).search(collection.queries, len(collection.codes))
    every = np.zeros((len(collection.queries), len(collection.codes)), np.float32)
    rows, columns = np.nonzero(found >= 0)
    every[rows, found[rows, columns]] = scores[rows, columns]
    return every


def vector_scores(encoder: Encoder, collection: Collection) -> NDArray[np.float32]:
    return encoder.encode_queries(collection.queries) @ encoder.encode_code(collection.codes).T


def fused(vectors: NDArray[np.float32], by_words: NDArray[np.float32]) -> NDArray[np.float32]:
    return _spread(vectors) + SHARE * _spread(by_words)


def _spread(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    low, high = scores.min(axis=1, keepdims=True), scores.max(axis=1, keepdims=True)
    return (scores - low) / np.maximum(high - low, 1e-9)


def reciprocal_rank(scores: NDArray[np.float32], answers: NDArray[np.int64]) -> Estimate:
    """Mean over queries; among equal scores the answer is taken to be in the middle."""
    right = scores[np.arange(len(answers)), answers][:, None]
    ranks = (scores > right).sum(axis=1) + ((scores == right).sum(axis=1) + 1) / 2
    return estimate([(1 / ranks)[:, None]])[0]


def quality_row(encoders: dict[str, Encoder], collection: Collection) -> list[str]:
    """What words, each encoder, and both together reach on a collection."""
    row = [collection.name, str(reciprocal_rank(word_scores(collection), collection.answers))]
    by_words = word_scores(collection, stemmed=True)
    for encoder in encoders.values():
        vectors = vector_scores(encoder, collection)
        row += [str(reciprocal_rank(scores, collection.answers)) for scores in (vectors, fused(vectors, by_words))]
    print(*row, sep="  ", file=sys.stderr, flush=True)
    return row


def print_speed(name: str, encoder: Encoder, collection: Collection, count: int) -> None:
    texts = functions_of_median_length(collection.codes, count)
    encoder.encode_code(texts[:10])
    begun = time.perf_counter()
    encoder.encode_code(texts)
    rate = len(texts) / (time.perf_counter() - begun)
    queries = collection.queries[:100]
    begun = time.perf_counter()
    for query in queries:
        encoder.encode_queries([query])
    each = (time.perf_counter() - begun) / len(queries)
    print(f"- {name}: {rate:,.0f} functions/s of {MEDIAN_TOKENS} tokens (median), {each * 1000:.2f} ms a query")


def functions_of_median_length(codes: list[str], count: int) -> list[str]:
    """``count`` functions, or what there are: as many shorter than ``MEDIAN_TOKENS`` as longer, those nearest to it."""
    tokenizer = Tokenizer.from_file(str(SHIPPED_FOLDER / "bimodal" / "tokenizer.json"))
    lengths = np.array([len(encoding.ids) for encoding in tokenizer.encode_batch(codes)])
    by_length = np.argsort(lengths, kind="stable")
    middle = int(np.searchsorted(lengths[by_length], MEDIAN_TOKENS))
    each_side = min(count // 2, middle, len(codes) - middle)
    return [codes[i] for i in by_length[middle - each_side : middle + each_side]]


def print_load_time(name: str) -> None:
    """In a fresh process, the best of five: what the first search waits for, without Python's and numpy's start."""
    program = (
        "import sys, time, numpy; from codesearch.encoders.load import load_encoder; begun = time.perf_counter(); "
        "load_encoder(sys.argv[1]); print(time.perf_counter() - begun)"
    )
    seconds = min(
        float(subprocess.run([sys.executable, "-c", program, name], check=True, capture_output=True, text=True).stdout)
        for _ in range(5)
    )
    print(f"- {name}: loads in {seconds * 1000:.0f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("encoders", nargs="+", metavar="ENCODER", help="a shipped name, a folder or a hub name")
    parser.add_argument("--cosqa", type=Path, required=True, help="folder of CoSQA's files")
    parser.add_argument("--pairs", type=Path, help="folder of pairs")
    parser.add_argument("--functions", type=int, default=1_000, help="how many to measure the rate with (0: none)")
    options = parser.parse_args()
    encoders = {name: load_encoder(name) for name in options.encoders}
    cosqa = read_cosqa(options.cosqa)
    for name in encoders:
        print_load_time(name)
        if options.functions:
            print_speed(name, encoders[name], cosqa, options.functions)
    collections = [cosqa, *(read_held_out(options.pairs) if options.pairs else [])]
    header = ["MRR", "BM25", *(column for name in encoders for column in (name, f"{name} + {SHARE} BM25"))]
    print()
    print(table(header, [quality_row(encoders, collection) for collection in collections]))


if __name__ == "__main__":
    main()
