"""Code for questions about rows and columns themselves: lists, distributions, correlation, gaps, summaries."""

from __future__ import annotations

from collections.abc import Callable

from . import charts
from .columns import NUMERIC, TEMPORAL, is_measure, label_column
from .draft import BLUE, Draft, Expr, literal
from .intent import Intent
from .rows import take_rows, tell_lost
from .telling import key, shown, what


def write_records(draft: Draft, intent: Intent, frame: str) -> None:
    """Write the rows that are asked for, all their columns or some, sorted and cut as asked."""
    order = literal(intent.order)
    cut = f".head({intent.limit})" if intent.limit else ""
    if intent.single:
        best = "max" if intent.descending else "min"
        draft.comment("comment_ties")
        draft.add(f"rows = {frame}[{frame}[{order}] == {frame}[{order}].{best}()]")
    elif intent.order:
        draft.add(f"rows = {frame}.sort_values({order}, ascending={not intent.descending}, kind='stable'){cut}")
    else:
        draft.add(f"rows = {frame}{cut}")
    chosen = f"[[{', '.join(literal(name) for name in intent.columns)}]]" if intent.columns else ""
    draft.add(f"result = rows{chosen}.reset_index(drop=True)")
    with draft.block("if rows.empty:"):
        draft.tell("answer_none")
    with draft.block("else:"):
        _tell_records(draft, intent)
    draft.add("result")


def _tell_records(draft: Draft, intent: Intent) -> None:
    if intent.order and intent.limit:
        _tell_ranked(draft, intent)
    elif intent.limit and not intent.conditions:
        draft.tell("answer_first_rows", count=draft.whole("len(result)"))
    elif len(intent.columns) == 1:
        with draft.block("if len(result) <= 5:"):
            draft.add(f"listed = ', '.join(result[{literal(intent.columns[0])}].astype(str))")
            draft.tell("answer_list", what=shown(intent.columns[0], draft.language), listed=Expr("listed"))
        with draft.block("else:"):
            draft.tell("answer_rows", count=draft.whole("len(result)"))
    else:
        draft.tell("answer_rows", count=draft.whole("len(result)"))


def _tell_ranked(draft: Draft, intent: Intent) -> None:
    """Write the sentence that names what comes first, and its number."""
    types = {column.name: column.type for column in draft.profile.columns}
    label = label_column(draft.profile)
    names = [name for name in intent.columns if name != intent.order] or ([label.name] if label is not None else [])
    dated = types[intent.order] in TEMPORAL
    what = shown(intent.order, draft.language)
    way = "top" if intent.descending else "bottom"
    order = literal(intent.order)
    if names and not intent.single:
        each = "value:%Y-%m-%d" if dated else "number(value)"
        pairs = f"zip(rows[{literal(names[0])}].head(10), rows[{order}].head(10))"
        draft.add(f"listed = ', '.join(f'{{name}} ({{{each}}})' for name, value in {pairs})")
        draft.tell(f"answer_{way}", what=what, listed=Expr("listed"))
        return
    draft.add(f"first = rows[{order}].iloc[0]")
    value = Expr("first:%Y-%m-%d" if dated else "number(first)")
    if names:
        draft.add(f"listed = ', '.join(dict.fromkeys(rows[{literal(names[0])}].astype(str).head(5)))")
        draft.tell(f"answer_row_{way}", what=what, value=value, listed=Expr("listed"))
    else:
        draft.tell(f"answer_row_{way}_bare", what=what, value=value)


