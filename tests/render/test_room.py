"""At most sixty words before the first fold, whatever a session says; what does not fit is in a fold."""

from dataclasses import replace

import pytest
import sessions
from first_fold import words_above

from cot_magic.render.blocks import PLAIN, Block, Code, Diff, DiffLine, Outline, Row, Rows, Text
from cot_magic.render.html import html
from cot_magic.render.outline import outline
from cot_magic.render.room import MOST_WORDS, bounded, shorter

WORDS = " ".join(f"word{number}" for number in range(200))


def drawn(*answer: Block, cause: str = "It failed.", notes: tuple[str, ...] = ()) -> Outline:
    made = outline(sessions.fold(sessions.verified_events()))
    return bounded(replace(made, cause=cause, answer=answer, notes=notes, more=()))


def rows(*claims: str) -> Rows:
    return Rows(rows=tuple(Row(mark=PLAIN, claim=claim) for claim in claims))


def change(text: str, choice: int = 0, marks: tuple[tuple[int, int], ...] = ()) -> Diff:
    return Diff(
        title="1: prints" if choice else "cell [1]",
        lines=(DiffLine(sign="+", text=text, marks=marks),),
        choice=choice,
    )


@pytest.mark.parametrize(
    "page",
    [
        drawn(rows(WORDS, "short")),
        drawn(change(WORDS), rows(WORDS)),
        drawn(Code(source=f"{WORDS}\n^^^^\n{WORDS}", language="")),
        drawn(*(change("a b c d e f g h i j", choice=number) for number in range(1, 9))),
        drawn(Text(text=WORDS), cause=WORDS, notes=(WORDS, WORDS)),
        drawn(change("a"), cause=f"It is (`{WORDS}`) and {WORDS}"),
        outline(sessions.fold(sessions.hostile_events(WORDS))),
    ],
)
def test_no_more_than_sixty_words_are_before_the_first_fold(page: Outline) -> None:
    assert len(words_above(html(page))) <= MOST_WORDS


def test_what_fits_is_not_folded() -> None:
    page = drawn(change("x = 1"), rows("Raises KeyError without it."), notes=("Interrupted.",))
    assert page.more == ()
    assert page.answer == (change("x = 1"), rows("Raises KeyError without it."))


def test_what_does_not_fit_is_whole_in_the_fold_and_in_order() -> None:
    long = WORDS[:600]
    page = drawn(change("x = 1"), rows("First.", long, "Last."), cause=f"It is `{WORDS}`.")
    assert page.answer == (change("x = 1"), rows("First."))
    assert page.more == (Text(text=f"It is `{WORDS}`."), rows(long, "Last."))
    assert page.more_title == "more"


def test_choices_without_room_are_counted_in_the_title_of_the_fold() -> None:
    page = drawn(*(change("a b c d e f g h i j", choice=number) for number in range(1, 5)))
    shown = [block.choice for block in page.answer if isinstance(block, Diff)]
    folded = [block.choice for block in page.more if isinstance(block, Diff)]
    assert shown + folded == [1, 2, 3, 4]
    assert len(shown) > 1
    assert page.more_title == f"{len(folded)} more choice{'s' * (len(folded) > 1)}"


def test_a_person_who_is_asked_sees_two_choices_beside_a_long_cause() -> None:
    page = drawn(*(change("a b c d", choice=number) for number in range(1, 4)), cause=WORDS)
    assert [block.choice for block in page.answer if isinstance(block, Diff)][:2] == [1, 2]


def test_a_long_line_is_shown_around_its_change_with_its_marks() -> None:
    start = WORDS.index("word100")
    page = drawn(change(WORDS, marks=((start, start + 7),)))
    (diff,) = page.answer
    assert isinstance(diff, Diff)
    (line,) = diff.lines
    ((a, b),) = line.marks
    assert line.text[a:b] == "word100"
    assert line.text[0] == line.text[-1] == "…"


def test_code_in_a_long_sentence_is_shortened_before_its_end() -> None:
    text = f"`x` was made in cell [2] (`{WORDS}`), and never filled."
    assert (
        shorter(text, 30)
        == "`x` was made in cell [2] (`word0 word1 word2 word3 word4 word5…`), and never filled."
    )
    assert (
        shorter(f"`x` has 3 rows and `y` 4; `y = {WORDS}; z = 1` made it", 30) == "`x` has 3 rows and `y` 4."
    )
    assert shorter("A short one.", 30) == "A short one."
    assert shorter("`i` runs past the end: it is `2`, and `v` has 3.", 7) == "`i` runs past the end: it is …"
    assert shorter("It is `2`, and `v` has 3.", 3) == "It is `2` …"


def test_what_the_person_must_know_has_room_whatever_else_is_said() -> None:
    fault, chosen = f"Stopped: {WORDS}", "A credential was found."
    made = outline(sessions.fold(sessions.verified_events()))
    page = bounded(replace(made, notes=(fault, chosen), more=()), urgent=(fault,))
    assert page.notes == (fault,)
    assert page.more[0] == Text(text=chosen)
