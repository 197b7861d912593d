"""Code that draws: one readable chart of a result, titled, its axes named, its colours told apart by everybody."""

from __future__ import annotations

from .columns import TEMPORAL, is_year
from .draft import BLUE, PALETTE, Draft, literal, plotted
from .intent import ChartKind, Intent
from .telling import key, measure

MOST_CATEGORIES = 12
MOST_SERIES = 8
_LONG_LABEL = 12
_SIZE = "figsize=(7, 4)"


def start(draft: Draft, *, size: str = _SIZE) -> None:
    """Open the figure."""
    draft.comment("comment_draw")
    if any("$" in text for column in draft.profile.columns for text in (column.name, *column.examples)):
        draft.comment("comment_dollar")
        draft.add("plt.rcParams['text.parse_math'] = False")
    draft.add(f"fig, ax = plt.subplots({size}, layout='constrained')")


def finish(draft: Draft, title: str, x: str, y: str, *, numbers: str = "y") -> None:
    """Name the chart and its axes, and write the numbers of the axes the language's way."""
    draft.add(f"ax.set_title({literal(_capital(_text(title)))})")
    if x:
        draft.add(f"ax.set_xlabel({literal(_text(x))})")
    if y:
        draft.add(f"ax.set_ylabel({literal(_text(y))})")
    formatter = "'{x:,.10g}'" if draft.language == "en" else "lambda value, _: number(value)"
    for axis in numbers:
        draft.add(f"ax.{axis}axis.set_major_formatter({formatter})")


def _text(text: str) -> str:
    return plotted(text).replace("\\$", "$")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def title(draft: Draft, intent: Intent) -> str:
    """Return what a chart of groups shows."""
    language = draft.language
    words = draft.say("and").join(measure(one, language) for one in intent.measures[:1])
    if intent.share:
        words = draft.say("share_of", what=words)
    return draft.say("by", what=words, keys=draft.say("and").join(key(one, language) for one in intent.keys))


def draw_groups(draft: Draft, intent: Intent, key_names: list[str], value_name: str) -> None:
    """Write the chart of a grouped result; `values` and `names` are there already."""
    kind = chosen_kind(draft, intent)
    if not kind:
        return
    start(draft, size="figsize=(6, 5)" if kind == "pie" else _SIZE)
    if len(intent.keys) == 2:
        _draw_series(draft, intent, key_names, value_name, kind)
    elif kind == "line":
        _draw_line(draft, intent, key_names, value_name)
    elif kind == "scatter":
        draft.add(f"ax.scatter(result[{literal(key_names[0])}], values, color='{BLUE}')")
        finish(draft, title(draft, intent), key_names[0], value_name)
    else:
        _draw_bars(draft, intent, key_names[0], value_name, kind)


def chosen_kind(draft: Draft, intent: Intent) -> ChartKind:
    """Return the chart that was asked for, or the one that helps: lines for times, bars for a few groups."""
    first = intent.keys[0]
    column = next(column for column in draft.profile.columns if column.name == first.column)
    if intent.chart in ("hist", "box"):
        return "bar"
    if intent.chart:
        return intent.chart
    if intent.single:
        return ""
    dated = not first.grain and (is_year(column) or column.type in TEMPORAL)
    scale = not first.grain and len(intent.keys) == 1 and column.type == "integer" and column.distinct > MOST_CATEGORIES
    timely = dated or scale or first.grain not in ("", "weekday", "hour")
    if timely:
        return "bar" if intent.limit or intent.descending is not None else "line"
    if first.grain or len(intent.keys) == 2:
        return "bar"
    widest = max((len(text) for text in (*column.examples, *(cell for cell, _ in column.frequent))), default=0)
    return "barh" if widest > _LONG_LABEL else "bar"


def _draw_line(draft: Draft, intent: Intent, key_names: list[str], value_name: str) -> None:
    grain = intent.keys[0].grain
    types = {column.name: column.type for column in draft.profile.columns}
    numeric = grain in ("year", "hour") or types[intent.keys[0].column] in ("integer", "number")
    dated = grain in ("day", "week", "month", "quarter") or (
        not grain and types[intent.keys[0].column] in ("date", "datetime")
    )
    x = f"result[{literal(key_names[0])}]" if numeric or dated else "names"
    cast = ".astype(float)" if grain in ("year", "hour") else ""
    ordered = f"ax.plot({x}{cast}, values, marker='o', color='{BLUE}')"
    draft.add(ordered)
    finish(draft, title(draft, intent), key_names[0], value_name)
    if numeric:
        draft.add("ax.xaxis.set_major_locator(plt.MaxNLocator(integer=True))")
    else:
        draft.add("ax.tick_params(axis='x', rotation=45)")


