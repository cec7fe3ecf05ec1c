"""The harness of the mteb package itself with our encoders, matching heads and systems as its models."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from codesearch import load_encoder, load_matcher
from eval.command import app
from eval.measures import per_query, runs
from eval.mteb_models import MtebEncoder, MtebSystem, model_meta, path_name
from eval.ranker import Ranker
from eval.system import RandomEncoder, System

OURS_AND_THEIRS = {"nDCG@10": "ndcg_at_10", "nDCG@3": "ndcg_at_3", "RR@10": "mrr_at_10", "R@5": "recall_at_5"}
ROUNDED = 0.5e-5 + 1e-9
"""mteb rounds to five decimals."""


@pytest.fixture(scope="module")
def tasks():
    import mteb_tasks

    return mteb_tasks


@pytest.fixture(scope="module")
def encoder():
    return load_encoder()


@pytest.fixture(scope="module")
def head(tmp_path_factory):
    """A cross-encoder in the published layout, with random weights."""
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast, set_seed

    folder = tmp_path_factory.mktemp("head")
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{letter}" for letter in letters)]
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n")
    BertTokenizerFast.from_pretrained(folder).save_pretrained(folder)
    set_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        num_labels=1, initializer_range=1.0,
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(folder)
    return load_matcher(str(folder), device="cpu")


@pytest.fixture(scope="module")
def harness():
    """Scores of a model on a task, by mteb's names."""
    import mteb

    def evaluate(model, task, **options):
        options = {"cache": None, **options}
        results = mteb.evaluate(model, task, co2_tracker=False, show_progress_bar=False, **options).task_results
        return results[0].scores["test"][0]

    return evaluate


def our_measures(retrieval, run):
    """The means over all queries, of a run or of a system's ranking."""
    values = per_query(list(OURS_AND_THEIRS), retrieval.qrels, [run])
    return {theirs: np.mean([*values[ours].values()]) for ours, theirs in OURS_AND_THEIRS.items()}


def our_run(retrieval, system, cache, depth=1000):
    (run,) = runs(retrieval, Ranker(system, cache, depth).rank(retrieval))
    return run


def require_equal(theirs, ours):
    assert {name: theirs[name] for name in ours} == pytest.approx(ours, abs=ROUNDED)
    assert theirs["mrr_at_10"] == pytest.approx(ours["mrr_at_10"], abs=1e-9), "mteb does not round this one"
    assert 0 < theirs["ndcg_at_10"] < 1


def test_the_harness_measures_an_encoder_as_we_do(tasks, harness, encoder, cache):
    retrieval = tasks.collection()
    ours = our_measures(retrieval, our_run(retrieval, System(encoder=encoder), cache))
    require_equal(harness(MtebEncoder(encoder), tasks.Searched()), ours)
    require_equal(harness(MtebSystem(System(encoder=encoder), cache), tasks.Searched()), ours)


@pytest.mark.parametrize("with_vectors", [False, True])
def test_the_harness_measures_words_and_their_fusion_with_vectors_as_we_do(
    tasks, harness, encoder, cache, with_vectors
):
    retrieval = tasks.collection()
    system = System(encoder=encoder if with_vectors else None, bm25=True)
    ours = our_measures(retrieval, our_run(retrieval, system, cache))
    require_equal(harness(MtebSystem(system, cache), tasks.Searched()), ours)


def test_the_harness_measures_a_system_with_a_head_as_we_do(tasks, harness, encoder, head, cache):
    retrieval = tasks.collection()
    system = System(encoder=encoder, bm25=True, matcher=head, rerank_depth=4)
    ours = our_measures(retrieval, our_run(retrieval, system, cache))
    require_equal(harness(MtebSystem(system, cache), tasks.Searched()), ours)


def test_a_reranking_task_is_measured_as_our_pools_are(tasks, harness, encoder, head, cache):
    retrieval = tasks.collection(tasks.CANDIDATES)
    ours = our_measures(retrieval, our_run(retrieval, System(encoder=encoder), cache))
    require_equal(harness(MtebEncoder(encoder), tasks.Reranked()), ours)
    for system in (System(encoder=encoder), System(encoder=encoder, bm25=True), System(bm25=True, matcher=head)):
        ours = our_measures(retrieval, our_run(retrieval, system, cache))
        require_equal(harness(MtebSystem(system, cache), tasks.Reranked()), ours)


@pytest.mark.parametrize("kind", ["Searched", "Instructed", "Conversations"])
def test_a_system_reads_the_same_texts_as_an_encoder_in_the_harness(tasks, harness, cache, kind):
    class Recorded(RandomEncoder):
        def __init__(self):
            super().__init__()
            self.read = set()

        def encode_queries(self, queries):
            self.read |= {("query", query) for query in queries}
            return super().encode_queries(queries)

        def encode_code(self, codes):
            self.read |= {("code", code) for code in codes}
            return super().encode_code(codes)

    alone, within = Recorded(), Recorded()
    harness(MtebEncoder(alone), getattr(tasks, kind)())
    harness(MtebSystem(System(encoder=within), cache), getattr(tasks, kind)())
    assert alone.read == within.read
    assert len(alone.read) == len(tasks.CORPUS) + len(tasks.QUERIES)