def write_unique(draft: Draft, intent: Intent, frame: str) -> None:
    """Write the different values of a column, or the different combinations of several."""
    names = [literal(name) for name in intent.columns]
    if len(names) > 1:
        listed = f"[[{', '.join(names)}]]"
        draft.add(f"result = {frame}{listed}.drop_duplicates().reset_index(drop=True)")
        draft.tell("answer_rows", count=draft.whole("len(result)"))
    else:
        down = bool(intent.descending)
        draft.add(f"result = {frame}[{names[0]}].dropna().drop_duplicates().sort_values(ascending={not down})")
        draft.add("result = result.reset_index(drop=True)")
        draft.add("listed = ', '.join(result.astype(str).head(10)) + ('…' if len(result) > 10 else '')")
        column = shown(intent.columns[0], draft.language)
        draft.tell("answer_unique", what=column, count=draft.whole("len(result)"), listed=Expr("listed"))
        tell_lost(draft, frame, list(intent.columns))
    draft.add("result")


def write_distribution(draft: Draft, intent: Intent, frame: str) -> None:
    """Write a histogram of a column of numbers, told by its quartiles."""
    name = intent.columns[0]
    draft.add(f"values = {frame}[{literal(name)}].dropna()", "result = values.describe()")
    with draft.block("if len(values):"):
        charts.start(draft)
        draft.add(f"ax.hist(values, bins='auto' if values.nunique() > 1 else 1, color='{BLUE}', edgecolor='white')")
        charts.finish(draft, what(intent.but(chart=""), draft.language), name, draft.say("rows_axis"), numbers="xy")
        draft.tell(
            "answer_distribution",
            what=shown(name, draft.language),
            q1=Expr("number(result['25%'])"),
            q3=Expr("number(result['75%'])"),
            median=Expr("number(result['50%'])"),
            low=Expr("number(result['min'])"),
            high=Expr("number(result['max'])"),
        )
    with draft.block("else:"):
        draft.tell("answer_none")
    tell_lost(draft, frame, [name])
    draft.add("result")


def write_box(draft: Draft, intent: Intent, frame: str) -> None:
    """Write a box plot: of columns, or of one column per group."""
    if not intent.keys:
        _box_of_columns(draft, intent, frame)
        return
    name, group = literal(intent.columns[0]), intent.keys[0].column
    draft.add(f"grouped = {frame}.dropna(subset=[{name}]).groupby({literal(group)})[{name}]")
    draft.add("result = grouped.describe().reset_index()")
    with draft.block("if len(result):"):
        charts.start(draft)
        draft.add(f"boxes = grouped.apply(list).head({charts.MOST_CATEGORIES})")
        draft.add("ax.boxplot(boxes.to_list(), tick_labels=boxes.index.astype(str), patch_artist=True,")
        draft.add(f"           boxprops={{'facecolor': '#56B4E9'}}, medianprops={{'color': '{BLUE}'}})")
        title = draft.say(
            "by", what=what(intent.but(chart="", keys=()), draft.language), keys=key(intent.keys[0], draft.language)
        )
        charts.finish(draft, title, group, intent.columns[0])
        draft.add("ax.tick_params(axis='x', rotation=45)")
        draft.add("medians = grouped.median()")
        draft.tell(
            "answer_box",
            what=shown(intent.columns[0], draft.language),
            top=Expr("medians.idxmax()"),
            most=Expr("number(medians.max())"),
            low=Expr("medians.idxmin()"),
            least=Expr("number(medians.min())"),
        )
        with draft.block(f"if len(result) > {charts.MOST_CATEGORIES}:"):
            draft.tell("first_shown", count=draft.whole("len(result)"))
    with draft.block("else:"):
        draft.tell("answer_none")
    tell_lost(draft, frame, [group, intent.columns[0]])
    draft.add("result")


