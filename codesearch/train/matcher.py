"""Training of the matching head: tell the function a text is about from those that the encoder takes for it.

The encoder is left as it is. It encodes a pool of pairs of one language; the wrong answers to each text are drawn from
the pool by how close the encoder finds them (the hard negatives of ALBEF and CodeT5+), and the head learns to put the
right one first among them (softmax over the candidates, as scores are compared within one query only).
"""

from __future__ import annotations

import copy
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from codesearch.encoders.torch_encoder import padded
from codesearch.errors import CodesearchError
from codesearch.train.batches import Batches, drawn_codes
from codesearch.train.checkpoint import digest_of
from codesearch.train.encoder import chunked, follow
from codesearch.train.run import Run, autocast

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from codesearch.train.batches import Pairs
    from codesearch.train.bimodal import Bimodal, Encoder, MatchingHead

_MASKED = -1e4


@dataclass(frozen=True)
class MatcherSettings:
    """What a run on the matching head depends on, beside the encoder and the data."""

    steps: int = 20_000
    batch: int = 16  # texts of a step
    wrong: int = 3  # wrong answers a text
    pool: int = 256  # pairs among which they are looked for: more are harder, and cost one forward pass each
    rate: float = 1e-4  # of the head's layers, which learn a new task
    new_rate: float = 1e-3  # of the weights that start from nothing
    warmup: int = 100
    weight_decay: float = 0.01
    wrote: float = 0.5  # share of texts that are no docstrings
    documented: float = 0.5  # how often code comes with its docstring, where that is not the text
    code_tokens: int = 128  # of a function that are read
    run: int = 8  # pairs of a pool from one repository or file: its other functions are the hardest wrong answers
    same_file: float = 0.5  # share of the pairs that come with others of their file
    averaging: float = 0.99
    chunk_tokens: int = 4096
    seed: int = 0


@dataclass
class Encoded:
    """A pool as the encoder gives it: vectors (n, width) and the states of each row without padding."""

    vectors: Tensor
    states: list[Tensor]


@dataclass
class Pool:
    """Texts and code of one pool, and the chances of each code to be drawn as a wrong answer to each text."""

    texts: Encoded
    codes: Encoded
    chances: Tensor


def train_matcher(
    model: Bimodal,
    pairs: Pairs,
    settings: MatcherSettings,
    folder: Path,
    minutes: float | None = None,
    of_any_settings: bool = False,
) -> list[float]:
    """Train the matching head of a model and return the loss of each step; the head gets the averaged weights.

    Args:
        model: with a trained encoder, which stays as it is.
        pairs: what to learn.
        settings: of the run.
        folder: for the checkpoint and ``matcher-loss.csv``; a run that was stopped goes on from it, unless the encoder
            has become another one since.
        minutes: stop after so long, before all steps are done.
        of_any_settings: go on although the run in ``folder`` had other settings, pairs or another encoder.

    Raises:
        CodesearchError: a pool has too few pairs for the wrong answers of a text.
    """
    model.encoder.eval().requires_grad_(False)
    head = model.head
    run_of = {
        "set of pairs": digest_of(vars(pairs)),
        "start": digest_of(head.state_dict()),
        "encoder": digest_of(model.encoder.state_dict()),
    }
    new = [*head.evidence.parameters(), head.sides, head.overlap, head.scale]
    rates = ((list(head.layers.parameters()), settings.rate), (new, settings.new_rate))
    optimizer = torch.optim.AdamW(
        [{"params": parameters, "lr": rate} for parameters, rate in rates],
        betas=(0.9, 0.98),
        weight_decay=settings.weight_decay,
    )
    averaged = copy.deepcopy(head).eval().requires_grad_(False)
    parts: dict[str, nn.Module] = {"head": head, "averaged": averaged}
    run = Run(
        folder,
        "matcher",
        asdict(settings) | run_of,
        parts,
        optimizer,
        of_any_settings=of_any_settings,
        anew_with="encoder",
    )
    pools = Pools(model.encoder, pairs, settings)

    def step(number: int) -> float:
        pool, rows = pools.of_step(number)
        random = torch.Generator().manual_seed(settings.seed * 1_000_003 + number)
        candidates = draw_candidates(pool.chances[rows], rows, settings.wrong, random)
        for group, (_, rate) in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * min(1.0, (number + 1) / settings.warmup)
        optimizer.zero_grad()
        logits = score_pairs(head, pool, rows.repeat_interleave(candidates.shape[1]), candidates.flatten(), settings)
        target = torch.zeros(len(rows), dtype=torch.int64, device=logits.device)
        loss = cross_entropy(logits.view(candidates.shape), target)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(head.parameters(), 1.0)
        optimizer.step()
        follow(averaged, head, min(settings.averaging, (number + 1) / (number + 10)))
        return loss.item()

    losses = run.go(step, settings.steps, settings.batch, minutes)
    head.load_state_dict(averaged.state_dict())
    return losses


