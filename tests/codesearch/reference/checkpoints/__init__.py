"""Tiny random checkpoints in the exact published layouts: config fields, tensor names, tokenizer files.

Each function fills a folder and returns its configuration and tensors, in float32, by their published names.
"""

from reference.checkpoints.bert import (
    bert_config,
    bert_tensors,
    code_rank_embed,
    codebert,
    cross_encoder,
    graphcodebert,
    sentence_transformer,
    unixcoder,
)
from reference.checkpoints.causal import codefuse_cge, lora_adapter, qwen2
from reference.checkpoints.codet5p import codegen, codet5p, codet5p_2b
from reference.checkpoints.draw import save

__all__ = [
    "bert_config",
    "bert_tensors",
    "code_rank_embed",
    "codebert",
    "codefuse_cge",
    "codegen",
    "codet5p",
    "codet5p_2b",
    "cross_encoder",
    "graphcodebert",
    "lora_adapter",
    "qwen2",
    "save",
    "sentence_transformer",
    "unixcoder",
]
