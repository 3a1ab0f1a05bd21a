"""Batches go to other processes as JSON."""

from cot_magic.explore.decisions import SLEEP
from cot_magic.explore.edited import Anchored, Chosen
from cot_magic.explore.search.values import Batch, Trial, batch_from, encoded


def test_an_anchored_schedule_goes_to_another_process_as_json() -> None:
    chosen = (Chosen(kind=SLEEP, about="pay #2 in pay", nth=1, choice=3),)
    trials = tuple(
        Trial(anchored=schedule) for schedule in (None, Anchored(chosen=chosen, world=(-2, 1, 33)))
    )
    batch = Batch(trials=trials)
    assert batch_from(encoded(batch)) == batch
