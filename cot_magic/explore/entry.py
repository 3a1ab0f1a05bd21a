"""What an entry point starts (a loop, threads, calls in threads), as far as its code shows."""

import asyncio
import dis
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from types import CodeType, FunctionType, MethodType
from typing import Any

from cot_magic.explore.places import of_the_user

_LOOPS = frozenset(("run_until_complete", "run_forever", "Runner"))
_THREADS = frozenset(("Thread", "Timer", "ThreadPoolExecutor", "ThreadPool", "start_new_thread"))
_CALLS = frozenset(("to_thread", "run_in_executor"))
_MOST = 5_000  # code objects to look at


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the code does that an entry point can reach.

    Attributes
    ----------
    loop, threads, calls
        Whether it runs an event loop (or is a coroutine function), starts threads, runs calls of a loop in
        threads.
    coroutines
        Whether it refers to coroutine functions, so that it may return a coroutine.
    """

    loop: bool
    coroutines: bool
    threads: bool
    calls: bool


def entry_of(start: CodeType | Callable[..., Any], namespace: Mapping[str, Any]) -> Entry:
    """Return what the code does, with the user's functions and classes that it refers to, however deep.

    Parameters
    ----------
    start
        A function, or the code of a whole module or cell; names that it defines itself are followed as well.
    namespace
        Its globals as far as they exist already.
    """
    names: set[str] = set()
    loop, coroutines = _is_coroutine(start), False
    for code, known in _reachable(start, namespace):
        loaded = set(_loaded(code))
        names |= loaded
        coroutines = coroutines or bool(code.co_flags & inspect.CO_COROUTINE)
        loop = loop or bool(loaded & _LOOPS) or _runs_loop(code, loaded, known)
    return Entry(loop=loop, coroutines=coroutines, threads=bool(names & _THREADS), calls=bool(names & _CALLS))


def _is_coroutine(start: CodeType | Callable[..., Any]) -> bool:
    if isinstance(start, CodeType):
        return bool(start.co_flags & inspect.CO_COROUTINE)
    inner = inspect.unwrap(start)
    return inspect.iscoroutinefunction(inner) or inspect.iscoroutinefunction(
        vars(type(inner)).get("__call__")
    )


def _runs_loop(code: CodeType, loaded: set[str], known: Mapping[str, Any]) -> bool:
    """Whether it refers to `asyncio.run`, under whatever name."""
    named = {name: known[name] for name in loaded if name in known}
    if any(value is asyncio.run for value in named.values()):
        return True
    if "run" not in loaded:
        return False
    modules = {"asyncio", *_aliases(code)} | {name for name, value in named.items() if value is asyncio}
    return bool(modules & loaded)


def _aliases(code: CodeType) -> Iterator[str]:
    """Names that this code imports asyncio under."""
    importing = ""
    for item in dis.get_instructions(code):
        if item.opname in ("IMPORT_NAME", "IMPORT_FROM"):
            importing = str(item.argval)
        elif item.opname.startswith("STORE_") and importing:
            if importing == "asyncio":
                yield str(item.argval)
            importing = ""


def _reachable(
    start: CodeType | Callable[..., Any], namespace: Mapping[str, Any]
) -> Iterator[tuple[CodeType, Mapping[str, Any]]]:
    """The code of the entry point and all that it can call, each with its globals."""
    own: dict[str, list[CodeType]] = {}
    if isinstance(start, CodeType):
        for code in _nested(start):
            own.setdefault(code.co_name, []).append(code)
        namespace = {**namespace, **dict.fromkeys(_imported_runs(start), asyncio.run)}
        todo: list[tuple[CodeType, Mapping[str, Any]]] = [(start, namespace)]
    else:
        todo = [(code, seen) for code, seen in _codes(start)]
    seen_codes: set[int] = set()
    while todo and len(seen_codes) < _MOST:
        code, known = todo.pop()
        if id(code) in seen_codes:
            continue
        seen_codes.add(id(code))
        yield code, known
        whole = code is start
        todo += [(inner, known) for inner in _inner(code) if not whole or inner.co_name.startswith("<")]
        for name in _loaded(code):
            todo += [(found, namespace) for found in own.get(name, ())]
            if name in known:
                todo += list(_codes(known[name]))


def _imported_runs(code: CodeType) -> Iterator[str]:
    """Names that this code imports `asyncio.run` under, with `from asyncio import run`."""
    module = ""
    previous = ""
    for item in dis.get_instructions(code):
        if item.opname == "IMPORT_NAME":
            module = str(item.argval)
        elif item.opname.startswith("STORE_") and previous == "run" and module == "asyncio":
            yield str(item.argval)
        previous = str(item.argval) if item.opname == "IMPORT_FROM" else ""


def _codes(value: Any) -> Iterator[tuple[CodeType, Mapping[str, Any]]]:
    """The code of a function, method, partial, class or object of the user, with its globals."""
    if isinstance(value, partial):
        value = value.func
    if isinstance(value, MethodType):
        value = value.__func__
    value = inspect.unwrap(value) if isinstance(value, FunctionType) else value
    if isinstance(value, FunctionType):
        if of_the_user(value.__code__.co_filename):
            known = dict(value.__globals__)
            for name, cell in zip(value.__code__.co_freevars, value.__closure__ or (), strict=False):
                try:
                    known[name] = cell.cell_contents
                except ValueError:
                    continue  # an empty cell
            yield value.__code__, known
        return
    kind = value if isinstance(value, type) else type(value)
    for member in list(vars(kind).values()):
        if isinstance(member, staticmethod | classmethod):
            member = member.__func__
        if isinstance(member, property):
            member = member.fget
        if isinstance(member, FunctionType) and of_the_user(member.__code__.co_filename):
            yield member.__code__, member.__globals__


def _inner(code: CodeType) -> list[CodeType]:
    return [item for item in code.co_consts if isinstance(item, CodeType)]


def _nested(code: CodeType) -> Iterator[CodeType]:
    for inner in _inner(code):
        yield inner
        yield from _nested(inner)


def _loaded(code: CodeType) -> Iterator[str]:
    """Names and attributes that the code loads."""
    for item in dis.get_instructions(code):
        if item.opname.startswith("LOAD_") and isinstance(item.argval, str) and "CONST" not in item.opname:
            yield item.argval
        elif item.opname == "IMPORT_FROM":
            yield str(item.argval)