def _box_of_columns(draft: Draft, intent: Intent, frame: str) -> None:
    names = [literal(name) for name in intent.columns]
    draft.add(f"columns = [{', '.join(names)}]", f"result = {frame}[columns].describe()")
    with draft.block(f"if {frame}[columns].notna().any().all():"):
        charts.start(draft)
        draft.add(f"ax.boxplot([{frame}[name].dropna() for name in columns], tick_labels=columns, patch_artist=True,")
        draft.add(f"           boxprops={{'facecolor': '#56B4E9'}}, medianprops={{'color': '{BLUE}'}})")
        charts.finish(draft, what(intent.but(chart=""), draft.language), "", "")
        draft.tell(
            "answer_distribution",
            what=shown(intent.columns[0], draft.language),
            q1=Expr("number(result.iloc[4, 0])"),
            q3=Expr("number(result.iloc[6, 0])"),
            median=Expr("number(result.iloc[5, 0])"),
            low=Expr("number(result.iloc[3, 0])"),
            high=Expr("number(result.iloc[7, 0])"),
        )
    with draft.block("else:"):
        draft.tell("answer_none")
    tell_lost(draft, frame, [], intent.columns)
    draft.add("result")


def write_scatter(draft: Draft, intent: Intent, frame: str) -> None:
    """Write one column against another, and how strongly they go together."""
    x, y = intent.columns
    draft.add(f"pairs = {frame}[[{literal(x)}, {literal(y)}]].dropna()")
    draft.add(f"correlation = pairs[{literal(x)}].corr(pairs[{literal(y)}]) if len(pairs) > 2 else float('nan')")
    draft.add("result = pairs" if intent.act == "scatter" else "result = correlation")
    with draft.block("if len(pairs):"):
        charts.start(draft)
        draft.add(f"ax.scatter(pairs[{literal(x)}], pairs[{literal(y)}], s=18, alpha=0.7, color='{BLUE}')")
        title = draft.say("scatter_of", y=shown(y, draft.language), x=shown(x, draft.language))
        charts.finish(draft, title, x, y, numbers="xy")
    with draft.block("if pd.isna(correlation):"):
        draft.tell("answer_no_pairs")
    with draft.block("else:"):
        draft.tell(
            "answer_correlation",
            x=shown(x, draft.language),
            y=shown(y, draft.language),
            value=Expr("number(round(correlation, 3))"),
            count=draft.whole("len(pairs)"),
        )
    draft.add("result")


def write_correlation(draft: Draft, intent: Intent, frame: str) -> None:
    """Write the correlation of two columns, of several with each other, or of one with all others."""
    if len(intent.columns) == 2 and not intent.order:
        write_scatter(draft, intent, frame)
        return
    draft.add(f"columns = [{', '.join(literal(name) for name in intent.columns)}]")
    draft.add(f"matrix = {frame}[columns].corr()")
    if intent.order:
        draft.add(f"result = matrix[{literal(intent.order)}].drop({literal(intent.order)})")
        draft.add("result = result.sort_values(key=abs, ascending=False)")
        draft.add("strongest = result.dropna().head(1)")
        answer = "answer_correlations_of"
        values = {"what": shown(intent.order, draft.language), "y": Expr("strongest.index[0]")}
    else:
        draft.add("result = matrix")
        draft.add("above = matrix.where(np.triu(np.ones(matrix.shape, dtype=bool), k=1)).stack().dropna()")
        draft.add("strongest = above.sort_values(key=abs, ascending=False).head(1)")
        answer = "answer_correlations"
        values = {"x": Expr("strongest.index[0][0]"), "y": Expr("strongest.index[0][1]")}
    with draft.block("if len(strongest):"):
        draft.tell(answer, value=Expr("number(round(strongest.iloc[0], 3))"), **values)
    with draft.block("else:"):
        draft.tell("answer_no_pairs")
    draft.add("result")


