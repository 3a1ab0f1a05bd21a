"""What runs inside the confined copy: screens and ranks, and prints what survived as lines of JSON."""

import faulthandler
import io
import json
import signal
import sys
import time
import warnings
from typing import Any, TextIO

from cot_magic.reasoners.offline.repair.bench import SIGNALS, Bench, ready
from cot_magic.reasoners.offline.repair.program import CheckedProgram, joined
from cot_magic.reasoners.offline.repair.screening import Drifted, Screening
from cot_magic.reasoners.offline.repair.survivors import Judging, Ranking, Survivor, applied
from cot_magic.reasoners.offline.repair.time_limit import TimeLimit

MARK = "cot-search "
"""Starts each line of ours: the code that is screened may print too."""
SHOWN = 4  # behaviours that are reported
HANG_S = 5.0  # a candidate that holds the interpreter for so long ends the process
BEAT_S = 0.25
CAREFUL = 2_500  # candidates that are announced one by one after a hang: one of them hung
LONGEST_CALL = 120
TOLD = 60  # survivors that are told at once


class _Sink(io.TextIOBase):
    """Takes what candidates print."""

    def write(self, text: str) -> int:
        return len(text)


def screen(namespace: dict[str, Any], order: str) -> None:
    """Search as the order says (see `search.search`), and print what was found."""
    say = Voice(sys.stdout)
    kept = sys.stdout, sys.stderr, sys.getrecursionlimit()
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    sys.stdout = sys.stderr = _Sink()
    ready()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # of candidates; the person does not see them
            _search(namespace, json.loads(order), say)
    finally:
        faulthandler.cancel_dump_traceback_later()
        sys.stdout, sys.stderr = kept[:2]
        sys.setrecursionlimit(kept[2])
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _search(namespace: dict[str, Any], wanted: dict[str, Any], say: "Voice") -> None:
    program = CheckedProgram(joined(wanted["cells"]).encode())
    bench = Bench(namespace, program)
    started = time.monotonic()
    limit = TimeLimit(wanted["processor_s"], wanted["seconds"])
    screening = Screening(bench=bench, limit=limit, first=wanted["first"])
    screening.survivors += [_known(program, item) for item in wanted["known"]]
    screening.beat, screening.told = _Heartbeat(say, wanted["careful"]), say.survivor
    try:
        found = screening.go()
        seconds = time.monotonic() - started
        end = "searched" if found else "nothing fails"
        say(
            end=end,
            ran=screening.ran,
            seconds=round(seconds, 3),
            processor_s=round(time.process_time(), 2),
            whole=bench.pristine.whole,
        )
        if screening.survivors:
            limit = TimeLimit(wanted["rank_processor_s"], wanted["rank_seconds"])
            judging = Judging(bench=bench, limit=limit, beat=screening.beat)
            judging.ran = faulthandler.cancel_dump_traceback_later  # what is left to do is ours, and ends
            _report(judging.ranked(screening.survivors, compare=wanted["compare"]), say)
    except Drifted:
        say(end="drifted", clean=screening.clean, at=screening.number)
    finally:
        bench.pristine.restore()


class Voice:
    """Prints lines of ours on the stream that the process started with."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __call__(self, **what: Any) -> None:
        self._stream.write(f"\n{MARK}{json.dumps(what)}\n")
        self._stream.flush()

    def survivor(self, survivor: Survivor, count: int) -> None:
        """Tell of a survivor at once: a later candidate may end the process."""
        if count <= TOLD:
            self(found=_plain(survivor))


class _Heartbeat:
    """Ends the process if a candidate does not return to the interpreter, which no alarm can stop."""

    def __init__(self, say: Voice, careful: bool) -> None:
        self._say = say
        self._last, self._careful = 0.0, CAREFUL if careful else 0

    def __call__(self, number: int) -> None:
        now = time.monotonic()
        if now - self._last > BEAT_S:
            self._last = now
            faulthandler.dump_traceback_later(HANG_S, exit=True, file=2)
            self._say(at=number, processor_s=round(time.process_time(), 2))
        elif self._careful > 0:
            self._say(at=number)
        self._careful -= 1


def _known(program: CheckedProgram, item: dict[str, Any]) -> Survivor:
    """A survivor of a process that has ended."""
    steps = tuple(tuple((start, end, new.encode()) for start, end, new in step) for step in item["steps"])
    source = list(applied(program.source, steps))[-1]
    kinds = tuple(item["kinds"])
    return Survivor(cost=item["cost"], kinds=kinds, steps=steps, line=item["line"], source=source)


def _report(ranking: Ranking, say: Voice) -> None:
    """Print the best survivor of each of the first behaviours, and what tells it from the best."""
    behaviours: dict[tuple[str, ...], Survivor] = {}
    for survivor in ranking.ranked:
        behaviours.setdefault(survivor.results, survivor)
    best = next(iter(behaviours.values()))
    shown = list(behaviours.values())[:SHOWN]
    common = ranking.separating(shown, LONGEST_CALL)
    for survivor in shown:
        place = ranking.told_apart(best, survivor)
        apart = None
        if place is not None:
            text = ranking.calls[place].text
            if len(text) <= LONGEST_CALL:
                apart = [text, best.results[place], survivor.results[place]]
        say(
            survivor=_plain(survivor),
            apart=apart,
            example=None if common is None else [ranking.calls[common].text, survivor.results[common]],
            behaviours=len(behaviours),
            compared=len(ranking.ranked),
            inputs=len(ranking.calls),
        )


def _plain(survivor: Survivor) -> dict[str, Any]:
    steps = [[(start, end, new.decode()) for start, end, new in step] for step in survivor.steps]
    return {"cost": survivor.cost, "kinds": survivor.kinds, "steps": steps, "line": survivor.line}
