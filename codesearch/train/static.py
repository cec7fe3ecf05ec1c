"""Training the static encoder: contrastive learning of token vectors and token weights.

A text's vector is the weighted sum of its tokens' vectors. Texts and the code they are about are drawn together and
pushed from the other pairs of the batch (InfoNCE, van den Oord et al., 2018, arXiv:1807.03748, in both directions, as
CLIP does). Before that, a sentence encoder's vectors of texts are learned.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity, cross_entropy, embedding_bag, normalize

from codesearch.encoders.static import MAX_TOKENS, merge_repeats
from codesearch.train.bags import DOCUMENTATION, NAME, NAME_IN_BODY, TEXT
from codesearch.train.batches import in_runs
from codesearch.train.checkpoint import digest_of
from codesearch.train.run import Run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from codesearch.train.bags import Bags, TrainingPairs

_MASKED = -1e4
_HALF_WEIGHT_AT = 32  # where in a function tokens count half as much as at its start, before training
_BUCKETS = np.unique(np.floor(2 ** np.arange(0, np.log2(MAX_TOKENS) + 0.5, 0.5)).astype(np.int64)) - 1


@dataclass(frozen=True)
class Settings:
    """What a run depends on, beside the data."""

    steps: int = 1000
    batch: int = 1024
    rate: float = 2e-3  # of the vectors
    weight_rate: float = 8e-3  # of the logarithms of the weights, which have further to go
    warmup: float = 0.05  # of the steps; afterwards the rates fall linearly to nothing
    temperature: float = 0.05  # learned from here on
    word_dropout: float = 0.3
    group: int = 8  # pairs in a row from one repository
    keep_name: float = 0.8  # how often the code comes with its qualified name
    keep_text: float = 0.3  # how often the code comes with some words of the text that asks for it
    text_words: float = 0.3  # how many of these words
    name_queries: float = 0.35  # how often the function's name asks, for code without it
    documented: float = 0.6  # how often that code, and that of a query, comes with the text about it
    asked: int = 8  # how often a pass has a text that was written as a query; all others it has once
    say_language: float = 0.3  # how often a text names the code's language, as people do on the web
    say_how_to: float = 0.2  # how often a text comes with the words "how to"
    start_steps: int = 350  # of learning the teacher's vectors of texts, before any code
    start_texts: int = 30_000  # how many texts the teacher reads
    seed: int = 0


@dataclass(frozen=True)
class Tokens:
    """Rows of tokens as ``embedding_bag`` takes them, each token of a row once."""

    ids: Tensor
    offsets: Tensor
    counts: Tensor
    damping: Tensor
    index: Tensor
    """Which of ``ids`` each occurrence is."""
    buckets: Tensor
    """The place of each occurrence in its row."""

    @classmethod
    def of(cls, ids: NDArray[np.int64], owner: NDArray[np.int64], rows: int) -> Tokens:
        """Take ids and the row of each, in the order of the rows."""
        merged = merge_repeats(ids, owner)
        place = np.arange(len(ids)) - np.searchsorted(owner, owner)
        return cls(
            torch.from_numpy(merged.ids),
            torch.from_numpy(np.searchsorted(merged.owner, np.arange(rows))),
            torch.from_numpy(merged.counts).float(),
            torch.from_numpy(merged.damping),
            torch.from_numpy(merged.index),
            torch.from_numpy(buckets(place)),
        )


@dataclass(frozen=True)
class Batch:
    """Queries and code in the same order, and which of the other pairs are no wrong answers."""

    rows: NDArray[np.int64]
    queries: Tokens
    codes: Tokens
    same: Tensor


class StaticModel(nn.Module):
    """Token vectors, and the logarithms of the weights of tokens and of places in code."""

    def __init__(self, table: NDArray[np.float32], weights: NDArray[np.float32], temperature: float) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.from_numpy(table.copy()))
        self.query_weights = nn.Parameter(torch.from_numpy(np.log(weights)))
        self.code_weights = nn.Parameter(torch.from_numpy(np.log(weights)))
        self.place_weights = nn.Parameter(torch.from_numpy(-np.log1p(_BUCKETS / _HALF_WEIGHT_AT)).float())
        self.scale = nn.Parameter(torch.tensor(1 / temperature).log())

    def queries(self, tokens: Tokens) -> Tensor:
        """Encode queries to unit rows."""
        return self._encode(tokens, self.query_weights, tokens.counts)

    def codes(self, tokens: Tokens) -> Tensor:
        """Encode code to unit rows."""
        places = self.place_weights.exp()[tokens.buckets]
        return self._encode(tokens, self.code_weights, torch.zeros(len(tokens.ids)).index_add(0, tokens.index, places))

    def _encode(self, tokens: Tokens, weights: Tensor, counts: Tensor) -> Tensor:
        weights = weights[tokens.ids].exp() * tokens.damping * counts
        rows = embedding_bag(tokens.ids, self.table, tokens.offsets, mode="sum", per_sample_weights=weights)
        return normalize(rows, dim=1)


def buckets(places: NDArray[np.int64]) -> NDArray[np.int64]:
    """The bucket of places in a row (0, 1, ...); later ones are wider."""
    return np.searchsorted(_BUCKETS, places, side="right") - 1


def learn_texts(
    model: StaticModel,
    texts: Bags,
    vectors: NDArray[np.float32],
    settings: Settings,
    folder: Path,
    start: Mapping[str, str] | None = None,
) -> list[float]:
    """Bring a model's vectors of texts near given ones, shape ``(texts, dim)``, and return the loss of each step.

    As model2vec's authors do before they train (https://github.com/MinishLab/tokenlearn). ``start`` is as in ``train``.
    """
    wanted = torch.from_numpy(vectors)

    def loss(number: int) -> Tensor:
        rows = np.random.default_rng((settings.seed, 2, number)).integers(0, len(texts), settings.batch)
        at, owner = texts.places(rows)
        given = model.queries(Tokens.of(texts.ids[at].astype(np.int64), owner, len(rows)))
        return 1 - cosine_similarity(given, wanted[rows]).mean()

    run_of = {**asdict(settings), **(start or {}), "set of pairs": digest_of(vars(texts))}
    losses = _run(model, loss, "static-start", settings.start_steps, settings, folder, run_of)
    with torch.no_grad():
        model.code_weights.copy_(model.query_weights)
    return losses


def train(
    model: StaticModel, pairs: TrainingPairs, settings: Settings, folder: Path, start: Mapping[str, str] | None = None
) -> list[float]:
    """Train a model in place and return the loss of each step.

    A run that was stopped goes on from the last checkpoint in ``folder`` and ends with the same weights as one that
    was not: the pairs, words and order of a step depend on the seed and the step's number only. ``start`` says what the
    model was made of, by name; with others, or with other pairs, a run does not go on.
    """
    run_of = {**asdict(settings), **(start or {}), "set of pairs": digest_of(vars(pairs))}
    return _run(
        model,
        lambda step: _loss(model, draw(pairs, settings, step)),
        "static",
        settings.steps,
        settings,
        folder,
        run_of,
    )


def _run(
    model: StaticModel,
    loss_of: Callable[[int], Tensor],
    name: str,
    steps: int,
    settings: Settings,
    folder: Path,
    run_of: dict[str, Any],
) -> list[float]:
    weights = [parameter for parameter in model.parameters() if parameter is not model.table]
    optimizer = torch.optim.Adam(
        [{"params": [model.table], "peak": settings.rate}, {"params": weights, "peak": settings.weight_rate}],
        betas=(0.9, 0.99),
        fused=True,
    )
    warm = max(1, round(settings.warmup * steps))

    def step(number: int) -> float:
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * min((number + 1) / warm, (steps - number) / max(1, steps - warm))
        loss = loss_of(number)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        return loss.item()

    return Run(folder, name, run_of, {"model": model}, optimizer).go(step, steps, settings.batch)


def draw(pairs: TrainingPairs, settings: Settings, step: int) -> Batch:
    """The batch of a step: which pairs, which words of them, and whether the text or the name asks."""
    rows = np.repeat(np.arange(len(pairs)), np.where(pairs.asked, settings.asked, 1))
    size = min(settings.batch, len(rows))
    epoch, number = divmod(step, len(rows) // size)
    random = np.random.default_rng((settings.seed, epoch))
    shuffled = random.permutation(rows)
    order = shuffled[in_runs(pairs.groups[shuffled], settings.group, random)]
    return compose(pairs, order[number * size :][:size], settings, np.random.default_rng((settings.seed, 1, step)))


def compose(pairs: TrainingPairs, rows: NDArray[np.int64], settings: Settings, random: np.random.Generator) -> Batch:
    """Queries and code of ``rows``, with names, texts and words left out or added at random."""
    at, owner = pairs.codes.places(rows)
    code = _Code(pairs.codes.ids[at].astype(np.int64), owner, pairs.parts[at])
    has_name = (np.bincount(owner[code.parts == NAME], minlength=len(rows)) > 0) & ~pairs.asked[rows]
    by_name = has_name & _some(settings.name_queries, len(rows), random)
    codes = _code_side(code, by_name, settings, random)
    queries = _query_side(pairs, rows, code, by_name, settings, random)
    numbers = torch.from_numpy(np.stack([pairs.same_text[rows], pairs.same_code[rows]]))
    same = (numbers[:, :, None] == numbers[:, None, :]).any(dim=0).fill_diagonal_(False)
    return Batch(rows, queries, codes, same)


@dataclass(frozen=True)
class _Code:
    """All tokens of the code of a batch, before some are chosen."""

    ids: NDArray[np.int64]
    owner: NDArray[np.int64]
    """Which pair of the batch each is of."""
    parts: NDArray[np.uint8]


def _code_side(code: _Code, by_name: NDArray[np.bool_], settings: Settings, random: np.random.Generator) -> Tokens:
    """Words of the code, of its name unless that asks (``by_name``, one a pair), and sometimes of the text."""
    size = len(by_name)
    with_name = ~by_name & _some(settings.keep_name, size, random)
    text_words = np.where(
        by_name,
        _some(settings.documented, size, random) * (1 - settings.word_dropout),
        _some(settings.keep_text, size, random) * settings.text_words,
    )
    chance = np.full(len(code.ids), 1 - settings.word_dropout)
    chance[(code.parts == NAME) & ~with_name[code.owner]] = 0
    chance[(code.parts == NAME_IN_BODY) & by_name[code.owner]] = 0
    chance[code.parts == TEXT] = text_words[code.owner[code.parts == TEXT]]
    documented = _some(settings.documented, size, random)
    chance[(code.parts == DOCUMENTATION) & ~documented[code.owner]] = 0
    kept = random.random(len(code.ids)) < chance
    return Tokens.of(code.ids[kept], code.owner[kept], size)


def _query_side(
    pairs: TrainingPairs,
    rows: NDArray[np.int64],
    code: _Code,
    by_name: NDArray[np.bool_],
    settings: Settings,
    random: np.random.Generator,
) -> Tokens:
    """The name where that asks (``by_name``), else words of the text, sometimes with the language and "how to"."""
    text_at, text_owner = pairs.queries.places(rows)
    asks = ~by_name[text_owner] & _some(1 - settings.word_dropout, len(text_at), random)
    name_asks = (code.parts == NAME) & by_name[code.owner]
    says_language = ~by_name & _some(settings.say_language, len(rows), random) & (pairs.languages[rows] >= 0)
    says_how_to = ~by_name & ~pairs.asked[rows] & _some(settings.say_how_to, len(rows), random)
    parts = [
        (pairs.queries.ids[text_at[asks]].astype(np.int64), text_owner[asks]),
        (code.ids[name_asks], code.owner[name_asks]),
        (pairs.languages[rows][says_language], np.flatnonzero(says_language)),
        (
            np.tile(pairs.how_to, np.count_nonzero(says_how_to)),
            np.repeat(np.flatnonzero(says_how_to), len(pairs.how_to)),
        ),
    ]
    ids, owner = (np.concatenate(side) for side in zip(*parts, strict=True))
    order = np.argsort(owner, kind="stable")
    return Tokens.of(ids[order], owner[order], len(rows))


def _some(share: float, size: int, random: np.random.Generator) -> NDArray[np.bool_]:
    """True for about ``share`` of ``size`` elements."""
    return random.random(size) < share


def _loss(model: StaticModel, batch: Batch) -> Tensor:
    scores = model.queries(batch.queries) @ model.codes(batch.codes).T * model.scale.exp().clamp(max=100)
    scores = scores.masked_fill(batch.same, _MASKED)
    right = torch.arange(len(scores))
    return (cross_entropy(scores, right) + cross_entropy(scores.T, right)) / 2
