"""Which global names a cell needs, defines and changes, read from its source."""

import ast
import builtins
import functools
import io
import keyword
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cot_magic.core.aliases import aliases, changers, given, handed_over, objects_of, reached

_ACTIONS = re.compile(
    r"(?:append|extend|insert|remove|pop|clear|sort|reverse|update|setdefault|discard|fit|train|step|seed|shuffle"
    r"|write|close|push|put|fill|resize|partial_fit|commit|execute|delete|move_to_end|rotate|intersection_update)"
    r"(?:left|right|item|nowait|lines|many|all)?$|(?:set|add|register|load|remove|drop|insert|delete|update|push)_"
    r"|(?:add|subtract|rename)$"
)
_BODY_MAGICS = re.compile(
    r"\s*%%(?:time|timeit|capture|prun|memit|mprun|debug|heat|scalene|cot\+{0,2})\b[^\n]*\n?"
)
_BUILTINS = frozenset(vars(builtins))
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """What one cell does with global names.

    Attributes
    ----------
    needs
        Names that it reads while it runs, before it defines them itself, in order.
    later
        Names that its functions read when they are called.
    defines
        Names that it binds: assignments, imports, functions, classes, loop variables.
    changes
        Names whose values it changes in place: `x += 1`, `x[0] = 1`, `x.a = 1`, a bare `x.append(1)`.
    removes
        Names that it deletes.
    modules
        Top-level names of the modules that it imports.
    stars
        Modules from which it imports `*`.
    aliases
        Pairs of a name and another whose object it may hold after the cell: `a = b`.
    given
        Pairs of a function that it calls and a name that it gives to it.
    changers
        Functions that it defines and that change what they are given.
    """

    needs: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    defines: frozenset[str] = frozenset()
    changes: frozenset[str] = frozenset()
    removes: frozenset[str] = frozenset()
    modules: frozenset[str] = frozenset()
    stars: tuple[str, ...] = ()
    aliases: frozenset[tuple[str, str]] = frozenset()
    given: frozenset[tuple[str, str]] = frozenset()
    changers: frozenset[str] = frozenset()

    @property
    def uses(self) -> tuple[str, ...]:
        """All names of other cells that it or its functions depend on."""
        return tuple(dict.fromkeys((*self.needs, *self.later)))

    @property
    def touches(self) -> frozenset[str]:
        """Names that it binds or changes."""
        return self.defines | self.changes


