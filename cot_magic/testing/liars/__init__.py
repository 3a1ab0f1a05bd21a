"""A catalogue of lies: claims about failing notebooks that must never be VERIFIED, by kind."""

from cot_magic.testing.liars.beginnings import BEGINNINGS
from cot_magic.testing.liars.coincidences import COINCIDENCES
from cot_magic.testing.liars.copies import COPIES
from cot_magic.testing.liars.domains import DOMAINS
from cot_magic.testing.liars.evidence import EVIDENCE
from cot_magic.testing.liars.exchanges import EXCHANGES
from cot_magic.testing.liars.inventions import INVENTIONS
from cot_magic.testing.liars.judging import JUDGING
from cot_magic.testing.liars.lookalikes import LOOKALIKES
from cot_magic.testing.liars.meanings import MEANINGS
from cot_magic.testing.liars.measures import MEASURES
from cot_magic.testing.liars.newcomers import NEWCOMERS
from cot_magic.testing.liars.operations import OPERATIONS
from cot_magic.testing.liars.pinned import PINS
from cot_magic.testing.liars.settlements import SETTLEMENTS
from cot_magic.testing.liars.shortfalls import SHORTFALLS
from cot_magic.testing.liars.showing import SHOWINGS
from cot_magic.testing.liars.sleights import SLEIGHTS
from cot_magic.testing.liars.swallowing import SWALLOWING

LIARS = (
    *OPERATIONS,
    *EVIDENCE,
    *MEANINGS,
    *PINS,
    *SHOWINGS,
    *SWALLOWING,
    *JUDGING,
    *COPIES,
    *DOMAINS,
    *SLEIGHTS,
    *INVENTIONS,
    *SETTLEMENTS,
    *LOOKALIKES,
    *SHORTFALLS,
    *COINCIDENCES,
    *MEASURES,
    *NEWCOMERS,
    *EXCHANGES,
    *BEGINNINGS,
)

__all__ = ["LIARS"]
