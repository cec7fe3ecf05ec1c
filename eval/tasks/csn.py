"""CodeSearchNet: a function's documentation is the query, the function without it the answer, in six languages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from eval.csn_files import CsnFiles, find_csn
from eval.docstring import without_docstring
from eval.download import download_csn
from eval.records import Reader, Record
from eval.retrieval import Document, Pool, Query, Retrieval, checked
from eval.tasks.task import Source, Task

BATCH = 1000


class CodeSearchNet(Task):
    """Two protocols: ``full`` (all of the codebase) and ``1000`` (999 distractors in fixed batches)."""

    name = "csn"
    meaning = "The function that a docstring was written for, without that docstring, in six languages."
    version = "CodeSearchNet v2, 2019; cleaned lists: GraphCodeBERT, 2020"
    paper = (
        "Husain et al., CodeSearchNet Challenge, 2019 (protocol 1000); "
        "Guo et al., GraphCodeBERT, ICLR 2021 (protocol full)"
    )
    layout = (
        "a folder with LANGUAGE/final/jsonl/SPLIT/*.jsonl.gz, LANGUAGE.zip, LANGUAGE/SPLIT.jsonl with codebase.jsonl, "
        "or LANGUAGE/SPLIT-*.parquet; without DATA the original zip files are downloaded"
    )
    splits = ("test", "valid", "train")
    protocols = ("full", "1000")
    texts = ("tokens", "source")
    by_language = True

    def read(self, source: Source) -> Iterator[Retrieval]:
        """Yield one collection a language; queries and documents have their function's URL as id."""
        split = source.split or self.splits[0]
        data = source.data or download_csn(source.languages)
        for files in find_csn(data, split, source.languages):
            reader = source.reader()
            retrieval = read_pairs(files, reader, source.text or self.texts[0])
            retrieval = checked(replace(retrieval, name=f"csn-{files.language}-{split}"), source.skip_damaged)
            yield in_batches(retrieval) if source.protocol == "1000" else retrieval


def read_pairs(files: CsnFiles, reader: Reader, text: str) -> Retrieval:
    """Read queries and candidates; the candidates are the codebase where there is one, else the split itself."""
    queries, documents, qrels = [], [], {}
    for record in files.records(reader):
        if usable(record, reader, text, documentation=True):
            url = record["url"]
            queries.append(Query(url, query_text(record, text), record.where))
            qrels[url] = {url: 1}
            if files.codebase is None:
                documents.append(Document(url, code_text(record, text, files.language), record.where))
    if files.codebase is None:
        reader.counts["documents are those of the split itself: no codebase.jsonl"] += len(documents)
    else:
        documents += [
            Document(record["url"], code_text(record, text, files.language), record.where)
            for record in reader.json_lines(files.codebase)
            if usable(record, reader, text, documentation=False)
        ]
    return Retrieval(files.language, queries, documents, qrels, language=files.language, counts=reader.counts)


def in_batches(retrieval: Retrieval) -> Retrieval:
    """Rank each query against its own function and those of 999 other queries.

    The batches are CodeSearchNet's (``model_test.py``): shuffled by numpy's RandomState(0), cut every 1000; the
    last, smaller one is left out (and counted), but fewer than 1000 queries are one batch.
    """
    order = np.arange(len(retrieval.queries))
    np.random.RandomState(0).shuffle(order)
    size = min(BATCH, len(order))
    whole = len(order) // size * size
    place = {document.id: position for position, document in enumerate(retrieval.documents)}
    answers = [next(iter(retrieval.qrels[query.id])) for query in retrieval.queries]
    kept = sorted(order[:whole].tolist())
    new = {old: position for position, old in enumerate(kept)}
    pools = tuple(
        Pool(
            queries=tuple(new[query] for query in batch),
            documents=tuple(sorted({place[answers[query]] for query in batch})),
        )
        for batch in np.split(order[:whole], whole // size)
        for batch in [batch.tolist()]
    )
    queries = [retrieval.queries[position] for position in kept]
    return replace(
        retrieval,
        queries=queries,
        qrels={query.id: retrieval.qrels[query.id] for query in queries},
        pools=pools,
        counts=+(retrieval.counts + Counter({"queries left out: last batch of less than 1000": len(order) - whole})),
    )


def usable(record: Record, reader: Reader, text: str, documentation: bool) -> bool:
    """Tell whether a record has what is needed; if not it is refused or counted."""
    fields = [_code_field(record, text)] + ([_documentation_field(text)] if documentation else [])
    return reader.complete(record, "url") and reader.complete(record, *fields, kind=list if text == "tokens" else str)


def query_text(record: Record, text: str) -> str:
    """Return the documentation: its first paragraph's tokens joined by spaces, or all of it as it was written."""
    return record.text(_documentation_field(text))


def code_text(record: Record, text: str, language: str) -> str:
    """Return the function without its documentation: its tokens joined by spaces, or its source."""
    if text == "tokens":
        return record.text(_code_field(record, text))
    return without_docstring(record.text(_code_field(record, text)), language, str(record.value.get("docstring", "")))


def _documentation_field(text: str) -> str:
    return "docstring_tokens" if text == "tokens" else "docstring"


def _code_field(record: Record, text: str) -> str:
    """Name the field of the code: AdvTest's test split and the deduplicated definitions call it ``function``."""
    names = ("function_tokens", "code_tokens") if text == "tokens" else ("function", "code", "original_string")
    return next((name for name in names if name in record.value), names[1])
