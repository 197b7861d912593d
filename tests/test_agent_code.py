"""Finding the code in replies, whatever they look like."""

from __future__ import annotations

from time import process_time

import pytest

from csvagent_jupyter.agent.code import MAX_INTERPRETATION, MAX_REPLY, extract, partial

CODE = 'total = df["amount"].sum()\nprint(f"The sum is {total}")\ntotal'


@pytest.mark.parametrize(
    "reply",
    [
        f"I add up the amounts.\n\n```python\n{CODE}\n```",
        f"I add up the amounts.\n```py\n{CODE}\n```\nThis prints the sum. It uses `sum`.",
        f"I add up the amounts.\n```\n{CODE}\n```",
        f"I add up the amounts.\n~~~python\n{CODE}\n~~~",
        f"I add up the amounts.\n````python\n{CODE}\n````",
        f"I add up the amounts.\r\n```Python3\r\n{CODE.replace(chr(10), chr(13) + chr(10))}\r\n```\r\n",
        f"I add up the amounts.\n```python\n{CODE}",
        f"I add up the amounts.\n```{{python}}\n{CODE}\n```",
        f"<think>Maybe ```python\nx = 1\n``` is enough?</think>I add up the amounts.\n```python\n{CODE}\n```",
        f"the reasoning began before the text </think>\nI add up the amounts.\n```python\n{CODE}\n```",
        f"I add up the amounts.\n```bash\npip install pandas\n```\n```python\n{CODE}\n```",
        f"I add up the amounts.\n```python\n%matplotlib inline\n{CODE}\n```\n```text\nThe sum is 5\n```",
        f"I add up the amounts.\n{CODE}",
        f"**I add up** the amounts.\n\n{CODE}\n\nThis prints the sum of the column.",
        f'I add up the amounts.\n<pre><code class="language-python">{CODE.replace(chr(34), "&quot;")}</code></pre>',
    ],
)
def test_the_code_and_the_sentence_are_found(reply: str) -> None:
    found = extract(reply)
    assert found.code.strip() == CODE
    assert found.interpretation == "I add up the amounts."


@pytest.mark.parametrize(
    "reply", ["", "I cannot answer that.", "Yes", "```python\n```", "The sum is 5 (see total).", "<think>" + "a " * 900]
)
def test_a_reply_without_code_has_none(reply: str) -> None:
    assert extract(reply).code == ""


def test_a_fence_inside_a_string_does_not_end_the_code() -> None:
    code = 'report = """# Report\n```\nsum\n```\n"""\nprint(report)'
    assert extract(f"I write a report.\n```python\n{code}\n```\nDone.").code.strip() == code


def test_a_block_that_is_cut_off_says_so() -> None:
    assert extract("So.\n```python\nx = (1,").cut
    assert not extract("So.\n```python\nx = 1\n```").cut


def test_of_several_blocks_the_last_one_counts_when_it_stands_alone() -> None:
    reply = '```python\nprint(df["a"].sum())\n```\nWait, wrong column.\n```python\nprint(df["b"].sum())\n```'
    assert extract(reply).code == 'print(df["b"].sum())\n'


def test_blocks_that_go_on_from_each_other_are_put_together() -> None:
    reply = (
        "First:\n```python\nbig = df[df.x > 1]\n```\nAn aside:\n```python\nother = 5\n```\nThen:\n"
        "```python\nprint(len(big))\n```"
    )
    assert extract(reply).code == "big = df[df.x > 1]\n\nprint(len(big))\n"


def test_code_that_is_no_python_is_returned_to_be_repaired() -> None:
    assert extract("Well.\n```python\nprint(df[\n```").code == "print(df[\n"


def test_a_long_interpretation_ends_with_a_sentence() -> None:
    found = extract("I read it so. " * 100 + f"\n```python\n{CODE}\n```").interpretation
    assert found is not None
    assert len(found) <= MAX_INTERPRETATION
    assert found.endswith("so.")


def test_markup_is_taken_out_of_the_interpretation_and_names_keep_their_underscores() -> None:
    found = extract(f"## Reading\n- sum of `unit_price` by **store_id**:\n```python\n{CODE}\n```")
    assert found.interpretation == "Reading sum of unit_price by store_id"


def test_an_endless_reply_is_taken_apart_in_bounded_work() -> None:
    assert extract("``` \n" * 200_000).code == ""
    assert extract("```python\n(\n" * 50_000).code.startswith("(")


def test_the_code_of_a_growing_reply_only_grows_and_holds_its_end_back() -> None:
    reply = f"I add up.\n```python\n{CODE}\n```\nDone."
    shown = ""
    for end in range(len(reply) + 1):
        now = partial(reply[:end])
        assert now.startswith(shown)
        assert "``" not in now
        shown = now
    assert shown == CODE + "\n"


def test_thoughts_are_not_shown_as_code() -> None:
    assert partial("<think>```python\nx = 1\n") == ""


@pytest.mark.parametrize(
    "piece", ["<pre>", "<pre", "<pre ", "<pre><code>", "</code>", "<think>", "</think>", "<a ", "*a ", "`a", "> "]
)
def test_a_reply_made_to_be_slow_is_read_in_no_time(piece: str) -> None:
    started = process_time()
    assert extract(piece * (MAX_REPLY // len(piece))).code == ""
    assert process_time() - started < 10
