"""Training the static encoder: contrastive learning of token vectors and token weights.

A text's vector is the weighted sum of its tokens' vectors. Texts and the code they are about are drawn together and
pushed from the other pairs of the batch (InfoNCE, van den Oord et al., 2018, arXiv:1807.03748, in both directions, as
CLIP does), while the similarities of the texts to each other are held near those that a sentence encoder gives them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, embedding_bag, kl_div, log_softmax, normalize

from codesearch.encoders.static import MAX_TOKENS, merge_repeats
from codesearch.train.bags import NAME, NAME_IN_BODY, TEXT
from codesearch.train.run import Run

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from codesearch.train.bags import TrainingPairs

_MASKED = -1e4
_HALF_WEIGHT_AT = 32  # where in a function tokens count half as much as at its start, before training
_BUCKETS = np.unique(np.floor(2 ** np.arange(0, np.log2(MAX_TOKENS) + 0.5, 0.5)).astype(np.int64)) - 1


@dataclass(frozen=True)
class Settings:
    """What a run depends on, beside the data."""

    steps: int = 2000
    batch: int = 1024
    rate: float = 2e-3
    warmup: float = 0.05  # of the steps; afterwards the rate falls linearly to nothing
    temperature: float = 0.05  # learned from here on
    word_dropout: float = 0.3
    name_queries: float = 0.2  # of the batch asks with the function's name, for code without it
    keep_name: float = 0.8  # how often the code comes with its qualified name
    keep_text: float = 0.3  # how often the code comes with some words of the text about it
    text_words: float = 0.3  # how many of these words
    group: int = 8  # pairs in a row from one repository
    distill: float = 0.5  # weight of the loss that holds the texts' similarities
    distill_temperature: float = 0.1
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


def train(
    model: StaticModel,
    pairs: TrainingPairs,
    settings: Settings,
    folder: Path,
    teacher: NDArray[np.float32] | None = None,
) -> list[float]:
    """Train a model in place and return the loss of each step.

    A run that was stopped goes on from the last checkpoint in ``folder`` and ends with the same weights as one that
    was not: the pairs, words and order of a step depend on the seed and the step's number only.

    Args:
        model: where to start.
        pairs: what to learn.
        settings: of the run.
        folder: for the checkpoint and the loss curve.
        teacher: a sentence encoder's vectors of the pairs' texts, shape ``(pairs, any)``, unit rows.
    """
    optimizer = torch.optim.Adam(model.parameters(), lr=settings.rate, betas=(0.9, 0.99), fused=True)

    def step(number: int) -> float:
        optimizer.param_groups[0]["lr"] = _rate(number, settings)
        batch = draw(pairs, settings, number)
        loss = _loss(model, batch, settings, teacher)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        return loss.item()

    return Run(folder, "static", asdict(settings), {"model": model}, optimizer).go(step, settings.steps, settings.batch)


def draw(pairs: TrainingPairs, settings: Settings, step: int) -> Batch:
    """The batch of a step: which pairs, which words of them, and whether the text or the name asks."""
    size = min(settings.batch, len(pairs))
    epoch, number = divmod(step, len(pairs) // size)
    order = _epoch_order(pairs.groups, settings.group, (settings.seed, epoch))
    return compose(pairs, order[number * size :][:size], settings, np.random.default_rng((settings.seed, 1, step)))


def compose(pairs: TrainingPairs, rows: NDArray[np.int64], settings: Settings, random: np.random.Generator) -> Batch:
    """Queries and code of ``rows``, with names, texts and words left out at random."""
    named = np.bincount(pairs.codes.places(rows)[1], pairs.parts[pairs.codes.places(rows)[0]] == NAME, len(rows)) > 0
    by_name = named & (random.random(len(rows)) < settings.name_queries)
    with_name = ~by_name & (random.random(len(rows)) < settings.keep_name)
    with_text = random.random(len(rows)) < settings.keep_text

    at, owner = pairs.codes.places(rows)
    ids, part = pairs.codes.ids[at].astype(np.int64), pairs.parts[at]
    chance = np.full(len(at), 1 - settings.word_dropout)
    chance[(part == NAME) & ~with_name[owner]] = 0
    chance[(part == NAME_IN_BODY) & by_name[owner]] = 0
    chance[part == TEXT] = np.where(with_text, settings.text_words, 0)[owner[part == TEXT]]
    kept = random.random(len(at)) < chance

    text_at, text_owner = pairs.queries.places(rows)
    asks = ~by_name[text_owner] & (random.random(len(text_at)) < 1 - settings.word_dropout)
    name_asks = (part == NAME) & by_name[owner]
    query_ids = np.concatenate([pairs.queries.ids[text_at[asks]].astype(np.int64), ids[name_asks]])
    query_owner = np.concatenate([text_owner[asks], owner[name_asks]])
    order = np.argsort(query_owner, kind="stable")

    text = torch.from_numpy(pairs.same_text[rows])
    return Batch(
        rows=rows,
        queries=Tokens.of(query_ids[order], query_owner[order], len(rows)),
        codes=Tokens.of(ids[kept], owner[kept], len(rows)),
        same=(text[:, None] == text[None, :]).fill_diagonal_(False),
    )


def _epoch_order(groups: NDArray[np.int64], run: int, seed: tuple[int, int]) -> NDArray[np.int64]:
    """All pairs in random order, but in runs of up to ``run`` pairs of one group."""
    random = np.random.default_rng(seed)
    shuffled = random.permutation(len(groups))
    grouped = shuffled[np.argsort(groups[shuffled], kind="stable")]
    first = np.flatnonzero(np.diff(groups[grouped], prepend=-1))
    rank = np.arange(len(grouped)) - np.repeat(first, np.diff(first, append=len(grouped)))
    run_of = np.cumsum(rank % run == 0) - 1
    place = random.permutation(int(run_of[-1]) + 1)[run_of]
    return grouped[np.argsort(place, kind="stable")]


def _loss(model: StaticModel, batch: Batch, settings: Settings, teacher: NDArray[np.float32] | None) -> Tensor:
    queries, codes = model.queries(batch.queries), model.codes(batch.codes)
    scores = (queries @ codes.T * model.scale.exp().clamp(max=100)).masked_fill(batch.same, _MASKED)
    right = torch.arange(len(scores))
    loss = (cross_entropy(scores, right) + cross_entropy(scores.T, right)) / 2
    if teacher is None:
        return loss
    wanted = torch.from_numpy(teacher[batch.rows].astype(np.float32))
    return loss + settings.distill * _drift(queries, wanted, settings.distill_temperature)


def _drift(queries: Tensor, wanted: Tensor, temperature: float) -> Tensor:
    """How far the queries' similarities to each other are from the teacher's, as a divergence."""
    own = torch.eye(len(queries), dtype=torch.bool)
    given = (queries @ queries.T / temperature).masked_fill(own, _MASKED)
    taught = (wanted @ wanted.T / temperature).masked_fill(own, _MASKED)
    return kl_div(log_softmax(given, 1), log_softmax(taught, 1), log_target=True, reduction="batchmean")


def _rate(step: int, settings: Settings) -> float:
    warm = max(1, round(settings.warmup * settings.steps))
    return settings.rate * min((step + 1) / warm, (settings.steps - step) / max(1, settings.steps - warm))
