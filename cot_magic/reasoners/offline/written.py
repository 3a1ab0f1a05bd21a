"""How the rules of this package are written: a function from a Site to suspicions, under a code and a
lesson."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from cot_magic.core.case import Case
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.rule import Repair, Suspicion
from cot_magic.reasoners.offline.site import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRule:
    """A rule for exceptions of the classes named in `on` (subclasses included).

    Repairs whose result cannot be parsed, or that change nothing, are left out; the suspicion stays.
    """

    code: str
    on: tuple[str, ...]
    lesson: str
    find: Callable[[Site], Iterator[Suspicion]]

    def suspicions(self, case: Case) -> Iterator[Suspicion]:
        raised = case.raised
        if raised is None or not {raised.ename, *raised.bases} & set(self.on):
            return
        site = Site.of(case)
        if site is None:
            return
        for suspicion in self.find(site):
            yield replace(suspicion, repairs=tuple(item for item in suspicion.repairs if _sound(item)))


def rule(code: str, *on: str, lesson: str) -> Callable[[Callable[[Site], Iterator[Suspicion]]], SiteRule]:
    """Make a rule of a function."""

    def make(find: Callable[[Site], Iterator[Suspicion]]) -> SiteRule:
        return SiteRule(code=code, on=on, lesson=lesson, find=find)

    return make


def _sound(repair: Repair) -> bool:
    return bool(repair.edits) and all(
        edit.after != edit.before and src.parse(edit.after) is not None for edit in repair.edits
    )
