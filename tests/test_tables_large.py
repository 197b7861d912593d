"""A large file read block by block comes out as it would at once, whatever is wrong with it."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import zstandard

from csvagent_jupyter.exceptions import Unreadable
from csvagent_jupyter.messages import Dialect
from csvagent_jupyter.sandbox.inside.tables import read_source
from csvagent_jupyter.tables.inside.large import blocks, sampling, streams, texts
from csvagent_jupyter.tables.inside.large import reading as large
from csvagent_jupyter.tables.inside.large.reading import Large, read_large
from csvagent_jupyter.tables.inside.large.sampling import glance
from csvagent_jupyter.tables.inside.large.streams import open_source
from csvagent_jupyter.tables.inside.layout.rows import parse
from csvagent_jupyter.tables.inside.profile.exact import columns_of

ROWS = 3_000


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large, "BLOCK", 4_000)
    monkeypatch.setattr(large, "ROWS_PER_BLOCK", 1)
    monkeypatch.setattr(texts, "SECTION", 100)
    monkeypatch.setattr(sampling, "HEAD", 2_000)
    monkeypatch.setattr(sampling, "PIECE", 200)


def lines(rows: int = ROWS, seed: int = 0) -> list[str]:
    draw = random.Random(seed)
    made = []
    for number in range(rows):
        city = draw.choice(["Berlin", "Нижний Новгород", '"a, ""b"""', '"two\nlines"'])
        day = f"2024-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}"
        price = "" if draw.random() < 0.1 else f"{draw.random() * 100:.2f}"
        made.append(f"{number},{price},{day},{city}\n")
    return made


def text(body: list[str], header: str = "id,price,day,city\n") -> bytes:
    return (header + "".join(body)).encode()


def read(data: bytes, path: Path, dialect: Dialect | None = None, **options: Any) -> tuple[Large, pa.Table]:
    """Read the bytes as a large file; return what was found and the table of the copy."""
    source = open_source(io.BytesIO(data), "t.csv", limit=2**30)
    names = options.pop("names", ["id", "price", "day", "city"])
    with (path / "copy.arrow").open("w+b", buffering=0) as sink:
        found = read_large(
            source, dialect or Dialect(), names, **{"body_line": 2, "header": names, "sink": sink} | options
        )
    assert found.size == (path / "copy.arrow").stat().st_size
    with pa.memory_map(str(path / "copy.arrow")) as mapped:
        table = pa.ipc.open_file(mapped).read_all()
    assert table.schema.equals(found.schema)
    assert json.loads(table.schema.metadata[b"pandas"]) == json.loads(found.schema.metadata[b"pandas"])
    return found, table


def as_text(data: bytes, path: Path, dialect: Dialect | None = None, **options: Any) -> tuple[Large, list[list[str]]]:
    kept = replace(dialect or Dialect(), as_text=True)
    found, table = read(data, path, kept, **options)
    columns = [[cell or "" for cell in column.to_pylist()] for column in table.columns]
    return found, [list(row) for row in zip(*columns, strict=True)]


def test_all_cells_are_there_and_typed(tmp_path: Path) -> None:
    data = text(lines())
    found, table = read(data, tmp_path)
    assert (found.rows, found.passes, table.num_rows) == (ROWS, 1, ROWS)
    assert [str(field.type) for field in table.schema] == ["int64", "double", "timestamp[us]", "large_string"]
    assert table.column("id").to_pylist() == list(range(ROWS))
    assert set(table.column("city").unique().to_pylist()) == {"Berlin", "Нижний Новгород", 'a, "b"', "two\nlines"}
    assert not found.repairs.kinds
    assert found.columns == columns_of(table)[0]
    assert found.memory_needed > table.nbytes


def _short(body: list[str]) -> None:
    body[700] = "700\n"
    body[2_400] = "2400,1.5\n"


def _long(body: list[str]) -> None:
    body[900] = body[900].replace("\n", ",,\n", 1) if '"' not in body[900] else '900,1,2024-01-01,"x",,\n'


def _blank(body: list[str]) -> None:
    body.insert(50, "\n")
    body.insert(1_000, ",,,\n")
    body.insert(2_000, "id,price,day,city\n")


