"""Python code as HTML, coloured by the notebook's own theme."""

from __future__ import annotations

from .markup import Html, clean, join, tag

MAX_COLOURED = 60_000


def code_block(code: str) -> Html:
    """Return the code in a scrolling box; very long code stays uncoloured, so that it opens at once."""
    code = clean(code).strip("\n")
    content = _coloured(code) if len(code) <= MAX_COLOURED else code
    return tag("div", tag("pre", tag("code", content)), class_="box", style="max-height: 320px; overflow: auto")


def plain_block(text: str) -> Html:
    """Return text with its line breaks in a scrolling box: an error's traceback, a printed table."""
    return tag("div", tag("pre", clean(text).strip("\n")), class_="box", style="max-height: 320px; overflow: auto")


def _coloured(code: str) -> Html:
    from pygments.lexers.python import PythonLexer
    from pygments.token import Comment, Keyword, Number, Operator, String

    kinds = ((Comment, "c"), (String, "s"), (Keyword, "k"), (Operator.Word, "k"), (Number, "m"))
    pieces = []
    for token, text in PythonLexer(stripnl=False, ensurenl=False).get_tokens(code):
        kind = next((name for parent, name in kinds if parent in token.split()), None)
        pieces.append(text if kind is None else tag("span", text, class_=kind))
    return join(pieces)
