"""Repair as a search: edits of one token, screened by a parse of their lines, ranked by their costs."""

import ast
import bisect
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from cot_magic.reasoners.offline.syntax.costs import COSTS
from cot_magic.reasoners.offline.syntax.edits import (
    BUILTINS,
    ErrorArea,
    OneEdit,
    area,
    indent_edits,
    quote_edits,
    token_edits,
)
from cot_magic.reasoners.offline.syntax.lexer import CLOSERS, OPENERS, TokenKind
from cot_magic.reasoners.offline.syntax.problem import KEYWORDS, Problem, attempt, meaning, parsed

_MOST_COMPILED = 30  # edits that are compiled whole
_MOST_FOUND = 8
_FAR = 9.0  # an edit that costs this much more than the best is no rival
_INDENTS = re.compile(
    r"indent|expected '?(?:except|finally)|expected an|invalid syntax|outside|not properly in loop"
)
_QUOTES = re.compile(
    "unterminated|invalid syntax|forgot a comma|f-string|never closed|unexpected character|prefix|unmatched"
    "|does not match"
)
_FIRST_WORD = re.compile(r"\s*(\w+)")
_HANDLERS = re.compile(r"(?m)^(\s*)(?:except|finally)\b")
_HEADS = {"elif": "if 1: pass", "else": "if 1: pass", "except": "try: pass", "finally": "try: pass"}


@dataclass(frozen=True, slots=True)
class FoundEdit:
    """An edit that compiles, the source with it, and its cost (minus the logarithm of a likelihood)."""

    edit: OneEdit
    after: str
    cost: float
    features: tuple[str, ...]


def search(problem: Problem) -> tuple[FoundEdit, ...]:
    """Return the edits of one token with which the source compiles, the likeliest first."""
    return tuple(sorted(_found(problem), key=lambda item: item.cost))


def _found(problem: Problem) -> list[FoundEdit]:
    if not problem.tokens:
        return []
    screened = sorted(_screened(problem), key=lambda item: item.cost)
    found: list[FoundEdit] = []
    trees: dict[str, int] = {}
    for item in screened[:_MOST_COMPILED]:
        if found and item.cost > found[0].cost + _FAR:
            break
        if len(found) >= _MOST_FOUND:
            break
        if attempt(item.after) is None:
            tree = meaning(item.after)
            if tree is None:
                continue
            same = found[trees.setdefault(tree, len(found)) :][:1]
            if not same:
                found.append(item)
            elif (item.edit.kind, same[0].edit.kind) == ("delete", "swap"):  # the plainer words for it
                found[trees[tree]] = replace(item, cost=same[0].cost)
    return found


def _screened(problem: Problem) -> Iterator[FoundEdit]:
    where = area(problem)
    seen: set[str] = set()
    for edit in _edits(problem, where):
        after = problem.source[: edit.start] + edit.text + problem.source[edit.end :]
        if after == problem.source or after in seen:
            continue
        seen.add(after)
        if edit.kind == "indent":
            features: tuple[str, ...] = ()
        else:
            tree = _local(problem, where, edit)
            if tree is None or _binds_builtin(problem, tree):
                continue
            features = tuple(_tree_features(problem, where, tree))
        features += tuple(_edit_features(problem, edit))
        yield FoundEdit(edit, after, sum(COSTS.get(feature, 0.0) for feature in features), features)


def _binds_builtin(problem: Problem, tree: ast.AST) -> bool:
    """Return whether a builtin is assigned to that the source does not bind: `print = 'hello'`."""
    bound = (
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    )
    return any(name in BUILTINS and name not in problem.names for name in bound)


def _edits(problem: Problem, where: ErrorArea) -> Iterator[OneEdit]:
    yield from token_edits(problem, where)
    if _QUOTES.search(problem.message):
        yield from quote_edits(problem)
    if _INDENTS.search(problem.message):
        yield from indent_edits(problem)


