"""CoSQA: real web queries, each with the Python function that answers it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from eval.errors import DataError
from eval.records import read_json, read_records
from eval.retrieval import Document, Query, Retrieval, checked
from eval.tasks.task import Source, Task


class CoSQA(Task):
    """500 queries of people to a web search engine over 6,267 Python functions, docstrings left in."""

    name = "cosqa"
    meaning = "Real web queries, each answered by one of 6,267 Python functions (docstrings left in, as published)."
    version = "CoCLR release, 2021"
    paper = "Huang et al., CoSQA: 20,000+ Web Queries for Code Search and Question Answering, ACL 2021"
    layout = "a folder with cosqa-retrieval-dev-500.json and/or cosqa-retrieval-test-500.json, and code_idx_map.txt"
    splits = ("dev", "test")

    def read(self, source: Source) -> Iterator[Retrieval]:
        """Yield the one collection; query ids are those of the file, document ids its function indices."""
        if source.data is None:
            raise DataError(f"cosqa needs DATA: {self.layout} (github.com/Jun-jie-Huang/CoCLR, data/search)")
        split = source.split or self.splits[0]
        reader = source.reader()
        codes = _codes(source.data / "code_idx_map.txt")
        queries, qrels = [], {}
        for record in read_records(source.data / f"cosqa-retrieval-{split}-500.json"):
            if reader.complete(record, "idx", "doc") and reader.complete(record, "retrieval_idx", kind=int):
                queries.append(Query(record["idx"], record["doc"], record.where))
                qrels[record["idx"]] = {str(record["retrieval_idx"]): 1}
        documents = [Document(str(index), code) for code, index in sorted(codes.items(), key=lambda item: item[1])]
        retrieval = Retrieval(f"cosqa-{split}", queries, documents, qrels, language="python", counts=reader.counts)
        yield checked(retrieval, source.skip_damaged)


def _codes(path: Path) -> dict[str, int]:
    codes = read_json(path)
    # True is an int as well
    if not isinstance(codes, dict) or not all(type(index) is int for index in codes.values()):
        raise DataError(f"{path} is not a JSON object of functions and their whole numbers; get the file again")
    return codes
