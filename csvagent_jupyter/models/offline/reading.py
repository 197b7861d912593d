"""From a question to an intent: one pass that accounts for every word, or says which ones it could not place."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

from ...messages import Column, Profile
from .columns import (
    NUMERIC,
    TEMPORAL,
    ColumnIndex,
    about_people,
    is_group,
    is_id_word,
    is_identifier,
    is_measure,
    is_unique,
    is_year,
    usual_aggregate,
    usual_grain,
)
from .conditions import read_conditions
from .intent import Aggregate, ChartKind, Grain, Intent, Key, Measure
from .moments import date_column
from .ranking import Ranking, read_ranking
from .sentence import NotUnderstoodError, Sentence, UnclearError
from .special import read_special
from .tagging import MAX_TOKENS, Tagger
from .values import FindValues
from .words import stems

_MANY_GROUPS = 200


def read(question: str, profile: Profile, languages: tuple[str, ...], find_values: FindValues | None = None) -> Intent:
    """Return what the question asks of this table.

    Raises NotUnderstoodError with the words that have no place in the reading, and UnclearError with the readings
    where there are several and they would give different answers.
    """
    tagger = Tagger(question, ColumnIndex(profile), languages, find_values)
    if len(tagger.tokens) > MAX_TOKENS:
        raise NotUnderstoodError(question[:60] + "…", "offline.too_long")
    return Reader(Sentence(tagger.tags(), tagger.index)).read()


class Reader:
    """Reads one tagged question against one table."""

    def __init__(self, sentence: Sentence) -> None:
        self.s = sentence
        self.index = sentence.index
        self.chart: ChartKind = ""
        self.wants_chart = False

    def read(self) -> Intent:
        s = self.s
        _settle_rows(s)
        conditions, having = read_conditions(s)
        s.refuse_unknown()
        self._read_chart()
        intent = read_special(s, self.chart)
        if intent is None:
            intent = self._read_rows_or_groups(bool(conditions), tuple(h.measure for h in having))
        s.refuse_rest()
        return intent.but(table=self.index.profile.name, conditions=conditions, having=having)

    def _read_chart(self) -> None:
        for at in self.s.unused("chart"):
            self.s.use(at)
            self.wants_chart = True
            value = self.s.tags[at].value
            if value != "any" and value in get_args(ChartKind):
                if self.chart not in ("", value):
                    raise NotUnderstoodError(self.s.tags[at].text, "offline.words_unused")
                self.chart = value  # type: ignore[assignment]

    # --- groups -----------------------------------------------------------------------------------------------------

    def _read_rows_or_groups(self, filtered: bool, having: tuple[Measure, ...]) -> Intent:
        s = self.s
        stacked = bool(s.unused("stacked"))
        s.use(*s.unused("stacked"))
        share = bool(s.unused("share"))
        s.use(*s.unused("share"))
        ranking = read_ranking(s)
        order, descending = self._read_sort()
        keys = self._read_keys(ranking)
        measures = self._read_measures(keys, ranking)
        mentions = [(at, s.tags[at].text) for at in s.columns()]
        intent = Intent(
            "aggregate", "", share=share, chart=self.chart, stacked=stacked, order=order, descending=descending
        )
        if ranking is not None:
            return self._ranked(intent, ranking, keys, measures)
        if not measures and having and not self._measurable_mentions():
            measures = list(having)
        if share or measures or keys or self.wants_chart:
            return self._grouped(intent, keys, measures)
        if mentions or s.has("rows", "show", "people"):
            return self._listed(intent, filtered)
        if filtered:
            s.use(*s.unused("rows"))
            return intent.but(act="records")
        raise NotUnderstoodError(" ".join(tag.text for tag in s.tags) or "?", "offline.nothing_asked")

    def _read_sort(self) -> tuple[str, bool | None]:
        s = self.s
        directions = s.unused("ascending", "descending")
        sorts = s.unused("sort")
        s.use(*directions, *sorts)
        descending = s.tags[directions[-1]].kind == "descending" if directions else None
        for at in [*sorts, *directions]:
            following = s.after(at, skip=frozenset({"stop", "in", "by", "ascending", "descending", "which"}))
            if following is not None and s.kind(following) == "column":
                column = s.column(following)
                assert column is not None
                s.use(*(i for i in range(at, following) if s.tags[i].kind == "by"))
                if not s.has("aggregate", "count") or s.kind(s.before(following)) not in ("aggregate", "extreme"):
                    s.use(following)
                return column.name, bool(descending) if descending is not None else False
            if following is not None and s.kind(following) in ("aggregate", "count", "extreme"):
                s.use(*(i for i in range(at, following) if s.tags[i].kind == "by"))
        if sorts and not directions:
            return "", None
        return "", descending

    def _read_keys(self, ranking: Ranking | None) -> list[Key]:
        s = self.s
        keys: list[Key] = []
        for at in s.unused("by"):
            following = s.after(at, skip=frozenset({"stop", "in", "which", "by", "distinct"}))
            while following is not None and (key := self._key_at(following, bool(ranking))) is not None:
                keys.append(key)
                s.use(at)
                following = s.after(following if key.grain == "" else max(s.used & {following, following + 1}))
                joined = following
                if s.kind(joined) == "and" and joined is not None:
                    following = s.after(joined, skip=frozenset({"stop", "in", "by", "and"}))
                elif s.kind(joined) != "by":
                    break
            if s.kind(following) in ("aggregate", "extreme", "count") and ranking is not None:
                s.use(at)
            if at not in s.used and s.kind(following) in ("rows", "people") and following is not None:
                raise NotUnderstoodError(s.tags[at].text + " " + s.tags[following].text, "offline.words_unused")
        for at in s.unused("grain"):
            if at not in s.used:
                keys.append(self._grain_key(at))
        for at in s.unused("trend"):
            column, named = date_column(s, at)
            s.use(at, *([named] if named is not None else []))
            keys = keys if any(key.grain for key in keys) else [Key(column.name, _grain(usual_grain(column))), *keys]
        return list(dict.fromkeys(keys))

    def _key_at(self, at: int, ranked: bool) -> Key | None:
        s = self.s
        if s.kind(at) == "grain":
            return self._grain_key(at)
        if s.kind(at) != "column":
            return None
        rows = s.rows
        groups = s.column(at, lambda c: is_group(c, rows) or is_identifier(c)) if len(s.tags[at].options) > 1 else None
        column = groups or s.column(at)
        if column is None or (ranked and is_measure(column) and not is_year(column)):
            return None
        if column.type in TEMPORAL:
            s.use(at)
            following = at + 1
            if s.kind(following) == "grain":
                s.use(following)
                return Key(column.name, _grain(s.tags[following].value))
            return Key(column.name, "day")
        if column.type == "number" and column.distinct > 20:
            return None
        s.use(at)
        return Key(column.name)

    def _grain_key(self, at: int) -> Key:
        s = self.s
        grain = _grain(s.tags[at].value)
        s.use(at)
        if not s.index.dates():
            plain = [c for c in s.index.of_concept(grain) if c.type in ("integer", "text", "category")]
            if len(plain) == 1:
                return Key(plain[0].name)
        column, named = date_column(s, at)
        if named is not None:
            s.use(named)
        if grain == "hour" and column.type == "date":
            raise NotUnderstoodError(s.tags[at].text, "offline.no_hours")
        return Key(column.name, grain)

    # --- measures ---------------------------------------------------------------------------------------------------

    def _read_measures(self, keys: list[Key], ranking: Ranking | None) -> list[Measure]:
        s = self.s
        found: list[Measure] = []
        pending: list[tuple[Aggregate, int]] = []
        carried: list[Aggregate] = []
        for at in range(len(s.tags)):
            kind = s.kind(at)
            if kind in ("aggregate", "extreme"):
                if pending or s.kind(s.before(at)) not in ("and",) or not found:
                    carried = []
                pending.append((s.tags[at].value, at))  # type: ignore[arg-type]
            elif kind == "count":
                if pending and pending[-1][0] == "sum":
                    s.use(pending.pop()[1])
                found.append(self._counted(at))
            elif kind == "distinct" and s.kind(s.after(at)) == "column":
                continue
            elif kind == "column":
                wanted = [aggregate for aggregate, _ in pending] or (carried if self._joined(at) else [])
                column = self._aggregated_column(at, wanted) if wanted else None
                if column is not None:
                    found += [Measure(aggregate, column.name) for aggregate in wanted]
                    s.use(at, *(place for _, place in pending))
                    carried, pending = wanted, []
        return self._late(found, pending)

    def _joined(self, at: int) -> bool:
        before = self.s.before(at)
        return before is not None and self.s.tags[before].kind == "and"

    def _late(self, found: list[Measure], pending: list[tuple[Aggregate, int]]) -> list[Measure]:
        """Read an aggregate that stands after its column: "price average", «выручка всего»."""
        s = self.s
        for aggregate, place in pending:
            columns = [(at, c) for at in s.columns() if (c := self._aggregated_column(at, [aggregate])) is not None]
            if len(columns) == 1:
                s.use(place, columns[0][0])
                found.append(Measure(aggregate, columns[0][1].name))
        return found

    def _aggregated_column(self, at: int, wanted: list[Aggregate]) -> Column | None:
        if set(wanted) <= {"min", "max"}:
            return self.s.column(at, lambda c: is_measure(c) or is_year(c) or c.type in TEMPORAL)
        return self.s.column(at, lambda c: is_measure(c) or (c.type == "boolean" and set(wanted) == {"mean"}))

    def _counted(self, at: int) -> Measure:
        """Read what is counted: rows, or the different values of a column ("how many customers")."""
        s = self.s
        s.use(at)
        target = s.after(at, skip=frozenset({"stop", "in", "which", "only", "show"}))
        distinct = target is not None and s.kind(target) == "distinct"
        if distinct and target is not None:
            s.use(target)
            target = s.after(target)
        if target is None or s.kind(target) not in ("column", "rows"):
            return Measure("count")
        if s.kind(target) == "rows":
            s.use(target)
            return Measure("count")
        return self._counted_column(target, distinct)

    def _counted_column(self, target: int, distinct: bool) -> Measure:
        s = self.s
        options = [self.index[name] for name in s.tags[target].options]
        identifiers = [column for column in options if is_identifier(column)]
        column = identifiers[0] if len(identifiers) == 1 else s.column(target)
        assert column is not None
        s.use(target)
        if is_measure(column) and not distinct:
            if usual_aggregate(column) == "sum":
                return Measure("sum", column.name)
            if column.type == "number":
                raise NotUnderstoodError(s.tags[target].text, "offline.words_unused")
        if is_unique(column, s.rows) and not distinct:
            return Measure("count")
        return Measure("distinct", column.name)

    def _measurable_mentions(self) -> list[int]:
        return [at for at in self.s.columns() if self.s.column(at, is_measure) is not None]

    def _usual(self, at: int) -> Measure:
        """Return the aggregate that people mean for a column of numbers when they name none, or ask back."""
        s = self.s
        column = s.column(at, is_measure)
        assert column is not None
        aggregate = usual_aggregate(column)
        if not aggregate:
            tag = s.tags[at]
            quoted = f'"{column.name}"'
            readings = tuple(f"§{word}§ {quoted}" for word in ("sum", "mean"))
            raise UnclearError(tag.text, tag.start, tag.end, readings)
        s.use(at)
        return Measure(aggregate, column.name)  # type: ignore[arg-type]

    # --- what it is all about ---------------------------------------------------------------------------------------

    def _grouped(self, intent: Intent, keys: list[Key], measures: list[Measure]) -> Intent:
        s = self.s
        s.use(*s.unused("rows", "count") if measures else s.unused("rows"))
        if self.wants_chart and not keys and not measures:
            return self._charted(intent)
        if not measures:
            measures = [self._usual(at) for at in self._measurable_mentions()]
        for at in list(s.columns()):
            column = s.column(at)
            if column is not None and (is_group(column, s.rows) or is_unique(column, s.rows)) and len(keys) < 2:
                s.use(at)
                keys.append(Key(column.name))
        measures = measures or [Measure("count")]
        if len(keys) > 2:
            raise NotUnderstoodError(", ".join(key.column for key in keys[2:]), "offline.too_many_keys")
        return intent.but(measures=tuple(dict.fromkeys(measures)), keys=tuple(keys))

    def _charted(self, intent: Intent) -> Intent:
        """Read a chart of columns alone: one is its distribution, two are one against the other."""
        s = self.s
        columns = []
        for at in list(s.columns()):
            column = s.column(at)
            if column is not None:
                columns.append((at, column))
        numbers = [(at, c) for at, c in columns if c.type in NUMERIC and not is_identifier(c)]
        if len(columns) == 1 and numbers and self.chart in ("", "hist", "box"):
            s.use(columns[0][0])
            act = "box" if self.chart == "box" else "distribution"
            return intent.but(act=act, columns=(columns[0][1].name,), chart=self.chart or "hist")
        if len(columns) == 2 and len(numbers) == 2 and self.chart in ("", "scatter"):
            s.use(*(at for at, _ in columns))
            return intent.but(act="scatter", columns=tuple(c.name for _, c in columns), chart="scatter")
        dates = [(at, c) for at, c in columns if c.type in TEMPORAL]
        if len(dates) == 1 and len(columns) == 2:
            s.use(dates[0][0])
            return self._grouped(intent, [Key(dates[0][1].name, _grain(usual_grain(dates[0][1])))], [])
        if len(columns) == 1 and not numbers:
            s.use(columns[0][0])
            column = columns[0][1]
            grain = _grain(usual_grain(column)) if column.type in TEMPORAL else ""
            return intent.but(measures=(Measure("count"),), keys=(Key(column.name, grain),))
        if len(columns) == 2 and len(numbers) == 1:
            measures = [self._usual(numbers[0][0])]
            return self._grouped(intent, [], measures)
        raise NotUnderstoodError(" ".join(tag.text for tag in s.tags), "offline.nothing_asked")

    def _listed(self, intent: Intent, filtered: bool) -> Intent:
        """Read a question about rows: their columns, the different values of one, or one number of a filtered column."""
        s = self.s
        distinct = s.unused("distinct")
        s.use(*distinct, *s.unused("rows", "people"))
        places = list(s.columns())
        columns = [c for at in places if (c := s.column(at)) is not None]
        s.use(*places)
        names = tuple(dict.fromkeys(column.name for column in columns))
        if intent.order and intent.order not in names and names:
            names = (*names, intent.order)
        one = columns[0] if len(columns) == 1 else None
        if one is not None and not intent.order:
            if distinct or (not is_measure(one) and not is_unique(one, s.rows) and one.type not in TEMPORAL):
                return intent.but(act="unique", columns=names)
            listing = s.has("show")
            if is_measure(one) and not listing and usual_aggregate(one) == "sum":
                return intent.but(measures=(Measure("sum", one.name),))
        if distinct:
            return intent.but(act="unique", columns=names)
        return intent.but(act="records", columns=names)

    def _ranked(self, intent: Intent, ranking: Ranking, keys: list[Key], measures: list[Measure]) -> Intent:
        s = self.s
        descending = ranking.descending if intent.descending is None else intent.descending
        intent = intent.but(limit=ranking.limit, descending=descending, single=ranking.limit == 1)
        s.use(*s.unused("rows"))
        if ranking.plain:
            names = tuple(c.name for at in list(s.columns()) if (c := s.column(at)) is not None and not s.use(at))
            return intent.but(act="records", columns=names, descending=None, single=False)
        by = ranking.column or intent.order
        entity, by = self._entity(ranking, keys, by)
        if entity is not None:
            keys = [*keys, Key(entity.name)]
        if ranking.counted:
            measures = measures or [Measure("count")]
        if measures and not keys:
            raise NotUnderstoodError(ranking.text, "offline.no_group")
        if measures:
            return intent.but(order="", measures=tuple(dict.fromkeys(measures)), keys=tuple(keys))
        if not by:
            raise NotUnderstoodError(ranking.text, "offline.rank_by_what")
        if not keys or (len(keys) == 1 and not keys[0].grain and is_unique(self.index[keys[0].column], s.rows)):
            shown = tuple(dict.fromkeys([*(key.column for key in keys), by])) if keys else ()
            return intent.but(act="records", columns=shown, order=by)
        aggregate = usual_aggregate(self.index[by])
        if ranking.one_row or aggregate == "mean" or self.index[by].type in TEMPORAL:
            aggregate = "max" if ranking.descending else "min"
        if not aggregate:
            words = tuple(f'§{word}§ "{by}"' for word in ("sum", "mean", "max" if ranking.descending else "min"))
            raise UnclearError(ranking.by_text or ranking.text, ranking.by_start, ranking.by_end, words)
        return intent.but(order="", measures=(Measure(aggregate, by),), keys=tuple(keys))  # type: ignore[arg-type]

    def _entity(self, ranking: Ranking, keys: list[Key], by: str) -> tuple[Column | None, str]:
        """Find what is ranked (which city, top 5 products), and by which column where the ranking names none."""
        s = self.s
        entity: Column | None = None
        for at in list(s.columns()):
            column = s.column(at)
            if column is None:
                continue
            if not by and not ranking.counted and is_measure(column):
                by = column.name
                s.use(at)
            elif column.name == by:
                s.use(at)
            elif entity is None and not is_measure(column):
                entity = column
                s.use(at)
        if entity is not None and any(key.column == entity.name for key in keys):
            entity = None
        return entity, by


def _grain(word: str) -> Grain:
    if word not in get_args(Grain):
        raise NotUnderstoodError(word)
    return word  # type: ignore[return-value]


def _settle_rows(s: Sentence) -> None:
    """Take what names the rows themselves as rows: the table's own name, its ids, people where rows are people."""
    name = set(stems(s.index.profile.name))
    for at, tag in enumerate(s.tags):
        words = stems(tag.text)
        if tag.kind == "unknown" and words and set(words) <= name:
            s.tags[at] = replace(tag, kind="rows")
        elif tag.kind == "people":
            s.tags[at] = replace(tag, kind="rows" if about_people(s.index.profile) else "unknown")
        elif tag.kind == "column" and tag.score < 0.9:
            identifiers = [
                s.index[n] for n in tag.options if is_identifier(s.index[n]) and is_unique(s.index[n], s.rows)
            ]
            if len(identifiers) == 1 and not any(is_id_word(word) for word in words):
                s.tags[at] = replace(tag, kind="rows", options=())