def _quotes(body: list[str]) -> None:
    body[1_200] = '1200,1.5,2024-01-01,5" pipe\n'
    body[2_900] = '2900,1.5,2024-01-01,"open\n'


def _nul(body: list[str]) -> None:
    body[333] = "333,1.5,2024-01-01,a\0b\n"


def _returns(body: list[str]) -> None:
    body[444] = "444,1.5,2024-01-01,a\r"


def _comment(body: list[str]) -> None:
    body.insert(77, "# it's a \"remark\n")
    body.insert(1_077, "#,,,\n")


@pytest.mark.parametrize("spoil", [_short, _long, _blank, _quotes, _nul, _returns, _comment])
def test_irregular_rows_come_out_as_from_a_small_file(spoil: Callable[[list[str]], None], tmp_path: Path) -> None:
    body = lines(seed=5)
    spoil(body)
    data = text(body)
    dialect = Dialect(comment="#" if spoil is _comment else "")
    found, rows = as_text(data, tmp_path, dialect)
    whole = parse(data.decode(), dialect)
    assert rows == whole.cells
    assert found.repairs.kinds == whole.repairs.kinds
    assert found.repairs.kinds or spoil is _returns


def test_a_strict_reading_refuses_with_the_line(tmp_path: Path) -> None:
    body = [f"{number},1.5,2024-01-01,x\n" for number in range(ROWS)]
    body[2_000] = "2000\n"
    with pytest.raises(Unreadable) as caught:
        read(text(body), tmp_path, Dialect(strict=True))
    assert caught.value.values["line"] == 2_002


def test_a_cell_too_many_widens_the_table(tmp_path: Path) -> None:
    body = [f"{number},1,2,3\n" for number in range(ROWS)]
    body[2_500] = "2500,1,2,3,4\n"
    found, table = read(text(body), tmp_path)
    assert table.column_names == ["id", "price", "day", "city", "column_5"]
    assert table.column("column_5").null_count == ROWS - 1
    assert found.repairs.kinds["extra"].lines == [2_502]


def test_a_column_is_planned_again_when_a_late_cell_does_not_fit(tmp_path: Path) -> None:
    body = [f"{number},{number},2024-01-01,x\n" for number in range(ROWS)]
    body[2_990] = "2990,1.5,2024-01-01,x\n"
    body[2_991] = "2991,1,maybe,x\n"
    found, table = read(text(body), tmp_path)
    assert [str(field.type) for field in table.schema] == ["int64", "double", "large_string", "large_string"]
    assert table.column("price")[2_990].as_py() == 1.5
    assert table.column("day")[2_991].as_py() == "maybe"
    assert found.passes == 2
    assert found.rows == ROWS


@pytest.mark.parametrize("cell", ["007", "0x1F", "9223372036854775808", "+5", "1_000"])
def test_no_number_is_read_that_is_none(cell: str, tmp_path: Path) -> None:
    body = [f"{number + 100},1.5,2024-01-01,x\n" for number in range(ROWS)]
    body[2_500] = body[2_500].replace("2600", cell, 1)
    _, table = read(text(body), tmp_path)
    found = table.column("id")[2_500].as_py()
    assert found == (5 if cell == "+5" else cell)


def test_words_for_missing_are_missing_wherever_they_come(tmp_path: Path) -> None:
    body = [f"{number},1.5,2024-01-01,x\n" for number in range(ROWS)]
    body[2_500] = "NA,nan,n/a,NULL\n"
    found, table = read(text(body), tmp_path)
    assert [column.null_count for column in table.columns] == [1, 1, 1, 1]
    assert table.column("id")[2_500].as_py() is None
    assert read_source(tmp_path / "copy.arrow").dtypes.astype(str).tolist() == [
        *("float64", "float64", "datetime64[us]", "str")
    ]
    assert "NA" in found.plans[0].missing


