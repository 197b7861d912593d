"""Which names code makes, changes and needs."""

from __future__ import annotations

import pytest

from csvagent_jupyter.agent.names import is_python, names_of, needed_turns


@pytest.mark.parametrize(
    ("code", "made", "changed", "needed"),
    [
        ("x = df.a.sum()", {"x"}, set(), {"df"}),
        ("df['b'] = df['a'] * 2", set(), {"df"}, {"df"}),
        ("df.loc[0, 'b'] = 1", set(), {"df"}, {"df"}),
        ("df.drop(columns='a', inplace=True)", set(), {"df"}, {"df"}),
        ("df.drop(columns='a', inplace=False)", set(), set(), {"df"}),
        ("rows.append(1)", set(), {"rows"}, {"rows"}),
        ("a, (b, *c) = t", {"a", "b", "c"}, set(), {"t"}),
        ("x += 1", {"x"}, {"x"}, {"x"}),
        ("for i in range(n):\n    total = i", {"i", "total"}, set(), {"n"}),
        ("import os.path, json as j\nfrom math import pi", {"os", "j", "pi"}, set(), set()),
        ("def f(a, b=k):\n    c = a\n    return c + z", {"f"}, set(), {"k", "z"}),
        ("def f():\n    global g\n    g = 1", {"f", "g"}, set(), set()),
        ("f = lambda q: q + w", {"f"}, set(), {"w"}),
        ("[i * m for i in s if i > t]", set(), set(), {"m", "s", "t"}),
        ("y = 1\nprint(y)", {"y"}, set(), set()),
        ("if (n := len(df)) > 1:\n    print(n)", {"n"}, set(), {"df"}),
        ("with open('x') as f:\n    f.read()", {"f"}, set(), set()),
        ("class A(B):\n    z = q", {"A"}, set(), {"B", "q"}),
        ("try:\n    v = 1\nexcept KeyError as e:\n    print(e)", {"v", "e"}, set(), set()),
    ],
)
def test_names(code: str, made: set[str], changed: set[str], needed: set[str]) -> None:
    names = names_of(code)
    assert (names.made, names.changed, names.needed) == (made, changed, needed)
    assert not names.opaque


@pytest.mark.parametrize("code", ["exec('x = 1')", "globals()['x'] = 1", "from math import *", "x ="])
def test_what_cannot_be_told_is_called_opaque(code: str) -> None:
    assert names_of(code).opaque


def test_only_turns_that_the_code_builds_on_come_along() -> None:
    turns = ["sales = df[df.a > 1]", "other = 5", "top = sales.nlargest(3, 'a')", "print(len(df))"]
    assert needed_turns(turns, "print(top)") == [0, 2]
    assert needed_turns(turns, "print(df)") == []


def test_a_turn_that_changed_df_comes_along_when_df_is_used() -> None:
    turns = ["df['year'] = df['date'].dt.year", "x = 1"]
    assert needed_turns(turns, "df.groupby('year').size()") == [0]


def test_all_turns_come_along_when_one_cannot_be_read() -> None:
    assert needed_turns(["exec('x = 1')", "y = 2"], "print(y)") == [0, 1]


def test_odd_code_is_told_from_python_without_a_warning() -> None:
    assert is_python(r"x = '\d'")
    assert not is_python("x = '\0'")
    assert not is_python("(" * 5_000)
