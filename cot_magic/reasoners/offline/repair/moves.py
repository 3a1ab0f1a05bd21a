"""Edits that move or remove a statement: out of a block, into one, past its neighbour, under `else`."""

import ast
from collections.abc import Sequence

from cot_magic.reasoners.offline.repair.drafts import Drafts, reindented

BLOCKS = (ast.For, ast.While, ast.If)


def moves(drafts: Drafts, statement: ast.stmt, body: Sequence[ast.stmt], place: int) -> None:
    """All moves of a statement that is at `place` in `body`."""
    start, end = drafts.lines(statement)
    indent, text = drafts.indentation(statement), drafts.block(start, end)
    if len(body) > 1:
        drafts.add("delete", (start, end), "", 1.0 if isinstance(statement, ast.For | ast.While) else 0.0)
    else:
        drafts.add("delete", (start, end), f"{indent}pass\n", 0.6)
    if place + 1 < len(body) and drafts.alone(body[place + 1]):
        start_of_next, end_of_next = drafts.lines(body[place + 1])
        if start_of_next >= end:
            following = drafts.block(start_of_next, end_of_next)
            between = drafts.between(end, start_of_next)
            drafts.add("swapstmt", (start, end_of_next), following + between + text)
    parent = drafts.parent.get(statement)
    if isinstance(parent, ast.For | ast.While | ast.If | ast.With | ast.Try) and drafts.alone(parent):
        _out_of(drafts, parent, statement, body, place)
    if isinstance(statement, ast.For | ast.While):
        _return_after(drafts, statement)
    if place > 0 and isinstance(body[place - 1], BLOCKS) and drafts.alone(body[place - 1]):
        _into_previous(drafts, statement, body, place)
    following_block = body[place + 1] if place + 1 < len(body) else None
    if isinstance(following_block, ast.For | ast.While) and isinstance(statement, ast.Assign | ast.AugAssign):
        first = following_block.body[0]
        if drafts.alone(first):
            into, _ = drafts.lines(first)
            moved = reindented(text, indent, drafts.indentation(first))
            drafts.add_all("indent", [(start, end, ""), (into, into, moved)])


def _out_of(
    drafts: Drafts,
    parent: ast.For | ast.While | ast.If | ast.With | ast.Try,
    statement: ast.stmt,
    body: Sequence[ast.stmt],
    place: int,
) -> None:
    """Move the last statements after the block that they are in, or the first one before it."""
    start, end = drafts.lines(statement)
    indent, outer = drafts.indentation(statement), drafts.indentation(parent)
    moved = reindented(drafts.block(start, end), indent, outer)
    parent_start, parent_end = drafts.lines(parent)
    otherwise = getattr(parent, "orelse", [])
    if place == len(body) - 1 and len(body) > 1 and len(outer) < len(indent):
        if not otherwise or statement in otherwise:
            drafts.add("dedent", (start, end), moved)
        else:
            drafts.add_all("dedent", [(start, end, ""), (parent_end, parent_end, moved)], 0.3)
        above = drafts.parent.get(parent)
        if isinstance(above, BLOCKS) and drafts.alone(above):
            after = drafts.lines(above)[1]
            far = reindented(drafts.block(start, end), indent, drafts.indentation(above))
            drafts.add_all("dedent", [(start, end, ""), (after, after, far)], 0.6)
    if 0 < place < len(body) - 1 and not otherwise and len(outer) < len(indent):
        _, end_of_rest = drafts.lines(body[-1])
        rest = reindented(drafts.between(start, end_of_rest), indent, outer)
        drafts.add("dedent", (start, end_of_rest), rest, 0.4)
    if place == 0 and len(body) > 1 and statement in parent.body and not isinstance(parent, ast.Try):
        drafts.add_all("dedent", [(parent_start, parent_start, moved), (start, end, "")], 0.8)
    is_elif = isinstance(statement, ast.If) and drafts.source[start:].lstrip().startswith(b"elif")
    if statement in otherwise and place == 0 and not is_elif:
        _drop_else(drafts, parent, start, indent)


def _return_after(drafts: Drafts, loop: ast.For | ast.While) -> None:
    """Move the `return` in which the body of a loop ends to after the loop: where the loop makes no turn it
    is not executed, so that nothing else would suspect its line."""
    last = loop.body[-1]
    if len(loop.body) > 1 and not loop.orelse and isinstance(last, ast.Return) and drafts.alone(last):
        start, end = drafts.lines(last)
        moved = reindented(drafts.block(start, end), drafts.indentation(last), drafts.indentation(loop))
        drafts.add("dedent", (start, end), moved)


def _drop_else(drafts: Drafts, parent: ast.stmt, start: int, indent: str) -> None:
    """Run what is under `else` always, or after the loop around it."""
    header = drafts.source.rfind(b"\n", 0, max(0, start - 1)) + 1
    if not drafts.source[header:start].strip().startswith(b"else"):
        return
    end = drafts.lines(parent)[1]
    block = drafts.between(start, end)
    drafts.add("dedent", (header, end), reindented(block, indent, drafts.indentation(parent)))
    above = drafts.parent.get(parent)
    if isinstance(above, ast.For | ast.While) and drafts.alone(above):
        after = drafts.lines(above)[1]
        moved = reindented(block, indent, drafts.indentation(above))
        drafts.add_all("dedent", [(header, end, ""), (after, after, moved)])


def _into_previous(drafts: Drafts, statement: ast.stmt, body: Sequence[ast.stmt], place: int) -> None:
    """Move the statement into the block before it, or under an `else` of that block."""
    previous = body[place - 1]
    assert isinstance(previous, BLOCKS)
    start, end = drafts.lines(statement)
    indent, text = drafts.indentation(statement), drafts.block(start, end)
    last = (previous.orelse or previous.body)[-1]
    if drafts.alone(last):
        drafts.add("indent", (start, end), reindented(text, indent, drafts.indentation(last)))
    if not previous.orelse:
        extra = 0.2 if isinstance(previous, ast.If) else 1.0
        under = reindented(text, indent, indent + "    ")
        drafts.add("branch", (start, end), f"{indent}else:\n{under}", extra)
        if place + 1 < len(body):
            _, end_of_rest = drafts.lines(body[-1])
            rest = reindented(drafts.between(start, end_of_rest), indent, indent + "    ")
            drafts.add("branch", (start, end_of_rest), f"{indent}else:\n{rest}", 0.6)
    inner = previous.body[-1]
    if isinstance(inner, BLOCKS) and drafts.alone(inner):
        last = (inner.orelse or inner.body)[-1]
        if drafts.alone(last):
            drafts.add("indent", (start, end), reindented(text, indent, drafts.indentation(last)), 0.5)
