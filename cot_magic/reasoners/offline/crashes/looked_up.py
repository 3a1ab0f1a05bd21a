"""A rule for keys that the autopsy looked for on the live values: a level deeper, or under another name."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace

from cot_magic.core.case import Case
from cot_magic.core.facts import Facts
from cot_magic.core.likeness import alike
from cot_magic.core.spelling import respelled
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.keys import lookups
from cot_magic.reasoners.offline.rule import Repair, Suspicion, sound
from cot_magic.reasoners.offline.site import Site

_MOST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedUpRule:
    """Offers where a key is in the value at hand, and what a table has in place of a column."""

    code: str = "key.looked_up"
    on: tuple[str, ...] = ("KeyError", "ValueError")
    lesson: str = (
        "A key is looked up on one level only. Print what there is, `d.keys()` or `df.columns`, and go on "
        "level by level."
    )

    def propose(self, case: Case, facts: Facts) -> Iterator[Suspicion]:
        """A cause for a key that is deeper inside; readings for columns that may be meant."""
        site = Site.of(case)
        if site is None:
            return
        yield from _inside(site, facts)
        yield from _retyped(site, facts)
        yield from _given(site, facts)
        yield from _level(site, facts)
        yield from _series(site, facts)
        yield from _columns(site, facts)


def _inside(site: Site, facts: Facts) -> Iterator[Suspicion]:
    fact = facts.first("keys.inside")
    if fact is None or site.statement is None:
        return
    holder, wanted, paths = (fact.value.get(name) for name in ("expression", "wanted", "paths"))
    for node in ast.walk(site.statement):
        if not isinstance(node, ast.Subscript) or not isinstance(paths, list):
            continue
        if ast.unparse(node.value) != holder or repr(site.literal(node.slice)) != wanted:
            continue
        text = site.text(node.value)
        repairs = [
            site.repair(f"Look it up in `{text}{path}`.", site.over(node, f"{text}{path}"))
            for path in map(str, paths[:_MOST])
        ]
        claim = f"`{text}` has no {wanted}, but what it holds has: `{text}{paths[0]}`."
        if len(repairs) > 1:
            yield sound(site.reading(claim, *repairs, weight=0.8))
        elif repairs:
            check = f"{wanted} not in {text} and {text}{paths[0]} is not {text}"
            yield sound(site.cause(claim, "The key is there.", check, *repairs, weight=0.9))
        return


def _retyped(site: Site, facts: Facts) -> Iterator[Suspicion]:
    """`t.loc[('north', '2024')]`, where the index has `('north', 2024)`: all such keys of the statement."""
    fact, near = facts.first("keys.missing"), facts.first("keys.near")
    axis, present = (fact.value.get("axis"), fact.value.get("present")) if fact is not None else ("", [])
    if near is None or site.statement is None or axis != "index" or not isinstance(present, list):
        return
    nodes = [node for node in ast.walk(site.statement) if isinstance(node, ast.Tuple)]
    keys = [key for text in present if (key := _as_literal(str(text))) is not None]
    found = [(node, item.key) for node in nodes for item in alike(_as_literal(site.text(node)), keys)[:1]]
    if found:
        of, wanted = near.value.get("expression"), near.value.get("wanted")
        claim = f"The index of `{of}` has no {wanted}, but {found[0][1]!r}: the types differ."
        check = f"{found[0][1]!r} in {of}.index and {wanted} not in {of}.index"
        repair = site.repair(
            "Write the key with the types of the index.", *(site.over(node, repr(key)) for node, key in found)
        )
        yield sound(site.cause(claim, "It is in the index.", check, repair, weight=0.9))


def _given(site: Site, facts: Facts) -> Iterator[Suspicion]:
    """A key that a module of the person's own looks up, and that a cell writes: as the module has it."""
    fact = facts.first("own.failed")
    wanted = _read(fact.value.get("wanted")) if fact is not None else None
    near = fact.value.get("candidates") if fact is not None else None
    keys = [_read(item.get("text")) for item in near if isinstance(item, dict)] if near else []
    places = [
        (cell, node)
        for cell, tree in (site.cells() if fact is not None and keys else ())
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and type(node.value) is type(wanted) and node.value == wanted
    ]
    if len(places) == 1 and fact is not None:
        (cell, node), file = places[0], fact.value.get("file")
        repairs = [
            Repair(edits=(src.edit(cell, src.over(cell.source, node, repr(key))),), why=f"Give {key!r}.")
            for key in keys[:_MOST]
        ]
        claim = f"`{file}` has no {wanted!r}; most like it: {keys[0]!r}."
        yield sound(replace(site.reading(claim, *repairs, weight=0.6), cell=cell.id, lineno=node.lineno))


