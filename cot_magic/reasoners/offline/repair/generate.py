"""All single edits of the editable statements of a program, likeliest first."""

import ast
from collections.abc import Iterator, Sequence

from cot_magic.reasoners.offline.repair.clones import cloned, exchanged, renamed
from cot_magic.reasoners.offline.repair.drafts import Drafts, Hints
from cot_magic.reasoners.offline.repair.edits import Edit
from cot_magic.reasoners.offline.repair.expressions import expression_edits
from cot_magic.reasoners.offline.repair.insertions import insertions
from cot_magic.reasoners.offline.repair.moves import moves
from cot_magic.reasoners.offline.repair.siblings import Sibling, siblings
from cot_magic.reasoners.offline.repair.statements import statement_edits
from cot_magic.reasoners.offline.repair.synthesis import synthesised

DATA_PENALTY = 3.0  # of statements that only hold data, which the results are about
MOST_SETTINGS = 2  # more constants than that are data
OWN_PENALTY = 0.9  # of default values, which no line of the body covers


def single_edits(source: bytes, tree: ast.Module, editable: Sequence[int], hints: Hints) -> list[Edit]:
    """The edits of the top-level statements at these places."""
    drafts = Drafts(source, tree, hints)
    statements = [tree.body[place] for place in editable]
    plain = [
        statement
        for statement in statements
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    ]
    for statement in statements:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                _function(drafts, statement)
            case ast.ClassDef():
                for member in statement.body:
                    if isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef):
                        _function(drafts, member)
            case ast.Import() | ast.ImportFrom():
                pass
            case _:
                drafts.enter(None, plain)
                _block(drafts, [statement], None)
    drafts.found += [
        *cloned(drafts, statements),
        *exchanged(drafts, statements),
        *renamed(drafts, statements),
    ]
    return sorted(drafts.found, key=lambda edit: edit.cost)


def _function(drafts: Drafts, function: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    drafts.enter(function, [])
    drafts.penalty, drafts.line = OWN_PENALTY, function.lineno
    for default in function.args.defaults:
        expression_edits(drafts, default)
    _block(drafts, function.body, None, siblings(drafts, function))
    synthesised(drafts, function)


def _block(
    drafts: Drafts, body: Sequence[ast.stmt], loop: ast.stmt | None, others: Sequence[Sibling] = ()
) -> None:
    for place, statement in enumerate(body):
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue
        if isinstance(statement, ast.FunctionDef):
            outer, names = drafts.types, drafts.names
            drafts.types = {**outer, **drafts.hints.types.get(statement.name, {})}
            drafts.names = list(dict.fromkeys([*(arg.arg for arg in statement.args.args), *names]))
            _block(drafts, statement.body, None)
            drafts.types, drafts.names = outer, names
            continue
        suspicion = drafts.suspicion(statement)
        if suspicion is not None:
            drafts.at(statement, suspicion)
            if drafts.function is None and _is_data(statement):
                drafts.penalty += DATA_PENALTY
            if drafts.alone(statement):
                moves(drafts, statement, body, place)
                statement_edits(drafts, statement, body, place, loop)
                insertions(drafts, statement, body, place, loop, others)
            for expression in _own_expressions(statement):
                expression_edits(drafts, expression)
        inner = statement if isinstance(statement, ast.For | ast.While) else loop
        for name in ("body", "orelse", "finalbody"):
            _block(drafts, getattr(statement, name, []), inner, others)
        for handler in getattr(statement, "handlers", []):
            _block(drafts, handler.body, loop, others)


def _is_data(statement: ast.stmt) -> bool:
    """Whether it assigns constants alone, such as a list of them or a table that is made of them."""
    if not isinstance(statement, ast.Assign):
        return False
    nodes = list(ast.walk(statement.value))
    called = [node.func for node in nodes if isinstance(node, ast.Call)]
    roots = {id(name) for function in called for name in ast.walk(function) if isinstance(name, ast.Name)}
    read = [node for node in nodes if isinstance(node, ast.Name) and id(node) not in roots]
    constants = sum(isinstance(node, ast.Constant) for node in nodes)
    return constants > MOST_SETTINGS and all(node.id in ("np", "nan", "None") for node in read)


def _own_expressions(statement: ast.stmt) -> Iterator[ast.expr]:
    """The expressions of a statement without those of the statements in it."""
    match statement:
        case ast.With():
            yield from (item.context_expr for item in statement.items)
        case ast.ClassDef() | ast.AsyncFunctionDef():
            pass
        case _:
            yield from (node for node in ast.iter_child_nodes(statement) if isinstance(node, ast.expr))
