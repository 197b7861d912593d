"""An intent in words: how the question was read, and the names of its numbers and groups."""

from __future__ import annotations

from datetime import date, timedelta

from ...translations import Language, number, say
from .intent import Condition, Having, Intent, Key, Measure, Scalar

_MAX_NAME = 60
_MAX_LISTED = 8
_SIGNS = {">=": "≥", "<=": "≤", "!=": "≠", "==": "="}


def one_line(text: str) -> str:
    """Return a name or a cell as it can stand in a sentence or a comment: on one line, of a readable length."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).replace("`", "'").split())
    return line if len(line) <= _MAX_NAME else line[: _MAX_NAME - 1] + "…"


def shown(name: str, language: Language) -> str:
    """Return a column's name as it stands in a sentence: bare when it is one word, else in quotes."""
    line = one_line(name)
    if line and all(c.isalnum() or c == "_" for c in line):
        return line
    return say("offline.quoted", language, text=line)


def scalar(value: Scalar, language: Language) -> str:
    """Return a cell, a number or a date of a condition in words."""
    if isinstance(value, bool):
        return say("offline.true" if value else "offline.false", language)
    return one_line(value) if isinstance(value, str) else number(value, language)


def measure(what: Measure, language: Language) -> str:
    return say(f"offline.{what.aggregate}", language, column=shown(what.column, language))


def key_label(key: Key, language: Language) -> str:
    """Return the name of a group's column in the result."""
    return say(f"offline.grain_{key.grain}", language, column=key.column) if key.grain else key.column


def key(key: Key, language: Language) -> str:
    name = shown(key.column, language)
    return say(f"offline.by_{key.grain}", language, column=name) if key.grain else name


def condition(one: Condition, language: Language) -> str:
    """Return one condition in words."""
    column = shown(one.column, language)
    years = one.operator == "year" or (one.operator in ("==", "in", "between") and _are_years(one))
    listed = [str(v) if years else scalar(v, language) for v in one.values]
    if one.operator == "month":
        names = say("offline.months", language).split(",")
        listed = [names[int(v) - 1] for v in one.values]
    values = say("offline.or", language).join(listed[:_MAX_LISTED]) + ("…" if len(listed) > _MAX_LISTED else "")
    if one.operator in ("==", "in") and one.negated:
        return say("offline.is_not", language, column=column, values=values)
    if one.operator in ("==", "in"):
        return say("offline.is", language, column=column, values=values)
    if one.operator == "between":
        return say("offline.between", language, column=column, low=listed[0], high=listed[1])
    if one.operator == "span":
        last = date.fromisoformat(str(one.values[1])) - timedelta(days=1)
        return say("offline.span", language, column=column, low=listed[0], high=last.isoformat())
    if one.operator in ("missing", "present"):
        return say(f"offline.is_{one.operator}", language, column=column)
    if one.operator in ("year", "month"):
        return say(f"offline.{one.operator}_is", language, column=column, values=values)
    if one.operator == "contains":
        return say("offline.contains", language, column=column, values=say("offline.quoted", language, text=values))
    sign = _SIGNS.get(one.operator, one.operator)
    return say("offline.compared", language, column=column, operator=sign, values=values)


def _are_years(one: Condition) -> bool:
    return all(isinstance(v, int) and not isinstance(v, bool) and 1800 <= v <= 2100 for v in one.values)


def conditions(listed: tuple[Condition, ...], language: Language) -> str:
    return say("offline.and", language).join(condition(one, language) for one in listed)


def having(listed: tuple[Having, ...], language: Language) -> str:
    words = []
    for one in listed:
        sign = _SIGNS.get(one.operator, one.operator)
        values = " – ".join(number(v, language) for v in one.values)
        words.append(
            say("offline.compared", language, column=measure(one.measure, language), operator=sign, values=values)
        )
    return say("offline.and", language).join(words)


def columns(names: tuple[str, ...], language: Language) -> str:
    listed = [shown(name, language) for name in names]
    return ", ".join(listed[:_MAX_LISTED]) + ("…" if len(listed) > _MAX_LISTED else "")


def what(intent: Intent, language: Language) -> str:
    """Return what is computed, without the rows it is computed of."""
    words = _subject(intent, language)
    if intent.share:
        words = say("offline.share_of", language, what=words)
    if intent.keys and intent.act in ("aggregate", "box"):
        keys = say("offline.and", language).join(key(one, language) for one in intent.keys)
        words = say("offline.by", language, what=words, keys=keys)
    if intent.having:
        words = say("offline.having", language, what=words, conditions=having(intent.having, language))
    words = _ordered(intent, words, language)
    if intent.chart and intent.act in ("aggregate", "distribution", "box"):
        words = say("offline.as_chart", language, what=words, chart=say(f"offline.chart_{intent.chart}", language))
    return words


def _subject(intent: Intent, language: Language) -> str:
    names = columns(intent.columns, language)
    if intent.act == "aggregate":
        return say("offline.and", language).join(measure(one, language) for one in intent.measures)
    if intent.act == "records":
        if intent.limit and not intent.order and not names:
            return say("offline.rows_first", language, limit=intent.limit)
        return say("offline.columns_of_rows", language, columns=names) if names else say("offline.rows_all", language)
    if intent.act == "scatter":
        x, y = (shown(name, language) for name in intent.columns)
        return say("offline.scatter_of", language, x=x, y=y)
    if intent.act in ("missing", "describe"):
        whole = "all" if not names else "of"
        return say(f"offline.{intent.act}_{whole}", language, columns=names)
    if intent.act == "duplicates":
        return say("offline.duplicates_of" if names else "offline.duplicates_rows", language, columns=names)
    if intent.act == "columns":
        return say("offline.columns_list", language)
    return say(f"offline.{intent.act}_of", language, columns=names)


def _ordered(intent: Intent, words: str, language: Language) -> str:
    if intent.limit and intent.descending is not None and not (intent.act == "records" and not intent.order):
        if intent.act == "records":
            way = "sorted_down" if intent.descending else "sorted_up"
            words = say(f"offline.{way}", language, what=words, column=shown(intent.order, language))
        if intent.single:
            return say("offline.the_highest" if intent.descending else "offline.the_lowest", language, what=words)
        return say("offline.top" if intent.descending else "offline.bottom", language, what=words, limit=intent.limit)
    if intent.descending is not None and intent.act in ("aggregate", "records", "unique"):
        column = shown(intent.order, language) if intent.order else ""
        if not column and intent.measures:
            column = measure(intent.measures[0], language)
        if column:
            way = "sorted_down" if intent.descending else "sorted_up"
            return say(f"offline.{way}", language, what=words, column=column)
    return words


def told(intent: Intent, language: Language, *, name_table: bool = False) -> str:
    """Return the sentence that says how a question was read."""
    words = what(intent, language)
    if name_table:
        words = say("offline.in_table", language, what=words, table=one_line(intent.table))
    if intent.conditions:
        rows = say("offline.only_rows", language, conditions=conditions(intent.conditions, language))
    else:
        rows = say("offline.all_rows", language)
    return say("offline.read_as", language, what=words, rows=rows)
