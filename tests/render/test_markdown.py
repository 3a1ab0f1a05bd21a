"""Markdown and plain text: foreign text adds no structure."""

import re

import pytest
import sessions
from markdown_it import MarkdownIt

from cot_magic.core.findings import Phase
from cot_magic.core.session import Session
from cot_magic.render.blocks import OPEN, Badge, Outline, Section, State, Text
from cot_magic.render.markdown import escaped, fence, inline, markdown
from cot_magic.render.outline import outline
from cot_magic.render.plain import plain

READER = MarkdownIt("commonmark", {"html": True}).enable("table")


def structure(text: str) -> list[str]:
    """Headings and raw HTML, as a CommonMark reader sees them."""
    found = []
    for token in READER.parse(text):
        if token.type == "heading_open":
            found.append(token.tag)
        if token.type == "html_block":
            found += re.findall(r"</?[a-z][^>]*>", token.content)
        for child in token.children or []:
            if child.type in ("html_inline", "image", "link_open"):
                found.append(child.content or child.type)
    return found


def test_a_session_has_one_title_five_phases_and_folds(verified: Session) -> None:
    found = structure(markdown(outline(verified)))
    assert [tag for tag in found if tag.startswith("h")] == ["h2", "h3", "h3", "h3", "h3", "h3"]
    assert found.count("<details>") == found.count("</details>") >= 4


@pytest.mark.slow
def test_hostile_texts_add_no_structure() -> None:
    for name, text in sessions.HOSTILE.items():
        found = structure(markdown(outline(sessions.fold(sessions.hostile_events(text)))))
        assert set(found) <= {"h2", "h3", "<details>", "</details>", "<summary>", "</summary>"}, name
        assert found.count("h2") == 1, name
        assert found.count("h3") == 5, name
        assert found.count("<details>") == found.count("</details>"), name


def test_escaped_text_reads_as_it_was() -> None:
    for text in (
        "a *b* _c_ [d](e) <f> `g` #h ~i~ |j| $k$ & \\",
        "# not a head",
        "- not an item",
        "1. nor this",
    ):
        assert READER.render(escaped(text)) == f"<p>{_entities(text)}</p>\n"


def _entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def test_code_and_bold_of_a_reasoner_stay() -> None:
    assert READER.render(inline("the key `a``b` is **not `c`** there <b>")) == (
        "<p>the key <code>a``b</code> is <strong>not <code>c</code></strong> there &lt;b&gt;</p>\n"
    )


def test_a_fence_is_longer_than_any_backquotes_inside() -> None:
    for source in ("```", "````\n```", "plain", "a ````` b"):
        (token,) = READER.parse(fence(source, "python"))
        assert (token.type, token.content) == ("fence", f"{source}\n")


def test_plain_text_holds_the_verdicts_the_diff_and_the_tests(verified: Session) -> None:
    text = plain(outline(verified))
    assert "[✓ verified]" in text
    assert '+     {"item": "tea", "price": 3.5},' in text
    assert "✓ test_each_record_has_a_price  before: raises AssertionError  after: passes" in text


def test_a_schedule_is_drawn_in_characters() -> None:
    drawn = outline(sessions.fold(sessions.race_events()))
    for text in (markdown(drawn), plain(drawn)):
        assert "The failing schedule" in text
        lines = [line.strip() for line in text.splitlines()]
        place = next(n for n, line in enumerate(lines) if line.startswith("│ ◆"))
        assert lines[place].endswith("line 9  rows.clear()")
        assert lines[place + 1].endswith("◆ takes 4x as long")
        assert lines[place + 2] == "┄ ┄  from here on, every continuation that was tried fails"
        assert lines[place + 3].startswith("✗ │")


@pytest.mark.parametrize("width", [20, 60, 100])
def test_plain_text_loses_no_word_where_it_is_wrapped(width: int) -> None:
    words = [f"word{n}" + "x" * (n % 40) for n in range(300)]
    section = Section(phase=Phase.PLAN, state=State.DONE, blocks=(Text(text=" ".join(words), topic="t"),))
    drawn = Outline(name="cot", title="t", badge=Badge(mark=OPEN, word="w"), meta=(), sections=(section,))
    body = plain(drawn, width=width + 4).splitlines()[3:]
    assert "".join(body).replace(" ", "") == f"t:{''.join(words)}"
    assert all(len(line) <= max(40, width) + 4 for line in body)


def test_plain_text_wraps_prose_at_the_width(verified: Session) -> None:
    text = plain(outline(verified), width=60)
    prose = [line for line in text.splitlines() if "Prediction" in line or "Predicts" in line]
    assert prose
    assert all(len(line) <= 60 for line in prose)


def test_a_table_of_a_model_stays_a_table() -> None:
    text = "| name | `a\\|b` |\n|---|---|\n| <b> | 2 |"
    session = Outline(
        name="cot",
        title="t",
        badge=Badge(mark=OPEN, word="unresolved"),
        meta=(),
        sections=(Section(phase=Phase.PLAN, state=State.DONE, blocks=(Text(text=text),)),),
    )
    table = READER.render(markdown(session)).partition("<table>")[2]
    assert re.findall(r"<t[hd]>(.*?)</t[hd]>", table) == ["name", "<code>a|b</code>", "&lt;b&gt;", "2"]
    assert "name  a|b" in plain(session)
