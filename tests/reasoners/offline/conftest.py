"""Cases of syntax errors made by really compiling a source."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from cot_magic.core.case import Case, Cell, CellId, Environment, Raised, SyntaxDetail, Variable
from cot_magic.core.findings import CellEdit
from cot_magic.reasoners.offline.rule import Suspicion
from cot_magic.reasoners.offline.syntax.catalogue import RULES
from cot_magic.reasoners.offline.syntax.problem import attempt, meaning


@dataclass(frozen=True)
class First:
    """What the rules think likeliest: its code, and the tree of the repaired source."""

    code: str
    tree: str | None

    @staticmethod
    def tree_of(source: str) -> str | None:
        return meaning(source)


def syntax_case(source: str, *names: str) -> Case:
    """The case of a cell that does not compile, in a kernel that knows the names."""
    cell = Cell(id=CellId("c1"), source=source, index=0, execution_count=1)
    error: SyntaxError | None = None
    try:
        compile(source, "<cell>", "exec")
    except SyntaxError as caught:
        error = caught
    kind = type(error) if error is not None else SyntaxError
    detail = SyntaxDetail(
        lineno=getattr(error, "lineno", 1) or 1,
        offset=getattr(error, "offset", 0) or 0,
        end_lineno=getattr(error, "end_lineno", 0) or 0,
        end_offset=getattr(error, "end_offset", 0) or 0,
        text=getattr(error, "text", "") or "",
    )
    raised = Raised(
        ename=kind.__name__,
        evalue=str(error),
        bases=tuple(item.__name__ for item in kind.__mro__[:-1]),
        syntax=detail,
    )
    return Case(
        cell=cell,
        raised=raised,
        environment=Environment(python="3", platform="any"),
        cells=(cell,),
        namespace=tuple(Variable(name=name, type="int", text="1") for name in names),
    )


def all_suspicions(case: Case) -> list[tuple[str, Suspicion]]:
    """What all syntax rules suspect, likeliest first."""
    found = [(rule.code, item) for rule in RULES for item in rule.suspicions(case)]
    return sorted(found, key=lambda pair: -pair[1].weight)


def value_of_check(suspicion: Suspicion) -> object:
    """What the check's last expression is, with the rest run before it."""
    *body, last = suspicion.checks[0].source.rstrip("\n").split("\n")
    space: dict[str, object] = {}
    exec("\n".join(body), space)
    return eval(last, space)


@pytest.fixture(name="syntax_case")
def _syntax_case() -> Callable[..., Case]:
    return syntax_case


@pytest.fixture(name="suspicions")
def _suspicions() -> Callable[..., list[tuple[str, Suspicion]]]:
    return lambda source, *names: all_suspicions(syntax_case(source, *names))


@pytest.fixture(name="check_value")
def _check_value() -> Callable[[Suspicion], object]:
    return value_of_check


@pytest.fixture(name="repairs")
def _repairs() -> Callable[..., list[CellEdit]]:
    """All edits that are offered for a source, best first."""
    return lambda source, *names: [
        repair.edits[0] for _, item in all_suspicions(syntax_case(source, *names)) for repair in item.repairs
    ]


@pytest.fixture(name="first_finding")
def _first_finding() -> Callable[[str], First]:
    def first(source: str) -> First:
        if attempt(source) is None:
            pytest.skip("this Python understands the source")
        code, suspicion = all_suspicions(syntax_case(source))[0]
        assert value_of_check(suspicion) is True
        return First(code=code, tree=meaning(suspicion.repairs[0].edits[0].after))

    return first
