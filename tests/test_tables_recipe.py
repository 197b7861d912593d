"""The code that reads a file: short, the same when run and when read, and never anything but a call of known parts."""

from __future__ import annotations

import ast
import copy
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csvagent_jupyter.tables.recipe import (
    ReaderCall,
    Recipe,
    ToBoolean,
    ToDatetime,
    ToNumber,
    quoted,
    recipe_data,
    recipe_from,
)

quick = settings(max_examples=150, deadline=None, derandomize=True)

FULL = Recipe(
    "sales.csv",
    {
        "sep": ";",
        "encoding": "cp1251",
        "skiprows": 2,
        "header": None,
        "names": ["a", 'b "c"', "d\n"],
        "usecols": range(3),
        "index_col": False,
        "dtype": {"a": "str", "d\n": "Int64"},
        "na_values": ["-", "н/д"],
        "keep_default_na": False,
        "low_memory": False,
    },
    (
        ToDatetime(("a",), ("%d.%m.%Y", "ISO8601"), utc=True, strip=True),
        ToNumber(('b "c"',), (("$", ""), (",", ".")), after=True, strip=True),
        ToNumber(("d\n",), exact=True),
        ToBoolean(("x", "y", "z"), ("да",), ("нет",), nullable=True, strip=True),
    ),
)


def test_a_recipe_survives_the_way_through_json() -> None:
    data = json.loads(json.dumps(recipe_data(FULL)))
    again = recipe_from(data, "sales.csv")
    assert isinstance(again, Recipe)
    assert again == FULL
    assert again.code() == FULL.code()
    call = ReaderCall("x.csv", {"delimiter": "||", "types": {"a": "text"}, "footer_rows": 1, "missing": ["-"]})
    assert recipe_from(json.loads(json.dumps(recipe_data(call))), "x.csv") == call


def test_the_code_is_as_a_colleague_would_write_it() -> None:
    recipe = Recipe(
        "sales.csv",
        {"sep": ";", "decimal": ",", "dtype": {"plz": "str"}},
        (
            ToDatetime(("Дата",), ("%d.%m.%Y",)),
            ToNumber(("Сумма",), (("₽", ""), (" ", ""), (",", "."))),
            ToBoolean(("Оплачен",), ("да",), ("нет",)),
        ),
    )
    assert recipe.code().splitlines() == [
        'df = pd.read_csv("sales.csv", sep=";", decimal=",", dtype={"plz": str})',
        'df["Дата"] = pd.to_datetime(df["Дата"], format="%d.%m.%Y")',
        'df["Сумма"] = pd.to_numeric(df["Сумма"].str.replace("₽", "").str.replace(" ", "").str.replace(",", "."))',
        'df["Оплачен"] = df["Оплачен"].map({"да": True, "нет": False}).astype("bool")',
    ]
    call = ReaderCall("a.csv", {"delimiter": "||", "dayfirst": True})
    assert call.code("t").splitlines() == [
        "from csvagent_jupyter import read_table",
        "",
        't = read_table("a.csv", delimiter="||", dayfirst=True).to_pandas()',
    ]


