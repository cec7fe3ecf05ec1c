"""Contrastive training of the bimodal encoder: a text and its code together, all others apart.

InfoNCE in both directions with a learned temperature (CLIP; van den Oord et al., 2018, arXiv:1807.03748), wrong
answers from the batch and from a queue of earlier vectors (MoCo, He et al., 2020, arXiv:1911.05722, as CodeT5+ has
it), and cached gradients (GradCache, Gao et al., 2021, arXiv:2101.06983), so that a batch may be of any size in
little memory. What the start knows of texts is held by distillation from it.
"""

from __future__ import annotations

import copy
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, kl_div, log_softmax

from codesearch.encoders.torch_encoder import length_sorted_batches, padded
from codesearch.train.batches import Batches, drawn_codes
from codesearch.train.checkpoint import digest_of
from codesearch.train.run import Run, autocast

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from codesearch.train.batches import Pairs
    from codesearch.train.bimodal import Bimodal, Encoder

    LossOf = Callable[[Tensor], Tensor]

_MASKED = -1e4


@dataclass(frozen=True)
class EncoderSettings:
    """What a contrastive run depends on, beside the start and the data."""

    steps: int = 20_000
    batch: int = 64
    """Pairs of a step. Larger is better where there is time; on a CPU steps count for more."""
    rate: float = 4e-5
    """Small: the start knows more text than the pairs can teach."""
    warmup: int = 40
    """Steps until the rate is reached."""
    weight_decay: float = 0.01
    frozen_layers: int = -1
    """Below this layer nothing moves: -1 none, 0 the embeddings, 2 two layers as well."""
    temperature: float = 0.05
    """Learned from here on; what all-MiniLM-L6-v2 was trained with."""
    momentum: float = 0.0
    """Of the second encoder, which gives the answers and fills the queue. With 0 there is none, and answers are those
    of the batch: a quarter faster."""
    queue: int = 4096
    """Answers of earlier steps that are wrong ones now. Of the second encoder only, as vectors of the trained one age,
    and telling old from new then pays more than telling right from wrong."""
    distill: float = 0.5
    """Weight of the loss that holds the texts' similarities to those of the start."""
    distill_temperature: float = 0.05
    wrote: float = 0.5
    """Share of texts that are no docstrings, as docstrings are not what people type."""
    documented: float = 0.5
    """How often code comes with its docstring, where that is not the text."""
    code_tokens: int = 128
    """Of a function that are read: the head and the first lines tell most. Shards hold 128."""
    run: int = 4
    """Pairs of a batch from one repository or file."""
    same_file: float = 0.5
    """Share of the pairs that come with others of their file."""
    averaging: float = 0.99
    """Of the moving average of the weights, which is what a run gives."""
    chunk_tokens: int = 4096
    """Padded tokens that go through the layers at once."""
    cached: bool = False
    """Recompute the forward pass chunk by chunk: a third slower, any batch fits."""
    seed: int = 0


class Queue:
    """Vectors of the last texts and codes, and what tells whether one is the same as another's."""

    def __init__(self, size: int, width: int, device: torch.device) -> None:
        self.texts = torch.zeros(size, width, device=device)
        self.codes = torch.zeros(size, width, device=device)
        self.same = torch.zeros(2, size, dtype=torch.int64, device=device)
        self.filled = 0

    def push(self, vectors: Tensor, same: Tensor) -> None:
        """Put a batch at the front, the vectors of its texts and then those of its codes; the oldest fall out."""
        size = len(self.texts)
        texts, codes = vectors.detach().chunk(2)
        self.texts = torch.cat([texts, self.texts])[:size]
        self.codes = torch.cat([codes, self.codes])[:size]
        self.same = torch.cat([same, self.same], dim=1)[:, :size]
        self.filled = min(size, self.filled + len(texts))

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {"texts": self.texts, "codes": self.codes, "same": self.same, "filled": self.filled}

    def restore(self, state: dict[str, Any]) -> None:
        """Take back what ``state`` gave, of a larger queue the newest."""
        self.filled = filled = min(len(self.texts), state["filled"])
        self.texts[:filled] = state["texts"][:filled]
        self.codes[:filled] = state["codes"][:filled]
        self.same[:, :filled] = state["same"][:, :filled]


