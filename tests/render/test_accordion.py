"""The screens of notebooks in a real kernel: live while it runs, without a widget at the end."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sessions

from cot_magic.core.events import Streamed
from cot_magic.core.findings import Phase
from cot_magic.core.session import Session
from cot_magic.render import accordion
from cot_magic.render.accordion import WIDGET_VIEW, AccordionRenderer, SilentRenderer, StaticRenderer
from cot_magic.render.outline import LiveOutline
from cot_magic.render.widgets import Panel
from cot_magic.testing import check_renderer

SETUP = f"""
import sys
sys.path.append({str(Path(sessions.__file__).parent)!r})
import sessions
from cot_magic.core.session import Session
from cot_magic.render.accordion import AccordionRenderer, StaticRenderer

def show(renderer, events, *_):
    session = Session(id="s")
    for stamped in sessions.stamp(events):
        session = session.evolve(stamped)
        renderer.update(session, stamped)
    renderer.close(session)
"""
FROM_HOOK = """
def hook(result):
    if result.error_in_exec is not None:
        show(AccordionRenderer(), sessions.verified_events())
get_ipython().events.register("post_run_cell", hook)
"""


@pytest.fixture(scope="module")
def prepared(shared_kernel: Any) -> Any:
    assert shared_kernel.run(SETUP).status == "ok"
    return shared_kernel


def test_after_a_failed_cell_the_accordion_becomes_a_static_panel_below_its_traceback(prepared: Any) -> None:
    prepared.run(FROM_HOOK)
    ran = prepared.run("1 / 0")
    prepared.run("get_ipython().events.unregister('post_run_cell', hook)")
    kinds = [m["msg_type"] for m in ran.messages if m["msg_type"] in ("error", "display_data")]
    assert kinds == ["error", "display_data"]
    assert ran.status == "error"
    first = next(m for m in ran.messages if m["msg_type"] == "display_data")["content"]["data"]
    assert {WIDGET_VIEW, "text/html", "text/markdown", "text/plain"} <= set(first)
    (final,) = ran.displays
    assert set(final) == {"text/html", "text/markdown", "text/plain"}
    assert "✓ verified" in final["text/html"]
    assert ran.stderr == ""


def test_titles_and_icons_follow_the_phases_and_each_fold_opens_once(prepared: Any) -> None:
    slow = "clock = iter(n * 0.3 for n in range(1_000))\n"
    ran = prepared.run(
        f"{slow}show(AccordionRenderer(clock=lambda: next(clock)), sessions.verified_events())"
    )
    assert (ran.status, ran.stderr) == ("ok", ""), ran.traceback
    sent = [m["content"] for m in ran.messages if m["msg_type"] == "comm_msg"]
    states = [(content["comm_id"], content["data"].get("state", {})) for content in sent]
    titles = [state["titles"][0] for _, state in states if "titles" in state]
    assert any(title.startswith("◐ PLAN") for title in titles)
    assert titles[-1].startswith("● CONFIRM")
    touched: dict[str, list[int | None]] = {}
    for comm, state in states:
        if "selected_index" in state:
            touched.setdefault(comm, []).append(state["selected_index"])
    assert list(touched.values()) == [[0, None]] * 5


def test_the_widgets_are_closed_at_the_end(prepared: Any) -> None:
    ran = prepared.run("show(AccordionRenderer(), sessions.verified_events())")
    opened = {m["content"]["comm_id"] for m in ran.messages if m["msg_type"] == "comm_open"}
    closed = {m["content"]["comm_id"] for m in ran.messages if m["msg_type"] == "comm_close"}
    boxes = {
        m["content"]["comm_id"]
        for m in ran.messages
        if m["msg_type"] == "comm_open"
        and m["content"]["data"]["state"]["_model_name"] in ("VBoxModel", "AccordionModel", "HTMLModel")
    }
    assert boxes <= closed <= opened


def test_a_flood_of_tokens_is_paced_and_its_end_is_shown(prepared: Any) -> None:
    code = """
