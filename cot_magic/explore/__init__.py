"""Searches schedules of asyncio and threaded code for one that fails; replays, shrinks and shows it.

The package itself can be called: `cot_magic.explore(fn)` is `cot_magic.explore.api.explore(fn)`.
"""

import sys
from types import ModuleType
from typing import Any


class _Explore(ModuleType):
    """A module that is also the function of its name."""

    def __call__(self, fn: Any, **options: Any) -> Any:
        """See `cot_magic.explore.api.explore`."""
        from cot_magic.explore.api import explore

        return explore(fn, **options)


sys.modules[__name__].__class__ = _Explore
