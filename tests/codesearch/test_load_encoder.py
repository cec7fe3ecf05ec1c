"""Finding models by name, and one clear line for every model that cannot be loaded."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from reference import checkpoints

from codesearch.encoders import available, resolve
from codesearch.encoders.causal import LLM2VEC_CONFIG
from codesearch.encoders.checkpoint import Checkpoint
from codesearch.encoders.convert import main as convert
from codesearch.encoders.load import load_encoder
from codesearch.encoders.lora import ADAPTER_CONFIG
from codesearch.encoders.protocol import Encoder
from codesearch.encoders.sentence_transformer import SETTINGS
from codesearch.encoders.tokens import TOKENIZER_FILES
from codesearch.errors import ModelError


def refusal(folder):
    with pytest.raises(ModelError) as caught:
        load_encoder(str(folder), device="cpu")
    message = str(caught.value)
    assert "\n" not in message
    return message


def rewrite(folder, change, file="config.json"):
    content = json.loads((folder / file).read_text())
    (folder / file).write_text(json.dumps(change(content)))


@pytest.fixture
def model(tmp_path):
    """A whole sentence-transformers folder to damage."""
    checkpoints.sentence_transformer(tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def hub_cache(tmp_path, monkeypatch):
    """An empty hub cache on a machine without a network."""
    import huggingface_hub

    cache = tmp_path / "hub"
    cache.mkdir()
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    return cache


def put_in_hub_cache(cache, repository, revision="main"):
    folder = cache / f"models--{repository.replace('/', '--')}"
    commit = "0123456789abcdef0123456789abcdef01234567"
    snapshot = folder / "snapshots" / commit
    snapshot.parent.mkdir(parents=True)
    ref = folder / "refs" / revision
    ref.parent.mkdir(parents=True)
    ref.write_text(commit)
    return snapshot


def test_loading_names_imports_neither_torch_nor_transformers():
    code = (
        "import sys, codesearch.encoders.load, codesearch.matching.load, codesearch.encoders.available;"
        "print(sorted({'torch', 'transformers', 'numpy', 'safetensors'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_a_loaded_encoder_is_an_encoder(model):
    encoder = load_encoder(str(model), device="cpu")
    assert isinstance(encoder, Encoder)
    assert encoder.encode_queries(["read a file"]).shape == (1, encoder.dim)


def test_the_name_tells_models_apart_and_is_the_same_for_a_copy(model, tmp_path):
    name = load_encoder(str(model), device="cpu").name
    assert re.fullmatch(r"model@[0-9a-f]{12}", name)
    copy = tmp_path / "elsewhere" / "model"
    shutil.copytree(model, copy)
    assert load_encoder(str(copy), device="cpu").name == name
    rewrite(copy, lambda config: {**config, "pooling_mode_cls_token": True}, "1_Pooling/config.json")
    assert load_encoder(str(copy), device="cpu").name != name


@pytest.mark.parametrize("file", [*itertools.chain(*TOKENIZER_FILES), LLM2VEC_CONFIG, ADAPTER_CONFIG, SETTINGS])
def test_every_file_that_decides_the_vectors_changes_the_name(tmp_path, file):
    before = Checkpoint(tmp_path, "model").name()
    (tmp_path / file).write_text("{}")
    assert Checkpoint(tmp_path, "model").name() != before


def test_a_name_that_is_nothing_lists_what_can_be_given():
    assert "give bimodal, default, static, a folder, or a hub name such as owner/name" in refusal("no-such-model")


def test_a_hub_name_that_cannot_be_one_is_named():
    assert refusal("owner/name..git").startswith("no model 'owner/name..git': ")


def test_without_torch_the_line_says_what_to_install(model, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "codesearch.encoders.sentence_transformer", raising=False)
    assert (
        refusal(model)
        == "model model needs torch, which is not installed: pip install '.[models]' in codesearch's source folder"
    )


def test_a_shipped_model_that_is_not_installed_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(resolve, "SHIPPED_FOLDER", tmp_path)
    assert refusal("bimodal").startswith("model bimodal is not part of this installation")


def test_a_shipped_name_goes_before_a_folder_of_that_name(tmp_path, monkeypatch):
    monkeypatch.setattr(resolve, "SHIPPED_FOLDER", tmp_path / "models")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bimodal").mkdir()
    checkpoints.sentence_transformer(tmp_path / "models" / "bimodal")
    assert load_encoder("bimodal", device="cpu").name.startswith("bimodal@")


def test_a_cached_hub_model_loads_without_a_network(hub_cache):
    checkpoints.sentence_transformer(put_in_hub_cache(hub_cache, "owner/small"))
    assert load_encoder("owner/small", device="cpu").name.startswith("small@")


def test_a_revision_of_a_hub_model_can_be_named(hub_cache):
    checkpoints.sentence_transformer(put_in_hub_cache(hub_cache, "owner/small", "refs/pr/1"))
    assert load_encoder("owner/small@refs/pr/1", device="cpu").name.startswith("small@")


def test_a_hub_model_that_is_not_cached_needs_a_network(hub_cache):
    assert refusal("owner/small").startswith("model owner/small is no folder and not in the hub cache, and cannot")


def test_what_is_available_is_listed_with_what_it_needs(hub_cache, tmp_path, monkeypatch):
    monkeypatch.setattr(resolve, "SHIPPED_FOLDER", tmp_path / "models")
    checkpoints.sentence_transformer(tmp_path / "models" / "bimodal")
    checkpoints.cross_encoder(put_in_hub_cache(hub_cache, "owner/cross"))
    bimodal, _ = put_in_hub_cache(hub_cache, "owner/both"), put_in_hub_cache(hub_cache, "owner/empty").mkdir()
    checkpoints.codet5p(bimodal, "bimodal")
    (bimodal / "model.safetensors").rename(bimodal / "pytorch_model.bin")
    found = {model.name: model for model in available.available_models()}
    assert set(found) == {"bimodal", "owner/cross", "owner/both"}
    assert (found["bimodal"].source, found["bimodal"].encodes, found["bimodal"].needs) == ("shipped", True, "")
    assert (found["owner/cross"].encodes, found["owner/cross"].matches) == (False, True)
    assert (found["owner/both"].encodes, found["owner/both"].matches) == (True, True)
    assert "only pickled weights" in found["owner/both"].needs
    assert found["bimodal"].megabytes > 0


def test_a_missing_tensor_is_named(model):
    config, tensors = checkpoints.bert_config("bert", "BertModel"), None
    tensors = checkpoints.bert_tensors(config)
    tensors["encoder.layer.1.output.dense.kernel"] = tensors.pop("encoder.layer.1.output.dense.weight")
    checkpoints.save(model, config, tensors)
    assert refusal(model) == (
        "model model: tensor encoder.layer.1.output.dense.weight is missing in its weights (1 missing in all)"
    )


def test_a_missing_tensor_of_an_architecture_implemented_here_is_named(tmp_path):
    config, tensors = checkpoints.code_rank_embed(tmp_path / "model")
    del tensors["encoder.layers.0.attn.Wqkv.weight"], tensors["emb_ln.bias"]
    checkpoints.save(tmp_path / "model", config, tensors)
    assert refusal(tmp_path / "model") == "model model: tensor emb_ln.bias is missing in its weights (2 missing in all)"


def test_a_tensor_of_another_shape_is_named(tmp_path):
    config, tensors = checkpoints.codet5p(tmp_path / "model")
    checkpoints.save(tmp_path / "model", config | {"embed_dim": 4}, tensors)
    assert refusal(tmp_path / "model") == (
        "model model: tensor proj.weight has shape (8, 16), its configuration asks for (4, 16)"
    )


def test_a_backbone_of_another_shape_is_refused(model):
    rewrite(model, lambda config: {**config, "intermediate_size": 32})
    assert refusal(model).startswith("model model: its weights do not fit")


def test_a_missing_tokenizer_is_said(model):
    for file in ("vocab.txt", "tokenizer_config.json"):
        (model / file).unlink()
    assert refusal(model) == f"model model: no whole tokenizer in {model} (tokenizer.json is missing)"


def test_half_a_tokenizer_is_said(tmp_path):
    checkpoints.codebert(tmp_path / "model")
    (tmp_path / "model" / "merges.txt").unlink()
    assert refusal(tmp_path / "model") == f"model model: no whole tokenizer in {tmp_path}/model (merges.txt is missing)"


def test_a_folder_without_weights_is_refused(model):
    (model / "model.safetensors").unlink()
    assert refusal(model).startswith(f"model model: no .safetensors weights in {model}; if it was published with")


def test_a_missing_shard_is_named(model):
    (model / "model.safetensors").rename(model / "model-00001-of-00002.safetensors")
    shards = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    (model / "model.safetensors.index.json").write_text(json.dumps({"weight_map": shards}))
    assert refusal(model) == f"model model: weight file model-00002-of-00002.safetensors is missing in {model}"


def test_damaged_weights_are_said(model):
    whole = (model / "model.safetensors").read_bytes()
    (model / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    assert refusal(model).startswith(f"model model: its weights in {model} are damaged")


def test_damaged_json_is_said(model):
    (model / "modules.json").write_text("[{")
    assert refusal(model).startswith("model model: modules.json")


@pytest.mark.parametrize(
    ("file", "content", "kind"), [("config.json", "[]", "object"), ("modules.json", "{}", "array")]
)
def test_json_of_another_kind_is_said(model, file, content, kind):
    (model / file).write_text(content)
    assert refusal(model) == f"model model: {file} in {model} is not a JSON {kind}"


def test_an_unknown_architecture_lists_the_known_ones(model):
    (model / "modules.json").unlink()
    rewrite(model, lambda config: {**config, "model_type": "mamba3", "architectures": ["Mamba3Model"]})
    assert refusal(model).startswith("model model: unknown architecture (mamba3); known are static, bimodal, sentence-")


def test_an_architecture_that_needs_remote_code_is_refused(model):
    rewrite(model, lambda config: {**config, "model_type": "new", "auto_map": {"AutoModel": "modeling.NewModel"}})
    (model / "modeling.py").write_text("raise SystemExit('remote code ran')")
    assert refusal(model).startswith("model model: unknown architecture 'new'")


def test_an_unsupported_module_is_named(model):
    rewrite(model, lambda modules: [*modules, {"path": "4_LSTM", "type": "models.LSTM"}], "modules.json")
    assert refusal(model) == "model model: module LSTM of modules.json is not supported"


def test_a_nomic_bert_of_another_kind_is_refused(tmp_path):
    checkpoints.code_rank_embed(tmp_path / "model")
    rewrite(tmp_path / "model", lambda config: {**config, "prenorm": True})
    assert refusal(tmp_path / "model") == "model model: prenorm=True is not supported for NomicBERT"


def test_a_cross_encoder_is_refused_as_an_encoder(tmp_path):
    checkpoints.cross_encoder(tmp_path / "model")
    assert refusal(tmp_path / "model") == "model model is a matching head, not an encoder: use it with --matcher"


def test_an_adapter_of_another_kind_than_lora_is_refused(tmp_path):
    checkpoints.qwen2(tmp_path / "base")
    checkpoints.lora_adapter(tmp_path / "adapter", "../base", use_dora=True)
    assert refusal(tmp_path / "adapter") == "model adapter: a DoRA adapter cannot be merged, only LoRA"


def test_an_adapter_for_another_model_is_refused(tmp_path):
    checkpoints.codegen(tmp_path / "base")
    checkpoints.lora_adapter(tmp_path / "adapter", "../base")
    assert "the adapter changes model.layers.0.mlp.down_proj, which its base model" in refusal(tmp_path / "adapter")


def test_an_adapter_without_its_base_model_is_refused(tmp_path, hub_cache):
    checkpoints.lora_adapter(tmp_path / "adapter", "owner/base")
    assert refusal(tmp_path / "adapter").startswith("model owner/base is no folder and not in the hub cache")


def test_pickled_weights_are_never_opened_and_the_line_says_how_to_convert_them(model, tmp_path):
    import torch
    from safetensors.torch import load_file

    before = load_encoder(str(model), device="cpu").encode_code(["read a file"])
    torch.save(load_file(model / "model.safetensors"), model / "pytorch_model.bin")
    (model / "model.safetensors").unlink()
    message = refusal(model)
    assert "only pickled weights" in message
    command = f"convert them with: python -m codesearch.encoders.convert {model} NEW_FOLDER"
    assert message.endswith(command)
    assert convert([str(model), str(tmp_path / "new")]) == 0
    after = load_encoder(str(tmp_path / "new"), device="cpu").encode_code(["read a file"])
    np.testing.assert_array_equal(after, before)


class Payload:
    """Pickles to an instruction that would run on opening."""

    def __reduce__(self):
        return print, ("the pickle ran",)


def test_a_pickle_that_holds_code_is_not_converted(model, tmp_path, capsys):
    import torch

    torch.save({"weight": Payload()}, model / "pytorch_model.bin")
    assert convert([str(model), str(tmp_path / "new")]) == 2
    printed = capsys.readouterr()
    assert printed.err == "codesearch: model model: its pickle holds more than tensors and was not opened\n"
    assert printed.out == ""
    assert not (tmp_path / "new").exists()


def test_conversion_needs_two_names_and_a_new_folder(model, tmp_path, capsys):
    assert convert(["one"]) == 2
    assert capsys.readouterr().err.startswith("usage: ")
    assert convert([str(model), str(tmp_path)]) == 2
    assert "exists already: choose a new folder" in capsys.readouterr().err
