from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing
from torch.nn.utils.rnn import pad_sequence

from codesearch.encoders.load import load_encoder
from codesearch.encoders.protocol import Encoder
from codesearch.errors import ModelError
from codesearch.matching.load import load_matcher
from codesearch.matching.onnx import COSINE_SHARE, LOGIT_SCALE
from codesearch.matching.protocol import Matcher
from codesearch.train.bimodal import Bimodal, Shape
from codesearch.train.export import export

if TYPE_CHECKING:
    from pathlib import Path

WORDS = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", *(f"w{number}" for number in range(60)), "add", "return", "def"]
SMALL = Shape(vocabulary=len(WORDS), width=64, depth=3, joint_depth=1, heads=4, inner=128, positions=40, epsilon=1e-12)
CODES = ["def add w1 w2 return", "w3", "w4 w5 w6 w7 w8 w9 w10 w11 w12 w13 return", "w1 w2 " * 50]


def small_model() -> Bimodal:
    torch.manual_seed(0)
    model = Bimodal(SMALL).eval()
    with torch.no_grad():
        for table in (model.encoder.words, model.encoder.positions):
            table.weight.mul_(0.1)
        model.head.sides.normal_(std=0.1)
        model.head.evidence.weight.normal_(std=0.2)
        model.head.evidence.bias.fill_(0.5)
        model.head.overlap.fill_(2.0)
    return model


def small_tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)])
    return tokenizer


@pytest.fixture(scope="module")
def model() -> Bimodal:
    return small_model()


