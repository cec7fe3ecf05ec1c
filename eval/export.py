"""Any task as a folder in BEIR's layout, which ``codesearch eval folder`` and other harnesses read."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from eval.errors import EvalError, writing_to
from eval.retrieval import Retrieval


def export(collections: Iterable[Retrieval], folder: Path) -> list[Path]:
    """Write each collection to ``folder/NAME`` and return these folders.

    Raises :class:`EvalError` for a protocol with a pool of candidates for each group of queries, which the
    layout cannot express, and where nothing can be written.
    """
    folders = []
    for collection in collections:
        if len(collection.groups()) > 1:
            raise EvalError("BEIR's layout has one pool of documents for all queries: export the task's full protocol")
        with writing_to(folder):
            folders.append(_export_one(collection, folder / collection.name))
    return folders


def _export_one(retrieval: Retrieval, folder: Path) -> Path:
    (folder / "qrels").mkdir(parents=True, exist_ok=True)
    with (folder / "corpus.jsonl").open("w", encoding="utf-8", newline="\n") as file:
        for document in retrieval.documents:
            line = {"_id": document.id, "title": "", "text": document.text}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    with (folder / "queries.jsonl").open("w", encoding="utf-8", newline="\n") as file:
        for query in retrieval.queries:
            file.write(json.dumps({"_id": query.id, "text": query.text}, ensure_ascii=False) + "\n")
    with (folder / "qrels" / "test.tsv").open("w", encoding="utf-8", newline="\n") as file:
        file.write("query-id\tcorpus-id\tscore\n")
        for query_id, judged in retrieval.qrels.items():
            file.writelines(f"{query_id}\t{document}\t{relevance}\n" for document, relevance in judged.items())
    return folder
