"""The RCA notebook of a session: what is in it, that it is the same each time, and that nothing foreign gets out."""

import json
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pytest
import sessions
from nbconvert.filters.markdown import markdown2html_mistune

from cot_magic.core.case import Case, Variable
from cot_magic.core.codec import decode, encode
from cot_magic.core.errors import UsageError
from cot_magic.core.events import EvidenceGathered, SessionStarted, Stamped
from cot_magic.core.findings import EvidenceKind
from cot_magic.core.jobs import Outcome
from cot_magic.notebook.report.session import embedded, folded
from cot_magic.notebook.report.write import export, report, write_report


def same(text: str) -> str:
    return text


@pytest.fixture
def events() -> list[Stamped]:
    """A KeyError caused in an earlier cell, with a verified fix."""
    return sessions.stamp(sessions.verified_events())


def cells(book: dict[str, Any], role: str) -> list[dict[str, Any]]:
    return [cell for cell in book["cells"] if cell["metadata"].get("cot", {}).get("role") == role]


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def text(book: dict[str, Any]) -> str:
    """All Markdown of a report."""
    return "\n\n".join(source(cell) for cell in book["cells"] if cell["cell_type"] == "markdown")


def section(book: dict[str, Any], heading: str) -> str:
    """The Markdown from a heading to the next of its level."""
    return text(book).partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def test_it_is_a_valid_notebook_of_format_4_5(events: list[Stamped], tmp_path: Path) -> None:
    book = report(events, redact=same)
    assert (book["nbformat"], book["nbformat_minor"]) == (4, 5)
    nbformat.validate(book)
    said = write_report(tmp_path / "rca.ipynb", book)
    assert said.startswith(str(tmp_path / "rca.ipynb"))
    assert nbformat.read(tmp_path / "rca.ipynb", as_version=nbformat.NO_CONVERT).cells


def test_the_same_events_give_the_same_bytes(events: list[Stamped], tmp_path: Path) -> None:
    for name in ("one.ipynb", "two.ipynb"):
        export(events, tmp_path / name, redact=same)
    assert (tmp_path / "one.ipynb").read_bytes() == (tmp_path / "two.ipynb").read_bytes()


def test_a_report_of_a_report_is_the_same_report(events: list[Stamped], tmp_path: Path) -> None:
    first = tmp_path / "one.ipynb"
    export(events, first, redact=same)
    assert report(list(embedded(first)), redact=same) == json.loads(first.read_text())


def test_ids_come_from_the_content_and_are_different(events: list[Stamped]) -> None:
    book = report(events, redact=same)
    ids = [cell["id"] for cell in book["cells"]]
    assert len(set(ids)) == len(ids)
    more = report(events, redact=same, template="A preface.\n\n{{reproduction}}\n\n{{tests}}")
    kept = {cell["id"] for cell in more["cells"] if cell["cell_type"] == "code"}
    assert kept <= set(ids), "a code cell keeps its id wherever it is"


def test_every_section_of_the_template_is_there(events: list[Stamped]) -> None:
    told = text(report(events, redact=same))
    for heading in (
        "Environment", "Reproduction", "Analysis", "Timeline", "Hypotheses", "Alternatives eliminated", "The fix",
        "Tests before and after", "Plan", "Edge cases", "Measured cost of the fix", "Security notes", "Rollback",
        "Monitoring", "Follow-ups", "Appendix: the session",
    ):  # fmt: skip
        assert f"\n## {heading}\n" in told
    assert "{{" not in told


def test_the_summary_says_verdict_cause_and_fix(events: list[Stamped]) -> None:
    top = text(report(events, redact=same)).partition("## Environment")[0]
    assert "**✓ verified**" in top
    assert "caused in cell" in top
    assert "**Root cause** (✓ confirmed by e1): The key is misspelt" in top


def test_the_reproduction_holds_the_cells_and_the_failure(events: list[Stamped]) -> None:
    book = report(events, redact=same)
    assert [source(cell) for cell in cells(book, "lineage")] == [sessions.LOAD]
    (failing,) = cells(book, "failing")
    assert source(failing) == sessions.TOTAL
    assert "raises-exception" in failing["metadata"]["tags"]
    (error,) = failing["outputs"]
    assert (error["ename"], error["evalue"]) == ("KeyError", "'price'")
    assert "nbval-ignore-output" not in failing["metadata"]["tags"], "its error is compared"


def test_each_probe_that_ran_is_a_cell_with_its_answer_and_the_others_say_why_not(
    events: list[Stamped],
) -> None:
    book = report(events, redact=same)
    answers = [cell["outputs"][0]["data"]["text/plain"] for cell in cells(book, "probe")]
    assert answers == [["True"], ["False"]]
    told = section(book, "Hypotheses")
    assert "blocked: needs the network" in told
    assert "urlopen" in told
    assert "| h2 | Only some records lack a price. |" in told
    assert "✗ refuted" in told
    assert "? inconclusive" in told