def _local(problem: Problem, where: ErrorArea, edit: OneEdit) -> ast.AST | None:
    """Parse the lines of the area with the edit, below headers that make their indentation valid."""
    listing, tokens = problem.listing, problem.tokens
    last = tokens[max(where.high - 1, 0)]
    low = min(tokens[where.low].line, _line_of(problem, edit.start))
    high = max(last.line + last.text.count("\n"), _line_of(problem, edit.end))
    start, end = listing.starts[low - 1], listing.starts[min(high, len(listing.starts) - 1)]
    text = problem.source[start : edit.start] + edit.text + problem.source[edit.end : end]
    text = text.rstrip()
    indent = len(listing.indent(low))
    stem = _word(text)
    tried = {len(found[1]) for found in _HANDLERS.finditer(text)}
    levels = problem.open_levels.get(low)
    if levels is None:
        levels = problem.open_levels[low] = _open_levels(problem, low, indent)
    head = "".join(f"{' ' * width}{'try' if width in tried else 'if 1'}:\n" for width in levels)
    if stem in _HEADS:
        head += f"{' ' * indent}{_HEADS[stem]}\n"
    elif stem == "case":
        head += f"{' ' * indent}match x:\n"
        text = "".join(f" {line}\n" for line in text.split("\n")).rstrip()
    line = text.rsplit("\n", 1)[-1]
    margin = len(line) - len(line.lstrip())
    if text.endswith(":") or re.search(r":\s*#[^'\"]*$", line):
        text += "\n" + " " * (margin + 1 if "\n" in text else 200) + "pass"
    if _word(line) == "try":
        text += f"\n{' ' * margin}finally: pass"
    elif text.lstrip().startswith("@"):
        text += f"\n{' ' * indent}def f(): pass"
    return parsed(head + text)


def _word(text: str) -> str:
    found = _FIRST_WORD.match(text)
    return found[1] if found else ""


def _line_of(problem: Problem, position: int) -> int:
    starts = problem.listing.starts
    return min(bisect.bisect_right(starts, position), len(starts) - 1)


def _open_levels(problem: Problem, line: int, indent: int) -> list[int]:
    """Return the indentations of the blocks that are open above the line."""
    levels: list[int] = []
    lowest = indent
    for number in range(line - 1, 0, -1):
        if lowest == 0:
            break
        if problem.listing.on_line(number) and number - 1 not in problem.inside_strings:
            width = len(problem.listing.indent(number))
            if width < lowest:
                levels.append(width)
                lowest = width
    return levels[::-1] or ([0] if indent else [])


def _edit_features(problem: Problem, edit: OneEdit) -> Iterator[str]:
    """Yield what is known of the edit itself: its kind, how far it is, how it is spaced."""
    yield edit.kind
    if edit.kind in ("insert", "split", "cut"):
        yield f"new {edit.new}"
    elif edit.kind in ("delete", "replace"):
        yield f"{edit.kind} {_class_of(edit.old)}"
        if edit.kind == "replace":
            yield f"by {_class_of(edit.new)}"
            if _class_of(edit.old) == _class_of(edit.new):
                yield "same class"
    if edit.kind == "indent":
        yield f"indent {edit.old}"
        by = abs(int(edit.new))
        yield f"by {min(by, 9) if by % 4 else 4 if by == 4 else 8}"
        return
    if edit.kind == "quote":
        yield f"quote {'change' if edit.old and edit.new else 'add' if edit.new else 'remove'}"
    away = edit.site - problem.at
    yield f"away {max(min(away, 2), -6) if away > -7 else -9 if away > -15 else -20}"
    yield from _spacing(problem, edit)
    if edit.kind == "delete":
        texts = (problem.text(edit.site - 1), problem.text(edit.site + 1))
        if edit.old in texts:
            yield "doubled"
    if edit.kind == "spell":
        yield (
            "spell seen"
            if edit.old in problem.seen
            else "spell keyword"
            if edit.old in KEYWORDS
            else "spell new"
        )


def _class_of(text: str) -> str:
    if text in OPENERS:
        return "opener"
    if text in CLOSERS:
        return "closer"
    if text in KEYWORDS:
        return "keyword"
    if text in ",.:=;":
        return text
    if text[:1].isalpha() or text[:1] == "_":
        return "name"
    return "number" if text[:1].isdigit() else "operator"


