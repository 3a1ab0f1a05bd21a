"""The cells of a report that run (reproduction, probes, fix, tests), each with what its run showed."""

import ast
from collections.abc import Iterator

from cot_magic.core.case import Cell, CellRole, Raised
from cot_magic.core.edits import parsed
from cot_magic.core.findings import Evidence, Probe, RegressionTest, Stage
from cot_magic.core.jobs import Outcome
from cot_magic.core.session import TestView
from cot_magic.notebook.report.case import Dossier, plainly, ran
from cot_magic.notebook.report.cells import (
    IGNORE_OUTPUT,
    RAISES,
    SKIP,
    Failed,
    Output,
    Printed,
    ReportCell,
    Value,
    text_cell,
)
from cot_magic.notebook.report.kit import literal
from cot_magic.notebook.report.lineage import VALUES
from cot_magic.render.markdown import escaped, fence, inline
from cot_magic.render.runs import ending, error
from cot_magic.render.safe_text import code_span, one_line, shown


def reproduction(told: Dossier) -> Iterator[ReportCell]:
    """Yield the cells that create the state, the failing cell, and the kit that runs them again."""
    yield text_cell(
        f"Labels such as {escaped(told.label(told.case.cell))} refer to the notebook that failed."
    )
    for cell in told.before:
        yield text_cell(_introduced(told, cell))
        yield ReportCell(source=cell.source, tags=_tags(told, IGNORE_OUTPUT), role="lineage")
    raised = told.case.raised
    if raised is None:
        return
    yield text_cell(f"**{escaped(told.label(told.case.cell))}** fails with {code_span(error(raised), 300)}:")
    yield failing(told, raised)
    if told.skip:
        return
    kit = told.kit
    yield text_cell(
        "The cells below run the ones above again, each on its own state. This cell is all they need. Its "
        "last line checks that the failure is the same."
    )
    ename = "TimeoutError" if told.hung else raised.ename
    check = f'print("fails again:", type({kit.call("failure()")}).__name__)'
    tags = ("cot-kit", IGNORE_OUTPUT) if told.unsure else ("cot-kit",)
    again = (Printed(text=f"fails again: {ename}\n"),)
    yield ReportCell(source=f"{kit.source()}\n\n\n{check}", tags=tags, outputs=again, ran=True, role="kit")


def _introduced(told: Dossier, cell: Cell) -> str:
    """Say what a cell before the failing one is for."""
    if cell.id == VALUES:
        return "**Values that no known cell defines**, as they were in the kernel when the cell failed:"
    names = next((item.names for item in told.case.lineage if item.cell.id == cell.id), ())
    defines = ", ".join(code_span(name, 80) for name in names)
    label = escaped(told.label(cell))
    return f"**{label}** defines {defines}:" if defines else f"**{label}**:"


def failing(told: Dossier, raised: Raised) -> ReportCell:
    """Return the failing cell with the recorded error."""
    output = Failed(ename=raised.ename, evalue=raised.evalue, traceback=tuple(_traceback(told, raised)))
    if told.hung or told.skip:
        return ReportCell(
            source=told.case.cell.source, tags=(RAISES, SKIP), outputs=(output,), ran=True, role="failing"
        )
    before = told.run_of_fix(Stage.BEFORE)
    printed = before.output if before is not None and before.outcome is Outcome.RAISED else ""
    outputs: tuple[Output, ...] = (*([Printed(text=printed)] if printed else []), output)
    exact = told.steady and told.silent
    tags = (RAISES,) if exact else (RAISES, IGNORE_OUTPUT)
    return ReportCell(source=told.case.cell.source, tags=tags, outputs=outputs, ran=True, role="failing")


