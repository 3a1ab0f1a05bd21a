"""Runs the analysers in a copy of the failed kernel, each with its share of the time."""

import time
import warnings
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

from cot_magic.autopsy.alarm import OutOfTime, limited
from cot_magic.autopsy.scene import Scene
from cot_magic.capture.lineage.history import History
from cot_magic.capture.secrets.redactor import Redactor
from cot_magic.capture.secrets.withhold import withheld
from cot_magic.core.case import Case
from cot_magic.core.facts import Fact

EACH_S = 0.3
ALL_S = 2.0
MOST_FACTS = 20  # of one analyser
UNFINISHED = "autopsy.unfinished"
"""The kind that names an analyser which ran out of time or failed."""
Analyser = Callable[[Scene], Iterator[Fact]]

ANALYSERS = ("own", "keys", "callee", "origin", "advice", "state", "inside", "elements", "legal", "smallest")
"""The modules, in the order in which they run: what runs less of the person's code comes first."""


def autopsy(
    error: BaseException, case: Case, history: History, redactor: Redactor, names: dict[str, Any]
) -> Iterator[Fact]:
    """The facts about a failure, each as it is found. It runs the person's code: only for a confined copy."""
    scene = Scene(error=error, case=case, history=history, redactor=redactor, globals=names)
    ends = time.monotonic() + ALL_S
    for name in ANALYSERS:
        left = min(EACH_S, ends - time.monotonic())
        yield from _facts(name, scene, left)


def _facts(name: str, scene: Scene, seconds: float) -> Iterator[Fact]:
    """The facts of one analyser; the limit holds for its own work, not for what is done with a fact."""
    found: Iterator[Fact] | None = None
    ends = time.monotonic() + seconds
    for _ in range(MOST_FACTS):
        try:
            with limited(max(ends - time.monotonic(), 0.001)), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                if found is None:
                    analyser: Analyser = getattr(import_module(f"cot_magic.autopsy.{name}"), name)
                    found = analyser(scene)
                fact = next(found, None)
        except OutOfTime:
            yield Fact.of(UNFINISHED, f"`{name}` ran out of time.", analyser=name)
            return
        except Exception as error:  # an odd object of the person's code: the other analysers go on
            reason = type(error).__name__
            yield Fact.of(
                UNFINISHED, f"`{name}` failed: {reason}.", analyser=name, error=f"{reason}: {error}"
            )
            return
        if fact is None:
            return
        yield withheld(fact, scene.redactor)
