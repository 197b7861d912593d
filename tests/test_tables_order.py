"""What goes to the reading process and comes back: told in any language, and refused when it cannot be."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csvagent_jupyter.messages import Column, Dialect
from csvagent_jupyter.tables.order import (
    LONGEST_CELL,
    LONGEST_VALUE,
    MOST_COLUMNS,
    MOST_NOTES,
    MOST_VALUES,
    Order,
    Refusal,
    Reply,
    Said,
    encoded,
    order_in,
    reply_in,
)
from csvagent_jupyter.tables.recipe import Recipe

RECIPE = {"options": {"sep": ";"}, "steps": [], "member": ""}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


def test_an_order_and_a_reply_arrive_as_they_were_sent() -> None:
    order = Order(name="sales.csv", suffix=".csv", options={"types": {"a": "text"}, "missing": ["n/k"]}, kernel=5)
    assert order_in(encoded(order)) == order
    reply = Reply(
        rows=3,
        columns=(Column("a", "integer", examples=("1", "2"), min=1, max=2),),
        dialect=Dialect(delimiter=";"),
        said=(Said("info", "note_renamed", {"names": [{"say": "note_unnamed"}, " → a"]}),),
        recipe=RECIPE,
        size=10,
    )
    assert reply_in(encoded(reply)) == reply
    code = reply.code("sales.csv")
    assert isinstance(code, Recipe) and code.code("df") == 'df = pd.read_csv("sales.csv", sep=";")'
    assert Reply().code("sales.csv") is None


def test_a_note_is_told_in_the_language_of_who_reads_it() -> None:
    said = Said("info", "note_renamed", {"names": [{"say": "note_unnamed"}, " → column_1"]})
    assert said.note("en").text == "Columns renamed: no name → column_1."
    assert said.note("ru").text == "Переименованы столбцы: без имени → column_1."
    error = Refusal("tables.empty_file", {"name": "{name.__class__}"}).error()
    assert "{name.__class__}" in error.say("en")


@pytest.mark.parametrize(
    "lie",
    [
        {"said": [["info", "note_renamed", {}]]},
        {"said": [["info", "empty_file", {"name": "x"}]]},
        {"said": [["loud", "note_no_header", {}]]},
        {"said": [{"level": "info", "key": "note_no_header", "values": {"x": {"eval": "1"}}}]},
        {"said": [{"level": "info", "key": "note_renamed", "values": {"names": {"say": "no_such_text"}}}]},
        {"said": [{"level": "info", "key": "note_renamed", "values": {"names": "x" * (LONGEST_VALUE + 1)}}]},
        {"said": [{"level": "info", "key": "note_no_header"}] * (MOST_NOTES + 1)},
        {"refusal": {"key": "manager.anything"}},
        {"refusal": {"key": "tables.empty_file"}},
        {"rows": -1},
        {"size": "many"},
        {"columns": [{"name": "a", "type": "spaceship"}]},
        {"columns": [{"name": "a", "type": "text", "examples": ["x" * (LONGEST_CELL + 1)]}]},
        {"columns": [{"name": "a", "type": "text", "examples": ["x"] * 1_000}]},
        {"columns": [{"name": "a", "type": "text"}] * (MOST_COLUMNS + 1)},
        {"recipe": {"options": {"sep=1)#": 1}, "steps": [], "member": ""}},
        {"columns": [{"name": "x" * 300, "type": "text"}]},
        {"columns": [{"name": "na\x1b[31mme", "type": "text"}]},
        {"columns": [{"name": "b\u202ed", "type": "text"}]},
        {"columns": [{"name": "a", "type": "text", "dtype": "y" * 1_000}]},
        {"dialect": {"encoding": "\x1b]0;owned\x07"}},
        {"dialect": {"delimiter": "x" * 1_000}},
        {"dialect": {"stated": ["x"] * 100_000}},
        {"said": [{"level": "info", "key": "note_no_rows", "values": {str(n): "x" for n in range(MOST_VALUES + 1)}}]},
        {"said": [{"level": "info", "key": "note_renamed", "values": {"names": "x" * LONGEST_VALUE}}] * 100},
        {"refusal": {"key": "tables.empty_file", "values": {"name": "x"}, "suggestions": ["y"] * 100}},
        {"needed": -1},
        {"recipe": {}},
        {"something": "else"},
        [],
    ],
)
def test_a_reply_that_cannot_be_is_none(lie: Any) -> None:
    with pytest.raises(ValueError, match="no reply"):
        reply_in(json.dumps(lie).encode())


def test_what_a_file_says_is_never_obeyed_by_a_terminal() -> None:
    evil = "\x1b[2J\u202eseye\n\n# H"
    lie = {
        "said": [
            {"level": "info", "key": "note_renamed", "values": {"names": evil}},
            {"level": "info", "key": "note_renamed", "values": {"names": [evil, " → b"]}},
        ],
        "refusal": {"key": "tables.cannot_open", "values": {"name": evil, "reason": evil}, "suggestions": [evil]},
    }
    reply = reply_in(json.dumps(lie).encode())
    assert reply.refusal is not None
    error = reply.refusal.error()
    told = [*(note.text for note in reply.notes("ru")), error.say("en"), *error.suggestions]
    assert len(told) == 4 and all(text.isprintable() and "seye" in text for text in told)


@given(st.dictionaries(st.sampled_from([*Reply.__struct_fields__, "x"]), JSON, max_size=4))
def test_whatever_comes_back_is_a_reply_or_refused(found: dict[str, Any]) -> None:
    try:
        reply = reply_in(json.dumps(found).encode())
    except ValueError:
        return
    assert all(note.text for note in reply.notes("ru"))


@given(st.binary(max_size=200))
def test_bytes_are_a_reply_or_refused(data: bytes) -> None:
    try:
        assert reply_in(data).size >= 0
    except ValueError:
        return
