"""What the message itself says should be written instead."""

import ast
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace

from cot_magic.core.likeness import alike
from cot_magic.core.spelling import near, related
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.rule import Repair, Suspicion, sound
from cot_magic.reasoners.offline.site import Site
from cot_magic.reasoners.offline.written import rule

_ERRORS = (
    "AttributeError", "FutureWarning", "ImportError", "InvalidParameterError", "KeyError",
    "NotImplementedError", "OSError", "PolarsError", "RuntimeError", "TypeError", "ValueError",
)  # fmt: skip
_LESSON = "Many messages name the remedy: read them to their end."
_NEW = r"[`'\"]?([A-Za-z_][\w.-]*)(?:\(\))?[`'\"]?"
_INSTEAD = (
    rf"[Uu]se {_NEW}(?: or {_NEW})? instead",
    rf"renamed to {_NEW}",
    rf"replaced (?:by|with) {_NEW}",
    rf"in favou?r of {_NEW}",
    rf"[Dd]id you mean:? {_NEW}\?",
    rf"[Pp]lease use {_NEW}",
    rf"[Uu]se {_NEW} by itself",
    rf"[Ii]nstead,? use {_NEW}",
    rf"[Uu]se (?:the )?{_NEW}(?: method| function| attribute| keyword)? instead",
)
_ONE_OF = re.compile(
    r"must be (a str )?(among|one of|in)|(supported|valid|allowed|possible|available) (\w+ )?(values|options|"
    r"choices|columns|fields|are)|expected one of|choose from|should be one of|"
    r"is not a valid (value|package)|invalid frequency",
    re.IGNORECASE,
)
# values that libraries renamed, to words that have nothing in common with the old ones
_LEGACY = {
    "mse": "squared_error", "ls": "squared_error", "squared_loss": "squared_error", "mae": "absolute_error",
    "lad": "absolute_error", "deviance": "log_loss", "log": "log_loss", "auto": "sqrt", "M": "ME", "Y": "YE",
    "Q": "QE", "A": "YE", "H": "h", "T": "min", "S": "s", "BM": "BME",
}  # fmt: skip


@rule("told.instead", *_ERRORS, lesson=_LESSON)
def instead(site: Site) -> Iterator[Suspicion]:
    """`np.in1d was removed. Use np.isin instead`: an attribute, a keyword, a string of the statement."""
    names = [
        name
        for pattern in _INSTEAD
        for found in re.findall(pattern, site.raised.evalue)
        for name in _each(found)
    ]
    for place, new in enumerate(dict.fromkeys(names)):
        repair = _renamed(site, new)
        if repair is not None:
            claim = f"The message says what to use: `{new}`."
            yield site.reading(claim, repair, weight=0.9 - 0.05 * place)


def _each(found: str | Sequence[str]) -> list[str]:
    parts = [found] if isinstance(found, str) else list(found)
    return [
        part.rstrip(".")
        for part in parts
        if part and part.rstrip(".") not in ("the", "a", "it", "this", "one")
    ]


def _renamed(site: Site, new: str) -> Repair | None:
    """The old name that the message mentions, where the statement uses it, replaced."""
    mentioned = set(re.findall(r"[\w-]+", site.raised.evalue[: site.raised.evalue.find(new)])) | {
        site.raised.name or ""
    }
    last = new.rsplit(".", 1)[-1]
    for node in ast.walk(site.statement) if site.statement is not None else ():
        match node:
            case ast.Attribute(attr=name) if name in mentioned and name != last:
                start = src.span(site.cell.source, node.value)[1] + 1
                end = src.span(site.cell.source, node)[1]
                whole = (
                    "." not in new
                    and getattr(sys.modules.get("builtins"), new, None) is not None
                    and name != new
                )
                if whole:
                    return site.repair(f"Use `{new}`.", site.over(node, new))
                return site.repair(f"Use `{last}`.", src.Splice(start=start, end=end, text=last))
            case ast.keyword(arg=str() as name) if name in mentioned and name != last:
                start = src.span(site.cell.source, node)[0]
                return site.repair(
                    f"Use `{last}`.", src.Splice(start=start, end=start + len(name), text=last)
                )
            case ast.Constant(value=str() as name) if name in mentioned and name != new:
                return site.repair(f"Use `{new}`.", site.over(node, repr(new)))
    return None


@rule("told.one_of", *_ERRORS, lesson=_LESSON)
def one_of(site: Site) -> Iterator[Suspicion]:
    """A string that is none of the values that the message lists, or of those that libraries renamed."""
    message = site.raised.evalue
    listed = re.findall(r"['\"`]([\w.%\- ]+)['\"`]", message)
    for node in ast.walk(site.statement) if site.statement is not None else ():
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or node.value not in message:
            continue
        known = [value for value in listed if value != node.value]
        known += _styles() if "style" in message else []
        if not _ONE_OF.search(message):
            return
        legacy = [_LEGACY[node.value]] if node.value in _LEGACY else []
        found = [*legacy, *near(node.value, known), *(str(item.key) for item in alike(node.value, known))]
        repairs = [
            site.repair(f"Use `{name}`.", site.over(node, repr(name))) for name in dict.fromkeys(found)
        ]
        if repairs:
            yield site.reading(
                f"{node.value!r} is not one of the values that are allowed here.", *repairs[:4], weight=0.85
            )
            return


