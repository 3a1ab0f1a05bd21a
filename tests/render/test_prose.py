"""Light Markdown is parsed as CommonMark would, as far as it goes."""

import pytest

from cot_magic.render.prose import ProseKind, Span, parse, spans
from cot_magic.render.safe_text import code_span, longest_run


def test_paragraphs_lists_headings_and_fences_are_told_apart() -> None:
    parts = parse("# Head #\none\ntwo\n\n- a\n- b\n1. c\n```py\n- not a list\n```\nend")
    assert [part.kind for part in parts] == [
        ProseKind.HEADING,
        ProseKind.PARAGRAPH,
        ProseKind.BULLETS,
        ProseKind.NUMBERS,
        ProseKind.CODE,
        ProseKind.PARAGRAPH,
    ]
    assert parts[1].items == ((Span(text="one two"),),)
    assert parts[4].source == "- not a list"


def test_a_fence_that_is_never_closed_runs_to_the_end() -> None:
    assert parse("```\na\nb")[0].source == "a\nb"


def test_a_table_has_rows_as_wide_as_its_header() -> None:
    (part,) = parse("| a | `b` |\n|---|:-:|\n| 1 | x \\| y | 3 |\n| 2 |")
    assert part.kind is ProseKind.TABLE
    assert [["".join(span.text for span in cell) for cell in row] for row in part.rows] == [
        ["a", "b"],
        ["1", "x | y"],
        ["2", ""],
    ]


def test_bold_may_hold_code_and_a_lone_mark_is_literal() -> None:
    assert spans("**a `b` c** d") == (
        Span(text="a ", bold=True),
        Span(text="b", code=True, bold=True),
        Span(text=" c", bold=True),
        Span(text=" d"),
    )
    assert "".join(span.text for span in spans("2 ** 3")) == "2 ** 3"


@pytest.mark.parametrize("text", ["a", "`", "``", "a`b", "``a`` `b`", " a ", "`` ` ``", "** x **", "a\\`b"])
def test_a_code_span_gives_back_its_text(text: str) -> None:
    (span,) = spans(code_span(text))
    assert span.code
    assert span.text.strip() == " ".join(text.split())


def test_long_runs_of_signs_take_linear_time() -> None:
    for text in ("`" * 50_001, "**" * 50_001, "` `` " * 20_000, "# " + " " * 50_000 + "x", "- " * 20_000):
        assert parse(text)
    assert longest_run("a ``` b `") == 3
