"""Settings of one run, and the presets of cot, cot+ and cot++."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from cot_magic.core.budget import Budget

PRESETS: Mapping[str, Budget] = {
    "cot": Budget(
        thinking_tokens=4_000, search_s=5.0, rounds=1, schedules=200, requests=4, wait_s=120.0, stop_usd=0.25
    ),
    "cot+": Budget(
        thinking_tokens=10_000,
        search_s=20.0,
        rounds=3,
        schedules=2_000,
        requests=10,
        wait_s=300.0,
        stop_usd=1.0,
    ),
    "cot++": Budget(
        thinking_tokens=31_999,
        search_s=60.0,
        rounds=6,
        schedules=20_000,
        requests=25,
        wait_s=900.0,
        stop_usd=5.0,
    ),
}
DEFAULT_MODEL = "claude-opus-5-5"
PLATFORMS = ("anthropic", "bedrock", "vertex", "foundry")
EFFORTS = ("low", "medium", "high", "xhigh", "max")
INSERT = ("ask", "fix", "tests", "all", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one run. `prompt` is the free text; None means the preset or the default.

    `timeout` is in seconds, for each run in a copy (and for each cell of `cot-magic run`); `certify_limit` is
    in seconds for each cell of a certificate. `guard_ms` is how long a cell may be rehearsed before it runs.
    `traceback` is where IPython's traceback is shown in a notebook: `below` the panel, or `above` it.
    `mailbox` is a file with a model's answers, where a sweep sends the requests of its sessions in batches.
    `language` is that of lessons and common rules: `en`, `de` or `auto`; empty is English, or what the file
    of a teacher says.
    """

    intensity: str = "cot"
    prompt: str = ""
    reasoner: str = "auto"
    model: str | None = None
    platform: str = "anthropic"
    budget: int | None = None
    effort: str | None = None
    max_cost: float | None = None
    personal: str = "mask"
    schedules: int | None = None
    seed: int | str | None = None
    runs: int | None = None
    timeout: float | None = None
    insert: str = "ask"
    preview: bool = False
    teach: bool = False
    save: str | None = None
    certify: bool = False
    certify_limit: float = 60.0
    allow: tuple[str, ...] = ()
    snapshots: bool = True
    snapshot_limit_mb: int = 2_048
    rehearse: bool = False
    guard_ms: int = 300
    traceback: str = "below"
    mailbox: str | None = None
    language: str = ""

    def effective_budget(self) -> Budget:
        """The preset of the intensity with what the person set."""
        preset = PRESETS[self.intensity]
        return replace(
            preset,
            thinking_tokens=self.budget or preset.thinking_tokens,
            schedules=self.schedules or self.runs or preset.schedules,
            max_usd=self.max_cost,
            limited=self.budget is not None,
            effort=self.effort or "",
            explore=self.explores,
            seed=self.seed if isinstance(self.seed, int) else 0,
            token=self.seed if isinstance(self.seed, str) else "",
            runs=self.runs or 0,
        )

    @property
    def explores(self) -> bool:
        """Whether schedules were asked for, so that a passing cell is explored too."""
        return self.schedules is not None or self.runs is not None or isinstance(self.seed, str)