def _traceback(told: Dossier, raised: Raised) -> Iterator[str]:
    """Yield the traceback through cells and libraries, the last 20 levels of it."""
    yield f"{raised.ename}: Traceback (most recent call last)"
    for frame in raised.frames[-20:]:
        inside = f", in {frame.function}" if frame.function not in ("", "<module>") else ""
        where = (
            told.case.label(frame.cell) if frame.cell is not None else one_line(_short(frame.filename), 120)
        )
        yield f"{where}, line {frame.lineno}{inside}"
        if frame.line:
            yield f"----> {frame.lineno} {shown(frame.line, 400)}"
    if raised.syntax is not None:
        yield f"{told.case.label(told.case.cell.id)}, line {raised.syntax.lineno}"
        yield f"    {raised.syntax.text.strip()}"
    yield error(raised)


def _short(filename: str) -> str:
    """Return the path of a library's file from its package on; the rest depends on the machine."""
    for mark in ("site-packages", "dist-packages", "lib"):
        for sign in ("/", "\\"):
            _, found, rest = filename.rpartition(f"{sign}{mark}{sign}")
            if found:
                return rest
    return filename.replace("\\", "/").rpartition("/")[2]


def probe_cells(told: Dossier, probe: Probe, evidence: Evidence | None) -> Iterator[ReportCell]:
    """Yield a cell that gives the recorded answer, or the probe's code and why it did not run."""
    if evidence is None or not ran(evidence) or told.skip:
        why = "not run: the time for experiments was used up, or nothing could run"
        if evidence is not None:
            why = f"{evidence.id}: {ending(evidence)}"
        yield text_cell(f"- ? {inline(why)}", fence(shown(probe.source), "python"))
        return
    if probe.on is not None:
        text = f"- {evidence.id}, with {probe.on} made first: {ending(evidence)}"
        yield text_cell(inline(text), fence(shown(probe.source), "python"))
        return
    kit = told.kit
    lines = [f"# {evidence.id} about {one_line(evidence.about, 80)}: {one_line(ending(evidence), 200)}"]
    if probe.frame is not None:
        lines.append(kit.call(f"in_frame({probe.frame}, {_block(probe.source)})"))
    elif plainly(evidence):
        lines += [kit.call("state_before()" if evidence.snapshot == "before" else "failure()"), probe.source]
    else:
        lines += [
            kit.call("state_before()" if evidence.snapshot == "before" else "failure()"),
            f"{kit.name}.value({_block(probe.source)}, globals())",
        ]
    tags: tuple[str, ...] = ("cot-probe",)
    outputs: tuple[Output, ...] = (Value(text=str(evidence.held)),)
    if evidence.outcome is Outcome.RAISED and evidence.raised is not None:
        seen = evidence.raised
        outputs = (Failed(ename=seen.ename, evalue=seen.evalue, traceback=(error(seen),)),)
        tags = (*tags, RAISES, IGNORE_OUTPUT)
    elif evidence.held is None:
        outputs = (Printed(text=evidence.output),) if evidence.output else ()
        tags = (*tags, RAISES, IGNORE_OUTPUT)
    elif told.unsure:
        tags = (*tags, RAISES, IGNORE_OUTPUT)
    yield ReportCell(source="\n".join(lines), tags=tags, outputs=outputs, ran=True, role=CellRole.PROBE)


def _block(source: str) -> str:
    return literal(f"\n{source.strip()}\n")


def fix_cells(told: Dossier) -> Iterator[ReportCell]:
    """Yield the edited cells, then what has to run again to show that the failure is gone."""
    fix, after = told.fix, told.run_of_fix(Stage.AFTER)
    if fix is None:
        return
    edited = {edit.cell for edit in fix.edits}
    runs = ran(after) and not told.skip
    if runs:
        yield ReportCell(source=told.kit.call("state_before()"), ran=True, role="state")
    between: list[Cell] = []
    for cell in told.fixed:
        last = cell.id == told.case.cell.id
        if cell.id not in edited and not last:
            between.append(cell)
            continue
        if between and runs:
            again = ", ".join(f"{told.label(item)!r}: {literal(item.source)}" for item in between)
            yield ReportCell(source=told.kit.call(f"run({{{again}}})"), ran=True, role="state")
            between = []
        outputs: tuple[Output, ...] = ()
        tags: tuple[str, ...] = (IGNORE_OUTPUT if runs else SKIP,)
        if cell.id in edited:
            tags = ("cot-fix", *tags)
        if runs and last and after is not None:
            outputs, more = _seen(after)
            tags = (*tags, *more, *((RAISES,) if told.unsure and RAISES not in more else ()))
        source = told.source_fixed(cell)
        yield ReportCell(
            source=source, tags=tags, outputs=outputs, ran=bool(runs and last), role=CellRole.FIX
        )


