"""Every figure comes back once, with the data that it shows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from csvagent_jupyter.messages import Chart, Execution
from csvagent_jupyter.sandbox import SandboxKernel

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def kernel() -> AsyncIterator[SandboxKernel]:
    kernel = SandboxKernel()
    await kernel.start()
    yield kernel
    await kernel.stop()


async def run(kernel: SandboxKernel, code: str) -> Execution:
    done = await kernel.execute(code, timeout=60, keep=False)
    assert done.error is None, done.error.traceback
    assert len(done.plots) == len(done.charts)
    return done


def brightness(png: bytes) -> tuple[float, float]:
    """Return the lightness of a picture's corner and the range of lightness in its frame, where the labels are."""
    from io import BytesIO

    import numpy as np
    from PIL import Image

    pixels = np.asarray(Image.open(BytesIO(png)).convert("RGBA"), dtype=float)
    assert pixels[0, 0, 3] == 255
    grey = pixels[..., :3].mean(axis=2)
    frame = np.concatenate([grey[:, :25].ravel(), grey[-25:].ravel()])
    return float(grey[0, 0]), float(frame.max() - frame.min())


SHOWN = {
    "shown": "plt.plot([1, 2])\nplt.show()",
    "shown by its own method": "fig, ax = plt.subplots()\nax.plot([1, 2])\nfig.show()",
    "left open": "plt.plot([1, 2])",
    "displayed": "fig, ax = plt.subplots()\nax.plot([1, 2])\ndisplay(fig)",
    "the last expression": "fig, ax = plt.subplots()\nax.plot([1, 2])\nfig",
    "all of that": "fig, ax = plt.subplots()\nax.plot([1, 2])\nplt.show()\ndisplay(fig)\nfig.show()\nfig",
    "titled after it was shown": "plt.plot([1, 2])\ndisplay(plt.gcf())\nplt.title('T')\nplt.show()",
    "saved and closed": "plt.plot([1, 2])\nplt.savefig('one.png')\nplt.close()",
    "saved and shown": "plt.plot([1, 2])\nplt.savefig('two.png')\nplt.show()",
    "made without pyplot": "from matplotlib.figure import Figure\nf = Figure()\nf.subplots().plot([1, 2])\ndisplay(f)",
    "drawn with another backend": "import matplotlib\nmatplotlib.use('Agg')\nplt.plot([1, 2])",
}


@pytest.mark.parametrize("code", SHOWN.values(), ids=SHOWN)
async def test_a_figure_comes_back_once(kernel: SandboxKernel, code: str) -> None:
    done = await run(kernel, code)
    assert [chart.data for chart in done.charts] == [((0, 1), (1, 2))]
    assert done.plots[0].png.startswith(b"\x89PNG") and done.plots[0].svg.startswith(b"<svg")
    assert done.value is None and done.value_text == ""


async def test_several_figures_come_in_order(kernel: SandboxKernel) -> None:
    code = (
        "plt.plot([1])\nplt.title('first')\nplt.show()\nplt.figure()\nplt.plot([2])\nplt.title('second')\n"
        "for n in (3, 4):\n    plt.figure()\n    plt.plot([n])\n    plt.title(str(n))"
    )
    assert [chart.title for chart in (await run(kernel, code)).charts] == ["first", "second", "3", "4"]


async def test_one_figure_drawn_anew_with_other_data_is_another_plot(kernel: SandboxKernel) -> None:
    code = "fig, ax = plt.subplots()\nfor n in (1, 2):\n    ax.clear()\n    ax.plot([n, n])\n    display(fig)"
    assert [chart.data[0] for chart in (await run(kernel, code)).charts] == [(0, 1), (0, 2)]


async def test_the_number_of_figures_is_bounded(kernel: SandboxKernel) -> None:
    code = "for n in range(32):\n    plt.figure(figsize=(1, 1))\n    plt.plot([n])\n    plt.axis('off')\n    plt.show()"
    done = await run(kernel, code)
    assert (len(done.plots), done.cut) == (kernel.limits.figures, True)


async def test_a_figure_that_cannot_be_drawn_is_an_error_of_the_code(kernel: SandboxKernel) -> None:
    done = await kernel.execute("plt.plot([1])\nplt.title(r'$\\frac$')", timeout=60)
    assert done.error is not None and done.error.ename == "ValueError"
    assert "frac" in done.error.evalue