def test_types_of_pandas_that_only_the_end_decides(tmp_path: Path) -> None:
    body = [f"{2**60 + number},{number % 2 == 0},2024-01-01,x\n" for number in range(ROWS)]
    body[2_999] = ",,,\n9,,2024-01-01,\n,True,2024-01-02,y\n"
    _, table = read(text(body), tmp_path)
    frame = read_source(tmp_path / "copy.arrow")
    assert frame.dtypes.astype(str).tolist() == ["Int64", "boolean", "datetime64[us]", "str"]
    assert int(frame["id"].iloc[0]) == 2**60
    assert table.num_rows == ROWS + 1


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1251", "utf-8"])
def test_other_encodings(encoding: str, tmp_path: Path) -> None:
    body = lines()
    found, rows = as_text(text(body).decode().encode(encoding), tmp_path, encoding=encoding)
    assert rows == parse(text(body).decode(), Dialect()).cells
    assert found.wrong.count == 0


def test_a_wrong_byte_late_in_the_file_is_told_with_its_line(tmp_path: Path) -> None:
    body = [f"{number},1.5,2024-01-01,x\n" for number in range(ROWS)]
    data = text(body).replace(b"2500,1.5,2024-01-01,x", b"2500,1.5,2024-01-01,\xffx")
    found, table = read(data, tmp_path)
    assert table.column("city")[2_500].as_py() == "\ufffdx"
    assert (found.wrong.count, found.wrong.lines, found.passes) == (1, [2_502], 2)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, zstandard.compress])
def test_packed_files_are_streamed(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    data = text(lines())
    packed = pack(data)
    found, rows = as_text(packed, tmp_path)
    assert rows == parse(data.decode(), Dialect()).cells
    assert found.rows == ROWS


def test_a_packed_file_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "LARGE", 10_000)
    with pytest.raises(Unreadable, match="larger than"):
        open_source(io.BytesIO(gzip.compress(text(lines()))), "t.csv", limit=1 << 16)
    cut = gzip.compress(text(lines()))[:-50]
    with pytest.raises(Unreadable, match="damaged"):
        read_large(open_source(io.BytesIO(cut), "t.csv", limit=1 << 30), Dialect(), ["a", "b", "c", "d"], body_line=2)


def test_other_delimiters_and_one_column(tmp_path: Path) -> None:
    data = text(lines(500)).replace(b",", b"||").replace(b"a|| ", b"a, ")
    _, rows = as_text(data, tmp_path, Dialect(delimiter="||"))
    assert rows == parse(data.decode(), Dialect(delimiter="||")).cells
    one = b"n\n" + b"".join(b"%d\n" % number for number in range(ROWS))
    one = one.replace(b"\n1000\n", b"\n\n1000\n")
    found, table = read(one, tmp_path, names=["n"])
    assert (table.column("n").to_pylist(), found.repairs.count("blank")) == (list(range(ROWS)), 1)


def test_what_there_is_no_room_for_is_refused_in_words(tmp_path: Path) -> None:
    data = text(lines())
    with pytest.raises(Unreadable, match="memory"):
        read(data, tmp_path, memory=50_000)
    with pytest.raises(Unreadable, match="on the disk"):
        read(data, tmp_path, largest=50_000)
    with pytest.raises(Unreadable, match="on the disk"), Path("/dev/full").open("wb", buffering=0) as full:
        read_large(_source(data), Dialect(), ["id", "price", "day", "city"], body_line=2, sink=_Full(full))


def _source(data: bytes) -> Any:
    return open_source(io.BytesIO(data), "t.csv", limit=2**30)


class _Full:
    """A disk on which nothing more fits, after some bytes."""

    def __init__(self, file: Any) -> None:
        self.file = file
        self.kept = io.BytesIO()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.kept, name)

    def write(self, data: Any) -> int:
        return self.kept.write(data) if self.kept.tell() < 20_000 else int(self.file.write(data))

    def fileno(self) -> int:
        raise OSError


def test_a_wide_table_and_a_huge_cell(tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(1_500)]
    data = (",".join(names) + "\n" + (",".join(["1"] * 1_500) + "\n") * 20).encode()
    found, table = read(data, tmp_path, names=names)
    assert (table.num_columns, len(found.columns), found.columns_left_out) == (1_500, 1_000, 500)
    cell = "x" * (3 << 20)
    found, table = read(f'a,b\n1,"{cell}"\n2,y\n'.encode(), tmp_path, names=["a", "b"])
    assert table.column("b").to_pylist() == [cell, "y"]


