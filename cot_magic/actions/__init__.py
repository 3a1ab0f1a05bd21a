"""What a person can ask for: functions from the state of a kernel and settings to a result.

Each function is imported when it is first used, so that loading the extension stays light.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cot_magic.actions.export import export_report
    from cot_magic.actions.insert import insert_cells, offer_to_insert, undo
    from cot_magic.actions.investigate import investigate_cell, post_mortem
    from cot_magic.actions.parking import park, release
    from cot_magic.actions.replay import replay_recording, show_last
    from cot_magic.actions.resume import resume_last
    from cot_magic.actions.teach import answer, end_lesson

__all__ = [
    "answer",
    "end_lesson",
    "export_report",
    "insert_cells",
    "investigate_cell",
    "offer_to_insert",
    "park",
    "post_mortem",
    "release",
    "replay_recording",
    "resume_last",
    "show_last",
    "undo",
]
_MODULES = {
    "answer": "teach",
    "end_lesson": "teach",
    "export_report": "export_report",
    "insert_cells": "insert_cells",
    "investigate_cell": "investigate_cell",
    "offer_to_insert": "insert_cells",
    "park": "parking",
    "post_mortem": "investigate_cell",
    "release": "parking",
    "replay_recording": "replay_recording",
    "resume_last": "resume_last",
    "show_last": "replay_recording",
    "undo": "insert_cells",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
