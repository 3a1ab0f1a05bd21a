"""What is left where styles, classes and scripts are taken away: all five phases can be read."""

from html.parser import HTMLParser

import bleach
import mistune
import nbformat
import pytest
import sessions
from nbconvert import MarkdownExporter

from cot_magic.core.findings import Phase
from cot_magic.core.session import Session
from cot_magic.render.accordion import bundle

# GitHub's list (github-linguist/html-pipeline, SanitizationFilter), as far as tables, folds and code go
TAGS = {
    *(
        "h1",
        "h2",
        "h3",
        "h4",
        "b",
        "strong",
        "em",
        "i",
        "br",
        "pre",
        "code",
        "div",
        "span",
        "p",
        "blockquote",
    ),
    *("ol", "ul", "li", "table", "thead", "tbody", "tr", "td", "th", "details", "summary", "hr", "del", "a"),
}
ATTRIBUTES = {"details": ["open"], "td": ["valign"], "*": ["dir", "title"]}
DIFF = ['-     {"item": "tea", "pirce": 3.5},', '+     {"item": "tea", "price": 3.5},']


def sanitised(html: str) -> str:
    return bleach.clean(html, tags=TAGS, attributes=ATTRIBUTES, strip=True)


def text_of(html: str) -> str:
    kept = bleach.clean(html, tags=set(), strip=True)
    return kept.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")


class Elements(HTMLParser):
    """The tags and the names of attributes of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]


def check(html: str) -> None:
    text = text_of(html)
    assert "✓ verified" in text
    for phase in Phase:
        assert phase.value in text
    for line in DIFF:
        assert line in text
    assert "test_each_record_has_a_price" in text
    assert "raises AssertionError" in text
    assert 'any("price" in record for record in records)' in text, "the probe that ran"


def test_html_without_styles_is_readable(verified: Session) -> None:
    clean = sanitised(bundle(verified)["text/html"])
    assert "style=" not in clean
    assert clean.count("<details") == clean.count("</details>") > 5
    check(clean)


def test_a_picture_without_its_tags_stays_as_lines_of_text() -> None:
    clean = sanitised(bundle(sessions.fold(sessions.race_events()))["text/html"])
    assert "<svg" not in clean
    lines = text_of(clean.replace("&#10;", "\n")).splitlines()
    place = next(n for n, line in enumerate(lines) if line.startswith("│ ◆"))
    assert lines[place].split() == ["│", "◆", "B", "cleaner", "line", "9", "rows.clear()"]
    assert lines[place + 1].strip() == "◆ takes 4x as long"
    assert lines[place + 2].startswith("┄ ┄  from here on")
    assert lines[place + 3].startswith("✗ │  A main")


def test_an_export_to_markdown_keeps_the_panel_in_one_piece(verified: Session) -> None:
    output = nbformat.v4.new_output("display_data", data=bundle(verified))
    cell = nbformat.v4.new_code_cell("total(records)", outputs=[output])
    exported, _ = MarkdownExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    rendered = mistune.html(exported)
    assert isinstance(rendered, str)
    clean = sanitised(rendered)
    check(clean)
    assert clean.count("<details") == clean.count("</details>") > 5
    assert "    amount += row" in text_of(clean), "the indentation of code is kept"


def test_the_markdown_of_the_panel_renders_with_its_folds(verified: Session) -> None:
    rendered = mistune.html(bundle(verified)["text/markdown"])
    assert isinstance(rendered, str)
    clean = sanitised(rendered)
    check(clean)
    assert clean.count("<details") == clean.count("</details>") > 3


@pytest.mark.parametrize("name", ["script", "closing", "attribute", "entity", "fence", "table"])
def test_hostile_text_stays_text_in_html_and_in_rendered_markdown(name: str) -> None:
    drawn = bundle(sessions.fold(sessions.hostile_events(sessions.HOSTILE[name])))
    for html in (drawn["text/html"], mistune.html(drawn["text/markdown"])):
        assert isinstance(html, str)
        elements = Elements()
        elements.feed(html)
        assert not {"script", "img", "input", "a"} & set(elements.tags)
        assert not [attribute for attribute in elements.attributes if attribute.startswith("on")]
        assert elements.tags.count("details") == html.count("</details>")
