from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from sample_pair import PAIR
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing
from transformers import BertConfig, BertModel

from codesearch.encoders.load import load_encoder
from codesearch.errors import CodesearchError, ModelError
from codesearch.matching.load import load_matcher
from codesearch.train.bimodal import Bimodal, Shape, from_bert, to_bert
from codesearch.train.bimodal_command import changed, encoder, export, matcher, narrow
from codesearch.train.data.pair import write_pairs
from codesearch.train.encoder import EncoderSettings
from codesearch.train.static import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

WORDS = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", *(f"w{number}" for number in range(60))]
FEW = ["steps=3", "batch=4", "warmup=1"]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random BERT in its published layout."""
    folder = tmp_path_factory.mktemp("start")
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=32,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=48,
        max_position_embeddings=300,
    )
    BertModel(config).save_pretrained(folder)
    tokenizer = Tokenizer(WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)])
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Twenty pairs, every second with a text that is no docstring."""
    folder = tmp_path / "pairs"
    folder.mkdir()
    pairs = [
        replace(
            PAIR,
            repo=f"owner/{number % 4}",
            name=f"f{number}",
            qualified_name=f"f{number}",
            text=f"w{number} w{number + 1}",
            code=f"w{number + 30} w{number + 31} w{number}",
            source="docstring" if number % 2 else "comment",
        )
        for number in range(20)
    ]
    write_pairs(folder / "one.jsonl.gz", pairs)
    return folder


def test_the_start_gives_the_vectors_of_the_published_model(start: Path) -> None:
    ids = torch.tensor([[1, 7, 9, 30, 2], [1, 5, 2, 0, 0]])
    theirs = BertModel.from_pretrained(start).eval()
    with torch.inference_mode():
        states = theirs(input_ids=ids, attention_mask=(ids != 0).long()).last_hidden_state
        vectors, read = from_bert(start).eval().encoder(ids, ids != 0)
    expected = torch.stack([states[0].mean(dim=0), states[1, :3].mean(dim=0)])
    assert torch.allclose(vectors, torch.nn.functional.normalize(expected, dim=1), atol=1e-5)
    assert read.shape == (2, 5, 32)


def test_a_folder_that_is_no_bert_is_refused_in_one_line(start: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "t5"}')
    with pytest.raises(ModelError, match="no BERT checkpoint"):
        from_bert(tmp_path)
    (tmp_path / "config.json").write_text(
        (start / "config.json").read_text().replace('"hidden_size": 32', '"hidden_size": 64')
    )
    (tmp_path / "model.safetensors").write_bytes((start / "model.safetensors").read_bytes())
    with pytest.raises(ModelError, match="its tensors are not those of BERT") as caught:
        from_bert(tmp_path)
    assert "\n" not in str(caught.value)


def test_from_pairs_to_a_model_that_encodes_and_matches(data: Path, start: Path, tmp_path: Path) -> None:
    out, folder = tmp_path / "out", tmp_path / "shipped"
    encoder(data, start, out, device="cpu", change=FEW)
    export(start, out, folder)
    with pytest.raises(ModelError, match="no matching head"):
        load_matcher(str(folder))
    matcher(data, start, out, device="cpu", change=[*FEW, "pool=10"])
    export(start, out, folder)
    assert load_matcher(str(folder)).score("w1 w2", ["w31 w32 w1", "w7"]).shape == (2,)
    assert sorted(file.name for file in folder.iterdir()) == [
        "config.json",
        "encoder.onnx",
        "matching.onnx",
        "tokenizer.json",
    ]
    assert (out / "encoder-loss.csv").read_text().splitlines()[0] == "step,loss"
    assert len((out / "matcher-loss.csv").read_text().splitlines()) == 4


def test_a_head_is_not_exported_with_an_encoder_it_was_not_trained_on(data: Path, start: Path, tmp_path: Path) -> None:
    out, folder = tmp_path / "out", tmp_path / "shipped"
    train_head = partial(matcher, data, start, out, device="cpu", change=[*FEW, "pool=10"])
    encoder(data, start, out, device="cpu", change=FEW)
    train_head()
    export(start, out, folder)
    before = (folder / "encoder.onnx").read_bytes()
    encoder(data, start, out, share=0.3, device="cpu", change=FEW)
    for use in (partial(export, start, out, folder), partial(narrow, data, start, out, folder, neurons=40)):
        with pytest.raises(CodesearchError, match=r"trained on another encoder .* run codesearch train matcher again"):
            use()
    train_head()
    export(start, out, folder)
    assert (folder / "encoder.onnx").read_bytes() != before
    (out / "encoder.safetensors").unlink()
    export(start, out, folder)


