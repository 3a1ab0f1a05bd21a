"""What a person can ask for: functions from the state of a kernel and settings to a result.

Each function is imported when it is first used, so that loading the extension stays light.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cot_magic.actions.certify import certify_here as certify_here
    from cot_magic.actions.decide import choose as choose
    from cot_magic.actions.export import export_report as export_report
    from cot_magic.actions.failure import Failure as Failure
    from cot_magic.actions.failure import StoppedCell as StoppedCell
    from cot_magic.actions.insert import accept as accept
    from cot_magic.actions.insert import certify_inserted as certify_inserted
    from cot_magic.actions.insert import offer_to_insert as offer_to_insert
    from cot_magic.actions.insert import undo as undo
    from cot_magic.actions.investigate import investigate_cell as investigate_cell
    from cot_magic.actions.investigate import post_mortem as post_mortem
    from cot_magic.actions.parking import park as park
    from cot_magic.actions.parking import release as release
    from cot_magic.actions.rehearse import can_be_rehearsed as can_be_rehearsed
    from cot_magic.actions.rehearse import end_rehearsals as end_rehearsals
    from cot_magic.actions.rehearse import prepare_rehearsals as prepare_rehearsals
    from cot_magic.actions.rehearse import rehearse_cell as rehearse_cell
    from cot_magic.actions.rehearse import say_whether_guarded as say_whether_guarded
    from cot_magic.actions.replay import replay_recording as replay_recording
    from cot_magic.actions.replay import show_last as show_last
    from cot_magic.actions.resume import resume_last as resume_last
    from cot_magic.actions.teach import answer as answer
    from cot_magic.actions.teach import end_lesson as end_lesson

_MODULES = {
    "Failure": "failure",
    "StoppedCell": "failure",
    "accept": "insert",
    "answer": "teach",
    "can_be_rehearsed": "rehearse",
    "certify_here": "certify",
    "certify_inserted": "insert",
    "choose": "decide",
    "end_lesson": "teach",
    "end_rehearsals": "rehearse",
    "export_report": "export",
    "investigate_cell": "investigate",
    "offer_to_insert": "insert",
    "park": "parking",
    "post_mortem": "investigate",
    "prepare_rehearsals": "rehearse",
    "rehearse_cell": "rehearse",
    "release": "parking",
    "replay_recording": "replay",
    "resume_last": "resume",
    "say_whether_guarded": "rehearse",
    "show_last": "replay",
    "undo": "insert",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