async def test_a_huge_figure_and_a_dense_one_stay_small(kernel: SandboxKernel) -> None:
    done = await run(kernel, "plt.figure(figsize=(400, 3))\nplt.plot([1, 2])\nplt.show()\nplt.plot(range(50_000))")
    assert [int.from_bytes(plot.png[16:20]) <= 4_200 for plot in done.plots] == [True, True]
    assert done.plots[1].svg == b""
    assert (len(done.charts[1].data), done.charts[1].total_points) == (2_000, 50_000)


LOOKS = {
    "plain": ("plt.plot([1, 2])", 255),
    "dark": ("plt.style.use('dark_background')\nplt.plot([1, 2])", 0),
    "transparent": ("plt.rcParams['figure.facecolor'] = 'none'\nplt.plot([1, 2])", 255),
    "half transparent": ("plt.figure(facecolor=(1, 0, 0, 0.6))\nplt.plot([1, 2])", 153),
    "transparent with light labels": (
        "plt.style.use('dark_background')\nplt.figure(facecolor='none')\nplt.plot([1])",
        17,
    ),
    "light labels on white": (
        "plt.rcParams.update({'text.color': 'white', 'axes.labelcolor': 'white', 'xtick.color': 'white', "
        "'ytick.color': 'white'})\nplt.plot([1, 2])",
        17,
    ),
}


@pytest.mark.parametrize(("code", "corner"), LOOKS.values(), ids=LOOKS)
async def test_a_figure_can_be_read_whatever_its_style(kernel: SandboxKernel, code: str, corner: int) -> None:
    background, contrast = brightness((await run(kernel, code)).plots[0].png)
    assert background == pytest.approx(corner, abs=2)
    assert contrast > 100


async def test_a_figure_keeps_its_way_to_lay_itself_out(kernel: SandboxKernel) -> None:
    code = "fig, axes = plt.subplots(2, 2, layout='constrained')\nfig.suptitle('T')\ndisplay(fig)\n"
    done = await run(kernel, code + "type(fig.get_layout_engine()).__name__")
    assert len(done.plots) == 1 and done.value == "ConstrainedLayoutEngine"


AB = "pd.DataFrame({'p': [1, 2], 'q': [3, 4]}, index=['u', 'v'])"
MONTHS = "pd.Series([1, 2, 3], index=pd.date_range('2024-01-01', periods=3, freq='MS'), name='n')"
GROUPS = "pd.DataFrame({'g': list('xxyy'), 'v': [1, 2, 3, 4]})"
FIVE = ("low", "q1", "median", "q3", "high")

