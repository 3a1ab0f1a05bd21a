"""What the certificate says of an agent that only claims and of one that proves; the page about agents shows it."""

import asyncio
from pathlib import Path

import pytest

pytest.importorskip("mcp", reason="the SDK is not installed: pip install 'cot-magic[mcp]'")
from scripted_agents import CELLS, GUESS, compare

from cot_magic.sandbox.machine import probe

PAGE = Path(__file__).parents[2] / "docs" / "agents.md"


@pytest.mark.nightly
@pytest.mark.timeout(300)
@pytest.mark.skipif(not probe().available, reason="no confinement here")
def test_a_claim_without_proof_does_not_hold_and_a_proven_fix_does(tmp_path: Path) -> None:
    said = list(asyncio.run(compare(tmp_path)).values())
    assert "Fixed!" in said[0]
    assert said[1].startswith("Verdict: the certificate does not hold.")
    assert said[2].startswith("Verdict: verified")
    assert said[3] == "Fixed, and the certificate holds."
    assert said[4].startswith("Verdict: the certificate holds.")
    page = PAGE.read_text(encoding="utf-8")
    for text in said:
        for line in text.splitlines():
            if not line.startswith("Session:"):
                assert line in page


def test_the_page_shows_the_cells_that_ran() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert all(cell in page for cell in (*CELLS, GUESS))
