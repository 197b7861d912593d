"""Blocks of bytes to text: wrong bytes are counted by line, and lines in a second encoding are read in that one."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from .codepages import CJK
from .ranking import believable, ranked, readable_as_utf8
from .utf8 import BEYOND, SEQUENCE, is_utf8, line_ends, may_have_utf8

MAX_LINES_TOLD = 20
LONGEST_LINE = 1 << 20
"""A line longer than this is decided on in parts."""
LOOKED_AT = 4096
"""Bytes of a line by which it is judged."""
NOT_OF_FILES = frozenset({"idna", "punycode", "undefined"})
_PIECE = 1 << 15
_BOM = codecs.BOM_UTF8
_LOST = "\U0010ffff"
"""Stands for wrong bytes until they are counted: what the file itself has as U+FFFD is no mistake of the reader's."""
TELLING_LINES, TELLING_BYTES, TRIES = 3, 6, 6
TRUSTED, DOUBTS = 20, 200
"""After so many lines in the second encoding no further one is doubted; after so many doubts it is given up."""

codecs.register_error("tables.lost", lambda error: (_LOST, error.end))  # type: ignore[attr-defined]


@dataclass(slots=True)
class Wrong:
    """What was not as the encoding has it, the line numbers (from 1) of the first 20 of each kind beside the count.

    `count` is how many runs of wrong bytes became U+FFFD, `cut` whether the file ends within a character. `other_count`
    lines were read in `other_encoding`. `marks` is how many byte order marks stood inside, where files were joined.
    """

    count: int = 0
    lines: list[int] = field(default_factory=list)
    other_encoding: str = ""
    other_count: int = 0
    other_lines: list[int] = field(default_factory=list)
    marks: int = 0
    mark_lines: list[int] = field(default_factory=list)
    cut: bool = False

    @property
    def mixed(self) -> bool:
        """Say whether lines were read in two encodings."""
        return self.other_count > 0

    def lost(self, line: int, runs: int) -> None:
        """Count runs of wrong bytes in a line."""
        self.count += runs
        _told(self.lines, line)

    def other(self, line: int) -> None:
        """Count a line that is in the other encoding."""
        self.other_count += 1
        _told(self.other_lines, line)

    def mark(self, line: int, marks: int = 1) -> None:
        """Count byte order marks inside."""
        self.marks += marks
        _told(self.mark_lines, line)