class Pools:
    """The pools of a run, one at a time: each serves as many steps as it has batches of texts."""

    def __init__(self, encoder: Encoder, pairs: Pairs, settings: MatcherSettings) -> None:
        self.encoder = encoder
        self.pairs = pairs
        self.settings = settings
        self.size = min(settings.pool, len(pairs))
        if settings.wrong >= self.size:
            raise CodesearchError(
                f"a pool of {self.size} pairs has no {settings.wrong} wrong answers to a text: change --set pool=N or "
                "--set wrong=N"
            )
        self.pools = Batches(pairs, self.size, settings.run, settings.same_file, settings.wrote, settings.seed)
        self.batch = min(settings.batch, self.size)
        self.number = -1
        self.pool: Pool | None = None

    def of_step(self, step: int) -> tuple[Pool, Tensor]:
        """Return the pool of a step and the rows of it that the step trains on."""
        number, part = divmod(step, self.size // self.batch)
        if self.pool is None or number != self.number:
            self.pool, self.number = self._encoded(number), number
        return self.pool, torch.arange(part * self.batch, (part + 1) * self.batch)

    def _encoded(self, number: int) -> Pool:
        settings = self.settings
        # In random order, as a pool lies by repository and a step should not.
        chosen = np.random.default_rng((settings.seed, number, 2)).permutation(self.pools[number])
        codes = drawn_codes(self.pairs, chosen, settings.documented, settings.code_tokens, (settings.seed, number, 3))
        return encoded_pool(
            self.encoder,
            [self.pairs.texts[row] for row in chosen],
            codes,
            np.stack([self.pairs.same_text[chosen], self.pairs.same_code[chosen]]),
            settings.chunk_tokens,
        )


def encoded_pool(
    encoder: Encoder,
    texts: Sequence[NDArray[np.uint16]],
    codes: Sequence[NDArray[np.uint16]],
    same: NDArray[np.int64],
    chunk_tokens: int,
) -> Pool:
    """Encode a pool; ``same`` (2, n) numbers texts and codes, of which equals are no wrong answers."""
    asked, answered = encode_states(encoder, texts, chunk_tokens), encode_states(encoder, codes, chunk_tokens)
    twins = torch.from_numpy((same[:, :, None] == same[:, None, :]).any(axis=0)).to(asked.vectors.device)
    # At the temperature that the encoder starts from.
    chances = (20 * asked.vectors @ answered.vectors.T).masked_fill(twins, _MASKED).softmax(dim=1)
    return Pool(asked, answered, chances.masked_fill(twins, 0))


@torch.no_grad()
def encode_states(encoder: Encoder, rows: Sequence[NDArray[np.uint16]], chunk_tokens: int) -> Encoded:
    """Vectors and states of rows of ids."""
    device = encoder.words.weight.device
    vectors = torch.empty(len(rows), encoder.shape.width, device=device)
    states: list[Tensor] = [vectors] * len(rows)
    for chunk in chunked([len(row) for row in rows], chunk_tokens):
        ids, _ = padded([rows[i] for i in chunk], 0, device)
        with autocast(device):
            found, read = encoder(ids, ids != 0)
        vectors[chunk] = found.float()
        for place, i in enumerate(chunk):
            states[i] = read[place, : len(rows[i])].float()
    return Encoded(vectors, states)


def draw_candidates(chances: Tensor, rows: Tensor, wrong: int, random: torch.Generator) -> Tensor:
    """The right answer of each text, its own row, and ``wrong`` others by their chances, (texts, 1 + wrong)."""
    drawn = torch.multinomial(chances.cpu() + 1e-12, wrong, generator=random)
    return torch.cat([rows[:, None], drawn], dim=1)


def score_pairs(head: MatchingHead, pool: Pool, texts: Tensor, codes: Tensor, settings: MatcherSettings) -> Tensor:
    """Logits of pairs of rows of a pool, (pairs,), computed in chunks of similar length."""
    lengths = [len(pool.texts.states[t]) + len(pool.codes.states[c]) for t, c in zip(texts, codes, strict=True)]
    chunks = chunked(lengths, settings.chunk_tokens)
    cosines = (normalize(pool.texts.vectors[texts]) * normalize(pool.codes.vectors[codes])).sum(dim=1)
    scores = []
    for chunk in chunks:
        query, query_mask = stacked([pool.texts.states[t] for t in texts[chunk]])
        code, code_mask = stacked([pool.codes.states[c] for c in codes[chunk]])
        with autocast(query.device):
            scores.append(head(query, query_mask, code, code_mask, cosines[chunk]).float())
    place = torch.from_numpy(np.argsort(np.concatenate(chunks), kind="stable")).to(cosines.device)
    return torch.cat(scores)[place]


def stacked(states: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """States of different lengths, padded with nothing, and their mask."""
    together = nn.utils.rnn.pad_sequence(list(states), batch_first=True)
    lengths = torch.tensor([len(state) for state in states], device=together.device)
    return together, torch.arange(together.shape[1], device=together.device) < lengths[:, None]
