"""Running a command to its end and measuring it from outside."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psutil

_SAMPLE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Measured:
    """What one run of a command took."""

    seconds: float
    """Wall clock, from the start of the process to its end."""
    cpu_seconds: float
    """Of the process and of all workers that it waited for."""
    peak_mb: float
    """Resident memory of the process and its workers together, sampled, in MB; no less than that of the largest."""


def measure(command: Sequence[str], environment: Mapping[str, str]) -> Measured:
    """Run a command with its output thrown away; status 1 (nothing found) counts as success.

    Raises:
        SystemExit: the command failed, with what it said.
    """
    with tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        # As installed: modules are compiled once, not at every start.
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        process = subprocess.Popen(
            list(command), env={**inherited, **environment}, stdout=subprocess.DEVNULL, stderr=errors
        )
        peak = _PeakMemory(process.pid)
        peak.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)  # so that Popen does not wait for it again
        peak.stop()
        if process.returncode not in (0, 1):
            errors.seek(0)
            said = errors.read().decode(errors="replace")
            raise SystemExit(f"status {process.returncode} of {' '.join(command)}\n{said}")
    largest = usage.ru_maxrss * 1024
    return Measured(seconds, usage.ru_utime + usage.ru_stime, max(peak.bytes, largest) / 1e6)


class _PeakMemory(threading.Thread):
    """Adds up the resident memory of a process and those below it again and again."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.bytes = 0
        self._pid = pid
        self._done = threading.Event()

    def run(self) -> None:
        while not self._done.wait(_SAMPLE_SECONDS):
            self.bytes = max(self.bytes, self._now())

    def stop(self) -> None:
        self._done.set()
        self.join()

    def _now(self) -> int:
        total = 0
        try:
            process = psutil.Process(self._pid)
            for one in (process, *process.children(recursive=True)):
                total += one.memory_info().rss
        except psutil.Error:  # it ended while it was looked at
            return 0
        return total
