"""Which expressions of a notebook name files: what a model's experiments may read is found from them."""

import ast
from collections.abc import Iterator

from cot_magic.core.case import Case

MOST = 600  # expressions
LONGEST = 400  # characters of one


def named_files(case: Case) -> tuple[str, ...]:
    """Expressions that may name files, from the code of the cells as the person wrote it.

    They are text such as `'/data/a.csv'`, `folder / 'b.csv'`, or `f'{folder}/{...}.csv'`; what they name is
    found where the values are. Nothing that a model wrote is among them.
    """
    cells = {cell.id: cell.source for cell in (*case.cells, *(item.cell for item in case.lineage), case.cell)}
    found: dict[str, None] = {}
    for source in cells.values():
        for expression in _of_cell(source):
            if len(found) >= MOST:
                break
            if len(expression) <= LONGEST:
                found[expression] = None
    return tuple(found)


def _of_cell(source: str) -> Iterator[str]:
    lines: list[str] = []
    commands: list[str] = []
    for line in source.splitlines():
        is_command = line.lstrip().startswith(("%", "!"))
        (commands if is_command else lines).append(line)
    for command in commands:
        yield from (repr(word.strip("'\"")) for word in command.split()[1:] if "/" in word)
    try:
        tree = ast.parse("\n".join(lines))
    except (SyntaxError, ValueError, RecursionError):
        return
    unknown = set(_rebound(tree))
    for node in _candidates(tree):
        try:
            yield ast.unparse(_Without(unknown).visit(node))
        except (ValueError, RecursionError):
            continue


def _rebound(tree: ast.AST) -> Iterator[str]:
    """The names whose last value is not their only one: of loops, and of parameters."""
    for node in ast.walk(tree):
        match node:
            case ast.For(target=target) | ast.AsyncFor(target=target) | ast.comprehension(target=target):
                yield from (name.id for name in ast.walk(target) if isinstance(name, ast.Name))
            case ast.arg(arg=name):
                yield name
            case _:
                pass


def _candidates(tree: ast.AST) -> Iterator[ast.expr]:
    """Strings, what is put together from some, and names that are passed on or gone through."""
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        match node:
            case ast.Constant(value=str(text)):
                if text.strip() and "\n" not in text:
                    yield node
            case ast.BinOp() | ast.JoinedStr() | ast.Subscript():
                yield node
                todo += [] if isinstance(node, ast.JoinedStr) else ast.iter_child_nodes(node)
            case ast.Call(args=args, keywords=keywords):
                yield node
                given = (*args, *(keyword.value for keyword in keywords))
                yield from (argument for argument in given if isinstance(argument, ast.Name))
                todo += ast.iter_child_nodes(node)
            case ast.For(iter=ast.Name() as items) | ast.comprehension(iter=ast.Name() as items):
                yield items
                todo += ast.iter_child_nodes(node)
            case _:
                todo += ast.iter_child_nodes(node)


class _Without(ast.NodeTransformer):
    """Puts `...` in the place of names that differ from turn to turn of a loop, or from call to call."""

    def __init__(self, names: set[str]) -> None:
        self._names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.copy_location(ast.Constant(value=...), node) if node.id in self._names else node
