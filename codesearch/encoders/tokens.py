"""From text to token ids with the tokenizer files of a checkpoint."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from codesearch.errors import ModelError
from indexer.errors import first_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from codesearch.encoders.checkpoint import Checkpoint

# Each line is one way to write a tokenizer down; one of them is enough.
TOKENIZER_FILES = (
    ("tokenizer.json",),
    ("vocab.txt",),
    ("vocab.json", "merges.txt"),
    ("tokenizer.model",),
    ("spiece.model",),
    ("sentencepiece.bpe.model",),
)

_NO_LIMIT = 1 << 20


def has_tokenizer(checkpoint: Checkpoint) -> bool:
    """Whether the folder holds the files of a tokenizer."""
    return any(all(map(checkpoint.has, files)) for files in TOKENIZER_FILES)


def load_tokenizer(checkpoint: Checkpoint) -> Any:
    """The checkpoint's own tokenizer as transformers loads it.

    Raises:
        ModelError: tokenizer files are missing or cannot be read.
    """
    if not has_tokenizer(checkpoint):
        begun = [files for files in TOKENIZER_FILES if any(map(checkpoint.has, files))] or [TOKENIZER_FILES[0]]
        absent = next(file for file in begun[0] if not checkpoint.has(file))
        raise ModelError(f"model {checkpoint.label}: no whole tokenizer in {checkpoint.folder} ({absent} is missing)")
    from transformers import AutoTokenizer

    from codesearch.encoders.backbone import quiet_loading

    try:
        with quiet_loading():
            return AutoTokenizer.from_pretrained(str(checkpoint.folder), trust_remote_code=False, local_files_only=True)
    except (OSError, ValueError, KeyError, TypeError, ImportError, RuntimeError) as error:
        raise ModelError(f"model {checkpoint.label}: its tokenizer cannot be loaded ({first_line(error)})") from error


def token_limit(checkpoint: Checkpoint, tokenizer: Any, wanted: int | None = None) -> int:
    """How many tokens the model reads: what it declares, bounded by its tokenizer and its position table.

    RoBERTa counts positions from ``pad_token_id + 1``, so that many entries of its table are never used.
    """
    config = checkpoint.config
    limits = [wanted or 0, min(int(tokenizer.model_max_length), _NO_LIMIT)]
    positions = config.get("max_position_embeddings") or config.get("n_positions") or 0
    if config.get("model_type") in {"roberta", "xlm-roberta", "camembert"}:
        positions -= int(config.get("pad_token_id", 1)) + 1
    limits.append(int(positions))
    return min(limit for limit in limits if limit > 0)


@dataclass(frozen=True)
class Tokens:
    """Turns texts into token ids, at most ``limit`` for each text."""

    tokenizer: Any
    limit: int
    lower_case: bool = False
    special_tokens: bool = True
    """Whether the tokenizer adds its special tokens."""
    wrap: Callable[[list[int], int], list[int]] | None = field(default=None)
    """Adds a model's own special tokens to the bare ids of a text within a limit; None for the tokenizer's."""

    @property
    def pad_id(self) -> int:
        """Id of padding; any id does where there is none, as padding is always masked."""
        pad: int | None = self.tokenizer.pad_token_id
        return 0 if pad is None else pad

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of each text with special tokens; never empty, so that every text gets a vector."""
        if not texts:
            return []
        texts = [text.lower() for text in texts] if self.lower_case else list(texts)
        if self.wrap is None:
            rows = self.tokenizer(
                texts,
                add_special_tokens=self.special_tokens,
                truncation=True,
                max_length=self.limit,
                return_attention_mask=False,
            )
            return [ids or [self.pad_id] for ids in rows["input_ids"]]
        rows = self.tokenizer(texts, add_special_tokens=False, return_attention_mask=False)
        return [self.wrap(ids, self.limit) for ids in rows["input_ids"]]

    def count_truncated(self, texts: Sequence[str]) -> int:
        """How many of the texts have more than ``limit`` tokens."""
        if not texts:
            return 0
        texts = [text.lower() for text in texts] if self.lower_case else list(texts)
        special = self.special_tokens and self.wrap is None
        rows = self.tokenizer(texts, add_special_tokens=special, return_attention_mask=False, verbose=False)
        whole = ((self.wrap(ids, _NO_LIMIT) if self.wrap else ids) for ids in rows["input_ids"])
        return sum(len(ids) > self.limit for ids in whole)

    def prompt_length(self, prompt: str) -> int:
        """How many of a prompted text's leading ids are the prompt, leading special tokens included."""
        ids = self.encode([prompt])[0]
        trailing = ids[-1] in self.tokenizer.all_special_ids
        return len(ids) - int(trailing)
