"""Small tables, their profiles, and a way to put a question to the offline engine and really run its code."""

from __future__ import annotations

import asyncio
import contextlib
import io
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from csvagent_jupyter.messages import Column, Failure, Kind, Profile, Prompt, Turn
from csvagent_jupyter.models.offline import offline
from csvagent_jupyter.translations import Language, language_of

mpl.use("Agg")


def sales() -> pd.DataFrame:
    """40 sales in six cities over two years; some have no city, some no revenue."""
    rng = np.random.default_rng(7)
    cities = ["Moscow", "Kazan", "Omsk", "Saint Petersburg", "Tver", "Sochi"]
    frame = pd.DataFrame(
        {
            "order_id": range(1, 41),
            "date": pd.date_range("2022-02-01", periods=40, freq="17D"),
            "city": rng.choice(cities, 40),
            "product": rng.choice(["Laptop", "Phone", "Desk lamp", "Chair"], 40),
            "customer": [f"Client {n}" for n in rng.integers(1, 12, 40)],
            "quantity": rng.integers(1, 9, 40),
            "unit_price": rng.integers(10, 900, 40) / 2,
            "is_paid": rng.choice([True, False], 40),
        }
    )
    frame["revenue"] = frame["quantity"] * frame["unit_price"]
    frame.loc[[3, 11], "city"] = None
    frame.loc[[5], "revenue"] = np.nan
    return frame


def people() -> pd.DataFrame:
    """Twelve people, one row each, names all different."""
    return pd.DataFrame(
        {
            "Name": ["Ann", "Bob", "Cid", "Dora", "Eve", "Finn", "Gus", "Hal", "Ida", "Jon", "Kim", "Lea"],
            "Age": [34, 51, 28, 45, 39, 61, 23, 37, 45, 30, 55, 41],
            "Gender": ["female", "male", "male", "female", "female", "male"] * 2,
            "Department": ["IT", "Sales", "IT", "HR", "Sales", "IT", "HR", "Sales", "IT", "IT", "Sales", "HR"],
            "Monthly Salary (USD)": [4100, 3900, 5200, 3100, 4300, 7000, 2800, 3600, 5100, 4800, None, 3300],
            "Hire Date": pd.to_datetime(
                [
                    "2015-03-02",
                    "2010-07-19",
                    "2020-01-13",
                    "2012-05-07",
                    "2018-09-24",
                    "2005-11-14",
                    "2022-02-28",
                    "2016-06-06",
                    "2013-10-21",
                    "2019-04-15",
                    "2008-12-01",
                    "2014-08-11",
                ]
            ),
        }
    )


def russian() -> pd.DataFrame:
    """Sales of a Russian shop: Cyrillic names and cells."""
    frame = pd.DataFrame(
        {
            "Дата": pd.date_range("2023-01-05", periods=24, freq="15D"),
            "Город": ["Москва", "Казань", "Нижний Новгород", "Тверь"] * 6,
            "Категория товара": ["Одежда", "Обувь", "Книги"] * 8,
            "Выручка": [1000.5 + 137 * (n % 7) for n in range(24)],
            "Кол-во": [n % 5 + 1 for n in range(24)],
            "Возраст": [20 + n for n in range(24)],
        }
    )
    frame.loc[[2, 9], "Выручка"] = np.nan
    return frame


def kind_of(values: pd.Series) -> Kind:
    if pd.api.types.is_bool_dtype(values):
        return "boolean"
    if pd.api.types.is_datetime64_any_dtype(values):
        return "date"
    if pd.api.types.is_integer_dtype(values):
        return "integer"
    if pd.api.types.is_numeric_dtype(values):
        whole = values.dropna()
        return "integer" if len(whole) and (whole == whole.round()).all() else "number"
    return "category" if values.nunique() <= 20 else "text"


