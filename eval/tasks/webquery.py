"""WebQueryTest: queries of people to a web search engine, with judged Python functions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from eval.errors import DataError
from eval.records import Reader, Record, read_records, text_lines
from eval.retrieval import Document, Qrels, Query, Retrieval, checked
from eval.tasks.task import Source, Task


class WebQuery(Task):
    """1,046 judged pairs; as retrieval: the queries with a function judged right, over all functions."""

    name = "webquery"
    meaning = "Real web queries over the Python functions of 1,046 judged pairs; those judged right are relevant."
    version = "CodeXGLUE NL-code-search-WebQuery, 2021"
    paper = "Huang et al., CoSQA, ACL 2021; Lu et al., CodeXGLUE, 2021"
    layout = (
        "a folder with test_webquery.json (idx, doc, code, and label where it is given) and, without labels in it, "
        "webquery_answers.txt (idx, tab, 0 or 1)"
    )

    def read(self, source: Source) -> Iterator[Retrieval]:
        """Yield the one collection; equal query texts are one query and equal functions one document."""
        if source.data is None:
            raise DataError(f"webquery needs DATA: {self.layout} (github.com/microsoft/CodeXGLUE)")
        reader = source.reader()
        labels = _labels(source.data / "webquery_answers.txt")
        queries: dict[str, Query] = {}
        documents: dict[str, Document] = {}
        qrels: Qrels = {}
        for record in read_records(source.data / "test_webquery.json"):
            if not reader.complete(record, "idx", "doc", "code"):
                continue
            query = queries.setdefault(record["doc"], Query(record["idx"], record["doc"], record.where))
            document = documents.setdefault(record["code"], Document(record["idx"], record["code"], record.where))
            if _label(record, labels, reader):
                qrels.setdefault(query.id, {})[document.id] = 1
        retrieval = Retrieval(
            "webquery-test", [*queries.values()], [*documents.values()], qrels, "python", counts=reader.counts
        )
        yield checked(retrieval, source.skip_damaged)


def _labels(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    labels = {}
    for number, line in enumerate(text_lines(path), start=1):
        idx, _, label = line.rstrip("\r\n").partition("\t")
        if label in ("0", "1"):
            labels[idx] = label
        elif line.strip():
            raise DataError(f"{path}:{number} is not 'idx<tab>0' or 'idx<tab>1'")
    return labels


def _label(record: Record, labels: dict[str, str], reader: Reader) -> bool:
    if "label" in record.value:
        return str(record["label"]) == "1"
    if record["idx"] in labels:
        return labels[record["idx"]] == "1"
    if not labels:
        raise DataError(f"{record.where} has no label and there is no webquery_answers.txt beside the file; add it")
    reader.counts["pairs without a label, taken as not relevant"] += 1
    return False
