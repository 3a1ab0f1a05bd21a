"""Values that can be shown without running code of the person."""

from typing import Any

_PLAIN = (str, int, float, bool, bytes, type(None))
_LONGEST = 20  # characters


def plain(value: Any) -> str:
    """Return a value in a few characters; "" if showing it could run code of the person."""
    return repr(value)[:_LONGEST] if type(value) in _PLAIN else ""
