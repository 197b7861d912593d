"""The question as a row of tags: each stretch of words is a column, a cell, a number, an operation, or unknown."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .columns import ColumnIndex, Match, is_measure
from .lexicon import LONGEST_PHRASE, concept, sense_of
from .values import Cell, FindValues, ValueIndex
from .words import Token, stems, tokens

_CLOSE = 0.03
_PHRASE_SCORE = 0.94
_WEAK_KINDS = frozenset({"sort", "people", "rows", "columns", "unit", "again", "stop", "only", "relation", "shape"})
_WEAK_SCORE = 0.84
_TABLE_SCORE = 0.91
_IGNORED_INSIDE = frozenset({"of", "the", "a", "an", "for", "in", "по", "для", "в"})
MAX_TOKENS = 120


@dataclass(frozen=True, slots=True)
class Tag:
    """What a stretch of the question is.

    `options` are the columns it may mean (equally well, if several); `cells` are the (column, cell) pairs of a value;
    `start` and `end` are places in the question's text.
    """

    kind: str
    value: str = ""
    text: str = ""
    start: int = 0
    end: int = 0
    options: tuple[str, ...] = ()
    cells: tuple[Cell, ...] = ()
    number: float | int | None = None
    score: float = 0.0
    sense: tuple[str, str] = ("", "")


class Tagger:
    """Tags one question against one table."""

    def __init__(
        self, question: str, index: ColumnIndex, languages: tuple[str, ...], find_values: FindValues | None
    ) -> None:
        self.question = question
        self.index = index
        self.languages = languages
        self.tokens = tokens(question, decimal_comma="ru" in languages)
        self.values = ValueIndex(index.profile, self.tokens, find_values)

    def tags(self) -> list[Tag]:
        """Return the tags in the order of the words; every token is in exactly one of them."""
        chosen: dict[int, tuple[int, Tag]] = {}
        taken: set[int] = set()
        candidates = [c for at in range(len(self.tokens)) for c in self._candidates(at)]
        candidates.sort(key=lambda c: (-(c[1] - c[0]), -c[2].score, c[0]))
        for first, past, tag in candidates:
            if taken.isdisjoint(range(first, past)):
                taken.update(range(first, past))
                chosen[first] = (past, tag)
        row: list[Tag] = []
        at = 0
        while at < len(self.tokens):
            if at not in chosen:
                past = at
                while past < len(self.tokens) and past not in chosen:
                    past += 1
                row += self._unmatched(at, past)
            else:
                past, tag = chosen[at]
                row.append(tag)
            at = past
        return _settle(row, self.index)

    def _candidates(self, at: int) -> list[tuple[int, int, Tag]]:
        token = self.tokens[at]
        if token.kind == "quoted":
            return [(at, at + 1, self._quoted(token))]
        if token.kind in ("number", "date"):
            own = self._tag(at, at + 1, token.kind, score=0.9, number=_number(token), value=str(token.value or ""))
            usable = token.kind == "number" or token.value is not None
            return [(at, at + 1, own), *self._phrases(at)] if usable else []
        return [*self._phrases(at), *self._names(at)]

    def _phrases(self, at: int) -> list[tuple[int, int, Tag]]:
        found = []
        words: list[tuple[str, str]] = []
        for past in range(at + 1, min(at + LONGEST_PHRASE, len(self.tokens)) + 1):
            token = self.tokens[past - 1]
            if token.kind in ("quoted", "date"):
                break
            words.append((token.text, token.stem or token.text.casefold()))
            if token.text == ",":
                sense = None
                if past == at + 1:
                    found.append((at, past, self._tag(at, past, "and", score=1.0)))
            else:
                sense = sense_of(words, self.languages)
            if sense is not None:
                score = _WEAK_SCORE if sense.kind in _WEAK_KINDS else _PHRASE_SCORE
                if sense.kind == "stop":
                    score = 0.96
                found.append((at, past, self._tag(at, past, sense.kind, score=score, value=sense.value)))
        return found

    def _names(self, at: int) -> list[tuple[int, int, Tag]]:
        found = []
        words: list[str] = []
        for past in range(at + 1, min(at + 8, len(self.tokens)) + 1):
            token = self.tokens[past - 1]
            if token.kind not in ("word", "number"):
                break
            inside = token.text.casefold() in _IGNORED_INSIDE and words
            if not inside:
                words.append(token.stem or token.text)
            if not words or inside or self._cuts_a_name(at, past):
                continue
            whole = tuple(words)
            if self._names_table(whole):
                found.append((at, past, self._tag(at, past, "rows", score=_TABLE_SCORE)))
            matches = self.index.find(whole)
            if matches:
                found.append((at, past, self._column(at, past, matches)))
            cells = self.values.find(whole) or self.values.find(tuple(concept(word) for word in whole))
            if cells and _worth_a_value(self.tokens[at:past], cells):
                score = 0.97 if self._written_so(at, past, cells) else 0.945
                found.append((at, past, self._tag(at, past, "value", score=score, cells=tuple(cells))))
        return found

    def _cuts_a_name(self, at: int, past: int) -> bool:
        """Tell whether a stretch takes only a part of a name that is written as one: "min of temp" of temp_min."""
        start, end = self.tokens[at].start, self.tokens[past - 1].end
        return self.question[end : end + 1] == "_" or self.question[max(start - 1, 0) : start] == "_"

    def _names_table(self, words: tuple[str, ...]) -> bool:
        """Tell whether words are the table's name or the end of it: its rows are called so."""
        name = stems(self.index.profile.name)
        return len(words) <= len(name) and name[-len(words) :] == words and not words[-1].isdigit()

    def _written_so(self, at: int, past: int, cells: list[Cell]) -> bool:
        """Tell whether words are a cell with its capitals, and not only for beginning the question: "IT", "May"."""
        text = self.question[self.tokens[at].start : self.tokens[past - 1].end]
        capital = text[:1].isupper() and (at > 0 or text.isupper()) and not self.question.isupper()
        return capital and any(cell == text for _, cell in cells)

    def _quoted(self, token: Token) -> Tag:
        place = {"text": token.text, "start": token.start, "end": token.end}
        matches = self.index.named(token.text) or [m for m in self.index.find(stems(token.text)) if m.score >= 0.9]
        cells = self.values.look_up(token.text)
        if matches and not (cells and matches[0].score < 1.0):
            return Tag("column", options=_best(matches), score=1.0, **place)  # type: ignore[arg-type]
        if cells:
            return Tag("value", cells=tuple(cells), score=1.0, **place)  # type: ignore[arg-type]
        return Tag("literal", score=1.0, **place)  # type: ignore[arg-type]

    def _unmatched(self, first: int, past: int) -> list[Tag]:
        """Look words up that nothing explains: as a cell of the table, then as a column with a typing error."""
        row: list[Tag] = []
        at = first
        while at < past:
            for end in range(min(past, at + 4), at, -1):
                text = self.question[self.tokens[at].start : self.tokens[end - 1].end]
                cells = self.values.look_up(text)
                if cells:
                    row.append(self._tag(at, end, "value", score=0.9, cells=tuple(cells)))
                    break
            else:
                end = at + 1
                matches = self.index.find_misspelt(self.tokens[at].text) if self.tokens[at].kind == "word" else []
                row.append(self._column(at, end, matches) if matches else self._tag(at, end, "unknown"))
            at = end
        return row

    def _column(self, first: int, past: int, matches: list[Match]) -> Tag:
        return self._tag(first, past, "column", score=matches[0].score, options=_best(matches))

    def _tag(self, first: int, past: int, kind: str, **fields: object) -> Tag:
        start, end = self.tokens[first].start, self.tokens[past - 1].end
        return Tag(kind, text=self.question[start:end], start=start, end=end, **fields)  # type: ignore[arg-type]


