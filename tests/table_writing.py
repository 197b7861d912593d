"""Writes a table down as people and programs do: any marks, any encoding, and things around it that are no rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import strategies as st

TEXTS: dict[str, tuple[str, ...]] = {
    "ru": (
        *(
            "Москва",
            "чай чёрный",
            "кофе",
            "Нижний Новгород",
            "договор поставки",
            "объём продаж",
            "ещё",
            "Мария Иванова",
        ),
        *("понедельник", "щётка", "электричество", "наименование товара", "Санкт-Петербург", "сельское хозяйство"),
    ),
    "de": (
        *("München", "Straße", "Größe", "Köln", "für Übung", "Fußgänger", "schön", "Frühstück", "Käse", "Grüße"),
        *("Öffnung", "Bücher", "Lösung", "jährlich"),
    ),
    "fr": (
        *(
            "prénom",
            "Besançon",
            "âge",
            "où",
            "théâtre",
            "garçon",
            "Noël",
            "forêt",
            "élève",
            "déjà",
            "hôtel",
            "français",
        ),
        *("été", "près"),
    ),
    "pl": (
        *("Łódź", "Kraków", "źródło", "świąteczny", "żółty", "gęś", "mąż", "ćwiczenie", "książka", "dzień", "wyjście"),
        *("część", "pięć", "życie"),
    ),
    "ja": (
        "東京都",
        "大阪府",
        "商品名",
        "数量",
        "単価",
        "売上合計",
        "顧客",
        "日本語",
        "テスト",
        "りんご",
        "みかん",
        "北海道",
    ),
    "zh": ("北京市", "上海", "数量", "单价", "销售额", "客户名称", "苹果", "香蕉", "日期", "合同编号", "广州", "产品"),
    "ko": (
        "서울특별시",
        "부산",
        "수량",
        "가격",
        "매출액",
        "고객",
        "사과",
        "바나나",
        "날짜",
        "대한민국",
        "제품명",
        "합계",
    ),
    "en": (
        *(
            "Moscow",
            "green tea",
            "coffee",
            "supplier",
            "total amount",
            "Monday",
            "agreement",
            "north",
            "pending",
            "done",
        ),
        *("London", "price list"),
    ),
}
ENCODINGS: dict[str, tuple[str, ...]] = {
    "ru": ("cp1251", "cp866", "koi8-r"),
    "de": ("cp1252", "iso8859-15"),
    "fr": ("cp1252",),
    "pl": ("cp1250", "iso8859-2"),
    "ja": ("shift_jis", "euc_jp"),
    "zh": ("gb18030",),
    "ko": ("euc_kr",),
}
UNICODE = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")


class Writing(NamedTuple):
    """How a table is written; `escape` stands before a quote inside quotes, where quotes are not doubled."""

    delimiter: str = ","
    quote: str = '"'
    escape: str = ""
    ending: str = "\n"
    quote_all: bool = False
    trailing: bool = False
    last_ending: bool = True
    above: tuple[str, ...] = ()
    below: tuple[str, ...] = ()
    comment: str = ""
    remarks: tuple[int, ...] = ()
    blanks: tuple[int, ...] = ()
    encoding: str = "utf-8"

    def text(self, rows: Sequence[Sequence[str]]) -> str:
        """Return the table as text; a remark or a blank line stands before each row that `remarks` or `blanks` name."""
        lines = list(self.above)
        for number, row in enumerate(rows):
            if number in self.remarks:
                lines.append(f"{self.comment} checked by hand")
            if number in self.blanks:
                lines.append("")
            lines.append(self.delimiter.join(map(self._cell, row)) + (self.delimiter if self.trailing else ""))
        lines += self.below
        return self.ending.join(lines) + (self.ending if self.last_ending else "")

    def write(self, path: Path, rows: Sequence[Sequence[str]]) -> None:
        """Write the table as a file."""
        path.write_bytes(self.text(rows).encode(self.encoding))

    def stated(self, header_rows: int = 1) -> dict[str, Any]:
        """Return all of it as options of reading."""
        return {
            "encoding": self.encoding,
            "delimiter": self.delimiter,
            "quotechar": self.quote,
            "escapechar": self.escape,
            "comment": self.comment,
            "header_rows": header_rows,
            "skipped_rows": len(self.above),
            "footer_rows": len(self.below),
        }

    def _cell(self, cell: str) -> str:
        marks = (*self.delimiter, self.quote, "\n", "\r", *(mark for mark in (self.escape, self.comment) if mark))
        if not (self.quote_all or any(mark in cell for mark in marks) or cell != cell.strip()):
            return cell
        inner = cell.replace(self.escape, self.escape * 2) if self.escape else cell
        inner = inner.replace(self.quote, (self.escape or self.quote) + self.quote)
        return f"{self.quote}{inner}{self.quote}"


@st.composite
def writings(draw: st.DrawFn, rows: int, encodings: Sequence[str] = UNICODE) -> Writing:
    """Any way of writing so many rows, the header counted."""
    comment = draw(st.sampled_from(("", "", "#", "//")))
    within = st.lists(st.integers(1, max(1, rows - 1)), max_size=2, unique=True).map(tuple)
    return Writing(
        delimiter=draw(st.sampled_from((",", ";", "\t", "|", "||", "::", ", ", "^", "~", ":"))),
        quote=draw(st.sampled_from(('"', '"', "'"))),
        escape=draw(st.sampled_from(("", "", "", "\\"))),
        ending=draw(st.sampled_from(("\n", "\r\n", "\r"))),
        quote_all=draw(st.booleans()),
        trailing=draw(st.sampled_from((False, False, True))),
        last_ending=draw(st.booleans()),
        above=draw(st.sampled_from(((), (), ("Report of 2024",), ("Report", ""), ("made by hand", "not final")))),
        below=draw(st.sampled_from(((), (), ("end of report",), ("", "Total: 3 rows")))),
        comment=comment,
        remarks=draw(within) if comment else (),
        blanks=draw(within),
        encoding=draw(st.sampled_from(tuple(encodings))),
    )