def test_what_is_run_is_what_is_written(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("d;n;m;b;k\n05.03.2024;$1,5;7-; да ;1\n2024-03-06;2;(8);;\n", encoding="utf-8")
    recipe = Recipe(
        str(path),
        {"sep": ";", "dtype": "str"},
        (
            ToDatetime(("d",), ("%d.%m.%Y", "ISO8601")),
            ToNumber(("n",), (("$", ""), (",", "."))),
            ToNumber(("m",), (("(", "-"), (")", "")), after=True),
            ToBoolean(("b",), ("да",), ("нет",), nullable=True, strip=True),
            ToNumber(("k",), exact=True),
        ),
    )
    frame = recipe.frame(path.read_bytes())
    names: dict[str, Any] = {}
    exec("import pandas as pd\n" + recipe.code("t"), names)
    pd.testing.assert_frame_equal(names["t"], frame)
    assert frame["d"].tolist() == [pd.Timestamp(2024, 3, 5), pd.Timestamp(2024, 3, 6)]
    assert frame["n"].tolist() == [1.5, 2]
    assert frame["m"].tolist() == [-7, -8]
    assert [str(dtype) for dtype in frame.dtypes] == ["datetime64[us]", "float64", "int64", "boolean", "Int64"]


NASTY = [
    '")',
    "'); import os; os.system('x'); ('",
    "\\",
    '\\"',
    "{__import__('os')}",
    "\n\nimport os\n",
    "\u202e",
    "\ud800",
    "#",
]
text = st.one_of(st.text(max_size=20), st.sampled_from(NASTY))
value = st.recursive(
    st.one_of(text, st.integers(), st.booleans(), st.none(), st.floats()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(text, inner, max_size=4)),
    max_leaves=8,
)


def paths_of(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return where in JSON values something else may be put."""
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path, *(found for key, item in inner for found in paths_of(item, (*path, key)))]


def is_harmless(code: str) -> bool:
    """Tell whether code has nothing but the statements, calls and names that recipes have."""
    tree = ast.parse(code)
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    imports = {
        alias.name for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names
    }
    allowed = {"read_csv", "to_datetime", "to_numeric", "str", "replace", "strip", "fillna", "map", "astype", "open"}
    return (
        names <= {"df", "pd", "str", "range", "name", "read_table", "ZipFile", "archive", "file"}
        and attributes <= allowed | {"to_pandas"}
        and imports <= {"read_table", "ZipFile"}
        and all(isinstance(node, ast.Assign | ast.For | ast.With | ast.ImportFrom) for node in tree.body)
    )


@quick
@given(data=st.data(), reader=st.booleans())
def test_no_reply_can_put_foreign_code_into_the_text(data: st.DataObject, reader: bool) -> None:
    """Whatever part of a reply is exchanged for whatever else: refused, or code of known parts alone."""
    call = ReaderCall("", {"delimiter": "||", "types": {"a": "text"}, "missing": ["-"], "encoding": "utf-8"})
    reply = copy.deepcopy(json.loads(json.dumps(recipe_data(call if reader else FULL))))
    where = data.draw(st.sampled_from(paths_of(reply)[1:]))
    place = reply
    for key in where[:-1]:
        place = place[key]
    if isinstance(place, dict) and data.draw(st.booleans()):
        place[data.draw(text)] = place.pop(where[-1])
    else:
        place[where[-1]] = data.draw(value)
    try:
        recipe = recipe_from(reply, data.draw(text))
    except ValueError:
        return
    assert is_harmless(recipe.code())


@pytest.mark.parametrize(
    "reply",
    [
        None,
        [],
        {"options": {"engine": "__import__('os')"}},
        {"options": {"sep": ["a"]}},
        {"options": {"converters": {"a": "print"}}},
        {"options": {"encoding": 'utf-8", x=print("'}},
        {"options": {"header": 1.5}},
        {"options": {"skiprows": True}},
        {"options": {"index_col": 0}},
        {"options": {"usecols": -1}},
        {"options": {"dtype": "object"}},
        {"options": {"dtype": {"a": "eval"}}},
        {"options": {}, "steps": {"a": 1}},
        {"options": {}, "steps": [{"step": "exec"}]},
        {"options": {}, "steps": [{"step": "to_number"}]},
        {"options": {}, "steps": [{"step": "to_number", "columns": "a"}]},
        {"options": {}, "steps": [{"step": "to_number", "columns": ["a"], "replaced": [["a"]]}]},
        {"options": {}, "steps": [{"step": "to_datetime", "columns": ["a"], "formats": []}]},
        {"options": {}, "member": 5},
        {"options": {}, "code": "import os"},
        {"reader": True, "options": {"path": "x"}},
        {"reader": True, "options": {"types": {"a": "object"}}},
    ],
)
def test_what_no_recipe_of_ours_has_is_refused(reply: object) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        recipe_from(reply, "x.csv")


@quick
@given(words=text)
def test_a_text_is_written_as_itself(words: str) -> None:
    written = quoted(words)
    assert ast.literal_eval(written) == words
    assert "\n" not in written
    written.encode()
