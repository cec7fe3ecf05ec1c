"""Tasks and benchmarks of the ``mteb`` package, measured by its harness."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eval.errors import DataError, EvalError, writing_to
from eval.mteb_models import MtebSystem, path_name
from eval.progress import Track, silently
from eval.system import System
from eval.vector_cache import VectorCache
from indexer.errors import first_line


def run_mteb(
    system: System,
    cache: VectorCache,
    tasks: Sequence[str],
    benchmark: str | None,
    output: Path | None,
    track: Track = silently,
) -> dict[str, float]:
    """Return each task's main score as mteb computes it; ``output`` gets mteb's own result file of each task in turn.

    Raises :class:`EvalError` when mteb is missing, does not know a name, or a task is none of searching texts, and
    :class:`eval.errors.DataError` when the data of a task cannot be had.
    """
    model = MtebSystem(system, cache, track)
    scores = {}
    for task in named_tasks(tasks, benchmark):
        result = task_result(model, task)
        scores[result.task_name] = float(result.get_score())
        if output is not None:
            text = json.dumps(result.to_dict(), indent=1, default=str)
            with writing_to(output):
                output.mkdir(parents=True, exist_ok=True)
                (output / f"{result.task_name}.json").write_text(text + "\n", encoding="utf-8")
    return scores


def system_folder(output: Path, system: str) -> Path:
    """Return a system's own folder where several are measured."""
    return output / path_name(system)


def named_tasks(tasks: Sequence[str], benchmark: str | None) -> list[Any]:
    """Return the tasks of the benchmark and those named; raise :class:`EvalError` for what cannot be measured here."""
    try:
        import mteb
        from mteb.abstasks import AbsTaskRetrieval
    except ModuleNotFoundError as error:
        raise EvalError(
            f"{error.name} is not installed: pip install '.[mteb]' in codesearch's source folder"
        ) from error
    if not tasks and benchmark is None:
        # mteb itself would take this for all of its tasks
        raise EvalError("nothing to do; give --task NAME or --benchmark CoIR")
    try:
        chosen = list(mteb.get_benchmark(benchmark).tasks) if benchmark is not None else []
        chosen += mteb.get_tasks(tasks=[*dict.fromkeys(tasks)]) if tasks else []
    except KeyError as error:
        raise EvalError(f"mteb knows no such task or benchmark: {_line(error.args[0])}") from error
    for task in chosen:
        if not isinstance(task, AbsTaskRetrieval) or task.modalities != ["text"]:
            raise EvalError(f"{task.metadata.name} does not search texts; name tasks of retrieval or reranking")
    return chosen


def task_result(model: MtebSystem, task: Any) -> Any:
    """Return mteb's ``TaskResult``; its data are in memory in between only.

    Raises :class:`eval.errors.DataError` when the data cannot be had.
    """
    import mteb

    try:
        task.load_data()
    except Exception as error:  # whatever the network, the hub and the readers of a dozen file formats raise
        raise DataError(
            f"{task.metadata.name}: mteb cannot load {task.metadata.dataset['path']} ({_line(error)}); "
            "it is downloaded at the first use, or read from a folder of this name"
        ) from error
    try:
        return mteb.evaluate(model, task, cache=None, co2_tracker=False, show_progress_bar=False).task_results[0]
    finally:
        task.unload_data()


def _line(error: object) -> str:
    return first_line(error).removeprefix("KeyError: ").rstrip(".")
