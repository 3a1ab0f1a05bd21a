"""Rules for IndexError: indices out of range, empty sequences."""

import ast
import re
from collections.abc import Iterator

from cot_magic.core.case import Cell
from cot_magic.core.language import worded
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.operands import pure
from cot_magic.reasoners.offline.rule import Repair, Suspicion
from cot_magic.reasoners.offline.site import UNKNOWN, Site, shown
from cot_magic.reasoners.offline.written import rule


def sequence_length(site: Site, node: ast.expr) -> int | None:
    """The length of a value, if its description tells it."""
    found = site.value(node)
    if found is None:
        return None
    facts = dict(found.facts)
    if facts.get("len", "").isdigit():
        return int(facts["len"])
    shape = re.match(r"\((\d+),", facts.get("shape", ""))
    if shape is not None:
        return int(shape[1])
    value = site.literal(node)
    return len(value) if isinstance(value, list | tuple | str | bytes) else None


def lookups(site: Site) -> list[ast.Subscript]:
    """Subscripts at the failing place whose index is out of range, as far as values are known; else all of
    them."""
    found = site.find(ast.Subscript)
    outside = []
    for node in found:
        size, at = sequence_length(site, node.value), site.literal(node.slice)
        if size is not None and isinstance(at, int) and not -size <= at < size:
            outside.append(node)
    return outside or found


@rule(
    "index.range_too_long",
    "IndexError",
    lesson="A sequence of n elements has the indices 0 to n - 1, which is what `range(len(x))` yields.",
)
def range_too_long(site: Site) -> Iterator[Suspicion]:
    """The loop counts to `len(x) + 1`, or looks one element ahead."""
    for node in lookups(site):
        names = {item.id for item in ast.walk(node.slice) if isinstance(item, ast.Name)}
        for loop in _loops(site):
            target, iterated = loop
            if not isinstance(target, ast.Name) or target.id not in names:
                continue
            if not (
                isinstance(iterated, ast.Call)
                and getattr(iterated.func, "id", "") == "range"
                and iterated.args
            ):
                continue
            yield from _shortened(site, node, target.id, iterated)
            return
    for node in lookups(site):
        yield from _while_bound(site, node)
        return


def _loops(site: Site) -> Iterator[tuple[ast.expr, ast.expr]]:
    for item in ast.walk(site.tree):
        if isinstance(item, ast.For | ast.comprehension):
            yield item.target, item.iter


def _shortened(site: Site, node: ast.Subscript, name: str, call: ast.Call) -> Iterator[Suspicion]:
    stop = call.args[0] if len(call.args) == 1 else call.args[1]
    holder, ahead = site.text(node.value), _ahead(node.slice, name)
    size = sequence_length(site, node.value)
    claim = worded(
        "`{name}` runs past the end of `{holder}` in the loop over `{call}`: it is {value}."
        if size is None
        else "`{name}` runs past the end of `{holder}` in the loop over `{call}`: it is {value}, and "
        "{measured}.",
        name=name,
        holder=holder,
        call=site.one_line(call),
        value=shown(site.known(name)),
        measured=_measured(holder, size or 0),
    )
    check = f"({site.text(node.slice)}) >= len({holder})"
    if pure(node.value):
        yield site.cause(claim, worded("The index is not less than the length."), check, weight=0.9)
    if _shrinks(site, holder, node):
        backwards = site.repair(
            worded("Loop backwards, so that the elements still to come do not move."),
            *site.call("reversed", call),
        )
        yield site.reading(
            worded("The loop removes elements from `{holder}` while it counts up.", holder=holder),
            backwards,
            weight=0.88,
        )
        return
    from_one = len(call.args) == 2 and isinstance(call.args[0], ast.Constant) and call.args[0].value == 1
    plus = (
        isinstance(stop, ast.BinOp) and isinstance(stop.op, ast.Add) and isinstance(stop.right, ast.Constant)
    )
    down = site.repair(
        worded("Subtract 1: indices start at 0."), site.over(node.slice, f"{site.text(node.slice)} - 1")
    )
    if plus and isinstance(stop, ast.BinOp) and _is_len_of(stop.left, holder) and ahead == 0:
        repair = site.repair(
            worded("Stop at `len - 1`, the last index."), site.over(stop, site.text(stop.left))
        )
        if from_one:
            yield site.reading(worded("The loop counts from 1, but indices start at 0."), down, weight=0.92)
        yield site.reading(worded("The loop may be meant to stop at the last element."), repair, weight=0.9)
    elif _is_len_of(stop, holder) and ahead > 0:
        why = worded("Stop the loop where there is still a next element.")
        repair = site.repair(why, site.after(stop, f" - {ahead}"))
        yield site.reading(
            worded("The loop may be meant to stop before the last element."), repair, weight=0.88
        )
    elif pure(node.value):
        new = f"len({holder})" + (f" - {ahead}" if ahead > 0 else "")
        repair = site.repair(worded("Limit the loop to the length."), site.over(stop, new))
        yield site.reading(worded("The loop may be meant to visit all elements."), repair, weight=0.6)
        if from_one and ahead == 0:
            yield site.reading(
                worded("The loop may count from 1, but indices start at 0."), down, weight=0.55
            )