def write_missing(draft: Draft, intent: Intent, frame: str) -> None:
    """Write how many values are missing, in every column or in some."""
    if len(intent.columns) == 1:
        draft.add(f"result = {frame}[{literal(intent.columns[0])}].isna().sum()")
        draft.tell(
            "answer_missing_one",
            what=shown(intent.columns[0], draft.language),
            count=draft.whole("result"),
            rows=draft.whole(f"len({frame})"),
            percent=Expr(f"number(100 * result / len({frame})) if len({frame}) else 0"),
        )
        draft.add("result")
        return
    chosen = f"[[{', '.join(literal(name) for name in intent.columns)}]]" if intent.columns else ""
    missing, percent, column = (draft.say(f"{word}_label") for word in ("missing", "percent", "column"))
    draft.add(f"counts = {frame}{chosen}.isna().sum()")
    draft.add("result = pd.DataFrame({")
    draft.add(f"    {literal(column)}: counts.index.astype(str), {literal(missing)}: counts.to_numpy(),")
    draft.add(f"    {literal(percent)}: (100 * counts / max(len({frame}), 1)).round(1).to_numpy(),")
    draft.add(f"}}).sort_values({literal(missing)}, ascending=False, kind='stable').reset_index(drop=True)")
    with draft.block("if counts.sum():"):
        draft.add("most = counts.max()", "top = counts.index[counts.to_numpy().argmax()]")
        draft.tell("answer_missing", count=draft.whole("counts.sum()"), top=Expr("top"), most=draft.whole("most"))
    with draft.block("else:"):
        draft.tell("answer_no_missing")
    draft.add("result")


def write_describe(draft: Draft, intent: Intent, frame: str) -> None:
    """Write a summary: of one column, or a table with a line per column."""
    names = list(intent.columns) or [column.name for column in draft.profile.columns]
    if len(names) == 1 and intent.columns:
        column = next(c for c in draft.profile.columns if c.name == names[0])
        if column.type in NUMERIC and is_measure(column):
            write_distribution(draft, intent.but(act="distribution", chart="hist"), frame)
            return
        draft.add(f"result = {frame}[{literal(names[0])}].describe()")
    else:
        chosen = f"[[{', '.join(literal(name) for name in names)}]]" if intent.columns else ""
        draft.add(f"result = {frame}{chosen}.describe(include='all').T")
    draft.tell("answer_describe", rows=draft.whole(f"len({frame})"), columns=draft.whole(f"{len(names)}"))
    draft.add("result")


def write_duplicates(draft: Draft, intent: Intent, frame: str) -> None:
    """Write the rows that say the same as an earlier row."""
    subset = f"subset=[{', '.join(literal(name) for name in intent.columns)}]" if intent.columns else ""
    draft.add(f"result = {frame}[{frame}.duplicated({subset})]")
    draft.tell("answer_duplicates", count=draft.whole("len(result)"), rows=draft.whole(f"len({frame})"))
    draft.add("result")


def write_columns(draft: Draft, intent: Intent, frame: str) -> None:
    """Write what the table consists of."""
    column, kind, filled, distinct = (draft.say(f"{w}_label") for w in ("column", "type", "filled", "distinct"))
    draft.add("result = pd.DataFrame({")
    draft.add(
        f"    {literal(column)}: {frame}.columns.astype(str), {literal(kind)}: {frame}.dtypes.astype(str).to_numpy(),"
    )
    draft.add(
        f"    {literal(filled)}: {frame}.notna().sum().to_numpy(), {literal(distinct)}: {frame}.nunique().to_numpy(),"
    )
    draft.add("})")
    draft.tell("answer_describe", rows=draft.whole(f"len({frame})"), columns=draft.whole(f"{frame}.shape[1]"))
    draft.add("result")


WRITERS: dict[str, Callable[[Draft, Intent, str], None]] = {
    "records": write_records,
    "unique": write_unique,
    "distribution": write_distribution,
    "box": write_box,
    "scatter": write_scatter,
    "correlation": write_correlation,
    "missing": write_missing,
    "describe": write_describe,
    "duplicates": write_duplicates,
    "columns": write_columns,
}


def write_list(draft: Draft, intent: Intent, *, coerce: bool = False) -> None:
    """Write the code of any question that is not about groups."""
    frame = take_rows(draft, intent, coerce=coerce)
    draft.gap()
    WRITERS[intent.act](draft, intent, frame)