def _seen(after: Evidence) -> tuple[tuple[Output, ...], tuple[str, ...]]:
    """Return the outputs of the fixed cell in its copy, and the tags that let it raise if it did."""
    found: list[Output] = [Printed(text=after.output)] if after.output else []
    if after.outcome is Outcome.RAISED and after.raised is not None:
        seen = after.raised
        found.append(Failed(ename=seen.ename, evalue=seen.evalue, traceback=(error(seen),)))
        return tuple(found), (RAISES,)
    return tuple(found), ()


def test_cells(told: Dossier, view: TestView) -> Iterator[ReportCell]:
    """Yield a regression test, and two cells that run it without and with the fix."""
    code, argument = _definition(view.test)
    runs = {Stage.BEFORE: view.before, Stage.AFTER: view.after}
    able = not told.skip and any(ran(run) for run in runs.values())
    if code:
        yield ReportCell(
            source=code, tags=("cot-test",) if able else ("cot-test", SKIP), ran=able, role=CellRole.TEST
        )
    for stage, run in runs.items():
        how = "without" if stage is Stage.BEFORE else "with"
        limited = told.hung and run is not None and run.outcome is Outcome.TIMED_OUT
        if run is None or told.skip or (not ran(run) and not limited):
            said = ending(run) if run is not None else "not run"
            yield text_cell(f"- ? {inline(view.test.name)} {how} the fix: {inline(said)}")
            continue
        name = run.raised.ename if run.raised is not None else "an error"
        text = "passes" if run.outcome is Outcome.PASSED else f"fails: {name}"
        yield ReportCell(
            source=f"# {run.id}: {how} the fix\n{told.kit.call(f'{how}_fix({argument})')}",
            tags=("cot-test", RAISES, IGNORE_OUTPUT) if limited or told.unsure else ("cot-test",),
            outputs=(Printed(text=f"{text}\n"),),
            ran=True,
            role=CellRole.TEST,
        )


test_cells.__test__ = False  # type: ignore[attr-defined]  # pytest takes it for a test where it is imported


def _definition(test: RegressionTest) -> tuple[str, str]:
    """Return the test as a cell that only defines it, and the argument for the kit.

    A test that does more at its top level than import and define is passed as a string: it must run after the
    failing cell, not before.
    """
    tree = parsed(test.source)
    quiet = (ast.Import, ast.ImportFrom, ast.FunctionDef)
    body = list(tree.body) if tree is not None else []
    calls = [node for node in body if _calls(node, test.name)]
    rest = [node for node in body if node not in calls]
    defined = any(isinstance(node, ast.FunctionDef) and node.name == test.name for node in rest)
    if not defined or not all(isinstance(node, quiet) for node in rest) or len(calls) > 1:
        return "", _block(test.source)
    if not calls:
        return test.source.rstrip(), test.name
    lines = test.source.splitlines()
    kept = [*lines[: calls[0].lineno - 1], *lines[calls[0].end_lineno or calls[0].lineno :]]
    return "\n".join(kept).rstrip(), test.name


def _calls(node: ast.stmt, name: str) -> bool:
    value = node.value if isinstance(node, ast.Expr) else None
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == name


def _tags(told: Dossier, *tags: str) -> tuple[str, ...]:
    return (*tags, SKIP) if told.skip else tags
