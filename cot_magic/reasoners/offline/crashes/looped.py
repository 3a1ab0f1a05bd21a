"""What a loop takes from what it goes over: rows of a table, values of a dictionary, a header among the
rows."""

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass

from cot_magic.core.case import Case
from cot_magic.core.facts import NO_FACTS, Facts
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.nones import nones
from cot_magic.reasoners.offline.crashes.operands import kind_of
from cot_magic.reasoners.offline.rule import Suspicion, matches, sound
from cot_magic.reasoners.offline.site import Site
from cot_magic.reasoners.offline.written import rule

_FRAME = "pandas.core.frame.DataFrame"
_DICTS = ("dict", "collections.defaultdict", "collections.OrderedDict")
_LESSON = (
    "A loop over a table yields the names of its columns, `iterrows()` pairs of a label and a row; a loop "
    "over a dictionary yields its keys."
)


def _loops(site: Site) -> Iterator[tuple[ast.Name, ast.expr]]:
    """Single names of loops around the failing line, and what the loops go over."""
    for node in ast.walk(site.tree):
        around = isinstance(node, ast.For) and node.lineno <= site.frame.lineno <= (node.end_lineno or 0)
        if isinstance(node, ast.comprehension) and site.statement is not None:
            around = any(part is node for part in ast.walk(site.statement))
        if around and isinstance(node, ast.For | ast.comprehension) and isinstance(node.target, ast.Name):
            yield node.target, node.iter


@rule("loop.rows_of_table", "TypeError", "AttributeError", "KeyError", lesson=_LESSON)
def rows_of_table(site: Site) -> Iterator[Suspicion]:
    """`for row in df: row['a']`, and `for row in df.iterrows(): row['a']`."""
    if not site.says(r"indices must be integers|'(str|tuple)' object has no attribute|not subscriptable"):
        return
    for target, over in _loops(site):
        name, text = target.id, site.text(over)
        pair = site.over(target, f"_, {name}")
        match over:
            case ast.Call(func=ast.Attribute(attr="iterrows" | "items", value=table), args=[]):
                if isinstance(over.func, ast.Attribute) and over.func.attr == "items":
                    continue
                claim = f"`{text}` yields pairs of a label and a row, so `{name}` is a pair."
                repair = site.repair(f"Take the row alone: `for _, {name} in …`.", pair)
                check = f"isinstance({name}, tuple) and type({site.text(table)}).__name__ == 'DataFrame'"
                yield site.cause(claim, f"`{name}` is a pair.", check, repair, weight=0.95)
                return
        kind = kind_of(site, over)
        if kind == _FRAME:
            claim = f"A loop over the table `{text}` yields the names of its columns, not its rows."
            repair = site.repair("Loop over the rows.", pair, site.after(over, ".iterrows()"))
            check = f"isinstance({name}, str) and type({text}).__name__ == 'DataFrame'"
            yield site.cause(claim, f"`{name}` is the name of a column.", check, repair, weight=0.95)
            return
        if kind in _DICTS:
            claim = f"A loop over the dictionary `{text}` yields its keys, not its values."
            repair = site.repair("Loop over the values.", site.after(over, ".values()"))
            check = f"isinstance({text}, dict) and {name} in {text}"
            yield site.cause(claim, f"`{name}` is a key.", check, repair, weight=0.93)
            return


