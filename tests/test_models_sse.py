from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csvagent_jupyter.models.sse import DONE, EventParser, TooLargeError

EVENTS = [{"text": "Ответ — 12 408 ₽ 🙂"}, {"n": 1}, {"nested": {"list": [1, 2]}}]
STREAM = "".join(f"event: message\ndata: {json.dumps(event, ensure_ascii=False)}\n\n" for event in EVENTS).encode()


def parse(*pieces: bytes, **options: int) -> list[dict[str, object]]:
    parser = EventParser(**options)
    return [event for piece in pieces for event in parser.feed(piece)] + parser.close()


@given(cuts=st.lists(st.integers(0, len(STREAM) * 2), max_size=12), ends=st.sampled_from([b"\n", b"\r\n", b"\r"]))
def test_events_are_the_same_wherever_the_bytes_are_split(cuts: list[int], ends: bytes) -> None:
    stream = STREAM.replace(b"\n", ends)
    marks = [0, *sorted(cut for cut in cuts if cut < len(stream)), len(stream)]
    pieces = [stream[start:end] for start, end in pairwise(marks)]
    assert parse(*pieces) == EVENTS


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_junk_never_raises_and_gives_only_objects(pieces: list[bytes]) -> None:
    assert all(isinstance(event, dict) for event in parse(*pieces))


def test_comments_other_fields_and_broken_json_are_passed_over() -> None:
    stream = b': keep-alive\n\nid: 7\nretry: 10\ndata: not json\n\ndata: [1, 2]\n\ndata:{"a": 1}\n\nevent: ping\n\n'
    assert parse(stream) == [{"a": 1}]


def test_an_event_needs_no_blank_line_and_no_last_line_break() -> None:
    parser = EventParser()
    assert parser.feed(b'data: {"a": 1}\ndata: {"a": 2}\n') == [{"a": 1}, {"a": 2}]
    assert parser.feed(b'data: {"a": 3}') == []
    assert parser.close() == [{"a": 3}]


def test_data_over_several_lines_is_one_event() -> None:
    assert parse(b'data: {"a":\ndata:  1}\n\n') == [{"a": 1}]
    assert parse(b'data: {"a":\r', b"\ndata:  1}\r", b"\n\r", b"\n") == [{"a": 1}]


def test_the_closing_word_a_byte_order_mark_and_a_bare_error_line_are_understood() -> None:
    assert parse(b'\xef\xbb\xbfdata: {"a": 1}\n\ndata: [DONE]\n\n') == [{"a": 1}, DONE]
    assert parse(b"data: [DONE]\n\n")[0] is DONE
    assert parse(b'{"error": "loading"}\n') == [{"error": "loading"}]


def test_bytes_that_are_not_utf_8_do_not_stop_the_stream() -> None:
    assert parse(b'data: {"a": "\xff"}\n\n') == [{"a": "\ufffd"}]


def test_deep_nesting_is_passed_over() -> None:
    assert parse(b'data: {"a": ' + b"[" * 200_000 + b"\n\n", b'data: {"b": 1}\n\n') == [{"b": 1}]


@pytest.mark.parametrize(
    "pieces",
    [
        [b"data: " + b"x" * 2_000],
        [b"x" * 600, b"y" * 600],
        [b"data: x\n" * 1_000],
        [b"data: " + b"x" * 2_000 + b"\n\n"],
    ],
)
def test_a_line_or_an_event_without_end_is_refused(pieces: list[bytes]) -> None:
    with pytest.raises(TooLargeError):
        parse(*pieces, max_line=1_000)
