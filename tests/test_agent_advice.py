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
    advice = advise(code, [PROFILE])
    assert advice is not None
    error = advice.error()
    assert (error.ename, error.line_number) == (ename, line)
    assert part in error.evalue


@pytest.mark.parametrize(
    ("code", "said", "step"),
    [
        ("import requests", "там, где выполняется код, нет сети, а requests без неё не работает", "Сохраните данные"),
        ("from multiprocessing import Pool", "нет других процессов, а multiprocessing без них", "Попросите обойтись"),
        ("import os\nos.system('ls')", "нет других процессов, а os.system без них", "Попросите обойтись"),
        ("import no_such_library_here", "нет библиотеки 'no_such_library_here'", "установите её"),
        ("name = input('Which?')", "некому ответить на input()", "в самом вопросе"),
        ("data = pd.read_csv('sales.csv')", "этого файла нет", "назовите его перед вопросом"),
        ("df['zzz']", "в df нет столбца 'zzz'", ""),
        ("df['region']", "в df нет столбца 'region'; похожи: 'Region'", ""),
    ],
)
def test_a_person_is_told_in_their_language_what_to_do_next(code: str, said: str, step: str) -> None:
    advice = advise(code, [PROFILE])
    assert advice is not None
    assert said in advice.error("ru").evalue and advice.error("ru").evalue != advice.error("en").evalue
    assert (step in advice.next_step("ru")) and bool(step) == bool(advice.next_step("en"))


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
