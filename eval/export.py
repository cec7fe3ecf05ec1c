"""Any task as a folder in BEIR's layout, which ``codesearch eval folder`` and other harnesses read."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from eval.errors import EvalError
from eval.retrieval import Retrieval


def export(collections: Iterable[Retrieval], folder: Path) -> list[Path]:
    """Write each collection to ``folder/NAME`` and return these folders.

    Raises :class:`EvalError` for a protocol with a pool of candidates for each group of queries, which the
    layout cannot express.
    """
    return [_export_one(collection, folder / collection.name) for collection in collections]


def _export_one(retrieval: Retrieval, folder: Path) -> Path:
    if len(retrieval.groups()) > 1:
        raise EvalError("BEIR's layout has one pool of documents for all queries; export with --protocol full")
    (folder / "qrels").mkdir(parents=True, exist_ok=True)
    for name, items in (("corpus", retrieval.documents), ("queries", retrieval.queries)):
        with (folder / f"{name}.jsonl").open("w", encoding="utf-8", newline="\n") as file:
            for item in items:
                line = {"_id": item.id, "title": "", "text": item.text} if name == "corpus" else None
                file.write(json.dumps(line or {"_id": item.id, "text": item.text}, ensure_ascii=False) + "\n")
    with (folder / "qrels" / "test.tsv").open("w", encoding="utf-8", newline="\n") as file:
        file.write("query-id\tcorpus-id\tscore\n")
        for query, judged in retrieval.qrels.items():
            file.writelines(f"{query}\t{document}\t{relevance}\n" for document, relevance in judged.items())
    return folder
