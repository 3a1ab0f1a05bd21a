"""An explanation is short, and of an assert it says both sides; checked over the corpus of failing notebooks."""

import inspect
import re
import warnings

import pytest
from first_fold import words_above

from cot_magic.core.case import Raised
from cot_magic.core.facts import Fact, Facts
from cot_magic.reasoners.offline import analysis
from cot_magic.reasoners.offline.catalogue import all_rules, built_in
from cot_magic.reasoners.offline.ranking import suspects
from cot_magic.render.html import html
from cot_magic.render.outline import outline
from cot_magic.render.room import MOST_WORDS
from cot_magic.testing import failing as corpus
from cot_magic.testing import failing_domains
from cot_magic.testing.claims import FailingNotebook

CORPUS = [
    (name, item)
    for module in (corpus, failing_domains)
    for name, item in inspect.getmembers(module)
    if isinstance(item, FailingNotebook)
]
MEMBERS = [
    pytest.param(item, id=name.lower(), marks=[pytest.mark.nightly] if place % 4 else [])
    for place, (name, item) in enumerate(CORPUS)
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("member", MEMBERS)
def test_an_explanation_has_at_most_sixty_words_before_its_details(
    member: FailingNotebook, failing, tmp_path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)  # some write files
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            case = failing(*member.cells)
        except ImportError as missing:
            pytest.skip(str(missing))
    assert case.raised is not None
    found, faults = suspects(case, built_in(case).rules)
    assert not faults
    said = analysis.headline(case, case.raised, found)
    (topic, text), *_ = analysis.facts(case, case.raised, found)
    assert topic == "pattern"
    assert len(said.split()) + len(text.split()) <= analysis.MOST_WORDS
    assert text.startswith(f"**{case.raised.ename}**")


def test_there_is_a_corpus() -> None:
    assert len(MEMBERS) >= 10


@pytest.mark.parametrize("words", [3, 70, 900])
def test_a_long_message_or_lesson_is_cut_at_a_sentence(words: int) -> None:
    raised = Raised(ename="ValueError", evalue="word " * words, bases=("ValueError", "Exception"))
    lesson = f"First sentence. Then {'long ' * words}end."
    text = analysis.explanation(raised, lesson, "ValueError in cell [1], line 1: it is so.")
    assert len(text.split()) + 9 <= analysis.MOST_WORDS
    assert "First sentence." in text
    assert ("end." in text) == (words == 3)


def test_the_headline_of_an_assert_has_both_sides_even_if_they_are_long(failing) -> None:
    case = failing("xs = list(range(90))", "assert xs == [1]")
    assert case.raised is not None
    both = f"`xs` is `{', '.join(map(str, range(30)))}…`, not `[1]`."
    seen = Facts(found=(Fact.of("inside.compared", both),))
    said = analysis.headline(case, case.raised, (), seen)
    assert len(said.split()) <= analysis.LONGEST_HEADLINE
    assert said.count("`") % 2 == 0
    short = Facts(found=(Fact.of("inside.compared", "`f(2)` is `3`, not `4`."),))
    assert "`f(2)` is `3`, not `4`." in analysis.headline(case, case.raised, (), short)


def test_the_reason_that_was_seen_is_in_the_headline_before_one_that_is_only_likely(failing) -> None:
    case = failing("by = 8.0", "assert by == 10")
    assert case.raised is not None
    found, _ = suspects(case, built_in(case).rules)
    compared = Fact.of("inside.compared", "`by` is `8.0`, not `10`.")
    made = Fact.of("origin.fault", "Cell [1], line 1 leaves out 1 row.", why="groupby")
    said = analysis.headline(case, case.raised, found, Facts(found=(compared, made)))
    assert said.endswith("`by` is `8.0`, not `10`. Cell [1], line 1 leaves out 1 row.")


@pytest.mark.parametrize("code", ["key.form", "key.typo", "index.past_end", "file.near_name"])
def test_the_meaning_of_an_exception_does_not_repeat_its_lesson(code: str) -> None:
    rule = next(rule for rule in all_rules() if rule.code == code)
    raised = Raised(ename=rule.on[0], evalue="'x'", bases=(rule.on[0], "Exception"))
    said = analysis.explanation(raised, rule.lesson, "It failed.")
    assert rule.lesson in said
    words = re.findall(r"[\w`']+", said.lower())
    runs = [tuple(words[at : at + 4]) for at in range(len(words) - 3)]
    assert len(runs) == len(set(runs)), said


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("member", MEMBERS)
def test_no_more_than_sixty_words_of_a_session_are_before_the_first_fold(
    member: FailingNotebook, failing, solve, tmp_path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        case = failing(*member.cells)
    except ImportError as missing:
        pytest.skip(str(missing))
    assert 5 < len(words_above(html(outline(solve(case))))) <= MOST_WORDS