def _read(text: object) -> object:
    try:
        return ast.literal_eval(str(text))
    except (ValueError, SyntaxError):
        return None


def _as_literal(text: str) -> tuple[object, ...] | None:
    key = _read(text)
    return key if isinstance(key, tuple) else None


def _level(site: Site, facts: Facts) -> Iterator[Suspicion]:
    """`s['2021']`, where the second level of the index has 2021: the rows of that label."""
    fact = facts.first("keys.level")
    present = fact.value.get("present") if fact is not None else None
    if fact is None or site.statement is None or not isinstance(present, list):
        return
    known = {str(item).strip("'"): str(item) for item in present}
    holder, level = fact.value.get("expression"), fact.value.get("level")
    changes = []
    for node in ast.walk(site.statement):
        if isinstance(node, ast.Subscript) and ast.unparse(node.value).removesuffix(".loc") == holder:
            label = known.get(str(site.literal(node.slice)))
            if label is not None:
                changes.append(site.over(node, f"{holder}.xs({label}, level={level!r})"))
    if changes:
        claim = f"{fact.value.get('wanted')} is in the level {level!r} of the index of `{holder}`."
        repair = site.repair(f"Take the rows by the level {level!r}.", *changes)
        yield sound(site.reading(claim, repair, weight=0.85))


def _series(site: Site, facts: Facts) -> Iterator[Suspicion]:
    """`totals['amount']`, where `totals` is that column already."""
    fact = facts.first("keys.series")
    if fact is None or not isinstance(site.focus, ast.Subscript):
        return
    write = str(fact.value.get("write"))
    repair = site.repair(f"Use `{write}`.", site.over(site.focus, write))
    claim = f"`{site.one_line(site.focus.value)}` is one column: it has labels of rows, and no columns."
    yield sound(site.reading(claim, repair, weight=0.88))


def _columns(site: Site, facts: Facts) -> Iterator[Suspicion]:
    """Columns that are like the missing one; else the only one that the statement does not name yet."""
    missing, near = facts.first("keys.missing"), facts.first("keys.near")
    if missing is None or missing.value.get("axis") != "columns" or site.statement is None:
        return
    wanted, present = str(missing.value.get("wanted")), missing.value.get("present")
    found = near.value.get("candidates") if near is not None else None
    names = (
        [str(item.get("text")) for item in found if isinstance(item, dict)] if isinstance(found, list) else []
    )
    plain = wanted.strip("'\"").strip()
    known = any(name.strip("'\"").strip() == plain or respelled(plain, name.strip("'\"")) for name in names)
    if known and lookups(site):
        return  # the same name in another spelling: nothing else is meant, and another rule says it
    strings = {repr(node.value) for node in ast.walk(site.statement) if isinstance(node, ast.Constant)}
    if not names and isinstance(present, list):
        left = [str(name) for name in present if name not in strings]
        names = left if len(left) == 1 and len(present) > 1 else []
    repairs = [repair for name in names[:_MOST] if (repair := _named(site, wanted, name)) is not None]
    if repairs:
        of = missing.value.get("expression")
        claim = f"`{of}` has no column {wanted}; you may have meant {names[0]}."
        yield sound(site.reading(claim, *repairs, weight=0.6))


def _named(site: Site, wanted: str, name: str) -> Repair | None:
    """The statement with the other column."""
    nodes = [
        node
        for node in ast.walk(site.statement or site.tree)
        if isinstance(node, ast.Constant) and repr(node.value) == wanted
    ]
    return site.repair(f"Use {name}.", *(site.over(node, name) for node in nodes)) if nodes else None


looked_up = LookedUpRule()
RULES = (looked_up,)