def test_a_narrower_transformer_is_a_start_for_more_training(data: Path, start: Path, tmp_path: Path) -> None:
    out, folder = tmp_path / "out", tmp_path / "narrow"
    encoder(data, start, out, device="cpu", change=FEW)
    narrow(data, start, out, folder, neurons=40)
    again, shipped = tmp_path / "again", tmp_path / "shipped"
    encoder(data, folder, again, device="cpu", change=FEW)
    export(folder, again, shipped)
    assert load_encoder(str(shipped)).dim == 32
    export(start, out, tmp_path / "wide")
    assert (shipped / "encoder.onnx").stat().st_size < (tmp_path / "wide" / "encoder.onnx").stat().st_size
    with pytest.raises(CodesearchError, match="--neurons 48: its layers have 48, so nothing would go"):
        narrow(data, start, out, folder, neurons=48)


def test_a_written_model_is_read_again_and_by_transformers_too(start: Path, tmp_path: Path) -> None:
    model = from_bert(start)
    with torch.no_grad():
        model.head.scale.fill_(3)
    to_bert(model, start, tmp_path)
    again = from_bert(tmp_path)
    assert all(torch.equal(tensor, again.state_dict()[name]) for name, tensor in model.state_dict().items())
    ids = torch.tensor([[1, 7, 9, 30, 2]])
    with torch.inference_mode():
        states = BertModel.from_pretrained(tmp_path).eval()(input_ids=ids).last_hidden_state
        expected = torch.nn.functional.normalize(states.mean(dim=1), dim=1)
        assert torch.allclose(again.eval().encoder(ids, ids != 0)[0], expected, atol=1e-5)


def test_a_share_of_nothing_exports_the_start(data: Path, start: Path, tmp_path: Path) -> None:
    vectors = []
    for share in (0.0, 1.0):
        out = tmp_path / str(share)
        encoder(data, start, out, share=share, device="cpu", change=[*FEW, "rate=0.01"])
        export(start, out, out / "shipped")
        vectors.append(load_encoder(str(out / "shipped")).encode_code(["w1 w2 w3"]))
    with torch.inference_mode():
        untrained = from_bert(start).eval().encoder(torch.tensor([[1, 5, 6, 7, 2]]), torch.ones(1, 5, dtype=torch.bool))
    assert np.allclose(vectors[0], untrained[0].numpy(), atol=0.02)
    assert not np.allclose(vectors[0], vectors[1], atol=0.02)


def test_an_unknown_source_is_named_with_those_there_are(data: Path, start: Path, tmp_path: Path) -> None:
    with pytest.raises(CodesearchError, match="no pairs are from 'docs': sources are docstring, commit"):
        encoder(data, start, tmp_path / "out", device="cpu", only="docstring,docs")


def test_the_matching_head_needs_a_trained_encoder(data: Path, start: Path, tmp_path: Path) -> None:
    with pytest.raises(CodesearchError, match="train the encoder first"):
        matcher(data, start, tmp_path / "out", device="cpu")


def test_a_run_with_other_sources_goes_on_only_where_that_is_said(data: Path, start: Path, tmp_path: Path) -> None:
    change = [*FEW, "wrote=0"]
    train = partial(encoder, data, start, tmp_path / "out", device="cpu", change=change)
    train(only="docstring,comment")
    with pytest.raises(CodesearchError, match="is of a run with another set of pairs"):
        train(only="docstring")
    train(only="docstring", other_settings=True)
    train(only="docstring,comment,test")


def test_a_share_or_a_device_that_there_is_not_is_one_clear_line(data: Path, start: Path, tmp_path: Path) -> None:
    with pytest.raises(CodesearchError, match="--share 80: it is from 0"):
        encoder(data, start, tmp_path / "out", device="cpu", share=80, change=FEW)
    for device in ("nonsense", "meta", "cuda:99"):
        with pytest.raises(CodesearchError, match=f"--device {device}: there is no such device here"):
            encoder(data, start, tmp_path / "out", device=device, change=FEW)


