"""The loop around a training step: checkpoints, the loss curve, rate and time left."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import torch

from codesearch.errors import CodesearchError
from codesearch.train import checkpoint
from indexer.errors import first_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from torch import Tensor, nn

_SAVE_SECONDS = 120.0
_SHOW_SECONDS = 15.0


class Keeps(Protocol):
    """Anything else with a state that a checkpoint must hold."""

    def state(self) -> Any: ...  # noqa: D102

    def restore(self, state: Any) -> None: ...  # noqa: D102


@dataclass
class Run:
    """One training run: what it moves and where it is kept."""

    folder: Path
    name: str
    settings: dict[str, Any]
    """With which a checkpoint must have been made, digests of the data and of the start among them."""
    parts: dict[str, nn.Module]
    optimizer: torch.optim.Optimizer
    scalars: dict[str, Tensor] = field(default_factory=dict)
    memory: Keeps | None = None
    of_any_settings: bool = False
    """Go on from a checkpoint that was made with other settings."""
    anew_with: str = ""
    """The setting with which a run starts anew, where it alone differs from the checkpoint's."""

    def go(self, step: Callable[[int], float], steps: int, batch: int, minutes: float | None = None) -> list[float]:
        """Call ``step`` for each number that is not done yet; return the losses of all steps, those before included.

        Args:
            step: trains on the batch of a number and returns its loss.
            steps: how many there are.
            batch: pairs in a step, for the rate.
            minutes: stop before all steps are done after so many minutes of this call.
        """
        losses = self._resume()
        begun = saved = shown = time.monotonic()
        first = len(losses)
        for number in range(first, steps):
            losses.append(step(number))
            now = time.monotonic()
            late = minutes is not None and now - begun > 60 * minutes
            last = late or number + 1 == steps
            if now - saved > _SAVE_SECONDS or last:
                self._save(losses)
                saved = now
            if now - shown > _SHOW_SECONDS or last:
                seconds = (now - begun) / (number + 1 - first)
                left = seconds * (steps - number - 1)
                if minutes is not None:
                    left = min(left, max(0.0, 60 * minutes - (now - begun)))
                recent = sum(losses[-50:]) / len(losses[-50:])
                print(
                    f"{self.name}: step {number + 1}/{steps}  loss {recent:.4f}  {batch / seconds:.1f} pairs/s  "
                    f"{left / 60:.0f} min left",
                    file=sys.stderr,
                    flush=True,
                )
                shown = now
            if late:
                break
        return losses

    def _save(self, losses: list[float]) -> None:
        state = {
            "losses": losses,
            "parts": {name: part.state_dict() for name, part in self.parts.items()},
            "optimizer": self.optimizer.state_dict(),
            "scalars": {name: value.detach() for name, value in self.scalars.items()},
            "memory": self.memory.state() if self.memory else None,
        }
        checkpoint.save(self.folder / f"{self.name}.pt", self.settings, state)
        curve = "".join(f"{number},{loss:.5f}\n" for number, loss in enumerate(losses, start=1))
        (self.folder / f"{self.name}-loss.csv").write_text(f"step,loss\n{curve}", "utf-8")

    def _resume(self) -> list[float]:
        path = self.folder / f"{self.name}.pt"
        state = checkpoint.load(path, self.settings, self.of_any_settings, self.anew_with)
        if state is None:
            return []
        # The optimizer of the checkpoint has the rates and decay of its settings, which may be others.
        own = [{name: group[name] for name in group if name != "params"} for group in self.optimizer.param_groups]
        try:
            for name, part in self.parts.items():
                part.load_state_dict(state["parts"][name])
            self.optimizer.load_state_dict(state["optimizer"])
        except (KeyError, RuntimeError, ValueError) as error:
            raise CodesearchError(
                f"the run in {self.folder} had settings from which these cannot go on ({first_line(error)})"
            ) from error
        for group, values in zip(self.optimizer.param_groups, own, strict=True):
            group.update(values)
        with torch.no_grad():
            for name, value in self.scalars.items():
                value.copy_(state["scalars"][name])
        if self.memory:
            self.memory.restore(state["memory"])
        losses: list[float] = state["losses"]
        return losses


def autocast(device: torch.device) -> AbstractContextManager[Any]:
    """Mixed precision in bfloat16 on CUDA, nothing elsewhere."""
    return torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda")