def _shrinks(site: Site, holder: str, node: ast.Subscript) -> bool:
    """Whether the loop around the subscript removes elements from the sequence."""
    loops = [item for item in ast.walk(site.tree) if isinstance(item, ast.For)]
    for loop in [item for item in loops if any(part is node for part in ast.walk(item))]:
        for item in ast.walk(loop):
            match item:
                case ast.Call(func=ast.Attribute(value=owner, attr="pop" | "remove")):
                    taken = site.text(owner)
                case ast.Delete(targets=[ast.Subscript(value=owner), *_]):
                    taken = site.text(owner)
                case _:
                    continue
            if taken == holder:
                return True
    return False


def _ahead(index: ast.expr, name: str) -> int:
    """1 for `i + 1`, 0 for `i`."""
    match index:
        case ast.BinOp(left=ast.Name(id=found), op=ast.Add(), right=ast.Constant(value=int(number))):
            return number if found == name else 0
        case _:
            return 0


def _is_len_of(node: ast.expr, text: str) -> bool:
    return (
        isinstance(node, ast.Call)
        and getattr(node.func, "id", "") == "len"
        and len(node.args) == 1
        and ast.unparse(node.args[0]) == ast.unparse(ast.parse(text, mode="eval").body)
    )


def _while_bound(site: Site, node: ast.Subscript) -> Iterator[Suspicion]:
    """`while i <= len(x)`: the comparison allows one index too many."""
    names = {item.id for item in ast.walk(node.slice) if isinstance(item, ast.Name)}
    holder = site.text(node.value)
    for loop in ast.walk(site.tree):
        if not isinstance(loop, ast.While) or not loop.lineno <= site.frame.lineno <= (loop.end_lineno or 0):
            continue
        for test in ast.walk(loop.test):
            if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.LtE):
                left, right = test.left, test.comparators[0]
                if isinstance(left, ast.Name) and left.id in names and _is_len_of(right, holder):
                    start, end = src.span(site.cell.source, left)[1], src.span(site.cell.source, right)[0]
                    change = src.Splice(
                        start=start, end=end, text=site.cell.source[start:end].replace("<=", "<", 1)
                    )
                    claim = worded(
                        "`{test}` allows `{id}` to be the length of `{holder}`: the last index is 1 less.",
                        test=site.text(test),
                        id=left.id,
                        holder=holder,
                    )
                    check = f"({site.text(node.slice)}) >= len({holder})"
                    yield site.cause(
                        claim, worded("The index is not less than the length."), check, weight=0.9
                    )
                    repair = site.repair(worded("Use `<`: the last index is `len - 1`."), change)
                    yield site.reading(
                        worded("The loop may be meant to stop at the last element."), repair, weight=0.9
                    )
                    return


def _measured(holder: str, size: int) -> str:
    """The length of a sequence, as a clause."""
    return worded(
        "`{holder}` has 1 element" if size == 1 else "`{holder}` has {size} elements",
        holder=holder,
        size=size,
    )


