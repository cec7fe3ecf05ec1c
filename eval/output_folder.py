"""The folder that ``--output`` names: run files and qrels, report.json, report.md, plots and the worst queries."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from eval.errors import EvalError
from eval.evaluation import Outcome
from eval.markdown import report_page
from eval.measures import Run, runs
from eval.report import Report, read_report
from eval.retrieval import Qrels
from eval.trec import write_qrels, write_run
from eval.worst_page import WorstQuery, page, worst_queries


class OutputFolder:
    """Writes each collection as it comes, and the report at the end."""

    def __init__(self, folder: Path, tag: str) -> None:
        self.folder = folder
        self._tag = tag
        self._worst: list[WorstQuery] = []
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EvalError(f"{folder} cannot be made ({error.strerror}); give another --output") from error
        self._kept: set[str] = set()

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
        write_run(self.folder / f"{name}.run", parts, self._tag)
        write_qrels(self.folder / f"{name}.qrels", qrels)
        self._kept.add(name)

    def _named_by_earlier_report(self) -> set[str]:
        """The collections whose runs an earlier evaluation left in the folder; other files in it are not ours."""
        try:
            report = read_report(self.folder)
        except EvalError:
            return set()
        return {part.name for part in report.parts}

    def finish(self, report: Report) -> None:
        """Write everything that needs the whole report."""
        from eval.plots import language_bars, rank_bars, recall_curves

        for stale in self._named_by_earlier_report() - self._kept:
            for suffix in ("run", "qrels"):
                (self.folder / f"{stale}.{suffix}").unlink(missing_ok=True)
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
            (self.folder / "worst.html").write_text(page(report, self._worst), encoding="utf-8")
