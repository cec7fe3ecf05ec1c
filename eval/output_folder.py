"""The folder that ``--output`` names: run files and qrels, report.json, report.md, plots and the worst queries."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from eval.errors import EvalError, writing_to
from eval.evaluation import Outcome
from eval.markdown import report_page
from eval.measures import Run, runs
from eval.report import Report, read_report
from eval.retrieval import Qrels
from eval.trec import write_qrels, write_run
from eval.worst_page import WorstQuery, page, worst_queries

OWN_FILES = ("report.json", "report.md", "recall.png", "ranks.png", "parts.png", "worst.html")
PREDICTIONS = "model_predictions.csv"


class OutputFolder:
    """Writes each collection as it comes, and the report at the end.

    What an evaluation before this one left in the folder goes with the first file that is written, so that nothing of
    it is taken for a part of this one, also where this one is stopped. Files of others stay, and so does ``given``, a
    file that is judged and may lie there.
    """

    def __init__(self, folder: Path, tag: str, given: Path | None = None) -> None:
        self.folder = folder
        self._tag = tag
        self._given = given
        self._worst: list[WorstQuery] = []
        self._begun = False
        with writing_to(folder):
            folder.mkdir(parents=True, exist_ok=True)

    def keep(self, outcome: Outcome) -> None:
        """Write ``NAME.run`` and ``NAME.qrels`` and remember the worst queries."""
        name = outcome.retrieval.name
        self._write(name, runs(outcome.retrieval, outcome.ranking), outcome.retrieval.qrels)
        self._worst += worst_queries(outcome.retrieval, outcome.ranking, outcome.ranks)

    def keep_run(self, name: str, run: Run, qrels: Qrels, worst: list[WorstQuery]) -> None:
        """Write a run that is already whole, with its judgements, and remember its worst queries."""
        self._write(name, [run], qrels)
        self._worst += worst

    def _write(self, name: str, parts: Iterable[Run], qrels: Qrels) -> None:
        with writing_to(self.folder):
            self._begin()
            write_run(self.folder / f"{name}.run", parts, self._tag)
            write_qrels(self.folder / f"{name}.qrels", qrels)

    def _begin(self) -> None:
        """Remove what an earlier evaluation wrote, before anything else is written."""
        if self._begun:
            return
        self._begun = True
        for name in {*OWN_FILES, *self._named_by_earlier_report()}:
            (self.folder / name).unlink(missing_ok=True)

    def _named_by_earlier_report(self) -> set[str]:
        """The runs and predictions that an earlier evaluation left in the folder; other files in it are not ours."""
        try:
            report = read_report(self.folder)
        except EvalError:
            return set()
        if report.task != "challenge":
            return {f"{part.name}.{suffix}" for part in report.parts for suffix in ("run", "qrels")}
        # A ranking that was given has no encoder, not even none.
        path = self.folder / PREDICTIONS
        is_given = "encoder" not in report.system or (self._given and self._given.resolve() == path.resolve())
        return set() if is_given else {PREDICTIONS}

    def finish(self, report: Report) -> None:
        """Write everything that needs the whole report."""
        from eval.plots import language_bars, rank_bars, recall_curves

        with writing_to(self.folder):
            self._begin()
            (self.folder / "report.json").write_text(report.to_json() + "\n", encoding="utf-8")
            plots = {}
            if all(part.recall_at for part in report.parts):
                plots = {"recall.png": "recall@k", "ranks.png": "ranks of the first right answer"}
                recall_curves([report], self.folder / "recall.png")
                rank_bars(report, self.folder / "ranks.png")
            if len(report.parts) > 1:
                plots["parts.png"] = "each part with its interval"
                language_bars([report], self.folder / "parts.png")
            page_text = report_page(report, plots, worst="worst.html" if self._worst else None)
            (self.folder / "report.md").write_text(page_text, encoding="utf-8")
            if self._worst:
                # a path that is not UTF-8 has halves of surrogate pairs in its place
                text = page(report, self._worst)
                (self.folder / "worst.html").write_text(text, encoding="utf-8", errors="replace")