@pytest.fixture(scope="module")
def exported(model: Bimodal, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "small"
    export(model, small_tokenizer(), folder, max_tokens=40)
    return folder


@pytest.fixture
def fresh(model: Bimodal, tmp_path: Path) -> Path:
    """An export of its own to damage."""
    export(model, small_tokenizer(), tmp_path / "small", max_tokens=40)
    return tmp_path / "small"


def in_torch(model: Bimodal, rows: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    ids = pad_sequence([torch.tensor(row) for row in rows], batch_first=True)
    with torch.inference_mode():
        return (*model.encoder(ids, ids != 0), ids != 0)


def test_an_export_is_an_encoder_and_a_matcher_by_the_name_of_its_folder(exported: Path) -> None:
    encoder, matcher = load_encoder(str(exported)), load_matcher(str(exported))
    assert isinstance(encoder, Encoder)
    assert isinstance(matcher, Matcher)
    assert encoder.dim == 64


def test_the_int8_vectors_are_close_to_those_of_the_trained_model(model: Bimodal, exported: Path) -> None:
    encoder = load_encoder(str(exported))
    expected, _, _ = in_torch(model, encoder.token_ids(CODES))
    vectors = encoder.encode_code(CODES)
    assert vectors.dtype == np.float32
    assert vectors.shape == (4, 64)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert ((vectors * expected.numpy()).sum(axis=1) > 0.99).all()


def test_the_int8_scores_are_close_to_those_of_the_trained_model(model: Bimodal, exported: Path) -> None:
    matcher = load_matcher(str(exported))
    rows = matcher.encoder.token_ids(CODES)
    vectors, states, mask = in_torch(model, rows)
    query_vector, query_states, query_mask = in_torch(model, matcher.encoder.token_ids(["add w1"]))
    cosines = vectors @ query_vector[0]
    with torch.inference_mode():
        logits = model.head(query_states.expand(4, -1, -1), query_mask.expand(4, -1), states, mask, cosines)
    expected = COSINE_SHARE * cosines + LOGIT_SCALE * logits
    scores = matcher.score("add w1", CODES)
    assert scores.dtype == np.float32
    assert np.allclose(scores, expected.numpy(), atol=0.05 * float(expected.max() - expected.min()))


def test_a_text_has_the_same_vector_and_score_whatever_it_comes_with(exported: Path) -> None:
    encoder, matcher = load_encoder(str(exported)), load_matcher(str(exported))
    alone = np.concatenate([encoder.encode_code([code]) for code in CODES])
    assert np.array_equal(encoder.encode_code(CODES), alone)
    assert matcher.score("add w1", CODES).tolist() == [matcher.score("add w1", [code])[0] for code in CODES]


def test_onnx_runtime_keeps_no_records_of_its_use(exported: Path, tmp_path: Path) -> None:
    # Where one of these is set it keeps none anyway.
    unwanted = ("CI", "GITHUB_ACTIONS", "ORT_RUNNING_UNIT_TESTS", "ORT_DISABLE_TELEMETRY")
    environment = {name: value for name, value in os.environ.items() if name not in unwanted}
    places = {name: str(tmp_path) for name in ("HOME", "XDG_CACHE_HOME", "LOCALAPPDATA")}
    program = "import sys; from codesearch import load_encoder; load_encoder(sys.argv[1]).encode_queries(['add'])"
    subprocess.run([sys.executable, "-c", program, str(exported)], env=environment | places, check=True)
    assert list(tmp_path.iterdir()) == []


def test_no_texts_give_no_vectors_and_no_scores(exported: Path) -> None:
    assert load_encoder(str(exported)).encode_queries([]).shape == (0, 64)
    assert load_matcher(str(exported)).score("add", []).shape == (0,)


def test_an_empty_text_has_a_vector_of_unit_length(exported: Path) -> None:
    assert np.linalg.norm(load_encoder(str(exported)).encode_code([""])) == pytest.approx(1, abs=1e-5)


def test_a_text_is_cut_at_the_tokens_the_model_reads(exported: Path) -> None:
    encoder = load_encoder(str(exported))
    assert encoder.max_tokens == 40
    long, cut = " ".join(["w1"] * 500), " ".join(["w1"] * 38)
    assert np.allclose(encoder.encode_code([long]), encoder.encode_code([cut]), atol=1e-5)
    assert encoder.count_truncated([long, cut, "w1"], are_queries=False) == 1


def test_the_order_of_texts_is_kept(exported: Path) -> None:
    encoder = load_encoder(str(exported))
    texts = [f"w{number} " * (number % 7 + 1) for number in range(60)]
    assert np.array_equal(encoder.encode_code(texts[::-1])[::-1], encoder.encode_code(texts))


def test_names_tell_weights_apart_and_the_matcher_from_its_encoder(fresh: Path) -> None:
    encoder, matcher = load_encoder(str(fresh)).name, load_matcher(str(fresh)).name
    torch.manual_seed(1)
    other = Bimodal(SMALL)
    export(other, small_tokenizer(), fresh, max_tokens=40)
    names = {encoder, matcher, load_encoder(str(fresh)).name, load_matcher(str(fresh)).name}
    assert len(names) == 4
    assert all(name.startswith("small@") for name in names)


def test_an_export_without_a_trained_head_says_so_when_it_is_asked_to_match(model: Bimodal, tmp_path: Path) -> None:
    export(model, small_tokenizer(), tmp_path / "small", max_tokens=40, with_head=False)
    load_encoder(str(tmp_path / "small"))
    with pytest.raises(ModelError, match="small has no matching head yet"):
        load_matcher(str(tmp_path / "small"))


@pytest.mark.parametrize("file", ["encoder.onnx", "tokenizer.json", "matching.onnx"])
def test_a_damaged_file_is_one_line_that_names_it(fresh: Path, file: str) -> None:
    (fresh / file).write_bytes((fresh / file).read_bytes()[:1000])
    with pytest.raises(ModelError) as caught:
        load_matcher(str(fresh))
    assert file in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("file", ["encoder.onnx", "tokenizer.json"])
def test_a_missing_file_is_named(fresh: Path, file: str) -> None:
    (fresh / file).unlink()
    with pytest.raises(ModelError, match=f"{file} is missing"):
        load_encoder(str(fresh))


def test_neither_torch_nor_transformers_is_imported_to_encode_and_match(exported: Path) -> None:
    program = (
        "import sys\n"
        "from codesearch.encoders.load import load_encoder\n"
        "from codesearch.matching.load import load_matcher\n"
        f"load_encoder({str(exported)!r}).encode_queries(['add'])\n"
        f"load_matcher({str(exported)!r}).score('add', ['w1'])\n"
        "assert not {'torch', 'transformers', 'onnx'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, env={**os.environ, "PYTHONPATH": ":".join(sys.path)})


def test_a_static_encoder_beside_the_transformer_adds_its_cosine_by_its_weight(model: Bimodal, tmp_path: Path) -> None:
    export(model, small_tokenizer(), tmp_path / "both", max_tokens=40, with_head=False, beside="static")
    export(model, small_tokenizer(), tmp_path / "alone", max_tokens=40, with_head=False)
    both, alone = load_encoder(str(tmp_path / "both")), load_encoder(str(tmp_path / "alone"))
    static = load_encoder("static")
    assert isinstance(both, Encoder)
    assert both.dim == alone.dim + static.dim
    assert both.max_tokens == 40
    queries, codes = ["add w1 return", "read a file"], [*CODES, ""]
    cosines = [encoder.encode_queries(queries) @ encoder.encode_code(codes).T for encoder in (both, alone, static)]
    known = codes[:-1]
    assert np.allclose(cosines[0][:, : len(known)], ((cosines[1] + cosines[2] / 2) / 1.5)[:, : len(known)], atol=1e-5)
    assert np.allclose(np.linalg.norm(both.encode_code(codes), axis=1), 1, atol=1e-5)


def test_the_name_of_a_joined_encoder_tells_both_weights(model: Bimodal, tmp_path: Path) -> None:
    export(model, small_tokenizer(), tmp_path / "small", max_tokens=40, with_head=False, beside="static")
    name = load_encoder(str(tmp_path / "small")).name
    assert name.startswith("small@")
    assert name.endswith("+" + load_encoder("static").name.partition("@")[2])
