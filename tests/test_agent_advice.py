"""Advice finds what certainly fails, and is silent about what may work."""

from __future__ import annotations

import pytest

from csvagent_jupyter.agent.advice import advise
from csvagent_jupyter.messages import Column, Profile

PROFILE = Profile(
    path="sales.csv",
    name="sales",
    rows=3,
    columns=(Column("Region", "text"), Column("amount", "integer"), Column("unit_price", "number")),
)


@pytest.mark.parametrize(
    ("code", "ename", "line", "part"),
    [
        ("x = 1\nprint(df[", "SyntaxError", 2, "never closed"),
        ("print(1)\ndf['amuont'].sum()", "KeyError", 2, "'amount'"),
        ("df['region'].nunique()", "KeyError", 1, "'Region'"),
        ("df[['Region', 'unitprice']]", "KeyError", 1, "'unit_price'"),
        ("df['zzz']", "KeyError", 1, "no column 'zzz'"),
        ("import no_such_library_here", "ModuleNotFoundError", 1, "no_such_library_here"),
        ("from no_such_library_here.x import y", "ModuleNotFoundError", 1, "no_such_library_here"),
        ("import requests", "ImportError", 1, "no network"),
        ("import urllib.request", "ImportError", 1, "no network"),
        ("from urllib import request", "ImportError", 1, "no network"),
        ("import subprocess", "ImportError", 1, "no other processes"),
        ("import os\nos.system('ls')", "RuntimeError", 2, "no other processes"),
        ("name = input('Which?')", "RuntimeError", 1, "input()"),
        ("data = pd.read_csv('sales.csv')", "FileNotFoundError", 1, "already in df"),
        ("!pip install seaborn", "SyntaxError", 1, "invalid syntax"),
    ],
)
def test_what_would_fail_is_told_with_its_line(code: str, ename: str, line: int, part: str) -> None:
    error = advise(code, [PROFILE])
    assert error is not None
    assert (error.ename, error.line_number) == (ename, line)
    assert part in error.evalue


@pytest.mark.parametrize(
    "code",
    [
        "df['amount'].sum()",
        "df[df['amount'] > 1][['Region', 'unit_price']]",
        "df['double'] = df['amount'] * 2\ndf['double'].sum()",
        "df = df.rename(columns={'amount': 'value'})\ndf['value'].sum()",
        "df.columns = ['a', 'b', 'c']\ndf['a']",
        "df.insert(0, 'new', 1)\ndf['new']",
        "df.rename(columns={'amount': 'v'}, inplace=True)\ndf['v']",
        "data = df\ndata['new'] = 1\ndf['new']",
        "def add(table):\n    table['new'] = 1\nadd(df)\ndf['new']",
        "def f(df):\n    return df['inner']",
        "for df in [1]:\n    df['x']",
        "if 'maybe' in df.columns:\n    print(df['maybe'])",
        "try:\n    df['maybe']\nexcept KeyError:\n    pass",
        "other = df.groupby('Region').sum()\nother['whatever']",
        "df.loc[:, 'new'] = 1\nprint(df['new'])",
        "exec('df[\"x\"] = 1')\ndf['x']",
        "import json, numpy as np, matplotlib.pyplot as plt\nfrom urllib.parse import quote",
        "try:\n    import no_such_library_here\nexcept ImportError:\n    pass",
        "import only_in_the_kernel",
        "from io import StringIO\npd.read_csv(StringIO('a,b'))",
        "df.to_csv('out.csv')\npd.read_csv('out.csv')",
        "def input():\n    return 1\ninput()",
        "df[0:2]",
        "df['amount'] = 1",
    ],
)
def test_code_that_may_work_is_left_alone(code: str) -> None:
    assert advise(code, [PROFILE], ["pandas 3.1.1", "only_in_the_kernel 1.0"]) is None


def test_an_earlier_turn_that_changed_df_silences_the_column_check() -> None:
    assert advise("df['year']", [PROFILE], [], ["df['year'] = 1"]) is None
    assert advise("df['year']", [PROFILE], [], ["x = df['amount']"]) is not None


def test_columns_that_the_profile_leaves_out_are_not_called_missing() -> None:
    cut = Profile(path="wide.csv", name="wide", rows=1, columns=PROFILE.columns, columns_left_out=900)
    assert advise("df['somewhere']", [cut]) is None
