"""The benchmark tasks, one file each. To add one, write its file and name it here."""

from __future__ import annotations

from eval.tasks.advtest import AdvTest
from eval.tasks.cosqa import CoSQA
from eval.tasks.csn import CodeSearchNet
from eval.tasks.folder import Folder
from eval.tasks.task import Source, Task
from eval.tasks.webquery import WebQuery

RETRIEVAL_TASKS: dict[str, Task] = {
    task.name: task for task in (CodeSearchNet(), CoSQA(), AdvTest(), WebQuery(), Folder())
}

__all__ = ["RETRIEVAL_TASKS", "Source", "Task"]
