"""What is asked of several fixes by whoever proposes them."""

from collections.abc import Sequence

from cot_magic.core import verdict
from cot_magic.core.findings import Evidence, Fix, Stage
from cot_magic.core.verdict import best as best
from cot_magic.core.verdict import passing as passing


def run_of(fix: Fix, stage: Stage, evidence: Sequence[Evidence]) -> Evidence | None:
    """The latest run of the failing cell for that fix, or None."""
    return verdict.run_of(fix.id, stage, evidence)
