"""How the rules of this package are written: a function from a Site to suspicions, with code and lesson."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cot_magic.core.case import Case
from cot_magic.reasoners.offline.rule import Suspicion, matches, sound
from cot_magic.reasoners.offline.site import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRule:
    """A rule for exceptions of the classes named in `on`, subclasses included.

    Repairs that change nothing, or whose result cannot be parsed, are left out; the suspicion stays.
    """

    code: str
    on: tuple[str, ...]
    lesson: str
    find: Callable[[Site], Iterator[Suspicion]]

    def suspicions(self, case: Case) -> Iterator[Suspicion]:
        site = Site.of(case) if matches(self.on, case) else None
        if site is not None:
            yield from map(sound, self.find(site))


def rule(code: str, *on: str, lesson: str) -> Callable[[Callable[[Site], Iterator[Suspicion]]], SiteRule]:
    """Make a rule of a function."""

    def make(find: Callable[[Site], Iterator[Suspicion]]) -> SiteRule:
        return SiteRule(code=code, on=on, lesson=lesson, find=find)

    return make
