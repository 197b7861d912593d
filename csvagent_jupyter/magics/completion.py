"""Tab in the first line of ``%%csvagent``: options and their values, files, folders, DataFrames of the notebook."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext, SimpleMatcherResult
    from IPython.core.interactiveshell import InteractiveShell

LIMIT: Final = 500
_OUR_LINE = re.compile(r"\s*(%%?)csvagent\s")
_DATA_FILE = re.compile(r"\.(?:csv|tsv|tab|psv|txt)(?:\.(?:gz|zst|zip|bz2|xz))?$", re.IGNORECASE)
_FRAGMENT = re.compile(r"""(?:^|\s)("[^"]*|'[^']*|[^\s"']\S*|)$""")


class Matcher:
    """Completes the first line of a cell of ours, in front of IPython's own matchers."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell

    def match(self, context: CompletionContext) -> SimpleMatcherResult:
        """Return what can stand at the cursor (IPython's matcher interface, version 2)."""
        found = _OUR_LINE.match(context.text_until_cursor)
        if found is None or context.cursor_line != 0:
            return {"completions": [], "suppress": False}
        from IPython.core.completer import SimpleCompletion

        before = context.text_until_cursor[found.end() :]
        is_cell = found.group(1) == "%%"
        fragment, texts = complete(before, self.shell.user_ns) if is_cell else complete_word(before)
        completions = [SimpleCompletion(text, type=type_) for text, type_ in islice(texts, LIMIT)]
        return {
            "completions": completions,
            "matched_fragment": fragment,
            "suppress": bool(completions),
            "ordered": True,
        }


def complete(before: str, namespace: Mapping[str, Any]) -> tuple[str, Iterator[tuple[str, str]]]:
    """Return the fragment before the cursor, and (text, type) for each thing that can take its place."""
    found = _FRAGMENT.search(before)
    fragment = found.group(1) if found is not None else ""
    previous = before[: len(before) - len(fragment)].split()
    option = _option_awaiting(previous[-1]) if previous else None
    if option is not None:
        return fragment, ((choice, "value") for choice in _values(option, fragment))
    if fragment.startswith("-"):
        from .options import OPTIONS

        return fragment, ((o.name, "option") for o in OPTIONS if o.name.startswith(fragment))
    return fragment, _sources(fragment, namespace)


def complete_word(before: str) -> tuple[str, Iterator[tuple[str, str]]]:
    """Return the words that ``%csvagent`` knows, for the first word of its line."""
    from .words import WORDS

    if " " in before:
        return "", iter(())
    return before, ((word, "keyword") for word in WORDS if word.startswith(before))


def _option_awaiting(word: str) -> str | None:
    from .options import OPTIONS

    return next((option.name for option in OPTIONS if option.name == word and option.kind != "flag"), None)


def _values(name: str, fragment: str) -> Iterable[str]:
    from .options import OPTIONS

    if name == "--read":
        return _stated(fragment)
    if name == "--out":
        return (text for text, type_ in _paths(fragment) if type_ == "folder")
    choices = next(option.choices for option in OPTIONS if option.name == name)
    return (choice for choice in choices if choice.startswith(fragment))


def _stated(fragment: str) -> Iterator[str]:
    """Yield what can be stated of how a file is read, of one of several after its name and a colon."""
    from ..tables.options import OPTIONS

    before, equals, written = fragment.partition("=")
    file, colon, begun = before.rpartition(":")
    if not equals:
        names = (f"{file}{colon}{name}=" for name in OPTIONS)
        yield from (word for word in names if word.startswith(fragment))
    elif begun in OPTIONS:
        option = OPTIONS[begun]
        done = written[: written.rfind(":") + 1] if option.form == "types" else ""
        if option.form != "types" or done:
            words = (f"{before}={done}{word}" for word in option.usual)
            yield from (word for word in words if word.startswith(fragment))


def _sources(fragment: str, namespace: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if not fragment.startswith(('"', "'")):
        from ..tables.source import dataframe_names

        for name in sorted(dataframe_names(namespace)):
            if name.startswith(fragment):
                yield name, "DataFrame"
    yield from _paths(fragment)


def _paths(fragment: str) -> Iterator[tuple[str, str]]:
    """Yield data files and folders that begin with the fragment, quoted where a name has spaces."""
    quote = fragment[:1] if fragment.startswith(('"', "'")) else ""
    path = fragment[len(quote) :]
    folder, start = os.path.split(path)
    try:
        with os.scandir(os.path.expanduser(folder) or ".") as entries:  # noqa: PTH111
            names = sorted((entry.name, entry.is_dir()) for entry in entries)
    except OSError:
        return
    for name, is_folder in names:
        hidden = name.startswith(".") and not start.startswith(".")
        if hidden or not name.startswith(start) or not (is_folder or _DATA_FILE.search(name)):
            continue
        whole = os.path.join(folder, name) + ("/" if is_folder else "")  # noqa: PTH118
        around = quote or ('"' if re.search(r"\s", whole) else "")
        yield around + whole + ("" if is_folder else around), "folder" if is_folder else "file"
