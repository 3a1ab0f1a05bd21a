"""Every rule on the notebook that is its example: the cells run in a shell, the last one fails, the rule fires.

The examples of the tables' rows are theirs (`Remedy.example`); those of other rules are in `rule_examples.txt`:
a line `= code`, then the cells with `---` between them. After `= code silent` the rule has nothing to say.
"""

import ast
import gc
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from autopsies import Mortuary, mortuary_open

from cot_magic.core.language import reading
from cot_magic.reasoners.offline.catalogue import COMMONEST, all_rules
from cot_magic.reasoners.offline.crashes.remedies.remedy import Remedy
from cot_magic.reasoners.offline.rule import AnyRule, Suspicion, matches, suspicions_of

pytestmark = pytest.mark.filterwarnings("ignore")  # the examples are mistakes: libraries warn of some of them
BOOK = Path(__file__).with_name("rule_examples.txt")
RULES = {rule.code: rule for rule in all_rules() if not rule.code.startswith(("syntax.", "race."))}
# rules that have no example, and a new rule is not added here: they need a cell that was edited, that runs out
# of order, or that somebody interrupts
LACKING = {
    "loop.endless", "module.edited", "notebook.bound_anew", "notebook.hidden_global", "notebook.stale",
}  # fmt: skip


class Example(NamedTuple):
    """The rule, whether it fires, and the cells of a notebook whose last one fails."""

    code: str
    fires: bool
    cells: tuple[str, ...]


def examples(text: str) -> Iterator[Example]:
    """The examples of the file."""
    for part in re.split(r"(?m)^= ", text)[1:]:
        head, _, body = part.partition("\n")
        code, *silent = head.split()
        yield Example(code, not silent, tuple(cell.strip("\n") for cell in re.split(r"(?m)^---$", body)))


EXAMPLES = tuple(examples(BOOK.read_text(encoding="utf-8")))


def suspected(rule: AnyRule, cells: tuple[str, ...]) -> list[Suspicion]:
    with mortuary_open() as mortuary:
        return examined(rule, cells, mortuary)


def examined(rule: AnyRule, cells: tuple[str, ...], mortuary: Mortuary) -> list[Suspicion]:
    mortuary.shell.showtraceback = lambda *ignored, **more: None  # that of a deep recursion takes minutes
    facts = mortuary.facts(*cells)
    case = mortuary.case
    assert case is not None
    return list(suspicions_of(rule, case, facts)) if matches(rule.on, case) else []


@pytest.fixture(scope="module", autouse=True)
def nothing_left() -> Iterator[None]:
    """What the mistakes leave unclosed is told here, where it is ignored, and not in a test that runs later."""
    yield
    gc.collect()


class Bracketed:
    """A catalogue that puts brackets around each text."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


@pytest.mark.parametrize(
    "example",
    [item for item in EXAMPLES if item.code in COMMONEST and item.fires],
    ids=lambda item: item.code,
)
def test_all_that_one_of_the_commonest_rules_says_is_translated(
    example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # some write files
    with reading(Bracketed()):
        found = suspected(RULES[example.code], example.cells)
    told = [
        text for item in found for text in (item.claim, item.prediction, *(edit.why for edit in item.repairs))
    ]
    assert told
    assert [text for text in told if not (text.startswith("⟦") and text.endswith("⟧"))] == []


SAYING = {"cause": 2, "reading": 1, "repair": 1}  # how many arguments of these calls are texts


@pytest.mark.parametrize("code", COMMONEST)
def test_no_text_of_the_commonest_rules_is_a_bare_literal(code: str) -> None:
    find = RULES[code].find
    tree = ast.parse(Path(find.__code__.co_filename).read_text(encoding="utf-8"))
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    waiting, seen = [find.__name__], set()
    while waiting:
        name = waiting.pop()
        seen.add(name)
        calls = [node for node in ast.walk(functions[name]) if isinstance(node, ast.Call)]
        for call in calls:
            called = getattr(call.func, "id", getattr(call.func, "attr", ""))
            waiting += [called] if called in functions and called not in seen else []
            texts = call.args[: SAYING.get(called, 0)] + [
                word.value for word in call.keywords if word.arg in ("claim", "why", "prediction")
            ]
            bare = [ast.unparse(text) for text in texts if isinstance(text, ast.Constant | ast.JoinedStr)]
            assert bare == [], (name, bare)
        for node in ast.walk(functions[name]):
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in (
                "claim",
                "why",
                "seen",
            ):
                assert not isinstance(node.value, ast.Constant | ast.JoinedStr), ast.unparse(node)


def test_every_rule_about_crashes_has_an_example() -> None:
    own = {code for code, rule in RULES.items() if isinstance(rule, Remedy) and rule.example}
    written = {item.code for item in EXAMPLES if item.fires}
    assert set(RULES) - own - written == LACKING
    assert {item.code for item in EXAMPLES} <= set(RULES)


@pytest.mark.parametrize(
    "example", [pytest.param(item, id=f"{item.code}-{place}") for place, item in enumerate(EXAMPLES)]
)
def test_a_rule_fires_on_its_example_and_only_there(example: Example, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)  # some write files
    for library in ("pandas", "numpy", "sklearn", "matplotlib", "scipy", "patsy"):
        if re.search(rf"\b(import|from) {library}\b", "\n".join(example.cells)):
            pytest.importorskip(library)
    found = suspected(RULES[example.code], example.cells)
    assert bool(found) is example.fires, [item.claim for item in found]