@dataclass(frozen=True, slots=True)
class HeaderRow:
    """The rule: the first row of what was read is its header, and is converted like the others."""

    code: str = "loop.header_row"
    on: tuple[str, ...] = ("ValueError",)
    lesson: str = (
        "The first row of a file often has the names of the columns. Skip it, or use `csv.DictReader`."
    )

    def propose(self, case: Case, facts: Facts = NO_FACTS) -> Iterator[Suspicion]:
        """A loop all of whose elements but the first one are fine."""
        site = Site.of(case) if matches(self.on, case) else None
        guilty = facts.first("elements.guilty")
        found = guilty.value if guilty is not None else {}
        if site is None or found.get("positions") != [0] or found.get("of", 0) < 2:
            return
        said = site.says(r"(?:invalid literal for int|could not convert string to float)[^']*'([^']*)'")
        if said is None or not any(character.isalpha() for character in said[1]):
            return
        for node in ast.walk(site.tree):
            if (
                not isinstance(node, ast.For | ast.comprehension)
                or site.text(node.iter) != found["expression"]
            ):
                continue
            kind = kind_of(site, node.iter)
            new = "[1:]" if kind in ("list", "tuple", "") else ""
            if new:
                repair = site.repair("Leave out the first row.", site.after(node.iter, new))
                claim = (
                    f"The first row of `{site.one_line(node.iter)}` is a header: {said[1]!r} is no number."
                )
                yield sound(site.reading(claim, repair, weight=0.93))
                return


@rule(
    "loop.nested_pair",
    "ValueError",
    "TypeError",
    lesson="`enumerate` yields pairs of a number and an element. An element that is a pair itself is taken "
    "apart in parentheses: `for i, (a, b) in enumerate(pairs)`.",
)
def nested_pair(site: Site) -> Iterator[Suspicion]:
    """`for i, a, b in enumerate(zip(xs, ys))`, and the same with `items()` and `iterrows()`."""
    if not site.says(r"not enough values to unpack \(expected (\d+), got 2\)|too many values to unpack"):
        return
    for node in ast.walk(site.tree):
        if not isinstance(node, ast.For | ast.comprehension) or not isinstance(node.target, ast.Tuple):
            continue
        names, called = node.target.elts, node.iter
        by = (
            getattr(called.func, "attr", getattr(called.func, "id", ""))
            if isinstance(called, ast.Call)
            else ""
        )
        first = getattr(node, "lineno", node.iter.lineno)
        if by not in ("enumerate", "items", "iterrows") or len(names) < 3 or first != site.frame.lineno:
            continue
        start, end = src.span(site.cell.source, names[1])[0], src.span(site.cell.source, names[-1])[1]
        inner = site.cell.source[start:end]
        change = src.Splice(start=start, end=end, text=f"({inner})")
        claim = f"`{by}` yields pairs; the second one of each holds `{inner}`."
        repair = site.repair(f"Put `{inner}` in parentheses.", change)
        prediction = f"The second one of a pair has {len(names) - 1} parts."
        check = f"len(next(iter({site.text(called)}))[1]) == {len(names) - 1}"
        yield site.cause(claim, prediction, check, repair, weight=0.9)
        return


@dataclass(frozen=True, slots=True)
class BlankItems:
    """The rule: only empty strings fail in a loop, such as blank lines of a file."""

    code: str = "loop.blank_items"
    on: tuple[str, ...] = ("ValueError", "IndexError")
    lesson: str = (
        "Files often have blank lines, at their end above all. Skip them before a line is taken apart."
    )

    def propose(self, case: Case, facts: Facts = NO_FACTS) -> Iterator[Suspicion]:
        """A loop over strings whose current one is empty."""
        site = Site.of(case) if matches(self.on, case) else None
        if site is None:
            return
        for target, over in _loops(site):
            value = site.literal(target)
            if not isinstance(value, str) or value.strip():
                continue
            name, loop = target.id, _loop_of(site, target)
            repair = None
            if isinstance(loop, ast.For):
                text = f"if not {name}.strip():\n    continue"
                change = src.line_before(site.cell.source, src.first_line(loop.body[0]), text)
                repair = site.repair("Skip blank lines.", change)
            elif isinstance(loop, ast.comprehension) and not loop.ifs:
                repair = site.repair("Leave out blank lines.", site.after(over, f" if {name}.strip()"))
            if repair is not None:
                claim = f"`{name}` is {value!r} here: a blank line of `{site.one_line(over)}`."
                yield sound(site.cause(claim, "It is blank.", f"not {name}.strip()", repair, weight=0.88))
            return


