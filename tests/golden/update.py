"""Write the golden answers anew: ``python tests/golden/update.py``, then read the diff.

To add a query, write a file of two lines, ``query: ...`` and ``wanted: PATH NAME``, into ``answers/`` first.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from answers import CORPUS, ask, cases

from codesearch import CodeIndex


def main() -> None:
    ranks = []
    with tempfile.TemporaryDirectory() as folder:
        corpus = shutil.copytree(CORPUS, Path(folder) / "corpus")  # out of the reach of this project's git
        with CodeIndex.build(corpus, index_dir=Path(folder) / "index") as index:
            for case in cases():
                hits = ask(index, case)
                case.file.write_text(case.text(hits), "utf-8")
                ranks.append(case.rank(hits))
                if ranks[-1] != 1:
                    print(f"{case.file.stem}: rank {ranks[-1]}")
    print(f"{len(ranks)} queries, {ranks.count(1)} answered first")


if __name__ == "__main__":
    main()
