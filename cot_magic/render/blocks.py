"""What a screen is made of: frozen blocks that every rendering draws, and the only way to a check mark."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from cot_magic.core.findings import EvidenceId, Phase
from cot_magic.core.schedules import Trace
from cot_magic.render.safe_text import WORTH_TELLING, counted, elapsed, seconds

CHECK = "\N{CHECK MARK}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A sign with its evidence. A check mark without evidence cannot be built."""

    sign: str
    evidence: tuple[EvidenceId, ...] = ()

    def __post_init__(self) -> None:
        if CHECK in self.sign and not self.evidence:
            raise ValueError("a check mark needs the id of its evidence")


def tick(evidence: Sequence[EvidenceId]) -> Mark:
    """Return the check mark of VERIFIED and CONFIRMED. Raises ValueError without evidence."""
    return Mark(sign=CHECK, evidence=tuple(evidence))


def cross(evidence: Sequence[EvidenceId]) -> Mark:
    """Return the mark of REJECTED and REFUTED; a question mark if nothing ran."""
    return Mark(sign="✗", evidence=tuple(evidence)) if evidence else OPEN


OPEN = Mark(sign="?")
PLAIN = Mark(sign="·")  # a fact, not a verdict


class State(StrEnum):
    """The state of a phase."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    INTERRUPTED = "interrupted"

    @property
    def icon(self) -> str:
        """One character; never a check mark, since a phase that has ended proves nothing."""
        return {"waiting": "○", "running": "◐", "done": "●", "interrupted": "■"}[self.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Light Markdown (`code`, **bold**, lists, fences). `topic` is a short lead; `quiet` text is dimmed."""

    text: str
    topic: str = ""
    quiet: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """Python source, verbatim. `language` is empty for output."""

    source: str
    title: str = ""
    language: str = "python"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One piece of evidence: what ran, what it printed and how it ended."""

    evidence: EvidenceId
    label: str
    code: str = ""
    output: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A claim with its mark; `claim` and `detail` are light Markdown, `runs` go into folds."""

    mark: Mark
    claim: str
    detail: str = ""
    runs: tuple[RunRow, ...] = ()
    strong: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    rows: tuple[Row, ...]
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Plain cells under plain headers; columns in `code` hold values or names, shown verbatim."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    code: tuple[int, ...] = ()
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffLine:
    """`sign` is `+`, `-`, a space for an unchanged line, or `…` for lines left out; `marks` are the parts of
    the text (start and end) that the other side does not have."""

    sign: str
    text: str
    marks: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """Changed lines; `choice` is the number of the choice that makes the change, 0 where nothing is asked."""

    title: str
    lines: tuple[DiffLine, ...]
    choice: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TestRow:
    """A regression test and how it ended without and with the fix, in words."""

    __test__ = False

    mark: Mark
    name: str
    before: str
    after: str
    source: str = ""
    runs: tuple[RunRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tests:
    __test__ = False

    rows: tuple[TestRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A schedule as lanes and steps. `inevitable_after` is the number of decisions after which every
    continuation fails; None if unknown."""

    trace: Trace
    title: str = ""
    inevitable_after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """Blocks under a title, closed at first."""

    title: str
    blocks: "tuple[Block, ...]"


Block: TypeAlias = Text | Code | Rows | Table | Diff | Tests | Picture | Fold


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """The latest part of a model's text while it arrives; `above` is the number of characters before it."""

    text: str
    above: int = 0
    thinking: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One phase. `seconds` is None until it starts; `headline` is its result in one sentence.

    There are `streams` only while the phase runs; afterwards what was written is among the blocks. Its fold
    is closed at the end unless it is `wanted`: the answer is above the folds.
    """

    phase: Phase
    state: State
    headline: str = ""
    seconds: float | None = None
    blocks: tuple[Block, ...] = ()
    streams: tuple[Stream, ...] = ()
    wanted: bool = False

    @property
    def time(self) -> str:
        """How long it took, or has taken so far; empty before it starts, and below a second."""
        if self.seconds is None:
            return ""
        if self.state is State.RUNNING:
            return elapsed(self.seconds)
        return seconds(self.seconds) if self.seconds >= WORTH_TELLING else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Badge:
    """The verdict of the session: a mark, which may be empty, and a word."""

    mark: Mark
    word: str

    @property
    def text(self) -> str:
        return f"{self.mark.sign} {self.word}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A session in words, ready to draw.

    `cause` is one sentence, and `answer` what is shown before any fold: the change that helps, or the facts.
    `more` is what has no room there, in the first fold. `meta` are short facts such as `41 s`; `notes` are
    whole sentences.
    """

    name: str
    title: str
    badge: Badge
    meta: tuple[str, ...]
    sections: tuple[Section, ...]
    notes: tuple[str, ...] = ()
    cause: str = ""
    answer: tuple[Block, ...] = ()
    more: tuple[Block, ...] = ()

    @property
    def more_title(self) -> str:
        """What the first fold is called."""
        choices = len({block.choice for block in self.more if isinstance(block, Diff)} - {0})
        return counted(choices, "more choice") if choices else "more"

    @property
    def running(self) -> Section | None:
        """The phase that is running, if any."""
        return next((section for section in self.sections if section.state is State.RUNNING), None)
