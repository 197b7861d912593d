from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csvagent_jupyter.models.reply import ReplyText
from csvagent_jupyter.models.sse import TooLargeError

CODE = 'I count.\n```python\nprint("<think>not reasoning</think>")\n```'


def read(*pieces: str) -> str:
    reply = ReplyText()
    return "".join([*(reply.feed(piece) for piece in pieces), reply.close()])


@given(cuts=st.lists(st.integers(0, 200), max_size=20))
@pytest.mark.parametrize(
    ("written", "text"),
    [
        (CODE, CODE),
        ("<think>\n```python\nwrong()\n```\n</think>\n\n" + CODE, CODE),
        ("<thinking>a < b</thinking>" + CODE, CODE),
        ("I count <think>hmm</think>them. <b>now</b>", "I count them. <b>now</b>"),
        ("a <thin", "a <thin"),
        ("x `` y <", "x `` y <"),
        ("Done. <think>and then it never", "Done. "),
    ],
)
def test_reasoning_is_left_out_wherever_the_pieces_are_split(cuts: list[int], written: str, text: str) -> None:
    marks = [0, *sorted(cut for cut in cuts if cut < len(written)), len(written)]
    assert read(*(written[start:end] for start, end in pairwise(marks))) == text


def test_text_is_given_out_as_soon_as_it_is_certain() -> None:
    reply = ReplyText()
    assert reply.feed("I count ") == "I count "
    assert reply.feed("the <th") == "the "
    assert reply.feed("ree>") == "<three>"


def test_a_character_in_two_halves_is_joined_and_a_lone_half_is_replaced() -> None:
    assert read("a \ud83d", "\ude42 b") == "a 🙂 b"
    assert read("a \ud83d", " b") == "a \ufffd b"
    assert read("a \ude42 b") == "a \ufffd b"
    assert read("a \ud83d") == "a \ufffd"
    read("\ud83d", "\ude42", "\udfff").encode("utf-8")


def test_a_reply_without_end_is_refused_even_when_it_is_all_reasoning() -> None:
    reply = ReplyText(limit=100)
    reply.feed("<think>")
    with pytest.raises(TooLargeError):
        for _ in range(20):
            reply.feed("reasoning ")
