"""Arrays that grow at their end."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from codesearch.growing import Ragged, filled

ROW = st.lists(st.integers(0, 2**32 - 1), max_size=5)


@given(st.lists(st.lists(ROW, max_size=4), max_size=6), st.randoms(use_true_random=False))
def test_rows_come_back_in_any_order_however_they_were_added(batches, random):
    ragged = Ragged()
    rows = [row for batch in batches for row in batch]
    for batch in batches:
        ragged.add([np.array(row, np.uint32).tobytes() for row in batch])
    assert len(ragged) == len(rows)
    places = [random.randrange(len(rows)) for _ in range(8)] if rows else []
    numbers, begins = ragged.rows(np.array(places, np.int64))
    assert [numbers[begins[i] : begins[i + 1]].tolist() for i in range(len(places))] == [rows[i] for i in places]


def test_a_column_keeps_what_it_had_when_it_grows():
    column = np.zeros((0, 2), np.float32)
    for i in range(20):
        column = filled(column, i, np.array([[i, -i]]))
    assert column[:20].tolist() == [[i, -i] for i in range(20)]