def test_results_are_filed_under_the_whole_system(tasks, harness, cache, tmp_path, recwarn):
    from mteb.cache import ResultCache

    results = ResultCache(tmp_path)
    plain, fused = (MtebSystem(System(encoder=RandomEncoder(), bm25=bm25), cache) for bm25 in (False, True))
    scores, again = (
        [harness(model, tasks.Searched(), cache=results)["main_score"] for model in (plain, fused)] for _ in range(2)
    )
    assert scores[0] != scores[1]
    assert again == scores, "the second time they come from the files"
    files = {path.relative_to(tmp_path / "results").parts[:2] for path in tmp_path.rglob("FunctionsRetrieval.json")}
    assert files == {("codesearch__random", path_name(model.system.name)) for model in (plain, fused)}
    assert not [warning for warning in recwarn if "serializ" in str(warning.message)]


def test_names_that_begin_alike_are_told_apart():
    name = "static@0123 + " + "bm25 " * 40
    assert model_meta(name + "a", "hybrid").revision != model_meta(name + "b", "hybrid").revision
    assert len(path_name(name)) < 100


@pytest.fixture
def command(tmp_path, monkeypatch):
    """``codesearch eval mteb`` in an empty folder, without a network and with Hugging Face caches of its own."""
    import datasets
    import huggingface_hub

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    for name in ("HF_DATASETS_CACHE", "HF_MODULES_CACHE"):
        monkeypatch.setattr(datasets.config, name, tmp_path / "hub" / name)

    def run(*arguments, status=0):
        result = CliRunner().invoke(app, ["mteb", "--cache", "vectors", *arguments])
        assert result.exit_code == status, result.output + result.stderr
        return result

    return run


@pytest.fixture
def cosqa(tmp_path, tasks):
    """Data of mteb's task CosQA in a folder where its loader looks first, in its layout."""
    folder = tmp_path / "CoIR-Retrieval" / "cosqa"
    folder.mkdir(parents=True)
    files = {
        "corpus": ("corpus", [{"_id": name, "title": t, "text": text} for name, (t, text) in tasks.CORPUS.items()]),
        "queries": ("queries", [{"_id": query, "text": text} for query, text in tasks.QUERIES.items()]),
        "default": ("test", [
            {"query-id": query, "corpus-id": document, "score": relevance}
            for query, judged in tasks.QRELS.items() for document, relevance in judged.items()
        ]),
    }  # fmt: skip
    configs = [f"- config_name: {config}\n  data_files: [{{split: {split}, path: {config}.jsonl}}]"
               for config, (split, _) in files.items()]  # fmt: skip
    (folder / "README.md").write_text("\n".join(["---", "configs:", *configs, "---", ""]))
    for config, (_, rows) in files.items():
        (folder / f"{config}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_the_command_measures_a_task_of_mteb_with_several_systems(command, cosqa, tasks, encoder, cache, tmp_path):
    result = command("--task", "CosQA", "--encoder", "default", "--encoder", "bm25", "--output", "out", "--json")
    found = json.loads(result.stdout)
    retrieval = tasks.collection()
    for system, one in zip((System(encoder=encoder), System(bm25=True)), found, strict=True):
        assert one["system"] == system.name
        ours = our_measures(retrieval, our_run(retrieval, system, cache))
        assert one["scores"]["CosQA"] == pytest.approx(ours["ndcg_at_10"], abs=ROUNDED)
        kept = json.loads((tmp_path / "out" / path_name(system.name) / "CosQA.json").read_text())
        assert kept["scores"]["test"][0]["main_score"] == one["scores"]["CosQA"]


def test_the_command_prints_a_table(command, cosqa):
    assert "CosQA" in command("--task", "CosQA", "--encoder", "bm25").stdout


def test_all_systems_are_loaded_before_the_first_is_measured(command, cosqa):
    result = command("--task", "CosQA", "--encoder", "bm25", "--encoder", "no/such/folder/at/all", status=2)
    assert "no/such/folder" in result.stderr
    assert result.stdout == ""


def test_the_scores_of_one_system_are_printed_where_the_next_fails(command, cosqa, tmp_path):
    folder = tmp_path / "out" / path_name(System(encoder=RandomEncoder()).name)
    folder.parent.mkdir()
    folder.write_text("in the way")
    options = ["--encoder", "bm25", "--encoder", "random", "--output", "out", "--json"]
    result = command("--task", "CosQA", *options, status=2)
    assert json.loads(result.stdout)["system"] == System(bm25=True).name
    assert "cannot be written (File exists)" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--task", "CosQA"], "CosQA: mteb cannot load CoIR-Retrieval/cosqa (Couldn't reach"),
        (["--benchmark", "CoIR"], "AppsRetrieval: mteb cannot load CoIR-Retrieval/apps (Couldn't reach"),
        (["--task", "CosQB"], "mteb knows no such task or benchmark: 'CosQB' not found. Did you mean: "),
        (["--benchmark", "CoIRR"], "mteb knows no such task or benchmark: 'CoIRR' not found. Did you mean: "),
        (["--task", "Banking77Classification"], "Banking77Classification does not search texts"),
        ([], "nothing to do; give --task NAME or --benchmark CoIR"),
    ],
)
def test_what_cannot_be_measured_is_one_line(command, arguments, message):
    result = command("--encoder", "bm25", *arguments, status=2)
    assert result.stderr.startswith(f"codesearch eval: {message}")
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""