from cot_magic.core.events import PhaseEnded, SessionEnded, Streamed
from cot_magic.core.findings import Phase
from cot_magic.core.session import Session
start = sessions.analyze(sessions.key_error_case())[:2]
flood = [Streamed(phase=Phase.ANALYZE, text=f"word{n} ") for n in range(3_000)]
clock = iter(n / 1_000 for n in range(1_000_000))
end = [PhaseEnded(phase=Phase.ANALYZE, headline="done"), SessionEnded()]
show(AccordionRenderer(clock=lambda: next(clock)), [*start, *flood, *end])
"""
    ran = prepared.run(code)
    assert (ran.status, ran.stderr) == ("ok", ""), ran.traceback
    assert sum(m["msg_type"] == "comm_msg" for m in ran.messages) < 200
    assert "word2999" in ran.displays[-1]["text/html"]


def test_hostile_texts_reach_the_front_end_escaped(prepared: Any) -> None:
    ran = prepared.run("show(AccordionRenderer(), sessions.hostile_events(sessions.HOSTILE['script']))")
    assert (ran.status, ran.stderr) == ("ok", ""), ran.traceback
    sent = [json.dumps(m["content"]) for m in ran.messages if m["msg_type"].startswith("comm")]
    values = [text for text in sent if '"value"' in text]
    assert values
    assert not any("<script" in text for text in values)


def test_the_panel_without_widgets_changes_at_phases_only(prepared: Any) -> None:
    ran = prepared.run("show(StaticRenderer(), sessions.verified_events())")
    kinds = [m["msg_type"] for m in ran.messages]
    assert (ran.status, ran.stderr) == ("ok", ""), ran.traceback
    assert kinds.count("display_data") == 1
    assert kinds.count("update_display_data") == 5 * 2 + 1
    assert not any(kind.startswith("comm") for kind in kinds)
    assert "✓ verified" in ran.displays[-1]["text/html"]


SEARCHED = """
from cot_magic.core.events import ExploreSchedules, SearchAdvanced
seconds = iter([0.0, 0.0, 0.0, 0.4, 0.8, 1.2, 1.2, 1.5, 1.9])
search = [SearchAdvanced(ran=100 * n, total=500, failed=n, per_second=250.0, seconds_left=9.0 - n) for n in range(5)]
events = sessions.analyze(sessions.key_error_case())[:2]
show(StaticRenderer(clock=lambda: next(seconds)), [*events, ExploreSchedules(schedules=500), *search])
"""


def test_without_widgets_a_search_is_shown_once_a_second(prepared: Any) -> None:
    ran = prepared.run(SEARCHED)
    assert (ran.status, ran.stderr) == ("ok", ""), ran.traceback
    shown = [m["content"]["data"]["text/plain"] for m in ran.messages if "display_data" in m["msg_type"]]
    assert "searching 500 schedules from seed 0" in shown[2]
    bars = [text for text in shown if " of 500 schedules" in text]
    assert len(bars) == 1
    assert "████████············ 200 of 500 schedules, 250/s, 2 failed, at most 7 s left" in bars[0]


def test_both_take_an_interrupted_session(prepared: Any) -> None:
    ran = prepared.run(
        "from cot_magic.testing import check_renderer\n"
        "check_renderer(AccordionRenderer())\ncheck_renderer(StaticRenderer())"
    )
    assert (ran.status, ran.stderr) == ("ok", ""), ran.traceback
    assert all("■ interrupted" in data["text/html"] for data in ran.displays)


def test_the_silent_one_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    check_renderer(SilentRenderer())
    assert capsys.readouterr().out == ""


def draw(panel: Panel, live: LiveOutline, session: Session) -> None:
    panel.draw(live.draw(session, ""))


def test_what_the_person_opens_and_shuts_stays_so() -> None:
    analyzed = sessions.analyze(sessions.key_error_case())
    panel, live = Panel(), LiveOutline()
    folds = [fold.accordion for fold in panel._folds.values()]
    draw(panel, live, sessions.fold(analyzed[:2]))
    assert [fold.selected_index for fold in folds] == [0, None, None, None, None]
    folds[0].selected_index = None
    draw(panel, live, sessions.fold([*analyzed[:2], Streamed(phase=Phase.ANALYZE, text="more")]))
    assert folds[0].selected_index is None
    draw(panel, live, sessions.fold([*analyzed, *sessions.plan()[:1]]))
    assert [fold.selected_index for fold in folds] == [None, 0, None, None, None]
    folds[0].selected_index = 0
    draw(panel, live, sessions.fold([*analyzed, *sessions.plan()]))
    assert folds[0].selected_index == 0
    panel.close()


def test_new_evidence_leaves_the_rows_before_it_as_they_are() -> None:
    before = [*sessions.analyze(sessions.key_error_case()), *sessions.plan(), *sessions.validate()[:5]]
    after = [*before, *sessions.validate()[5:7]]
    panel, live = Panel(), LiveOutline()
    draw(panel, live, sessions.fold(before))
    fold = panel._folds[Phase.VALIDATE]
    widgets, texts = list(fold._parts), [part.value for part in fold._parts]
    draw(panel, live, sessions.fold(after))
    assert fold._parts[: len(widgets)] == widgets
    kept = [new == part.value for new, part in zip(texts, fold._parts, strict=False)]
    assert kept.count(False) == 1, "only the row of the hypothesis that was tested is sent again"
    panel.close()


def test_no_widgets_are_loaded_until_something_is_shown() -> None:
    code = "import sys, cot_magic.render.accordion, cot_magic.render.buttons, cot_magic.render.terminal\n"
    code += "print([m for m in ('ipywidgets', 'rich', 'IPython', 'nbformat') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("renderer", [AccordionRenderer, StaticRenderer])
def test_ctrl_c_while_the_panel_is_first_shown_still_ends_in_its_final_state(
    renderer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Handle:
        data: Any = None

        def update(self, data: Any, *, raw: bool) -> None:
            self.data = data

    shown = Handle()

    def display(data: Any) -> Handle:
        signal.raise_signal(signal.SIGINT)  # the front end has it, and the person has stopped already
        return shown

    monkeypatch.setattr(accordion, "_display", display)
    first, *_ = sessions.stamp(sessions.verified_events())
    session = Session(id="s").evolve(first)
    screen = renderer()
    with pytest.raises(KeyboardInterrupt):
        screen.update(session, first)
    screen.close(session.stopped())
    assert "interrupted" in shown.data["text/plain"]
