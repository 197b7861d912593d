"""Code for numbers: one for all rows, or one per group, with the sentence that tells them."""

from __future__ import annotations

from . import charts
from .draft import Draft, Expr, literal
from .intent import Intent, Key, Measure
from .rows import take_rows, tell_lost
from .telling import conditions, key_label, measure, shown

_METHODS = {"distinct": "nunique"}
_PERIODS = {"week": "W-SUN", "month": "M", "quarter": "Q"}
_TIME_FORMATS = {"day": "%Y-%m-%d", "week": "%Y-%m-%d", "month": "%Y-%m"}
MANY_LISTED = 10


def write_aggregate(draft: Draft, intent: Intent, *, coerce: bool = False) -> None:
    """Write the code for measures, grouped or not."""
    frame = take_rows(draft, intent, coerce=coerce)
    draft.gap()
    if intent.keys:
        Groups(draft, intent, frame).write()
    elif intent.share:
        _share(draft, intent, frame)
    else:
        _numbers(draft, intent, frame)


def aggregation(what: Measure, frame: str) -> str:
    """Return the expression of one number for all rows of a frame."""
    if what.aggregate == "count":
        return f"len({frame})"
    return f"{frame}[{literal(what.column)}].{_METHODS.get(what.aggregate, what.aggregate)}()"


def _is_date(draft: Draft, what: Measure) -> bool:
    column = next((column for column in draft.profile.columns if column.name == what.column), None)
    return column is not None and column.type in ("date", "datetime") and what.aggregate in ("min", "max")


def _written(draft: Draft, what: Measure, name: str) -> Expr:
    if what.aggregate in ("count", "distinct"):
        return draft.whole(name)
    return Expr(f"{name}:%Y-%m-%d") if _is_date(draft, what) else Expr(f"number({name})")


def _numbers(draft: Draft, intent: Intent, frame: str) -> None:
    used = [m.column for m in intent.measures if m.column]
    where = conditions(intent.conditions, draft.language)
    suffix = "_where" if where else ""
    if len(intent.measures) == 1:
        what = intent.measures[0]
        draft.add(f"result = {aggregation(what, frame)}")
        if what.aggregate == "count":
            draft.tell(f"answer_count{suffix}", value=_written(draft, what, "result"), where=where)
        else:
            value = _written(draft, what, "result")
            words = measure(what, draft.language)
            # The Russian sentence begins with it.
            told = capital(words) if draft.language == "ru" else words
            draft.tell(f"answer_scalar{suffix}", what=told, value=value, where=where)
        tell_lost(draft, frame, used)
        draft.add("result")
        return
    draft.add("result = pd.Series({")
    for what in intent.measures:
        draft.add(f"    {literal(measure(what, draft.language))}: {aggregation(what, frame)},")
    draft.add("})")
    if any(_is_date(draft, what) for what in intent.measures):
        draft.add('listed = ", ".join(f"{name}: {value}" for name, value in result.items())')
    else:
        draft.add('listed = ", ".join(f"{name}: {number(value)}" for name, value in result.items())')
    draft.tell("answer_several", listed=Expr("listed"))
    tell_lost(draft, frame, [], used)
    draft.add("result")


def _share(draft: Draft, intent: Intent, frame: str) -> None:
    what = intent.measures[0]
    draft.add(f"part = {aggregation(what, frame)}", f"whole = {aggregation(what, draft.frame)}")
    draft.add("result = 100 * part / whole if whole else float('nan')")
    draft.tell(
        "answer_share",
        part=Expr("number(part)"),
        whole=Expr("number(whole)"),
        percent=Expr("number(result)"),
        what=measure(what, draft.language),
        where=conditions(intent.conditions, draft.language),
    )
    draft.add("result")


