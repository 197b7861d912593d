"""Each check finds what its formula says, and keeps quiet about good answers."""

from __future__ import annotations

import io
from typing import Any

import pytest

from csvagent_jupyter.agent.checks import HINTS, check, has_ink
from csvagent_jupyter.messages import Chart, Execution, Plot, ResultFile, ResultTable, RowLoss


def image(*, blank: bool = False, size: int = 40) -> bytes:
    from PIL import Image

    picture = Image.new("RGB", (size, size), "white")
    if not blank:
        picture.putpixel((3, 3), (0, 0, 0))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def table(columns: str, *rows: tuple[Any, ...], total: int | None = None) -> ResultTable:
    return ResultTable(tuple(columns.split()), rows, len(rows) if total is None else total)


def value_of(shown: ResultTable) -> dict[str, Any]:
    return {"columns": list(shown.columns), "rows": [list(row) for row in shown.rows], "total_rows": shown.total_rows}


def bars(*points: tuple[Any, ...], kind: str = "bar") -> Chart:
    return Chart(kind, "Revenue", data=points, total_points=len(points))


def found(execution: Execution, code: str = "x") -> list[tuple[str, bool]]:
    return [(finding.key, finding.severe) for finding in check(execution, code)]


REGIONS = table("region revenue", ("North", 120.5), ("South", 80.25), ("East", 10.0))
WITH_TOTAL = table("region revenue", ("North", 120.5), ("South", 80.25), ("Total", 200.75))

GOOD = [
    Execution(stdout="There are 12 rows.\n", value=12, value_text="12"),
    Execution(stdout="None are missing.", value_text="None"),
    Execution(value=0, value_text="0"),
    Execution(value=False, value_text="False"),
    Execution(stdout="x", value=value_of(REGIONS), tables=(REGIONS,)),
    Execution(stdout="x", value=value_of(WITH_TOTAL), tables=(WITH_TOTAL,)),
    Execution(stdout="x", tables=(table("region mean_price", ("a", 2.0), ("b", 4.0), ("Total", 3.0)),)),
    Execution(stdout="x", tables=(table("регион средняя_цена", ("a", 2.0), ("b", 4.0), ("Итого", 3.0)),)),
    Execution(stdout="x", tables=(table("region share", ("a", 33.33), ("b", 66.67), ("All", 100.0)),)),
    Execution(stdout="x", tables=(table("part n", ("a", 33.3), ("b", 33.3), ("c", 33.3), ("Total", 100.0)),)),
    Execution(stdout="x", tables=(table("part n", ("a", 1), ("b", 2), ("Total", 50), total=70),)),
    Execution(stdout="x", tables=(table("part n", ("a", 1), ("b", None), ("Total", 1)),)),
    Execution(stdout="x", tables=(table("first missing", ("a", None), ("b", 5)),)),
    Execution(
        stdout="x", plots=(Plot(image()),), charts=(bars(("North", 120.5), ("South", 80.25)),), tables=(REGIONS,)
    ),
    Execution(
        stdout="x", plots=(Plot(image()),), charts=(bars(("North", 0.1205), ("South", 0.08025)),), tables=(REGIONS,)
    ),
    Execution(
        stdout="x",
        plots=(Plot(image()),),
        charts=(bars(("North", 57.2), ("South", 38.1), ("East", 4.7), kind="pie"),),
        tables=(REGIONS,),
    ),
    Execution(
        stdout="x",
        plots=(Plot(image()),),
        charts=(bars(("North", 120.5), ("South", 200.75), ("East", 210.75), kind="line"),),
        tables=(REGIONS,),
    ),
    Execution(stdout="x", plots=(Plot(image()),), charts=(bars(("North", 3), ("South", 900)),), tables=(REGIONS,)),
    Execution(stdout="x", plots=(Plot(image()),), charts=(bars(("May", 1), ("June", 2)),), tables=(REGIONS,)),
    Execution(stdout="x", plots=(Plot(image()),), charts=(Chart("other"),)),
    Execution(stdout="x", losses=(RowLoss("left merge, right table", 50, 12, "id"),)),
    Execution(files=(ResultFile("out.csv", 12),)),
    Execution(plots=(Plot(image()),), charts=(bars(("a", 1)),)),
]


