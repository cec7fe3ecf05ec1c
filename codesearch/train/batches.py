"""Training pairs as token ids: tokenised once into compact shards, then drawn in batches that a seed repeats."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from codesearch.errors import CodesearchError
from codesearch.train.arrays import read_arrays, write_arrays
from codesearch.train.data.pair import ORIGINS, WRITTEN, docstrings, read_pairs
from indexer.text import encoder_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from tokenizers import Tokenizer

    from codesearch.train.data.pair import Origin, Pair, Split

_SHARD_VERSION = 3  # raised when a shard holds something else for the same pairs
MAX_TEXT_TOKENS = 64
MAX_CODE_TOKENS = 128
_LARGEST_ID = int(np.iinfo(np.uint16).max)
_CHARACTERS = 20  # a token has hardly ever more, so that long texts need not be tokenised to their end


@dataclass(frozen=True)
class Rows:
    """Rows of token ids, one after the other; row ``i`` is ``ids[starts[i]:starts[i + 1]]``."""

    ids: NDArray[np.uint16]
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, rows: Sequence[Sequence[int]]) -> Rows:
        """Put rows of ids one after the other.

        Raises:
            CodesearchError: an id is too large for 16 bits.
        """
        starts = np.zeros(len(rows) + 1, np.int64)
        np.cumsum([len(row) for row in rows], out=starts[1:])
        ids = np.fromiter((i for row in rows for i in row), np.int64, int(starts[-1]))
        if ids.max(initial=0) > _LARGEST_ID:
            raise CodesearchError(
                f"a token has the number {ids.max()}: start from an encoder whose tokens go up to {_LARGEST_ID}"
            )
        return cls(ids.astype(np.uint16), starts)

    @classmethod
    def joined(cls, parts: Sequence[Rows]) -> Rows:
        """The rows of all parts."""
        lengths = np.concatenate([np.diff(part.starts) for part in parts])
        return cls(np.concatenate([part.ids for part in parts]), np.concatenate([[0], np.cumsum(lengths)]))

    def chosen(self, rows: NDArray[np.int64]) -> Rows:
        """Only these rows, in this order."""
        lengths = np.diff(self.starts)[rows]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        at = np.arange(starts[-1]) + np.repeat(self.starts[rows] - starts[:-1], lengths)
        return Rows(self.ids[at], starts)

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self.starts) - 1

    def __getitem__(self, row: int) -> NDArray[np.uint16]:
        """Return the ids of one row."""
        return self.ids[self.starts[row] : self.starts[row + 1]]


@dataclass(frozen=True)
class Pairs:
    """Texts and the code they are about, as token ids; all of one length."""

    texts: Rows
    codes: Rows
    documented: Rows
    """The code with its docstring in it; empty where that is the text itself, or where none of the same file of pairs
    has it: commits have a file of their own, so their code comes without."""
    same_text: NDArray[np.int64]
    """Pairs of one number have the same text, so that none is a wrong answer to the other."""
    same_code: NDArray[np.int64]
    repositories: NDArray[np.int64]
    files: NDArray[np.int64]
    languages: NDArray[np.int64]
    sources: NDArray[np.int64]
    """Where the text is from, as its place in ``ORIGINS``."""

    @property
    def wrote(self) -> NDArray[np.bool_]:
        """Whether the text is something else than a docstring: a commit's subject, a comment, a query."""
        return np.isin(self.sources, [ORIGINS.index(origin) for origin in WRITTEN])

    def chosen(self, rows: NDArray[np.int64]) -> Pairs:
        """Only these pairs, in this order."""
        fields: dict[str, Any] = {
            name: value.chosen(rows) if isinstance(value, Rows) else value[rows] for name, value in vars(self).items()
        }
        return Pairs(**fields)

    def __len__(self) -> int:
        """Return how many pairs there are."""
        return len(self.texts)