def _spacing(problem: Problem, edit: OneEdit) -> Iterator[str]:
    """Yield whether a new sign is spaced as one writes it."""
    source = problem.source
    left = source[edit.start - 1 : edit.start] in (" ", "\n", "")
    right = source[edit.end : edit.end + 1] in (" ", "\n", "")
    if edit.kind in ("replace", "delete"):
        sign = edit.new or "gone"
        shape = f"{'_' if left else ''}x{'_' if right else ''}"
        yield f"shape {_class_of(sign) if edit.new else 'gone'} {shape}"
        if edit.new in (".", ","):
            return
    if edit.kind == "insert" and edit.new in OPENERS:
        before = problem.text(edit.site - 1)
        yield "opener after name" if not left and before[-1:].isalnum() else "opener apart"
    if edit.kind == "insert" and edit.new in CLOSERS:
        yield "closer before sign" if source[edit.end : edit.end + 1] in ",:)]}.\n" else "closer before gap"
        yield "closer at line end" if source[edit.end : edit.end + 1] in ("", "\n") else "closer inside"


def _tree_features(problem: Problem, where: ErrorArea, tree: ast.AST) -> Iterator[str]:
    """Yield what is odd in the tree of the edited lines."""
    texts = {
        token.text
        for place, token in enumerate(problem.tokens)
        if token.kind is TokenKind.NAME
        and not where.low <= place < where.high
        and problem.text(place - 1) != "."
    }
    unknown = 0
    odd: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Store):
                texts.add(node.id)
            elif node.id not in texts and node.id not in BUILTINS and node.id not in problem.known:
                unknown += 1
        else:
            odd.update(_odd(node))
    for count in range(min(unknown, 4)):
        yield f"unknown {count + 1}"
    yield from sorted(odd)


def _odd(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Expr(value=ast.Call() | ast.Await() | ast.Yield() | ast.YieldFrom()):
            return
        case ast.Expr(value=ast.Constant(value=str())):
            yield "odd text"
        case ast.Expr():
            yield "odd unused"
        case ast.AnnAssign():
            yield "odd annotation"
        case ast.Call(func=ast.Constant() | ast.Tuple() | ast.List() | ast.Dict() | ast.Set() | ast.BinOp()):
            yield "odd call"
        case ast.Call(func=ast.Subscript() | ast.Call() | ast.BoolOp() | ast.Compare()):
            yield "odd callee"
        case ast.Subscript(value=ast.Constant() | ast.Set() | ast.Compare() | ast.BinOp()):
            yield "odd subscript"
        case ast.Subscript(slice=ast.Tuple() | ast.Compare()):
            yield "odd index"
        case ast.If(test=ast.Tuple()) | ast.While(test=ast.Tuple()):
            yield "odd condition"
        case ast.If(body=[ast.Pass()]):
            return
        case ast.Tuple(elts=[_]):
            yield "odd single"
        case ast.Attribute(value=ast.Constant(value=int() | float() | None)):
            yield "odd attribute"
        case ast.Compare(ops=[_, _, *_]):
            yield "odd chain"
        case ast.Compare(left=ast.Constant()) | ast.Compare(comparators=[ast.Tuple(), *_]):
            yield "odd comparison"
        case ast.UnaryOp(op=ast.UAdd() | ast.Invert()):
            yield "odd sign"
        case ast.Set() | ast.Starred() | ast.NamedExpr() | ast.Lambda():
            yield f"odd {type(node).__name__}"
        case ast.BinOp(left=ast.Constant(value=str()), op=ast.Div() | ast.Sub() | ast.FloorDiv()):
            yield "odd operand"
        case ast.BinOp(right=ast.Constant(value=str()), op=ast.Mult() | ast.Div() | ast.Sub()):
            yield "odd operand"
        case ast.BinOp(left=ast.Tuple()) | ast.BinOp(right=ast.Compare()):
            yield "odd operand"
        case ast.JoinedStr() | ast.Constant(value=str()):
            yield from _odd_text(node)
        case ast.Assign(targets=[_, _, *_]):
            yield "odd targets"


def _odd_text(node: ast.AST) -> Iterator[str]:
    text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
    if re.match(r"\s*[,)\]}=:+]|\w+\s*[(=]", text) or re.search(r"[(\[{,=+]\s*$", text):
        yield "odd code in text"