def test_a_glance_is_a_sample(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(text(lines(400_000)))
    with path.open("rb", buffering=0) as file:
        source = open_source(file, "t.csv", limit=2**40)
        assert source.large and len(source.middle) == streams.PIECES
        found = glance(source, Dialect(), ["id", "price", "day", "city"], "utf-8", 2)
        assert file.tell() == 0
    assert found.first.num_rows == min(sampling.SHOWN, 1_000) or found.first.num_rows > 20
    assert found.first.column("id").to_pylist() == list(range(found.first.num_rows))
    assert found.first.num_rows < found.sampled.num_rows < 400_000
    assert path.stat().st_size > streams.LARGE


def test_ordinary_code_changes_a_mapped_table(tmp_path: Path) -> None:
    read(text(lines()), tmp_path)
    frame = read_source(tmp_path / "copy.arrow")
    frame["id"] += 1
    frame.loc[0, "price"] = 5.5
    frame.loc[frame["id"] > 2_990, "city"] = "late"
    frame["double"] = frame["price"] * 2
    frame = frame.sort_values("id", ascending=False)
    assert (frame["id"].iloc[0], frame["city"].iloc[0], frame["double"].iloc[-1]) == (ROWS, "late", 11.0)
    assert read_source(tmp_path / "copy.arrow")["id"].iloc[0] == 0


@pytest.mark.parametrize("last", [f"{ROWS},1.5", f"{ROWS},1.5,2024-01-01,x", f"{ROWS},1,2024-01-01,x,,"])
def test_a_last_row_without_a_line_end_comes_once(last: str, tmp_path: Path) -> None:
    data = text([*lines(seed=9), last])
    found, rows = as_text(data, tmp_path)
    whole = parse(data.decode(), Dialect())
    assert rows == whole.cells
    assert found.repairs.kinds == whole.repairs.kinds


def test_a_table_without_rows_has_a_whole_copy(tmp_path: Path) -> None:
    found, table = read(b"id,price,day,city\n", tmp_path)
    assert (found.rows, table.num_rows, table.column_names) == (0, 0, ["id", "price", "day", "city"])


def test_wrong_bytes_in_a_row_that_is_not_regular(tmp_path: Path) -> None:
    body = [f"{number},1.5,2024-01-01,x\n" for number in range(ROWS)]
    data = text(body).replace(b"2500,1.5,2024-01-01,x", b'2500,1.5,"\xff" y')
    found, table = read(data, tmp_path)
    assert (found.rows, found.wrong.lines, found.repairs.kinds["padded"].lines) == (ROWS, [2_502], [2_502])
    assert "\ufffd" in table.column("day")[2_500].as_py()


@pytest.mark.parametrize("head", range(2_000, 2_008))
def test_a_sample_ends_between_characters(head: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "HEAD", head)
    data = "".join(f"{number},{number / 100:.2f},2024-01-01,x\n" for number in range(ROWS))
    for encoding in ("utf-16", "utf-32-be"):
        found, table = read(("id,price,day,city\n" + data).encode(encoding), tmp_path, encoding=encoding)
        assert (found.passes, [str(kind) for kind in table.schema.types][:2]) == (1, ["int64", "double"])
        assert found.plans[1].misfits is None


def test_a_time_of_day_that_comes_late_makes_dates_points_in_time(tmp_path: Path) -> None:
    body = [f"{number},1.5,2024-01-{number % 28 + 1:02},x\n" for number in range(ROWS)]
    body[2_500] = "2500,1.5,2024-01-02 10:00:00,x\n"
    found, table = read(text(body), tmp_path)
    assert [field.metadata for field in table.schema] == [field.metadata for field in found.schema]
    assert found.columns == columns_of(table)[0]
    assert (found.columns[2].type, table.column("day")[2_500].as_py().hour) == ("datetime", 10)


def test_cells_kept_as_text_are_empty_and_not_missing(tmp_path: Path) -> None:
    _, table = read(text(["1,,,x\n"] * ROWS), tmp_path, Dialect(as_text=True))
    assert [column.null_count for column in table.columns] == [0, 0, 0, 0]
    assert table.column("price")[0].as_py() == ""


def test_blocks_of_a_row_are_as_long_as_they_need_be() -> None:
    assert blocks.BLOCK < blocks.WIDEST < blocks.LONGEST_ROW
