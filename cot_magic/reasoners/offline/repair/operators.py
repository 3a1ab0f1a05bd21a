"""Edits of comparisons, of `and` and `or`, and of binary operators."""

import ast
import re

from cot_magic.reasoners.offline.repair.drafts import Drafts
from cot_magic.reasoners.offline.repair.tables import BINARY, COMPARISON, NEAR, PARTS, REDUCTIONS

BINARY_ORDER = ("+", "-", "*", "//", "/", "%", "**", "&", "|", "^", "<<", ">>")
TO_A_LITERAL = 1.0  # what it costs more to leave only a literal of an expression that reads names
ONE_WAY = ("-", "/", "//", "%", "**", "<<", ">>")


def comparison_edits(drafts: Drafts, node: ast.Compare) -> None:
    """A near operator, or the operands exchanged."""
    left = node.left
    for operator, right in zip(node.ops, node.comparators, strict=True):
        mine = COMPARISON[type(operator)]
        gap = (drafts.span(left)[1], drafts.span(right)[0])
        between = drafts.between(*gap)
        for place, new in enumerate(NEAR[mine]):
            if between.count(mine) == 1:
                drafts.add("cmp", gap, _spaced(between.replace(mine, new), new), 0.1 * place)
        if len(node.ops) == 1 and mine in ("<", "<=", ">", ">="):
            drafts.add("argswap", node, f"{drafts.text(right)} {mine} {drafts.text(left)}", 0.2)
        left = right
    match node:
        case ast.Compare(
            left=ast.Attribute(value=one, attr=name), comparators=[ast.Attribute(value=other, attr=same)]
        ) if name == same and name in PARTS:
            rest = PARTS[PARTS.index(name) + 1 :]
            for end in range(1, len(rest) + 1):
                sides = (
                    ", ".join(f"{drafts.text(owner)}.{part}" for part in (name, *rest[:end]))
                    for owner in (one, other)
                )
                drafts.add(
                    "cmp", node, f" {COMPARISON[type(node.ops[0])]} ".join(f"({side})" for side in sides), 1.0
                )


def _spaced(gap: str, operator: str) -> str:
    """With blanks around an operator that is a word."""
    if operator[0].isalpha() and not gap.startswith((" ", ")")):
        gap = f" {gap}"
    return f"{gap} " if re.search(r"\w$", operator) and not gap.endswith((" ", "(")) else gap


def boolean_edits(drafts: Drafts, node: ast.BoolOp) -> None:
    """`and` for `or` and the reverse, all or one of them, or one operand less."""
    mine, other = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
    clauses = [drafts.clause(value) for value in node.values]
    for place in range(1, len(clauses)) if len(clauses) > 2 else ():
        before, after = f" {mine} ".join(clauses[:place]), f" {mine} ".join(clauses[place:])
        drafts.add("bool", node, f"{before} {other} {after}")
    drafts.add("bool", node, f" {other} ".join(map(drafts.clause, node.values)))
    for value in node.values:
        rest = [drafts.clause(item) for item in node.values if item is not value]
        drafts.add("opdrop", node, f" {mine} ".join(rest), 0.2)


def _of_each_row(drafts: Drafts, node: ast.BinOp, mine: str) -> None:
    """The sum of products for the product of sums, and the reverse for other means of ratios."""
    match node.left, node.right:
        case (
            ast.Call(func=ast.Attribute(attr=name) as one, args=[], keywords=[]),
            ast.Call(func=ast.Attribute(attr=other) as two, args=[], keywords=[]),
        ) if name == other and name in REDUCTIONS:
            pair = f"{drafts.operand(one.value)} {mine} {drafts.operand(two.value)}"
            drafts.add("opswap", node, f"({pair}).{name}()")
    parent = drafts.parent.get(node)
    call = drafts.parent.get(parent) if isinstance(parent, ast.Attribute) else None
    if isinstance(parent, ast.Attribute) and isinstance(call, ast.Call) and parent.attr in REDUCTIONS:
        left, right = drafts.operand(node.left), drafts.operand(node.right)
        for way in dict.fromkeys([parent.attr, "sum"]):
            drafts.add("opswap", call, f"({left}.{way}() {mine} {right}.{way}())")


def binary_edits(drafts: Drafts, node: ast.BinOp) -> None:
    """Another operator, one operand alone, operands exchanged or grouped the other way."""
    mine = BINARY.get(type(node.op))
    if mine is None:
        return
    if mine in ("*", "/"):
        _of_each_row(drafts, node, mine)
    gap = (drafts.span(node.left)[1], drafts.span(node.right)[0])
    between, kind = drafts.between(*gap), drafts.type_of(node)
    for place, new in enumerate(BINARY_ORDER):
        fits = kind not in ("str", "list") or new in "+*%"
        if new != mine and fits and between.count(mine) == 1:
            drafts.add("binop", gap, between.replace(mine, new), 0.1 * place if place < 6 else 0.8)
    right = drafts.operand(node.right) if isinstance(node.right, ast.BinOp) else drafts.text(node.right)
    for side, text in ((node.left, drafts.text(node.left)), (node.right, right)):
        drafts.add("opdrop", node, text, TO_A_LITERAL if isinstance(side, ast.Constant) else 0.0)
    if mine in ONE_WAY or (mine == "+" and kind in ("str", "list", None)):
        drafts.add("opswap", node, f"{drafts.operand(node.right)} {mine} {drafts.operand(node.left)}")
    if isinstance(node.left, ast.BinOp) and (first := BINARY.get(type(node.left.op))):
        one, two = drafts.operand(node.left.left), drafts.operand(node.left.right)
        three = drafts.operand(node.right)
        drafts.add("opswap", node, f"{one} {first} ({two} {mine} {three})", 0.4)
        drafts.add("opswap", node, f"({one} {first} {two}) {mine} {three}", 0.4)
    if isinstance(node.right, ast.BinOp) and (second := BINARY.get(type(node.right.op))):
        one, two = drafts.operand(node.left), drafts.operand(node.right.left)
        three = drafts.operand(node.right.right)
        for new in (second, "**") if second == "*" else (second,):
            ungrouped = mine in "+-" and second in ("/", "//", "%")  # the parentheses were forgotten
            drafts.add("opswap", node, f"({one} {mine} {two}) {new} {three}", 0.1 if ungrouped else 0.4)
    if kind == "str" and mine == "+":
        for string in drafts.hints.strings:
            drafts.add("concat", gap, f" + {string!r} + ", -0.6)
