"""The certificate of a whole notebook in words and blocks."""

from collections import Counter
from collections.abc import Sequence

from cot_magic.core.certificate import Certificate, CertifiedCell, OutputVerdict
from cot_magic.core.findings import Phase
from cot_magic.render.blocks import (
    OPEN,
    PLAIN,
    Badge,
    Block,
    Code,
    Fold,
    Mark,
    Outline,
    Row,
    Rows,
    Section,
    State,
    Table,
    Text,
)
from cot_magic.render.safe_text import LONG, code_span, one_line, phrase, said, seconds, shown

_NAMED = 6  # cells named in one sentence


def certified(certificate: Certificate) -> tuple[Block, ...]:
    """Return what CONFIRM shows of a certificate: its sentence, what does not hold, outputs that changed."""
    title = "The whole notebook" if certificate.state == "fresh" else "The whole notebook, on live values"
    mark = PLAIN if certificate.holds else OPEN
    rows = [Row(mark=mark, claim=sentence_of(certificate), detail=_circumstances(certificate))]
    rows += [Row(mark=OPEN, claim=_failure(cell)) for cell in certificate.failed]
    rows += [Row(mark=OPEN, claim=claim) for claim in _not_certified(certificate.not_run)]
    changed = certificate.with_outputs(OutputVerdict.CHANGED)
    found: list[Block] = [Rows(rows=tuple(rows), title=title)]
    if changed:
        count = len(changed)
        blocks = tuple(block for cell in changed for block in _change(cell))
        found.append(Fold(title=f"{count} output{'s' * (count != 1)} changed", blocks=blocks))
    found.append(Fold(title="cell by cell", blocks=(_table(certificate),)))
    return (*found, *(Text(text=said(note), quiet=True) for note in certificate.notes))


def sentence_of(certificate: Certificate) -> str:
    """Return `12 of 12 cells pass; outputs of 9 unchanged, 2 changed, 1 not comparable (time); …`."""
    total, passed = len(certificate.cells), certificate.passed
    parts = [f"{passed} of {total} cell{'s' * (total != 1)} pass{'es' * (passed == 1)}"]
    outputs = _outputs(certificate)
    if outputs:
        parts.append(outputs)
    if certificate.tests:
        good = [cell for cell in certificate.tests if cell not in (*certificate.failed, *certificate.not_run)]
        count, whole = len(good), len(certificate.tests)
        of = f" of {whole}" if count != whole else ""
        parts.append(f"{count}{of} test{'s' * (whole != 1)} pass{'es' * (count == 1)}")
    if certificate.interrupted:
        parts.append("interrupted")
    word = "holds" if certificate.holds else "does not hold"
    return f"The certificate **{word}**: {'; '.join(parts)}."


def outline_of(certificate: Certificate) -> Outline:
    """Return a certificate without a session, ready to draw."""
    section = Section(
        phase=Phase.CONFIRM,
        state=State.INTERRUPTED if certificate.interrupted else State.DONE,
        headline=sentence_of(certificate).replace("**", ""),
        seconds=certificate.seconds,
        blocks=certified(certificate),
    )
    return Outline(
        name="certificate",
        title=phrase(certificate.notebook, 120),
        badge=Badge(mark=Mark(sign=""), word="holds" if certificate.holds else "does not hold"),
        meta=(seconds(certificate.seconds),),
        sections=(section,),
        notes=() if certificate.holds else (warning(certificate),),
    )


def warning(certificate: Certificate) -> str:
    """Return why a certificate does not hold, in one sentence."""
    if certificate.failed:
        return f"The certificate does not hold: {_failure(certificate.failed[0])}"
    if certificate.interrupted:
        return "The certificate does not hold: it was interrupted."
    left = certificate.not_run
    labels = ", ".join(phrase(cell.label, 60) for cell in left[:_NAMED])
    more = f" and {len(left) - _NAMED} more" if len(left) > _NAMED else ""
    return f"The certificate does not hold for the whole notebook: {labels}{more} not certified."