def test_what_was_refuted_and_what_was_rivalled_is_listed(events: list[Stamped]) -> None:
    told = section(report(events, redact=same), "Alternatives eliminated")
    assert "✗ h2 (e2)" in told
    assert "f2" in told
    assert "+        amount += row.get" in told


def test_the_fix_is_a_diff_and_cells_and_its_tests_run_before_and_after(events: list[Stamped]) -> None:
    book = report(events, redact=same)
    assert '+    {"item": "tea", "price": 3.5},' in section(book, "The fix")
    edited, again = cells(book, "fix")
    assert source(edited) == sessions.LOAD_FIXED
    assert edited["metadata"]["tags"][0] == "cot-fix"
    assert source(again) == sessions.TOTAL, "the failing cell runs again below the edited one"
    definition, before, after = cells(book, "test")
    assert source(definition).startswith("def test_each_record_has_a_price")
    assert "test_each_record_has_a_price()" not in source(definition).splitlines()
    assert before["outputs"][0]["text"] == ["fails: AssertionError\n"]
    assert after["outputs"][0]["text"] == ["passes\n"]


def test_cost_security_and_rollback_come_from_the_session(events: list[Stamped]) -> None:
    book = report(events, redact=same)
    assert "| the failing cell | 0.2 s, raises KeyError | 0.2 s, passes | e4, e5 |" in section(
        book, "Measured cost of the fix"
    )
    assert "`open for writing out.csv` (e4)" in section(book, "Security notes")
    assert "`connect shop.example:80` (e3)" in section(book, "Security notes")
    assert "Undo takes the cells out again." in section(book, "Rollback")


def test_the_plan_is_ordered_by_priority(events: list[Stamped]) -> None:
    now, _, rest = section(report(events, redact=same), "Plan").partition("**P1**")
    assert "f1: Spell the key `price`" in now
    assert "f2: Read the key with a default" in rest


def test_where_the_session_is_silent_the_section_says_so(events: list[Stamped]) -> None:
    book = report(events, redact=same)
    assert section(book, "Monitoring").strip() == "The session says nothing about monitoring."
    assert "says nothing about edge cases" in section(book, "Edge cases")


def test_without_evidence_nothing_is_ticked(events: list[Stamped]) -> None:
    unproven = [item for item in events if not isinstance(item.event, EvidenceGathered)]
    book = report(unproven, redact=same)
    assert "✓" not in text(book)
    assert "no hypothesis was shown to be it" in text(book)
    assert not cells(book, "probe")
    (fix, _) = cells(book, "fix")
    assert "nbval-skip" in fix["metadata"]["tags"], "a fix that nothing ran is not run by tests"
    assert "Nothing was run in a confined copy" in section(book, "Security notes")


def test_a_failure_that_did_not_come_back_is_not_compared(events: list[Stamped]) -> None:
    def passing(item: Stamped) -> Stamped:
        event = item.event
        if isinstance(event, EvidenceGathered) and event.evidence.kind is EvidenceKind.FIX:
            return replace(
                item,
                event=replace(event, evidence=replace(event.evidence, outcome=Outcome.PASSED, raised=None)),
            )
        return item

    book = report([passing(item) for item in events], redact=same)
    (failing,) = cells(book, "failing")
    (kit,) = cells(book, "kit")
    assert "nbval-ignore-output" in failing["metadata"]["tags"]
    assert "nbval-ignore-output" in kit["metadata"]["tags"]
    assert "did not come back each time" in text(book)


def with_case(events: list[Stamped], change: Callable[[Case], Case]) -> list[Stamped]:
    first = events[0]
    assert isinstance(first.event, SessionStarted)
    return [replace(first, event=replace(first.event, case=change(first.event.case))), *events[1:]]


def test_a_name_that_no_cell_gives_is_said_and_nothing_is_run(events: list[Stamped]) -> None:
    def lost(case: Case) -> Case:
        there = (Variable(name="records", type="list", text="[…]"),)
        return replace(case, lineage=(), cells=(case.cell,), namespace=there)

    book = report(with_case(events, lost), redact=same)
    assert "no known cell defines `records`" in text(book)
    code = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    assert code
    assert all("nbval-skip" in cell["metadata"]["tags"] for cell in code)


