"""Hostile text stays text: in elements, in attributes, on a terminal."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csvagent_jupyter.widget.code import code_block
from csvagent_jupyter.widget.markup import Html, clean, fold, join, prose, shorten, tag


class Reader(HTMLParser):
    """Collects the elements, the attributes and the text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.values: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.values += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.text(), st.text())
def test_whatever_the_text_there_is_one_element_with_one_attribute(text: str, value: str) -> None:
    read = Reader(tag("p", text, title=value))
    assert read.elements == ["p"]
    assert read.values == [("title", clean(value))]
    assert read.text == clean(text)


def test_html_of_our_own_is_kept_and_left_out_parts_leave_nothing() -> None:
    inner = tag("b", "1 < 2")
    assert tag("p", inner, None, " & more", hidden=True, lang=None) == "<p hidden><b>1 &lt; 2</b> &amp; more</p>"
    assert join(["<a>", Html("<br>")], " ") == "&lt;a&gt; <br>"
    assert tag("img", src="x", alt='"') == '<img src="x" alt="&quot;">'
    assert fold("More", "text", opened=True) == "<details open><summary>More</summary>text</details>"


def test_backticks_in_our_sentences_become_code_and_still_escape() -> None:
    assert prose("run `%x <y>` now") == "run <code>%x &lt;y&gt;</code> now"


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link", "link"),
        ("a\x08\x08b\rc", "abc"),
        ("one\r\ntwo\tthree", "one\ntwo\tthree"),
        ("user\u202egnp.exe", "usergnp.exe"),
        ("half \ud800 letter", "half ? letter"),
    ],
)
def test_nothing_in_a_text_steers_a_terminal(hostile: str, harmless: str) -> None:
    assert clean(hostile) == harmless


def test_a_text_is_cut_to_its_limit_with_an_ellipsis() -> None:
    assert shorten("short", 5) == "short"
    assert shorten("much too long", 6) == "much…"
    assert len(shorten("x" * 99, 10)) == 10


@given(st.text())
def test_coloured_code_is_the_same_code(code: str) -> None:
    read = Reader(code_block(code))
    assert read.text == clean(code).strip("\n")
    assert set(read.elements) <= {"div", "pre", "code", "span"}


def test_keywords_strings_comments_and_numbers_have_their_colours() -> None:
    html = code_block("if x:  # why\n    y = 'a' + 1")
    for piece in ('<span class="k">if</span>', '<span class="c"># why</span>', '<span class="m">1</span>'):
        assert piece in html
    assert '<span class="s">' in html
