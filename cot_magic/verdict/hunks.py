"""The hunks of an edit, and the edit without one of them."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from cot_magic.core.edits import opcodes, parsed, size
from cot_magic.core.findings import CellEdit

_LAYOUT = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENCODING, tokenize.ENDMARKER)
MOST = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Hunk:
    """One change of an edit: in `cell`, the characters `start:end` of the new source, which were `before`."""

    cell: int  # place of the edit among the edits
    start: int
    end: int
    before: str
    after: str

    @property
    def text(self) -> str:
        """The change in one line."""
        old, new = " ".join(self.before.split()), " ".join(self.after.split())
        if not old:
            return f"`{new}` added"
        return f"`{old}` → `{new}`" if new else f"`{old}` removed"


def hunks(edits: Sequence[CellEdit]) -> list[Hunk]:
    """The changes of all edits, by tokens; by lines where there are more than `MOST` or no tokens."""
    found: list[Hunk] = []
    for place, edit in enumerate(edits):
        fine = list(_hunks(place, edit, *_tokens(edit.before), *_tokens(edit.after)))
        if not 0 < len(fine) <= MOST:
            fine = list(_hunks(place, edit, *_lines(edit.before), *_lines(edit.after)))
        found += _without_moves(fine)
    return found


def _without_moves(found: list[Hunk]) -> list[Hunk]:
    """Leave out what only changed its place: half of a move is no edit that anybody makes."""
    removed = {_bare(hunk.before) for hunk in found if not hunk.after}
    added = {_bare(hunk.after) for hunk in found if not hunk.before}
    moved = (removed & added) - {""}
    return [
        hunk
        for hunk in found
        if not (
            (_bare(hunk.before) in moved and not hunk.after)
            or (_bare(hunk.after) in moved and not hunk.before)
        )
    ]


def _bare(text: str) -> str:
    return "".join(text.split()).strip(",")


def changes(edits: Sequence[CellEdit]) -> list[tuple[Hunk, ...]]:
    """The hunks, those together that make the same change: a name that is renamed in several places."""
    groups: dict[tuple[str, str], list[Hunk]] = {}
    for hunk in hunks(edits):
        groups.setdefault((hunk.before, hunk.after), []).append(hunk)
    return [tuple(group) for group in groups.values()]


def without(edits: Sequence[CellEdit], group: Sequence[Hunk]) -> tuple[CellEdit, ...]:
    """The edits with some changes taken back; an edit that changes nothing any more is left out."""
    texts = [edit.after for edit in edits]
    for hunk in sorted(group, key=lambda item: -item.start):
        text = texts[hunk.cell]
        texts[hunk.cell] = text[: hunk.start] + hunk.before + text[hunk.end :]
    changed = [replace(edit, after=text) for edit, text in zip(edits, texts, strict=True)]
    return tuple(item for item in changed if item.after != item.before)


def alone(edits: Sequence[CellEdit], groups: Sequence[tuple[Hunk, ...]]) -> list[tuple[CellEdit, ...]]:
    """The edits with only one of the changes each, for at least three changes.

    Two names that change places are not found by taking back either one: `f(x=1)` with both is no call.
    """
    if len(groups) < 3:
        return []
    return [
        without(edits, [hunk for other in groups if other is not group for hunk in other]) for group in groups
    ]


def added_statements(edits: Sequence[CellEdit]) -> list[tuple[str, tuple[CellEdit, ...]]]:
    """The edits without one statement each, of those that are new or there twice."""
    found = []
    for place, edit in enumerate(edits):
        old, new = parsed(edit.before), parsed(edit.after)
        if old is None or new is None:
            continue
        before = [node for node in ast.walk(old) if isinstance(node, ast.stmt)]
        after = [node for node in ast.walk(new) if isinstance(node, ast.stmt)]
        if len(after) <= len(before):
            continue
        lines = edit.after.splitlines(keepends=True)
        heads = [[ast.dump(node) for node in nodes] for nodes in (before, after)]
        inserted = {
            dump
            for tag, _, _, first, last in opcodes(*heads)
            if tag == "insert"
            for dump in heads[1][first:last]
        }
        inserted |= {dump for dump in heads[1] if heads[1].count(dump) > max(1, heads[0].count(dump))}
        for node in after:
            end = node.end_lineno or node.lineno
            if ast.dump(node) not in inserted or isinstance(node, _BLOCKS):
                continue
            text = "".join([*lines[: node.lineno - 1], *lines[end:]])
            if parsed(text) is not None and text != edit.before:
                told = " ".join((ast.get_source_segment(edit.after, node) or "").split())
                changed = replace(edit, after=text)
                found.append((f"`{told}`", (*edits[:place], changed, *edits[place + 1 :])))
    return found[:MOST]


_BLOCKS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.If, ast.For, ast.While, ast.With, ast.Try)


def unwrapped(edits: Sequence[CellEdit]) -> list[tuple[str, tuple[CellEdit, ...]]]:
    """The edits without one thing that they add around a value: `x.sort()`, `round(x)`, `[x]` becomes `x`."""
    found = []
    for place, edit in enumerate(edits):
        old, new = parsed(edit.before), parsed(edit.after)
        if old is None or new is None:
            continue
        calls = [node for node in ast.walk(new) if isinstance(node, ast.Call)]
        if len(calls) <= sum(isinstance(node, ast.Call) for node in ast.walk(old)):
            calls = []  # a call that is another one, not one around another
        for node in calls:
            called = _called(node)
            if called in _names(old) and not 0 < _times(old, called) < _times(new, called):
                continue
            inner = node.func.value if isinstance(node.func, ast.Attribute) else next(iter(node.args), None)
            text = ast.get_source_segment(edit.after, inner) if inner is not None else None
            whole = ast.get_source_segment(edit.after, node)
            if text and whole and edit.after.count(whole) == 1:
                changed = replace(edit, after=edit.after.replace(whole, text))
                if size((changed,)) >= size((edit,)):
                    continue  # it was there before
                if changed.after != edit.before and parsed(changed.after) is not None:
                    found.append((f"`{whole}`", (*edits[:place], changed, *edits[place + 1 :])))
        for text, changed in (
            *_fewer(edit, new),
            *_fewer_positional(edit, new),
            *_bare_elements(edit, old, new),
        ):
            found.append((f"`{text}`", (*edits[:place], changed, *edits[place + 1 :])))
    return found[:MOST]


def _times(tree: ast.Module, called: str) -> int:
    return sum(isinstance(node, ast.Call) and _called(node) == called for node in ast.walk(tree))


def _bare_elements(edit: CellEdit, old: ast.Module, new: ast.Module) -> Iterator[tuple[str, CellEdit]]:
    """The edit with `x` where it has a list, set or tuple of `x` alone that was not there before."""
    before, after = _single(old), _single(new)
    for whole in after if len(after) > len(before) else ():
        text = ast.get_source_segment(edit.after, whole)
        inner = ast.get_source_segment(edit.after, whole.elts[0])
        if (
            text
            and inner
            and ast.unparse(whole) not in map(ast.unparse, before)
            and edit.after.count(text) == 1
        ):
            changed = replace(edit, after=edit.after.replace(text, inner))
            if changed.after != edit.before and parsed(changed.after) is not None:
                yield text, changed


def _single(tree: ast.Module) -> list[ast.List | ast.Set | ast.Tuple]:
    """The displays of one element that are read."""
    found = [node for node in ast.walk(tree) if isinstance(node, ast.List | ast.Set | ast.Tuple)]
    return [
        node for node in found if len(node.elts) == 1 and isinstance(getattr(node, "ctx", _READ), ast.Load)
    ]


_READ = ast.Load()


def _fewer(edit: CellEdit, tree: ast.Module) -> Iterator[tuple[str, CellEdit]]:
    """The edit without one keyword argument whose name was not there before."""
    old = parsed(edit.before)
    if old is None or _keywords(tree) <= _keywords(old):
        return  # a keyword that is another one
    for node in ast.walk(tree):
        for word in node.keywords if isinstance(node, ast.Call) else ():
            value = ast.get_source_segment(edit.after, word.value)
            if word.arg is None or value is None or re.search(rf"\b{word.arg}\b", edit.before):
                continue
            written = re.compile(rf",\s*{re.escape(word.arg)}\s*=\s*{re.escape(value)}")
            if len(written.findall(edit.after)) == 1:
                changed = replace(edit, after=written.sub("", edit.after))
                if changed.after != edit.before and parsed(changed.after) is not None:
                    yield f"{word.arg}={value}", changed


def _fewer_positional(edit: CellEdit, tree: ast.Module) -> Iterator[tuple[str, CellEdit]]:
    """The edit without the last argument of a call that had one less before."""
    old = parsed(edit.before)
    before = [node for node in ast.walk(old) if isinstance(node, ast.Call)] if old is not None else []
    most: dict[str, int] = {}
    for call in before:
        most[_called(call)] = max(most.get(_called(call), 0), len(call.args))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and 0 < most.get(_called(node), 0) < len(node.args):
            whole = ast.get_source_segment(edit.after, node)
            value = ast.get_source_segment(edit.after, node.args[-1])
            if whole is None or value is None or edit.after.count(whole) != 1:
                continue
            shorter = re.sub(rf",\s*{re.escape(value)}\s*(?=[,)])", "", whole, count=1)
            changed = replace(edit, after=edit.after.replace(whole, shorter))
            if changed.after not in (edit.before, edit.after) and parsed(changed.after) is not None:
                yield value, changed


def _keywords(tree: ast.AST) -> int:
    return sum(isinstance(node, ast.keyword) for node in ast.walk(tree))


def _names(tree: ast.AST) -> set[str]:
    return {
        node.attr if isinstance(node, ast.Attribute) else node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute | ast.Name)
    }


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)


def _hunks(
    place: int,
    edit: CellEdit,
    old: Sequence[str],
    old_spans: Sequence[tuple[int, int]],
    new: Sequence[str],
    new_spans: Sequence[tuple[int, int]],
) -> Iterator[Hunk]:
    for tag, a, b, c, d in opcodes(old, new):
        if tag == "equal":
            continue
        first, last = _extent(old_spans, a, b, len(edit.before))
        start, end = _extent(new_spans, c, d, len(edit.after))
        yield Hunk(
            cell=place, start=start, end=end, before=edit.before[first:last], after=edit.after[start:end]
        )


def _extent(spans: Sequence[tuple[int, int]], first: int, last: int, length: int) -> tuple[int, int]:
    """The characters of the pieces `first:last`; of none, the place after the piece before."""
    if first < last:
        return spans[first][0], spans[last - 1][1]
    if first == 0:
        return (spans[0][0], spans[0][0]) if spans else (0, 0)
    at = spans[first - 1][1] if first <= len(spans) else length
    return at, at


def _tokens(source: str) -> tuple[list[str], list[tuple[int, int]]]:
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    texts, spans = [], []
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type in _LAYOUT or token.type in (tokenize.INDENT, tokenize.DEDENT):
                continue
            texts.append(token.string)
            spans.append(
                (starts[token.start[0] - 1] + token.start[1], starts[token.end[0] - 1] + token.end[1])
            )
    except (tokenize.TokenError, SyntaxError, IndexError):
        return [], []
    return texts, spans


def _lines(source: str) -> tuple[list[str], list[tuple[int, int]]]:
    texts, spans, at = [], [], 0
    for line in source.splitlines(keepends=True):
        texts.append(line)
        spans.append((at, at + len(line)))
        at += len(line)
    return texts, spans
