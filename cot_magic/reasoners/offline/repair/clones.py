"""One edit in several places: in code that was copied and pasted, or of a name that nothing defines."""

import ast
import io
import itertools
import keyword
import re
import tokenize
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cot_magic.reasoners.offline.repair.drafts import FAR, Drafts
from cot_magic.reasoners.offline.repair.edits import Edit, Splice
from cot_magic.reasoners.offline.repair.tables import COST

MOST_PLACES = 6
MOST_NAMES = 8
EXTRA = 0.7  # what an edit in all places costs more than in one


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    start: int
    end: int
    is_name: bool


def cloned(drafts: Drafts, editable: Iterable[ast.stmt]) -> list[Edit]:
    """The drafts so far, each made in all statements of the same shape."""
    groups = _alike(drafts, editable)
    seen: set[tuple[Splice, ...]] = set()
    found = []
    for edit in drafts.found:
        if len(edit.splices) != 1:
            continue
        splices = next(filter(None, (_everywhere(edit.splices[0], group) for group in groups)), None)
        if splices is not None and splices not in seen:
            seen.add(splices)
            found.append(Edit(cost=edit.cost + EXTRA, kind=edit.kind, splices=splices, line=edit.line))
    return found


def _alike(drafts: Drafts, editable: Iterable[ast.stmt]) -> list[list[list[_Token]]]:
    """Statements (or their conditions) that are equal up to names, as tokens."""
    shapes: dict[tuple[str, ...], list[list[_Token]]] = defaultdict(list)
    for node in (node for statement in editable for node in ast.walk(statement)):
        part: ast.expr | ast.stmt
        if isinstance(node, ast.If | ast.While):
            part = node.test
        elif isinstance(node, ast.For):
            part = node.iter
        elif isinstance(node, ast.Assign | ast.AugAssign | ast.Return | ast.Expr):
            part = node
        else:
            continue
        if tokens := _tokens(drafts, part):
            shapes[tuple("a name" if token.is_name else token.text for token in tokens)].append(tokens)
    return [group for group in shapes.values() if 2 <= len(group) <= MOST_PLACES]


def _tokens(drafts: Drafts, node: ast.expr | ast.stmt) -> list[_Token]:
    """The tokens of a node on one line, with their offsets in the source."""
    start, _ = drafts.span(node)
    text = drafts.text(node)
    if "\n" in text or not text.isascii():
        return []
    try:
        found = [
            _Token(
                token.string,
                start + token.start[1],
                start + token.end[1],
                token.type == tokenize.NAME and not keyword.iskeyword(token.string),
            )
            for token in tokenize.generate_tokens(io.StringIO(text).readline)
            if token.string.strip()
        ]
    except (tokenize.TokenError, SyntaxError):
        return []
    return found


def _everywhere(splice: Splice, group: list[list[_Token]]) -> tuple[Splice, ...] | None:
    """The splice in all members of the group, with the names of each; None if it is in none of them."""
    start, end, new = splice
    home = next((tokens for tokens in group if tokens[0].start <= start and end <= tokens[-1].end), None)
    if home is None or (start == end and start in (home[0].start, home[-1].end)):
        return None
    first, last = _edge(home, start, starts_first=True), _edge(home, end, starts_first=False)
    if first is None or last is None:
        return None
    made = []
    for tokens in group:
        names = {mine.text: theirs.text for mine, theirs in zip(home, tokens, strict=True)}
        text = new.decode()
        if "'" not in text and '"' not in text:
            text = re.sub(r"[A-Za-z_]\w*", lambda match, names=names: names.get(match[0], match[0]), text)  # type: ignore[misc]
        span = tuple(
            tokens[place].start if at_start else tokens[place].end for place, at_start in (first, last)
        )
        if span[0] > span[1]:
            return None
        made.append((span[0], span[1], text.encode()))
    return tuple(sorted(made))


def _edge(tokens: list[_Token], offset: int, *, starts_first: bool) -> tuple[int, bool] | None:
    """Which token starts (True) or ends (False) at the offset."""
    starts = {token.start: (place, True) for place, token in enumerate(tokens)}
    ends = {token.end: (place, False) for place, token in enumerate(tokens)}
    one, other = (starts, ends) if starts_first else (ends, starts)
    return one.get(offset) or other.get(offset)


def exchanged(drafts: Drafts, editable: Iterable[ast.stmt]) -> Iterator[Edit]:
    """Two variables exchanged wherever they are read; one replaced by another in a whole statement."""
    for function in editable:
        if not isinstance(function, ast.FunctionDef):
            continue
        types = drafts.hints.types.get(function.name, {})
        read: dict[str, list[ast.Name]] = defaultdict(list)
        for node in ast.walk(function):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in types:
                read[node.id].append(node)
        names = list(read)[:MOST_NAMES]
        for one, other in itertools.combinations(names, 2):
            if types[one] & types[other]:
                yield _replaced(
                    drafts, {**dict.fromkeys(read[one], other), **dict.fromkeys(read[other], one)}
                )
        for statement in ast.walk(function):
            if isinstance(statement, ast.Assign | ast.Return | ast.Expr):
                inside = set(ast.walk(statement))
                for one, other in itertools.permutations(names, 2):
                    places = [node for node in read[one] if node in inside]
                    if len(places) > 1 and types[one] & types[other]:
                        yield _replaced(drafts, dict.fromkeys(places, other))


def _replaced(drafts: Drafts, new: dict[ast.Name, str]) -> Edit:
    splices = tuple(sorted((*drafts.span(node), name.encode()) for node, name in new.items()))
    line = min(node.lineno for node in new)
    suspicion = (drafts.hints.suspicion or {}).get(line, 0.0)
    return Edit(cost=COST["name"] + EXTRA + FAR * (1 - suspicion), kind="name", splices=splices, line=line)


def renamed(drafts: Drafts, editable: Iterable[ast.stmt]) -> Iterator[Edit]:
    """A name that nothing defines, replaced everywhere by a local one."""
    known = drafts.hints.globals | drafts.builtins
    for function in editable:
        if not isinstance(function, ast.FunctionDef):
            continue
        nodes = list(ast.walk(function))
        local = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        local |= {node.arg for node in nodes if isinstance(node, ast.arg)}
        local |= {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
        unknown: dict[str, list[ast.Name]] = defaultdict(list)
        for node in nodes:
            if isinstance(node, ast.Name) and node.id not in local and node.id not in known:
                unknown[node.id].append(node)
        for places in (places for places in unknown.values() if len(places) > 1):
            for name in sorted(local):
                splices = tuple((*drafts.span(node), name.encode()) for node in places)
                yield Edit(cost=COST["rename"], kind="rename", splices=splices, line=places[0].lineno)
