"""A published model on disk: its configuration, its weights and its identity, read without importing torch."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from codesearch.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONVERTIBLE_WEIGHTS = ("pytorch_model.bin", "pytorch_model.bin.index.json")
OTHER_PICKLED_WEIGHTS = ("adapter_model.bin", "model.pt", "model.bin")
_CONVERT = "python -m codesearch.encoders.convert"

# Weights alone do not fix the vectors: pooling, prompts and the tokenizer do as well.
IDENTITY_FILES = frozenset(
    {
        "adapter_config.json",
        "added_tokens.json",
        "config.json",
        "config_sentence_transformers.json",
        "llm2vec_config.json",
        "merges.txt",
        "modules.json",
        "sentence_bert_config.json",
        "special_tokens_map.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "vocab.json",
        "vocab.txt",
    }
)

# Weights, and the tokenizers of SentencePiece, which have several names.
_IDENTITY_SUFFIXES = frozenset({".safetensors", ".model"})

# Exports to other runtimes that hub repositories carry beside the weights.
OTHER_RUNTIMES = frozenset({"onnx", "openvino", "coreml", "gguf"})


@dataclass(frozen=True)
class Checkpoint:
    """A folder that holds one model in its published layout."""

    folder: Path
    label: str
    """Short name for messages and for the encoder's name."""

    @cached_property
    def config(self) -> dict[str, Any]:
        """``config.json``, empty where the folder has none (an adapter, a sentence-transformers head)."""
        return self.read_json("config.json") if self.has("config.json") else {}

    @property
    def model_type(self) -> str:
        """``model_type`` of ``config.json``, empty where it names none."""
        return str(self.config.get("model_type", ""))

    @property
    def architectures(self) -> tuple[str, ...]:
        """``architectures`` of ``config.json``: the classes the checkpoint was saved from."""
        return tuple(self.config.get("architectures") or ())

    def has(self, file: str) -> bool:
        """Whether the folder holds ``file``."""
        return (self.folder / file).is_file()

    def has_token(self, token: str) -> bool:
        """Whether a tokenizer file of the folder knows ``token``."""
        quoted = json.dumps(token)
        files = ("added_tokens.json", "vocab.json", "tokenizer.json")
        return any(self.has(file) and quoted in (self.folder / file).read_text(encoding="utf-8") for file in files)

    def read_json(self, file: str, kind: type = dict) -> Any:
        """Parse a JSON file of the folder; raise ModelError where it is missing, damaged or of another kind."""
        try:
            value = json.loads((self.folder / file).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ModelError(f"model {self.label}: {file} is missing in {self.folder}") from None
        except ValueError as error:
            raise ModelError(f"model {self.label}: {file} in {self.folder} is not valid JSON ({error})") from None
        if not isinstance(value, kind):
            wanted = "object" if kind is dict else "array"
            raise ModelError(f"model {self.label}: {file} in {self.folder} is not a JSON {wanted}")
        return value

    def require(self, *keys: str) -> list[Any]:
        """The values of ``keys`` in ``config.json``; raise ModelError where one is missing."""
        missing = [key for key in keys if key not in self.config]
        if missing:
            raise ModelError(f"model {self.label}: config.json in {self.folder} lacks {', '.join(missing)}")
        return [self.config[key] for key in keys]

    def subfolder(self, path: str) -> Checkpoint:
        """The part of a checkpoint that lies in a folder of its own, such as ``2_Dense``."""
        return Checkpoint(self.folder / path, self.label)

    def weight_files(self) -> list[Path]:
        """The safetensors files directly in the folder, shards in the order of their names.

        Raises:
            ModelError: there are none, only pickled weights, or a shard that the index names is missing.
        """
        index = self.folder / "model.safetensors.index.json"
        if index.is_file():
            shards = sorted(set(self.read_json(index.name).get("weight_map", {}).values()))
            files = [self.folder / shard for shard in shards]
            absent = [file.name for file in files if not file.is_file()]
            if absent:
                raise ModelError(f"model {self.label}: weight file {absent[0]} is missing in {self.folder}")
            return files
        whole = self.folder / "model.safetensors"
        files = [whole] if whole.is_file() else sorted(self.folder.glob("*.safetensors"))
        if files:
            return files
        pickled = f"model {self.label}: only pickled weights in {self.folder}, which can run code when opened"
        if any(self.has(file) for file in CONVERTIBLE_WEIGHTS):
            raise ModelError(f"{pickled}; convert them with: {_CONVERT} {self.folder} NEW_FOLDER")
        if any(self.has(file) for file in OTHER_PICKLED_WEIGHTS):
            raise ModelError(f"{pickled}; save them as safetensors first")
        raise ModelError(
            f"model {self.label}: no .safetensors weights in {self.folder}; "
            f"if it was published with pytorch_model.bin: {_CONVERT} NAME NEW_FOLDER"
        )

    def name(self) -> str:
        """Identity: the short name, ``@`` and a digest of everything that decides the vectors."""
        return f"{self.label}@{self.digest()}"

    def digest(self) -> str:
        """BLAKE2b over the weights, configuration and tokenizer files and their relative paths, 12 hex digits."""
        whole = hashlib.blake2b(digest_size=6)
        for file in sorted(self._identity_files()):
            stat = file.stat()
            part = _file_digest(file, stat.st_size, stat.st_mtime_ns)
            whole.update(file.relative_to(self.folder).as_posix().encode() + b"\0" + part)
        return whole.hexdigest()

    def _identity_files(self) -> Iterator[Path]:
        for folder in (self.folder, *(path for path in self.folder.iterdir() if path.is_dir())):
            if folder.name in OTHER_RUNTIMES:
                continue
            for file in folder.iterdir():
                if file.suffix in _IDENTITY_SUFFIXES or file.name in IDENTITY_FILES:
                    yield file


@lru_cache(maxsize=256)
def _file_digest(file: Path, size: int, modified_ns: int) -> bytes:
    """Digest of one file, computed once while its size and modification time stay the same."""
    digest = hashlib.blake2b(digest_size=16)
    with file.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return digest.digest()