class Decoder:
    """Decodes a file block by block, with the same result whatever the size of the blocks.

    `other` is the second encoding the file's lines may be in ("" when there is none, None to find one where lines do
    not fit `encoding`). Unknown encodings raise LookupError.
    """

    def __init__(self, encoding: str, other: str | None = None) -> None:
        found = codecs.lookup(encoding)
        if found.name in NOT_OF_FILES:
            raise LookupError(f"{encoding} is not for files")
        self.encoding = encoding
        self.wrong = Wrong()
        self._utf8 = found.name in {"utf-8", "utf-8-sig"}
        self._codec = "utf-8" if self._utf8 else encoding
        self._by_lines = self._utf8 or _keeps_ascii(encoding)
        self._stream = None if self._by_lines else found.incrementaldecoder("tables.lost")
        self._single = self._by_lines and not self._utf8 and found.name not in CJK and encoding not in CJK
        self._marked = found.name in {"utf-16", "utf-32"}
        self._other = other
        self._suspects: list[bytes] = []
        self._tries = 0
        self._doubts = 0
        self._held = b""
        self._said = self._lead = b""
        self._line = 1
        self._after_return = False
        self._started = False

    def text(self, block: bytes, final: bool = False) -> str:
        """Return the text of the next block; what may belong to an unfinished line is kept for the next call."""
        if self._stream is not None:
            return self._wide(self._wide_text(block, final), final)
        ready = self._ready(block, final)
        try:
            if self._plain(ready):
                text = ready.decode(self._codec)
                self._pass(ready)
                return text
        except UnicodeDecodeError:
            pass
        return "".join(self._read(piece) for piece in _pieces(ready))

    def utf8(self, block: bytes, final: bool = False) -> bytes:
        """Return the text of the next block as UTF-8: the very same bytes where they are valid and nothing is held."""
        if not self._utf8:
            return self.text(block, final).encode("utf-8", "replace")
        ready = self._ready(block, final)
        if self._plain(ready) and is_utf8(ready):
            self._pass(ready)
            return ready
        return b"".join(self._read(piece).encode() for piece in _pieces(ready))

    def _ready(self, block: bytes, final: bool) -> bytes:
        """Return what can be decided on now; what it has of an unfinished line is what its rest is judged by, too."""
        ready = self._whole_lines(block, final)
        self._lead = self._said
        end = max(ready.rfind(b"\n"), ready.rfind(b"\r")) + 1
        self._said = ready[end:][:LOOKED_AT] if end else (self._said + ready[:LOOKED_AT])[:LOOKED_AT]
        return ready

    def _whole_lines(self, block: bytes, final: bool) -> bytes:
        """Return what can be decided on now: whole lines, and an unfinished one as long as it is plain ASCII."""
        if not self._started and (block or final):
            joined = self._held + block
            if len(joined) < len(_BOM) and not final:
                self._held = joined
                return b""
            self._started, self._held = True, b""
            block = joined[len(_BOM) :] if self._utf8 and joined.startswith(_BOM) else joined
        if final:
            held, self._held = self._held, b""
            return held + block if held else block
        end = max(block.rfind(b"\n"), block.rfind(b"\r")) + 1
        if not end and self._held:
            self._held += block
            return self._overlong()
        rest = block[end:]
        if rest.isascii():
            held, self._held = self._held, b""
            return held + block if held else block
        held, self._held = self._held, rest
        if len(rest) > LONGEST_LINE:
            return held + block[:end] + self._overlong()
        return held + block[:end]

    def _overlong(self) -> bytes:
        """Return the start of a held line that is too long to be held on, cut between characters of UTF-8."""
        if len(self._held) <= LONGEST_LINE:
            return b""
        end = len(self._held) - len(self._held) % LONGEST_LINE
        while self._utf8 and end > 1 and self._held[end - 1 : end] >= b"\x80" and len(self._held) - end < 4:
            end -= 1
        start, self._held = self._held[:end], self._held[end:]
        return start

    def _plain(self, ready: bytes) -> bool:
        """Say whether nothing but the one encoding can be in there, if it fits."""
        if ready.isascii():
            return True
        if b"\xef" in ready and _BOM in ready:
            return False
        return not self._single or not may_have_utf8(ready)

    def _pass(self, ready: bytes) -> None:
        """Count the lines of bytes that need no more looking at."""
        if not ready:
            return
        ends = line_ends(ready)
        self._line += ends - (self._after_return and ready.startswith(b"\n"))
        self._lead = b"" if ends else self._lead
        self._after_return = ready.endswith(b"\r")

    def _read(self, piece: bytes) -> str:
        """Return the text of some lines."""
        try:
            if self._plain(piece):
                text = piece.decode(self._codec)
                self._pass(piece)
                return text
        except UnicodeDecodeError:
            pass
        made = []
        for line in piece.splitlines(keepends=True):
            if self._after_return and line.startswith(b"\n"):
                self._line -= 1
            made.append(line.decode("ascii") if line.isascii() else self._read_line(line))
            if line.endswith((b"\n", b"\r")):
                self._line += 1
                self._lead = b""
            self._after_return = line.endswith(b"\r")
        return "".join(made)

    def _read_line(self, line: bytes) -> str:
        marked = line.startswith(_BOM)
        if marked:
            self.wrong.mark(self._line)
            line = line[len(_BOM) :]
            if line.isascii():
                return line.decode("ascii")
        sequences = len(SEQUENCE.findall(line))
        if self._utf8:
            return self._utf8_line(line, sequences)
        strict = _strict(line, self._codec)
        enough = strict is None or marked or (self._single and sequences > 1) or self._other == "utf-8"
        text = _strict(line, "utf-8") if sequences and enough else None
        if text is not None and (self.wrong.other_count >= TRUSTED or self._reads_as_utf8(line)):
            self._told_other("utf-8")
            return text
        return self._replaced(line) if strict is None else strict

    def _reads_as_utf8(self, line: bytes) -> bool:
        return readable_as_utf8(self._lead + line, self.encoding)

    def _utf8_line(self, line: bytes, sequences: int) -> str:
        text = _strict(line, "utf-8")
        if text is not None:
            return text
        wrong = len(BEYOND.findall(SEQUENCE.sub(b"", line)))
        if wrong > sequences:
            if self._other is None and self._tries < TRIES:
                self._suspect(line, wrong)
            if self._other and (text := _strict(line, self._other)) is not None:
                if self.wrong.other_count >= TRUSTED or believable(self._lead + line, self._other):
                    self._told_other(self._other)
                    return text
                self._doubts += 1
                if self._doubts > DOUBTS:
                    self._other = ""
        return self._replaced(line)

    def _suspect(self, line: bytes, wrong: int) -> None:
        """Look for a second encoding when enough lines do not fit the first: three lines, or a word of one."""
        self._suspects.append((self._lead + line)[:LOOKED_AT].rstrip() + b"\n")
        lines = len(self._suspects)
        if wrong < TELLING_BYTES and lines != TELLING_LINES << self._tries:
            return
        self._tries += 1
        sample = b"".join(self._suspects[-100:])
        best = ranked(sample)[0][1]
        if believable(sample, best):
            self._other = best

    def _told_other(self, encoding: str) -> None:
        self._other = self.wrong.other_encoding = encoding
        self.wrong.other(self._line)

    def _replaced(self, line: bytes) -> str:
        text = line.decode(self._codec, "tables.lost")
        if runs := text.count(_LOST):
            self.wrong.lost(self._line, runs)
            self.wrong.cut = self.wrong.cut or self._is_cut(line)
        return text.replace(_LOST, "\ufffd")

    def _is_cut(self, line: bytes) -> bool:
        """Say whether a line ends within a character that might have gone on."""
        reader = codecs.getincrementaldecoder(self._codec)("replace")
        reader.decode(line)
        return bool(reader.getstate()[0])

    def _wide_text(self, block: bytes, final: bool) -> str:
        """Return the next characters; UTF-16 and UTF-32 without a mark are taken for little-endian, as Python does."""
        if not self._started and self._marked:
            self._held += block
            if len(self._held) < 4 and not final:
                return ""
            block, self._held, self._marked = self._held, b"", False
            if not block.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)):
                self._stream = codecs.getincrementaldecoder(f"{self._codec}-le")("tables.lost")
        return self._stream.decode(block, final) if self._stream is not None else ""

    def _wide(self, text: str, final: bool) -> str:
        """Count what is wrong in a text of UTF-16, UTF-32 and other encodings that do not keep ASCII's bytes."""
        if not self._started and text:
            self._started = True
            text = text.removeprefix("\ufeff")
        ends = text.count("\n") + (text.count("\r") - text.count("\r\n") if "\r" in text else 0)
        first = self._line - (self._after_return and text.startswith("\n"))
        if text:
            self._line, self._after_return = first + ends, text.endswith("\r")
        if _LOST not in text and "\ufeff" not in text:
            return text
        self.wrong.cut = final and text.endswith(_LOST)
        for number, line in enumerate(re.split("\r\n|\r|\n", text), first):
            if runs := line.count(_LOST):
                self.wrong.lost(number, runs)
            if marks := line.count("\ufeff"):
                self.wrong.mark(number, marks)
        return text.replace("\ufeff", "").replace(_LOST, "\ufffd")


def _keeps_ascii(encoding: str) -> bool:
    """Say whether lines of the encoding can be told apart, and those that are plain ASCII, before it is decoded."""
    name = codecs.lookup(encoding).name
    if name.startswith(("iso2022", "hz", "utf-7")) or name.endswith("escape"):
        return False
    plain = bytes([9, 10, 13, *range(32, 127)])
    return plain.replace(b"\\", b"").decode(encoding, "replace") == plain.replace(b"\\", b"").decode("ascii")


def _pieces(data: bytes) -> Iterator[bytes]:
    """Yield the data in pieces of some 32 KB that end with a line."""
    start = 0
    while start < len(data):
        end = data.find(b"\n", start + _PIECE) + 1 or len(data)
        yield data[start:end]
        start = end


def _strict(line: bytes, encoding: str) -> str | None:
    try:
        return line.decode(encoding)
    except UnicodeDecodeError:
        return None


def _told(lines: list[int], line: int) -> None:
    if len(lines) < MAX_LINES_TOLD and (not lines or lines[-1] != line):
        lines.append(line)
