"""What a fork changes in a copy and the kernel would not have: the state of random number generators."""

import os
import random
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cot_magic.sandbox.places import of_a_library

_STATE: Callable[..., Any] = random.Random.__base__.getstate  # type: ignore[union-attr]
_SET_STATE: Callable[..., None] = random.Random.__base__.setstate  # type: ignore[union-attr]
_searched: dict[str, int] = {}
"""Modules of the library and of packages that were searched, by `id`: only the person's own change later."""
_holders: dict[str, types.ModuleType] = {}
"""Modules in which a generator was found."""


class GeneratorStates:
    """The states of all `random.Random` objects that are module state, as they were before a fork.

    The library seeds its own generator again in each child (`os.register_at_fork`, `random.py`), and others
    may do so too: a copy would draw other numbers than the kernel. No code of the person runs here.
    """

    def __init__(self, namespaces: tuple[Mapping[str, Any], ...] = ()) -> None:
        kinds = _kinds()
        generators = [getattr(random, "_inst", None), *_of_modules(kinds)]
        for namespace in namespaces:
            generators.extend(value for value in list(namespace.values()) if type(value) in kinds)
        unique = {id(generator): generator for generator in generators if type(generator) in kinds}
        self._states = [(generator, _STATE(generator), _rest(generator)) for generator in unique.values()]

    def restore(self) -> None:
        """Set them as they were: call it in each process that was forked since."""
        for generator, state, rest in self._states:
            _SET_STATE(generator, state)
            if rest:
                object.__setattr__(generator, "gauss_next", rest[0])
        _keep_temporary_names()


def _kinds() -> frozenset[type]:
    """`random.Random` and the classes derived from it that have a state."""
    kinds, todo = {random.Random}, [random.Random]
    while todo:
        for kind in type.__subclasses__(todo.pop()):
            if kind not in kinds and not issubclass(kind, random.SystemRandom):
                kinds.add(kind)
                todo.append(kind)
    return frozenset(kinds)


def _of_modules(kinds: frozenset[type]) -> Iterator[Any]:
    """Generators among the global names of modules; modules of packages are searched once."""
    for name, module in list(sys.modules.items()):
        if _searched.get(name) == id(module) or not isinstance(module, types.ModuleType):
            continue
        if of_a_library(getattr(module, "__file__", None) or "<built-in>"):
            _searched[name] = id(module)
        if any(type(value) in kinds for value in list(vars(module).values())):
            _holders[name] = module
    for module in _holders.values():
        yield from (value for value in list(vars(module).values()) if type(value) in kinds)


def _rest(generator: random.Random) -> tuple[Any, ...]:
    """The second number of a pair that `gauss` drew, which is kept in the object."""
    names = generator.__dict__ if type(generator) is random.Random else {}
    return (names["gauss_next"],) if "gauss_next" in names else ()


def _keep_temporary_names() -> None:
    """Let `tempfile` go on with its sequence of names: it starts a new one when the process id changes."""
    names = getattr(sys.modules.get("tempfile"), "_name_sequence", None)
    if getattr(names, "_rng_pid", None) is not None:
        names._rng_pid = os.getpid()  # type: ignore[union-attr]