def test_false_alarms_on_good_runs_are_none() -> None:
    alarms = {number: found(execution) for number, execution in enumerate(GOOD)}
    rate = sum(bool(keys) for keys in alarms.values()) / len(GOOD)
    assert rate == 0, {number: keys for number, keys in alarms.items() if keys}


EMPTY = ResultTable(("region", "revenue"), (), 0)
MISSING = table("region revenue", ("North", None), ("South", None))


@pytest.mark.parametrize(
    ("execution", "expected"),
    [
        (Execution(), ("check_nothing", True)),
        (Execution(stdout=" \n", value_text="None"), ("check_nothing", True)),
        (Execution(stdout="Those:", value=value_of(EMPTY), tables=(EMPTY,)), ("check_empty", True)),
        (Execution(stdout="Those:", tables=(EMPTY,)), ("check_empty", True)),
        (Execution(stdout="Those:", value=[]), ("check_empty", True)),
        (Execution(stdout="x", value=value_of(MISSING), tables=(MISSING,)), ("check_missing", True)),
        (Execution(stdout="x", value=[None, None]), ("check_missing", True)),
        (Execution(stdout="The mean is nan", value=None, value_text="nan"), ("check_missing", True)),
        (Execution(value_text="np.float64(nan)"), ("check_missing", True)),
        (Execution(stdout="x", plots=(Plot(image(blank=True)),), charts=(bars(),)), ("check_no_ink", True)),
        (Execution(stdout="x", plots=(Plot(image()),), charts=(bars(),)), ("check_no_data", True)),
        (Execution(stdout="x", losses=(RowLoss("merge adds rows", 10, 25, "id"),)), ("check_join", True)),
        (Execution(stdout="x", losses=(RowLoss("dropna", 100, 63, "date"),)), ("loss_missing", False)),
        (Execution(stdout="x", losses=(RowLoss("dropna", 100, 63),)), ("loss_any", False)),
        (Execution(stdout="x", losses=(RowLoss("groupby", 100, 63, "region"),)), ("loss_missing", False)),
        (Execution(stdout="x", losses=(RowLoss("to_datetime", 100, 63, "date"),)), ("loss_date", False)),
        (Execution(stdout="x", losses=(RowLoss("to_numeric", 100, 63),)), ("loss_number_any", False)),
        (Execution(stdout="x", losses=(RowLoss("inner merge", 100, 63, "id"),)), ("loss_join", False)),
        (
            Execution(stdout="x", tables=(table("region n", ("a", 1), ("b", 2), ("Total", 4)),)),
            ("check_total", False),
        ),
        (
            Execution(stdout="x", tables=(table("регион сумма", ("a", 1.5), ("b", 2.5), ("Итого", 5.0)),)),
            ("check_total", False),
        ),
        (
            Execution(
                stdout="x",
                plots=(Plot(image()),),
                charts=(bars(("North", 120.5), ("South", 80.25), ("East", 13.0)),),
                tables=(REGIONS,),
            ),
            ("check_chart", False),
        ),
    ],
)
def test_what_is_doubtful_is_found(execution: Execution, expected: tuple[str, bool]) -> None:
    assert found(execution) == [expected]


@pytest.mark.parametrize(
    "code",
    [
        "late = df[df.d > x]\nif late.empty:\n    print('none')\nlate",
        "late = df[df.d > x]\nif len(late) == 0:\n    print('none')",
        "late = df[df.d > x]\nprint('none' if not len(late) else 'some')",
    ],
)
def test_code_that_has_thought_of_an_empty_result_pays_no_attempt(code: str) -> None:
    assert found(Execution(stdout="none", value=value_of(EMPTY), tables=(EMPTY,)), code) == [("check_empty", False)]


