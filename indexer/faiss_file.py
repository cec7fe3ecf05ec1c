"""A FAISS file of vectors with the ids of their functions: made, written, mapped and searched."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

faiss: Any = import_module("faiss")  # its type hints leave out what SWIG makes

_RECALL_TARGET = 0.97
_RECALL_K = 10


@dataclass(frozen=True)
class FaissFile:
    """An index of FAISS; vectors are float16 in it and inner products tell which are near."""

    index: Any

    @classmethod
    def exact(cls, dim: int) -> FaissFile:
        """An empty index that compares a query with every vector."""
        flat = faiss.IndexScalarQuantizer(dim, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
        return cls(faiss.IndexIDMap(flat))

    @classmethod
    def inverted(cls, dim: int, lists: int, sample: NDArray[np.float32]) -> FaissFile:
        """An empty index that reads a few of its lists, whose centres come from a sample of vectors (n, dim)."""
        quantizer = faiss.IndexFlatIP(dim)
        index = faiss.IndexIVFScalarQuantizer(
            quantizer, dim, lists, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        )
        quantizer.this.disown()  # the inverted file frees it
        index.own_fields = True
        index.cp.niter = 8
        index.train(sample)
        return cls(index)

    @classmethod
    def open(cls, path: Path, dim: int) -> FaissFile | None:
        """Map a file; None if it is damaged or gone, or its vectors are of another dimension."""
        try:
            index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
        except RuntimeError:
            return None
        return cls(index) if index.d == dim else None

    @property
    def is_inverted(self) -> bool:
        """Whether only some lists are read."""
        return hasattr(self.index, "nlist")

    def add(self, ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        """Add vectors (n, dim)."""
        self.index.add_with_ids(vectors, ids)

    def tune(self, sample: NDArray[np.float32]) -> None:
        """Read as few lists as reach the recall target against reading all of them."""
        index = self.index
        index.nprobe = index.nlist
        exact = index.search(sample, _RECALL_K)[1]
        index.nprobe = 8
        while index.nprobe < index.nlist:
            found = index.search(sample, _RECALL_K)[1]
            shared = sum(len(np.intersect1d(a, b)) for a, b in zip(exact, found, strict=True))
            if shared >= _RECALL_TARGET * exact.size:
                return
            index.nprobe = 1 + int(1.4 * index.nprobe)

    def write(self, path: Path) -> None:
        """Write the file; raise RuntimeError where that fails."""
        faiss.write_index(self.index, str(path))

    def search(
        self, query: NDArray[np.float32], k: int, allowed: NDArray[np.int64] | None, gone: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Ids and inner products of the ``k`` nearest vectors among those allowed, or among those that are not gone."""
        parameters = None
        if allowed is not None or len(gone):
            selector = (
                faiss.IDSelectorNot(faiss.IDSelectorBatch(gone)) if allowed is None else faiss.IDSelectorBatch(allowed)
            )
            parameters = (
                faiss.SearchParametersIVF(sel=selector, nprobe=self.index.nprobe)
                if self.is_inverted
                else faiss.SearchParameters(sel=selector)
            )
        scores, ids = self.index.search(query[None, :], min(k, self.index.ntotal), params=parameters)
        real = ids[0] >= 0
        return ids[0][real], scores[0][real]
