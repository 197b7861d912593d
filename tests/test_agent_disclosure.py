"""The gate lets through what the share level says, and nothing besides: canaries are planted where data hides."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from csvagent_jupyter.agent.disclosure import disclose, outbound, share_for, without_paths
from csvagent_jupyter.messages import Column, Dialect, Failure, Note, Profile, Prompt, Share, Turn
from csvagent_jupyter.models.base import ChatModel, Chunk

CELL = "CANARY-zebra 4711 Größe 🦓"
PIECES = ("CANARY", "zebra", "4711", "Größe", "🦓")
CODE = "x = df['region']\ny = float(x.iloc[0])\n"


class Model(ChatModel):
    def __init__(self, *, local: bool = False, found: bool = False) -> None:
        self.name, self.local, self.found = "test:model", local, found

    async def stream(self, prompt: Prompt) -> AsyncIterator[Chunk]:
        yield Chunk("Nothing to say.")


def prompt() -> Prompt:
    """A prompt with the canary in every place where text of a cell can be."""
    columns = (
        Column("region", "text", 1, 4, min=CELL, max=CELL, examples=(CELL,), frequent=((CELL, 2),), dtype="str"),
        Column("kind", "category", 0, 2, frequent=((CELL, 2),), dtype=f"category[{CELL}]"),
        Column("amount", "integer", 0, 3, min=-31415, max=27182, mean=161.8, quantiles=(1, 57721), dtype="int64"),
        Column("odd", "number", 0, 3, min=CELL, max=CELL, quantiles=(CELL,), dtype="float64"),
        Column(
            "day", "date", 0, 3, min="1969-07-20", max="2001-09-09", quantiles=("1984-01-24",), dtype="datetime64[ns]"
        ),
        Column("when", "datetime", 0, 3, min=CELL, max=CELL, dtype="datetime64[ns, Europe/Paris]"),
        Column("flag", "boolean", 0, 2, frequent=((CELL, 1),), min=CELL, max=CELL),
    )
    return Prompt(
        question="What is the sum of amount?",
        profiles=(
            Profile(f"/home/jane/{CELL}.csv", "sales", 1_234, columns, Dialect(), (Note("warning", f"odd: {CELL}"),)),
        ),
        turns=(
            Turn(
                "t1",
                "How many?",
                f"rows with {CELL}",
                f"# {CELL}\nn = df[df['region'] == '{CELL}']\nm = f'{CELL}{{n}}'\nk = 4711\nb = b'zebra'",
                f"It is {CELL}",
            ),
        ),
        failure=Failure(
            CODE,
            "ValueError",
            f"could not convert string to float: '{CELL}'",
            2,
            "y = float(x.iloc[0])",
            f'File "/home/jane/x.py", line 2\n{CELL}',
        ),
        libraries=("pandas 3.1.1",),
        find_values=lambda term: [("sales", "region", CELL)],
    )


def sent(share: Share, given: Prompt | None = None) -> str:
    out = outbound(given or prompt(), Model(), share)
    return "\n".join(message.content for message in out.messages)


@pytest.mark.parametrize("share", ["schema", "stats"])
@pytest.mark.parametrize("piece", PIECES)
def test_no_text_of_a_cell_leaves_below_sample(share: Share, piece: str) -> None:
    assert piece not in sent(share)
    assert piece not in repr(disclose(prompt(), share))


@pytest.mark.parametrize("value", ["31415", "27182", "161.8", "57721", "1969-07-20", "2001-09-09", "1984-01-24"])
def test_ranges_leave_from_stats_on(value: str) -> None:
    assert value not in sent("schema")
    assert value in sent("stats")
    assert value in sent("sample")


def test_the_schema_level_still_tells_what_a_schema_is() -> None:
    text = sent("schema")
    for told in ('"region" text (str), 1 nulls, 4 distinct', '"amount" integer', "1234 rows", "How many?"):
        assert told in text
    assert "Line 2 failed: y = float(x.iloc[0])" in text
    assert "ValueError" in text
    assert "could not" not in text


@pytest.mark.parametrize(
    ("ename", "evalue", "expected"),
    [
        ("ValueError", f"could not convert string to float: '{CELL}'", "could not convert string to float: …"),
        ("KeyError", "'region'", "'region'"),
        ("KeyError", f"'{CELL}'", ""),
        ("KeyError", "['amount'] not in index", "… not in index"),
        (
            "TypeError",
            "unsupported operand type(s) for +: 'int' and 'str'",
            "unsupported operand type(s) for '+': 'int' and 'str'",
        ),
        ("AttributeError", "'Series' object has no attribute 'iloc'", "'Series' object has no attribute 'iloc'"),
        ("AttributeError", "'Series' object has no attribute 'zebra'", "'Series' object has no attribute …"),
        ("NameError", "name 'x' is not defined", "name 'x' is not defined"),
        ("ValueError", "true false true true false", ""),
        ("ValueError", "x y df x x y float region", ""),
    ],
)
def test_at_stats_an_error_says_what_it_always_says(ename: str, evalue: str, expected: str) -> None:
    given = replace(prompt(), failure=Failure(CODE, ename, evalue, 2, "y = float(x.iloc[0])", "Traceback"))
    failure = disclose(given, "stats").failure
    assert failure is not None
    assert failure.evalue == expected
    assert failure.traceback == ""


def test_the_sample_level_has_cells_full_errors_and_earlier_answers_but_no_path() -> None:
    text = sent("sample")
    assert text.count("CANARY-zebra 4711 Größe") >= 5
    assert "It is CANARY" in text
    assert "jane" not in text
    assert 'File \\"x.py\\"' in text


@pytest.mark.parametrize("share", ["schema", "stats", "sample"])
def test_the_path_of_a_file_never_leaves(share: Share) -> None:
    assert "/home" not in sent(share)


def test_the_earlier_code_keeps_its_shape_and_loses_its_values() -> None:
    turn = disclose(prompt(), "schema").turns[0]
    assert "n = df[df['region'] == '…']" in turn.code
    assert turn.interpretation is None
    assert turn.text_output == ""
    asked = replace(prompt(), question=f"And for {CELL}?")
    assert CELL in disclose(asked, "schema").turns[0].code
    broken = replace(prompt(), turns=(Turn("t", "q", None, f"n = '{CELL}", ""),))
    assert disclose(broken, "schema").turns[0].code == ""


@pytest.mark.parametrize(
    ("code", "left"),
    [
        ("north_total = df['amount'].sum()", False),
        ("by = df.assign(NORTH=1)", False),
        ("new_york = df['amount'].sum()", False),
        ("def north():\n    return 1", False),
        ("print(wide.North)", False),
        ("wide.New_York.sum()", False),
        ("f = lambda north: 1", False),
        ("x = [north for north in df]", False),
        ("NewYork = 1", False),
        ("import math as north", False),
        ("wind = 1", False),
        ("df.groupby('region').size().head()", True),
        ("total = df['amount'].sum()", True),
        ("amount_by_region = df.groupby('region')['amount'].sum()", True),
    ],
)
def test_earlier_code_whose_names_are_cells_stays_here(code: str, left: bool) -> None:
    cells = ["North", "New York", "north wind"]

    def find_values(term: str) -> list[tuple[str, str, str]]:
        return [("sales", "region", cell) for cell in cells if term in cell.casefold()]

    given = replace(prompt(), turns=(Turn("t", "q", None, code, ""),), find_values=find_values)
    assert bool(disclose(given, "stats").turns[0].code) is left
    assert disclose(given, "sample").turns[0].code == code


def test_of_a_turn_about_other_tables_only_the_question_leaves_below_sample() -> None:
    turn = Turn("t", "Who was it?", None, "zebra_total = 1", "", ("/other.csv",))
    given = replace(prompt(), turns=(turn,), find_values=lambda term: [])
    assert disclose(given, "stats").turns[0].code == ""
    assert "zebra" not in sent("schema", given)
    assert "Who was it?" in sent("schema", given)


def test_a_session_of_many_turns_costs_few_lookups() -> None:
    asked: list[str] = []

    def find_values(term: str) -> list[tuple[str, str, str]]:
        asked.append(term)
        return []

    turns = tuple(
        Turn(f"t{number}", "q", None, "best_of_all = df.groupby('region').size()", "") for number in range(90)
    )
    disclose(replace(prompt(), turns=turns, find_values=find_values), "schema")
    assert len(asked) <= 3


def test_an_exception_class_named_after_a_cell_is_not_told() -> None:
    failure = Failure(CODE, "CANARYzebra", "", 1, "x = df['region']")
    masked = disclose(replace(prompt(), failure=failure), "schema").failure
    assert masked is not None
    assert masked.ename == "Exception"
    own = Failure("class Odd(Exception): pass\nraise Odd", "Odd", "", 2, "raise Odd")
    kept = disclose(replace(prompt(), failure=own), "schema").failure
    assert kept is not None
    assert kept.ename == "Odd"


@pytest.mark.parametrize("share", ["schema", "stats", "sample"])
def test_a_line_that_is_not_in_the_models_code_is_not_told(share: Share) -> None:
    failure = Failure(CODE, "ValueError", "", 2, "the kernel says 0xBADCAFE")
    masked = disclose(replace(prompt(), failure=failure), share).failure
    assert masked is not None
    assert masked.line == ""


def test_what_the_agent_wrote_itself_leaves_at_every_level() -> None:
    failure = Failure("", "NoCode", "Write the code in one block.")
    out = outbound(replace(prompt(), failure=failure), Model(), "schema", failure_is_ours=True)
    assert "Write the code in one block." in out.messages[-1].content


def test_a_remote_model_gets_messages_and_no_data_fields() -> None:
    out = outbound(prompt(), Model(), "sample")
    assert (out.question, out.profiles, out.turns, out.failure, out.find_values) == ("", (), (), None, None)


def test_a_local_model_gets_everything() -> None:
    given = prompt()
    assert outbound(given, Model(local=True), "schema") is given


@pytest.mark.parametrize(
    ("found", "requested", "ceiling", "agreed", "expected"),
    [
        (False, None, "sample", False, "sample"),
        (True, None, "sample", False, "schema"),
        (True, None, "sample", True, "sample"),
        (True, "stats", "sample", False, "stats"),
        (False, "sample", "schema", True, "schema"),
        (False, None, "stats", False, "stats"),
        (True, None, "stats", True, "stats"),
        (False, "schema", "sample", True, "schema"),
    ],
)
def test_the_level_is_the_request_or_the_default_and_never_above_the_ceiling(
    found: bool, requested: Share | None, ceiling: Share, agreed: bool, expected: Share
) -> None:
    assert share_for(Model(found=found), requested, ceiling, agreed) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("No such file: '/home/jane/data/sales.csv'", "No such file: 'sales.csv'"),
        ('File "/home/Jane Doe/my files/x.py", line 3', 'File "x.py", line 3'),
        (r"C:\Users\jane\x.csv", "x.csv"),
        ("~/secret/place/x.csv", "x.csv"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("km/h and 2024/01/31 stay", "km/h and 2024/01/31 stay"),
    ],
)
def test_paths_are_cut_to_the_files_name(text: str, expected: str) -> None:
    assert without_paths(text) == expected
