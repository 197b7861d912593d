"""The code in a model's reply: finding it, whatever the reply looks like, and advice on it before it runs.

Advice saves an attempt. It is never security: that is the sandbox's.
"""

from __future__ import annotations

import ast
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from .names import is_python, names_of, parse

MAX_REPLY: Final = 200_000
MAX_BLOCKS: Final = 40
MAX_CANDIDATES: Final = 20
MAX_INTERPRETATION: Final = 600

_PYTHON: Final = frozenset({"python", "py", "python3", "ipython", "ipython3", "pycon", "jupyter"})
_FENCE = re.compile(r"^[ \t]{0,3}(`{3,}|~{3,})[ \t]*\{?\.?([\w+#-]*)[^\n`]*$")
_THOUGHT = re.compile(r"<(think|thinking|thought|reasoning)>.*?(?:</\1>|\Z)", re.DOTALL | re.IGNORECASE)
_THOUGHT_END = re.compile(r"\A.*?</(?:think|thinking|thought|reasoning)>", re.DOTALL | re.IGNORECASE)
_HTML_BEGIN = re.compile(r"<pre\b[^<>]{0,200}>\s{0,80}(?:<code\b[^<>]{0,200}>)?", re.IGNORECASE)
_HTML_END = re.compile(r"(?:</code>\s{0,80})?</pre>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^>\n]{0,80}>")
_MARKUP = re.compile(r"^\s*(?:#{1,6}\s+|[-*+]\s+|\d+[.)]\s+|>\s*)", re.MULTILINE)
_INLINE_MAGIC = re.compile(r"^%(?:matplotlib|config|load_ext)\b[^\n]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Reply:
    """A model's reply taken apart: `code` is empty when there is none; `cut` says that its block was never closed."""

    code: str
    interpretation: str | None
    cut: bool = False


@dataclass(frozen=True, slots=True)
class _Block:
    label: str
    code: str
    start: int
    closed: bool


def extract(text: str) -> Reply:
    """Find the code in a reply and the sentences before it that say how the question was read."""
    text = _without_thoughts(text[:MAX_REPLY].replace("\r\n", "\n").replace("\r", "\n"))
    blocks = [block for block in _blocks(text) if block.code.strip()]
    code = _choose(blocks)
    if code:
        return Reply(_tidy(code), _interpretation(text[: blocks[0].start]), cut=not blocks[-1].closed)
    begin = _HTML_BEGIN.search(text)
    end = _HTML_END.search(text, begin.end()) if begin else None
    if begin and end:
        unescaped = html.unescape(_TAG.sub("", text[begin.end() : end.start()]))
        if is_python(unescaped):
            return Reply(_tidy(unescaped), _interpretation(text[: begin.start()]))
    if not blocks:
        start, code = _unfenced(text)
        if code:
            return Reply(_tidy(code), _interpretation(text[:start]))
    return Reply("", _interpretation(text[: blocks[0].start] if blocks else text))


def partial(text: str) -> str:
    """Return the code of a reply that is still being written, without a line that may turn out to be its end."""
    for block in _blocks(_without_thoughts(text)):
        if block.label in _PYTHON or not block.label:
            if block.closed:
                return block.code + "\n"
            body, newline, last = block.code.rpartition("\n")
            return body + newline if last.lstrip()[:1] in ("`", "~") else block.code
    return ""


# --- fences ---------------------------------------------------------------------------------------------------------


def _without_thoughts(text: str) -> str:
    text = _THOUGHT.sub("", text)
    if "</" in text:
        text = _THOUGHT_END.sub("", text)
    return text


def _blocks(text: str) -> Iterator[_Block]:
    """Yield the fenced blocks; one that is cut off goes to the end of the text."""
    lines = text.split("\n")
    starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
    fences = [(index, found) for index, line in enumerate(lines) if (found := _FENCE.match(line))]
    after = 0
    for place, (index, opening) in enumerate(fences[: 2 * MAX_BLOCKS]):
        if index < after:
            continue
        later = fences[place + 1 : place + 1 + MAX_CANDIDATES]
        closing = [at for at, fence in later if fence[1].startswith(opening[1]) and lines[at].strip() == fence[1]]
        end = _end(lines, index, closing)
        yield _Block(opening[2].lower(), "\n".join(lines[index + 1 : end]), starts[index], end < len(lines))
        after = end + 1


def _end(lines: list[str], opened: int, closing: list[int]) -> int:
    """Return the line that ends a block: of the fences that could, the first one that leaves whole Python before it.

    A fence inside a string (a report that is written as Markdown) does not end the block.
    """
    for index in closing:
        if is_python("\n".join(lines[opened + 1 : index])):
            return index
    return closing[0] if closing else len(lines)


def _choose(blocks: list[_Block]) -> str:
    """Choose among several blocks: the last one in Python, after those earlier ones whose names it uses.

    A model that corrects itself writes the better version last; one that explains in steps goes on from what it had.
    """
    labelled = [block for block in blocks if block.label in _PYTHON]
    candidates = labelled or [block for block in blocks if not block.label]
    running = [block.code for block in candidates if is_python(block.code)]
    if not running:
        return candidates[-1].code if candidates else ""
    chosen = [running[-1]]
    needed = names_of(running[-1]).needed
    for code in reversed(running[:-1]):
        names = names_of(code)
        if names.made & needed:
            chosen.insert(0, code)
            needed = (needed - names.made) | names.needed
    return "\n\n".join(part.strip("\n") for part in chosen)


def _unfenced(text: str) -> tuple[int, str]:
    """Find code in a reply without fences: the longest run of lines, up to the last line of code, that is Python."""
    lines = text.split("\n")[:400]
    best, best_start = "", 0
    for start in range(len(lines)):
        if (
            not lines[start].strip()
            or lines[start][0] in " \t"
            or len(best) > sum(len(line) + 1 for line in lines[start:])
        ):
            continue
        end = _longest(lines, start)
        code = "\n".join(lines[start:end])
        if len(code) > len(best) and _does_something(code):
            best, best_start = code, start
    return sum(len(line) + 1 for line in lines[:best_start]), best


def _longest(lines: list[str], start: int) -> int:
    """Return the end of the longest run of lines from `start` that parses, trying at blank lines and errors only."""
    end = len(lines)
    for _ in range(12):
        if end <= start:
            return start
        try:
            parse("\n".join(lines[start:end]))
            return end
        except SyntaxError as error:
            line = start + (error.lineno or 1) - 1
            end = min(line, end - 1)
    return start


def _does_something(code: str) -> bool:
    acts = (ast.Call, ast.Assign, ast.Import, ast.ImportFrom, ast.Subscript)
    return is_python(code) and any(isinstance(node, acts) for node in ast.walk(parse(code)))


def _tidy(code: str) -> str:
    """Return the code as it will run: without the notebook magics that models like, and blank lines at its ends."""
    return _INLINE_MAGIC.sub("", code).strip("\n").rstrip() + "\n"


def _interpretation(prose: str) -> str | None:
    """Return the prose before the code as one plain paragraph, cut at the end of a sentence."""
    plain = _MARKUP.sub("", _TAG.sub("", prose))
    plain = re.sub(r"[*`]{1,3}(\S(?:[^*`\n]*?\S)?)[*`]{1,3}", r"\1", plain)
    plain = " ".join(plain.split())
    if len(plain) > MAX_INTERPRETATION:
        cut = plain[:MAX_INTERPRETATION]
        end = max(cut.rfind(mark) for mark in (". ", "! ", "? "))
        plain = cut[: end + 1] if end > 80 else cut[:-1] + "…"
    return plain.rstrip(":").strip() or None
