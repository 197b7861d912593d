"""Tables of a result and of a profile as HTML: real tables, bounded, in a box that scrolls."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import Any, Final

from ..messages import Dialect, Profile, ResultTable, RowsAre
from ..tables.option_words import stated_words, written_mark
from ..translations import Language, number, say
from .markup import Html, join, shorten, tag

MAX_ROWS: Final = 200
MAX_COLUMNS: Final = 50
MAX_CELL: Final = 300
MAX_PROFILE_COLUMNS: Final = 100
_DELIMITERS: Final = {"\t": "tab", " ": "space"}
_ABOUT: Final[dict[RowsAre, str]] = {"exact": "", "about": "≈ ", "at least": "≥ "}


def cell_text(value: Any, language: Language) -> str:
    """Write one cell as the language does; whole numbers stay as they are, because they may be years or codes."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return shorten(str(value), MAX_CELL)
    if isinstance(value, int):
        return str(value)
    written = f"{value:.10g}"
    return written.replace(".", ",") if language == "ru" else written


def result_table(table: ResultTable, language: Language) -> Html:
    """Return the first rows and columns of a result, and a line that says what is not shown."""
    columns, rows = table.columns[:MAX_COLUMNS], table.rows[:MAX_ROWS]
    numeric = [_is_numeric(row[index] for row in rows if index < len(row)) for index in range(len(columns))]
    head = [tag("th", shorten(name, MAX_CELL), class_=_number(is_)) for name, is_ in zip(columns, numeric, strict=True)]
    body = [
        [_cell(value, is_, language) for value, is_ in zip(row[: len(columns)], numeric, strict=False)] for row in rows
    ]
    left_out = []
    if table.total_rows > len(rows):
        left_out.append(say("view.first_rows", language, shown=len(rows), rows=table.total_rows))
    if len(table.columns) > len(columns):
        left_out.append(say("view.first_columns", language, shown=len(columns), columns=len(table.columns)))
    under = tag("p", " ".join(left_out), class_="muted") if left_out else None
    return join([_boxed(head, body), under])


def profile_part(profile: Profile, language: Language) -> Html:
    """Return how one file was read: its size, its dialect, and a line for each column."""
    columns = profile.columns[:MAX_PROFILE_COLUMNS]
    words = ("column", "type", "nulls", "distinct", "from", "to")
    right = (False, False, True, True, True, True)
    head = [
        tag("th", say(f"view.column_{word}", language), class_=_number(is_))
        for word, is_ in zip(words, right, strict=True)
    ]
    body = []
    for column in columns:
        about = "≈ " if column.distinct_is_approximate else ""
        cells = [
            shorten(column.name, MAX_CELL),
            say(f"view.type_{column.type}", language),
            number(column.nulls, language),
            about + number(column.distinct, language),
            shorten(cell_text(column.min, language), 40),
            shorten(cell_text(column.max, language), 40),
        ]
        body.append([tag("td", text, class_=_number(is_)) for text, is_ in zip(cells, right, strict=True)])
    more = len(profile.columns) - len(columns) + profile.columns_left_out
    under = tag("p", say("view.more_columns", language, columns=more), class_="muted") if more else None
    return join(
        [tag("p", tag("b", file_name(profile)), " ", profile_line(profile, language)), _boxed(head, body), under]
    )


def file_name(profile: Profile) -> str:
    """Return a file's name without its folder, or a variable's name: a saved notebook need not tell where files lie."""
    return PurePath(profile.path).name or profile.name


def profile_line(profile: Profile, language: Language) -> str:
    """Say the size of a table, how its file is written, and what of that was stated, in one line."""
    columns = len(profile.columns) + profile.columns_left_out
    size = _ABOUT[profile.rows_are] + say("view.size", language, rows=profile.rows, columns=columns)
    return " · ".join([size, *_dialect_words(profile.dialect, language)])


def _dialect_words(dialect: Dialect | None, language: Language) -> list[str]:
    if dialect is None:
        return []
    delimiter = dialect.delimiter
    words = [dialect.encoding.upper().replace("UTF-8-SIG", "UTF-8")]
    words.append(
        say(f"view.delimiter_{_DELIMITERS[delimiter]}", language)
        if delimiter in _DELIMITERS
        else written_mark(delimiter)
    )
    if dialect.decimal != ".":
        words.append(say("view.decimal", language, mark=dialect.decimal))
    if dialect.header_rows == 0:
        words.append(say("view.no_header", language))
    if dialect.skipped_rows:
        words.append(say("view.skipped", language, rows=dialect.skipped_rows))
    if dialect.compression:
        words.append(dialect.compression)
    if stated := stated_words(dialect):
        words.append(say("view.stated", language, options=shorten(" ".join(stated), MAX_CELL)))
    return [word for word in words if word]


def _boxed(head: Sequence[Html], body: Iterable[Sequence[Html]]) -> Html:
    rows = [tag("tr", *cells) for cells in body]
    table = tag("table", tag("thead", tag("tr", *head)), tag("tbody", *rows))
    return tag("div", table, class_="box", style="max-height: 320px; overflow: auto")


def _cell(value: Any, numeric: bool, language: Language) -> Html:
    if value is None:
        return tag("td", "–", class_="number none" if numeric else "none")
    return tag("td", cell_text(value, language), class_=_number(numeric))


def _is_numeric(values: Iterable[Any]) -> bool:
    known = [value for value in values if value is not None]
    return bool(known) and all(isinstance(value, int | float) and not isinstance(value, bool) for value in known)


def _number(is_number: bool) -> str | None:
    return "number" if is_number else None
