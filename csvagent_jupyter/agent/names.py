"""Which names a piece of code makes, changes and needs: turns depend on each other by them."""

from __future__ import annotations

import ast
import builtins
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

KERNEL_NAMES: Final = frozenset({"pd", "np", "plt", "df", "tables"})
_BUILTINS: Final = frozenset(dir(builtins)) | {"__name__", "__file__", "_", "display"}
_OPAQUE: Final = frozenset({"exec", "eval", "globals", "locals", "vars", "setattr", "__import__"})
_CHANGING: Final = frozenset({"insert", "update", "append", "extend", "pop", "popitem", "setdefault", "clear", "sort"})


def parse(code: str) -> ast.Module:
    """Return the syntax tree; raises SyntaxError for whatever is no Python, and warns of nothing."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(code)
    except (ValueError, RecursionError, MemoryError) as error:
        raise SyntaxError(str(error)) from error


def is_python(code: str) -> bool:
    """Tell whether `code` can be parsed."""
    try:
        parse(code)
    except SyntaxError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Names:
    """`made` are assigned names, `changed` those whose object is altered in place, `needed` those used before made.

    `opaque` says that this cannot be told: no Python, or code that makes names at run time.
    """

    made: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()
    needed: frozenset[str] = frozenset()
    opaque: bool = False

    @property
    def touched(self) -> frozenset[str]:
        return self.made | self.changed


@lru_cache(maxsize=256)
def names_of(code: str) -> Names:
    """Read the names of `code`."""
    try:
        reader = _Reader()
        reader.visit(parse(code))
    except (SyntaxError, RecursionError):
        return Names(opaque=True)
    return Names(frozenset(reader.made), frozenset(reader.changed), frozenset(reader.needed - _BUILTINS), reader.opaque)


def needed_turns(codes: Sequence[str], code: str) -> list[int]:
    """Return the indexes of the earlier codes that `code` builds on, in order; all of them when it cannot be told."""
    names = [names_of(earlier) for earlier in codes]
    last = names_of(code)
    if last.opaque or any(one.opaque for one in names):
        return list(range(len(codes)))
    needed = set(last.needed)
    chosen: list[int] = []
    for index in range(len(codes) - 1, -1, -1):
        if names[index].touched & needed:
            chosen.append(index)
            needed |= names[index].needed | names[index].changed
    return chosen[::-1]


class _Reader(ast.NodeVisitor):
    """Walks in the order of running; a name that is used before it was made is needed from outside.

    What a function makes stays inside it; what it uses counts as needed unless it is a parameter or made there.
    """

    def __init__(self) -> None:
        self.made: set[str] = set()
        self.changed: set[str] = set()
        self.needed: set[str] = set()
        self.opaque = False

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self._need(node.id)
        else:
            self.made.add(node.id)

    def _need(self, name: str) -> None:
        if name not in self.made:
            self.needed.add(name)
        self.opaque = self.opaque or name in _OPAQUE

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            self._target(target)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.visit(node.value)
        if isinstance(node.target, ast.Name):
            self._need(node.target.id)
            self.made.add(node.target.id)
            self.changed.add(node.target.id)
        else:
            self._target(node.target)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)
            self._target(node.target)

    def visit_For(self, node: ast.For) -> None:
        self.visit(node.iter)
        self._target(node.target)
        for statement in (*node.body, *node.orelse):
            self.visit(statement)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self.made.add(node.name)
        self.generic_visit(node)

    def visit_MatchAs(self, node: ast.MatchAs) -> None:
        if node.name:
            self.made.add(node.name)
        self.generic_visit(node)

    def visit_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            self._target(target)

    def _target(self, target: ast.expr) -> None:
        """Take note of what an assignment makes, or of the object that it alters."""
        if isinstance(target, ast.Name):
            self.made.add(target.id)
        elif isinstance(target, ast.Tuple | ast.List):
            for element in target.elts:
                self._target(element)
        elif isinstance(target, ast.Starred):
            self._target(target.value)
        else:
            self.visit(target)
            self._changes(target)

    def _changes(self, node: ast.expr) -> None:
        while isinstance(node, ast.Subscript | ast.Attribute | ast.Call):
            node = node.func if isinstance(node, ast.Call) else node.value
        if isinstance(node, ast.Name):
            self.changed.add(node.id)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Attribute):
            in_place = any(
                keyword.arg == "inplace" and not (isinstance(keyword.value, ast.Constant) and not keyword.value.value)
                for keyword in node.keywords
            )
            if in_place or node.func.attr in _CHANGING:
                self._changes(node.func.value)
        self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        self.made.update((alias.asname or alias.name.partition(".")[0]) for alias in node.names)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self.made.update(alias.asname or alias.name for alias in node.names)
        self.opaque = self.opaque or any(alias.name == "*" for alias in node.names)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for outside in (*node.decorator_list, *node.args.defaults, *(d for d in node.args.kw_defaults if d)):
            self.visit(outside)
        self.made.add(node.name)
        self._inner(node.args, node.body)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for outside in (*node.decorator_list, *node.bases, *node.keywords):
            self.visit(outside)
        self.made.add(node.name)
        self._inner(None, node.body)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._inner(node.args, [node.body])

    def _inner(self, arguments: ast.arguments | None, body: list[ast.stmt] | list[ast.expr]) -> None:
        inner = _Reader()
        if arguments is not None:
            every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg)
            inner.made.update(argument.arg for argument in every if argument is not None)
        own = set(inner.made)
        shared: set[str] = set()
        for node in body:
            shared.update(name for part in ast.walk(node) if isinstance(part, ast.Global) for name in part.names)
            inner.visit(node)
        self.made |= inner.made & shared
        self.changed |= (inner.changed - inner.made - own) | (inner.changed & shared)
        self.needed |= (inner.needed | (inner.made & shared)) - self.made
        self.opaque = self.opaque or inner.opaque

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> None:
        inner = _Reader()
        for generator in node.generators:
            inner.visit(generator.iter)
            inner._target(generator.target)
            for condition in generator.ifs:
                inner.visit(condition)
        parts = (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,)
        for part in parts:
            inner.visit(part)
        walrus = {part.target.id for part in ast.walk(node) if isinstance(part, ast.NamedExpr)}
        self.needed |= inner.needed - self.made
        self.made |= walrus
        self.opaque = self.opaque or inner.opaque

    visit_ListComp = visit_SetComp = visit_GeneratorExp = visit_DictComp = _comprehension  # noqa: N815
