"""The place of a failure as a rule reads it: the failing expression as a tree, its values, and edits of
it."""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from cot_magic.core.case import Case, Cell, Frame, Raised, Variable
from cot_magic.core.findings import CellEdit
from cot_magic.core.language import worded
from cot_magic.reasoners.offline import modules
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.rule import Check, Repair, Suspicion

N = TypeVar("N", bound=ast.AST)
Function = ast.FunctionDef | ast.AsyncFunctionDef
_NEWLINES = re.compile(r"\s+")

# pandas 3 uses the public names of its types
_TYPES_NOW = {"pandas.DataFrame": "pandas.core.frame.DataFrame", "pandas.Series": "pandas.core.series.Series"}


class _Unknown:
    """Marks a value that its description does not tell."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Any = _Unknown()


def type_name(variable: Variable | None) -> str:
    """The type under the name that all versions of its library understand; empty if unknown."""
    if variable is None:
        return ""
    return _TYPES_NOW.get(variable.type, variable.type)


def literal(variable: Variable | None) -> Any:
    """The value of a described variable if its whole text is a literal, else UNKNOWN."""
    if variable is None or len(variable.text) > 400:
        return UNKNOWN
    try:
        return ast.literal_eval(variable.text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return UNKNOWN


def number_in(text: object) -> str:
    """`int` or `float`, whichever first reads the string as a number; empty if it is not a number."""
    if not isinstance(text, str):
        return ""
    for kind in (int, float):
        try:
            kind(text)
        except (ValueError, OverflowError):
            continue
        return kind.__name__
    return ""


def shown(variable: Variable | None, limit: int = 60) -> str:
    """A value for a sentence: its text in backquotes, shortened."""
    if variable is None:
        return "an unknown value"
    text = variable.text.replace("`", "'")
    return f"`{text if len(text) <= limit else text[: limit - 1] + '…'}`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The innermost frame of the failure that is in a cell, with its cell parsed.

    `frame_index` counts from the innermost frame (-1), as probes do.
    """

    case: Case
    raised: Raised
    frame: Frame
    frame_index: int
    cell: Cell
    tree: ast.Module

    @classmethod
    def of(cls, case: Case) -> "Site | None":
        """The site of the case; None if no frame is in a known cell that can be parsed."""
        raised = case.raised
        if raised is None:
            return None
        for place in range(len(raised.frames) - 1, -1, -1):
            if (site := cls.at(case, place)) is not None:
                return site
        return None

    @classmethod
    def at(cls, case: Case, place: int) -> "Site | None":
        """The site of that frame, if it is in a known cell."""
        raised = case.raised
        if raised is None or not 0 <= place < len(raised.frames):
            return None
        frame = raised.frames[place]
        cell = case.cell_by_id(frame.cell) if frame.cell is not None else None
        tree = src.parse(cell.source) if cell is not None else None
        if cell is None or tree is None:
            return None
        index = place - len(raised.frames)
        return cls(case=case, raised=raised, frame=frame, frame_index=index, cell=cell, tree=tree)

    @property
    def outer(self) -> "Site | None":
        """The site of the frame that calls this one, directly or through a library, if it is in a cell."""
        places = range(len(self.raised.frames) + self.frame_index - 1, -1, -1)
        return next((site for place in places if (site := Site.at(self.case, place)) is not None), None)

    # --- reading ------------------------------------------------------------------------------------------

    @property
    def folder(self) -> Path | None:
        """The kernel's working directory; None if it is not known. A case names the home directory `~`."""
        cwd = self.case.environment.cwd
        return Path(cwd).expanduser() if cwd else None

    def says(self, pattern: str) -> re.Match[str] | None:
        """Search for a pattern in the message."""
        return re.search(pattern, self.raised.evalue)

    def text(self, node: ast.AST) -> str:
        """The source of a node."""
        return src.text_of(self.cell.source, node)

    def one_line(self, node: ast.AST) -> str:
        """The source of a node on one line, for sentences; shortened if it is long."""
        text = _NEWLINES.sub(" ", self.text(node))
        return text if len(text) <= 80 else text[:77] + "…"

    def mention(self, node: ast.AST) -> str:
        """The source of a node for a sentence, with its value in parentheses if that tells more."""
        name, variable = f"`{self.one_line(node)}`", self.value(node)
        value = shown(variable) if variable is not None else name
        return name if value == name else f"{name} ({value})"

    @property
    def statement(self) -> ast.stmt | None:
        """The innermost statement that contains the failing line."""
        covering = [node for node in src.statements(self.tree) if self._covers(node)]
        return min(
            covering, key=lambda node: ((node.end_lineno or 0) - node.lineno, -node.lineno), default=None
        )

    def _covers(self, node: ast.stmt) -> bool:
        return src.first_line(node) <= self.frame.lineno <= (node.end_lineno or node.lineno)

    @property
    def focus(self) -> ast.AST | None:
        """The node that was being evaluated, if it is known."""
        wanted = _dump(self.frame.expression) if self.frame.expression else None
        if wanted is None or self.statement is None:
            return None
        for node in ast.walk(self.statement):
            if isinstance(node, ast.expr | ast.stmt) and _shape(node) == wanted and self._at_line(node):
                return node
        return None

    def _at_line(self, node: ast.expr | ast.stmt) -> bool:
        return node.lineno <= self.frame.lineno <= (node.end_lineno or node.lineno)

    def find(self, kind: type[N], fits: Callable[[N], bool] = lambda node: True) -> list[N]:
        """Nodes of that kind where it failed.

        Only the failing expression if it is of that kind and fits; else those inside it; else those of the
        statement on the failing line.
        """
        focus, statement = self.focus, self.statement
        if isinstance(focus, kind) and fits(focus):
            return [focus]
        for root in (focus, statement):
            if root is None:
                continue
            found = [node for node in ast.walk(root) if isinstance(node, kind) and fits(node)]
            on_line = [node for node in found if getattr(node, "lineno", 0) == self.frame.lineno]
            if found:
                return on_line or ([] if isinstance(root, ast.stmt) and _is_block(root) else found)
        return []

    def calls(self, *names: str, least: int = 0) -> list[ast.Call]:
        """Calls of functions and methods of these names where it failed, with at least so many arguments."""

        def fits(node: ast.Call) -> bool:
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            return called in names and len(node.args) >= least

        return self.find(ast.Call, fits)

    @property
    def function(self) -> Function | None:
        """The innermost function that contains the failing line."""
        functions = [
            node
            for node in ast.walk(self.tree)
            if isinstance(node, Function) and self._covers(node) and self.frame.lineno >= node.body[0].lineno
        ]
        return max(functions, key=lambda node: node.lineno, default=None)

    @property
    def klass(self) -> ast.ClassDef | None:
        """The innermost class that contains the failing line."""
        classes = [
            node for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef) and self._covers(node)
        ]
        return max(classes, key=lambda node: node.lineno, default=None)

    @property
    def scope(self) -> ast.AST:
        """The function of the failing line, or the whole cell."""
        return self.function or self.tree

    # --- values -------------------------------------------------------------------------------------------

    def value(self, node: ast.AST | None) -> Variable | None:
        """The value of a node, as far as it was described."""
        if node is None:
            return None
        if isinstance(node, ast.Constant):
            return Variable(name=self.text(node), type=type(node.value).__name__, text=repr(node.value))
        text, shape = self.text(node), _shape(node)
        for variable in (*self.frame.operands, *self.frame.variables):
            if variable.name == text or _dump(variable.name) == shape:
                return variable
        if isinstance(node, ast.Name):
            return self.known(node.id)
        return _display(node, text)

    def known(self, name: str) -> Variable | None:
        """The variable of that name, as seen from the failing frame."""
        for variable in (*self.frame.operands, *self.frame.variables):
            if variable.name == name:
                return variable
        function = self.function
        if function is not None and name in src.local_names(function):
            return None
        return next((item for item in self.case.namespace if item.name == name), None)

    def type(self, node: ast.AST | None) -> str:
        """The type name of the node's value; empty if unknown."""
        return type_name(self.value(node))

    def members(self, variable: Variable | None) -> tuple[str, ...]:
        """The attributes of a value: as described, or for a module, from where it is installed."""
        if variable is None or variable.members or variable.type != "module":
            return variable.members if variable is not None else ()
        module = re.search(r"module '([\w.]+)'", variable.text)
        return tuple(modules.members(module[1])) if module is not None else ()

    def keys(self, node: ast.AST | None) -> tuple[str, ...]:
        """reprs of the keys or columns of the node's value."""
        variable = self.value(node)
        return variable.keys if variable is not None else ()

    def literal(self, node: ast.AST | None) -> Any:
        """The node's value if its whole text is a literal, else UNKNOWN."""
        variable = self.value(node)
        return literal(variable)

    # --- making -------------------------------------------------------------------------------------------

    def over(self, node: ast.AST, text: str) -> src.Splice:
        return src.over(self.cell.source, node, text)

    def call(self, function: str, node: ast.AST) -> tuple[src.Splice, ...]:
        """Splices that put `function(…)` around the node."""
        return src.wrap(self.cell.source, node, f"{function}(", ")")

    def after(self, node: ast.AST, text: str) -> src.Splice:
        return src.after(self.cell.source, node, text)

    def edit(self, *changes: src.Splice) -> CellEdit:
        return src.edit(self.cell, *changes)

    def repair(self, why: str, *changes: src.Splice) -> Repair:
        """One edit of the cell of this site."""
        return Repair(edits=(self.edit(*changes),), why=why)

    def cause(
        self,
        claim: str,
        prediction: str,
        check: str,
        *repairs: Repair,
        weight: float = 0.8,
        before: bool = False,
    ) -> Suspicion:
        """A suspicion with one check, in the failing frame or, with `before`, in the state before the
        cell."""
        checks = (Check(source=check, frame=None if before else self.frame_index),)
        return Suspicion(
            claim=claim,
            prediction=prediction,
            checks=checks,
            repairs=tuple(repairs),
            cell=self.cell.id,
            lineno=self.frame.lineno,
            weight=weight,
        )

    def reading(self, claim: str, *repairs: Repair, weight: float = 0.5) -> Suspicion:
        """A possible intent that nothing in the notebook can decide: without checks, its repairs are
        PLAUSIBLE at most."""
        return Suspicion(
            claim=claim,
            prediction=worded(
                "With the edit, the cell gets past this line; only you can tell whether it does what you "
                "meant."
            ),
            checks=(),
            repairs=tuple(repairs),
            cell=self.cell.id,
            lineno=self.frame.lineno,
            weight=weight,
        )

    # --- other cells --------------------------------------------------------------------------------------

    def cells(self) -> Iterator[tuple[Cell, ast.Module]]:
        """Cells that can be parsed: this one, those that it depends on, then the others that ran, each latest
        first: what ran last made the names what they are."""
        seen = set()
        ran = [cell for cell in self.case.cells if cell.execution_count is not None]
        needed = [item.cell for item in self.case.lineage]
        groups = (sorted(group, key=lambda cell: -(cell.execution_count or 0)) for group in (needed, ran))
        for cell in (self.cell, self.case.cell, *(cell for group in groups for cell in group)):
            if cell.id not in seen and (tree := src.parse(cell.source)) is not None:
                seen.add(cell.id)
                yield cell, tree

    def functions(self, name: str) -> Iterator[tuple[Cell, Function]]:
        """Definitions of functions of that name."""
        for cell, tree in self.cells():
            for node in ast.walk(tree):
                if isinstance(node, Function) and node.name == name:
                    yield cell, node

    def classes(self, name: str) -> Iterator[tuple[Cell, ast.ClassDef]]:
        """Definitions of classes of that name."""
        for cell, tree in self.cells():
            for node in ast.walk(tree):
                if isinstance(node, ast.ClassDef) and node.name == name:
                    yield cell, node

    def assignments(self, name: str) -> Iterator[tuple[Cell, ast.Assign]]:
        """Simple assignments `name = …`: those above the failing line in its function or cell, last one
        first; then those of other cells."""
        for cell, tree in self.cells():
            here = cell.id == self.cell.id
            root = self.scope if here else tree
            found = [node for node in _assigns(root, name) if not here or node.lineno < self.frame.lineno]
            if here and self.function is not None and not found and name not in src.parameters(self.function):
                found = [node for node in _assigns(tree, name) if node.col_offset == 0]
            for node in reversed(found):
                yield cell, node