class Groups:
    """Writes one grouped question: the table, the chart, the sentence."""

    def __init__(self, draft: Draft, intent: Intent, frame: str) -> None:
        self.draft = draft
        self.intent = intent
        self.frame = frame
        self.keys = list(intent.keys)
        taken: list[str] = []
        for key in self.keys:
            taken.append(_free(key_label(key, draft.language), taken))
        self.key_names = list(taken)
        for what in intent.measures:
            taken.append(_free(measure(what, draft.language), taken))
        self.value_names = taken[len(self.keys) :]
        self.shown_value = self.value_names[0]

    def write(self) -> None:
        draft = self.draft
        self._compute()
        self._arrange()
        draft.gap()
        draft.add(f"values = result[{literal(self.shown_value)}]", f"names = {self._names()}")
        with draft.block("if values.notna().any():"):
            self._answer()
            charts.draw_groups(draft, self.intent, self.key_names, self.shown_value)
        with draft.block("else:"):
            draft.tell("answer_none")
        measured = [m.column for m in self.intent.measures if m.column]
        tell_lost(draft, self.frame, [key.column for key in self.keys], measured)
        draft.add("result")

    def _compute(self) -> None:
        draft, intent = self.draft, self.intent
        by = [self._group_by(at, key) for at, key in enumerate(self.keys)]
        grouped = f"{self.frame}.groupby({by[0] if len(by) == 1 else '[' + ', '.join(by) + ']'})"
        what = intent.measures[0]
        if len(intent.measures) > 1:
            draft.add("result = (", f"    {grouped}", "    .agg(**{")
            for one, label in zip(intent.measures, self.value_names, strict=True):
                column = one.column or self.keys[0].column
                method = "size" if one.aggregate == "count" else _METHODS.get(one.aggregate, one.aggregate)
                draft.add(f"        {literal(label)}: ({literal(column)}, {literal(method)}),")
            draft.add("    })", "    .reset_index()", ")")
        elif what.aggregate == "count":
            draft.add(f"result = {grouped}.size().reset_index(name={literal(self.shown_value)})")
        else:
            method = _METHODS.get(what.aggregate, what.aggregate)
            arguments = ""
            if what.aggregate == "sum" and any(c.name == what.column and c.nulls for c in draft.profile.columns):
                draft.comment("comment_min_count")
                arguments = "min_count=1"
            computed = f"{grouped}[{literal(what.column)}].{method}({arguments})"
            draft.add(f"result = {computed}.reset_index(name={literal(self.shown_value)})")
        if intent.share:
            base, self.shown_value = self.shown_value, _free(draft.say("share"), [*self.key_names, *self.value_names])
            draft.add(
                f"result[{literal(self.shown_value)}] = 100 * result[{literal(base)}] / result[{literal(base)}].sum()"
            )
        for test in intent.having:
            label = self.value_names[intent.measures.index(test.measure)]
            draft.add(f"result = result[result[{literal(label)}] {test.operator} {literal(test.values[0])}]")

    def _group_by(self, at: int, key: Key) -> str:
        """Return what to group by, written before as a variable where a date is cut to a grain."""
        label = literal(self.key_names[at])
        column = f"{self.frame}[{literal(key.column)}]"
        if not key.grain:
            return label if self.key_names[at] == key.column else literal(key.column)
        if key.grain == "day":
            cut = f"{column}.dt.normalize()"
        elif key.grain == "year":
            cut = f"{column}.dt.year.astype('Int64')"
        elif key.grain == "hour":
            cut = f"{column}.dt.hour.astype('Int64')"
        elif key.grain == "weekday":
            cut = f"{column}.dt.day_of_week.astype('Int64')"
        else:
            cut = f"{column}.dt.to_period('{_PERIODS[key.grain]}').dt.to_timestamp()"
        self.draft.add(f"{key.grain} = {cut}.rename({label})")
        return key.grain

    def _arrange(self) -> None:
        draft, intent = self.draft, self.intent
        value = literal(self.shown_value)
        for at, key in enumerate(self.keys):
            if key.grain == "weekday":
                days = draft.say("weekdays").split(",")
                name = literal(self.key_names[at])
                draft.add(f"weekdays = {days!r}", f"result[{name}] = [weekdays[day] for day in result[{name}]]")
        order = next((n for n, k in zip(self.key_names, self.keys, strict=True) if k.column == intent.order), "")
        by_value = intent.descending is not None or intent.limit is not None or (not self._ordered_key() and not order)
        if order:
            way = not intent.descending
            draft.add(f"result = result.sort_values({literal(order)}, ascending={way}, ignore_index=True)")
        elif by_value:
            down = intent.descending is not False
            draft.add(f"result = result.sort_values({value}, ascending={not down}, kind='stable', ignore_index=True)")
        if intent.single:
            best = "max" if intent.descending else "min"
            draft.comment("comment_ties")
            draft.add(f"result = result[result[{value}] == result[{value}].{best}()]")
        elif intent.limit is not None:
            draft.add(f"result = result.head({intent.limit})")
        if intent.single or (intent.having and not by_value and not order):
            draft.add("result = result.reset_index(drop=True)")

    def _ordered_key(self) -> bool:
        """Tell whether the groups have an order of their own: times and whole numbers keep it."""
        types = {column.name: column.type for column in self.draft.profile.columns}
        return all(key.grain or types[key.column] in ("integer", "date", "datetime") for key in self.keys[:1])

    def _names(self) -> str:
        parts = []
        for name, key in zip(self.key_names, self.keys, strict=True):
            column = f"result[{literal(name)}]"
            if key.grain in _TIME_FORMATS:
                parts.append(f"{column}.dt.strftime('{_TIME_FORMATS[key.grain]}')")
            elif not key.grain and self._gappy_integer(key.column):  # 35, not 35.0
                parts.append(f"{column}.astype('Int64').astype(str)")
            elif key.grain == "quarter":
                parts.append(f"{column}.dt.to_period('Q').astype(str)")
            else:
                parts.append(f"{column}.astype(str)")
        return " + ', ' + ".join(parts)

    def _gappy_integer(self, name: str) -> bool:
        return any(c.name == name and c.type == "integer" and c.nulls for c in self.draft.profile.columns)

    def _answer(self) -> None:
        draft, intent = self.draft, self.intent
        what = intent.measures[0]
        words = measure(what, draft.language)
        draft.comment("comment_answer")
        if _is_date(draft, what):
            draft.tell("answer_rows", count=draft.whole("len(result)"))
            return
        if intent.limit is not None:
            listed = f"zip(names.head({MANY_LISTED}), values.head({MANY_LISTED}))"
            draft.add(f'listed = ", ".join(f"{{name}} ({{{self._number("value").code}}})" for name, value in {listed})')
            draft.tell("answer_top" if intent.descending else "answer_bottom", what=words, listed=Expr("listed"))
        elif intent.share:
            top, most = Expr("names[values.idxmax()]"), Expr("number(values.max())")
            draft.tell("answer_shares", what=words, top=top, most=most, count=draft.whole("len(result)"))
        elif len(self.keys) == 1 and self.keys[0].grain not in ("", "weekday", "hour") and intent.descending is None:
            draft.tell(
                "answer_time",
                what=capital(words),
                first=Expr("names.iloc[0]"),
                first_value=self._number("values.iloc[0]"),
                last=Expr("names.iloc[-1]"),
                last_value=self._number("values.iloc[-1]"),
                top=Expr("names[values.idxmax()]"),
                most=self._number("values.max()"),
            )
        else:
            with draft.block("if values.nunique() == 1:"):
                same = {"value": self._number("values.iloc[0]"), "count": draft.whole("len(result)")}
                group = ", ".join(shown(name, draft.language) for name in self.key_names)
                draft.tell("answer_groups_same", what=capital(words), group=group, **same)
            self._tell_highest_and_lowest(words)

    def _tell_highest_and_lowest(self, words: str) -> None:
        draft = self.draft
        with draft.block("else:"):
            draft.tell(
                "answer_groups",
                what=capital(words),
                group=", ".join(shown(name, draft.language) for name in self.key_names),
                top=Expr("names[values.idxmax()]"),
                most=self._number("values.max()"),
                low=Expr("names[values.idxmin()]"),
                least=self._number("values.min()"),
                count=draft.whole("len(result)"),
            )

    def _number(self, code: str) -> Expr:
        """Return a number of the shown column as it stands in a sentence."""
        counted = self.intent.measures[0].aggregate in ("count", "distinct") and not self.intent.share
        return self.draft.whole(code) if counted else Expr(f"number({code})")


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _free(name: str, taken: list[str]) -> str:
    """Return a name for a column of the result that no other has."""
    free, at = name, 2
    while free in taken:
        free, at = f"{name} ({at})", at + 1
    return free