def test_a_plain_value_that_no_cell_gives_stands_in_a_cell_of_its_own(events: list[Stamped]) -> None:
    def lost(case: Case) -> Case:
        there = (Variable(name="records", type="list", text="[{'item': 'tea', 'pirce': 3.5}]"),)
        return replace(case, lineage=(), cells=(case.cell,), namespace=there)

    book = report(with_case(events, lost), redact=same)
    (values, *_) = cells(book, "lineage")
    assert source(values) == "records = [{'item': 'tea', 'pirce': 3.5}]"
    assert "Values that no known cell defines" in section(book, "Reproduction")
    assert "no known cell defines `records`" not in text(book)


def test_a_foreign_id_adds_no_line_to_a_cell(events: list[Stamped]) -> None:
    def renamed(item: Stamped) -> Stamped:
        line = encode(item).replace('"h1"', '"h1\\nimport os"')
        return decode(line)

    book = report([renamed(item) for item in events], redact=same)
    assert all("import os" not in source(cell).splitlines() for cell in book["cells"])


def test_a_cell_that_passed_and_was_reviewed_has_a_report_too(events: list[Stamped]) -> None:
    book = report(with_case(events, lambda case: replace(case, raised=None)), redact=same)
    assert "no failure" in text(book)
    assert not cells(book, "kit")


def test_secrets_are_withheld_everywhere_sources_too(events: list[Stamped], tmp_path: Path) -> None:
    path = tmp_path / "rca.ipynb"
    export(
        events,
        path,
        redact=lambda text: text.replace("pirce", "<redacted: key>").replace("price", "<redacted: key>"),
    )
    written = path.read_text()
    assert "pirce" not in written
    assert "price" not in written
    assert "<redacted: key>" in written


@pytest.mark.parametrize("kind", ["script", "closing", "attribute", "entity", "rich", "backquotes", "fence", "table",
                                  "emoji", "bidi", "escape", "surrogate", "ticks", "long", "stars", "empty",
                                  pytest.param("lines", marks=pytest.mark.slow)])  # fmt: skip
def test_foreign_text_adds_no_structure(kind: str, tmp_path: Path) -> None:
    hostile = sessions.HOSTILE[kind][:20_000]
    events = [
        Stamped(order=place, seconds=place * 0.1, event=event)
        for place, event in enumerate(sessions.hostile_events(hostile))
    ]
    book = report(events, redact=same)
    write_report(tmp_path / "x.ipynb", book)
    assert list(embedded(tmp_path / "x.ipynb")) == events
    page = Page()
    for cell in book["cells"]:
        if cell["cell_type"] == "markdown":
            page.feed(markdown2html_mistune(source(cell)))
    assert not {"script", "img", "iframe"} & set(page.tags)
    assert page.tags.count("h1") == 1
    assert page.tags.count("style") == 1
    assert page.tags.count("details") == page.closed.count("details")
    assert not page.handlers
    # a bare address becomes a link in any viewer; no other link is there than those of the headings
    assert all(link.startswith(("#", "http://x.exam")) for link in page.links)


class Page(HTMLParser):
    """The elements that a text makes in a browser."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.closed: list[str] = []
        self.handlers: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_endtag(self, tag: str) -> None:
        self.closed.append(tag)


def test_a_recording_is_told_from_a_report(events: list[Stamped], tmp_path: Path) -> None:
    path = tmp_path / "rca.ipynb"
    export(events, path, redact=same)
    again = list(embedded(path))
    assert again == events
    assert folded(again).result == "verified"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot read"),
        ("{", "not a notebook"),
        ("[]", "contains no session"),
        ('{"metadata": {"cot": 3}}', "contains no session"),
        ('{"metadata": {"cot": {"session": []}}}', "contains no session"),
    ],
)
def test_a_file_that_is_no_report_is_told_in_one_line(tmp_path: Path, content: str | None, said: str) -> None:
    path = tmp_path / "x.ipynb"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UsageError, match=said):
        list(embedded(path))


def test_without_a_case_there_is_nothing_to_report() -> None:
    with pytest.raises(UsageError, match="nothing to report"):
        report([], redact=same)


def test_a_report_that_cannot_be_written_is_told_and_leaves_nothing(
    events: list[Stamped], tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="cannot write"):
        export(events, tmp_path / "none" / "rca.ipynb", redact=same)
    assert list(tmp_path.iterdir()) == []


def test_cells_that_read_a_file_which_is_not_embedded_are_skipped_by_tests(
    events: list[Stamped], tmp_path: Path
) -> None:
    (tmp_path / "tea").write_text("a file that the sources name")
    book = report(events, redact=same, folder=tmp_path)
    assert "allow it with --embed-data" in section(book, "Reproduction")
    code = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    assert all("nbval-skip" in cell["metadata"]["tags"] for cell in code)
    book = report(events, redact=same, folder=tmp_path, embed=True)
    (data,) = cells(book, "data")
    assert "a file that the sources name" in source(data)
    assert "nbval-skip" not in data["metadata"].get("tags", [])
