"""AdvTest: CodeSearchNet Python with the names of functions and variables made meaningless."""

from __future__ import annotations

from collections.abc import Iterator

from eval.errors import DataError
from eval.retrieval import Document, Query, Retrieval, checked
from eval.tasks.csn import code_text, query_text, usable
from eval.tasks.task import Source, Task


class AdvTest(Task):
    """19,210 docstrings over as many Python functions; what a model knows only by names does not help."""

    name = "advtest"
    meaning = "The Python function that a docstring was written for, with function and variable names normalised."
    version = "CodeXGLUE, 2021"
    paper = "Lu et al., CodeXGLUE: A Machine Learning Benchmark Dataset for Code Understanding and Generation, 2021"
    layout = "a folder with test.jsonl and/or valid.jsonl as CodeXGLUE's NL-code-search-Adv/preprocess.py writes them"
    splits = ("test", "valid")
    texts = ("tokens", "source")

    def read(self, source: Source) -> Iterator[Retrieval]:
        """Yield the one collection; query ids are URLs, document ids the ``idx`` of the file."""
        if source.data is None:
            raise DataError(f"advtest needs DATA: {self.layout} (github.com/microsoft/CodeXGLUE)")
        split, text = source.split or self.splits[0], source.text or self.texts[0]
        reader = source.reader()
        queries, documents, qrels = [], [], {}
        for record in reader.json_lines(source.data / f"{split}.jsonl"):
            if not (usable(record, reader, text, documentation=True) and reader.complete(record, "idx", kind=int)):
                continue
            idx = str(record["idx"])
            queries.append(Query(record["url"], query_text(record, text), record.where))
            documents.append(Document(idx, code_text(record, text, "python"), record.where))
            qrels[record["url"]] = {idx: 1}
        retrieval = Retrieval(f"advtest-{split}", queries, documents, qrels, "python", counts=reader.counts)
        yield checked(retrieval, source.skip_damaged)
