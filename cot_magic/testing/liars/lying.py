"""How the catalogue writes a lie down."""

from typing import Any

from cot_magic.testing.claims import Claim, FailingNotebook, Rewording


def lie(
    kind: str,
    name: str,
    notebook: FailingNotebook,
    *changes: tuple[int, str, str],
    tests: tuple[str, ...] = (),
    **more: Any,
) -> Claim:
    """A claim that is not true; without tests it has the honest one of the notebook, if there is one."""
    edits = tuple(Rewording(*change) for change in changes)
    return Claim(
        kind=kind, name=name, notebook=notebook, changes=edits, tests=tests or notebook.tests, **more
    )
