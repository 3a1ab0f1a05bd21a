"""A session whose screen or listener fails: what was found is kept, and no screen goes on."""

import signal
import sys
import time

import pytest

from cot_magic.core.events import PhaseStarted, Stamped
from cot_magic.core.findings import Phase
from cot_magic.core.session import Session
from cot_magic.run.interrupts import interruptible
from cot_magic.run.last_session import LastSession
from cot_magic.run.run_session import run_session
from cot_magic.settings import Settings
from cot_magic.testing import CollectingRenderer, NamespaceSandbox, ScriptedReasoner, case


class FailingRenderer(CollectingRenderer):
    """Draws the first event and no more."""

    def update(self, session: Session, last: Stamped) -> None:
        super().update(session, last)
        if len(self.seen) > 1:
            raise ZeroDivisionError("a fault of ours")


class FailingListener:
    """Hears one event and no more."""

    heard = 0

    def hear(self, stamped: Stamped) -> None:
        self.heard += 1
        if self.heard > 1:
            raise ZeroDivisionError("a fault of ours")


@pytest.mark.parametrize("screen", [True, False], ids=["the screen", "a listener"])
def test_a_fault_of_ours_ends_the_screen_and_keeps_what_was_found(screen: bool) -> None:
    last = LastSession()
    renderer = FailingRenderer() if screen else CollectingRenderer()
    with pytest.raises(ZeroDivisionError, match="a fault of ours"):
        run_session(
            case("1 / 0"),
            NamespaceSandbox({}),
            Settings(),
            renderer=renderer,
            reasoner=ScriptedReasoner([PhaseStarted(phase=Phase.ANALYZE), PhaseStarted(phase=Phase.PLAN)]),
            verbatim=() if screen else (FailingListener(),),
            last=last,
        )
    assert renderer.final is not None
    assert renderer.final.interrupted
    assert last.session is not None
    assert last.session.interrupted
    assert last.session.case is not None


class Unraising:
    """Presses Ctrl-C when it is finalised: Python ignores what is raised there."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)
        time.sleep(0.001)


def pressed_in_a_finaliser() -> None:
    with interruptible():
        Unraising()
        time.sleep(5)


def test_a_press_of_ctrl_c_that_python_ignores_is_not_lost() -> None:
    with pytest.raises(KeyboardInterrupt):
        pressed_in_a_finaliser()
    kept = sys.unraisablehook
    with interruptible():
        pass
    assert sys.unraisablehook is kept
