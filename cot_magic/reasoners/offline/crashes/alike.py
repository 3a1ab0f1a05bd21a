"""A rule for names that the autopsy found on the live object or module: like the one that does not exist."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from cot_magic.core.case import Case
from cot_magic.core.facts import Facts
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.rule import Repair, Suspicion, sound
from cot_magic.reasoners.offline.site import Site

_MOST = 3
_SAYS = re.compile(r"has no attribute|cannot import|not a valid function")
_SAME = {
    "avg": "mean", "average": "mean", "cnt": "count", "number": "count", "length": "size", "len": "size",
    "stdev": "std", "stddev": "std", "variance": "var", "maximum": "max", "minimum": "min", "total": "sum",
    "distinct": "unique", "uniq": "unique", "mode_": "mode", "push": "append", "uppercase": "upper",
    "lowercase": "lower", "sort_by": "sort_values", "order": "sort_values", "concatenate": "concat",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class AlikeRule:
    """Offers attributes, and names to import, that are like the one that is missing."""

    code: str = "attribute.alike"
    on: tuple[str, ...] = ("AttributeError", "ImportError", "ValueError")
    lesson: str = (
        "Libraries write names in their own way: `average`, not `avg`. Press Tab after the dot to list what "
        "there is."
    )

    def propose(self, case: Case, facts: Facts) -> Iterator[Suspicion]:
        """One reading with the likeliest names; whether one of them is meant, only the person can tell."""
        site = Site.of(case)
        fact = facts.first("callee.attribute") or facts.first("callee.import")
        if site is None or fact is None:
            return
        missing, near = str(fact.value.get("missing", "")), fact.value.get("near")
        if site.raised.evalue != missing and not _SAYS.search(site.raised.evalue):  # an Enum says the name
            return
        names = [str(name) for name in near][:_MOST] if isinstance(near, list | tuple) else []
        names = [*([_SAME[missing]] if missing in _SAME else []), *names]
        repairs = [repair for name in names if (repair := _written(site, missing, name)) is not None]
        if repairs:
            told = ", ".join(f"`{name}`" for name in names)
            yield sound(
                site.reading(f"There is no `{missing}`; most like it: {told}.", *repairs, weight=0.42)
            )


def _written(site: Site, missing: str, name: str) -> Repair | None:
    """The statement with the other name."""
    changes = []
    for node in ast.walk(site.statement) if site.statement is not None else ():
        match node:
            case ast.Attribute(attr=attr, value=value) if attr == missing:
                start, end = src.span(site.cell.source, value)[1], src.span(site.cell.source, node)[1]
                place = site.cell.source.index(missing, start, end)
                changes.append(src.Splice(start=place, end=place + len(missing), text=name))
            case ast.Constant(value=str() as text) if text == missing:
                changes.append(site.over(node, repr(name)))
            case ast.Dict(values=items) | ast.List(elts=items):  # `agg(["avg", "maximum"])`
                texts = {item: str(item.value) for item in items if isinstance(item, ast.Constant)}
                others = [item for item, text in texts.items() if text in _SAME and text != missing]
                if missing in texts.values():
                    changes += [site.over(item, repr(_SAME[texts[item]])) for item in others]
            case ast.alias(name=old) if old == missing:
                renamed = f"{name} as {node.asname or missing}"
                changes.append(site.over(node, renamed))
    return site.repair(f"Use `{name}`.", *changes) if changes else None


alike = AlikeRule()
RULES = (alike,)