def test_weights_that_are_damaged_or_of_another_model_are_one_clear_line(
    data: Path, start: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    encoder(data, start, out, device="cpu", change=FEW)
    to_bert(Bimodal(replace(Shape.of_bert(start), inner=40)), start, tmp_path / "other")
    with pytest.raises(CodesearchError, match=r"encoder\.safetensors does not fit the model in START"):
        export(tmp_path / "other", out, tmp_path / "shipped")
    weights = (out / "encoder.safetensors").read_bytes()
    for kept in (0, 100, -100):
        (out / "encoder.safetensors").write_bytes(weights[:kept])
        with pytest.raises(CodesearchError, match=r"encoder\.safetensors cannot be read") as caught:
            export(start, out, tmp_path / "shipped")
        assert "\n" not in str(caught.value)


def test_a_write_of_weights_that_is_cut_short_leaves_those_before(
    data: Path, start: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    encoder(data, start, out, device="cpu", change=FEW)
    weights = (out / "encoder.safetensors").read_bytes()

    def begin_and_die(tensors: dict[str, Tensor], path: Path) -> None:
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr("safetensors.torch.save_file", begin_and_die)
    with pytest.raises(KeyboardInterrupt):
        encoder(data, start, out, share=0.5, device="cpu", change=FEW)
    assert (out / "encoder.safetensors").read_bytes() == weights


def test_no_pairs_are_named_with_the_command_that_makes_them(start: Path, tmp_path: Path) -> None:
    with pytest.raises(CodesearchError, match="make them with codesearch train data"):
        encoder(tmp_path, start, tmp_path / "out", device="cpu")


def test_a_start_or_pairs_that_cannot_be_read_are_one_clear_line(data: Path, start: Path, tmp_path: Path) -> None:
    with pytest.raises(CodesearchError, match="nowhere is no BERT checkpoint: give the folder of"):
        encoder(data, tmp_path / "nowhere", tmp_path / "out", device="cpu")
    (data / "two.jsonl.gz").write_bytes(b"no gzip")
    with pytest.raises(CodesearchError, match=r"two.jsonl.gz holds no pairs that can be read .* collect anew"):
        encoder(data, start, tmp_path / "out", device="cpu")
    half = tmp_path / "half"
    half.mkdir()
    for file in ("config.json", "model.safetensors"):
        (half / file).write_bytes((start / file).read_bytes())
    with pytest.raises(CodesearchError, match=r"tokenizer.json is no tokenizer that can be read"):
        encoder(data, half, tmp_path / "out", device="cpu")


@pytest.mark.parametrize(
    "change",
    [
        *("batch=0", "rate=nan", "rate=0", "temperature=0", "wrote=-1", "frozen_layers=-2"),
        *("code_tokens=256", "wrote=50", "averaging=1", "momentum=1", "distill=inf"),
    ],
)
def test_a_setting_that_nothing_can_be_trained_with_is_refused(change: str) -> None:
    with pytest.raises(CodesearchError, match=f"setting {change.partition('=')[0]} cannot be"):
        changed(EncoderSettings(), [change])
    assert changed(EncoderSettings(), ["distill=0", "wrote=0", "frozen_layers=-1"]).distill == 0
    assert changed(EncoderSettings(), ["distill=2", "wrote=1", "code_tokens=128", "seed=0"]).distill == 2


@pytest.mark.parametrize("change", ["word_dropout=3", "word_dropout=1", "keep_name=5", "warmup=20"])
def test_a_setting_of_the_static_encoder_that_is_no_share_is_refused(change: str) -> None:
    with pytest.raises(CodesearchError, match=f"setting {change.partition('=')[0]} cannot be"):
        changed(Settings(), [change])
    assert changed(Settings(), ["word_dropout=0", "keep_name=1", "warmup=0", "weight_rate=2"]).weight_rate == 2


def test_settings_change_by_name_and_keep_their_type() -> None:
    settings = changed(EncoderSettings(), ["batch=128", "rate=1e-3", "cached=true"])
    assert (settings.batch, settings.rate, settings.cached) == (128, 1e-3, True)
    with pytest.raises(CodesearchError, match="no setting 'btach': there are averaging, batch"):
        changed(EncoderSettings(), ["btach=1"])
    with pytest.raises(CodesearchError, match="setting batch takes a int, not 'many'"):
        changed(EncoderSettings(), ["batch=many"])
