"""The review of a cell that passed: diagnostics of ruff, and its asserts and examples as probes."""

import ast
import doctest
import importlib.util
import json
import subprocess
import sys
from collections.abc import Generator, Iterator
from dataclasses import dataclass

from cot_magic.core.case import Case
from cot_magic.core.errors import MissingExtra
from cot_magic.core.events import (
    Finding,
    HypothesisStated,
    PhaseEnded,
    PhaseStarted,
    Reply,
    RunProbe,
    Step,
    ask,
)
from cot_magic.core.findings import Evidence, Hypothesis, HypothesisId, HypothesisVerdict, Phase, Probe
from cot_magic.core.verdict import judge_hypothesis
from cot_magic.reasoners.offline import source as src

Steps = Generator[Step, Reply, None]
_LIMIT = 10
_SELECT = "F,B,S,E9,PLE"
# usual in a notebook: imports for later cells, asserts, a last expression, redefinitions
_QUIET = ("F401", "S101", "B018", "F811")


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One doubt about the cell: a hypothesis, and the probe that decides it if there is one."""

    hypothesis: Hypothesis
    probe: str | None = None


def review(case: Case) -> Steps:
    """The five phases for a cell that raised nothing."""
    diagnostics, limits = _diagnostics(case)
    yield PhaseStarted(phase=Phase.ANALYZE)
    for topic, text in _asked(case):
        yield Finding(phase=Phase.ANALYZE, topic=topic, text=text)
    for text in limits:
        yield Finding(phase=Phase.ANALYZE, topic="limits", text=text)
    for item in diagnostics:
        yield HypothesisStated(hypothesis=item.hypothesis)
    count = f"{len(diagnostics)} diagnostic{'' if len(diagnostics) == 1 else 's'} to check"
    yield PhaseEnded(
        phase=Phase.ANALYZE,
        headline=f"The cell passed; {count if diagnostics else 'there is nothing to check'}.",
    )
    probes = [item for item in diagnostics if item.probe is not None]
    yield PhaseStarted(phase=Phase.PLAN)
    text = "Examples in docstrings and asserts can be run. The linter's diagnostics are for you to judge."
    yield Finding(phase=Phase.PLAN, topic="strategy", text=text)
    yield PhaseEnded(phase=Phase.PLAN, headline=f"{len(probes)} of them can be run.")
    yield PhaseStarted(phase=Phase.VALIDATE)
    evidence: list[Evidence] = []
    for item in probes:
        probe = Probe(about=item.hypothesis.id, source=item.probe or "True")
        evidence += yield from ask(RunProbe(probe=probe))
    verdicts = [judge_hypothesis(item.hypothesis.id, evidence).verdict for item in probes]
    broken = verdicts.count(HypothesisVerdict.REFUTED)
    holding = verdicts.count(HypothesisVerdict.CONFIRMED)
    said = f"{len(probes)} can be run: {holding} confirmed, {broken} refuted."
    yield PhaseEnded(phase=Phase.VALIDATE, headline=said)
    yield PhaseStarted(phase=Phase.IMPLEMENT)
    text = "Only you know what the cell should do; without a failure, no fix can be tested."
    yield Finding(phase=Phase.IMPLEMENT, topic="no fix", text=text)
    yield PhaseEnded(phase=Phase.IMPLEMENT, headline="No fix is offered for a cell that passed.")
    yield PhaseStarted(phase=Phase.CONFIRM)
    text = "A review of what the code means needs a model: use `--reasoner claude`."
    yield Finding(phase=Phase.CONFIRM, topic="limits", text=text)
    yield PhaseEnded(phase=Phase.CONFIRM, headline=f"Reviewed without a model. {said}")


def _asked(case: Case) -> Iterator[tuple[str, str]]:
    if case.prompt:
        yield (
            "question",
            f"You asked: {case.prompt}\n\nThe offline reasoner cannot read questions; it checks the code.",
        )
    lines = len(case.cell.source.splitlines())
    name = case.label(case.cell.id).capitalize()
    yield "code", f"{name} has {lines} line{'' if lines == 1 else 's'} and raised nothing."


def _diagnostics(case: Case) -> tuple[list[Diagnostic], list[str]]:
    limits: list[str] = []
    found: list[tuple[str, str, int, str | None, str]] = []
    tree = src.parse(case.cell.source)
    if tree is not None:
        found += [(*item, "review.example") for item in _examples(tree)]
        found += [(*item, "review.assert") for item in _asserts(case.cell.source, tree)]
    by_ruff = diagnose(src.readable(case.cell.source))
    if isinstance(by_ruff, str):
        limits.append(by_ruff)
    else:
        found += [
            (
                f"{text} (ruff {code})",
                "The line does what the diagnostic warns about.",
                line,
                None,
                f"review.{code}",
            )
            for code, line, text in by_ruff
        ]
    diagnostics = [
        Diagnostic(
            hypothesis=Hypothesis(
                id=HypothesisId(f"h{number}"),
                claim=claim,
                prediction=prediction,
                cell=case.cell.id,
                lineno=line,
                rule=rule,
            ),
            probe=probe,
        )
        for number, (claim, prediction, line, probe, rule) in enumerate(found[:_LIMIT], 1)
    ]
    return diagnostics, limits


def _examples(tree: ast.Module) -> Iterator[tuple[str, str, int, str | None]]:
    """Examples in docstrings with a literal as the expected result."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        try:
            examples = doctest.DocTestParser().get_examples(ast.get_docstring(node) or "")
        except ValueError:
            continue  # not examples after all
        for example in examples:
            call, want = example.source.strip(), example.want.strip()
            if want and "\n" not in call + want:
                claim = f"The example `{call}` in the docstring of `{node.name}` gives `{want}`."
                code = f"{src_of(tree, node.name)}\nrepr({call}) == {want!r}"
                yield claim, f"`{call}` returns `{want}`.", node.lineno, code


def src_of(tree: ast.Module, name: str) -> str:
    """The imports and definitions of the cell, which the example may need."""
    kept = [
        node
        for node in tree.body
        if isinstance(
            node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
        )
    ]
    return "\n".join(ast.unparse(node) for node in kept)


def _asserts(source: str, tree: ast.Module) -> Iterator[tuple[str, str, int, str | None]]:
    for node in tree.body:
        if isinstance(node, ast.Assert):
            text = src.text_of(source, node.test)
            code = f"{source}\nbool({text})"
            yield (
                f"`{text}` is true in a new copy of the kernel too.",
                f"`{text}` is true.",
                node.lineno,
                code,
            )


def diagnose(source: str) -> list[tuple[str, int, str]] | str:
    """Code, line and message of ruff's diagnostics; a sentence if ruff is missing or fails."""
    if importlib.util.find_spec("ruff") is None:
        return str(MissingExtra("review", "ruff"))
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--select", _SELECT]
    command += ["--output-format", "json", "--exit-zero", "-"]
    try:
        done = subprocess.run(command, input=source, capture_output=True, text=True, timeout=20, check=True)  # noqa: S603
        items = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        return f"ruff failed: {type(error).__name__}"
    return [
        (item["code"] or "E999", item["location"]["row"], item["message"])
        for item in items
        if item["code"] not in _QUIET
    ]