def _assigns(root: ast.AST, name: str) -> list[ast.Assign]:
    found = [
        node
        for node in src.own_scope(root)
        if isinstance(node, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == name for target in node.targets)
    ]
    return sorted(found, key=lambda node: node.lineno)


def _shape(node: ast.AST) -> str:
    return ast.dump(node).replace("Store()", "Load()").replace("Del()", "Load()")


def _dump(source: str) -> str | None:
    try:
        body = ast.parse(source.strip()).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if len(body) != 1:
        return None
    return _shape(body[0].value if isinstance(body[0], ast.Expr) else body[0])


def _display(node: ast.AST, text: str) -> Variable | None:
    """A display, string or generator expression has a known type without being run."""
    kinds = {
        ast.List: "list", ast.ListComp: "list", ast.Tuple: "tuple", ast.Set: "set", ast.SetComp: "set",
        ast.Dict: "dict", ast.DictComp: "dict", ast.GeneratorExp: "generator", ast.JoinedStr: "str",
        ast.Lambda: "function",
    }  # fmt: skip
    kind = kinds.get(type(node))
    if kind is None and isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant):
        kind = type(node.operand.value).__name__
    return Variable(name=text, type=kind, text=text) if kind is not None else None


def _is_block(node: ast.stmt) -> bool:
    return bool(getattr(node, "body", None))
