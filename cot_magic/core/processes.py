"""Whether this process may start others: a confined copy of a kernel may not, and our code does not try."""

_forbidden = False


def forbid() -> None:
    """Say so in this process, for good; the confinement is what enforces it."""
    global _forbidden
    _forbidden = True


def may_start() -> bool:
    """False in a copy that may not start processes."""
    return not _forbidden