def _number(token: Token) -> float | int | None:
    return token.value if isinstance(token.value, int | float) else None


def _best(matches: list[Match]) -> tuple[str, ...]:
    return tuple(match.column.name for match in matches if match.score >= matches[0].score - _CLOSE)


def _worth_a_value(row: list[Token], cells: list[Cell]) -> bool:
    """Short cells (state codes, letters) count only when written exactly so, and as capitals."""
    text = " ".join(token.text for token in row)
    return len(text) > 2 or (text.isupper() and any(cell == text for _, cell in cells))


def _settle(row: list[Tag], index: ColumnIndex) -> list[Tag]:
    """Decide words that are both an operation and a column: before another column of numbers they are an operation."""
    settled = []
    for at, tag in enumerate(row):
        if tag.kind == "column" and len(stems(tag.text)) == 1:
            sense = sense_of([(tag.text, stems(tag.text)[0])], ("en", "ru"))
            if sense is not None and sense.kind in ("aggregate", "count", "extreme", "share"):
                following = next((t for t in row[at + 1 :] if t.kind not in ("stop", "in", "distinct")), None)
                wanted = following is not None and following.kind in ("column", "rows", "people")
                if wanted and (sense.kind == "count" or _has_measure(following, index)):
                    tag = replace(tag, kind=sense.kind, value=sense.value, options=())
        settled.append(tag)
    return settled


def _has_measure(tag: Tag | None, index: ColumnIndex) -> bool:
    return tag is not None and any(is_measure(index[name]) for name in tag.options)
