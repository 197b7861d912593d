"""Writes the example files: invented shops, weather and people, with the faults that real files have."""

from __future__ import annotations

import csv
import math
import random
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from pathlib import Path

HERE = Path(__file__).parent

PRODUCTS = {
    "Chair": ("Furniture", 84.9),
    "Desk": ("Furniture", 249.0),
    "Bookcase": ("Furniture", 139.5),
    "Lamp": ("Lighting", 39.9),
    "Ceiling light": ("Lighting", 74.5),
    "Rug": ("Textiles", 119.0),
    "Curtain": ("Textiles", 44.9),
    "Cushion": ("Textiles", 17.5),
}
REGIONS = {"North": 1.0, "South": 0.8, "East": 0.65, "West": 1.25}

GOODS = {"Чай": 289.9, "Кофе": 649.0, "Какао": 412.5, "Мёд": 535.0, "Варенье": 318.4, "Печенье": 146.9}
TOWNS = {"Москва": 1.6, "Казань": 0.9, "Самара": 0.7, "Тверь": 0.5, "Пермь": 0.8}

CITIES = {"Bergen": (8.2, 7.0, 6.3), "Lisbon": (17.4, 6.2, 1.9), "Vienna": (11.3, 10.5, 1.8)}
"""Mean temperature, half the distance from winter to summer, mean rain per day."""


def sales(rows: int = 1_460) -> Iterable[list[str]]:
    """A year of orders, written with semicolons and decimal commas; 37 have lost their date."""
    draw = random.Random(41)
    undated = set(draw.sample(range(rows), 37))
    yield ["order_id", "date", "region", "category", "product", "units", "unit_price", "discount", "revenue"]
    for number in range(rows):
        day = date(2024, 1, 1) + timedelta(days=int(number * 366 / rows))
        region = draw.choices(list(REGIONS), weights=list(REGIONS.values()))[0]
        product = draw.choice(list(PRODUCTS))
        category, price = PRODUCTS[product]
        units = max(1, round(draw.gauss(3.0 + day.month * 0.18, 1.6)))
        discount = draw.choices([0.0, 0.05, 0.1, 0.2], weights=[7, 2, 2, 1])[0]
        yield [
            f"A{10_000 + number}",
            "" if number in undated else day.isoformat(),
            region,
            category,
            product,
            str(units),
            comma(price),
            comma(discount),
            comma(units * price * (1 - discount)),
        ]


def groceries(rows: int = 900) -> Iterable[list[str]]:
    """Half a year of a grocery's sales, as a Russian spreadsheet saves them: Windows-1251, day first."""
    draw = random.Random(17)
    yield ["Дата", "Город", "Товар", "Количество", "Цена", "Выручка"]
    for number in range(rows):
        day = date(2025, 1, 1) + timedelta(days=int(number * 181 / rows))
        city = draw.choices(list(TOWNS), weights=list(TOWNS.values()))[0]
        product = draw.choice(list(GOODS))
        price = GOODS[product] * (1 + 0.01 * (day.month - 1))
        amount = max(1, round(draw.gauss(6, 2.5)))
        yield [f"{day:%d.%m.%Y}", city, product, str(amount), comma(price), comma(round(price, 2) * amount)]


def weather(days: int = 731) -> Iterable[list[str]]:
    """Two years of daily weather in three cities; a gauge was broken for a while."""
    draw = random.Random(7)
    yield ["date", "city", "temp_min", "temp_max", "rain_mm", "wind_ms", "sunshine_h"]
    for number in range(days):
        day = date(2023, 1, 1) + timedelta(days=number)
        season = math.cos((day.timetuple().tm_yday - 200) / 365.25 * 2 * math.pi)
        for city, (mean, swing, rain) in CITIES.items():
            middle = mean + swing * season + draw.gauss(0, 2.4)
            spread = abs(draw.gauss(4.2, 1.1))
            wet = draw.random() < rain / (rain + 2.5)
            broken = city == "Bergen" and date(2024, 3, 4) <= day <= date(2024, 3, 19)
            yield [
                day.isoformat(),
                city,
                f"{middle - spread:.1f}",
                f"{middle + spread:.1f}",
                "" if broken else f"{draw.expovariate(1 / (rain + 2.5)) if wet else 0:.1f}",
                f"{draw.weibullvariate(4.1, 2.1):.1f}",
                f"{max(0.0, 6.5 + 4.5 * season - (3.5 if wet else 0) + draw.gauss(0, 1)):.1f}",
            ]


def survey(rows: int = 640) -> Iterable[list[str]]:
    """Answers of people about their way to work; many left a question out."""
    draw = random.Random(23)
    yield ["id", "age", "gender", "education", "transport", "commute_minutes", "income", "satisfaction"]
    for number in range(1, rows + 1):
        age = min(79, max(18, round(draw.gauss(41, 13))))
        education = draw.choices(["school", "college", "university"], weights=[3, 4, 5])[0]
        transport = draw.choices(["car", "bus", "train", "bicycle", "on foot"], weights=[9, 5, 4, 3, 2])[0]
        minutes = {"car": 29, "bus": 38, "train": 52, "bicycle": 21, "on foot": 14}[transport] * draw.uniform(0.5, 1.7)
        income = draw.lognormvariate(10.1 + {"school": 0, "college": 0.2, "university": 0.45}[education], 0.35)
        satisfaction = min(5, max(1, round(4.6 - minutes / 28 + draw.gauss(0, 0.8))))
        yield [
            str(number),
            "" if draw.random() < 0.04 else str(age),
            draw.choices(["female", "male", "other", ""], weights=[48, 47, 2, 3])[0],
            education,
            transport,
            f"{minutes:.0f}",
            "n/a" if draw.random() < 0.12 else f"{round(income, -2):.0f}",
            "" if draw.random() < 0.06 else str(satisfaction),
        ]


def comma(value: float) -> str:
    """Write an amount with a decimal comma."""
    return f"{value:.2f}".replace(".", ",")


FILES: dict[str, tuple[Callable[[], Iterable[list[str]]], str, str]] = {
    "sales.csv": (sales, ";", "utf-8"),
    "продажи.csv": (groceries, ";", "cp1251"),
    "weather.csv": (weather, ",", "utf-8"),
    "survey.csv": (survey, ",", "utf-8"),
}


def main(folder: Path = HERE) -> None:
    """Write every file into `folder`."""
    for name, (rows, delimiter, encoding) in FILES.items():
        with (folder / name).open("w", encoding=encoding, newline="") as file:
            csv.writer(file, delimiter=delimiter, lineterminator="\n").writerows(rows())


if __name__ == "__main__":
    main()
