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
    usual_aggregate,
    usual_grain,
)
from .conditions import read_conditions
from .grouping import grain_of, measurable, read_keys, read_measures, usual_measure
from .intent import ChartKind, Intent, Key, Measure
from .lexicon import concept
from .ranking import Ranking, read_ranking
from .sentence import NotUnderstoodError, Sentence, UnclearError
from .special import read_special
from .tagging import MAX_TOKENS, Tagger
from .values import FindValues
from .words import stems

_MOST_READINGS = 5
_ASKS_FOR_A_PLACE_OR_TIME = frozenset({"when", "where", "когда", "где"})
_FIRST_KEY = "\0x"  # the x axis, whatever it turns out to be


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
        self.compared = ""
        self.by_is_asked = False

    def read(self) -> Intent:
        s = self.s
        _settle_rows(s)
        if s.tags and s.tags[0].text.casefold() in _ASKS_FOR_A_PLACE_OR_TIME:
            s.tags[0] = replace(s.tags[0], kind="unknown")
        conditions, having = read_conditions(s)
        s.refuse_unknown()
        if s.has("compare_values", "relation"):
            listed = [one.column for one in conditions if one.operator == "in" and not one.negated]
            self.compared = listed[0] if len(listed) == 1 else ""
        self._read_chart()
        intent = read_special(s, self.chart)
        if intent is None:
            intent = self._read_rows_or_groups(bool(conditions), tuple(h.measure for h in having))
        s.refuse_rest()
        if having and intent.act == "aggregate":
            compared = tuple(one.measure for one in having)
            intent = intent.but(measures=tuple(dict.fromkeys((*intent.measures, *compared))))
        intent = intent.but(measures=_countable(intent))
        return intent.but(table=self.index.profile.name, conditions=conditions, having=having)

    def read_fragment(self) -> Intent:
        """Return only what is said, for a question that goes on from another; the caller refuses what is left."""
        s = self.s
        _settle_rows(s)
        conditions, having = read_conditions(s)
        s.refuse_unknown()
        self._read_chart()
        ranking = read_ranking(s)
        order, descending = self._read_sort()
        keys = read_keys(s, ranking)
        measures = read_measures(s)
        limit = ranking.limit if ranking is not None else None
        if ranking is not None and descending is None:
            descending = ranking.descending
        return Intent(
            "aggregate",
            "",
            measures=tuple(measures),
            keys=tuple(keys),
            conditions=conditions,
            having=having,
            order=order,
            descending=descending,
            limit=limit,
            chart=self.chart,
        )

    def _read_chart(self) -> None:
        for at in self.s.unused("chart"):
            self.s.use(at)
            before = self.s.before(at)
            if self.s.kind(before) == "by" and before is not None:  # visualize by bar chart
                self.s.use(before)
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
        keys = read_keys(s, ranking)
        measures = read_measures(s)
        intent = Intent(
            "aggregate", "", share=share, chart=self.chart, stacked=stacked, order=order, descending=descending
        )
        if ranking is not None:
            return self._ranked(intent, ranking, keys, measures)
        if not measures and having and not measurable(s):
            measures = list(having)
        if share or measures or keys or self.wants_chart:
            return self._grouped(intent, keys, measures)
        if s.unused("column") or s.has("rows", "show"):
            return self._listed(intent, filtered)
        if filtered:
            s.use(*s.unused("rows"))
            return intent.but(act="records")
        raise NotUnderstoodError(" ".join(tag.text for tag in s.tags) or "?", "offline.nothing_asked")

    def _read_sort(self) -> tuple[str, bool | None]:
        """Return what to sort by ("" for the measure) and which way, None where no way is said."""
        s = self.s
        directions, sorts = s.unused("ascending", "descending"), s.unused("sort")
        s.use(*directions, *sorts)
        descending = s.tags[directions[-1]].kind == "descending" if directions else None
        skipped = frozenset({"stop", "in", "by", "ascending", "descending", "which", "and"})
        for at in [*sorts, *directions]:
            following = s.after(at, skip=skipped)
            if s.kind(s.before(at, skip=skipped)) == "axis":  # the x axis in descending order
                following = s.before(at, skip=skipped)
            bys = [by for by in s.unused("by") if by > at]
            if bys and at in sorts and s.kind(s.after(bys[0], skip=skipped)) == "column":  # sort cities by revenue
                following = s.after(bys[0], skip=skipped)
            if following is None or s.kind(following) not in ("column", "aggregate", "count", "extreme", "axis"):
                continue
            s.use(*(by for by in bys if by < following))
            if s.kind(following) == "axis":
                s.use(following)
                return (_FIRST_KEY if s.tags[following].value == "x" else ""), descending
            if s.kind(following) != "column":
                return "", descending
            column = s.column(following)
            assert column is not None
            s.use(following)
            return column.name, descending
        return ("", descending) if directions or not sorts else ("", None)

    # --- what it is all about ---------------------------------------------------------------------------------------

    def _grouped(self, intent: Intent, keys: list[Key], measures: list[Measure]) -> Intent:
        s = self.s
        s.use(*s.unused("rows", "count") if measures else s.unused("rows"))
        if self.wants_chart and not keys and not measures:
            return self._charted(intent)
        if not measures:
            measures = [usual_measure(s, at) for at in measurable(s)]
        named = {key.column for key in keys}
        for at in list(s.columns()):
            column = s.column(at)
            if column is None or (named and column.name not in named):
                continue
            joined = s.kind(s.before(at)) == "and"
            if not joined and (keys or any(m.aggregate == "distinct" for m in measures)) and column.name not in named:
                continue  # "number of products of customers" says nothing about groups
            if column.name in named or is_group(column, s.rows) or is_unique(column, s.rows):
                s.use(at)
                keys += [] if column.name in {key.column for key in keys} else [Key(column.name)]
        if not measures:
            self._refuse_sales()
        measures = measures or [Measure("count")]
        if self.compared and not keys:
            keys = [Key(self.compared)]
        if len(keys) > 2:
            raise NotUnderstoodError(", ".join(key.column for key in keys[2:]), "offline.too_many_keys")
        intent = intent.but(measures=tuple(dict.fromkeys(measures)), keys=tuple(keys))
        return self._ordered(intent)

    def _refuse_sales(self) -> None:
        """Ask back for "sales by city": how many there were, or what they brought in."""
        brought = [c for word in ("revenue", "amount", "total") for c in self.index.of_concept(word) if is_measure(c)]
        for tag in self.s.tags:
            if tag.kind == "rows" and brought and any(concept(word) == concept("sale") for word in stems(tag.text)):
                readings = (*(f'§sum§ "{column.name}"' for column in brought), "§count§ §rows§")
                raise UnclearError(tag.text, tag.start, tag.end, readings)

    def _ordered(self, intent: Intent) -> Intent:
        """Turn what groups are sorted by into a key, or "" for their number; anything else is not in the result."""
        if intent.order == _FIRST_KEY and intent.keys:
            return intent.but(order=intent.keys[0].column, descending=bool(intent.descending))
        if not intent.keys and intent.descending is not None:
            raise self._nothing_to_sort()
        if not intent.order or any(key.column == intent.order for key in intent.keys):
            return intent
        if intent.measures and intent.measures[0].column == intent.order:
            return intent.but(order="", descending=intent.descending is not False)
        raise NotUnderstoodError(intent.order.strip("\0"), "offline.words_unused")

    def _nothing_to_sort(self) -> NotUnderstoodError:
        """Refuse a direction without an order: "is revenue increasing" asks for something else."""
        words = [tag.text for tag in self.s.tags if tag.kind in ("ascending", "descending")]
        return NotUnderstoodError(", ".join(words), "offline.words_unused")

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
            return self._grouped(intent, [Key(dates[0][1].name, grain_of(usual_grain(dates[0][1])))], [])
        if len(columns) == 1 and not numbers:
            s.use(columns[0][0])
            column = columns[0][1]
            grain = grain_of(usual_grain(column)) if column.type in TEMPORAL else ""
            return intent.but(measures=(Measure("count"),), keys=(Key(column.name, grain),))
        if len(columns) == 2 and len(numbers) == 1:
            measures = [usual_measure(s, numbers[0][0])]
            return self._grouped(intent, [], measures)
        raise NotUnderstoodError(" ".join(tag.text for tag in s.tags), "offline.nothing_asked")

    def _listed(self, intent: Intent, filtered: bool) -> Intent:
        """Read a question about rows: their columns, the different values of one, or one number of them."""
        s = self.s
        distinct, limit = s.unused("distinct"), self._rows_wanted()
        s.use(*distinct, *s.unused("rows"))
        if intent.order == _FIRST_KEY:
            raise NotUnderstoodError("x", "offline.words_unused")
        places = list(s.columns())
        columns = [c for at in places if (c := s.column(at)) is not None]
        s.use(*places)
        names = tuple(dict.fromkeys(column.name for column in columns))
        one = columns[0] if len(columns) == 1 else None
        if intent.descending is not None and not intent.order and not s.has("show", "sort", "distinct"):
            raise self._nothing_to_sort()
        if one is not None and not intent.order:
            if distinct or (not is_measure(one) and not is_unique(one, s.rows) and one.type not in TEMPORAL):
                return intent.but(act="unique", columns=names)
            listing = s.has("show")
            if is_measure(one) and not listing and usual_aggregate(one) == "sum":
                return intent.but(measures=(Measure("sum", one.name),))
        if distinct:
            return intent.but(act="unique", columns=names)
        grouped = self._sorted_groups(intent, columns)
        if grouped is not None:
            return grouped
        descending = bool(intent.descending) if intent.order else None
        return intent.but(act="records", columns=names, descending=descending, limit=limit)

    def _rows_wanted(self) -> int | None:
        """Read how many rows are to be shown: "show 10 rows"."""
        for at in self.s.unused("rows"):
            number = self.s.number(at - 1)
            if number is not None and isinstance(number[0], int):
                self.s.use(at - 1)
                return number[0]
        return None

    def _sorted_groups(self, intent: Intent, columns: list[Column]) -> Intent | None:
        """Read "cities sorted by revenue": each city once, by its sum."""
        if not intent.order or len(columns) != 1 or not is_group(columns[0], self.s.rows):
            return None
        by = self.index[intent.order]
        if is_unique(columns[0], self.s.rows) or not is_measure(by) or usual_aggregate(by) != "sum":
            return None
        keys = (Key(columns[0].name),)
        return intent.but(
            measures=(Measure("sum", by.name),), keys=keys, order="", descending=intent.descending is not False
        )

    def _ranked(self, intent: Intent, ranking: Ranking, keys: list[Key], measures: list[Measure]) -> Intent:
        s = self.s
        descending = ranking.descending if intent.descending is None else intent.descending
        intent = intent.but(limit=ranking.limit, descending=descending, single=ranking.limit == 1)
        s.use(*s.unused("rows"))
        if ranking.plain:
            places = list(s.columns())
            names = tuple(c.name for at in places if (c := s.column(at)) is not None)
            s.use(*places)
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
            raise self._rank_by_what(ranking)
        if not keys or (len(keys) == 1 and not keys[0].grain and is_unique(self.index[keys[0].column], s.rows)):
            shown = tuple(key.column for key in keys) + ((by,) if self.by_is_asked else ())
            return intent.but(act="records", columns=shown, order=by)
        aggregate = usual_aggregate(self.index[by])
        if ranking.one_row or aggregate == "mean" or self.index[by].type in TEMPORAL:
            aggregate = "max" if ranking.descending else "min"
        if not aggregate:
            words = tuple(f'§{word}§ "{by}"' for word in ("sum", "mean", "max" if ranking.descending else "min"))
            raise UnclearError(ranking.by_text or ranking.text, ranking.by_start, ranking.by_end, words)
        return intent.but(order="", measures=(Measure(aggregate, by),), keys=tuple(keys))  # type: ignore[arg-type]

    def _rank_by_what(self, ranking: Ranking) -> Exception:
        """Ask back by which of the columns of numbers to rank."""
        measures = [column.name for column in self.index.profile.columns if is_measure(column)]
        if not 0 < len(measures) <= _MOST_READINGS:
            return NotUnderstoodError(ranking.text, "offline.rank_by_what")
        end = self.s.tags[-1].end
        return UnclearError(ranking.text, end, end, tuple(f' §by§ "{name}"' for name in measures))

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
                self.by_is_asked = True
                s.use(at)
            elif entity is None and not is_measure(column):
                entity = column
                s.use(at)
        if entity is not None and any(key.column == entity.name for key in keys):
            entity = None
        return entity, by


def _countable(intent: Intent) -> tuple[Measure, ...]:
    """Count the rows of a group where its own different values were to be counted: "number of cities by city"."""
    plain = {key.column for key in intent.keys if not key.grain}
    listed = (Measure("count") if m.aggregate == "distinct" and m.column in plain else m for m in intent.measures)
    return tuple(dict.fromkeys(listed))


def _settle_rows(s: Sentence) -> None:
    """Take what names the rows themselves as rows: the table's own name, its ids, people where rows are people."""
    name = set(stems(s.index.profile.name))
    for at, tag in enumerate(s.tags):
        words = stems(tag.text)
        if tag.kind == "unknown" and words and set(words) <= name:
            s.tags[at] = replace(tag, kind="rows")
        elif tag.kind == "people":
            s.tags[at] = replace(tag, kind="rows" if about_people(s.index.profile) else "unknown", value="people")
        elif tag.kind == "column" and tag.score < 0.9:
            identifiers = [
                s.index[n] for n in tag.options if is_identifier(s.index[n]) and is_unique(s.index[n], s.rows)
            ]
            if len(identifiers) == 1 and not any(is_id_word(word) for word in words):
                s.tags[at] = replace(tag, kind="rows", options=())