@dataclass(frozen=True, slots=True)
class MissingItems:
    """The rule: in a loop, what is looked into is None for some elements."""

    code: str = "loop.missing_items"
    on: tuple[str, ...] = ("AttributeError", "TypeError")
    lesson: str = (
        "Records of files and services often lack a part. Decide whether such records are skipped, or get "
        "`None`."
    )

    def propose(self, case: Case, facts: Facts = NO_FACTS) -> Iterator[Suspicion]:
        """Both: a choice."""
        site = Site.of(case) if matches(self.on, case) else None
        guilty = facts.first("elements.guilty")
        if site is None or guilty is None or not 0 < guilty.value["count"] < guilty.value["of"]:
            return
        for part in [node for node in nones(site) if isinstance(node, ast.Subscript | ast.Attribute)][:1]:
            text, repairs = site.text(part), []
            if any(isinstance(_loop_of(site, target), ast.For) for target, _ in _loops(site)):
                line = src.line_before(
                    site.cell.source, site.frame.lineno, f"if {text} is None:\n    continue"
                )
                repairs.append(site.repair(f"Skip those without `{text}`.", line))
            for node in site.find(ast.Subscript):
                if node.value is part and isinstance(site.literal(node.slice), str):
                    empty = site.over(node, f"({text} or {{}}).get({site.text(node.slice)})")
                    repairs.append(site.repair("Take `None` where it is missing.", empty))
            claim = f"`{text}` is `None` for {guilty.value['count']} of {guilty.value['of']} elements."
            yield sound(site.reading(claim, *repairs, weight=0.6))


@dataclass(frozen=True, slots=True)
class GuiltyItems:
    """The rule: some elements of a comprehension fail, the others do not."""

    code: str = "loop.guilty_items"
    on: tuple[str, ...] = ("ArithmeticError", "AttributeError", "LookupError", "TypeError", "ValueError")
    lesson: str = (
        "A comprehension cannot skip an element that fails; a loop with `try` can. Whether such elements are "
        "left out or corrected is up to you."
    )

    def propose(self, case: Case, facts: Facts = NO_FACTS) -> Iterator[Suspicion]:
        """The comprehension as a loop that leaves them out: a choice."""
        site = Site.of(case) if matches(self.on, case) else None
        guilty = facts.first("elements.guilty")
        match site.statement if site is not None else None:
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.ListComp(elt=made, generators=[ast.comprehension() as over]),
            ) if name not in src.used_names(made):
                pass
            case _:
                return
        assert site is not None
        found = guilty.value if guilty is not None else {}
        bad, of = len(found.get("positions", ())), found.get("of", 0)
        if found.get("expression") != site.text(over.iter) or not 0 < bad < of or over.is_async:
            return
        tests = "".join(f"    if not ({site.text(test)}):\n        continue\n" for test in over.ifs)
        kind = site.raised.ename if site.raised.ename in vars(builtins) else "ValueError"
        text = (
            f"{name} = []\nfor {site.text(over.target)} in {site.text(over.iter)}:\n{tests}    try:\n"
            f"        {name}.append({site.text(made)})\n    except {kind}:\n        continue"
        )
        assert site.statement is not None
        indent = " " * site.statement.col_offset
        repair = site.repair(
            "Leave out the elements for which it fails.",
            site.over(site.statement, text.replace("\n", f"\n{indent}")),
        )
        claim = f"`{site.one_line(made)}` fails for {bad} of {of} elements of `{site.one_line(over.iter)}`."
        yield sound(site.reading(claim, repair, weight=0.4))


def _loop_of(site: Site, target: ast.Name) -> ast.For | ast.comprehension | None:
    return next(
        (
            node
            for node in ast.walk(site.tree)
            if isinstance(node, ast.For | ast.comprehension) and node.target is target
        ),
        None,
    )


header_row, blank_items, guilty_items = HeaderRow(), BlankItems(), GuiltyItems()
missing_items = MissingItems()
RULES = (rows_of_table, nested_pair, header_row, blank_items)
ITEMS = (missing_items, guilty_items)
