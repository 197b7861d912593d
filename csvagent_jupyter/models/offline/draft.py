"""A piece of Python being written: lines, comments, and sentences whose names can never become code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ...messages import Profile
from ...translations import Language, say
from .telling import one_line

PALETTE = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442", "#999999")
BLUE = PALETTE[0]


@dataclass(frozen=True, slots=True)
class Expr:
    """Python that stands inside a sentence; it holds names of variables only, never a name or a cell of the table."""

    code: str


def literal(value: object) -> str:
    """Return a value as Python source; a fence of Markdown can not come about inside it."""
    return repr(value).replace("```", "\\x60\\x60\\x60")


def _escaped(text: str) -> str:
    """Return a text as the inside of a double-quoted f-string."""
    plain = text.replace("\\", "\\\\").replace('"', '\\"').replace("```", "\\x60\\x60\\x60")
    plain = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in plain)
    return plain.replace("{", "{{").replace("}", "}}")


class Draft:
    """The code of an answer, in the language of the question."""

    def __init__(self, profile: Profile, language: Language, *, first: bool = True) -> None:
        self.profile = profile
        self.language = language
        self.frame = "df" if first else f"tables[{literal(profile.name)}]"
        self.lines: list[str] = []
        self.may_lack = True  # whether some number of the answer may have no value
        self._indent = ""

    def add(self, *lines: str) -> None:
        self.lines += [self._indent + line if line else "" for line in lines]

    def comment(self, key: str, /, **values: object) -> None:
        self.add(f"# {one_line_comment(self.say(key, **values))}")

    def gap(self) -> None:
        if self.lines and self.lines[-1]:
            self.lines.append("")

    @contextmanager
    def block(self, opening: str) -> Iterator[None]:
        """Indent what is added inside."""
        self.add(opening)
        before, self._indent = self._indent, self._indent + "    "
        yield
        self._indent = before

    def say(self, key: str, /, **values: object) -> str:
        return say(f"offline.{key}", self.language, **values)

    def sentence(self, key: str, /, **values: object) -> str:
        """Return a text of the catalogue as Python source; `Expr` values are filled in when the code runs."""
        expressions: list[str] = []
        filled: dict[str, object] = {}
        for name, value in values.items():
            if isinstance(value, Expr):
                filled[name] = f"\x00{len(expressions)}\x00"
                expressions.append(value.code)
            else:
                filled[name] = value.replace("\x00", "") if isinstance(value, str) else value
        pieces = self.say(key, **filled).split("\x00")
        body = "".join(
            _escaped(piece) if at % 2 == 0 else "{" + expressions[int(piece)] + "}" for at, piece in enumerate(pieces)
        )
        return f'{"f" if expressions else ""}"{body if expressions else body.replace("{{", "{").replace("}}", "}")}"'

    def tell(self, key: str, /, **values: object) -> None:
        """Add a line that prints a text."""
        self.add(f"print({self.sentence(key, **values)})")

    def whole(self, code: str) -> Expr:
        """Return a whole number as it stands in a sentence."""
        return Expr(f"{code}:,") if self.language == "en" else Expr(f"number({code})")

    def source(self) -> str:
        """Return the code, with the function that writes numbers above it where the code calls it."""
        body = "\n".join(self.lines).strip("\n") + "\n"
        if "number(" not in body:
            return body
        swap = '.replace(",", "\\u202f").replace(".", ",")' if self.language == "ru" else ""
        helper = ["def number(value):"]
        if self.may_lack:
            helper += ["    if pd.isna(value):", f"        return {literal(self.say('no_value'))}"]
        text = 'f"{value:,.2f}".removesuffix(".00") if value == 0 or abs(value) >= 1 else f"{value:.3g}"'
        helper.append(f"    return ({text}){swap}" if swap else f"    return {text}")
        plan, _, code = body.partition("\n\n")
        return "\n".join([plan, "", *helper, "", "", code.lstrip("\n")])


def one_line_comment(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split()).replace("```", "'''")


def plotted(text: str) -> str:
    """Return a text for a title or an axis: on one line; a dollar sign must not start a formula."""
    return one_line(text).replace("$", "\\$")