def tokenised(
    files: Sequence[Path],
    tokenizer: Tokenizer,
    folder: Path,
    only: Collection[Origin] = ORIGINS,
    split: Split = "train",
) -> Pairs:
    """Read files of pairs, each tokenised into a shard of ``folder`` unless it is there already and whole.

    Args:
        files: of pairs.
        tokenizer: of the encoder that is trained.
        folder: for the shards.
        only: where the texts of the pairs may be from.
        split: which pairs are taken.

    Raises:
        CodesearchError: the files hold no such pairs, or the tokenizer has too many tokens.
    """
    origins = [ORIGINS.index(origin) for origin in only]
    folder.mkdir(parents=True, exist_ok=True)
    made_with = hashlib.blake2b(f"{_SHARD_VERSION}{tokenizer.to_str()}".encode(), digest_size=4).hexdigest()
    shards = []
    for file in files:
        changed = file.stat().st_mtime_ns
        shard = folder / f"{file.name.removesuffix('.jsonl.gz')}.{split}.{made_with}.{changed:x}.npz"
        pairs = _read(shard)
        if pairs is None:
            pairs = _tokenise([pair for pair in read_pairs(file) if pair.split == split], tokenizer)
            _write(shard, pairs)
        shards.append(pairs.chosen(np.flatnonzero(np.isin(pairs.sources, origins))))
    shards = [shard for shard in shards if len(shard)]
    if not shards:
        raise CodesearchError(f"no pairs of the split {split!r} from {', '.join(only)} in the {len(files)} given files")
    return _joined(shards)


def _tokenise(pairs: Sequence[Pair], tokenizer: Tokenizer) -> Pairs:
    known = docstrings(pairs)
    with_docstring = [row for row, pair in enumerate(pairs) if pair.source in WRITTEN and pair.function in known]
    documented: list[list[int]] = [[] for _ in pairs]
    texts = [_read_text(pairs[row], known[pairs[row].function]) for row in with_docstring]
    for row, ids in zip(with_docstring, token_ids(texts, tokenizer, MAX_CODE_TOKENS), strict=True):
        documented[row] = ids
    return Pairs(
        texts=Rows.of(token_ids([pair.text for pair in pairs], tokenizer, MAX_TEXT_TOKENS)),
        codes=Rows.of(token_ids([_read_text(pair, "") for pair in pairs], tokenizer, MAX_CODE_TOKENS)),
        documented=Rows.of(documented),
        same_text=_numbers(" ".join(pair.text.lower().split()) for pair in pairs),
        same_code=_numbers(pair.code for pair in pairs),
        repositories=_numbers(pair.repo for pair in pairs),
        files=_numbers(f"{pair.repo}/{pair.path}" for pair in pairs),
        languages=_numbers(pair.language for pair in pairs),
        sources=np.array([ORIGINS.index(pair.source) for pair in pairs], np.int64),
    )


def token_ids(texts: Sequence[str], tokenizer: Tokenizer, limit: int) -> list[list[int]]:
    """Token ids of each text, special tokens included, cut at ``limit``."""
    tokenizer.no_padding()
    tokenizer.enable_truncation(limit)
    cut = [text[: limit * _CHARACTERS] for text in texts]
    return [encoding.ids for encoding in tokenizer.encode_batch_fast(cut)]


def _read_text(pair: Pair, docstring: str) -> str:
    """What an encoder is given of a function in an index."""
    return encoder_text(pair.qualified_name, docstring, pair.code)


def _numbers(texts: Iterator[str]) -> NDArray[np.int64]:
    digests = [hashlib.blake2b(text.encode(), digest_size=8).digest() for text in texts]
    return np.frombuffer(b"".join(digests), np.int64)


def _write(shard: Path, pairs: Pairs) -> None:
    arrays: dict[str, Any] = {}
    for name, value in vars(pairs).items():
        if isinstance(value, Rows):
            arrays[f"{name}.ids"], arrays[f"{name}.starts"] = value.ids, value.starts
        else:
            arrays[name] = value
    write_arrays(shard, arrays)


def _read(shard: Path) -> Pairs | None:
    """Read a shard; None where there is none or it is damaged."""
    arrays = read_arrays(shard)
    if arrays is None:
        return None
    fields = {name: array for name, array in arrays.items() if "." not in name}
    for name in ("texts", "codes", "documented"):
        fields[name] = Rows(arrays[f"{name}.ids"], arrays[f"{name}.starts"])
    return Pairs(**fields)


def _joined(shards: Sequence[Pairs]) -> Pairs:
    fields = {name: [getattr(shard, name) for shard in shards] for name in vars(shards[0])}
    joined: dict[str, Any] = {
        name: Rows.joined(parts) if isinstance(parts[0], Rows) else np.concatenate(parts)
        for name, parts in fields.items()
    }
    return Pairs(**joined)