@rule(
    "told.nested_parameter",
    "ValueError",
    lesson="Parameters of a step of a pipeline are named `step__parameter`; `get_params()` lists all names.",
)
def nested_parameter(site: Site) -> Iterator[Suspicion]:
    """`GridSearchCV(pipeline, {'C': [1, 10]})`, where `C` is a parameter of the step `svc`."""
    said = site.says(r"Invalid parameter '?(\w+)'? for estimator (.*)")
    if said is None:
        return
    wrong, listed = said[1], re.findall(r"'(\w+)'", said[2].partition("Valid parameters")[2])
    steps = re.findall(r"\('([A-Za-z][\w-]*)',", said[2])
    names = [f"{step}__{wrong}" for step in reversed(steps)] or [
        *near(wrong, listed),
        *related(wrong, listed),
    ]
    for cell, tree in site.cells():
        keys = [
            key
            for node in ast.walk(tree)
            if isinstance(node, ast.Dict)
            for key in node.keys
            if isinstance(key, ast.Constant) and key.value == wrong
        ]
        repairs = [
            Repair(
                edits=(src.edit(cell, *(src.over(cell.source, key, repr(name)) for key in keys)),),
                why=f"Name it `{name}`.",
            )
            for name in dict.fromkeys(names[:3])
            if keys
        ]
        if repairs:
            owner = f"a step of the pipeline: {', '.join(steps)}" if steps else "the estimator"
            yield site.reading(f"`{wrong}` has to be named as a parameter of {owner}.", *repairs, weight=0.9)
            return


_SIZES = re.compile(r"(?<![A-Za-z_.\d])\d+(?!\.?\d)|(?<=\dx)\d+")
_FITS = re.compile(r"shape|size|dim|channel|unit|feature|axis|incompatible|class", re.IGNORECASE)
_MOST_SIZES = 6


@rule(
    "told.size",
    "RuntimeError",
    "ValueError",
    "InvalidArgumentError",
    lesson="The sizes in the message are those that do not fit. One of them is written where a layer is "
    "made: each one takes as many values as the one before it gives.",
)
def size(site: Site) -> Iterator[Suspicion]:
    """`shapes cannot be multiplied (32x16 and 8x2)`, where an earlier cell has `Linear(8, 2)`."""
    message = site.raised.evalue
    sizes = [int(text) for text in dict.fromkeys(_SIZES.findall(message)) if 1 < int(text) < 1_000_000]
    for cell, tree in site.cells() if _FITS.search(message) and len(sizes) > 1 else ():
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        for call in sorted(calls, key=lambda node: (-node.lineno, -node.col_offset)):  # the taker comes later
            name = getattr(call.func, "attr", getattr(call.func, "id", ""))
            given = [part for item in (*call.args, *call.keywords) for part in ast.walk(item)]
            written = [part for part in given if isinstance(part, ast.Constant) and part.value in sizes]
            repairs = [
                Repair(
                    edits=(src.edit(cell, src.over(cell.source, part, str(other))),),
                    why=f"Write {other} in place of {part.value!r}.",
                )
                for part in written
                for other in sizes
                if other != part.value and name[:1].isupper()  # a class: of layers, not of data
            ]
            if repairs:
                claim = f"The sizes do not fit, and one of them is written in `{ast.unparse(call)[:60]}`."
                found = site.reading(claim, *repairs[:_MOST_SIZES], weight=0.75)
                yield sound(replace(found, cell=cell.id, lineno=call.lineno))


def _styles() -> list[str]:
    """The styles of matplotlib, if it is loaded."""
    module = sys.modules.get("matplotlib.style")
    return [name for name in getattr(module, "available", []) if isinstance(name, str)]


@rule(
    "told.related",
    "AttributeError",
    lesson="Libraries rename things between versions, often by adding a word.",
)
def renamed_by_a_word(site: Site) -> Iterator[Suspicion]:
    """`enc.get_feature_names()`, which is `get_feature_names_out` now."""
    said = site.says(r"has no attribute '(\w+)'")
    subject = site.raised.subject
    if said is None or subject is None or "_" not in said[1]:
        return
    for node in site.find(ast.Attribute, lambda node: node.attr == said[1]):
        found = [name for name in related(said[1], site.members(subject)) if len(name) > len(said[1])]
        start, end = src.span(site.cell.source, node.value)[1] + 1, src.span(site.cell.source, node)[1]
        for place, name in enumerate(found[:2]):
            repair = site.repair(f"Use `{name}`.", src.Splice(start=start, end=end, text=name))
            text = site.text(node.value)
            check = f"hasattr({text}, {name!r}) and not hasattr({text}, {said[1]!r})"
            claim = f"`{site.one_line(node.value)}` has no `{said[1]}`, but `{name}`."
            yield site.cause(claim, f"It has `{name}`.", check, repair, weight=0.88 - 0.1 * place)
        return


RULES = (instead, one_of, nested_parameter, size, renamed_by_a_word)
