"""The mark of a verdict on a fix."""

from cot_magic.core.findings import FixVerdict
from cot_magic.core.verdict import Judgement
from cot_magic.render.blocks import OPEN, Mark, cross, tick


def mark_of(judged: Judgement[FixVerdict]) -> Mark:
    """Return the mark of a verdict on a fix; a check mark only with its evidence."""
    match judged.verdict:
        case FixVerdict.VERIFIED:
            return tick(judged.evidence)
        case FixVerdict.REJECTED:
            return cross(judged.evidence)
        case FixVerdict.PLAUSIBLE | FixVerdict.UNVERIFIED:
            return OPEN
