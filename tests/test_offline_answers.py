"""Questions and their answers: the code is run, and its numbers are compared with numbers computed here."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from offline_frames import ask, make_prompt, parts, people, reply, run, russian, sales

from csvagent_jupyter.exceptions import Declined

S, P, R = sales(), people(), russian()


def plain(result: Any) -> Any:
    """Bring a result to plain values: a table becomes (key …, value) rows without its index."""
    if isinstance(result, pd.DataFrame):
        return [tuple(_value(cell) for cell in row) for row in result.itertuples(index=False)]
    if isinstance(result, pd.Series):
        return [_value(cell) for cell in result]
    return _value(result)


def _value(cell: Any) -> Any:
    if isinstance(cell, pd.Timestamp):
        return cell.date().isoformat()
    if isinstance(cell, float) or hasattr(cell, "dtype"):
        number = float(cell)
        return None if math.isnan(number) else round(number, 9)
    return cell


def pairs(series: pd.Series, *, down: bool = True) -> list[tuple[Any, float]]:
    """The groups as the engine orders them: biggest first."""
    ordered = series.sort_values(ascending=not down, kind="stable")
    return [(key, round(float(value), 9)) for key, value in ordered.items()]


def by_month(frame: pd.DataFrame, date: str, value: str) -> list[tuple[str, float]]:
    months = frame[date].dt.strftime("%Y-%m-01")
    return [(key, round(float(number), 9)) for key, number in frame.groupby(months)[value].sum().items()]


OVER_40_IN_IT = (P["Age"] > 40) & (P["Department"] == "IT")
REVENUES = pairs(R.groupby("Город")["Выручка"].sum())
KAZAN_2022 = (S["city"] == "Kazan") & (S["date"] < "2023")
IN_2023 = S[S["date"] >= "2023-01-01"]

SCALARS: list[tuple[pd.DataFrame, str, float]] = [
    (S, "How many rows are there?", 40),
    (S, "сколько строк", 40),
    (S, "total revenue", S["revenue"].sum()),
    (S, "What is the sum of revenue?", S["revenue"].sum()),
    (S, "какая общая выручка", S["revenue"].sum()),
    (S, "average unit price", S["unit_price"].mean()),
    (S, "средняя цена", S["unit_price"].mean()),
    (S, "median revenue", S["revenue"].median()),
    (S, "standard deviation of quantity", S["quantity"].std()),
    (S, "the highest revenue", S["revenue"].max()),
    (S, "минимальная выручка", S["revenue"].min()),
    (S, "how many customers are there", S["customer"].nunique()),
    (S, "сколько разных городов", S["city"].nunique()),
    (S, "revenue in Moscow", S.loc[S["city"] == "Moscow", "revenue"].sum()),
    (S, "revenue in Moscow or Kazan", S.loc[S["city"].isin(["Moscow", "Kazan"]), "revenue"].sum()),
    (S, "revenue excluding Moscow", S.loc[S["city"] != "Moscow", "revenue"].sum()),
    (S, "how many orders are not in Saint Petersburg", (S["city"] != "Saint Petersburg").sum()),
    (S, "how many orders with revenue over 1,000", (S["revenue"] > 1000).sum()),
    (S, "number of orders with quantity of at least 5", (S["quantity"] >= 5).sum()),
    (S, "how many orders with quantity between 2 and 4", S["quantity"].between(2, 4).sum()),
    (S, "how many orders with quantity from 2 to 4", S["quantity"].between(2, 4).sum()),
    (S, "revenue in 2023", IN_2023["revenue"].sum()),
    (S, "revenue since March 2023", S.loc[S["date"] >= "2023-03-01", "revenue"].sum()),
    (S, "how many orders before 2023", (S["date"] < "2023-01-01").sum()),
    (S, "how many orders after 2023-03-01", (S["date"] >= "2023-03-02").sum()),
    (S, "how many orders in q2 2022", S["date"].between("2022-04-01", "2022-06-30").sum()),
    (S, "how many orders were paid", S["is_paid"].sum()),
    (S, "how many orders were not paid", (~S["is_paid"]).sum()),
    (S, "how many rows have no city", S["city"].isna().sum()),
    (S, "missing values in revenue", S["revenue"].isna().sum()),
    (S, "what percentage of orders are from Moscow", 100 * (S["city"] == "Moscow").mean()),
    (S, "correlation between quantity and revenue", S["quantity"].corr(S["revenue"])),
    (S, "total revenu", S["revenue"].sum()),
    (P, "how many women are there", (P["Gender"] == "female").sum()),
    (P, "average age in IT", P.loc[P["Department"] == "IT", "Age"].mean()),
    (P, "how many people are older than 40", (P["Age"] > 40).sum()),
    (
        P,
        "average salary of people over 40 in IT",
        P.loc[(P["Age"] > 40) & (P["Department"] == "IT"), "Monthly Salary (USD)"].mean(),
    ),
    (R, "сколько строк в Москве", (R["Город"] == "Москва").sum()),
    (R, "сколько записей не в Нижнем Новгороде", (R["Город"] != "Нижний Новгород").sum()),
    (R, "средний возраст в Казани", R.loc[R["Город"] == "Казань", "Возраст"].mean()),
    (R, "сумма выручки в марте 2023 года", R.loc[R["Дата"].dt.month == 3, "Выручка"].sum()),
    (R, "выручка с 2023-03-01 по 2023-05-01", R.loc[R["Дата"].between("2023-03-01", "2023-05-01"), "Выручка"].sum()),
    (R, "сколько записей с возрастом больше 30", (R["Возраст"] > 30).sum()),
    (R, "сколько записей, где возраст от 25 до 30", R["Возраст"].between(25, 30).sum()),
    (R, "доля Москвы в выручке", 100 * R.loc[R["Город"] == "Москва", "Выручка"].sum() / R["Выручка"].sum()),
    (R, "корреляция выручки и возраста", R["Выручка"].corr(R["Возраст"])),
    (R, "медиана возраста", R["Возраст"].median()),
]


@pytest.mark.parametrize(("frame", "question", "expected"), SCALARS, ids=[q for _, q, _ in SCALARS])
def test_one_number(frame: pd.DataFrame, question: str, expected: float) -> None:
    ran = ask(question, frame)
    assert plain(ran.result) == pytest.approx(float(expected))
    assert ran.printed.strip()


GROUPS: list[tuple[pd.DataFrame, str, list[tuple[Any, ...]]]] = [
    (S, "revenue by city", pairs(S.groupby("city")["revenue"].sum())),
    (S, "выручка по городам", pairs(S.groupby("city")["revenue"].sum())),
    (S, "average unit price for each product", pairs(S.groupby("product")["unit_price"].mean())),
    (S, "number of orders per city", pairs(S.groupby("city").size())),
    (S, "how many customers in each city", pairs(S.groupby("city")["customer"].nunique())),
    (S, "top 3 cities by revenue", pairs(S.groupby("city")["revenue"].sum())[:3]),
    (S, "3 cities with the lowest average revenue", pairs(S.groupby("city")["revenue"].mean(), down=False)[:3]),
    (S, "Which city has the highest revenue?", pairs(S.groupby("city")["revenue"].sum())[:1]),
    (S, "which product is the most expensive", pairs(S.groupby("product")["unit_price"].max())[:1]),
    (S, "most popular product", pairs(S.groupby("product").size())[:1]),
    (S, "cities with total revenue over 3000", [p for p in pairs(S.groupby("city")["revenue"].sum()) if p[1] > 3000]),
    (S, "revenue by product in 2023", pairs(IN_2023.groupby("product")["revenue"].sum())),
    (S, "revenue by month", by_month(S, "date", "revenue")),
    (S, "monthly revenue", by_month(S, "date", "revenue")),
    (S, "revenue over time", by_month(S, "date", "revenue")),
    (S, "yearly quantity", list(S.groupby(S["date"].dt.year)["quantity"].sum().items())),
    (S, "cities sorted by revenue", pairs(S.groupby("city")["revenue"].sum())),
    (S, "revenue by city ascending", pairs(S.groupby("city")["revenue"].sum(), down=False)),
    (P, "average salary by department", pairs(P.groupby("Department")["Monthly Salary (USD)"].mean())),
    (P, "departments with more than 3 people", [p for p in pairs(P.groupby("Department").size()) if p[1] > 3]),
    (R, "выручка по городам", pairs(R.groupby("Город")["Выручка"].sum())),
    (R, "средняя выручка по категориям", pairs(R.groupby("Категория товара")["Выручка"].mean())),
    (R, "топ 2 города по выручке", pairs(R.groupby("Город")["Выручка"].sum())[:2]),
    (R, "какой город имеет максимальную выручку", pairs(R.groupby("Город")["Выручка"].sum())[:1]),
    (R, "динамика выручки по месяцам", by_month(R, "Дата", "Выручка")),
    (
        R,
        "города с суммарной выручкой больше 7500",
        [p for p in pairs(R.groupby("Город")["Выручка"].sum()) if p[1] > 7500],
    ),
]


@pytest.mark.parametrize(("frame", "question", "expected"), GROUPS, ids=[q for _, q, _ in GROUPS])
def test_one_number_per_group(frame: pd.DataFrame, question: str, expected: list[tuple[Any, ...]]) -> None:
    assert plain(ask(question, frame).result) == [tuple(row) for row in expected]


def test_two_keys_and_two_measures() -> None:
    ran = ask("total revenue and median quantity by city and product", S)
    grouped = S.groupby(["city", "product"])
    expected = {key: (float(group["revenue"].sum()), float(group["quantity"].median())) for key, group in grouped}
    assert {(row[0], row[1]): (row[2], row[3]) for row in plain(ran.result)} == expected


def test_shares_are_of_the_whole() -> None:
    sums = R.groupby("Категория товара")["Выручка"].sum()
    result = ask("доля каждой категории в выручке", R).result
    assert dict(zip(result.iloc[:, 0], result["доля, %"].round(6), strict=True)) == pytest.approx(
        (100 * sums / sums.sum()).round(6).to_dict()
    )


def test_everybody_on_the_first_place_is_told() -> None:
    frame = pd.DataFrame({"team": ["a", "a", "b", "b", "c"], "points": [3, 1, 2, 2, 1]})
    ran = ask("which team has the most points", frame)
    assert plain(ran.result) == [("a", 4.0), ("b", 4.0)]


def test_a_group_without_any_value_has_no_sum() -> None:
    frame = pd.DataFrame({"city": ["x", "x", "y"], "revenue": [1.0, 2.0, None]})
    ran = ask("total revenue by city", frame)
    assert plain(ran.result) == [("x", 3.0), ("y", None)]
    assert ran.printed.endswith("1 row without a value in revenue is not in this result.\n")


@pytest.mark.parametrize(
    ("gaps", "english", "russian"),
    [
        (1, "1 row without a value in revenue is not", "1 строка без значения revenue в результат не вошла."),
        (3, "3 rows without a value in revenue are not", "3 строки без значения revenue в результат не вошли."),
        (12, "12 rows without a value in revenue are not", "12 строк без значения revenue в результат не вошли."),
        (21, "21 rows without a value in revenue are not", "21 строка без значения revenue в результат не вошла."),
    ],
)
def test_rows_left_out_are_told_after_the_answer(gaps: int, english: str, russian: str) -> None:
    frame = pd.DataFrame({"city": ["x", "y"] * 15, "revenue": [None] * gaps + [5.0] * (30 - gaps)})
    for question, expected in [("revenue by city", english), ("выручка по городам", russian)]:
        answer, lost = ask(question, frame).printed.splitlines()
        assert answer and lost.startswith(expected)


def test_a_row_left_out_for_two_reasons_is_told_once() -> None:
    frame = pd.DataFrame({"city": [None, "x", "y", "y"], "revenue": [None, None, 1.0, 2.0]})
    assert ask("revenue by city", frame).printed.count("2 rows without a value in city or revenue are not") == 1


def test_the_code_has_no_more_than_it_needs() -> None:
    assert "def " not in ask("how many rows", S).code + ask("top 3 products by number of orders", S).code
    assert ask("units by shop", pd.DataFrame({"shop": ["a", "b"], "units": [1, 2]})).code.count("\n    return") == 1


ROWS: list[tuple[pd.DataFrame, str, list[Any]]] = [
    (S, "show orders with revenue over 2000", S.loc[S["revenue"] > 2000, "order_id"].tolist()),
    (
        S,
        "list all orders from Kazan in 2022",
        S.loc[(S["city"] == "Kazan") & (S["date"] < "2023"), "order_id"].tolist(),
    ),
    (S, "first 5 rows", [1, 2, 3, 4, 5]),
    (S, "show me 7 rows", [1, 2, 3, 4, 5, 6, 7]),
    (S, "покажи строки, где количество больше 7", S.loc[S["quantity"] > 7, "order_id"].tolist()),
    (P, "who is the oldest", ["Finn"]),
    (P, "who has the highest salary", ["Finn"]),
    (P, "3 youngest people", ["Gus", "Cid", "Jon"]),
    (P, "names of employees in IT sorted by age", ["Cid", "Jon", "Ann", "Ida", "Finn"]),
    (P, "people older than 50", ["Bob", "Finn", "Kim"]),
    (R, "уникальные города", ["Казань", "Москва", "Нижний Новгород", "Тверь"]),
    (S, "list unique products", ["Chair", "Desk lamp", "Laptop", "Phone"]),
]


@pytest.mark.parametrize(("frame", "question", "expected"), ROWS, ids=[q for _, q, _ in ROWS])
def test_rows_and_values(frame: pd.DataFrame, question: str, expected: list[Any]) -> None:
    result = ask(question, frame).result
    first = result.iloc[:, 0] if isinstance(result, pd.DataFrame) else result
    assert first.tolist() == expected


def test_several_numbers_at_once() -> None:
    assert plain(ask("min and max revenue", S).result) == [S["revenue"].min(), S["revenue"].max()]


def test_missing_values_of_every_column() -> None:
    result = ask("Which columns have missing values?", S).result
    assert dict(zip(result["column"], result["missing"], strict=True))["city"] == 2
    assert result["missing"].sum() == 3


def test_duplicates_columns_and_summaries() -> None:
    doubled = pd.concat([P, P.head(2)], ignore_index=True)
    assert len(ask("are there duplicate rows", doubled).result) == 2
    assert ask("какие столбцы есть", R).result["столбец"].tolist() == list(R.columns)
    assert ask("describe the data", S).result.loc["revenue", "mean"] == pytest.approx(S["revenue"].mean())


def test_correlation_of_everything() -> None:
    result = ask("correlation matrix", S).result
    assert result.loc["quantity", "revenue"] == pytest.approx(S["quantity"].corr(S["revenue"]))


def test_the_reading_names_columns_and_filters() -> None:
    assert ask("revenue by month in 2023", S).told == (
        "Read as: sum of revenue by month of date, only rows where year of date is 2023."
    )
    assert ask("выручка по месяцам", S).told == "Понято так: сумма revenue по месяцам date, все строки."


def test_the_sentence_writes_numbers_as_the_language_does() -> None:
    frame = pd.DataFrame({"сумма": [1200000.5, 34567]})
    assert "1\u202f234\u202f567,5" in ask("итого сумма", frame).printed
    assert "1,234,567.5" in ask('sum of "сумма"', frame).printed


def test_nothing_found_is_an_answer() -> None:
    ran = ask("revenue by city where quantity is over 100", S)
    assert "No row" in ran.printed and not ran.figures


def test_dates_kept_as_text_are_read_as_dates() -> None:
    prompt = make_prompt("revenue by month", S)
    columns = tuple(replace(c, dtype="str") if c.name == "date" else c for c in prompt.profiles[0].columns)
    told = replace(prompt, profiles=(replace(prompt.profiles[0], columns=columns),))
    _, code = parts(reply(told))
    _, result, _ = run(code, S.assign(date=S["date"].dt.strftime("%Y-%m-%d").astype(object)))
    assert plain(result) == by_month(S, "date", "revenue")


def test_age_and_ascending_are_two_words_in_russian() -> None:
    ran = ask("отсортируй имена по возрасту", P)
    assert ran.result["Name"].tolist() == P.sort_values("Age", kind="stable")["Name"].tolist()
    down = ask("отсортируй имена по возрасту по убыванию", P)
    assert down.result["Name"].iloc[0] == "Finn"
    up = ask("средний возраст по отделам по возрастанию", P)
    assert plain(up.result) == pairs(P.groupby("Department")["Age"].mean(), down=False)


def test_what_is_joined_to_a_group_is_added_up() -> None:
    assert plain(ask("each city and its revenue", S).result) == pairs(S.groupby("city")["revenue"].sum())


def test_an_order_that_is_not_in_the_result_is_declined() -> None:
    with pytest.raises(Declined):
        ask("number of orders by city sorted by revenue", S)