def lines_of(certificate: Certificate) -> tuple[str, ...]:
    """Return a certificate as lines for a terminal: its sentence, and a line for each thing that is open."""
    lines = [sentence_of(certificate).replace("**", ""), f"  {_circumstances(certificate)}"]
    lines += [f"  ? {_failure(cell)}" for cell in certificate.failed]
    lines += [f"  ? {claim}" for claim in _not_certified(certificate.not_run)]
    for cell in certificate.with_outputs(OutputVerdict.CHANGED):
        lines.append(f"  · the output of {phrase(cell.label, 60)} changed")
        lines += [f"    - {one_line(line, 160)}" for line in cell.was.splitlines()[:6] or ["(nothing)"]]
        lines += [f"    + {one_line(line, 160)}" for line in cell.now.splitlines()[:6] or ["(nothing)"]]
    return (*lines, *(f"  {phrase(note, 400)}" for note in certificate.notes))


def _outputs(certificate: Certificate) -> str:
    same = len(certificate.with_outputs(OutputVerdict.UNCHANGED))
    changed = len(certificate.with_outputs(OutputVerdict.CHANGED))
    open_ended = certificate.with_outputs(OutputVerdict.OPEN)
    parts = [f"{same} unchanged"] if same else []
    parts += [f"{changed} changed"] if changed else []
    if open_ended:
        reasons = Counter(phrase(cell.reason, 60) for cell in open_ended)
        parts.append(f"{len(open_ended)} not comparable ({', '.join(reasons)})")
    return f"outputs of {', '.join(parts)}" if parts else ""


def _circumstances(certificate: Certificate) -> str:
    facts = [seconds(certificate.seconds)]
    if certificate.python:
        facts.append(f"a fresh kernel of Python {phrase(certificate.python, 40)}")
    facts += [f"{phrase(name, 60)} {phrase(version, 40)}" for name, version in certificate.packages[:8]]
    if certificate.seed:
        facts.append(f"PYTHONHASHSEED={phrase(certificate.seed, 20)}")
    return ", ".join(facts)


def _failure(cell: CertifiedCell) -> str:
    line = f" at line {cell.lineno}" if cell.lineno is not None else ""
    more = f", {phrase(cell.relation, 300)}" if cell.relation else ""
    return f"{phrase(cell.label, 80)} fails{line}: {code_span(cell.reason, 300)}{more}."


def _not_certified(cells: Sequence[CertifiedCell]) -> list[str]:
    """Return one sentence for each reason, with the cells that it is about."""
    by_reason: dict[str, list[str]] = {}
    for cell in cells:
        by_reason.setdefault(cell.reason, []).append(phrase(cell.label, 60))
    return [
        f"{', '.join(labels[:_NAMED])}{f' and {len(labels) - _NAMED} more' if len(labels) > _NAMED else ''} "
        f"not certified: {phrase(reason, 300)}"
        for reason, labels in by_reason.items()
    ]


def _change(cell: CertifiedCell) -> tuple[Block, ...]:
    label = phrase(cell.label, 60)
    return (
        Code(source=shown(cell.was, LONG) or "(nothing)", title=f"{label}, before", language=""),
        Code(source=shown(cell.now, LONG) or "(nothing)", title=f"{label}, now", language=""),
    )


def _table(certificate: Certificate) -> Table:
    rows = tuple(
        (
            one_line(cell.label, 80),
            cell.outcome.value,
            cell.outputs.value if cell in certificate.cells and cell.outcome == "passed" else "",
            one_line(cell.reason, 200) if cell in certificate.cells or cell.outcome != "passed" else "",
            seconds(cell.seconds) if cell.seconds else "",
        )
        for cell in (*certificate.cells, *certificate.tests)
    )
    return Table(headers=("cell", "ended", "outputs", "why", "time"), rows=rows)
