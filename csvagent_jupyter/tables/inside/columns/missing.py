"""Words that mean that a value is missing: which of them, and in what kind of column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from .words import Words

STANDARD = frozenset(
    {
        *("#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN"),
        *("<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"),
    }
)
"""The words that pandas reads as missing by default."""
EXTRA = frozenset(
    {
        *("-", "--", "---", "—", "–", "−", "?", "??", ".", "..", "…", "..."),
        *("na", "Na", "NAN", "Nan", "Null", "none", "NONE", "nil", "Nil", "NIL", "n.a.", "N.A.", "n.a", "N.A", "N/a"),
        *("n/d", "N/D", "n.d.", "N.D.", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!", "\\N", "(null)"),
        *("(blank)", "blank", "missing", "Missing", "MISSING", "unknown", "Unknown", "no data", "No data", "NaT"),
        *("н/д", "Н/Д", "н/Д", "Н/д", "нд", "НД", "н.д.", "нет данных", "Нет данных", "НЕТ ДАННЫХ", "нет", "Нет"),
        *("#Н/Д", "#ЗНАЧ!", "#ДЕЛ/0!", "#ССЫЛКА!", "#ИМЯ?", "#ЧИСЛО!", "#ПУСТО!", "пусто", "Пусто", "н/а", "Н/А"),
        *(".  .", ". .", "00.00.0000", "0000-00-00", "00/00/0000", "0000-00-00 00:00:00", "00.00.0000 00:00:00"),
        *("01.01.0001", "01.01.0001 0:00:00", "01.01.0001 00:00:00", "0001-01-01", "0001-01-01T00:00:00"),
        *("неизвестно", "Неизвестно", "не указано", "Не указано", "отсутствует", "прочерк"),
    }
)
"""Words that mean missing among numbers and dates, and something else among words."""
WORDLIKE = frozenset({"NA", "None"})
"""Words pandas takes for missing that are also names: Namibia's code, an answer in a survey."""
SENTINELS = ("-99", "-999", "-9999", "-99999", "-999.0", "-9999.0", "-999.00", "-9999.00")
"""Numbers that people write where they have none; they are told of, and stay numbers."""

TYPED = STANDARD | EXTRA
TEXTUAL = STANDARD - WORDLIKE


def words_for(
    textual: bool, stated: Sequence[str] = (), *, wordlike: bool = False, verbatim: bool = False
) -> frozenset[str]:
    """Return the words that mean missing in a column of text or of anything else, the `stated` ones among them.

    In a column that is kept `verbatim` only these are missing.
    """
    if verbatim:
        return frozenset(stated)
    usual = TYPED if not textual else STANDARD if wordlike else TEXTUAL
    return usual.union(stated)


def sentinel(words: Words) -> tuple[str, int]:
    """Return the number that may stand for missing and its count: negative, repeated, and alone below zero."""
    rest, found, count = words.without(SENTINELS)
    if len(found) != 1 or count < 2 or rest.any_fits(r"[-−(].*") or len(rest) < 2:
        return "", 0
    return next(iter(found)), count


def value_set(words: frozenset[str], kind: pa.DataType) -> Any:
    """Return the words as an Arrow array of the text type `kind`."""
    return pa.array(sorted(words), kind)
