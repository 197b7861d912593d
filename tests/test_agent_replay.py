"""Saved code on other files: the same answer, a clear no, or notes; never a model."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from agent_room import SALES, Books, ScriptedModel, Shop, make_desk, open_shop, reply, run, stages, table_file

from csvagent_jupyter.agent.desk import Workplace
from csvagent_jupyter.messages import Answer, Source, Turn

pytestmark = pytest.mark.asyncio(loop_scope="module")
SUM = "print(f\"Sum {df['amount'].sum():.0f}\")\ndf.groupby('region')['amount'].sum()"
MARCH = "region,amount,date\nNorth,100,2024-03-02\nSouth,200,2024-03-03\n"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    async with open_shop(tmp_path_factory.mktemp("tables")) as shop:
        yield shop


@pytest_asyncio.fixture(loop_scope="module")
async def place(shop: Shop) -> Workplace:
    return await shop.place()


async def answered(place: Workplace, folder: Path, code: str = SUM, *turns: Turn) -> Answer:
    answer, _ = await run(make_desk(place, ScriptedModel(reply(code)), Books(), turns=turns), "q", table_file(folder))
    assert answer.success
    return answer


async def replayed(place: Workplace, original: Answer, *sources: Source, language: str = "en") -> Answer:
    answer, events = await run(
        make_desk(place, None, Books(), task_id="t9", original=original, language=language), "q", *sources
    )
    assert "generating" not in stages(events)
    assert answer.model is None
    return answer


async def test_the_same_question_on_next_months_file(place: Workplace, tmp_path: Path) -> None:
    original = await answered(place, tmp_path)
    march = table_file(tmp_path, MARCH, "march 2024.csv")
    answer = await replayed(place, original, march)
    assert answer.success
    assert answer.text_output == "Sum 300"
    assert answer.value["rows"] == [["North", 100], ["South", 200]]
    assert answer.final_code == original.final_code
    assert "march 2024.csv" in answer.script
    assert answer.attempts_count == 1
    assert [note.text for note in answer.notes] == ["march 2024.csv has 2 rows; before it had 4."]
    again = await replayed(place, answer, march)
    assert (again.text_output, again.notes) == ("Sum 300", ())


async def test_a_replay_runs_the_turns_that_the_code_builds_on(place: Workplace, tmp_path: Path) -> None:
    turn = Turn("t0", "q0", None, "north = df[df['region'] == 'North']\nprint('only north')", "")
    original = await answered(place, tmp_path, "print(north['amount'].sum())", turn)
    answer = await replayed(place, original, table_file(tmp_path, MARCH, "march.csv"))
    assert answer.text_output == "100"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("region,amout,date\nNorth,1,2024-01-01\n", ("no column “amount”", "Near: “amout”")),
        (
            "region,amount,date\nNorth,a lot,2024-01-01\nSouth,b,2024-01-02\n",
            ("“amount”", "of other.csv was integer and is text"),
        ),
    ],
)
async def test_a_column_that_no_longer_fits_is_named(
    text: str, parts: tuple[str, ...], place: Workplace, tmp_path: Path
) -> None:
    original = await answered(place, tmp_path)
    answer = await replayed(place, original, table_file(tmp_path, text, "other.csv"))
    assert answer.error is not None
    assert answer.error.kind == "failed"
    for part in parts:
        assert part in answer.error.message


async def test_code_with_a_line_like_a_mark_of_the_script_is_replayed_whole(place: Workplace, tmp_path: Path) -> None:
    original = await answered(place, tmp_path, "print('one')\n# %% Earlier question\nprint('two')")
    answer = await replayed(place, original, table_file(tmp_path, MARCH, "march.csv"))
    assert answer.text_output == original.text_output == "one\ntwo"


async def test_other_differences_are_notes(place: Workplace, tmp_path: Path) -> None:
    original = await answered(place, tmp_path)
    other = table_file(tmp_path, "region,amount,shop\nNorth,1,x\nSouth,2,y\n", "other.csv")
    answer = await replayed(place, original, other, language="ru")
    assert answer.success
    assert [(note.level, note.text.removeprefix("В other.csv ")) for note in answer.notes] == [
        ("warning", "больше нет столбцов, которые сохранённый код не называет: date."),
        ("info", "есть столбцы, которых раньше не было: shop."),
        ("info", "теперь 2 строки, раньше было 4."),
    ]


async def test_code_that_fails_on_the_new_data_is_told(place: Workplace, tmp_path: Path) -> None:
    original = await answered(place, tmp_path, "print(df[df['region'] == 'East']['date'].iloc[0].year)")
    answer = await replayed(place, original, table_file(tmp_path, MARCH, "march.csv"))
    assert answer.error is not None
    assert "does not work with this data: IndexError" in answer.error.message
    assert answer.attempts_count == 1


async def test_another_number_of_files_is_refused(place: Workplace, tmp_path: Path) -> None:
    original = await answered(place, tmp_path)
    answer = await replayed(place, original, table_file(tmp_path), table_file(tmp_path, SALES, "b.csv"))
    assert answer.error is not None
    assert "reads 1 file, and 2 came" in answer.error.message


async def test_nothing_saved_is_told(place: Workplace, tmp_path: Path) -> None:
    original = replace(await answered(place, tmp_path), script="")
    answer = await replayed(place, original, table_file(tmp_path))
    assert answer.error is not None
    assert "no saved code" in answer.error.message
