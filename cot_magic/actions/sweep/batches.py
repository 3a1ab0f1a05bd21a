"""Sends what the sessions of a sweep ask, in batches, and waits for the answers; nothing is sent twice."""

import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeAlias

from cot_magic.actions.sweep.outbox import Intent, Outbox, name_of
from cot_magic.actions.sweep.sweep import Swept
from cot_magic.core.errors import ServiceFault
from cot_magic.reasoners.claude.messages.batches import WORTH_CACHING, BatchLink, marked, prefix_of
from cot_magic.reasoners.claude.messages.faults import FailedAttempt, Fault, fault_in_stream

MOST_REQUESTS = 10_000  # of one batch; the API takes 100,000
MOST_BYTES = 32 << 20  # of one batch, held in memory while it is sent; the API takes 256 MB
ATTEMPTS = 5
KEPT_S = 3_000.0  # a prefix that was last used so long ago is written again; the server keeps it for an hour
MISSING = {
    "type": "errored",
    "error": {"type": "error", "error": {"type": "api_error", "message": "no result came for it"}},
}
"""Stands for the result of a request that the results of its batch leave out."""
Bodies: TypeAlias = Mapping[int, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackOff:
    """Seconds between two looks at a batch: the first, the longest, and how much longer each next one is."""

    first: float = 2.0
    longest: float = 300.0
    factor: float = 1.5

    def pauses(self) -> Iterator[float]:
        """One pause after the other."""
        pause = self.first
        while True:
            yield pause
            pause = min(self.longest, pause * self.factor)


class Batches:
    """Takes the requests of an outbox to a model and brings the results.

    Parameters
    ----------
    spent
        US dollars of the sweep so far.
    dollars
        Ceiling of the whole sweep: a request is sent only if it is kept at the worst case of all that is on
        its way. None for no ceiling.
    tell
        Hears one line at a time.

    Attributes
    ----------
    stopped
        Why requests were not sent; "" if all were.
    """

    def __init__(
        self,
        outbox: Outbox,
        link: BatchLink,
        *,
        spent: Callable[[], float],
        dollars: float | None = None,
        tell: Callable[[str], None] = lambda line: None,
        back_off: BackOff | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._outbox, self._link, self._spent, self._dollars = outbox, link, spent, dollars
        self._tell, self._back_off, self._sleep = tell, back_off or BackOff(), sleep
        self._not_ours: set[str] = set()
        self._cached: dict[str, float] = {}  # when a prefix was last used
        self.stopped = ""

    def capabilities(self) -> dict[str, Any]:
        """What the model supports, asked once for all sessions. Raises ServiceFault."""
        return asdict(self._persevering(self._link.capabilities, "what the model supports"))

    def round(self) -> bool:
        """Send what waits, and wait until one batch has ended. False if none is under way.

        Raises ServiceFault if the service fails for good; what was sent stays resumable, as after a
        KeyboardInterrupt.
        """
        for intent in self._outbox.doubtful():
            batch = self._arrived(intent)
            if batch is None:
                self._outbox.withdraw(intent.token)
            else:
                self._outbox.sent(intent.token, batch)
        self._send()
        if not self._outbox.batches():
            return False
        self._await()
        return True

    # --- sending -----------------------------------------------------------------------------------------

    def _send(self) -> None:
        """Send all that fits under the ceiling, in as few batches as possible."""
        left = None if self._dollars is None else self._dollars - self._spent() - self._outbox.bound()
        chunk: dict[int, float | None] = {}
        size = kept_back = 0
        for identity, length in self._outbox.unsent():
            most = self._link.most(self._outbox.body(identity))
            if left is not None:
                if most is None:
                    raise ServiceFault(
                        f"{self._link.label}: no list price is known for this model, so --total-cost cannot "
                        "be enforced. Leave it out, or choose a model with a known price.",
                        kind="price_unknown",
                    )
                if most > left:
                    kept_back += 1
                    continue
                left -= most
            if chunk and (len(chunk) >= MOST_REQUESTS or size + length > MOST_BYTES):
                self._send_batch(chunk)
                chunk, size = {}, 0
            chunk[identity], size = most, size + length
        if chunk:
            self._send_batch(chunk)
        self.stopped = (
            f"{kept_back:,} requests were not sent, as all together could cost more than "
            f"${self._dollars:,.2f} (--total-cost)"
            if kept_back
            else ""
        )

    def _send_batch(self, most: Mapping[int, float | None]) -> None:
        """Send one batch. The intent is written first, so that a batch is found again whose id never came."""
        made = self._with_marks({identity: self._outbox.body(identity) for identity in most})
        token, begun = uuid.uuid4().hex[:16], time.time()
        self._outbox.intend(most, token, begun)
        intent = Intent(token=token, begun=begun, requests=len(made))
        requests = [(name_of(token, identity), body) for identity, body in made.items()]
        for attempt, pause in enumerate(self._back_off.pauses(), 1):
            try:
                batch: str | None = self._link.create(requests)
            except FailedAttempt as failed:
                if not failed.fault.retryable:
                    self._outbox.withdraw(token)
                    raise failed.fault.error(self._link.label) from None
                self._sleep(pause)
                batch = self._arrived(intent)  # the answer may have been lost, and not the batch
                if batch is None and attempt >= ATTEMPTS:
                    raise failed.fault.error(self._link.label) from None
            if batch is not None:
                self._outbox.sent(token, batch)
                self._tell(f"{len(made):,} requests sent to {self._link.label} as batch {batch}")
                return

    def _with_marks(self, made: dict[int, dict[str, Any]]) -> Bodies:
        """The bodies, with the prefix that most of them share marked for the cache, once it is written there.

        Requests of a batch run side by side: without that, each would write the prefix and none read it.
        """
        counts = Counter(prefix_of(body) for body in made.values())
        ((shared, count),) = counts.most_common(1)
        if count < WORTH_CACHING:
            return made
        first = next(body for body in made.values() if prefix_of(body) == shared)
        if time.monotonic() - self._cached.get(shared, -KEPT_S) >= KEPT_S:
            try:
                self._outbox.paid(self._link.prewarm(first))
            except FailedAttempt as failed:
                self._tell(f"the common beginning of {count:,} requests is not cached: {failed.fault.what}")
                return made
        self._cached[shared] = time.monotonic()
        return {
            identity: marked(body) if prefix_of(body) == shared else body for identity, body in made.items()
        }

    def _arrived(self, intent: Intent) -> str | None:
        """The batch that may be the one whose id never came; its results tell whether it is.

        Raises ServiceFault.
        """
        known = {*self._outbox.batches(open_only=False), *self._not_ours}
        found = self._persevering(
            lambda: [*self._link.created_since(intent.begun, intent.requests)], "batches cannot be listed"
        )
        return next((batch for batch in found if batch not in known), None)

    # --- waiting ------------------------------------------------------------------------------------------

    def _await(self) -> None:
        """Wait until a batch has ended, with longer and longer pauses, and take its results."""
        for pause in self._back_off.pauses():
            ended = [batch for batch in self._outbox.batches() if self._has_ended(batch)]
            for batch in ended:
                self._take(batch)
            if ended:
                return
            self._sleep(pause)

    def _has_ended(self, batch: str) -> bool:
        return bool(self._persevering(lambda: self._link.has_ended(batch), f"batch {batch}"))

    def _take(self, batch: str) -> None:
        """Write the results of a batch; ask again directly where that may help."""
        names, unanswered = self._outbox.names(batch), dict[int, dict[str, Any]]()
        came, others = set[str](), set[str]()

        def read() -> None:
            for name, result in self._link.results(batch):
                if name not in names:
                    others.add(name)
                elif name not in came:
                    came.add(name)
                    self._outbox.answer(names[name], result, self._link.price(result))
                    if result.get("type") != "succeeded":
                        unanswered[names[name]] = result

        self._persevering(read, f"batch {batch}")
        if others and not came:  # it was taken for the one whose id never came
            self._not_ours.add(batch)
            self._outbox.sent(next(iter(names)).partition("-")[0], None)
            return
        for name in names.keys() - came:
            self._outbox.answer(names[name], MISSING, 0.0)
            unanswered[names[name]] = MISSING
        for identity, result in unanswered.items():
            self._ask_again(identity, result)

    def _persevering(self, act: Callable[[], Any], what: str) -> Any:
        """What an act gives, tried again after faults that may pass. Raises ServiceFault."""
        for attempt, pause in enumerate(self._back_off.pauses(), 1):
            try:
                return act()
            except FailedAttempt as failed:
                if not failed.fault.retryable or attempt >= ATTEMPTS:
                    raise failed.fault.error(f"{self._link.label}, {what}") from None
                self._sleep(pause)
        return None

    # --- without a batch ----------------------------------------------------------------------------------

    def _ask_again(self, identity: int, result: Mapping[str, Any]) -> None:
        """Ask directly for what a batch did not answer, where that may help; otherwise the offline result
        stays. Either is told."""
        why, helps = why_unanswered(result)
        said = f"{self._outbox.notebook(identity)}: its request {why}"
        if not helps:
            self._tell(said)
            return
        body = self._outbox.body(identity)
        if not self._affords(body):
            self._tell(f"{said}; --total-cost leaves too little to ask directly: the offline result stays")
            return
        try:
            answer, usd = self._link.direct(body)
        except ServiceFault as fault:
            self._tell(f"{said}; asked directly: {fault} The offline result stays.")
            return
        self._outbox.answer(identity, answer, usd, why)
        self._tell(f"{said}; asked directly, at list price")

    def _affords(self, body: Mapping[str, Any]) -> bool:
        if self._dollars is None:
            return True
        most = self._link.most(body, share=1.0)
        return most is not None and most <= self._dollars - self._spent() - self._outbox.bound()


def in_rounds(run: Callable[[], Swept], batches: Batches) -> Swept:
    """Run notebooks until they need answers, wait for these, and run those notebooks again with them.

    Raises ServiceFault and passes KeyboardInterrupt on; the next sweep goes on with what is in the journal.
    """
    while True:
        swept = run()
        if swept.stopped or not batches.round():
            return replace(swept, stopped=swept.stopped or batches.stopped)


def why_unanswered(result: Mapping[str, Any]) -> tuple[str, bool]:
    """Why a batch brought no answer, and whether the same request may be answered now.

    One that was refused is not sent again as it is: its session puts it in another form, or ends. One that
    was canceled is not wanted.
    """
    match result.get("type"):
        case "expired":
            return "expired in the batch", True
        case "canceled":
            return "was canceled with the batch: the offline result stays", False
    found: Fault = fault_in_stream(result.get("error"), {})
    return f"failed in the batch: {found.what} ({found.said})", found.retryable
