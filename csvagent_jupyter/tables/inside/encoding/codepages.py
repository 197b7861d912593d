"""The code pages tables come in, how usual each is, and the languages written in it."""

from __future__ import annotations

from dataclasses import dataclass

_WEST = "en de fr es pt it nl sv da nb fi ca eu gl ga sq"
_CENTRAL = "pl cs sk hu hr sl ro sq de"
_BALTIC = "lt lv et pl de fi"
_SLAVIC = "ru uk be bg sr mk"
RARE = {"is": 6.0, "fo": 9.0, "sq": 6.0, "ga": 6.0, "eu": 4.0, "gl": 4.0, "sl": 1.0, "et": 2.0, "be": 3.0, "mk": 4.0}
RARE |= {"sr": 1.0, "kk": 3.0, "ur": 4.0, "fa": 2.0, "cy": 6.0, "eo": 6.0, "mt": 6.0}
"""How many bits of evidence it takes to believe in a language with few speakers."""


@dataclass(frozen=True, slots=True)
class CodePage:
    """A code page; `unusual` is how many bits of evidence it takes to believe in it before its rivals."""

    name: str
    unusual: float
    languages: tuple[str, ...]


def _pages(*rows: tuple[str, float, str]) -> tuple[CodePage, ...]:
    return tuple(CodePage(name, unusual, tuple(languages.split())) for name, unusual, languages in rows)


CODE_PAGES = _pages(
    ("cp1251", 0.0, _SLAVIC),
    ("cp1252", 0.0, f"{_WEST} is fo et"),
    ("cp1250", 1.0, _CENTRAL),
    ("cp1253", 1.0, "el"),
    ("cp1254", 1.0, "tr"),
    ("cp1255", 1.0, "he"),
    ("cp1256", 1.0, "ar fa ur"),
    ("cp1257", 2.0, _BALTIC),
    ("cp1258", 3.0, "vi"),
    ("cp874", 1.0, "th"),
    ("iso8859-1", 3.0, f"{_WEST} is fo"),
    ("iso8859-2", 3.0, _CENTRAL),
    ("iso8859-3", 9.0, "mt eo"),
    ("iso8859-4", 7.0, _BALTIC),
    ("iso8859-5", 4.0, _SLAVIC),
    ("iso8859-6", 3.0, "ar"),
    ("iso8859-7", 2.0, "el"),
    ("iso8859-8", 3.0, "he"),
    ("iso8859-9", 3.0, "tr"),
    ("iso8859-10", 10.0, "is lt lv et fi sv da"),
    ("iso8859-13", 4.0, _BALTIC),
    ("iso8859-14", 10.0, "cy ga"),
    ("iso8859-15", 3.5, f"{_WEST} is et"),
    ("iso8859-16", 10.0, "ro hu pl hr"),
    ("koi8_r", 3.0, "ru bg"),
    ("koi8_u", 4.0, "uk ru be"),
    ("cp866", 3.0, "ru bg be"),
    ("cp1125", 6.0, "uk ru"),
    ("cp855", 8.0, _SLAVIC),
    ("mac_cyrillic", 7.0, _SLAVIC),
    ("kz1048", 8.0, "kk ru"),
    ("cp850", 5.0, f"{_WEST} is fo"),
    ("cp858", 5.5, f"{_WEST} is fo"),
    ("cp437", 5.5, "en de fr es it nl sv fi"),
    ("cp852", 5.0, _CENTRAL),
    ("cp857", 6.0, "tr"),
    ("cp737", 5.0, "el"),
    ("cp869", 9.0, "el"),
    ("cp775", 7.0, _BALTIC),
    ("cp860", 8.0, "pt"),
    ("cp861", 8.0, "is"),
    ("cp862", 5.0, "he"),
    ("cp863", 9.0, "fr"),
    ("cp864", 9.0, "ar"),
    ("cp865", 8.0, "da nb"),
    ("mac_roman", 6.0, _WEST),
    ("mac_latin2", 7.0, _CENTRAL),
    ("mac_croatian", 10.0, "hr sl"),
    ("mac_romanian", 10.0, "ro"),
    ("mac_iceland", 8.0, "is fo"),
    ("mac_turkish", 8.0, "tr"),
    ("mac_greek", 8.0, "el"),
    ("gb18030", 1.0, "zh"),
    ("big5", 2.0, "zh_Hant"),
    ("cp932", 1.0, "ja"),
    ("euc_jp", 2.0, "ja"),
    ("cp949", 1.0, "ko"),
    ("cp950", 2.5, "zh_Hant"),
    ("big5hkscs", 5.0, "zh_Hant"),
    ("johab", 12.0, "ko"),
)
CJK = frozenset({"gb18030", "big5", "cp932", "euc_jp", "cp949", "cp950", "big5hkscs", "johab", "gbk", "euc_kr"})
"""Where a letter is several bytes, some of which may be those of ASCII letters."""
