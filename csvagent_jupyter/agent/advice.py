"""Advice on code before it runs: what would certainly fail costs no execution. Advice is never security."""

from __future__ import annotations

import ast
import difflib
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import chain
from typing import Final

from ..messages import ExecutionError, Profile
from ..translations import Language, say
from .names import names_of, parse

_NETWORK: Final = frozenset(
    {"requests", "httpx", "aiohttp", "socket", "ftplib", "smtplib", "urllib3", "urllib.request"}
)
_PROCESSES: Final = frozenset({"subprocess", "pip", "multiprocessing", "ensurepip"})
_SYSTEM: Final = frozenset({"system", "popen", "execv", "execve", "spawnl", "spawnv", "fork"})
_READERS: Final = frozenset({"read_csv", "read_table", "read_excel", "read_parquet", "read_feather", "read_json"})


@dataclass(frozen=True, slots=True)
class Advice:
    """Why code would fail: the end of a text's key and what fills it, or without a key Python's own text."""

    ename: str
    line_number: int | None
    key: str = ""
    text: str = ""
    near: str = ""

    def error(self, language: Language = "en") -> ExecutionError:
        """Return the error that it would end with."""
        said = say(f"agent.advice_{self.key}", language, name=self.text, near=self.near) if self.key else self.text
        return ExecutionError(self.ename, said, line_number=self.line_number)

    def next_step(self, language: Language) -> str:
        """Return what a person can do about it; nothing where only the model can."""
        return say(f"agent.advice_{self.key}_next", language) if self.key in _WITH_A_STEP else ""


_WITH_A_STEP: Final = frozenset({"network", "processes", "module", "input", "file"})


def advise(
    code: str, profiles: Iterable[Profile], libraries: Iterable[str] = (), earlier: Iterable[str] = ()
) -> Advice | None:
    """Return why `code` would certainly fail, or None.

    `libraries` are what the kernel says it has ("pandas 3.1.1"), `earlier` the codes of the session that ran there.
    """
    try:
        tree = parse(code)
    except SyntaxError as error:
        return Advice("SyntaxError", error.lineno, text=error.msg or "invalid syntax")
    known = {library.split()[0].lower() for library in libraries if library.strip()}
    columns = _columns(tree, code, tuple(profiles), tuple(earlier))
    return next(chain(_imports(tree, known), _impossible(tree), columns), None)


def _imports(tree: ast.Module, known: set[str]) -> Iterator[Advice]:
    guarded = _lines_in(tree, ast.Try)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Import | ast.ImportFrom) or node.lineno in guarded:
            continue
        for name in _imported(node):
            top = name.partition(".")[0]
            if name in _NETWORK or top in _NETWORK:
                yield Advice("ImportError", node.lineno, "network", name)
            elif top in _PROCESSES:
                yield Advice("ImportError", node.lineno, "processes", name)
            elif top.lower() not in known and not _exists(top):
                yield Advice("ModuleNotFoundError", node.lineno, "module", top)


def _imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    module = node.module or ""
    return [f"{module}.{alias.name}" if module == "urllib" else module for alias in node.names[:1] if not node.level]


def _exists(module: str) -> bool:
    if module in sys.stdlib_module_names or module in sys.modules:
        return True
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _impossible(tree: ast.Module) -> Iterator[Advice]:
    made = names_of(ast.unparse(tree)).made
    written = {
        text
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _called(node) not in _READERS
        for text in _texts(node)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = _called(node)
        if isinstance(node.func, ast.Name) and name == "input" and name not in made:
            yield Advice("RuntimeError", node.lineno, "input")
        elif name in _SYSTEM and _owner(node) == "os":
            yield Advice("RuntimeError", node.lineno, "processes", f"os.{name}")
        elif name in _READERS and _owner(node) == "pd":
            paths = [text for text in _texts(node)[:1] if text not in written]
            if paths:
                yield Advice("FileNotFoundError", node.lineno, "file")


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _owner(node: ast.Call) -> str:
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    return owner.id if isinstance(owner, ast.Name) else ""


def _texts(node: ast.Call) -> list[str]:
    """Return the first argument of a call when it is a text."""
    return [part.value for part in node.args[:1] if isinstance(part, ast.Constant) and isinstance(part.value, str)]


def _lines_in(tree: ast.Module, kind: type[ast.AST]) -> set[int]:
    return {
        line
        for node in ast.walk(tree)
        if isinstance(node, kind)
        for line in range(getattr(node, "lineno", 0), (getattr(node, "end_lineno", 0) or 0) + 1)
    }


# --- columns --------------------------------------------------------------------------------------------------------


def _columns(tree: ast.Module, code: str, profiles: tuple[Profile, ...], earlier: tuple[str, ...]) -> Iterator[Advice]:
    """Find columns that the first table certainly does not have; silent wherever the code may have made them."""
    if not profiles or profiles[0].columns_left_out or any("df" in names_of(one).touched for one in earlier):
        return
    if any(names_of(one).opaque for one in (code, *earlier)) or _may_change_df(tree):
        return
    columns = [column.name for column in profiles[0].columns]
    guarded = _lines_in(tree, ast.Try)
    tested = {
        part.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare) and any(isinstance(op, ast.In | ast.NotIn) for op in node.ops)
        for part in ast.walk(node)
        if isinstance(part, ast.Constant)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Subscript) or not isinstance(node.value, ast.Name) or node.value.id != "df":
            continue
        for name in _literal_names(node.slice):
            if name not in columns and name not in tested and node.lineno not in guarded:
                yield _no_column(name, columns, node.lineno)


def _may_change_df(tree: ast.Module) -> bool:
    """Tell whether `df` may be another object, or have other columns, anywhere in the code."""
    functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    return any(_changes_df(node, functions) for node in ast.walk(tree))


def _changes_df(node: ast.AST, functions: set[str]) -> bool:
    match node:
        case ast.Name(id="df"):
            return not isinstance(node.ctx, ast.Load)
        case ast.arg(arg="df") | ast.Assign(value=ast.Name(id="df")) | ast.NamedExpr(value=ast.Name(id="df")):
            return True
        case ast.Subscript(value=owner) | ast.Attribute(value=owner) if not isinstance(node.ctx, ast.Load):
            return any(isinstance(part, ast.Name) and part.id == "df" for part in ast.walk(owner))
        case ast.Call():
            if _owner(node) == "df" and _called(node) in {"insert", "pop"}:
                return True
            if _owner(node) == "df" and any(keyword.arg == "inplace" for keyword in node.keywords):
                return True
            given = any(isinstance(part, ast.Name) and part.id == "df" for part in node.args)
            return given and _called(node) in functions
    return False


def _literal_names(part: ast.expr) -> list[str]:
    elements = part.elts if isinstance(part, ast.List) else [part]
    return [node.value for node in elements if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def _no_column(name: str, columns: list[str], line: int) -> Advice:
    by_folded = {column.casefold(): column for column in columns}
    near = difflib.get_close_matches(name.casefold(), list(by_folded), n=3, cutoff=0.6)
    if not near:
        return Advice("KeyError", line, "column", repr(name))
    return Advice("KeyError", line, "column_near", repr(name), ", ".join(repr(by_folded[one]) for one in near))
