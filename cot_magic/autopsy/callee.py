"""The callee: what a function takes, what an object has, and what the library says about names it gave up."""

import ast
import enum
import importlib.util
import inspect
import re
import sys
import types
from collections import Counter
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Any

from cot_magic.autopsy.evaluation import UNKNOWN
from cot_magic.autopsy.scene import Scene
from cot_magic.capture.describe import objects
from cot_magic.core.facts import Fact
from cot_magic.core.likeness import alike

MOST_PARAMETERS = 60
ALIKE = 0.5  # of the letters of two names, for a sentence that says so
_KEYWORD = re.compile(
    r"(?:unexpected keyword argument |not recognized: \{)'(\w+)'|'(\w+)' is an invalid keyword argument"
)
_ATTRIBUTE = re.compile(r"has no attribute '(\w+)'")
_FUNCTION_NAME = re.compile(r"^'(\w+)' is not a valid function(?: name)?(?: for|$)")
_IMPORTED = re.compile(r"cannot import name '(\w+)' from '([\w.]+)'")
_MODULE = re.compile(r"No module named '([\w.]+)'")


def callee(scene: Scene) -> Iterator[Fact]:
    """`callee.signature`, `callee.keyword`, `callee.attribute`, `callee.submodule`, `callee.import`."""
    if (told := _FUNCTION_NAME.search(scene.message)) is not None:
        yield from _named_function(scene, told[1])
    elif scene.is_a("AttributeError"):
        yield from _attribute(scene)
    if scene.is_a("ImportError"):
        yield from _imported(scene)
    if scene.call is not None:
        yield from _called(scene, scene.call)


# --- calls --------------------------------------------------------------------------------------------------


def _called(scene: Scene, call: ast.Call) -> Iterator[Fact]:
    function = scene.value(call.func)
    if function is UNKNOWN:
        return
    parameters = _parameters(function)
    source = scene.source(call.func)
    if parameters is None:
        return
    yield Fact.of(
        "callee.signature",
        f"`{source}` takes `({_signature(scene, parameters)})`.",
        expression=source,
        parameters=[_parameter(scene, item) for item in parameters[:MOST_PARAMETERS]],
        positional=[
            item.name
            for item in parameters
            if item.kind in (item.POSITIONAL_ONLY, item.POSITIONAL_OR_KEYWORD)
        ],
        required=[
            item.name
            for item in parameters
            if item.default is item.empty and item.kind not in (item.VAR_POSITIONAL, item.VAR_KEYWORD)
        ],
        given={"positional": len(call.args), "keywords": [item.arg for item in call.keywords if item.arg]},
        doc=_first_line(function),
    )
    if (told := _KEYWORD.search(scene.message)) is not None:
        given = told[1] or told[2]
        known = [item.name for item in parameters if item.kind not in (item.VAR_POSITIONAL, item.VAR_KEYWORD)]
        near = [item.key for item in alike(given, known)]
        said = _most_like(given, near)
        yield Fact.of(
            "callee.keyword",
            f"`{source}` has no parameter `{given}`.{said}",
            expression=source,
            given=given,
            near=near,
            keywords=known,
        )


def _parameters(function: Any) -> list[inspect.Parameter] | None:
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # a built-in without a signature
        return None


def _signature(scene: Scene, parameters: list[inspect.Parameter]) -> str:
    parts = []
    for item in parameters[:12]:
        star = "*" if item.kind is item.VAR_POSITIONAL else "**" if item.kind is item.VAR_KEYWORD else ""
        parts.append(f"{star}{item.name}" + ("=…" if item.default is not item.empty else ""))
    keyword_only = next(
        (at for at, item in enumerate(parameters[:12]) if item.kind is item.KEYWORD_ONLY), None
    )
    if keyword_only is not None and not any(item.kind is item.VAR_POSITIONAL for item in parameters):
        parts.insert(keyword_only, "*")
    return ", ".join([*parts, *(["…"] if len(parameters) > 12 else [])])


def _parameter(scene: Scene, item: inspect.Parameter) -> dict[str, Any]:
    found: dict[str, Any] = {"name": item.name, "kind": item.kind.name.lower()}
    if item.default is not item.empty:
        found["default"] = scene.text(item.default, 40, item.name)
    return found


def _first_line(function: Any) -> str:
    doc = getattr(function, "__doc__", None)
    return (
        next((line.strip()[:160] for line in doc.splitlines() if line.strip()), "")
        if type(doc) is str
        else ""
    )


# --- attributes and modules ---------------------------------------------------------------------------------


