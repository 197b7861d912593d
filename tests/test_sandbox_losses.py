"""Rows that an operation leaves out are counted, and counting changes nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from csvagent_jupyter.messages import RowLoss
from csvagent_jupyter.sandbox import SandboxKernel

pytestmark = pytest.mark.asyncio(loop_scope="module")

FRAMES = (
    "a = pd.DataFrame({'k': [1, 2, 2, None], 'v': ['1', 'x', None, '4'], 'd': ['2024-01-01', 'no', None, '?']})\n"
    "b = pd.DataFrame({'k': [2, 3], 'w': [5, 6]})\n"
    "e = pd.DataFrame({'k': [2, 2], 'w': [5, 6]})\n"
)
LINE = 4


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def kernel() -> AsyncIterator[SandboxKernel]:
    kernel = SandboxKernel()
    await kernel.start()
    yield kernel
    await kernel.stop()


LOSSES = {
    "dropna": ("a.dropna()", [RowLoss("dropna", 4, 2, "", LINE)]),
    "dropna of some columns": ("a.dropna(subset=['k', 'v'])", [RowLoss("dropna", 4, 2, "k, v", LINE)]),
    "dropna in place": ("a.dropna(subset='k', inplace=True)", [RowLoss("dropna", 4, 3, "k", LINE)]),
    "dropna of a column": ("a.v.dropna()", [RowLoss("dropna", 4, 3, "v", LINE)]),
    "dropna across": ("a.dropna(axis=1)", []),
    "nothing to drop": ("b.dropna()", []),
    "dates": ("pd.to_datetime(a.d, errors='coerce')", [RowLoss("to_datetime", 3, 1, "d", LINE)]),
    "numbers": ("pd.to_numeric(a['v'], errors='coerce')", [RowLoss("to_numeric", 3, 2, "v", LINE)]),
    "numbers without coercion": ("pd.to_numeric(b['w'])", []),
    "groups": ("a.groupby('k').size()", [RowLoss("groupby", 4, 3, "k", LINE)]),
    "groups by two": ("a.groupby(['k', 'v']).size()", [RowLoss("groupby", 4, 2, "k, v", LINE)]),
    "groups of a column": ("a.v.groupby(a.k).count()", [RowLoss("groupby", 4, 3, "k", LINE)]),
    "groups that keep what is missing": ("a.groupby('k', dropna=False).size()", []),
    "inner merge": (
        "a.merge(b, on='k')",
        [RowLoss("inner merge", 4, 2, "k", LINE), RowLoss("inner merge, right table", 2, 1, "k", LINE)],
    ),
    "merge of pandas": (
        "pd.merge(a, b, how='left')",
        [RowLoss("left merge, right table", 2, 1, "k", LINE)],
    ),
    "outer merge": ("a.merge(b, how='outer')", [RowLoss("merge adds rows", 4, 5, "k", LINE)]),
    "merge that multiplies": ("e.merge(e, on='k')", [RowLoss("merge adds rows", 2, 4, "k", LINE)]),
    "inner join": (
        "a.join(b.w, how='inner')",
        [RowLoss("inner join", 4, 2, "", LINE)],
    ),
    "in a function": ("(lambda frame: frame.dropna())(a)", [RowLoss("dropna", 4, 2, "", LINE)]),
    "twice on one line": ("[a.dropna() for _ in range(3)]", [RowLoss("dropna", 12, 6, "", LINE)]),
    "inside pandas": ("a.describe(include='all'), a.value_counts(), a.pivot_table(index='v', aggfunc='count')", []),
}


@pytest.mark.parametrize(("code", "expected"), LOSSES.values(), ids=LOSSES)
async def test_rows_left_out_are_counted(kernel: SandboxKernel, code: str, expected: list[RowLoss]) -> None:
    quiet = "import warnings; warnings.simplefilter('ignore'); "
    done = await kernel.execute(quiet + FRAMES + code, timeout=60, keep=False)
    assert done.error is None
    assert list(done.losses) == expected


async def test_methods_are_pandas_own_again_afterwards(kernel: SandboxKernel) -> None:
    code = "[hasattr(one, '__wrapped__') for one in (pd.DataFrame.dropna, pd.merge, pd.to_datetime)]"
    during = await kernel.execute(code, timeout=60)
    assert during.value == [True, True, True]
    look = "import gc\n'dropna' in vars(pd.DataFrame), pd.DataFrame.dropna.__name__, pd.merge.__module__"
    assert (await kernel.execute(look, timeout=60)).value == [True, "dropna", "pandas"]


async def test_an_error_of_pandas_stays_what_it_is(kernel: SandboxKernel) -> None:
    for code, name in {
        "pd.DataFrame({'a': [1]}).dropna(subset=['b'])": "KeyError",
        "pd.DataFrame({'a': [1]}).merge(7)": "TypeError",
        "pd.DataFrame({'a': [1]}).groupby('b')": "KeyError",
        "pd.DataFrame.dropna()": "TypeError",
        "pd.merge(pd.DataFrame({'a': [1]}), pd.DataFrame({'b': [1]}))": "MergeError",
    }.items():
        done = await kernel.execute(code, timeout=60)
        assert done.error is not None and done.error.ename == name
        assert done.error.line_number == 1


async def test_counting_that_fails_is_given_up(kernel: SandboxKernel) -> None:
    code = (
        "class Key(pd.Series):\n    def isna(self): raise RuntimeError('not to be looked at')\n"
        "pd.DataFrame({'a': [1, 2]}).groupby(Key([1, None])).a.sum().tolist()"
    )
    done = await kernel.execute(code, timeout=60, keep=False)
    assert (done.error, done.value, done.losses) == (None, [1], ())
