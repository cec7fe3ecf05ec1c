"""Anyone's own data in BEIR's folder layout."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from eval.errors import DataError
from eval.records import Reader, Record, text_lines
from eval.retrieval import Document, Qrels, Query, Retrieval, checked
from eval.tasks.task import Source, Task
from eval.trec import whole_relevance


class Folder(Task):
    """``corpus.jsonl`` and ``queries.jsonl`` (``_id``, ``text``, perhaps ``title``) and qrels."""

    name = "folder"
    meaning = "Your own data in BEIR's folder layout."
    version = "as given"
    paper = "Thakur et al., BEIR, NeurIPS 2021 (the layout)"
    layout = "a folder with corpus.jsonl, queries.jsonl and qrels.tsv (or qrels/SPLIT.tsv): query-id, corpus-id, score"
    splits = ("test", "dev", "train")

    def read(self, source: Source) -> Iterator[Retrieval]:
        """Yield the one collection."""
        if source.data is None:
            raise DataError(f"folder needs DATA: {self.layout}")
        reader = source.reader()
        split = source.split or self.splits[0]
        queries = [Query(_id(r), r["text"], r.where) for r in _records(source.data / "queries.jsonl", reader)]
        documents = [Document(_id(r), _text(r), r.where) for r in _records(source.data / "corpus.jsonl", reader)]
        path = source.data / "qrels" / f"{split}.tsv"
        qrels = _qrels(path if path.exists() else source.data / "qrels.tsv")
        judged = [query for query in queries if query.id in qrels]
        reader.counts["queries left out: not in the qrels of this split"] += len(queries) - len(judged)
        unknown = qrels.keys() - {query.id for query in queries}
        reader.counts["queries in the qrels that queries.jsonl does not have"] += len(unknown)
        name = source.data.resolve().name
        yield checked(Retrieval(name, judged, documents, qrels, counts=reader.counts), source.skip_damaged)


def _records(path: Path, reader: Reader) -> Iterator[Record]:
    for record in reader.json_lines(path):
        if isinstance(record.value.get("_id"), int):
            record.value["_id"] = str(record["_id"])
        if reader.complete(record, "_id", "text"):
            yield record


def _id(record: Record) -> str:
    return str(record["_id"])


def _text(record: Record) -> str:
    """Return title and text as BEIR joins them."""
    title = str(record.value.get("title") or "")
    return f"{title}\n{record['text']}" if title.strip() else record.text("text")


def _qrels(path: Path) -> Qrels:
    qrels: Qrels = {}
    lines = text_lines(path, mend="it holds query-id, corpus-id and score")
    for number, line in enumerate(lines, start=1):
        row = line.split("\t")
        if number == 1 and row[-1].strip() == "score":
            continue
        if len(row) != 3:
            raise DataError(f"{path}:{number} is not 'query-id<tab>corpus-id<tab>whole number'")
        query, document, relevance = row
        qrels.setdefault(query, {})[document] = whole_relevance(relevance, f"{path}:{number}")
    return qrels
