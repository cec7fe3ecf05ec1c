"""``codesearch train encoder``, ``matcher`` and ``export``: from pairs to the shipped bimodal transformer."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from codesearch.errors import CodesearchError
from codesearch.train.data.pair import ORIGINS, Origin
from indexer.errors import first_line

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from codesearch.train.batches import Pairs
    from codesearch.train.bimodal import Bimodal

Settings = TypeVar("Settings")

Data = Annotated[Path, typer.Argument(help="Folder with the pairs that 'train data' wrote (*.jsonl.gz).")]
Start = Annotated[Path, typer.Option("--start", help="Folder of all-MiniLM-L6-v2 or of another BERT encoder.")]
Out = Annotated[Path, typer.Option("--out", help="Folder for checkpoints, loss curves and the trained weights.")]
Minutes = Annotated[float | None, typer.Option("--minutes", help="Stop after so long, before all steps are done.")]
Share = Annotated[float, typer.Option("--share", help="Of the trained weights in their average with the start.")]
Device = Annotated[str | None, typer.Option("--device", help="cpu or cuda; by default CUDA where there is one.")]
Change = Annotated[list[str] | None, typer.Option("--set", help="Change a setting, as in --set batch=128.")]

Only = Annotated[
    str | None, typer.Option("--only", metavar="SOURCE,...", help="Only pairs whose texts are from these sources.")
]
OtherSettings = Annotated[
    bool, typer.Option("--other-settings", help="Go on from a run in OUT that had other settings.")
]

NARROW_TEXTS, NARROW_CODES, NARROW_CODE_TOKENS = 4000, 2000, 128
"""What neurons are measured on: 200,000 tokens for the 1,536 of a layer."""

ENCODER_WEIGHTS, MATCHER_WEIGHTS = "encoder.safetensors", "matcher.safetensors"

_WEIGHTS = ("distill", "weight_decay")
_BELOW_ONE = ("averaging", "momentum", "word_dropout")


def encoder(
    data: Data,
    start: Start,
    out: Out,
    minutes: Minutes = None,
    share: Share = 0.8,
    device: Device = None,
    change: Change = None,
    only: Only = None,
    other_settings: OtherSettings = False,
) -> None:
    """Train the bimodal encoder: text and code into one space. A killed run goes on where it was."""
    from codesearch.train.bimodal import average
    from codesearch.train.encoder import EncoderSettings, train_encoder

    settings = changed(EncoderSettings(), change or [])
    if not 0 <= share <= 1:
        raise CodesearchError(f"--share {share:g}: it is from 0 (the start) to 1 (what was trained)")
    model = _model(start, device)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    train_encoder(model, _pairs(data, start, out, only), settings, out, minutes, other_settings)
    model.load_state_dict(average(before, model.state_dict(), share))
    _write(model, out / ENCODER_WEIGHTS)


def matcher(
    data: Data,
    start: Start,
    out: Out,
    minutes: Minutes = None,
    device: Device = None,
    change: Change = None,
    only: Only = None,
    other_settings: OtherSettings = False,
) -> None:
    """Train the matching head on wrong answers that the encoder in OUT takes for right ones."""
    from codesearch.train.matcher import MatcherSettings, train_matcher

    settings = changed(MatcherSettings(), change or [])
    model = _model(start, device)
    _read(model, out / ENCODER_WEIGHTS)
    train_matcher(model, _pairs(data, start, out, only), settings, out, minutes, other_settings)
    _write(model, out / MATCHER_WEIGHTS)


def export(
    start: Start,
    out: Out,
    folder: Annotated[Path, typer.Argument(help="Folder to write the model to.")],
    beside: Annotated[
        str | None, typer.Option("--beside", help="Shipped static encoder whose vectors are put beside.")
    ] = None,
) -> None:
    """Write the trained transformer as ONNX in int8, with its matching head if that was trained."""
    from codesearch.train.export import export as write
    from codesearch.train.tokenizer import code_tokenizer

    model = _model(start, "cpu")
    with_head = (out / MATCHER_WEIGHTS).exists()
    if with_head or (out / ENCODER_WEIGHTS).exists():
        _read_latest(model, out)
    write(model, code_tokenizer(start), folder, with_head=with_head, beside=beside)


def narrow(
    data: Data,
    start: Start,
    out: Out,
    folder: Annotated[Path, typer.Argument(help="Folder to write the narrower model to, a start for more training.")],
    neurons: Annotated[int, typer.Option("--neurons", help="That stay in each layer.", min=1)] = 1024,
    only: Only = None,
) -> None:
    """Remove neurons of the trained transformer, those that say least that others do not: quicker, nearly as good."""
    import numpy as np

    from codesearch.train.batches import drawn_codes
    from codesearch.train.bimodal import to_bert
    from codesearch.train.narrow import narrowed

    model = _model(start, "cpu")
    _read_latest(model, out)
    if neurons >= model.shape.inner:
        raise CodesearchError(f"--neurons {neurons}: its layers have {model.shape.inner}, so nothing would go")
    pairs = _pairs(data, start, out, only)
    rows = np.random.default_rng(0).permutation(len(pairs))[:NARROW_TEXTS]
    codes = drawn_codes(pairs, rows[:NARROW_CODES], 0.5, NARROW_CODE_TOKENS, (0,))
    to_bert(narrowed(model, [pairs.texts[row] for row in rows], codes, neurons), start, folder)


def changed(settings: Settings, changes: list[str]) -> Settings:
    """Settings with ``name=value`` changes.

    Raises:
        CodesearchError: there is no such setting, or it cannot have that value.
    """

    defaults: dict[str, Any] = asdict(settings)  # type: ignore[call-overload]
    values: dict[str, Any] = {}
    for change in changes:
        name, _, value = change.partition("=")
        if name not in defaults:
            raise CodesearchError(f"no setting {name!r}: there are {', '.join(sorted(defaults))}")
        kind = type(defaults[name])
        try:
            values[name] = {"true": True, "false": False}[value] if kind is bool else kind(value)
        except (ValueError, KeyError):
            raise CodesearchError(f"setting {name} takes a {kind.__name__}, not {value!r}") from None
        if not _is_possible(name, values[name], defaults[name]):
            raise CodesearchError(f"setting {name} cannot be {value}: by default it is {defaults[name]}")
    return replace(settings, **values)  # type: ignore[type-var]


def _is_possible(name: str, value: float, default: float) -> bool:
    """Whether a setting may have a value.

    Counts, rates and temperatures are above 0, weights may be 0; all else is a share, of which 1 is too much where
    nothing would move or be left.
    """
    from codesearch.train.batches import MAX_CODE_TOKENS

    if name == "code_tokens":
        return 0 < value <= MAX_CODE_TOKENS
    if (type(default) is int and default > 0) or name.endswith(("rate", "temperature")):
        return 0 < value < math.inf
    if type(default) is int or name in _WEIGHTS:
        return min(default, 0) <= value < math.inf
    return 0 <= value < 1 or (value == 1 and name not in _BELOW_ONE)


def _model(start: Path, device: str | None) -> Bimodal:
    from codesearch.train.bimodal import from_bert

    there = _device(device)
    return from_bert(start).to(there)


def _device(name: str | None) -> torch.device:
    """The device of a name, by default CUDA where there is one.

    Raises:
        CodesearchError: there is no such device here.
    """
    import torch

    from codesearch.encoders.torch_encoder import choose_device

    try:
        device = choose_device(name)
        torch.zeros(1, device=device).item()
    except (RuntimeError, AssertionError) as error:  # torch asserts that it was made with CUDA
        raise CodesearchError(f"--device {name}: there is no such device here, give cpu or cuda") from error
    return device


def origins(only: str | None) -> tuple[Origin, ...]:
    """The sources that ``only`` names, separated by commas; all without it.

    Raises:
        CodesearchError: there is no such source.
    """
    if only is None:
        return ORIGINS
    named = [name.strip() for name in only.split(",")]
    unknown = sorted(set(named) - set(ORIGINS))
    if unknown:
        raise CodesearchError(f"no pairs are from {unknown[0]!r}: sources are {', '.join(ORIGINS)}")
    return tuple(origin for origin in ORIGINS if origin in named)


def _pairs(data: Path, start: Path, out: Path, only: str | None) -> Pairs:
    from codesearch.train.batches import tokenised
    from codesearch.train.tokenizer import code_tokenizer

    files = sorted(data.glob("*.jsonl.gz"))
    if not files:
        raise CodesearchError(f"no pairs (*.jsonl.gz) in {data}: make them with codesearch train data")
    return tokenised(files, code_tokenizer(start), out / "shards", origins(only))


def _write(model: Bimodal, path: Path) -> None:
    """Write the weights of a model; a kill while they are written leaves those before."""
    from safetensors.torch import save_file

    unfinished = path.with_name(f"{path.name}.part")
    save_file({name: tensor.contiguous() for name, tensor in model.state_dict().items()}, unfinished)
    unfinished.replace(path)


def _read_latest(model: Bimodal, out: Path) -> None:
    """Read what was trained last in a run: encoder and head, or the encoder alone.

    Raises:
        CodesearchError: the head was trained on another encoder than the run has by now.
    """
    encoder, head = out / ENCODER_WEIGHTS, out / MATCHER_WEIGHTS
    if not head.exists():
        _read(model, encoder)
        return
    if encoder.exists() and _encoder_digest(head) != _encoder_digest(encoder):
        raise CodesearchError(
            f"the head in {head} was trained on another encoder than that of {encoder.name}: "
            "run codesearch train matcher again"
        )
    _read(model, head)


def _encoder_digest(path: Path) -> str:
    from codesearch.train.checkpoint import digest_of

    return digest_of({name: tensor for name, tensor in _weights(path).items() if name.startswith("encoder.")})


def _read(model: Bimodal, path: Path) -> None:
    """Give a model the weights in a file.

    Raises:
        CodesearchError: there is no such file, it is damaged, or its weights are those of a model of other sizes.
    """
    weights = _weights(path)
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise CodesearchError(
            f"{path} does not fit the model in START: give the one it was trained from ({first_line(error)})"
        ) from error


def _weights(path: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if not path.exists():
        raise CodesearchError(f"{path} is missing: train the encoder first (codesearch train encoder)")
    try:
        weights: dict[str, Tensor] = load_file(path)
    except (OSError, SafetensorError) as error:
        raise CodesearchError(f"{path} cannot be read ({first_line(error)}): run what wrote it again") from error
    return weights