def profile_of(frame: pd.DataFrame, name: str = "table") -> Profile:
    """Profile a small frame the plain way."""
    columns = []
    for label in frame.columns:
        values = frame[label]
        kind = kind_of(values)
        filled = values.dropna()
        low = high = None
        if kind in ("integer", "number") and len(filled):
            low, high = filled.min().item(), filled.max().item()
        elif kind == "date" and len(filled):
            low, high = filled.min().isoformat(), filled.max().isoformat()
        counts = filled.astype(str).value_counts() if kind == "category" else pd.Series(dtype=int)
        columns.append(
            Column(
                name=str(label),
                type=kind,
                nulls=int(values.isna().sum()),
                distinct=int(filled.nunique()),
                min=low,
                max=high,
                examples=tuple(dict.fromkeys(filled.astype(str).head(3))),
                frequent=tuple((str(cell), int(count)) for cell, count in counts.items()),
                dtype=str(values.dtype),
            )
        )
    return Profile(path=f"{name}.csv", name=name, rows=len(frame), columns=tuple(columns))


def finder(frames: dict[str, pd.DataFrame]) -> Callable[[str], list[tuple[str, str, str]]]:
    """Look a term up in the cells of all text columns, case aside, as a whole or a part."""

    def find(term: str) -> list[tuple[str, str, str]]:
        found = []
        for name, frame in frames.items():
            for label in frame.columns:
                if kind_of(frame[label]) in ("text", "category"):
                    cells = frame[label].dropna().astype(str).unique()
                    found += [(name, str(label), cell) for cell in cells if term.casefold() in cell.casefold()]
        return found

    return find


@dataclass
class Ran:
    """What the engine said and what its code did."""

    told: str
    code: str
    printed: str
    result: Any
    figures: list[Any]

    @property
    def axes(self) -> Any:
        return self.figures[0].axes[0]


def reply(prompt: Prompt) -> str:
    """Return the whole reply of the engine to a prompt."""

    async def read() -> str:
        return "".join([chunk.text async for chunk in offline().stream(prompt)])

    return asyncio.run(read())


def make_prompt(
    question: str,
    frame: pd.DataFrame | dict[str, pd.DataFrame],
    language: Language | None = None,
    turns: tuple[Turn, ...] = (),
    failure: Failure | None = None,
) -> Prompt:
    frames = frame if isinstance(frame, dict) else {"table": frame}
    return Prompt(
        question=question,
        language=language or language_of(question),
        profiles=tuple(profile_of(one, name) for name, one in frames.items()),
        find_values=finder(frames),
        turns=turns,
        failure=failure,
    )


def parts(text: str) -> tuple[str, str]:
    """Cut a reply into its sentence and its one block of code."""
    match = re.fullmatch(r"(.+?)\n\n```python\n(.+?)```\n", text, re.DOTALL)
    assert match is not None, text
    assert "```" not in match[2]
    return match[1], match[2]


def run(code: str, frame: pd.DataFrame | dict[str, pd.DataFrame]) -> tuple[str, Any, list[Any]]:
    """Run code as the kernel does: what it prints, its last expression, its open figures."""
    frames = frame if isinstance(frame, dict) else {"table": frame}
    frames = {name: one.copy() for name, one in frames.items()}
    namespace: dict[str, Any] = {"pd": pd, "np": np, "plt": plt, "df": next(iter(frames.values())), "tables": frames}
    plt.close("all")
    *body, last = code.rstrip("\n").split("\n")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), mpl.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # a cell may hold what no font can draw
        exec(compile("\n".join(body), "answer", "exec"), namespace)
        result = eval(last, namespace)
        figures = [plt.figure(number) for number in plt.get_fignums()]
        for figure in figures:
            figure.canvas.draw()
    return printed.getvalue(), result, figures


def ask(question: str, frame: pd.DataFrame | dict[str, pd.DataFrame], **options: Any) -> Ran:
    """Ask the engine and run what it wrote."""
    told, code = parts(reply(make_prompt(question, frame, **options)))
    return Ran(told, code, *run(code, frame))
