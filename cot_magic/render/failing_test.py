"""What was found out about a failing test, in the few lines that fit below its failure."""

from collections.abc import Sequence

from cot_magic.render.blocks import CHECK

MOST = 24
WIDTH = 160
DIFF_AT_LEAST = 6
_SAID = {
    "verified": f"{CHECK} a verified fix",
    "plausible": "? a fix passes, but it is not proven to be what was meant",
    "unresolved": "? no fix passed",
}


def failing_test(
    *,
    result: str,
    claim: str = "",
    diff: Sequence[str] = (),
    note: str = "",
    question: str = "",
    unconfirmed: str = "",
    others: int | None = None,
    broken: Sequence[str] = (),
) -> list[str]:
    """Lines of text, at most `MOST`.

    Parameters
    ----------
    result
        `verified`, `plausible` or `unresolved`; "" where nothing was found out, which `note` explains.
    unconfirmed
        Why the fix was not confirmed on the project itself; it is then not called verified.
    others
        How many other tests of the file pass with the fix; None if that was not tried.
    broken
        Tests that pass only without the fix.
    """
    if not result:
        return [_short(note)]
    sure = result == "verified" and not unconfirmed and not broken
    said = _SAID["plausible" if result == "verified" and not sure else result]
    head = [f"{said}." if not claim else f"{said}. {claim}"]
    tail = [note] if note else []
    if question and result == "plausible":
        tail.append(question)
    if unconfirmed:
        tail.append(f"Not confirmed: {unconfirmed}.")
    elif broken:
        named = f"{broken[0]}{f' and {len(broken) - 1} more' if len(broken) > 1 else ''}"
        tail.append(f"With the fix in its file the test passes, but another one fails: {named}.")
    elif others is not None:
        tail.append(
            f"Run in confined copies of the project: fails without it, passes with it{_others(others)}."
        )
    head, tail = (
        [_short(line) for line in head],
        [_short(line) for text in tail for line in text.splitlines()],
    )
    tail = tail[: MOST - len(head) - min(len(diff), DIFF_AT_LEAST)]
    room = MOST - len(head) - len(tail)
    shown = [_short(line) for line in diff]
    if len(shown) > room:
        shown = [*shown[: room - 1], f"… {len(diff) - room + 1} more lines"]
    return [*head, *shown, *tail]


def _others(count: int) -> str:
    """How the other tests of the file ended; "" if none passed before."""
    if not count:
        return ""
    others = "1 other test" if count == 1 else f"{count} other tests"
    return f"; {others} of its file passed as before"


def _short(text: str) -> str:
    line = text.replace("\n", " ")
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…"