@functools.lru_cache(maxsize=4096)
def flow_of(source: str) -> Flow:
    """The flow of a cell, which may use IPython syntax. A cell that does not parse needs all its names."""
    try:
        tree = ast.parse(plain_python(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Flow(needs=tuple(_words_of(source)))
    reader = _Reader()
    try:
        for statement in tree.body:
            reader.displayed = statement is tree.body[-1]
            reader.visit(statement)
    except RecursionError:  # an expression of thousands of levels
        return Flow(needs=tuple(_words_of(source)))
    return reader.flow(tree)


def plain_python(source: str) -> str:
    """The source as plain Python: magics and shell lines become calls; of `%%time` and the like, the body."""
    from IPython.core.inputtransformer2 import TransformerManager

    while match := _BODY_MAGICS.match(source):
        source = source[match.end() :]
    manager: Any = TransformerManager()  # type: ignore[no-untyped-call]
    transformed: str = manager.transform_cell(source)
    return transformed


def _words_of(source: str) -> Iterator[str]:
    """The names in a source that does not parse, without keywords and builtins, each once."""
    found = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.NAME and not keyword.iskeyword(token.string):
                found.append(token.string)
    except (tokenize.TokenError, SyntaxError):
        pass  # keep the names found so far
    yield from dict.fromkeys(name for name in found if name not in _BUILTINS)


@dataclass(slots=True)
class _Reader(ast.NodeVisitor):
    """Walks the statements of a cell in order of execution."""

    needs: dict[str, None] = field(default_factory=dict)
    later: dict[str, None] = field(default_factory=dict)
    defines: set[str] = field(default_factory=set)
    changes: set[str] = field(default_factory=set)
    removes: set[str] = field(default_factory=set)
    modules: set[str] = field(default_factory=set)
    stars: list[str] = field(default_factory=list)
    displayed: bool = False  # whether the cell displays the value of this statement

    def flow(self, tree: ast.Module) -> Flow:
        known, held = self.defines, aliases(tree)
        return Flow(
            needs=tuple(self.needs),
            later=tuple(name for name in self.later if name not in known),
            defines=frozenset(self.defines),
            changes=reached(self.changes, objects_of(held)),
            removes=frozenset(self.removes),
            modules=frozenset(self.modules),
            stars=tuple(self.stars),
            aliases=held,
            given=given(tree),
            changers=changers([tree]),
        )

    # --- reads and bindings ---------------------------------------------------------------------------------

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self._need(node.id)
        elif isinstance(node.ctx, ast.Store):
            self._define(node.id)
        else:
            self._need(node.id)
            self.removes.add(node.id)
            self.defines.discard(node.id)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            self._target(target)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.visit(node.annotation)
        if node.value is not None:
            self.visit(node.value)
            self._target(node.target)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.visit(node.value)
        if isinstance(node.target, ast.Name):
            self._need(node.target.id)
            self.changes.add(node.target.id)
        else:
            self._target(node.target)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        self._define(node.target.id)

    def visit_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            self._target(target)

    def visit_Expr(self, node: ast.Expr) -> None:
        call = node.value.value if isinstance(node.value, ast.Await) else node.value
        if isinstance(call, ast.Call) and self._acts(call):
            for part in handed_over(call):
                self._change(part)
        self.visit(node.value)

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        self._target(node.target)
        for statement in (*node.body, *node.orelse):
            self.visit(statement)

    visit_AsyncFor = visit_For

    def visit_With(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            self.visit(item.context_expr)
            if item.optional_vars is not None:
                self._target(item.optional_vars)
        for statement in node.body:
            self.visit(statement)

    visit_AsyncWith = visit_With

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        local = node.name if node.name is not None and node.name not in self.defines else None
        if node.name is not None:
            self._define(node.name)
        self.generic_visit(node)
        if local is not None:
            self.defines.discard(local)  # Python unbinds it again

    def visit_MatchAs(self, node: ast.MatchAs | ast.MatchStar | ast.MatchMapping) -> None:
        self.generic_visit(node)
        name = node.rest if isinstance(node, ast.MatchMapping) else node.name
        if name is not None:
            self._define(name)

    visit_MatchStar = visit_MatchMapping = visit_MatchAs

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.modules.add(alias.name.partition(".")[0])
            self._define(alias.asname or alias.name.partition(".")[0])

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.module and not node.level:
            self.modules.add(node.module.partition(".")[0])
        for alias in node.names:
            if alias.name == "*":
                self.stars.append(node.module or "")
            else:
                self._define(alias.asname or alias.name)

    # --- scopes of their own --------------------------------------------------------------------------------

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for part in (*node.decorator_list, *_defaults(node.args), *_annotations(node)):
            self.visit(part)
        self._define(node.name)
        self._scope(node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        for default in _defaults(node.args):
            self.visit(default)
        self._scope(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for part in (*node.decorator_list, *node.bases, *(item.value for item in node.keywords)):
            self.visit(part)
        inner = _Reader()
        for statement in node.body:
            inner.visit(statement)  # runs at once but binds attributes of the class
        for name in inner.needs:
            self._need(name)
        self._later(inner.later)
        self._define(node.name)

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> None:
        inner = _Reader()
        for generator in node.generators:
            inner.visit(generator.iter)
            inner._target(generator.target)
            for condition in generator.ifs:
                inner.visit(condition)
        for part in (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,):
            inner.visit(part)
        for name in inner.needs:
            self._need(name)
        self._later(inner.later)
        for walrus in ast.walk(node):
            if isinstance(walrus, ast.NamedExpr):
                self._define(walrus.target.id)

    visit_ListComp = visit_SetComp = visit_GeneratorExp = visit_DictComp = _comprehension

    def _scope(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> None:
        """The body of a function: the globals that it reads count when it is called."""
        declared = {name for item in ast.walk(node) if isinstance(item, ast.Global) for name in item.names}
        inner = _Reader(defines=_arguments(node.args))
        body = node.body if isinstance(node.body, list) else [node.body]
        for statement in body:
            inner.visit(statement)
        assigned = inner.defines - declared
        self._later(dict.fromkeys(name for name in (*inner.needs, *inner.later) if name not in assigned))
        self.changes |= (inner.defines | inner.changes) & declared
        self.changes |= inner.changes - inner.defines - declared

    # --- details --------------------------------------------------------------------------------------------

    def _acts(self, call: ast.Call) -> bool:
        """Whether a call that is a statement changes its object, or what it is given.

        If its value is discarded, it must. The value of the last statement is displayed (`df.head()`), so
        there the name decides.
        """
        in_place = any(item.arg == "inplace" and _is_true(item.value) for item in call.keywords)
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        return not self.displayed or in_place or _ACTIONS.match(name) is not None

    def _target(self, node: ast.expr) -> None:
        if isinstance(node, ast.Subscript | ast.Attribute):
            self._change(node.value)
        elif isinstance(node, ast.Tuple | ast.List):
            for item in node.elts:
                self._target(item)
            return
        elif isinstance(node, ast.Starred):
            self._target(node.value)
            return
        self.visit(node)

    def _change(self, node: ast.expr) -> None:
        while isinstance(node, ast.Subscript | ast.Attribute):
            node = node.value
        if isinstance(node, ast.Name):
            self.changes.add(node.id)

    def _need(self, name: str) -> None:
        if name not in self.defines and name not in _BUILTINS:
            self.needs.setdefault(name)

    def _later(self, names: dict[str, None]) -> None:
        for name in names:
            if name not in _BUILTINS:
                self.later.setdefault(name)

    def _define(self, name: str) -> None:
        self.defines.add(name)
        self.removes.discard(name)


def _is_true(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def _defaults(arguments: ast.arguments) -> list[ast.expr]:
    return [*arguments.defaults, *(item for item in arguments.kw_defaults if item is not None)]


def _annotations(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.expr]:
    every = (
        *node.args.posonlyargs,
        *node.args.args,
        *node.args.kwonlyargs,
        node.args.vararg,
        node.args.kwarg,
    )
    found = [item.annotation for item in every if item is not None and item.annotation is not None]
    return [*found, node.returns] if node.returns is not None else found


def _arguments(arguments: ast.arguments) -> set[str]:
    every = (
        *arguments.posonlyargs,
        *arguments.args,
        *arguments.kwonlyargs,
        arguments.vararg,
        arguments.kwarg,
    )
    return {item.arg for item in every if item is not None}
