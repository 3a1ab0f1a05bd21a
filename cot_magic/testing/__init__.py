"""Test doubles, contract checks and claims to judge, for the tests of this project and of plugins."""

from cot_magic.testing.contracts import check_inserter, check_reasoner, check_renderer, check_sandbox
from cot_magic.testing.doubles import (
    BUDGET,
    AbsentSandbox,
    CollectingInserter,
    CollectingRenderer,
    NamespaceSandbox,
    ScriptedExaminer,
    ScriptedExplorer,
    ScriptedReasoner,
    case,
    through_codec,
    withstood,
)

__all__ = [
    "BUDGET",
    "AbsentSandbox",
    "CollectingInserter",
    "CollectingRenderer",
    "NamespaceSandbox",
    "ScriptedExaminer",
    "ScriptedExplorer",
    "ScriptedReasoner",
    "case",
    "check_inserter",
    "check_reasoner",
    "check_renderer",
    "check_sandbox",
    "through_codec",
    "withstood",
]