def _draw_bars(draft: Draft, intent: Intent, key_name: str, value_name: str, kind: ChartKind) -> None:
    adds_up = intent.share or intent.measures[0].aggregate in ("count", "sum")
    many = _may_be_many(draft, intent)
    bars, labels = "values", "names"
    if many:
        draft.comment("comment_few" if adds_up else "comment_first")
        draft.add("bars = pd.Series(values.to_numpy(), index=names)")
        with draft.block(f"if len(bars) > {MOST_CATEGORIES}:"):
            if adds_up:
                other = literal(draft.say("other"))
                draft.tell("folded", count=draft.whole("len(bars)"))
                draft.add(f"largest = bars.nlargest({MOST_CATEGORIES})")
                draft.add(f"bars = pd.concat([largest, pd.Series({{{other}: bars.sum() - largest.sum()}})])")
            else:
                draft.tell("first_shown", count=draft.whole("len(bars)"))
                draft.add(f"bars = bars.head({MOST_CATEGORIES})")
        bars, labels = "bars", "bars.index"
    if kind == "pie":
        colors = "plt.get_cmap('tab20').colors" if many else repr(list(PALETTE))
        percent = "'%.1f%%' % share if share >= 4 else ''"
        draft.add(f"ax.pie({bars}, labels={labels}, startangle=90, counterclock=False,")
        draft.add(f"       autopct=lambda share: {percent},")
        draft.add(f"       colors={colors}, wedgeprops={{'edgecolor': 'white'}})")
        finish(draft, title(draft, intent), "", "", numbers="")
    elif kind == "barh":
        draft.add(f"ax.barh({labels}, {bars}, color='{BLUE}')", "ax.invert_yaxis()")
        finish(draft, title(draft, intent), value_name, key_name, numbers="x")
    else:
        draft.add(f"ax.bar({labels}, {bars}, color='{BLUE}')")
        finish(draft, title(draft, intent), key_name, value_name)
        draft.add("ax.tick_params(axis='x', rotation=45)")


def _may_be_many(draft: Draft, intent: Intent) -> bool:
    if intent.limit is not None and intent.limit <= MOST_CATEGORIES:
        return False
    key = intent.keys[0]
    if key.grain in ("weekday",):
        return False
    column = next(column for column in draft.profile.columns if column.name == key.column)
    return bool(key.grain) or column.distinct > MOST_CATEGORIES or column.distinct_is_approximate


def _draw_series(draft: Draft, intent: Intent, key_names: list[str], value_name: str, kind: ChartKind) -> None:
    index, columns, value = (literal(name) for name in (*key_names, value_name))
    draft.comment("comment_wide")
    draft.add(f"wide = result.pivot(index={index}, columns={columns}, values={value})")
    with draft.block(f"if wide.shape[1] > {MOST_SERIES}:"):
        draft.tell("fewer_series", count=draft.whole("wide.shape[1]"))
        draft.add(f"wide = wide[wide.sum().nlargest({MOST_SERIES}).index]")
    if intent.measures[0].aggregate in ("count", "sum") and not intent.share:
        draft.add("wide = wide.fillna(0)")
    draft.add(f"colors = {list(PALETTE)!r}")
    if kind == "line":
        with draft.block("for series, color in zip(wide.columns, colors):"):
            cast = ".astype(float)" if intent.keys[0].grain in ("year", "hour") else ""
            draft.add(f"ax.plot(wide.index{cast}, wide[series], marker='o', color=color, label=str(series))")
        finish(draft, title(draft, intent), key_names[0], value_name)
        if intent.keys[0].grain in ("year", "hour"):
            draft.add("ax.xaxis.set_major_locator(plt.MaxNLocator(integer=True))")
        else:
            draft.add("ax.tick_params(axis='x', rotation=45)")
    else:
        if intent.keys[0].grain in ("day", "week", "month"):
            pattern = "%Y-%m" if intent.keys[0].grain == "month" else "%Y-%m-%d"
            draft.add(f"wide.index = wide.index.strftime({literal(pattern)})")
        if intent.keys[0].grain == "quarter":
            draft.add("wide.index = wide.index.to_period('Q').astype(str)")
        if not intent.limit or intent.limit > MOST_CATEGORIES:
            with draft.block(f"if len(wide) > {MOST_CATEGORIES}:"):
                draft.tell("first_shown", count=draft.whole("len(wide)"))
                draft.add(f"wide = wide.head({MOST_CATEGORIES})")
        method = "barh" if kind == "barh" else "bar"
        draft.add(f"wide.plot.{method}(ax=ax, color=colors, stacked={intent.stacked}, width=0.8)")
        names = (value_name, key_names[0]) if method == "barh" else (key_names[0], value_name)
        finish(draft, title(draft, intent), *names, numbers="x" if method == "barh" else "y")
        if method == "bar":
            draft.add("ax.tick_params(axis='x', rotation=45)")
    draft.add(f"ax.legend(title={literal(_text(key_names[1]))}, fontsize='small')")
