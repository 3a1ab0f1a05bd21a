"""The autopsy of a failure: a copy of the kernel as the failure left it, examined and let go."""

from collections.abc import Iterator

from cot_magic import plugins
from cot_magic.actions.failure import Failure
from cot_magic.actions.parking import ROOM_AFTER_A_FAILURE
from cot_magic.actions.state import ActionState, history_of, secrets_so_far
from cot_magic.core.case import Case
from cot_magic.core.errors import SandboxError
from cot_magic.core.facts import NO_FACTS, Fact, Facts
from cot_magic.core.jobs import Job, Limits
from cot_magic.settings import Settings

LIMITS = Limits(wall_s=3.0, cpu_s=3)
"""Of the copy; the analysers have less. What they found until then is kept."""


class LiveExaminer:
    """Examines the kernel of a failure whose exception is alive. Without a sandbox there are no facts."""

    def __init__(self, state: ActionState, failure: Failure, settings: Settings) -> None:
        self._state, self._failure, self._settings = state, failure, settings

    def examine(self, case: Case) -> Facts:
        """The facts that the autopsy finds; none if the kernel cannot be copied."""
        from cot_magic.autopsy.examination import UNFINISHED
        from cot_magic.capture.failure import sandbox_describe

        state, settings = self._state, self._settings

        def autopsy() -> Iterator[Fact]:
            from cot_magic.autopsy import examination

            return examination.autopsy(
                self._failure.error, case, history_of(state), secrets_so_far(state), state.shell.user_ns
            )

        copy = plugins.load("sandboxes", "fork-after")(
            state.shell,
            describe=sandbox_describe(history_of(state), secrets_so_far(state)),
            size_limit_mb=settings.snapshot_limit_mb * ROOM_AFTER_A_FAILURE,
            autopsy=autopsy,
        )
        try:
            if not copy.status().available:
                return NO_FACTS
            (result,) = copy.run((Job(steps=(), examine=True, limits=LIMITS),))
        except SandboxError:  # it was gone before the job came to it
            return NO_FACTS
        finally:
            copy.close()
        told = tuple(item for item in result.facts if item.kind != UNFINISHED)
        unfinished = tuple(
            str(item.value.get("analyser")) for item in result.facts if item.kind == UNFINISHED
        )
        return Facts(found=told, unfinished=unfinished, seconds=result.seconds)
