"""The families of encoders that can be loaded: how each is recognised and which file loads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from codesearch.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable

    from codesearch.encoders.checkpoint import Checkpoint


@dataclass(frozen=True)
class Family:
    """One layout of published checkpoints."""

    name: str
    module: str
    """The file that defines ``load(checkpoint, device)``; imported only when used, as most import torch."""
    recognises: Callable[[Checkpoint], bool]
    needs: str = "pip install '.[models]' in codesearch's source folder"
    """How to get what it needs beyond the package's own dependencies; empty where it needs nothing."""


BIMODAL = "bimodal"

# Model types of transformers for which a plain folder is a BERT-like encoder.
BERT_TYPES = frozenset(
    {"bert", "camembert", "distilbert", "electra", "modernbert", "mpnet", "nomic_bert", "roberta", "xlm-roberta"}
)
# Causal models whose folders may name no ``*ForCausalLM`` class.
CAUSAL_TYPES = frozenset({"codegen", "gpt2", "gpt_bigcode", "llama", "mistral", "qwen2", "qwen3", "starcoder2"})


def is_cross_encoder(model: Checkpoint) -> bool:
    """Whether the checkpoint scores pairs instead of giving vectors."""
    return any(name.endswith("ForSequenceClassification") for name in model.architectures)


def _is_causal(model: Checkpoint) -> bool:
    named = any(name.endswith("ForCausalLM") for name in model.architectures)
    return named or model.has("adapter_config.json") or model.model_type in CAUSAL_TYPES


# The first that recognises a checkpoint loads it: the particular before the general.
FAMILIES = (
    Family("static", "load_static", lambda model: model.model_type in {"codesearch-static", "model2vec"}, needs=""),
    Family(BIMODAL, "bimodal", lambda model: model.model_type == "codesearch-bimodal", needs=""),
    Family("sentence-transformers", "sentence_transformer", lambda model: model.has("modules.json")),
    Family(
        "CodeFuse-CGE",
        "codefuse_cge",
        lambda model: any(name.startswith("CodeFuse_CGE") for name in model.architectures),
    ),
    Family("CodeT5+", "codet5p", lambda model: model.model_type in {"codet5p_embedding", "codet5p_bimodal"}),
    Family("CodeT5+ 2B to 16B", "codet5p_large", lambda model: model.model_type == "codet5p"),
    Family("UniXcoder", "unixcoder", lambda model: model.model_type == "roberta" and model.has_token("<encoder-only>")),
    Family("BERT and RoBERTa", "bert", lambda model: model.model_type in BERT_TYPES),
    Family("causal language models", "causal", _is_causal),
)


def family_of(checkpoint: Checkpoint) -> Family:
    """The family that loads an encoder.

    Raises:
        ModelError: none recognises it.
    """
    if is_cross_encoder(checkpoint):
        raise ModelError(f"model {checkpoint.label} is a matching head, not an encoder: use it with --matcher")
    for family in FAMILIES:
        if family.recognises(checkpoint):
            return family
    what = checkpoint.model_type or "no model_type in config.json"
    known = ", ".join(family.name for family in FAMILIES)
    raise ModelError(f"model {checkpoint.label}: unknown architecture ({what}); known are {known}")