def _attribute(scene: Scene) -> Iterator[Fact]:
    error = scene.raised
    name = AttributeError.__dict__["name"].__get__(error)
    told = _ATTRIBUTE.search(scene.message)
    name = name if type(name) is str else told[1] if told else None
    owner = AttributeError.__dict__["obj"].__get__(error) if told or name else None
    node = scene.call.func if scene.call is not None else scene.node
    source = scene.source(node.value) if isinstance(node, ast.Attribute) and node.attr == name else ""
    if owner is None and isinstance(node, ast.Attribute) and source:
        found = scene.value(node.value)
        owner = None if found is UNKNOWN else found
    if name is None:
        return
    members = [item for item in objects.members(owner, 5_000) if type(item) is str]
    named = list(owner.__members__) if isinstance(owner, enum.EnumMeta) else _columns(owner)
    public = [*named, *(item for item in members if not item.startswith("_"))]
    synonyms, mentions = _documented(owner, name, public)
    near = list(dict.fromkeys([*synonyms, *(item.key for item in alike(name, public)), *mentions]))
    private = f"_{name}" in members
    said = _most_like(name, near)
    said += f" A private `_{name}` is left of it." if private else ""
    kind = "module" if objects.is_a(owner, types.ModuleType) else objects.qualified(type(owner))
    yield Fact.of(
        "callee.attribute",
        f"{f'`{source}`' if source else 'The object'} is a `{kind}` and has no `{name}`.{said}",
        expression=source,
        type=kind,
        missing=name,
        near=near,
        private=private,
        value=scene.text(owner, name=source or "value"),
        callable_near=[item for item in near if callable(inspect.getattr_static(owner, item, None))],
    )
    if objects.is_a(owner, types.ModuleType):
        yield from _submodule(owner, name)


def _named_function(scene: Scene, name: str) -> Iterator[Fact]:
    """`transform("avg")`: the methods of the object are the names of functions that it takes."""
    func = scene.call.func if scene.call is not None else None
    owner = scene.value(func.value) if isinstance(func, ast.Attribute) else UNKNOWN
    if not isinstance(func, ast.Attribute) or owner is UNKNOWN:
        return
    public = [item for item in objects.members(owner, 5_000) if not item.startswith("_")]
    synonyms, mentions = _documented(owner, name, public)
    near = list(dict.fromkeys([*synonyms, *(item.key for item in alike(name, public)), *mentions]))
    source = scene.source(func.value)
    yield Fact.of(
        "callee.attribute",
        f"`{source}` has no function `{name}`.{_most_like(name, near)}",
        expression=source,
        type=objects.qualified(type(owner)),
        missing=name,
        near=near,
        private=False,
        value=scene.text(owner, name=source),
        callable_near=[item for item in near if callable(inspect.getattr_static(owner, item, None))],
    )


def _columns(owner: Any) -> list[str]:
    """The columns of a table, which are attributes of it that its class does not have."""
    frame = getattr(sys.modules.get("pandas"), "DataFrame", None)
    names = list(owner.columns[:5_000]) if frame is not None and type(owner) is frame else []
    return [item for item in names if type(item) is str and item.isidentifier()]


def _documented(owner: Any, name: str, members: list[str]) -> tuple[list[str], list[str]]:
    """The members that the documentation of the object calls another name of the missing one (`pad / ffill`),
    and those whose own documentation names it as code (`RandomState.randint`), each the most often first."""
    word = re.escape(name)
    same = re.compile(rf"\b{word}\b['\"`]*\s*/\s*['\"`]*(\w+)|(\w+)['\"`]*\s*/\s*['\"`]*{word}\b")
    as_code = re.compile(rf"[.'\"`]{word}\b(?!\s*=)|(?<!\w){word}\(")
    synonyms: Counter[str] = Counter()
    mentions: Counter[str] = Counter()
    known = set(members)
    for member in members:
        doc = getattr(inspect.getattr_static(owner, member, None), "__doc__", None)
        if type(doc) is not str or name not in doc:
            continue
        synonyms.update(other for pair in same.findall(doc) for other in pair if other in known)
        mentions[member] += len(as_code.findall(doc))
    return (
        [item for item, _ in synonyms.most_common(2)],
        [item for item, count in mentions.most_common(2) if count],
    )


def _submodule(module: Any, name: str) -> Iterator[Fact]:
    """A submodule that exists, and was not imported."""
    whole = f"{module.__name__}.{name}"
    if hasattr(module, "__path__") and importlib.util.find_spec(whole) is not None:
        yield Fact.of("callee.submodule", f"`{whole}` is a submodule that no cell imports.", module=whole)


def _imported(scene: Scene) -> Iterator[Fact]:
    """Near names in the module that lacks one, or near modules of the package."""
    import pkgutil

    if (told := _IMPORTED.search(scene.message)) is not None:
        module = sys.modules.get(told[2])
        names = [item for item in objects.members(module, 5_000) if not item.startswith("_")]
        path = getattr(module, "__path__", None)
        names += [item.name for item in pkgutil.iter_modules(path)] if path else []
        missing, where = told[1], told[2]
    elif (told := _MODULE.search(scene.message)) is not None:
        package, _, missing = told[1].rpartition(".")
        where = package
        path = getattr(sys.modules.get(package), "__path__", None) if package else None
        names = [item.name for item in pkgutil.iter_modules(path)]
    else:
        return
    near = [item.key for item in alike(missing, names)]
    said = _most_like(missing, near)
    place = f"`{where}`" if where else "This environment"
    yield Fact.of(
        "callee.import", f"{place} has no `{missing}`.{said}", module=where, missing=missing, near=near
    )


def _most_like(name: str, near: list[str]) -> str:
    """The sentence that names what is really alike; "" if nothing is."""
    alike_ones = [item for item in near[:3] if SequenceMatcher(None, name, item).ratio() >= ALIKE]
    return f" Most like it: {', '.join(f'`{item}`' for item in alike_ones)}." if alike_ones else ""
