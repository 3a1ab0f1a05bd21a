"""A model that makes the claims of the catalogue: the same lies, said through the conversation with a model."""

import json
from collections.abc import Generator, Mapping
from typing import Any

from cot_magic.capture.secrets.redactor import Redactor
from cot_magic.core.findings import Usage
from cot_magic.reasoners.claude.messages.turn import Answer, Progress, ToolCall, TurnRequest
from cot_magic.reasoners.claude.reasoner import ClaudeReasoner
from cot_magic.testing.claims import Claim


def answers_of(claim: Claim) -> tuple[dict[str, Any], dict[str, Any]]:
    """The hypothesis with its probe, and the fix with its tests, as a model gives them."""
    said, prediction = claim.hypothesis
    source, frame = claim.asked
    cell, line = claim.place
    hypothesis = {
        "claim": f"scripted: {said}",
        "prediction": prediction,
        "cell": f"cell [{cell + 1}]",
        "line": line,
        "probe": source,
        "frame": frame,
    }
    edits = [
        {"cell": f"cell [{change.cell + 1}]", "find": change.old, "replace": change.new}
        for change in claim.changes
    ]
    tests = [{"name": test.name, "source": test.source} for test in claim.written]
    return hypothesis, {
        "hypothesis": hypothesis["claim"],
        "why": claim.name,
        "edits": edits,
        "tests": tests,
    }


class ScriptedModel:
    """A Connection whose model states the hypothesis and tries the fix with tools, and then says that all is proven.

    It sends nothing. When it is asked again, it insists.
    """

    label = "a scripted model"

    def __init__(self, claim: Claim) -> None:
        self._hypothesis, self._fix = answers_of(claim)
        self._turns = 0

    def body(self, request: TurnRequest) -> Mapping[str, Any]:
        return {"messages": request.messages}

    def turn(self, request: TurnRequest) -> Generator[Progress, None, Answer]:
        self._turns += 1
        yield from ()
        match self._turns:
            case 1:
                return self._called("hypothesize", {"hypotheses": [self._hypothesis]})
            case 2:
                return self._called("try_fixes", {"fixes": [self._fix]})
            case _:
                said = {
                    "headline": "✓ scripted: VERIFIED",
                    "findings": [{"topic": "proof", "text": "✓ scripted: no rival passes, the cause is CONFIRMED"}],
                    "hypotheses": [self._hypothesis],
                    "fixes": [self._fix],
                }  # fmt: skip
                text = json.dumps(said)
                return Answer(
                    blocks=({"type": "text", "text": text},),
                    text=text,
                    calls=(),
                    stop_reason="end_turn",
                    usage=Usage(usd=0.0),
                )

    def close(self) -> None:
        """Do nothing."""

    def _called(self, name: str, given: dict[str, Any]) -> Answer:
        call = ToolCall(id=f"toolu_{self._turns}", name=name, input=given)
        block = {"type": "tool_use", "id": call.id, "name": name, "input": given}
        return Answer(blocks=(block,), text="", calls=(call,), stop_reason="tool_use", usage=Usage(usd=0.0))


def playing(claim: Claim) -> ClaudeReasoner:
    """The reasoner that asks that model."""
    return ClaudeReasoner(lambda budget, used: ScriptedModel(claim), redactor=Redactor({}))
