"""What an answer shows of an execution: words where the code printed none, texts for plots, and nothing by links."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from csvagent_jupyter.agent.result import alt_text, alt_texts, keep_result, text_of
from csvagent_jupyter.exceptions import StorageFull
from csvagent_jupyter.messages import Chart, Execution, Plot, ResultFile, ResultTable

TABLE = {"columns": ["region", "n"], "rows": [["North", 12_000.5], ["South", None]], "total_rows": 2}


@pytest.mark.parametrize(
    ("execution", "english", "russian"),
    [
        (Execution(stdout="Hello \n", value=5), "Hello", "Hello"),
        (Execution(value=12_408.5), "The result: 12,408.5", "Результат: 12\u202f408,5"),
        (Execution(value="North"), "The result: North", "Результат: North"),
        (Execution(value=[1, 2.5, None]), "The result: 3 values: 1, 2.5, —", "Результат: 3 значения: 1, 2,5, —"),
        (
            Execution(value=TABLE),
            "The result is a table with 2 rows and 2 columns.",
            "Результат — таблица: 2 строки, 2 столбца.",
        ),
        (
            Execution(value={"columns": ["region", "n"], "rows": [["North", 5]], "total_rows": 1}),
            "The result: region North, n 5",
            "Результат: region North, n 5",
        ),
        (
            Execution(tables=(ResultTable(("a",), (("x",), ("y",)), 2),)),
            "The result is a table with 2 rows and 1 column.",
            "Результат — таблица: 2 строки, 1 столбец.",
        ),
        (Execution(value_text="<object at 5>"), "The result: <object at 5>", "Результат: <object at 5>"),
        (Execution(plots=(Plot(b""), Plot(b""))), "The result is 2 figures.", "Результат — 2 графика."),
        (
            Execution(plots=(Plot(b""),), charts=(Chart("bar", "Sales", data=(("a", 1),), total_points=1),)),
            "The result is a figure: Bar chart “Sales”. a: 1.",
            "Результат — график. Столбчатая диаграмма «Sales». a: 1.",
        ),
        (Execution(files=(ResultFile("out.csv", 3),)), "The code wrote: out.csv.", "Код записал: out.csv."),
    ],
)
def test_a_result_is_told_in_words(execution: Execution, english: str, russian: str) -> None:
    assert text_of(execution, "en") == english
    assert text_of(execution, "ru") == russian


def test_a_long_list_is_cut() -> None:
    assert text_of(Execution(value=list(range(200))), "en").endswith("10, 11…")


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        (
            Chart("bar", "Revenue", "region", "revenue", (("North", 5_000), ("South", 3)), 2),
            "Bar chart “Revenue”, revenue by region. North: 5000, South: 3.",
        ),
        (
            Chart("line", "", "", "", tuple((f"2024-{n:02}", n * 10) for n in range(1, 13)), 12),
            "Line chart. 12 points, highest 2024-12 (120), lowest 2024-01 (10).",
        ),
        (
            Chart("scatter", "A against B", data=((1, 2), (3, 4)), total_points=2),
            "Scatter plot “A against B”. 2 points.",
        ),
        (Chart("line", data=(("a", 1, "x"), ("a", 2, "y")), total_points=2), "Line chart. 2 points."),
        (Chart("heatmap", "Correlation", data=(("a", 1),), total_points=1), "Heat map “Correlation”."),
        (Chart("never seen", "<b>"), "Figure “<b>”."),
        (Chart("bar", data=(("a", None), ("b", 2)), total_points=2), "Bar chart. 2 points."),
    ],
)
def test_a_chart_is_told_in_words(chart: Chart, expected: str) -> None:
    assert alt_text(chart, "en") == expected


def test_every_plot_has_a_text() -> None:
    plots = (Plot(b""), Plot(b""))
    assert alt_texts(Execution(plots=plots), "ru") == ("График", "График")
    assert len(alt_texts(Execution(plots=plots, charts=(Chart("pie"), Chart("box"))), "ru")) == 2
    assert len(alt_texts(Execution(plots=plots[:1], charts=(Chart("pie"), Chart("box"))), "ru")) == 1


async def test_a_link_that_the_code_left_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    link = tmp_path / "out.txt"
    link.symlink_to(secret)
    plain = tmp_path / "plain.txt"
    plain.write_text("plain")
    kept: list[Any] = []

    async def keep(content: bytes | Path, media_type: str, name: str) -> str:
        kept.append((content, media_type, name))
        return "artifact:1"

    files = (
        ResultFile("out.txt", 6, str(link)),
        ResultFile("../../plain.txt", 5, str(plain)),
        ResultFile("gone.txt", 1, str(tmp_path / "gone")),
    )
    result = await keep_result(Execution(files=files), keep)
    assert kept == [(plain, "text/plain", "plain.txt")]
    assert [(file.path, file.artifact) for file in result.files] == [("", "artifact:1")]


async def test_a_result_that_cannot_be_kept_is_shown_all_the_same() -> None:
    async def full(*_: object) -> str:
        raise StorageFull("sessions.artifacts_full", path="store")

    table = ResultTable(("a",), ((1,),), 1, path="/kernel/1.arrow")
    kept = await keep_result(Execution(plots=(Plot(b"png", b"svg"),), tables=(table,)), full)
    assert kept.plots == ("data:image/png;base64,cG5n",) and len(kept.plots_svg) == 1
    assert kept.tables[0].rows == ((1,),) and not kept.tables[0].path
    assert kept.trouble is not None
