"""The first line of a cell: words, quotes, options, and one sentence for whatever is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csvagent_jupyter.exceptions import BadInput
from csvagent_jupyter.magics.options import OPTIONS, parse_cell_line, split_words


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", []),
        ("  a.csv   b.csv ", ["a.csv", "b.csv"]),
        ('"our data/a b.csv" c.csv', ["our data/a b.csv", "c.csv"]),
        ("'a \"b\".csv'", ['a "b".csv']),
        (r'"a \"b\" 2024.csv"', ['a "b" 2024.csv']),
        (r"C:\data\a.csv", [r"C:\data\a.csv"]),
        (r'"C:\our data\a.csv"', [r"C:\our data\a.csv"]),
        ("bob's.csv 5\"disk.csv", ["bob's.csv", '5"disk.csv']),
        ('--model="a b" --as x', ["--model=a b", "--as", "x"]),
        ("sales_{2024}.csv $x", ["sales_{2024}.csv", "$x"]),
        ('""', [""]),
        ("--read missing='no data,-' types='a b:text'", ["--read", "missing=no data,-", "types=a b:text"]),
    ],
)
def test_a_line_is_split_as_a_person_means_it(line: str, words: list[str]) -> None:
    assert split_words(line) == words


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1), max_size=5))
def test_any_name_survives_double_quotes_with_escapes(names: list[str]) -> None:
    quoted = ['"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"' for name in names]
    assert split_words(" ".join(quoted)) == names


@given(st.text())
def test_no_line_takes_long_or_fails_otherwise_than_with_a_sentence(line: str) -> None:
    try:
        split_words(line + "\\" * 500)
    except BadInput as error:
        assert error.say("ru") != error.say("en")


def test_every_option_is_read() -> None:
    line = (
        "a.csv --model openai:m --max-attempts 5 --timeout=2.5 --share stats b.csv --session 'my work' --lang ru "
        "--json --out results --as answer --insert --background --read delimiter=';' --read=b.csv:missing='no data,-' "
        "--strict"
    )
    options = parse_cell_line(line)
    assert options.sources == ["a.csv", "b.csv"]
    assert (options.model, options.max_attempts, options.timeout) == ("openai:m", 5, 2.5)
    assert (options.share, options.session, options.lang) == ("stats", "my work", "ru")
    assert (options.as_json, options.out, options.keep_as) == (True, "results", "answer")
    assert (options.insert, options.background) == (True, True)
    stated = {"delimiter": ";", "b.csv": {"missing": ["no data", "-"]}, "strict": True}
    assert (options.stated, parse_cell_line("a.csv").stated) == (stated, {})
    assert len(OPTIONS) == 13


def test_after_two_dashes_everything_is_a_source() -> None:
    assert parse_cell_line("--insert -- --odd.csv").sources == ["--odd.csv"]


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ('"a.csv', "is opened"),
        ("--inser", "Did you mean --insert?"),
        ("--zzz", "--model"),
        ("--model", "needs a value"),
        ("--model --insert", "needs a value"),
        ("--insert=yes", "takes no value"),
        ("--share all", "schema, stats, sample"),
        ("--lang de", "en, ru"),
        ("--max-attempts two", "whole number"),
        ("--max-attempts 0", "whole number"),
        ("--max-attempts 2.5", "whole number"),
        ("--timeout -1", "seconds"),
        ("--timeout nan", "seconds"),
        ("--timeout inf", "seconds"),
        ("--as 2x", "name of a variable"),
        ("--as class", "name of a variable"),
        ("--read", "needs a value"),
        ("--read delimeter=;", "delimiter"),
        ("--read header_rows=two", "from 0 to 100"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence_or_two(line: str, part: str) -> None:
    with pytest.raises(BadInput) as caught:
        assert not parse_cell_line(line).stated
    said = caught.value.say("en")
    assert part in said
    assert "\n" not in said
    assert said.endswith((".", "?"))
    assert caught.value.say("ru") != said