@rule(
    "index.past_end",
    "IndexError",
    lesson="Indices start at 0: the last element of a list of 3 is `x[2]`, or `x[-1]`.",
)
def past_end(site: Site) -> Iterator[Suspicion]:
    for node in lookups(site)[:1]:
        holder, at = site.text(node.value), site.text(node.slice)
        size, position = sequence_length(site, node.value), site.literal(node.slice)
        if not pure(node.value):
            return
        if size == 0:
            yield from _empty(site, node)
            return
        counted = {target.id for target, _ in _loops(site) if isinstance(target, ast.Name)}
        index = at if position is UNKNOWN else position
        claim = worded(
            "The index {index} is out of range for `{holder}`."
            if size is None
            else "The index {index} is out of range: {measured}.",
            index=index,
            holder=holder,
            measured=_measured(holder, size or 0),
        )
        check = f"({at}) >= len({holder}) or ({at}) < -len({holder})"
        if not isinstance(node.slice, ast.Tuple | ast.Slice) and pure(node.slice):
            yield site.cause(claim, worded("The index is out of range."), check, weight=0.75)
        if _is_len_of(node.slice, holder):
            repair = site.repair(
                worded("Subtract 1: the last index is `len - 1`."), site.after(node.slice, " - 1")
            )
            yield site.reading(worded("You may have meant the last element."), repair, weight=0.92)
        elif isinstance(node.slice, ast.Name) and node.slice.id in counted:
            continue  # the loop is wrong, not the index
        elif size is not None and position == size:
            if isinstance(node.slice, ast.Constant):
                lower = site.repair(
                    worded("Subtract 1: indices start at 0."), site.over(node.slice, str(size - 1))
                )
            else:
                lower = site.repair(worded("Subtract 1: indices start at 0."), site.after(node.slice, " - 1"))
            yield site.reading(worded("The index may have been counted from 1."), lower, weight=0.6)
            if isinstance(node.ctx, ast.Load):
                last = site.repair(
                    worded("Use `-1`, the index of the last element."), site.over(node.slice, "-1")
                )
                yield site.reading(worded("You may have meant the last element."), last, weight=0.5)
        elif size is not None and isinstance(position, int) and position < -size:
            first = site.repair(
                worded("Use `0`, the index of the first element."), site.over(node.slice, "0")
            )
            yield site.reading(worded("You may have meant the first element."), first, weight=0.4)
        elif isinstance(node.slice, ast.Constant) and isinstance(node.ctx, ast.Load):
            last = site.repair(
                worded("Use `-1`, the index of the last element."), site.over(node.slice, "-1")
            )
            yield site.reading(worded("You may have meant the last element."), last, weight=0.4)
        if isinstance(node.ctx, ast.Store) and size is not None and position == size:
            yield from _append(site, node)


def _append(site: Site, node: ast.Subscript) -> Iterator[Suspicion]:
    statement = site.statement
    if isinstance(statement, ast.Assign) and statement.targets == [node]:
        new = f"{site.text(node.value)}.append({site.text(statement.value)})"
        repair = site.repair(worded("Add the element with `append`."), site.over(statement, new))
        yield site.reading(worded("You may want to add a new element."), repair, weight=0.75)


def _empty(site: Site, node: ast.Subscript) -> Iterator[Suspicion]:
    holder = site.text(node.value)
    yield site.cause(
        worded("`{holder}` is empty: it has no elements.", holder=holder),
        worded("Its length is 0."),
        f"len({holder}) == 0",
        weight=0.85,
    )
    if isinstance(node.ctx, ast.Store):
        yield from _append(site, node)
    test = node if isinstance(node.ctx, ast.Load) else None
    statement = site.statement
    if test is not None and isinstance(statement, ast.Return) and site.function is not None:
        change = src.line_before(site.cell.source, statement.lineno, f"if not {holder}:\n    return None")
        yield site.reading(
            worded("An empty sequence may be acceptable."),
            site.repair(worded("Return `None` for an empty sequence."), change),
            weight=0.4,
        )
    if isinstance(node.value, ast.Name):
        for _, assign in site.assignments(node.value.id):
            yield site.reading(
                worded(
                    "`{holder}` is assigned in line {lineno}: `{value}`.",
                    holder=holder,
                    lineno=assign.lineno,
                    value=ast.unparse(assign.value)[:60],
                ),
                weight=0.3,
            )
            break


