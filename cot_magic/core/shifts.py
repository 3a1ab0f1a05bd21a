"""One change of meaning, and what of a failure says whether an edit may make it."""

import ast
import re
from dataclasses import dataclass

from cot_magic.core.case import Raised, Variable

_NUMBER = re.compile(r"\s*[-+]?\d+(\.\d+)?\s*")
_ONE_MISSING = re.compile(r"missing \d+ required (?:positional|keyword-only) arguments?: (.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """One change of meaning.

    Attributes
    ----------
    choice
        Asserts of the person's own can decide it; nothing else can.
    loses
        Items are left out: an assert on their number alone does not decide which.
    """

    text: str
    choice: bool = True
    loses: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom:
    """What of the failure matters here: its classes, what was not found, and the expressions that ran.

    Attributes
    ----------
    bases
        Names of the class and of those above it.
    missing
        Names, attributes and keys that were not found, with the parts of dotted ones.
    running
        The expressions that were running in the cells, outermost first.
    said
        The message.
    types
        Names of the failing frames and the names of their types.
    values
        What is known of the names and operands of the failing frames, the innermost first.
    """

    bases: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset()
    running: tuple[str, ...] = ()
    said: str = ""
    types: tuple[tuple[str, str], ...] = ()
    values: tuple[Variable, ...] = ()

    @classmethod
    def of(cls, raised: Raised) -> "Symptom":
        """What an exception says."""
        missing = {raised.name.strip("'\"")} if raised.name else set()
        if {"NameError", "AttributeError", "ImportError", "KeyError", "TypeError"} & set(raised.bases):
            missing |= set(re.findall(r"'([^']+)'", raised.evalue))
            missing |= set(re.findall(r"`([^`]+)`", raised.evalue))
        missing |= {part for name in missing for part in name.split(".")}
        frames = [frame for frame in raised.frames if frame.cell is not None]
        return cls(
            bases=frozenset({raised.ename, *raised.bases}),
            missing=frozenset(missing),
            running=tuple(dict.fromkeys(frame.expression or frame.line for frame in frames)),
            said=raised.evalue,
            types=tuple((item.name, item.type) for frame in frames for item in frame.variables),
            values=tuple(item for frame in reversed(frames) for item in (*frame.operands, *frame.variables)),
        )

    def value(self, source: str) -> Variable | None:
        """What is known of a name or operand."""
        return next((item for item in self.values if item.name == source), None)

    def type_of(self, source: str) -> str:
        """The name of the type of a name or operand, without its module; "" if it is not known."""
        known = self.value(source)
        return known.type.rpartition(".")[2] if known is not None else dict(self.types).get(source, "")

    def is_number(self, node: ast.AST | None) -> bool:
        """Whether the value of a name or operand is a string that is a number."""
        known = self.value(ast.unparse(node)) if node is not None else None
        text = known.text.strip("'\"") if known is not None and known.type == "str" else ""
        return _NUMBER.fullmatch(text) is not None

    def size_of(self, node: ast.AST | None) -> int | None:
        """How many items a name or operand has, if it is known."""
        known = self.value(ast.unparse(node)) if node is not None else None
        told = dict(known.facts).get("len", "") if known is not None else ""
        return int(told) if told.isdigit() else None

    def keys_of(self, node: ast.AST) -> set[str]:
        """The keys of a mapping, as far as they are known."""
        known = self.value(ast.unparse(node))
        return {key.strip("'\"") for key in known.keys} if known is not None else set()

    @property
    def of_types(self) -> bool:
        """Whether the types of values did not fit."""
        return "TypeError" in self.bases

    @property
    def of_keys(self) -> bool:
        """Whether a key was not there."""
        return "KeyError" in self.bases

    @property
    def words(self) -> set[str]:
        """The identifiers of the expressions that were running."""
        return {word for text in self.running for word in re.findall(r"[A-Za-z_]\w*", text)}

    @property
    def not_given(self) -> set[str]:
        """The parameters that a call did not give."""
        told = _ONE_MISSING.search(self.said) if self.of_types else None
        return set(re.findall(r"'(\w+)'", told[1])) - {"self", "cls"} if told is not None else set()
