from __future__ import annotations

import copy
import logging
import pickle
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csvagent_jupyter.models.secret import MASK, KeyMask, Secret, keep_out_of_logs, quoted

KEY = "sk-or-v1-9f8e7d6c5b4a39281706f5e4d3c2b1a0"


def test_no_way_of_printing_shows_the_key() -> None:
    secret = Secret(f"  {KEY}\n")
    assert secret.reveal() == KEY
    for shown in (repr(secret), str(secret), f"{secret}", f"{secret!r:>40}", f"{[secret]} { ({'key': secret}) }"):
        assert KEY not in shown
        assert MASK in shown
    assert not hasattr(secret, "__dict__")
    for leave in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError):
            leave(secret)


@pytest.mark.parametrize("broken", ["", "   ", "two words", "line\nbreak", "ключ-кириллицей", "tab\there", "nul\x00"])
def test_what_cannot_be_a_key_is_refused_without_repeating_it(broken: str) -> None:
    with pytest.raises(ValueError, match="not a key") as caught:
        Secret(broken)
    assert not broken.strip() or broken not in str(caught.value)


@given(before=st.text(max_size=30), start=st.integers(0, 20), size=st.integers(8, 41), upper=st.booleans())
def test_the_key_and_its_longer_parts_are_masked(before: str, start: int, size: int, upper: bool) -> None:
    part = KEY[start : start + size]
    part = part.upper() if upper else part
    shown = quoted(f"{before} bad key: {part}", Secret(KEY))
    assert part.lower() not in shown.lower()


@pytest.mark.parametrize(
    "said",
    [
        "Authorization: Bearer abc.def-ghi",
        "key sk-proj-abcdef123456 is wrong",
        "x-api-key=sk-ant-api03-zzzzzz",
        "gsk_x",
    ],
)
def test_other_keys_are_masked_by_their_look(said: str) -> None:
    shown = quoted(said, None)
    assert ("abc.def" not in shown) and ("abcdef123456" not in shown) and ("zzzzzz" not in shown)


def test_a_short_key_does_not_garble_every_text() -> None:
    assert quoted("EMPTY answer from text model", Secret("EMPTY")) == f"{MASK} answer from text model"
    assert quoted("x y z", Secret("longerkey1")) == "x y z"


def test_what_a_server_wrote_becomes_one_short_line() -> None:
    shown = quoted("first\r\n\x1b[31msecond\u202e\u2028third " + "long " * 500, None)
    assert shown.startswith("first [31msecond third long")
    assert len(shown) <= 300 and shown.endswith("…")
    assert shown.isprintable()


@given(cuts=st.lists(st.integers(0, 90), max_size=20))
def test_a_key_in_a_reply_is_masked_wherever_the_pieces_are_split(cuts: list[int]) -> None:
    written = f"a sk-{KEY} and {KEY}sk-or{KEY[:30]}"
    marks = [0, *sorted(cut for cut in cuts if cut < len(written)), len(written)]
    mask = KeyMask(Secret(KEY))
    shown = "".join(mask.feed(written[start:end]) for start, end in pairwise(marks)) + mask.close()
    assert shown == written.replace(KEY, MASK)
    assert KEY not in repr(mask)


def test_the_logs_of_the_http_libraries_have_no_key(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret(KEY)
    loggers = [logging.getLogger("httpx"), logging.getLogger("httpcore.http11")]
    before = [len(logger.filters) for logger in loggers]
    keep_out_of_logs(secret)
    keep_out_of_logs(Secret(KEY))
    assert [len(logger.filters) for logger in loggers] == [count + 1 for count in before]
    with caplog.at_level(logging.DEBUG):
        loggers[0].info("asked %s with %s", "somebody", KEY)
        loggers[1].debug("headers %r", [(b"Location", KEY.encode())])
        loggers[1].debug("nothing to hide: %d", 7)
    assert KEY not in caplog.text
    assert "asked somebody with •••" in caplog.text and "nothing to hide: 7" in caplog.text
    for logger in loggers:
        logger.removeFilter(logger.filters[-1])