def train_encoder(
    model: Bimodal,
    pairs: Pairs,
    settings: EncoderSettings,
    folder: Path,
    minutes: float | None = None,
    of_any_settings: bool = False,
) -> list[float]:
    """Train the encoder of a model and return the loss of each step; the model gets the averaged weights.

    A run that was stopped goes on from the checkpoint in ``folder`` and ends with the same weights as one that was
    not, as the pairs and the order of a step depend on the seed and the step's number only.

    Args:
        model: where to start; its device is where the run is.
        pairs: what to learn.
        settings: of the run.
        folder: for the checkpoint and ``loss.csv``.
        minutes: stop after so long, before all steps are done.
        of_any_settings: go on although the run in ``folder`` had other settings, pairs or another start, as the second
            part of a training.
    """
    encoder = model.encoder
    device = next(encoder.parameters()).device
    run_of = {"set of pairs": digest_of(vars(pairs)), "start": digest_of(encoder.state_dict())}
    start = copy.deepcopy(encoder).eval().requires_grad_(False)
    freeze(encoder, settings.frozen_layers)
    scale = nn.Parameter(torch.tensor(1 / settings.temperature, device=device).log())
    trained = [parameter for parameter in encoder.parameters() if parameter.requires_grad]
    groups: list[dict[str, Any]] = [{"params": trained}, {"params": [scale], "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(
        groups,
        lr=settings.rate,
        betas=(0.9, 0.98),
        weight_decay=settings.weight_decay,
    )
    second = copy.deepcopy(encoder).eval().requires_grad_(False) if settings.momentum else None
    averaged = copy.deepcopy(encoder).eval().requires_grad_(False)
    queue = Queue(settings.queue if second else 0, model.shape.width, device)
    parts: dict[str, nn.Module] = {"encoder": encoder, "averaged": averaged}
    if second:
        parts["second"] = second
    run = Run(folder, "encoder", asdict(settings) | run_of, parts, optimizer, {"scale": scale}, queue, of_any_settings)
    batches = Batches(pairs, settings.batch, settings.run, settings.same_file, settings.wrote, settings.seed)

    def step(number: int) -> float:
        rows = batches[number]
        texts = [pairs.texts[row] for row in rows]
        codes = drawn_codes(pairs, rows, settings.documented, settings.code_tokens, (settings.seed, number, 1))
        same = torch.from_numpy(np.stack([pairs.same_text[rows], pairs.same_code[rows]])).to(device)
        with torch.no_grad():
            known = encode(start, texts, settings.chunk_tokens)
            answers = encode(second, texts + codes, settings.chunk_tokens) if second else None

        def loss_of(vectors: Tensor) -> Tensor:
            text = vectors[: len(rows)]
            contrast = contrastive_loss(vectors, answers, same, queue, scale.exp().clamp(max=100))
            return contrast + settings.distill * drift(text, known, settings.distill_temperature)

        for group in optimizer.param_groups:
            group["lr"] = settings.rate * min(1.0, (number + 1) / settings.warmup)
        optimizer.zero_grad()
        loss = backward(encoder, texts + codes, loss_of, settings.chunk_tokens, settings.cached)
        nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        if second and answers is not None:
            follow(second, encoder, settings.momentum)
            queue.push(answers, same)
        follow(averaged, encoder, min(settings.averaging, (number + 1) / (number + 10)))
        return loss

    losses = run.go(step, settings.steps, settings.batch, minutes)
    encoder.load_state_dict(averaged.state_dict())
    return losses


def encode(encoder: Encoder, rows: Sequence[NDArray[np.uint16]], chunk_tokens: int) -> Tensor:
    """Encode rows of ids of any length to unit vectors (rows, width), in chunks of similar length."""
    chunks = chunked([len(row) for row in rows], chunk_tokens)
    vectors = torch.cat([_encode_chunk(encoder, [rows[i] for i in chunk]) for chunk in chunks])
    place = torch.from_numpy(np.argsort(np.concatenate(chunks), kind="stable")).to(vectors.device)
    return vectors[place]


def backward(
    encoder: Encoder,
    rows: Sequence[NDArray[np.uint16]],
    loss_of: LossOf,
    chunk_tokens: int,
    cached: bool,
) -> float:
    """Add the gradients of ``loss_of(vectors of the rows)`` and return the loss.

    ``cached`` runs the encoder twice, first without keeping anything for the gradient and then chunk by chunk with the
    gradient of each chunk's vectors, which gives the same gradients in the memory of one chunk.
    """
    if not cached:
        loss = loss_of(encode(encoder, rows, chunk_tokens))
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.item()
    with torch.no_grad():
        vectors = encode(encoder, rows, chunk_tokens)
    vectors.requires_grad_(True)
    loss = loss_of(vectors)
    loss.backward()  # type: ignore[no-untyped-call]
    assert vectors.grad is not None
    for chunk in chunked([len(row) for row in rows], chunk_tokens):
        again = _encode_chunk(encoder, [rows[i] for i in chunk])
        again.backward(vectors.grad[chunk])  # type: ignore[no-untyped-call]
    return loss.item()


def contrastive_loss(vectors: Tensor, answers: Tensor | None, same: Tensor, queue: Queue, scale: Tensor) -> Tensor:
    """InfoNCE in both directions.

    Args:
        vectors: of n texts and then of their n codes, (2 n, width), of unit length.
        answers: the same rows as a second encoder has them, without gradient; by default ``vectors`` themselves.
        same: numbers of the texts and of the codes, (2, n): what has the text or the code of a pair is no wrong
            answer to it.
        queue: earlier answers, all of them wrong but for such twins.
        scale: what cosines are multiplied with.
    """
    texts, codes = vectors.chunk(2)
    text_answers, code_answers = (vectors if answers is None else answers).chunk(2)
    target = torch.arange(len(texts), device=texts.device)
    twins = (same[:, :, None] == same[:, None, :]).any(dim=0).fill_diagonal_(False)
    old_twins = (same[:, :, None] == queue.same[:, None, : queue.filled]).any(dim=0)
    twins = torch.cat([twins, old_twins], dim=1)
    by_text = texts @ torch.cat([code_answers, queue.codes[: queue.filled]]).T * scale
    by_code = codes @ torch.cat([text_answers, queue.texts[: queue.filled]]).T * scale
    return (
        cross_entropy(by_text.masked_fill(twins, _MASKED), target)
        + cross_entropy(by_code.masked_fill(twins, _MASKED), target)
    ) / 2


def drift(texts: Tensor, known: Tensor, temperature: float) -> Tensor:
    """How far the similarities of texts to each other are from those of ``known``, as a divergence."""
    own = torch.eye(len(texts), dtype=torch.bool, device=texts.device)
    now = (texts @ texts.T / temperature).masked_fill(own, _MASKED)
    then = (known @ known.T / temperature).masked_fill(own, _MASKED)
    return kl_div(log_softmax(now, 1), log_softmax(then, 1), log_target=True, reduction="batchmean")


def freeze(encoder: Encoder, layers: int) -> None:
    """Keep the embeddings (``layers`` 0 and more) and so many layers above them as they are."""
    if layers < 0:
        return
    for module in (encoder.words, encoder.positions, encoder.embedding_norm, *encoder.layers[:layers]):
        module.requires_grad_(False)


@torch.no_grad()
def follow(average: nn.Module, model: nn.Module, momentum: float) -> None:
    """Move an average a step towards the model."""
    for kept, now in zip(average.parameters(), model.parameters(), strict=True):
        kept.lerp_(now, 1 - momentum)


def chunked(lengths: Sequence[int], chunk_tokens: int) -> list[list[int]]:
    """Indices of rows in chunks of similar length that hold up to ``chunk_tokens`` when padded."""
    return list(length_sorted_batches(lengths, len(lengths), chunk_tokens))


def _encode_chunk(encoder: Encoder, rows: Sequence[NDArray[np.uint16]]) -> Tensor:
    device = encoder.words.weight.device
    ids, _ = padded(rows, 0, device)
    with autocast(device):
        vectors: Tensor = encoder(ids, ids != 0)[0]
    return vectors.float()
