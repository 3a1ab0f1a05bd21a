"""The sections about the order in which concurrent code runs: the witness, its replay and its picture."""

import base64
import json
import zlib
from collections.abc import Iterator
from typing import Any

from cot_magic.core.findings import Evidence, EvidenceKind
from cot_magic.core.schedules import ScheduleSearch
from cot_magic.notebook.report.case import Dossier
from cot_magic.notebook.report.cells import (
    IGNORE_OUTPUT,
    RAISES,
    Drawn,
    Failed,
    ReportCell,
    as_markdown,
    text_cell,
)
from cot_magic.render import timeline as picture
from cot_magic.render.blocks import Table
from cot_magic.render.markdown import fence, inline
from cot_magic.render.runs import ending, error
from cot_magic.render.safe_text import one_line, said


def timeline(told: Dossier) -> Iterator[ReportCell]:
    """Yield the failing schedule as a picture; without one, the order in which the cells ran."""
    found = _witnessed(told)
    if found is None or found[1].trace is None:
        rows = tuple(
            (f"{place}", told.label(cell), _first_line(cell.source))
            for place, cell in enumerate((*told.before, told.case.cell), 1)
        )
        table = Table(headers=("", "cell", "source"), rows=rows, code=(2,))
        yield text_cell("The cells that matter, in the order in which they ran:", as_markdown(table))
        return
    evidence, search = found
    assert search.trace is not None
    since = search.inevitable_after
    drawn = picture.svg(search.trace, inevitable_after=since)
    if drawn:
        yield text_cell(
            f"The failing schedule ({evidence.id}): each lane is a task or thread; time goes down."
        )
        yield ReportCell(
            source=_drawing(drawn),
            tags=("cot-picture", IGNORE_OUTPUT),
            outputs=(Drawn(svg=drawn),),
            ran=True,
            role="picture",
        )
    yield text_cell("The same in text:", fence(picture.text(search.trace, inevitable_after=since)))


def _drawing(svg: str) -> str:
    """Return the cell that draws the picture: JupyterLab does not show an SVG in Markdown."""
    packed = base64.b85encode(zlib.compress(svg.encode(), 9)).decode()
    rows = [f"        {packed[place : place + 100]!r}" for place in range(0, len(packed), 100)]
    return "\n".join([
        "def rca_picture():",
        '    """The failing schedule, as a picture."""',
        "    import base64, zlib",
        "    from IPython.display import SVG",
        "",
        "    packed = (",
        *rows,
        "    )",
        "    return SVG(zlib.decompress(base64.b85decode(packed)).decode())",
        "",
        "",
        "rca_picture()",
    ])  # fmt: skip


def witness(told: Dossier) -> Iterator[ReportCell]:
    """Yield the searches over schedules, and a cell that replays the failing one."""
    searches = [(item, item.schedule) for item in told.session.evidence if item.schedule is not None]
    if not searches:
        return
    rows = tuple(
        (
            item.id,
            f"{item.stage.value} the fix" if item.stage is not None else "",
            f"{search.failed:,} of {search.schedules:,}",
            one_line(search.bound, 200),
            ending(item),
        )
        for item, search in searches
    )
    table = Table(headers=("search", "stage", "schedules that failed", "rate", "how it ended"), rows=rows)
    yield text_cell(
        "The failure depends on the order in which tasks or threads take turns. Schedules were searched:",
        as_markdown(table),
    )
    found = _witnessed(told)
    if found is not None:
        yield from _replay(told, *found)


def _replay(told: Dossier, evidence: Evidence, search: ScheduleSearch) -> Iterator[ReportCell]:
    made = search.witness
    if made is None or told.skip:
        return
    seen = f"failed in {made.replays_failed} of {made.replays} replays" if made.replays else ""
    token = f"token {made.token}" if made.token else ""
    facts = ", ".join(part for part in (f"seed {made.schedule.seed}", token, seen) if part)
    yield text_cell(f"The failing schedule: {inline(said(facts))}. This cell replays it:")
    trial: dict[str, Any] = {"choices": list(made.minimised or made.schedule.choices)}
    if made.random_seed:
        trial["random_seed"] = made.random_seed
    batch = json.dumps({"trials": [trial]})
    kit = told.kit
    source = "\n".join((
        f"# {evidence.id}: this cell needs cot-magic, which replays the order of turns",
        kit.call("state_before()"),
        "try:",
        "    from cot_magic.explore.incopy import raise_again",
        "except ImportError:",
        '    print("To replay the schedule: pip install cot-magic")',
        "else:",
        f"    raise_again({kit.name}.failing[{told.label(told.case.cell)!r}], {batch!r}, globals())",
    ))  # fmt: skip
    raised = evidence.raised or told.case.raised
    assert raised is not None
    output = Failed(ename=raised.ename, evalue=raised.evalue, traceback=(error(raised),))
    yield ReportCell(
        source=source,
        tags=("cot-witness", RAISES, IGNORE_OUTPUT),
        outputs=(output,),
        ran=True,
        role="witness",
    )


def _witnessed(told: Dossier) -> tuple[Evidence, ScheduleSearch] | None:
    """Return the last search of the original cell that found a failing schedule."""
    fixes = {fix.id for fix in told.session.fixes}
    found = [
        (item, item.schedule)
        for item in told.session.evidence
        if item.kind is EvidenceKind.SCHEDULE
        and item.about not in fixes
        and item.schedule is not None
        and item.schedule.witness is not None
    ]
    return found[-1] if found else None


def _first_line(source: str) -> str:
    first, _, rest = source.strip().partition("\n")
    return f"{one_line(first, 80)} …" if rest else one_line(first, 80)