CHARTS: dict[str, tuple[str, str, list[Any]]] = {
    "bar": ("pd.Series({'a': 3, 'b': 5}).plot.bar()", "bar", [("a", 3), ("b", 5)]),
    "barh": ("plt.barh(['a', 'b'], [3, 5])", "bar", [("a", 3), ("b", 5)]),
    "bar of numbers": ("plt.bar([2020, 2022], [3, 5])", "bar", [(2020, 3), (2022, 5)]),
    "bar of dates": (
        "plt.bar(pd.date_range('2024-01-01', periods=2), [3, 5])",
        "bar",
        [("2024-01-01", 3), ("2024-01-02", 5)],
    ),
    "grouped": (f"{AB}.plot.bar()", "bar", [("u", 1, "p"), ("v", 2, "p"), ("u", 3, "q"), ("v", 4, "q")]),
    "stacked": (
        f"{AB}.plot.bar(stacked=True)",
        "stacked bar",
        [("u", 1, "p"), ("v", 2, "p"), ("u", 3, "q"), ("v", 4, "q")],
    ),
    "seaborn bar": (
        f"import seaborn as sns\nsns.barplot(data={GROUPS}, x='g', y='v')",
        "bar",
        [("x", 1.5), ("y", 3.5)],
    ),
    "line of months": (f"{MONTHS}.plot()", "line", [("2024-01-01", 1), ("2024-02-01", 2), ("2024-03-01", 3)]),
    "line of moments": (
        "plt.plot([pd.Timestamp('2024-01-01 10:30'), pd.Timestamp('2024-01-02')], [1, 2])",
        "line",
        [("2024-01-01T10:30:00", 1), ("2024-01-02", 2)],
    ),
    "lines": (
        f"{AB}.reset_index(drop=True).plot()\nplt.axhline(2)",
        "line",
        [(0, 1, "p"), (1, 2, "p"), (0, 3, "q"), (1, 4, "q")],
    ),
    "line of names": ("plt.plot(['jan', 'feb'], [1, 2])", "line", [("jan", 1), ("feb", 2)]),
    "line with a gap": ("plt.plot([1, 2], [np.nan, 2])", "line", [(1, None), (2, 2)]),
    "dots": ("plt.plot([1, 2], [3, 4], 'o')", "scatter", [(1, 3), (2, 4)]),
    "scatter": ("plt.scatter([1, 2], [3, 4])", "scatter", [(1, 3), (2, 4)]),
    "pie": ("plt.pie([1, 3], labels=['a', 'b'], autopct='%d%%')", "pie", [("a", 1), ("b", 3)]),
    "hist": ("plt.hist([1, 2, 2, 5], bins=[1, 3, 5])", "hist", [("1–3", 3), ("3–5", 1)]),
    "box": (
        "plt.boxplot([[1, 2, 3, 4, 5]], tick_labels=['a'])",
        "box",
        [("a", number, name) for number, name in zip((1, 2, 3, 4, 5), FIVE, strict=True)],
    ),
    "box by group": (
        f"{GROUPS}.boxplot(column='v', by='g')",
        "box",
        [("x", number, name) for number, name in zip((1, 1.25, 1.5, 1.75, 2), FIVE, strict=True)]
        + [("y", number, name) for number, name in zip((3, 3.25, 3.5, 3.75, 4), FIVE, strict=True)],
    ),
    "heatmap": (
        "plt.imshow([[1, 2], [3, 4]])\nplt.xticks([0, 1], ['a', 'b'])\nplt.yticks([0, 1], ['r', 's'])\nplt.colorbar()",
        "heatmap",
        [("a", 1, "r"), ("b", 2, "r"), ("a", 3, "s"), ("b", 4, "s")],
    ),
    "seaborn heatmap": (
        f"import seaborn as sns\nsns.heatmap({AB}, annot=True)",
        "heatmap",
        [("p", 1, "u"), ("q", 3, "u"), ("p", 2, "v"), ("q", 4, "v")],
    ),
    "area": (
        f"{AB}.reset_index(drop=True).plot.area()",
        "area",
        [(0, 1, "p"), (1, 2, "p"), (0, 3, "q"), (1, 4, "q")],
    ),
    "stack": (
        "plt.stackplot([1, 2], [1, 2], [4, 5], labels=['a', 'b'])",
        "area",
        [(1, 1, "a"), (2, 2, "a"), (1, 4, "b"), (2, 5, "b")],
    ),
    "panels": (
        "fig, (a, b) = plt.subplots(1, 2)\na.plot([1, 2])\na.set_title('L')\nb.bar([1], [3])\nb.set_title('R')",
        "line",
        [(0, 1, "L"), (1, 2, "L"), (1, 3, "R")],
    ),
    "two scales": (
        "fig, a = plt.subplots()\na.bar(['x'], [1])\na.set_ylabel('sum')\nb = a.twinx()\nb.plot(['x'], [9])\n"
        "b.set_ylabel('rate')",
        "bar",
        [("x", 1, "sum"), ("x", 9, "rate")],
    ),
}


@pytest.mark.parametrize(("code", "kind", "data"), CHARTS.values(), ids=CHARTS)
async def test_a_chart_is_read_from_its_figure(kernel: SandboxKernel, code: str, kind: str, data: list[Any]) -> None:
    chart = (await run(kernel, code)).charts[0]
    assert (chart.kind, list(chart.data), chart.total_points) == (kind, data, len(data))


async def test_labels_are_those_of_the_data(kernel: SandboxKernel) -> None:
    words = "plt.title('T')\nplt.xlabel('across')\nplt.ylabel('up')"
    upright = (await run(kernel, f"plt.bar(['a'], [1])\n{words}")).charts[0]
    lying = (await run(kernel, f"plt.barh(['a'], [1])\n{words}")).charts[0]
    assert (upright.title, upright.x_label, upright.y_label) == ("T", "across", "up")
    assert (lying.title, lying.x_label, lying.y_label) == ("T", "up", "across")


async def test_a_figure_without_data_says_so(kernel: SandboxKernel) -> None:
    assert (await run(kernel, "fig, ax = plt.subplots()")).charts == (Chart(kind="other"),)
