"""A long text is cut where rows end, and what is quoted irregularly is told apart."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator

import pytest

from csvagent_jupyter.exceptions import Unreadable
from csvagent_jupyter.messages import Dialect
from csvagent_jupyter.tables.inside.large import blocks
from csvagent_jupyter.tables.inside.large.blocks import Block, Cutter, after_lines, odd_parts, row_starts
from csvagent_jupyter.tables.inside.large.lines_at import first_lines, shifted
from csvagent_jupyter.tables.inside.layout.repairs import Repairs

QUOTE, COMMA = ord('"'), ord(",")


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


def cut(data: bytes, size: int = 40, dialect: Dialect | None = None, skipped: int = 0) -> list[Block]:
    cutter = Cutter(dialect or Dialect(), "t.csv", skipped=skipped, size=size)
    return list(cutter.blocks(pieces(data, size)))


def table(rows: int) -> bytes:
    draw = random.Random(rows)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=draw.choice(["\n", "\r\n"]))
    for number in range(rows):
        writer.writerow([number, draw.choice(["x", "a,b", "two\nlines", 'say ""hi""', '"', ""]), draw.random()])
    return out.getvalue().encode()


@pytest.mark.parametrize("size", [7, 40, 333, 10_000])
@pytest.mark.parametrize("rows", [1, 3, 50])
def test_every_block_is_whole_rows(size: int, rows: int) -> None:
    data = table(rows)
    found = cut(data, size)
    assert b"".join(block.data for block in found) == data
    assert [block.number for block in found] == list(range(len(found)))
    assert [data[block.offset :][: len(block.data)] for block in found] == [block.data for block in found]
    assert not any(block.odd for block in found)
    whole = list(csv.reader(io.StringIO(data.decode(), newline="")))
    parts = [row for block in found for row in csv.reader(io.StringIO(block.data.decode(), newline=""))]
    assert parts == whole


def test_lines_above_and_below_the_table_are_left_out() -> None:
    data = b"title\r\nnames\n" + b"1,2\n" * 30 + b"sum,60\nmade by\n"
    found = cut(data, 16, Dialect(footer_rows=2), skipped=2)
    assert b"".join(block.data for block in found) == b"1,2\n" * 30
    assert found[0].offset == 13
    assert cut(b"only\n", 16, skipped=3) == []
    assert (after_lines(b"a\rb\r\nc\n", 2), after_lines(b"a\n", 2), after_lines(b"a\r", 1)) == (5, -1, -1)


def test_lone_carriage_returns_end_rows() -> None:
    found = cut(b"1,2\r" * 30, 16)
    assert len(found) > 5
    assert all(block.data.endswith(b"\r") for block in found)


def test_irregular_quotes_are_told_apart() -> None:
    data = b'a,"x\ny",b\n1,2,3\na,"x,3\n5,"e",6\n7,8,9\nq,5" pipe,2\n"z","""q""",1\n4,"open\n'
    odd, inside = odd_parts(data, QUOTE, COMMA, 0)
    assert [data[begin:end] for begin, end in odd] == [b'a,"x,3\n5,"e",6\n', b'q,5" pipe,2\n']
    assert inside is not None and data[inside:] == b'4,"open\n'
    assert odd_parts(b"a,b\n", QUOTE, COMMA, 0) == ((), None)
    assert odd_parts(b'"",""\n"a"\r\n', QUOTE, COMMA, 0) == ((), None)


def test_escaped_quotes_are_none() -> None:
    data = rb'1,"say \"hi\", twice",2' + b"\n" + rb'2,"back\\",3' + b"\n"
    assert odd_parts(data, QUOTE, COMMA, ord("\\")) == ((), None)
    assert odd_parts(data, QUOTE, COMMA, 0)[0]


def test_many_irregular_quotes_end_the_search() -> None:
    data = b'1,5" pipe\n' * 500
    odd, _ = odd_parts(data, QUOTE, COMMA, 0)
    assert odd[-1][1] == len(data)
    assert len(odd) <= 51


def test_a_quote_that_is_never_closed_ends_somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "_LONGEST_QUOTED", 100)
    found = cut(b'1,"open\n' + b"2,3\n" * 200, 64)
    assert found[0].odd[0][0] == 0
    assert len(found) > 5
    assert sum(len(block.data) for block in found) == 808


def test_a_row_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "LONGEST_ROW", 1_000)
    with pytest.raises(Unreadable, match="without a line end"):
        cut(b"1," * 5_000)
    assert sum(len(block.data) for block in cut(b'1,"' + b"x" * 900 + b'"\n2,3\n')) == 909


def test_rows_and_their_lines() -> None:
    starts, lines = row_starts(b'1,2\n"a\nb",3\n4,5\n', QUOTE)
    assert (starts.tolist(), lines.tolist()) == ([0, 4, 12, 16], [0, 1, 3, 4])


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_lines_are_counted_afterwards(size: int) -> None:
    data = b"a\r\nb\nc\rd\r\n\ne\n"
    starts = [0, 3, 5, 7, 10, 11]
    assert first_lines(pieces(data, size), starts) == [1, 2, 3, 4, 5, 6]


def test_repairs_get_the_lines_of_the_file() -> None:
    first, second = Repairs(), Repairs()
    first.add("padded", 3)
    second.add("padded", 1, 2)
    joined = shifted([(0, first), (50, second)], [10, 100])
    assert (joined.kinds["padded"].count, joined.kinds["padded"].lines) == (3, [12, 100])
