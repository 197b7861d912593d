"""What ``--out DIR`` writes: the answer as files that other programs can open."""

from __future__ import annotations

import base64
import binascii
import json
from pathlib import Path

from .exceptions import BadInput, StorageFull
from .messages import Answer


def prepare_folder(folder: Path) -> Path:
    """Make the folder before anything else is done, so that no answer is lost for want of a place. Raises BadInput."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput("saving.no_folder", folder=str(folder), reason=error.strerror or str(error)) from error
    return folder


def save_answer(answer: Answer, folder: Path) -> tuple[Path, ...]:
    """Write ``code.py`` (the script), ``plot-1.png`` … and ``answer.json`` into `folder`; returns what was written.

    `answer` has its plots as data URLs. Files of those names are replaced, and plots of the answer that was saved here
    before are removed, because they would pass for this one's. Raises StorageFull.
    """
    contents = {"code.py": (answer.script or answer.final_code).encode("utf-8", "replace")}
    for number, url in enumerate(answer.plots, start=1):
        if png := _image(url):
            contents[_plot_name(number)] = png
    contents["answer.json"] = json.dumps(answer.to_dict(), indent=2).encode()
    try:
        for name in _plots_of_earlier_answer(folder) - contents.keys():
            (folder / name).unlink(missing_ok=True)
        for name, content in contents.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise StorageFull("saving.not_written", folder=str(folder), reason=error.strerror or str(error)) from error
    return tuple(folder / name for name in contents)


def _plot_name(number: int) -> str:
    return f"plot-{number}.png"


def _plots_of_earlier_answer(folder: Path) -> set[str]:
    """Name the plots that the answer saved here before had, and no other file."""
    try:
        earlier = json.loads((folder / "answer.json").read_bytes())
        return {_plot_name(number) for number in range(1, len(earlier["plots"]) + 1)}
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def _image(url: str) -> bytes | None:
    head, _, data = url.partition(",")
    if head != "data:image/png;base64":
        return None
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error:
        return None
