"""Copies a drawing and leaves out everything that could run, load or link: only shapes, text and embedded pictures."""

from __future__ import annotations

import re
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

_ELEMENTS = """
    svg g defs path use clipPath rect circle ellipse line polyline polygon text tspan style image linearGradient
    radialGradient stop pattern mask title desc symbol marker
"""
_ATTRIBUTES = """
    id class d x y x1 y1 x2 y2 cx cy r rx ry width height viewBox version transform points style fill stroke
    fill-opacity fill-rule stroke-width stroke-opacity stroke-linecap stroke-linejoin stroke-dasharray
    stroke-dashoffset stroke-miterlimit opacity clip-path clip-rule clipPathUnits font-family font-size font-style
    font-weight text-anchor xmlns xmlns:xlink preserveAspectRatio offset stop-color stop-opacity gradientUnits
    gradientTransform patternUnits patternTransform patternContentUnits mask markerWidth markerHeight refX refY
    orient overflow dx dy
"""
ELEMENTS = frozenset(_ELEMENTS.split())
ATTRIBUTES = frozenset(_ATTRIBUTES.split())
_LINKS = ("href", "xlink:href")
_BAD_STYLE = ("@import", "expression", "javascript:", "http:", "https:", "//", "\\")


def clean_svg(data: bytes) -> bytes:
    """Return a harmless copy of an SVG, or nothing when it is not well-formed, declares entities, or is no SVG."""
    copy = _Copy()
    parser = expat.ParserCreate()
    parser.StartElementHandler = copy.start
    parser.EndElementHandler = copy.end
    parser.CharacterDataHandler = copy.text
    parser.EntityDeclHandler = _refuse
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, UnicodeError):
        return b""
    return copy.result()


def _refuse(*_: object) -> None:
    raise ValueError("entities have no place in a drawing")


class _Copy:
    """Writes the allowed part of what the parser reads."""

    def __init__(self) -> None:
        self._out: list[str] = []
        self._skipping = 0
        self._open: list[str] = []
        self._style: list[str] = []
        self._root = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._root = self._root or name
        if self._skipping or name not in ELEMENTS or len(self._open) > 100:
            self._skipping += 1
            return
        kept = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items() if _allowed(name, key, value))
        self._out.append(f"<{name}{kept}>")
        self._open.append(name)

    def end(self, name: str) -> None:
        if self._skipping:
            self._skipping -= 1
            return
        if name == "style":
            rules, self._style = "".join(self._style), []
            self._out.append(escape(rules) if _harmless(rules) else "")
        self._out.append(f"</{name}>")
        self._open.pop()

    def text(self, text: str) -> None:
        if self._skipping or not self._open:
            return
        if self._open[-1] == "style":
            self._style.append(text)  # it comes in pieces, and is judged as a whole
        else:
            self._out.append(escape(text))

    def result(self) -> bytes:
        return "".join(self._out).encode() if self._root == "svg" else b""


def _allowed(element: str, name: str, value: str) -> bool:
    if name in _LINKS:
        return value.startswith("#") or (element == "image" and value.startswith("data:image/png;base64,"))
    if name not in ATTRIBUTES:
        return False
    return name.startswith("xmlns") or _harmless(value)


def _harmless(style: str) -> bool:
    """Tell whether a style or a paint refers to nothing outside its drawing."""
    plain = re.sub(r"[\s'\"]", "", style.lower())
    return not any(bad in plain for bad in _BAD_STYLE) and plain.count("url(") == plain.count("url(#")
