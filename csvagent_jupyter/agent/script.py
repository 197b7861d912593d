"""The complete script of an answer: reads the files, runs the earlier code it builds on, then the code that answered.

It is written in cells (``# %%``), which editors know, so that a replay finds the code again without a model.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from .names import names_of, needed_turns, parse

READ: Final = "# %% Read the data"
EARLIER: Final = "# %% Earlier question"
ANSWER: Final = "# %% Answer"
SHOW: Final = "# %% Show the figures"

_IMPORTS: Final = "import matplotlib.pyplot as plt\nimport numpy as np\nimport pandas as pd\n"
_DISPLAY: Final = """
try:
    display
except NameError:  # outside of a notebook
    display = print
"""
_CELL = re.compile(rf"^(?:{'|'.join(map(re.escape, (READ, EARLIER, ANSWER, SHOW)))})$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Cells:
    """A script taken apart: the codes of the turns it builds on, in order, and the code that answered."""

    earlier: tuple[str, ...]
    answer: str


def write_script(read_code: Mapping[str, str], earlier: Sequence[str], code: str, *, figures: bool) -> str:
    """Return a script that runs in a bare interpreter and does what the kernel did.

    `read_code` maps a table's name to the lines that read its file into ``df``. `earlier` are the accepted codes of
    the session, of which only those come along that `code` builds on. A line of theirs that looks like one of our
    marks is written a little differently, so that the script comes apart again where it was put together.
    """
    turns = [earlier[index] for index in needed_turns(earlier, code)]
    display = any(_calls_display(one) for one in (*turns, code))
    parts = [_IMPORTS + _DISPLAY * display, READ, _reading(read_code, [*turns, code])]
    for turn in turns:
        parts += [EARLIER, _unmarked(turn)]
    parts += [ANSWER, _unmarked(code)]
    if figures:
        parts += [SHOW, "plt.show()"]
    return "\n".join(part.strip("\n") + ("\n" if not _CELL.match(part) else "") for part in parts)


def cells_of(script: str) -> Cells:
    """Take a script apart again; a script that is not written in our cells is one answer."""
    found = list(_CELL.finditer(script))
    if not found:
        return Cells((), script)
    ends = [mark.start() for mark in found[1:]] + [len(script)]
    parts = [(mark[0], script[mark.end() : end].strip("\n") + "\n") for mark, end in zip(found, ends, strict=True)]
    answers = [text for mark, text in parts if mark == ANSWER]
    return Cells(tuple(text for mark, text in parts if mark == EARLIER), "\n".join(answers))


def _unmarked(code: str) -> str:
    return _CELL.sub(lambda mark: mark[0].replace("# %%", "#%%"), code)


def _reading(read_code: Mapping[str, str], codes: Sequence[str]) -> str:
    """Return the lines that make ``df`` and, where the code uses it, ``tables``."""
    names = list(read_code)
    if len(names) == 1 and not any(_uses_tables(code) for code in codes):
        return read_code[names[0]].strip("\n") + "\n"
    lines = ["tables = {}"]
    for name in names:
        lines += [read_code[name].strip("\n"), f"tables[{name!r}] = df"]
    if len(names) > 1:
        lines.append(f"df = tables[{names[0]!r}]")
    return "\n".join(lines) + "\n"


def _calls_display(code: str) -> bool:
    """Tell whether the code shows something as a notebook does, with a name that only a notebook has."""
    try:
        nodes = list(ast.walk(parse(code)))
    except SyntaxError:
        return False
    return any(isinstance(node, ast.Name) and node.id == "display" for node in nodes)


def _uses_tables(code: str) -> bool:
    names = names_of(code)
    return names.opaque or "tables" in names.needed | names.changed
