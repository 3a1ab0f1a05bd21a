"""The shortest chain of cleaning steps that makes numbers of all strings that are none."""

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from cot_magic.core.case import Case
from cot_magic.core.facts import NO_FACTS, Facts
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.operands import kind_of, pairs, pandas_name, pure
from cot_magic.reasoners.offline.rule import Repair, Suspicion, matches, sound
from cot_magic.reasoners.offline.site import Site, number_in

MISSING_WORDS = (
    "",
    "-",
    "--",
    "n/a",
    "na",
    "nan",
    "none",
    "null",
    "?",
    "unknown",
    "missing",
    ".",
    "x",
    "tbd",
)
LONGEST_CHAIN = 3
MOST = 3  # chains that are shown
_SIGNS = "$€£¥"
_MOST_UNITS = 4  # of different spelling in one column


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One way to clean a string: what it does, as code for one string and as code for a column."""

    run: Callable[[str], str]
    text: str
    column: str
    why: str


def _removing(characters: str, why: str) -> Step:
    pattern = f"[{re.escape(characters)}]" if len(characters) > 1 else characters
    whole = f".str.replace({pattern!r}, '', regex={len(characters) > 1})"
    one = "".join(f".replace({item!r}, '')" for item in characters)
    return Step(
        run=lambda text: re.sub(f"[{re.escape(characters)}]", "", text), text=one, column=whole, why=why
    )


_COMMA = Step(
    run=lambda text: text.replace(",", "."),
    text=".replace(',', '.')",
    column=".str.replace(',', '.', regex=False)",
    why="Write a decimal point for the comma.",
)
_DOTS_AND_COMMA = Step(
    run=lambda text: text.replace(".", "").replace(",", "."),
    text=".replace('.', '').replace(',', '.')",
    column=".str.replace('.', '', regex=False).str.replace(',', '.', regex=False)",
    why="Remove the dots between thousands, and write a decimal point for the comma.",
)
_STRIP = Step(run=str.strip, text=".strip()", column=".str.strip()", why="Remove the blanks around them.")
_NEGATIVE = Step(
    run=lambda text: re.sub(r"^\((.*)\)$", r"-\1", text),
    text=".replace('(', '-').replace(')', '')",
    column=r".str.replace(r'^\((.*)\)$', r'-\1', regex=True)",
    why="Write amounts in parentheses as negative.",
)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_EXTRACT = Step(
    run=lambda text: found[0] if (found := _NUMBER.search(text)) is not None else text,
    text="",
    column=r".str.extract(r'(-?\d+(?:\.\d+)?)', expand=False)",
    why="Take the number out of them.",
)
_SINGLE = {
    "%": "Remove the percent signs.",
    " ": "Remove the blanks in them.",
    "'": "Remove the apostrophes.",
    "_": "Remove the underscores.",
    "\u00a0": "Remove the hard blanks.",
}
_UNIT = re.compile(r"[\d.]\s*([^\d.,\s%$€£-][^\d]*)$")


def steps(texts: Sequence[str]) -> list[Step]:
    """Steps that can help with these strings, likelier ones first."""
    joined = "".join(texts)
    signs = "".join(sign for sign in _SIGNS if sign in joined)
    found = [_STRIP] if any(text != text.strip() for text in texts) else []
    if signs:
        found.append(_removing(signs, "Remove the currency signs."))
    if signs and "," in joined:
        found.append(_removing(f"{signs},", "Remove currency signs and thousands separators."))
    if dotted := [text for text in texts if re.search(r"\.\d{3},\d{1,2}\D*$", text)]:
        found.append(_DOTS_AND_COMMA)
    elif "," in joined:
        commas = [text for text in texts if "," in text]
        decimal = all(re.search(r"\d,\d{1,2}\D*$", text) for text in commas)
        thousands = _removing(",", "Remove the thousands separators.")
        found += [_COMMA, thousands] if decimal else [thousands, _COMMA]
        if "." in joined:
            found.append(_removing(".", "Remove the dots between thousands."))
    found += [_removing(sign, why) for sign, why in _SINGLE.items() if sign in joined]
    units = {match[1].strip() for text in texts if (match := _UNIT.search(text.strip())) is not None}
    if 0 < len(units) <= _MOST_UNITS:
        found.append(_without_units(sorted(units)))
    if any(re.fullmatch(r"\(.*\)", text.strip()) for text in texts):
        found.append(_NEGATIVE)
    if not dotted and all(_NUMBER.search(text) for text in texts):
        found.append(_EXTRACT)
    return found


def _without_units(units: Sequence[str]) -> Step:
    one = "|".join(re.escape(unit) for unit in units)
    return Step(
        run=lambda text: re.sub(rf"\s*(?:{one})\s*$", "", text),
        text="".join(f".removesuffix({unit!r})" for unit in units) + ".strip()",
        column=f".str.replace(r'\\s*(?:{one})$', '', regex=True)",
        why="Remove the units.",
    )


def chains(texts: Iterable[str]) -> list[tuple[Step, ...]]:
    """The shortest chains after which each string is a number, at most `MOST`.

    Words for missing values are left out.
    """
    wanted = [text for text in dict.fromkeys(texts) if text.strip().lower() not in MISSING_WORDS]
    if not wanted:
        return []
    known = steps(wanted)
    for length in range(LONGEST_CHAIN + 1):
        fits = [chain for chain in product(known, repeat=length) if len(set(map(id, chain))) == length]
        good = [chain for chain in fits if all(_is_number(_cleaned(text, chain)) for text in wanted)]
        if good:
            return good[:MOST]
    return []


def _cleaned(text: str, chain: Sequence[Step]) -> str:
    for step in chain:
        text = step.run(text)
    return text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text


_SAID = (
    r"(?:float|numeric|base 10|parse string|decimal|converting)[:\s]*[\"'](.*?)[\"'](?: at position| to |$|:)"
)


def guilty(site: Site, facts: Facts) -> list[str]:
    """The strings that are no numbers: those that the autopsy found, else that of the message and the first
    rows of the columns as they were described."""
    texts: list[str] = []
    for fact in facts.of("elements"):
        for value in fact.value.values():
            if isinstance(value, list):
                texts += [item for item in value if isinstance(item, str)]
    said = site.says(_SAID)
    if said is not None:
        texts.append(said[1])
        for variable in (*site.frame.operands, *site.frame.variables):
            for _, head in variable.facts:
                for row in re.findall(r"\[([^\]]*)\]", head):
                    items = [item[1:-1] for item in re.findall(r"'[^']*'", row)]
                    if said[1] in items:
                        texts += items
    return list(dict.fromkeys(texts))


@dataclass(frozen=True, slots=True)
class Cleaning:
    """The rule: strings that are converted to numbers but hold more than that."""

    code: str = "value.cleaning"
    on: tuple[str, ...] = ("ValueError", "TypeError")
    lesson: str = (
        "Numbers that were typed or exported as text carry signs, separators, units or words for missing "
        "values. Remove what is not part of the number before the conversion, and decide what a missing "
        "value means."
    )

    def propose(self, case: Case, facts: Facts = NO_FACTS) -> Iterator[Suspicion]:
        """Chains for a column or a string that is converted where the cell fails."""
        site = Site.of(case) if matches(self.on, case) else None
        if site is not None and site.says(_COMPUTED):
            yield from _computed(site, guilty(site, facts))
        if site is None or not site.says(
            r"could not convert string to float|invalid literal for int|Unable to parse "
            r"string|ConversionSyntax|[cC]ould not convert string .* to numeric|Cannot perform reduction"
        ):
            return
        texts = guilty(site, facts)
        places = list(_conversions(site))
        for call, value, column in places[:1]:
            if texts and (repairs := tuple(_repairs(site, call, value, column, texts))):
                bad = [text for text in texts if not number_in(text)] or texts
                shown = ", ".join(f"`{text}`" for text in bad[:3])
                claim = f"`{site.one_line(value)}` holds strings that are no numbers, such as {shown}."
                yield sound(site.reading(claim, *repairs, weight=0.88))


# a string in arithmetic or a comparison with a number
_COMPUTED = (
    r"unsupported operand type\(s\) for [-+*/%]+=?: '(str|int|float)' and '(str|int|float)'|operation '\w+' "
    r"not supported for dtype 'str|Invalid comparison between dtype=str and|can't multiply sequence by "
    r"non-int of type 'float'|not supported between instances of '(str|int|float)' and"
)


def _computed(site: Site, texts: Sequence[str]) -> Iterator[Suspicion]:
    """A string or a column of strings that is computed with, and that holds more than numbers."""
    sides = [side for pair in pairs(site)[:1] for side in pair.sides]
    sides = sides or [side for node in site.find(ast.BinOp)[:1] for side in (node.left, node.right)]
    for side in sides:
        kind, value = kind_of(site, side), site.literal(side)
        column = kind == "pandas.core.series.Series"
        held = texts if column else [value] if isinstance(value, str) else []
        if isinstance(side, ast.Constant) or not held or all(number_in(text) for text in held):
            continue
        repairs = list(_read_as_numbers(site, side, held, column))
        if repairs:
            bad = ", ".join(f"`{text}`" for text in held[:3])
            claim = f"`{site.one_line(side)}` holds strings that are no numbers, such as {bad}."
            yield sound(site.reading(claim, *repairs, weight=0.9))
            return


def _read_as_numbers(site: Site, side: ast.expr, texts: Sequence[str], column: bool) -> Iterator[Repair]:
    """The operand as numbers, with each of the chains of steps that clean it."""
    gone = [text for text in texts if text.strip().lower() in MISSING_WORDS]
    for chain in chains(texts):
        why = " ".join((*(step.why for step in chain), "Then convert to numbers."))
        code = "".join(step.column if column else step.text for step in chain)
        if column and gone:
            text = f"{pandas_name(site)}.to_numeric({site.text(side)}{code}, errors='coerce')"
            yield site.repair(why, site.over(side, text), *_pandas_needed(site))
        elif column:
            yield site.repair(why, site.after(side, f"{code}.astype(float)"))
        elif all(step.text for step in chain):
            yield site.repair(why, site.over(side, f"float({site.text(side)}{code})"))


def _conversions(site: Site) -> Iterator[tuple[ast.Call, ast.expr, bool]]:
    """The call that converts, what it converts, and whether that is a column."""
    for call in site.find(ast.Call):
        match call:
            case ast.Call(func=ast.Attribute(value=value, attr="astype")):
                yield call, value, True
            case ast.Call(func=ast.Attribute(attr="to_numeric"), args=[value, *_]):
                yield call, value, True
            case ast.Call(
                func=ast.Attribute(value=value, attr="map" | "apply"), args=[ast.Name(id="float" | "int")]
            ):
                yield call, value, True
            case ast.Call(func=ast.Name(id="float" | "int" | "Decimal"), args=[value]) if kind_of(
                site, value
            ) in ("str", ""):
                yield call, value, False
            case ast.Call(
                func=ast.Attribute(value=value, attr="sum" | "mean" | "median" | "max" | "min" | "std"),
                args=[],
            ):
                yield call, value, True


def _repairs(
    site: Site, call: ast.Call, value: ast.expr, column: bool, texts: Sequence[str]
) -> Iterator[Repair]:
    gone = [text for text in texts if text.strip().lower() in MISSING_WORDS]
    whole = getattr(call.func, "id", "") == "int" or any(
        getattr(item, "id", "") == "int" for item in call.args
    )
    percent = any("%" in text for text in texts)
    numeric = ["sum", "mean", "median", "max", "min", "std"]
    for chain in chains(texts) or ([()] if gone else []):
        why = " ".join(step.why for step in chain)
        if not column:
            if all(step.text for step in chain) and chain:
                inside = f"{site.text(value)}{''.join(step.text for step in chain)}"
                if whole and any("." in _cleaned(text, chain) for text in texts):
                    inside = f"float({inside})"
                yield site.repair(why, site.over(value, inside))
            continue
        new = f"{site.text(value)}{''.join(step.column for step in chain)}"
        if gone:
            yield site.repair(
                f"{why} Take {', '.join(map(repr, gone[:3]))} as missing.".strip(),
                site.over(call, f"{pandas_name(site)}.to_numeric({new}, errors='coerce')"),
                *_pandas_needed(site),
            )
        elif getattr(call.func, "attr", "") in numeric:
            changed = f"{new}.astype(float)"
            yield site.repair(f"{why} Then convert them.".strip(), site.over(value, changed))
        elif chain:
            yield site.repair(why, site.over(value, new))
            if percent:
                yield site.repair(f"{why} Divide by 100.", site.over(value, new), site.after(call, " / 100"))
    if column and not gone:
        yield site.repair(
            "Take what is no number as missing.",
            site.over(call, f"{pandas_name(site)}.to_numeric({site.text(value)}, errors='coerce')"),
            *_pandas_needed(site),
        )
    elif not column and pure(value) and gone:
        known = f"{site.text(value)}.strip().lower() not in {tuple(gone)!r}"
        nan = f"{site.text(call)} if {known} else float('nan')"
        yield site.repair(f"Take {', '.join(map(repr, gone[:3]))} as missing.", site.over(call, f"({nan})"))


def _pandas_needed(site: Site) -> tuple[src.Splice, ...]:
    return (
        ()
        if site.known(pandas_name(site)) is not None
        else (src.add_import(site.cell, "import pandas as pd"),)
    )


RULES = (Cleaning(),)
