"""Tasks and benchmarks of the ``mteb`` package, measured by its harness."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from eval.errors import EvalError
from eval.mteb_models import MtebSystem
from eval.system import System
from eval.vector_cache import VectorCache


def run_mteb(
    system: System, cache: VectorCache, tasks: Sequence[str], benchmark: str | None, output: Path | None
) -> dict[str, float]:
    """Return each task's main score as mteb computes it; ``output`` gets mteb's own result files.

    Raises :class:`EvalError` when mteb is missing or does not know a name.
    """
    try:
        import mteb
    except ModuleNotFoundError as error:
        raise EvalError("the mteb package is not installed: pip install mteb") from error
    try:
        chosen = list(mteb.get_benchmark(benchmark).tasks if benchmark else mteb.get_tasks(tasks=list(tasks)))
    except (KeyError, ValueError) as error:
        raise EvalError(f"mteb knows no such task or benchmark ({str(error).splitlines()[0]})") from error
    if not chosen:
        raise EvalError("nothing to do; give --task NAME or --benchmark CoIR")
    results = mteb.evaluate(MtebSystem(system, cache), chosen, cache=None, co2_tracker=False)
    scores = {}
    for result in results.task_results:
        scores[result.task_name] = float(result.get_score())
        if output is not None:
            output.mkdir(parents=True, exist_ok=True)
            text = json.dumps(result.to_dict(), indent=1, default=str)
            (output / f"{result.task_name}.json").write_text(text + "\n", encoding="utf-8")
    return scores
