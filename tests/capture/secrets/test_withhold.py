"""Whole values and streams of events with their secrets withheld."""

import random
import string
from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from cot_magic.capture.secrets.redactor import Redactor
from cot_magic.capture.secrets.withhold import Withholding, withheld
from cot_magic.core.case import Cell, CellId
from cot_magic.core.events import (
    Event,
    EvidenceGathered,
    Finding,
    FixProposed,
    PhaseEnded,
    SessionStarted,
    Streamed,
    Withdrawn,
)
from cot_magic.core.findings import (
    CellEdit,
    Evidence,
    EvidenceId,
    EvidenceKind,
    Fix,
    FixId,
    HypothesisId,
    Phase,
)
from cot_magic.core.jobs import Outcome
from cot_magic.core.withheld import holds_mask, why_not_whole, withheld_cells
from cot_magic.testing import BUDGET, case

SECRET = "".join(random.Random(4).choices(string.ascii_letters + string.digits, k=32))
SOURCE = f"api_key = '{SECRET}'\nprint(api_key[40])\n"
PHASE = Phase.ANALYZE


def started(source: str = SOURCE) -> SessionStarted:
    return SessionStarted(case=case(source), intensity="cot", reasoner="offline", budget=BUDGET)


def seen(*events: Event) -> list[Event]:
    """What an audience sees of the events, with whatever is held back at the end."""
    withholding = Withholding(Redactor({}))
    shown = [item for event in events for item in withholding.events(event)]
    return [*shown, *withholding.rest()]


def test_a_source_is_withheld_in_part_and_stays_python() -> None:
    found = withheld(case(SOURCE), Redactor({}))
    assert found.cell.source == "api_key = '<redacted: api_key>'\nprint(api_key[40])\n"
    assert [cell.id for cell in withheld_cells(found)] == [found.cell.id]
    assert "[1]" in (why_not_whole(found) or "")
    assert why_not_whole(case("1 / 0")) is None


def test_ids_and_a_value_without_secrets_stay_the_same_object() -> None:
    plain = started("total = prices['price'].sum()\n")
    assert withheld(plain, Redactor({})) is plain
    odd = replace(case(SOURCE), cell=Cell(id=CellId(f"token={SECRET}"), source=SOURCE))
    assert withheld(odd, Redactor({})).cell.id == odd.cell.id


def test_what_a_later_cell_tells_is_withheld_in_an_earlier_one() -> None:
    first = Cell(id=CellId("a"), source=f"print('{SECRET}')\n")
    found = withheld(replace(case(SOURCE), cells=(first,)), Redactor({}))
    assert SECRET not in repr(found)


def test_edits_evidence_and_words_show_the_same_mask_for_the_same_value() -> None:
    edit = CellEdit(cell=CellId("c1"), before=SOURCE, after=SOURCE.replace("[40]", "[4]"))
    fix = Fix(id=FixId("f1"), edits=(edit,), why=f"index of {SECRET}", hypothesis=HypothesisId("h1"))
    evidence = Evidence(
        id=EvidenceId("e1"),
        kind=EvidenceKind.FIX,
        about="f1",
        code=f"-api_key = '{SECRET}'\n+api_key = '{SECRET[:-1]}'",
        outcome=Outcome.PASSED,
        output=SECRET,
    )
    shown = seen(started(), FixProposed(fix=fix), EvidenceGathered(evidence=evidence))
    assert SECRET[:10] not in repr(shown)
    assert isinstance(shown[1], FixProposed)
    assert shown[1].fix.edits[0].after == "api_key = '<redacted: api_key>'\nprint(api_key[4])\n"
    assert isinstance(shown[2], EvidenceGathered)
    assert shown[2].evidence.output == "<redacted: api_key>"


def test_a_session_that_starts_says_how_many_values_were_withheld() -> None:
    (shown,) = seen(started())
    assert isinstance(shown, SessionStarted)
    assert shown.case.redactions == 1


@given(cuts=st.lists(st.integers(0, 120), max_size=12), thinking=st.booleans())
def test_a_secret_that_a_model_writes_in_pieces_is_seen_whole(cuts: list[int], thinking: bool) -> None:
    text = f"The key is {SECRET} and it works, says the server with a long sentence.\nThen `{SECRET}` again."
    places = [0, *sorted({cut for cut in cuts if cut < len(text)}), len(text)]
    pieces = [text[start:end] for start, end in pairwise(places)]
    shown = seen(started(), *(Streamed(phase=PHASE, text=piece, thinking=thinking) for piece in pieces))
    whole = "".join(item.text for item in shown if isinstance(item, Streamed))
    assert whole == text.replace(SECRET, "<redacted: api_key>")


@given(size=st.integers(1, 120), front=st.integers(0, 60), thinking=st.booleans())
def test_a_piece_is_read_as_what_follows_on_the_pieces_before_it(
    size: int, front: int, thinking: bool
) -> None:
    table = "| user | password |\n|---|---|\n| ann | hunter-33-x and |\n| bob | hunter-44-y |\n\n"
    block = "-----BEGIN PRIVATE" + " KEY-----\n" + f"{SECRET}\n" * 40 + "-----END PRIVATE" + " KEY-----"
    text = f"{'x ' * front}So the password is hunter-22-x, and this is the key:\n{block}\n{table}That is all of it."
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    shown = seen(*(Streamed(phase=PHASE, text=piece, thinking=thinking) for piece in pieces))
    whole = "".join(item.text for item in shown if isinstance(item, Streamed))
    assert "hunter-" not in whole
    assert not any(SECRET[at : at + 8] in whole for at in range(len(SECRET) - 8))
    assert whole.endswith("That is all of it.")
    assert "the password is <redacted: password" in whole


def test_what_is_held_back_comes_before_the_next_event() -> None:
    shown = seen(Streamed(phase=PHASE, text="a few wor"), PhaseEnded(phase=PHASE, headline="done"))
    assert shown == [Streamed(phase=PHASE, text="a few wor"), PhaseEnded(phase=PHASE, headline="done")]
    assert seen(Streamed(phase=PHASE, text="the end")) == [Streamed(phase=PHASE, text="the end")]


def test_what_is_withdrawn_is_counted_as_it_was_shown() -> None:
    kept = Streamed(phase=PHASE, text="Before. ")
    attempt = f"I saw {SECRET} there and more of it"
    shown = seen(
        started(),
        kept,
        Finding(phase=PHASE, topic="a", text="b"),
        *(Streamed(phase=PHASE, text=attempt[at : at + 7]) for at in range(0, len(attempt), 7)),
        Withdrawn(phase=PHASE, text=len(attempt)),
    )
    written = "".join(item.text for item in shown if isinstance(item, Streamed))
    last = shown[-1]
    assert isinstance(last, Withdrawn)
    assert last.text > 0
    assert written[: len(written) - last.text] == kept.text


def test_an_edit_of_a_redacted_source_gets_its_secrets_back() -> None:
    redactor = Redactor({})
    shown = redactor.source(SOURCE)
    edited = shown.replace("[40]", "[4]")
    assert redactor.restore(edited, SOURCE) == SOURCE.replace("[40]", "[4]")
    assert holds_mask(redactor.restore("x = '<redacted: password>'", SOURCE))  # it replaces nothing there
