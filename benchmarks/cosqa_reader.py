"""What a matching head can gain on CoSQA at best: a reader orders the ten functions that the encoder finds first.

    python benchmarks/cosqa_reader.py --cosqa FOLDER

``cosqa_reader.tsv`` has 120 queries of CoSQA dev, drawn by chance, with the ten best functions of the bimodal encoder
as a large language model ordered them by how well they answer the query. It saw them in random order, without scores
or labels. What it takes for an answer is held against what CoSQA calls the one answer.
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from retrieval import read_cosqa

from eval.intervals import estimate
from eval.markdown import table

ORDERS = Path(__file__).with_name("cosqa_reader.tsv")


@dataclass(frozen=True)
class Reading:
    """A query and functions by their places in CoSQA: as the encoder and the reader order them, and those that fit."""

    query: int
    encoder: list[int]
    reader: list[int]
    fitting: list[int]


def read_orders(file: Path) -> list[Reading]:
    with file.open(encoding="utf-8", newline="") as opened:
        return [
            Reading(int(row["query"]), *([int(place) for place in row[name].split()] for name in list(row)[1:]))
            for row in csv.DictReader(opened, delimiter="\t")
        ]


def reciprocal(order: list[int], answer: int) -> float:
    """1 divided by the place of the answer, 0 where it is not among the ten."""
    return 1 / (order.index(answer) + 1) if answer in order else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cosqa", type=Path, required=True)
    answers = read_cosqa(parser.parse_args().cosqa).answers
    readings = read_orders(ORDERS)
    values = [(reciprocal(r.encoder, answers[r.query]), reciprocal(r.reader, answers[r.query])) for r in readings]
    by_encoder, by_reader = np.array(values).T
    columns = np.stack([by_encoder, by_reader, by_reader - by_encoder], axis=1)
    print(table(["MRR@10", "encoder", "reader", "difference"], [["120 queries", *map(str, estimate([columns]))]]))
    found = [r for r in readings if answers[r.query] in r.encoder]
    agreed = sum(answers[r.query] in r.fitting for r in found)
    others = sum(bool(set(r.fitting) - {answers[r.query]}) for r in readings)
    print(
        f"\nOf the {len(found)} answers among the ten, {agreed} fit in the reader's eyes; to {others} of the "
        f"{len(readings)} queries another function does."
    )


if __name__ == "__main__":
    main()
