"""The options of reading: which values they take, what is said of others, and how they are written as words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csvagent_jupyter.exceptions import BadInput, Unreadable
from csvagent_jupyter.messages import Dialect, Source
from csvagent_jupyter.tables import read_table
from csvagent_jupyter.tables.option_words import (
    NAMES,
    checked_by_file,
    read_words,
    stated_words,
    with_stated,
    word_of,
)
from csvagent_jupyter.tables.options import OPTIONS, TYPES, checked, dialect_of, overrides_of
from csvagent_jupyter.translations import LANGUAGES

MARK = st.text(st.characters(blacklist_characters="\r\n\0", blacklist_categories=("Cs",)), min_size=1, max_size=20)
CHARACTER = st.characters(blacklist_characters="\r\n\0", blacklist_categories=("Cs", "L", "N"))
COLUMN = st.text(st.characters(blacklist_characters="\r\n\0", blacklist_categories=("Cs",)), min_size=1).filter(
    lambda name: name == name.strip()
)
VALUES = {
    "encoding": st.sampled_from(["utf-8", "cp1251", "UTF-16"]),
    "mark": MARK,
    "character": CHARACTER.filter(lambda letter: not letter.isalnum()),
    "count": st.integers(1, 100),
    "flag": st.booleans(),
    "words": st.lists(
        st.text(st.characters(blacklist_characters="\0", blacklist_categories=("Cs",)), max_size=200), unique=True
    ),
    "types": st.dictionaries(COLUMN, st.sampled_from(TYPES)),
}


@pytest.mark.parametrize("name", OPTIONS)
@given(data=st.data())
def test_a_value_is_the_same_as_json_and_as_a_word(name: str, data: Any) -> None:
    option = OPTIONS[name]
    value = data.draw(VALUES[option.form])
    if option.optional and data.draw(st.booleans()):
        value = ""
    assert option.check(json.loads(json.dumps(value))) == value
    word = word_of(name, value)
    assert read_words([word]) == {name: value}
    assert read_words([f"a:b=c.csv:{word}"]) == {"a:b=c.csv": {name: value}}
    dialect, fixed = dialect_of({name: value})
    assert fixed == {name}
    assert overrides_of(Dialect.from_dict(dialect.to_dict())) == {name: value}
    assert stated_words(dialect) == [word]


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("delimiter=tab", "\t"),
        (r"delimiter=\t", "\t"),
        ("delimiter=';'", ";"),
        ("delimiter=||", "||"),
        (r"delimiter=\x1f", "\x1f"),
        ("delimiter=space", " "),
        ('quotechar="', '"'),
        ("quotechar=none", ""),
        ("quotechar=", ""),
        ("escapechar=backslash", "\\"),
        ("escapechar=\\", "\\"),
        ("decimal=,", ","),
        ("header_rows=02", 2),
        ("dayfirst=да", True),
        ("dayfirst=No", False),
        ("strict", True),
        ("missing=n/a, -,'", ["n/a", "-", "'"]),
        ('missing="a, b",c', ["a, b", "c"]),
        ("missing='no data,-'", ["no data", "-"]),
        ('missing=["x"]', ["x"]),
        ("missing=", []),
        ("types=price:number,when:date", {"price": "number", "when": "date"}),
        ('types="a, b":text', {"a, b": "text"}),
        ("types=a:b:text", {"a:b": "text"}),
        ('types={"x": "text"}', {"x": "text"}),
    ],
)
def test_words_people_write(word: str, value: object) -> None:
    assert list(read_words([word]).values()) == [value]


def test_lists_grow_and_else_the_last_word_holds() -> None:
    words = ["types=a:text", "missing=x", "decimal=,", "types=b:date", "missing=y", "decimal=.", "b.csv:strict"]
    assert read_words(words) == {
        "types": {"a": "text", "b": "date"},
        "missing": ["x", "y"],
        "decimal": ".",
        "b.csv": {"strict": True},
    }


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("stated", "part"),
    [
        ({"delimeter": ";"}, "delimeter"),
        ({"delimiter": ""}, "20"),
        ({"delimiter": "\n"}, "20"),
        ({"delimiter": 5}, "20"),
        ({"decimal": "x"}, "decimal"),
        ({"header_rows": True}, "100"),
        ({"header_rows": 1.0}, "100"),
        ({"table": 0}, "1"),
        ({"footer_rows": -1}, "0"),
        ({"dayfirst": "yes"}, "true"),
        ({"missing": "x"}, "missing"),
        ({"missing": [1]}, "missing"),
        ({"types": {"a": "int"}}, "integer, number"),
        ({"types": ["a"]}, "integer, number"),
        ({"encoding": "rot13"}, "rot13"),
        ({"encoding": "base64"}, "base64"),
        ({"delimiter": ";", "quotechar": ";"}, "quotechar"),
        ({"decimal": ",", "thousands": ","}, "thousands"),
        ({"b.csv": {"decimal": 5}}, "decimal"),
        ({"b.csv": {"c.csv": {}}}, "c.csv"),
    ],
)
def test_what_cannot_be_stated_is_refused_in_words(language: Any, stated: dict[str, Any], part: str) -> None:
    with pytest.raises(Unreadable) as caught:
        checked_by_file(stated)
    assert part in caught.value.say(language)
    assert "{" not in caught.value.say(language).replace("{'", "")


@pytest.mark.parametrize(
    "word", ["header_rows=two", "dayfirst=maybe", "types=price", "types={", "missing=[", "table=0"]
)
def test_a_word_that_cannot_be_is_refused_with_what_can(word: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read_words([word])
    name = word.partition("=")[0]
    assert OPTIONS[name].possible() in caught.value.say()
    with pytest.raises(BadInput, match="needs a value"):
        read_words(["delimiter"])


def test_every_option_says_what_it_is_in_both_languages_and_as_a_schema() -> None:
    for option in OPTIONS.values():
        assert option.about("en") != option.about("ru")
        assert option.possible("en") != option.possible("ru")
        assert option.schema()["description"].startswith(option.about())
    assert set(OPTIONS) < {field.name for field in msgspec.inspect.type_info(Dialect).fields}  # type: ignore[attr-defined]
    assert all(not isinstance(OPTIONS.get(name), str) for name in NAMES)


def test_options_are_said_of_all_files_or_of_one() -> None:
    one, two, frame = Source("a.csv", path="/x/a.csv"), Source("b.csv", artifact="artifact:1"), Source("df")
    stated = {"decimal": ",", "b.*": {"delimiter": ";"}, "/x/a.csv": {"decimal": "."}}
    read = with_stated((one, two, frame), stated)
    assert [source.overrides for source in read] == [{"decimal": "."}, {"delimiter": ";", "decimal": ","}, {}]
    again = with_stated(read[:2], {"header_rows": 2})
    assert again[0].overrides == {"header_rows": 2, "decimal": "."}
    assert with_stated((frame,), {}) == (frame,)


@pytest.mark.parametrize(
    ("stated", "key"),
    [
        ({"c.csv": {"decimal": ","}}, "options.no_such_file"),
        ({"df": {"decimal": ","}}, "options.dataframe"),
        ({"decimal": ","}, "options.only_dataframes"),
    ],
)
def test_options_that_are_said_of_nothing_are_refused(stated: dict[str, Any], key: str) -> None:
    with pytest.raises(BadInput) as caught:
        with_stated((Source("df"),), stated)
    assert caught.value.key == key
    assert caught.value.say("ru") != caught.value.say("en")


def test_two_options_that_exclude_each_other_only_together() -> None:
    given_before = Source("a.csv", path="/a.csv", overrides={"decimal": ","})
    with pytest.raises(Unreadable, match="cannot both be"):
        with_stated((given_before,), {"thousands": ","})
    assert checked({"thousands": ","}) == {"thousands": ","}


# --- what each of them changes --------------------------------------------------------------------------------------

CASES: dict[str, tuple[str | bytes, dict[str, list[Any]]]] = {
    "encoding=cp866": ("город;n\nОсло;1\n".encode("cp1251"), {}),
    "delimiter=,": ("a;b,c\n1;2,3\n4;5,6\n", {"a;b": ["1;2", "4;5"], "c": [3, 6]}),
    "quotechar=none": ('a;b\n"x";2\n"y";4\n', {"a": ['"x"', '"y"'], "b": [2, 4]}),
    "escapechar=none": ("a,b\nx\\,y,2\nz,4\n", {}),
    "comment=3": ("a;b\n1;2\n3;4\n", {"a": [1], "b": [2]}),
    "header_rows=0": ("a,b\n1,2\n3,4\n", {"column_1": ["a", "1", "3"], "column_2": ["b", "2", "4"]}),
    "skipped_rows=1": ("a,b\nx,y\n3,4\n", {"x": [3], "y": [4]}),
    "footer_rows=1": ("a,b\n1,2\n3,4\n", {"a": [1], "b": [2]}),
    "decimal=.": ("a;b\n1,500;x\n2,500;y\n", {"a": [1500, 2500], "b": ["x", "y"]}),
    "thousands=.": ("a;b\n1.500;x\n2.500;y\n", {"a": [1500, 2500], "b": ["x", "y"]}),
    "dayfirst=yes": ("d,n\n01/02/2024,2\n03/04/2024,4\n", {}),
    "missing=7": ("a,b\n7,x\n8,y\n", {"a": [None, 8], "b": ["x", "y"]}),
    "missing=-999": ("a,b\n-999,x\nNA,null\n3,-999\n", {"a": [None, None, 3], "b": ["x", None, None]}),
    "types=a:text": ("a,b\n1,2\n3,4\n", {"a": ["1", "3"], "b": [2, 4]}),
    "types=b:text": ("a,b\n1,NA\n2,null\n", {"a": [1, 2], "b": ["NA", "null"]}),
    "table=1": ("a,b\n1,2\n3,4\n\n\nx,y,z\n1,2,3\n4,5,6\n7,8,9\n", {"a": [1, 3], "b": [2, 4]}),
    "strict": ("a,b\n1,2\n3\n", {}),
    "as_text": ("a,b\n1,2\n3,4\n", {"a": ["1", "3"], "b": ["2", "4"]}),
}


def cells(path: Path, **stated: Any) -> dict[str, list[Any]]:
    frame = read_table(path, **stated).to_pandas()
    return {name: [None if pd.isna(cell) else cell for cell in frame[name]] for name in frame.columns}


@pytest.mark.parametrize("word", CASES)
def test_each_option_makes_another_table_of_a_file(tmp_path: Path, word: str) -> None:
    content, wanted = CASES[word]
    path = tmp_path / "x.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    found = cells(path)
    if word == "strict":
        with pytest.raises(Unreadable, match="Line 3"):
            read_table(path, **read_words([word]))
        return
    stated = cells(path, **read_words([word]))
    assert stated != found
    assert not wanted or stated == wanted


def test_every_option_is_among_those_that_were_tried(tmp_path: Path) -> None:
    assert {name for word in CASES for name in read_words([word])} == set(OPTIONS)
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(Unreadable, match="There is no column “c”"):
        read_table(path, types={"c": "text"})


def test_what_is_stated_of_an_arrow_file_is_told_to_be_unused(tmp_path: Path) -> None:
    path = tmp_path / "x.arrow"
    pd.DataFrame({"a": [1, 2]}).to_feather(path, compression="uncompressed")
    assert not read_table(path).notes
    (note,) = read_table(path, decimal=",").notes
    assert "decimal" in note.text
