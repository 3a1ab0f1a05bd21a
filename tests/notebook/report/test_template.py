"""The order and wording of a report can be replaced; a template that does not fit is told in one line."""

from pathlib import Path

import pytest
import sessions

from cot_magic.core.errors import UsageError
from cot_magic.core.events import Stamped
from cot_magic.notebook.report.sections import NEED_KIT, SECTIONS
from cot_magic.notebook.report.template import parts, read_template
from cot_magic.notebook.report.write import export, report


@pytest.fixture
def events() -> list[Stamped]:
    return sessions.stamp(sessions.verified_events())


def same(text: str) -> str:
    return text


def test_a_template_sets_order_and_wording(events: list[Stamped]) -> None:
    template = "# Incident {{session}}\n\nWe found: {{title}} ({{verdict}}).\n\n{{cost}}\n\nSummary follows.\n\n{{summary}}\n"
    book = report(events, redact=same, template=template)
    (cell,) = book["cells"]
    told = "".join(cell["source"])
    assert told.startswith("# Incident without a name\n\nWe found: KeyError in cell")
    assert "(✓ verified)." in told
    assert told.index("the failing cell") < told.index("Summary follows.") < told.index("**Root cause**")


def test_the_package_s_own_template_uses_every_section() -> None:
    used = {
        part.section for part in parts(read_template(None), sections=tuple(SECTIONS), words={"title": "x"})
    }
    assert used - {""} == set(SECTIONS)


def test_a_template_comes_from_a_file(events: list[Stamped], tmp_path: Path) -> None:
    template = tmp_path / "ours.md"
    template.write_text("# Ours\n\n{{plan}}\n")
    export(events, tmp_path / "rca.ipynb", redact=same, template=template)
    assert "# Ours" in (tmp_path / "rca.ipynb").read_text()


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{sumary}}", r"\{\{sumary\}\}, which is not a section: did you mean summary"),
        ("a {{titel}} b", r"\{\{titel\}\}, which is not a section: did you mean title"),
        ("{{xyzzy}}", "which is not a section: use one of summary"),
        ("{{plan}}\n\n{{plan}}", r"\{\{plan\}\} twice"),
        ("see {{plan}} here", "give it a line of its own"),
        ("{{tests}}\n\n{{reproduction}}", r"\{\{tests\}\} above \{\{reproduction\}\}"),
        ("{{hypotheses}}", r"\{\{hypotheses\}\} above \{\{reproduction\}\}"),
    ],
)
def test_a_template_that_does_not_fit_is_told(events: list[Stamped], template: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        report(events, redact=same, template=template)


def test_a_template_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read the template .*none.md"):
        read_template(tmp_path / "none.md")
    (tmp_path / "binary.md").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="it is not text"):
        read_template(tmp_path / "binary.md")


def test_what_needs_the_reproduction_is_known() -> None:
    assert set(NEED_KIT) < set(SECTIONS)
