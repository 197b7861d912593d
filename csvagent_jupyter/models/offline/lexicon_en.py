"""English words of operations."""

from __future__ import annotations

from typing import Final

PHRASES: Final[dict[str, str]] = {
    # what is computed
    "aggregate:sum": "sum, total, sum total, total sum, sum of, total of, in total, overall, altogether, add up",
    "aggregate:mean": "average, mean, avg, on average, mean value, average value, typical",
    "aggregate:median": "median, median value",
    "aggregate:std": "standard deviation, std, stdev, std dev, st dev, deviation",
    "aggregate:var": "variance, var",
    "count": """
        how many, number of, count, count of, counts of, counts, total number of, how often, frequency, frequency
        of, frequencies, how many times, total count, total count of""",
    "distinct": "distinct, unique, different, distinct values, unique values, different values, various",
    "share": """
        share, share of, percentage, percentage of, percent of, percent, what percentage, what percent,
        proportion, proportion of, proportions, shares, fraction, %""",
    # which ones
    "extreme:max": """
        maximum, max, highest, largest, biggest, greatest, maximal, top value, peak, highest value, largest value,
        maximum value""",
    "extreme:min": "minimum, min, lowest, smallest, minimal, lowest value, smallest value, minimum value",
    "most:max": "most, more than any other",
    "most:min": "least, fewest",
    "frequent:max": """
        most common, most frequent, most popular, commonest, most often, most frequently, most occurring, most
        typical, most common value, most frequent value, most commonly, mode""",
    "frequent:min": "least common, rarest, least frequent, least popular, most rare, least often, least common value",
    "extreme_of:max:age": "oldest, eldest, most old",
    "extreme_of:min:age": "youngest",
    "extreme_of:max:price": "most expensive, priciest, dearest, costliest",
    "extreme_of:min:price": "cheapest, least expensive",
    "extreme_of:max:date": "latest, most recent, newest",
    "extreme_of:min:date": "earliest",
    "extreme_of:max:weight": "heaviest",
    "extreme_of:min:weight": "lightest",
    "extreme_of:max:height": "tallest",
    "extreme_of:min:height": "shortest",
    "extreme_of:max:length": "longest",
    "extreme_of:max:speed": "fastest",
    "extreme_of:min:speed": "slowest",
    "extreme_of:max:temperature": "hottest, warmest",
    "extreme_of:min:temperature": "coldest",
    "extreme_of:max:salary": "best paid, highest paid",
    "extreme_of:min:salary": "worst paid, lowest paid",
    "top": "top, best",
    "bottom": "bottom, worst",
    "head": "first, head",
    "which": "which, what, what are, what is, who, whom",
    # grouping
    "by": """
        by, for each, for every, in each, in every, each, every, grouped by, group by, broken down by, split
        by, by each, within each, across, according to, of each, of every, from each, at each, versus each, by
        different, for different, from different, compare by, for all""",
    "by:per": "per",
    "change": "year over year, month over month, week over week, year on year, month on month, yoy",
    "grain:day": "day, daily, per day, by day, days",
    "grain:week": "week, weekly, weeks",
    "grain:month": "month, monthly, months",
    "grain:quarter": "quarter, quarterly, quarters",
    "grain:year": "year, yearly, annual, annually, years",
    "grain:weekday": "weekday, weekdays, day of week, day of the week, days of the week",
    "grain:hour": "hour, hourly, hours, hour of day, hour of the day",
    "trend": """
        over time, trend, trends, dynamics, time series, across time, trend of, evolution, over the years, over
        the months, over months, over years, through time, change over time, changed over time, timeline, develop
        over time, evolve over time, vary over time, with time""",
    # conditions
    "compare:>": """
        more than, greater than, over, above, higher than, larger than, bigger than, exceeding, exceeds, exceed,
        longer than, heavier than, taller than, >, upwards of, faster than""",
    "compare:<": """
        less than, fewer than, under, below, lower than, smaller than, shorter than, lighter than, <, slower than""",
    "compare:>=": "at least, no less than, not less than, or more, >=, ≥, minimum of, starting from, starting at",
    "compare:<=": "at most, no more than, not more than, up to, or less, or fewer, <=, ≤, maximum of",
    "compare:==": "equal to, equals, equal, =, ==, exactly, is equal to, of exactly",
    "compare:!=": "not equal to, !=, <>, ≠, differs from, other than",
    "compare_of:>:age": "older than, aged over, above the age of, over the age of",
    "compare_of:<:age": "younger than, aged under, below the age of, under the age of",
    "compare_of:>:price": "more expensive than, dearer than, costlier than, costing more than, cost more than",
    "compare_of:<:price": "cheaper than, less expensive than, costing less than, cost less than",
    "compare_of:>:date": "after, later than",
    "compare_of:<:date": "before, earlier than, prior to, until",
    "compare_of:>=:date": "since, from date",
    "weak:>=": "from!",
    "between": "between, ranging from, in the range, range from",
    "not": "not, no, isn't, aren't, non, except, excluding, without, except for, apart from, but not, exclude",
    "contains": "contains, containing, contain, includes, include, including, with the word",
    "missing": """
        missing, missing values, missing value, null, nulls, null values, nan, nans, empty, blank, blanks, empty
        cells, missing data, na, incomplete, not filled, not filled in, empty values, unknown""",
    "present": "not missing, not empty, not null, non null, filled, filled in, known, not blank, non empty",
    "and": "and, as well as, along with, together with, plus, also",
    "or": "or, either",
    # order
    "sort": """
        sort, sorted, sort by, sorted by, order!, ordered!, ordering!, order! by!, ordered! by!, ordering! by!,
        rank, ranked by, ranked, ranking, in order! of!""",
    "ascending": """
        ascending, ascending order, in ascending order, asc, increasing, from low to high, low to high,
        alphabetically, in alphabetical order, alphabetical order, from lowest to highest, from smallest to
        largest, increasing order, from the lowest to the highest, from small to large, in increasing order,
        chronologically, in chronological order, smallest first, lowest first, oldest to newest""",
    "descending": """
        descending, descending order, in descending order, desc, decreasing, from high to low, high to low, from
        highest to lowest, from largest to smallest, decreasing order, in decreasing order, from large to small,
        largest first, highest first, in desc, reverse, newest first""",
    "axis:x": "x axis, x, x label",
    "axis:y": "y axis, y, y label",
    # other questions
    "distribution": "distribution, distribution of, distributed, spread, spread of, how is distributed",
    "correlation": """
        correlation, correlation between, correlated, correlate, correlates, correlations, correlation matrix,
        correlation coefficient, pearson correlation, correlation of, pearson""",
    "relation": "relationship, relation, relationship between, relation between, against, versus, vs, depend on",
    "describe": """
        describe, summary, summarize, summarise, summary statistics, statistics, overview, statistical summary,
        descriptive statistics, stats, general statistics, describe the data, basic statistics""",
    "duplicates": """
        duplicate, duplicates, duplicated, duplicate rows, duplicated rows, repeated, repeats, duplicate values""",
    "columns": "columns, column names, fields, column, what columns, names of columns, list of columns, variables",
    "shape": "shape, dimensions, size of the table",
    "rows": """
        rows, records, entries, observations, row, record, entry, data points, cases, data rows, instances,
        samples""",
    "people": """
        employees, workers, students, customers, clients, passengers, players, patients, people, persons,
        individuals, men and women, person, participants, members""",
    # charts
    "chart:bar": """
        bar chart, bar graph, bar plot, bars, bar, barchart, barplot, column chart, as bars, as a bar chart""",
    "chart:barh": """
        horizontal bar chart, horizontal bars, horizontal bar, horizontal bar graph, barh, horizontal bar plot""",
    "chart:line": "line chart, line graph, line plot, line, lines, as a line, curve, linechart, lineplot",
    "chart:pie": "pie chart, pie, pie graph, pie plot, donut, donut chart, piechart",
    "chart:scatter": "scatter plot, scatter, scatterplot, scatter chart, scatter diagram, scatter graph",
    "chart:hist": "histogram, histograms, hist",
    "chart:box": "box plot, boxplot, box, box and whisker, box chart, boxplots, box plots, box and whisker plot",
    "chart:any": "plot, chart, graph, draw, visualize, visualise, diagram, picture, visualization, figure, plotted",
    "stacked": "stacked, stack",
    # numbers
    "number:1": "one, a single",
    "number:2": "two",
    "number:3": "three",
    "number:4": "four",
    "number:5": "five",
    "number:6": "six",
    "number:7": "seven",
    "number:8": "eight",
    "number:9": "nine",
    "number:10": "ten",
    "number:12": "twelve, dozen",
    "number:20": "twenty",
    "number:50": "fifty",
    "number:100": "hundred, a hundred, one hundred",
    "number:1000": "a thousand, one thousand",
    "number:1000000": "a million, one million",
    "scale:1000": "thousand, thousands",
    "scale:1000000": "million, millions, mln",
    "scale:1000000000": "billion, billions, bln",
    "month:1": "january, jan",
    "month:2": "february, feb",
    "month:3": "march",
    "month:4": "april, apr",
    "month:5": "may",
    "month:6": "june, jun",
    "month:7": "july, jul",
    "month:8": "august, aug",
    "month:9": "september, sep, sept",
    "month:10": "october, oct",
    "month:11": "november, nov",
    "month:12": "december, dec",
    "quarter:1": "q1, first quarter, 1st quarter",
    "quarter:2": "q2, second quarter, 2nd quarter",
    "quarter:3": "q3, third quarter, 3rd quarter",
    "quarter:4": "q4, fourth quarter, last quarter of, 4th quarter",
    # follow-ups
    "only": "only, just",
    "instead": "instead",
    "again": "same, that, it, this, them, those, these",
    "what_about": "what about, how about, and for, now",
    # words that carry no condition of their own
    "in": "in, at, on, within, for, during, of, with, where, having, whose, that have, which have, when, who have",
    "to": "to",
    "than": "than",
    "show": "show, give, list, display, find, list of, which are",
    "truth:1": "yes, true",
    "truth:0": "false",
    "compare_values": "compare, comparison, comparison of, compared to, compared with",
    "stop": """
        calculate, compute, tell, get, return, provide, present, me, us, please, can, could, would, you, i, want,
        need, like, see, know, let, the, a, an, is, are, was, were, be, been, being, do, does, did, has, have,
        had, there, here, their, its, all, any, our, we, my, your, they, value, values, data, dataset, table,
        file, csv, with respect to, s, made, make, makes, using, use, based on, result, results, as, into, form,
        come, comes, came, look, looks, much, how, how much, is there, are there, will, should, exist, exists,
        existing, if, so, then, report, plain, many, total number, out, info, information, about, by value, order
        of, each of the, both, go, got, via, ones, one of, obtain, determine, identify, given, entire, whole,
        full, that, which is, corresponding, complete, every one, hello, hi, thanks, thank, names of all, lot,
        along, overall data, located, placed, belong to, belonging to, belong, among, amongst, axis, them,
        attribute, attributes, create, return a""",
    "stop:sold": "sold, bought",
    "unit": """
        years old, year old, usd, dollars, dollar, eur, euros, euro, rubles, roubles, rub, kg, km, cm, pounds, $""",
}
