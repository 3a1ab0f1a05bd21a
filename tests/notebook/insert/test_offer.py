"""What a session offers to the page, as JSON."""

import json
from dataclasses import replace

import sessions

from cot_magic.core.session import Session
from cot_magic.notebook.insert.offer import RUNNING, WITHHELD, offer


def test_it_holds_the_cells_their_tags_and_the_edits(verified: Session) -> None:
    made = offer(verified)
    assert json.loads(json.dumps(made)) == made
    assert (made["format"], made["state"], made["session"], made["label"]) == (1, "done", "s-1", "cell [7]")
    assert made["cell_id"] == "c7"
    assert [(cell["role"], cell["cell_type"]) for cell in made["cells"]] == [
        ("fix", "code"),
        ("test", "code"),
    ]
    assert made["cells"][0]["metadata"] == {"tags": ["cot-fix"], "cot": {"session": "s-1", "role": "fix"}}
    assert made["edits"] == [
        {"cell_id": "c5", "label": "cell [5]", "before": sessions.LOAD, "after": sessions.LOAD_FIXED}
    ]


def test_while_it_runs_it_offers_nothing(verified: Session) -> None:
    made = offer(verified, state=RUNNING)
    assert (made["state"], made["cells"], made["edits"]) == ("running", [], [])


def test_code_of_which_a_value_was_withheld_is_not_offered_but_told(verified: Session) -> None:
    fix = verified.fixes[0]
    masked = replace(fix.edits[0], after=fix.edits[0].after + "\nkey = <redacted: a key>")
    made = offer(replace(verified, fixes=(replace(fix, edits=(masked,)),)))
    assert "redacted" not in json.dumps(made)
    assert "fix" not in {cell["role"] for cell in made["cells"]}
    assert (made["edits"], made["said"]) == ([], WITHHELD)


def test_a_session_without_a_fix_offers_nothing(verified: Session) -> None:
    made = offer(replace(verified, fixes=()))
    assert (made["cells"], made["edits"]) == ([], [])