def epoch(
    pairs: Pairs, batch: int, run: int, same_file: float, wrote: float, seed: tuple[int, int]
) -> NDArray[np.int64]:
    """The batches of one pass, shape ``(batches, batch)``: each of one language, in runs of one repository or file.

    Args:
        pairs: all there are.
        batch: pairs of a batch; a language's rest that fills none is left out of this pass, and
            what one language has beyond a third of all.
        run: up to so many pairs come from one place, as the best wrong answers are found where one searches.
        same_file: share of the pairs for which this place is the file, for the others it is the repository.
        wrote: share of the pairs whose text is no docstring; the kind that is too many gives a part, anew each pass.
        seed: of the run and of the pass.

    Raises:
        CodesearchError: there are too few pairs of a kind for a batch.
    """
    random = np.random.default_rng(seed)
    chosen = _mixed(pairs.wrote, wrote, random)
    in_file = random.random(len(chosen)) < same_file
    chosen = chosen[in_runs(np.where(in_file, pairs.files[chosen], pairs.repositories[chosen]), run, random)]
    batches = []
    for language in np.unique(pairs.languages):
        rows = chosen[pairs.languages[chosen] == language]
        whole = len(rows) // batch * batch
        batches.append(rows[:whole].reshape(-1, batch))
    together = np.concatenate(_balanced(batches))
    if not len(together):
        raise CodesearchError(
            f"no language has the {batch} pairs of a batch: collect more, or make batches smaller with --set batch=N "
            "(for the matching head --set pool=N)"
        )
    return together[random.permutation(len(together))]


class Batches:
    """The batches of one pass after the other, by their number; one pass is laid out at a time.

    The arguments are those of ``epoch``; ``seed`` is that of the run. A batch is no larger than all there are.
    """

    def __init__(self, pairs: Pairs, batch: int, run: int, same_file: float, wrote: float, seed: int) -> None:
        self._epoch = partial(epoch, pairs, min(batch, len(pairs)), run, same_file, wrote)
        self._seed = seed
        self._passes = 0
        self._first = 0
        self._rows = np.empty((0, 0), np.int64)

    def __getitem__(self, number: int) -> NDArray[np.int64]:
        """Return the rows of a batch; numbers are asked for in rising order."""
        while number >= self._first + len(self._rows):
            self._first += len(self._rows)
            self._rows = self._epoch((self._seed, self._passes))
            self._passes += 1
        rows: NDArray[np.int64] = self._rows[number - self._first]
        return rows


def _balanced(batches: list[NDArray[np.int64]]) -> list[NDArray[np.int64]]:
    """Batches of each language, cut so that none has more than half as many as all others together."""
    total = sum(map(len, batches))
    most = [max(1, (total - len(of_language)) // 2) for of_language in batches]
    return (
        [of_language[:limit] for of_language, limit in zip(batches, most, strict=True)] if len(batches) > 2 else batches
    )


def _mixed(wrote: NDArray[np.bool_], share: float, random: np.random.Generator) -> NDArray[np.int64]:
    """Pairs in random order, of which ``share`` are of ``wrote``."""
    written, docstrings = random.permutation(np.flatnonzero(wrote)), random.permutation(np.flatnonzero(~wrote))
    if share > 0 and not len(written):
        raise CodesearchError("all texts are docstrings: collect others, or train without them with --set wrote=0")
    if share < 1 and not len(docstrings):
        raise CodesearchError("no text is a docstring: collect some, or train without them with --set wrote=1")
    total = min(len(rows) / part for rows, part in ((written, share), (docstrings, 1 - share)) if part > 0)
    chosen = np.concatenate([written[: round(total * share)], docstrings[: round(total * (1 - share))]])
    return random.permutation(chosen)


def in_runs(groups: NDArray[np.int64], run: int, random: np.random.Generator) -> NDArray[np.int64]:
    """An order of the elements in which up to ``run`` of one group stand together, and these runs at random."""
    order = np.argsort(groups, kind="stable")
    sorted_groups = groups[order]
    starts = np.flatnonzero(np.diff(sorted_groups, prepend=sorted_groups[:1] - 1))
    rank = np.arange(len(order)) - np.repeat(starts, np.diff(starts, append=len(order)))
    number = np.cumsum(rank % run == 0) - 1
    place = np.empty(len(order), np.int64)
    place[order] = random.permutation(int(number[-1]) + 1)[number]
    return np.argsort(place, kind="stable")


def drawn_codes(
    pairs: Pairs, rows: NDArray[np.int64], documented: float, limit: int, seed: Sequence[int]
) -> list[NDArray[np.uint16]]:
    """The first ``limit`` tokens of each row's code, ``documented`` of it with a docstring that is not the text."""
    keep = np.random.default_rng(seed).random(len(rows)) < documented
    return [
        (pairs.documented[row] if kept and len(pairs.documented[row]) else pairs.codes[row])[:limit]
        for row, kept in zip(rows, keep, strict=True)
    ]