@rule(
    "index.pop_empty",
    "IndexError",
    lesson="`pop` removes and returns an element, and an empty list has none. Test with `if x:` or `while "
    "x:` first.",
)
def pop_empty(site: Site) -> Iterator[Suspicion]:
    if not site.says(r"pop from (an )?empty"):
        return
    for call in site.find(ast.Call, lambda node: getattr(node.func, "attr", "") in ("pop", "popleft")):
        assert isinstance(call.func, ast.Attribute)
        holder = site.text(call.func.value)
        yield site.cause(
            f"`{holder}` is empty when `{call.func.attr}` is called.",
            "Its length is 0.",
            f"len({holder}) == 0",
            weight=0.85,
        )
        for loop in ast.walk(site.tree):
            if (
                isinstance(loop, ast.While)
                and isinstance(loop.test, ast.Constant)
                and loop.test.value
                and loop.lineno <= site.frame.lineno <= (loop.end_lineno or 0)
            ):
                repair = site.repair("Let the loop end when nothing is left.", site.over(loop.test, holder))
                yield site.reading(
                    "The loop may be meant to run until the list is empty.", repair, weight=0.7
                )
        return


@rule(
    "index.format_places",
    "IndexError",
    lesson="Each `{}` in a format string is replaced by one argument, so there must be enough arguments.",
)
def format_places(site: Site) -> Iterator[Suspicion]:
    said = site.says(r"Replacement index (\d+) out of range")
    if said is None:
        return
    for call in site.find(ast.Call, lambda node: getattr(node.func, "attr", "") == "format"):
        count = len(call.args)
        claim = f"The format string needs more than the {count} argument{'' if count == 1 else 's'} passed."
        if count == 1 and site.type(call.args[0]) in ("tuple", "list"):
            start = src.span(site.cell.source, call.args[0])[0]
            repair = site.repair(
                "Unpack it with `*`, so that each element replaces one `{}`.",
                src.Splice(start=start, end=start, text="*"),
            )
            check = f"len({site.text(call.args[0])}) > {said[1]}"
            yield site.cause(claim, "The single argument has enough elements.", check, repair, weight=0.9)
        else:
            yield site.reading(claim, weight=0.6)
        return


_PIECE = re.compile(r"(?:\\[wdsSWD]|\[[^\]]+\]|\.)(?:[+*]\??|\{\d+(?:,\d*)?\})")
_PATTERN_CALLS = ("match", "search", "fullmatch", "finditer", "compile")


@rule(
    "regex.no_group",
    "IndexError",
    lesson=r"Each pair of parentheses of a pattern is a group: `(\d+) (\w+)` has two, `(?P<year>\d+)` has "
    "one with a name.",
)
def no_group(site: Site) -> Iterator[Suspicion]:
    """`m.group(2)` with one pair of parentheses in the pattern: the piece that has none gets them."""
    asked = site.find(ast.Call, lambda node: getattr(node.func, "attr", "") == "group" and bool(node.args))
    asked += site.find(ast.Subscript) if not asked else []  # type: ignore[arg-type]
    if not site.says(r"no such group") or not asked:
        return
    key = asked[0].args[0] if isinstance(asked[0], ast.Call) else asked[0].slice
    wanted = site.literal(key)
    for cell, node in _patterns(site):
        text = src.text_of(cell.source, node)
        plain = re.sub(r"\\[()]", "..", text)
        depth = [plain[:at].count("(") - plain[:at].count(")") for at in range(len(plain))]
        pieces = [found for found in _PIECE.finditer(text) if depth[found.start()] == 0]
        behind = text.rfind(")")
        pieces.sort(key=lambda found: (found.start() < behind, found.start()))
        opening = f"(?P<{wanted}>" if isinstance(wanted, str) else "("
        start = src.span(cell.source, node)[0]
        repairs = [
            Repair(
                edits=(
                    src.edit(
                        cell,
                        src.Splice(
                            start=start + found.start(), end=start + found.end(), text=f"{opening}{found[0]})"
                        ),
                    ),
                ),
                why=f"Put `{found[0]}` of the pattern into parentheses.",
            )
            for found in pieces[:3]
        ]
        if repairs:
            claim = f"The pattern {text} has no group {wanted!r}: parentheses make one."
            yield site.reading(claim, *repairs, weight=0.85)
            return


def _patterns(site: Site) -> Iterator[tuple[Cell, ast.Constant]]:
    """The patterns of the cells, those nearest above the failing line first."""
    for cell, tree in site.cells():
        here = cell.id == site.cell.id
        calls = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and getattr(node.func, "attr", "") in _PATTERN_CALLS
            and (not here or node.lineno <= site.frame.lineno)
        ]
        for call in sorted(calls, key=lambda node: -node.lineno):
            if call.args and isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str):
                yield cell, call.args[0]


RULES = (no_group, range_too_long, past_end, pop_empty, format_places)
