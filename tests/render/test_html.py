"""Static HTML: escaped throughout, and made of what a sanitizer lets pass."""

import re
from html.parser import HTMLParser

import pytest
import sessions

from cot_magic.core.events import EvidenceGathered
from cot_magic.core.session import Session
from cot_magic.render.accordion import bundle
from cot_magic.render.html import html
from cot_magic.render.outline import outline

TAGS = {
    *("section", "details", "summary", "div", "span", "p", "b", "code", "pre", "ul", "ol", "li"),
    *("table", "tr", "td", "th"),
}
ATTRIBUTES = {"style", "role", "aria-label", "aria-level", "aria-live", "title", "open", "dir", "valign"}
# of a picture: where a sanitizer takes them, its text stays (test_sanitised)
DRAWN = {"svg", "text", "tspan", "line", "path", "circle", "rect", "g"}
DRAWN_WITH = {
    *("xmlns", "viewbox", "width", "height", "font-family", "font-size", "font-weight", "font-style"),
    *("x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "rx", "d", "fill", "fill-opacity", "stroke"),
    *("stroke-width", "stroke-opacity", "stroke-dasharray", "opacity", "display", "text-anchor"),
    *("text-decoration", "xml:space", "aria-hidden"),
}
# what JupyterLab's sanitizer takes for a colour (packages/apputils/src/sanitizer.ts, CssProp)
COLOUR = re.compile(r"#[0-9a-f]+|rgba\(\d+,\d+,\d+,[01](\.\d+)?\)|inherit|transparent")


class Page(HTMLParser):
    """Reads a page, checks that tags are closed in order, and keeps what it saw."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text: list[str] = []
        self.opened: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data[:80]}")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(f"a declaration: {decl[:80]}")

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    @property
    def styles(self) -> list[tuple[str, str]]:
        found = [value for name, value in self.attributes if name == "style"]
        pairs = [item.partition(":") for style in found for item in style.split(";")]
        return [(name, value) for name, _, value in pairs]


@pytest.mark.slow
def test_no_foreign_text_can_add_markup() -> None:
    plain_shape = Page(html(outline(sessions.fold(sessions.hostile_events("word")))))
    for name, text in sessions.HOSTILE.items():
        page = Page(html(outline(sessions.fold(sessions.hostile_events(text)))))
        assert page.open == [], name
        assert set(page.tags) <= TAGS | DRAWN, name
        assert {attribute for attribute, _ in page.attributes} <= ATTRIBUTES | DRAWN_WITH, name
        assert page.tags.count("section") == plain_shape.tags.count("section") == 1, name
    quoted = Page(html(outline(sessions.fold(sessions.hostile_events(sessions.HOSTILE["script"])))))
    assert "<script>alert(1)</script>" in "".join(quoted.text)


def test_styles_are_inline_and_each_colour_has_a_value_that_a_sanitizer_knows(verified: Session) -> None:
    page = Page(html(outline(verified)))
    colours = [value for name, value in page.styles if name in ("color", "background-color")]
    assert len(colours) > 20
    for place, value in enumerate(colours):
        assert COLOUR.fullmatch(value) or (
            value.startswith("var(--jp-") and COLOUR.fullmatch(colours[place - 1])
        )


def test_no_fixed_text_colour_so_that_it_reads_on_light_and_on_dark(verified: Session) -> None:
    page = Page(html(outline(verified)))
    assert not [
        value for name, value in page.styles if name == "color" and value in ("#000", "#fff", "#212121")
    ]


def test_the_answer_comes_first_and_each_phase_is_a_closed_fold(verified: Session) -> None:
    text = html(outline(verified))
    folds = re.findall(r"<details( open)? .{1,400}?<b [^>]*>([A-Z]+)</b>", text)
    assert folds == [
        ("", "ANALYZE"),
        ("", "PLAN"),
        ("", "VALIDATE"),
        ("", "IMPLEMENT"),
        ("", "CONFIRM"),
    ]
    above = "".join(Page(text[: text.index("<details")]).text)
    assert above.index("verified") < above.index("misspelt") < above.index("- ")
    assert len([word for word in above.split() if any(map(str.isalnum, word))]) <= 60


def test_while_it_runs_only_the_running_phase_is_open() -> None:
    session = sessions.fold([*sessions.analyze(sessions.key_error_case()), *sessions.plan()[:1]])
    text = html(outline(session))
    assert re.findall(r"<details open .{1,400}?<b [^>]*>([A-Z]+)</b>", text) == ["PLAN"]
    assert "… running" in text


def test_it_can_be_found_by_a_screen_reader(verified: Session) -> None:
    text = html(outline(verified))
    assert 'role="region" aria-label="cot+: KeyError in cell [7], caused in cell [5], verified"' in text
    assert 'title="evidence: e1"' in text


def test_a_bundle_has_three_renderings_and_no_widget(verified: Session) -> None:
    assert set(bundle(verified)) == {"text/html", "text/markdown", "text/plain"}


def test_an_empty_session_is_drawn_too() -> None:
    page = Page(html(outline(Session())))
    assert page.open == []
    assert "no failure yet" in "".join(page.text)


def test_it_is_one_line_so_that_an_empty_line_in_code_does_not_end_it_in_markdown(verified: Session) -> None:
    assert "\n" not in html(outline(verified))
    assert "\n" not in html(outline(sessions.fold(sessions.hostile_events(sessions.HOSTILE["fence"]))))


def test_without_any_style_words_are_still_kept_apart(verified: Session) -> None:
    text = "".join(Page(html(outline(verified))).text)
    assert "✓ verified KeyError in cell [7], caused in cell [5] 12 s · " in text
    assert "Raises KeyError without it, passes with it; 1 test shows it." in text
    assert "CONFIRM 1 test fails before and passes after" in text
    assert "test_each_record_has_a_price before: raises AssertionError after: passes" in text
    assert "pattern A KeyError on a dict" in text


def test_a_long_list_of_runs_goes_into_one_fold() -> None:
    events = [*sessions.analyze(sessions.key_error_case()), *sessions.plan(), *sessions.validate()[:1]]
    for number in range(40):
        seen = sessions.probe(100 + number, sessions.H2, f"len(records) > {number}", held=False)
        events.append(EvidenceGathered(evidence=seen))
    text = html(outline(sessions.fold(events)))
    assert text.count("<summary") == 5 + 1 + 40
    assert ">40 runs</summary>" in text


class Faintness(HTMLParser):
    """The opacity of each piece of text, that of the elements around it included."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.around = [1.0]
        self.faintest = 1.0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("rect", "circle", "path", "line"):  # they have no end tag, or no text
            return
        given = dict(attrs)
        found = re.search(r"(?<![-\w])opacity:([\d.]+)", given.get("style") or "")
        own = float(found[1]) if found else float(given.get("opacity") or 1)
        self.around.append(self.around[-1] * own)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("rect", "circle", "path", "line"):
            self.around.pop()

    def handle_data(self, data: str) -> None:
        if any(map(str.isalnum, data)):
            self.faintest = min(self.faintest, self.around[-1])


def test_no_text_is_too_faint_to_read(verified: Session) -> None:
    """JupyterLab's text is black at 87 %: 70 % of that is a contrast of 4.5 on white."""
    for session in (verified, sessions.fold(sessions.race_events()), sessions.fold(sessions.analyze(sessions.key_error_case()))):  # fmt: skip
        assert Faintness(html(outline(session))).faintest >= 0.7


def test_each_phase_is_a_heading_and_the_verdict_is_announced(verified: Session) -> None:
    page = html(outline(verified))
    assert page.count('role="heading"') == 5
    assert 'role="status" aria-live="polite"' in page
