"""Summaries are exact while there is little, near the truth when there is much, and small in any case."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from csvagent_jupyter.tables.inside.profile.sketch import HASHES, Distinct, Frequent, Sample, hashes


def count(cells: pa.Array, parts: int = 7) -> tuple[int, bool]:
    found = Distinct()
    step = -(-len(cells) // parts)
    for start in range(0, len(cells), step):
        found.add(found.below(cells.slice(start, step)))
    return found.estimate()


@pytest.mark.parametrize("distinct", [1, 100, HASHES])
def test_few_distinct_cells_are_counted_exactly(distinct: int) -> None:
    numbers = np.arange(50_000) % distinct
    assert count(pa.array(numbers)) == (distinct, False)
    assert count(pa.array([f"word {n}" for n in numbers])) == (distinct, False)


@pytest.mark.parametrize("distinct", [20_000, 300_000])
def test_many_distinct_cells_are_estimated(distinct: int) -> None:
    numbers = np.random.default_rng(1).permutation(np.arange(400_000) % distinct)
    for cells in (
        pa.array(numbers),
        pa.array(numbers * 0.25),
        pa.array(numbers).cast(pa.timestamp("us")),
        pa.array(numbers).cast(pa.string()),
        pa.array(numbers).cast(pa.large_string()),
    ):
        found, approximate = count(cells)
        assert approximate
        assert found == pytest.approx(distinct, rel=0.06)


def test_texts_have_one_hash_wherever_they_stand() -> None:
    words = ["", "a", "ab" * 4, "x" * 9, "x" * 16, "x" * 17, "y" * 40, "дом", "x" * 9, "z" * 1_000, "z" * 999 + "y"]
    together = hashes(pa.array(words, pa.large_string()))
    alone = [int(hashes(pa.array([word]))[0]) for word in words]
    assert together.tolist() == alone
    assert hashes(pa.array(["before", *words]).slice(1)).tolist() == alone
    assert len(set(alone)) == len(set(words))
    assert len(hashes(pa.array([], pa.string()))) == 0


def test_a_change_of_any_byte_changes_the_hash() -> None:
    word = "The quick brown fox jumps over the lazy dog" * 12
    changed = [word[:at] + "#" + word[at + 1 :] for at in range(len(word))]
    assert len(set(hashes(pa.array([word, *changed])).tolist())) == len(word) + 1


def test_numbers_that_are_equal_have_one_hash() -> None:
    assert len(set(hashes(pa.array([0.0, -0.0])).tolist())) == 1
    assert hashes(pa.array([1, 2], pa.int8())).tolist() == hashes(pa.array([1, 2])).tolist()


def test_counting_ends_when_there_are_too_many_words() -> None:
    found = Frequent(most=3)
    assert found.add(pa.array(["a", "b"]), pa.array([2, 1]))
    assert found.add(pa.array(["b", "c"]), pa.array([4, 1]))
    assert found.counts == {"a": 2, "b": 5, "c": 1}
    assert not found.add(pa.array(["d"]), pa.array([1]))
    assert not found.alive


def test_a_short_table_is_its_own_sample() -> None:
    sample = Sample(1)
    batch = pa.record_batch([pa.array([1, 2, 3])], names=["n"])
    sample.add(sample.pick(batch, 0))
    table = sample.table()
    assert sample.whole and table is not None and table.column("n").to_pylist() == [1, 2, 3]
    assert Sample(1).table() is None


def test_every_row_is_as_likely_in_a_sample() -> None:
    sample = Sample(1)
    for number in range(60):
        numbers = np.arange(number * 10_000, (number + 1) * 10_000)
        sample.add(sample.pick(pa.record_batch([pa.array(numbers)], names=["n"]), number))
    table = sample.table()
    assert table is not None and not sample.whole
    assert table.num_rows == sample.most
    quarters = np.histogram(table.column("n").to_numpy(), bins=4, range=(0, 600_000))[0]
    assert quarters.min() > 0.95 * sample.most / 4


def test_a_sample_of_many_columns_is_smaller() -> None:
    assert Sample(1_000).most < Sample(10).most
    assert Sample(10**6).most == 1_024