@pytest.mark.parametrize("how", ["outer", "cross"])
def test_a_wide_join_may_have_more_rows(how: str) -> None:
    execution = Execution(stdout="x", losses=(RowLoss("merge adds rows", 10, 25, "id"),))
    assert found(execution, f"df.merge(other, how='{how}')") == []


def test_severe_findings_come_first_and_nothing_is_said_twice() -> None:
    losses = (RowLoss("dropna", 9, 8, "a"), RowLoss("dropna", 9, 8, "a"), RowLoss("merge adds rows", 1, 5))
    assert found(Execution(stdout="x", losses=losses)) == [("check_join", True), ("loss_missing", False)]


def test_every_severe_finding_has_a_hint_that_quotes_no_data() -> None:
    executions = [
        Execution(),
        Execution(value=[]),
        Execution(value=[None]),
        Execution(stdout="x", plots=(Plot(image(blank=True)),)),
        Execution(stdout="x", plots=(Plot(image()),), charts=(bars(),)),
        Execution(stdout="x", losses=(RowLoss("merge adds rows", 1234, 56789),)),
    ]
    severe = [finding for execution in executions for finding in check(execution, "x") if finding.severe]
    assert {finding.key for finding in severe} == set(HINTS)
    assert not any(character.isdigit() for finding in severe for character in finding.hint)


@pytest.mark.parametrize(
    ("rows", "english", "russian"),
    [
        (
            1,
            "1 row without a value in “date” did not enter this result.",
            "В результате нет 1 строки с пропуском в столбце «date».",
        ),
        (
            37,
            "37 rows without a value in “date” did not enter this result.",
            "В результате нет 37 строк с пропуском в столбце «date».",
        ),
        (
            12_408,
            "12,408 rows without a value in “date” did not enter this result.",
            "В результате нет 12\u202f408 строк с пропуском в столбце «date».",
        ),
    ],
)
def test_a_note_is_written_as_the_language_writes_it(rows: int, english: str, russian: str) -> None:
    [finding] = check(Execution(stdout="x", losses=(RowLoss("dropna", rows, 0, "date"),)), "x")
    assert (finding.note("en").text, finding.note("ru").text) == (english, russian)
    assert finding.note("en").level == "warning"


def test_every_finding_can_be_said_in_both_languages() -> None:
    everything = Execution(
        stdout="x",
        plots=(Plot(image(blank=True)), Plot(image())),
        charts=(bars(), bars()),
        value=[],
        tables=(table("region n", ("a", 1), ("b", 2), ("Total", 4)),),
        losses=tuple(
            RowLoss(operation, 9, 5, column)
            for operation in ("dropna", "to_datetime", "to_numeric", "inner merge")
            for column in ("", "day")
        ),
    )
    findings = check(everything, "x")
    assert len(findings) >= 10
    for finding in findings:
        assert finding.note("en").text != finding.note("ru").text


def test_an_image_that_cannot_be_read_gets_the_benefit_of_the_doubt() -> None:
    assert has_ink(b"no picture")
    assert has_ink(image()[:60])
    assert has_ink(image())
    assert not has_ink(image(blank=True))


@pytest.mark.parametrize(
    ("stdout", "accounted"),
    [
        ("The mean is 5.\n1,237 rows without a value in date are not in this result.", True),
        ("Среднее 5.\n1\u202f237 строк без значения date в результат не вошли.", True),
        ("Rows without a value in date: 1237, not in this result.", True),
        ("Dropped 1237 rows.", True),
        ("The sum is 1,237.", False),
        ("1,237 rows were counted.", False),
        ("37 rows without a value are not in this result.", False),
        ("1237.5 rows are missing on average.", False),
        ("", False),
    ],
)
def test_rows_that_the_answer_itself_speaks_of_are_accounted_for(stdout: str, accounted: bool) -> None:
    execution = Execution(stdout=stdout, value=5, losses=(RowLoss("groupby", 2000, 763, "date"),))
    keys = [finding.key for finding in check(execution, "df.groupby('date')")]
    assert ("loss_missing" not in keys) is accounted
