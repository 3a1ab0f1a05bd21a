"""Rules for KeyError: the spelling, type and origin of keys and columns."""

import ast
import re
from collections.abc import Callable, Iterator

from cot_magic.core.case import Variable
from cot_magic.core.language import marked, worded
from cot_magic.core.spelling import closeness, near, only_near
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.operands import kind_of, pure
from cot_magic.reasoners.offline.rule import Repair, Suspicion
from cot_magic.reasoners.offline.site import UNKNOWN, Site, shown
from cot_magic.reasoners.offline.written import rule

_KEY_METHODS = (
    "pop", "remove", "groupby", "drop", "sort_values", "set_index", "get_group", "merge", "pivot", "explode",
)  # fmt: skip
_KEY_WORDS = ("columns", "labels", "by", "keys", "on", "subset", "index")
_MOST_COLUMNS = 6  # in which a label is looked for
_OF_ROWS = ("loc", "at", "xs")  # of a table: they look up row labels
_PANDAS = re.compile(r"""\[['"](.+?)['"].*\] (?:not in index|not found in axis|are in the)""")


def missing_key(site: Site) -> object:
    """The key that was not found (the first of several labels); UNKNOWN if it is not a literal."""
    for text in (site.raised.name, site.raised.evalue):
        try:
            key = ast.literal_eval(text) if text else UNKNOWN
        except (ValueError, SyntaxError):
            continue
        if key is not UNKNOWN:
            labels = _PANDAS.search(key) if isinstance(key, str) else None
            return labels[1] if labels is not None else key
    return UNKNOWN


def lookups(site: Site) -> list[tuple[ast.expr, ast.expr]]:
    """Containers and keys at the failing place: `d[k]`, `d.pop(k)`, `s.remove(k)`."""
    found = [(node.value, node.slice) for node in site.find(ast.Subscript)]
    for call in site.find(ast.Call, lambda node: isinstance(node.func, ast.Attribute)):
        named = [word.value for word in call.keywords if word.arg in _KEY_WORDS]
        keys = [*call.args[:1], *named][:1]
        if isinstance(call.func, ast.Attribute) and call.func.attr in _KEY_METHODS:
            found += [(call.func.value, key) for key in keys]
    wanted = missing_key(site)
    exact = [pair for pair in found if wanted is not UNKNOWN and site.literal(pair[1]) == wanted]
    return exact or found


def container(site: Site, node: ast.expr) -> Variable | None:
    """The value that has the keys."""
    found = site.value(node)
    if found is not None and found.keys:
        return found
    subject = site.raised.subject
    return subject if subject is not None and subject.keys else found


def of_another_axis(holder: ast.expr, key: ast.expr, wanted: object, found: Variable | None) -> bool:
    """Whether the known keys are not those that were searched: columns for a row label, or all are there."""
    rows = isinstance(holder, ast.Attribute) and holder.attr in _OF_ROWS and not isinstance(key, ast.Tuple)
    return rows or wanted in known_keys(found)


def known_keys(variable: Variable | None) -> list[object]:
    """The keys that are literals, as values."""
    keys: list[object] = []
    for text in variable.keys if variable is not None else ():
        try:
            keys.append(ast.literal_eval(text))
        except (ValueError, SyntaxError):
            continue
    return keys


@rule(
    "key.type",
    "KeyError",
    lesson="`1` and `'1'` are different keys, and so are `(0, 0)` and `'(0, 0)'`. A key must be looked up "
    "with the type that it was stored with.",
)
def key_type(site: Site) -> Iterator[Suspicion]:
    wanted = missing_key(site)
    if wanted is UNKNOWN:
        return
    for holder, key in lookups(site):
        for stored in known_keys(container(site, holder)):
            if type(stored) is type(wanted) or not (
                str(stored) == str(wanted) or _same_literal(stored, wanted)
            ):
                continue
            text, holder_text = site.text(key), site.text(holder)
            convert = type(stored).__name__
            if isinstance(key, ast.Constant):
                change: tuple[src.Splice, ...] = (site.over(key, repr(stored)),)
            elif isinstance(stored, str | int | float):
                change = site.call(convert, key)
            elif isinstance(stored, tuple) and isinstance(wanted, list):
                change = site.call("tuple", key)
            else:
                return
            repair = site.repair(
                worded("Convert the key: the keys are of type `{convert}`.", convert=convert), *change
            )
            claim = worded(
                "The key {wanted!r} is of type `{kind}`, but `{holder}` has {stored!r}, of type `{convert}`.",
                wanted=wanted,
                kind=type(wanted).__name__,
                holder=site.one_line(holder),
                stored=stored,
                convert=convert,
            )
            if pure(holder) and pure(key):
                check = f"{stored!r} in {holder_text} and ({text}) not in {holder_text}"
                yield site.cause(
                    claim, worded("{stored!r} is one of the keys.", stored=stored), check, repair, weight=0.95
                )
            else:
                yield site.reading(claim, repair, weight=0.85)
            return


def _same_literal(stored: object, wanted: object) -> bool:
    for text, other in ((stored, wanted), (wanted, stored)):
        if isinstance(text, str):
            try:
                return bool(ast.literal_eval(text) == other)
            except (ValueError, SyntaxError):
                continue
    return isinstance(stored, tuple) and isinstance(wanted, list) and list(stored) == wanted


@rule(
    "key.typo",
    "KeyError",
    lesson="Keys and column names must match exactly: spelling, upper and lower case, and spaces at either "
    "end.",
)
def key_typo(site: Site) -> Iterator[Suspicion]:
    wanted = missing_key(site)
    if not isinstance(wanted, str):
        return
    for holder, key in lookups(site):
        found = container(site, holder)
        if of_another_axis(holder, key, wanted, found):
            continue
        names = [item for item in known_keys(found) if isinstance(item, str)]
        literals = [node for node in ast.walk(key) if isinstance(node, ast.Constant) and node.value == wanted]
        candidates = [name for name in names if name.strip() == wanted.strip()] or near(wanted, names)
        certain = candidates[0] if len(candidates) == 1 else only_near(wanted, names)
        for place, meant in enumerate(candidates):
            column = kind_of(site, holder).startswith("pandas.")
            claim = worded(
                "`{holder}` has no column {wanted!r}; the closest is {meant!r}."
                if column
                else "`{holder}` has no key {wanted!r}; the closest is {meant!r}.",
                holder=site.one_line(holder),
                wanted=wanted,
                meant=meant,
            )
            why = worded(_why(wanted, meant, column), meant=meant)
            if literals:
                changes = [site.over(node, _quoted(site, node, meant)) for node in literals]
                changes += _of_the_same_form(site, wanted, meant, names)
                repairs = [site.repair(why, *changes)]
            else:
                repairs = list(_at_origin(site, wanted, meant, why))
            weight = 0.92 - 0.1 * place - 0.03 * min(closeness(wanted, meant), 5)
            if meant == certain and pure(holder):
                check = f"{meant!r} in {site.text(holder)} and {wanted!r} not in {site.text(holder)}"
                yield site.cause(
                    claim,
                    worded(
                        "{meant!r} is one of the columns." if column else "{meant!r} is one of the keys.",
                        meant=meant,
                    ),
                    check,
                    *repairs,
                    weight=weight,
                )
            else:
                yield site.reading(claim, *repairs, weight=weight - 0.15)
        if candidates:
            return


def _of_the_same_form(site: Site, wanted: str, meant: str, names: list[str]) -> list[src.Splice]:
    """Other keys of the cell that differ from a known one as this one does: in case, or in blanks around."""
    plain = {name.strip().lower(): name for name in names}
    if wanted.strip().lower() != meant.strip().lower() or len(plain) != len(names):
        return []

    def looks_up(node: ast.AST) -> bool:
        method = getattr(getattr(node, "func", None), "attr", "")
        return isinstance(node, ast.Subscript) or method in _KEY_METHODS

    others = [
        node
        for lookup in filter(looks_up, ast.walk(site.tree))
        for node in ast.walk(getattr(lookup, "slice", lookup))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if node.value not in (wanted, *names)
    ]
    found = {id(node): (node, plain.get(str(node.value).strip().lower())) for node in others}
    return [site.over(node, _quoted(site, node, name)) for node, name in found.values() if name is not None]


def _why(wanted: str, meant: str, column: bool) -> str:
    """What a repair does, and why two names differ where that is hard to see; `{meant!r}` is yet to fill."""
    if meant.strip() != wanted.strip():
        if meant.lower() != wanted.lower():
            return marked("Use `{meant!r}`.")
        if column:
            return marked("Use `{meant!r}`: the column's name differs in case.")
        return marked("Use `{meant!r}`: the key differs in case.")
    if meant != meant.rstrip():
        if column:
            return marked("Use `{meant!r}`: the column's name ends in a space.")
        return marked("Use `{meant!r}`: the key ends in a space.")
    if meant == meant.lstrip():
        return marked("Use `{meant!r}`, without the space.")
    if column:
        return marked("Use `{meant!r}`: the column's name begins with a space.")
    return marked("Use `{meant!r}`: the key begins with a space.")


def _quoted(site: Site, node: ast.Constant, text: str) -> str:
    """The string as a literal with the same quotes as the replaced one."""
    plain = repr(text)
    double = f'"{plain[1:-1]}"'
    return double if site.text(node).startswith('"') and '"' not in text and "'" not in text else plain


def _at_origin(site: Site, wanted: str, meant: str, why: str) -> Iterator[Repair]:
    """The string where the variable that holds the key is assigned, if the cell has it once."""
    places = [node for node in ast.walk(site.tree) if isinstance(node, ast.Constant) and node.value == wanted]
    if len(places) == 1:
        yield site.repair(why, site.over(places[0], _quoted(site, places[0], meant)))


_FORMS: dict[str, Callable[[str], str]] = {
    ".lower()": str.lower,
    ".upper()": str.upper,
    ".title()": str.title,
    ".capitalize()": str.capitalize,
    ".strip()": str.strip,
    ".strip().lower()": lambda text: text.strip().lower(),
}


@rule(
    "key.form",
    "KeyError",
    lesson="Keys must match exactly. Bring what is looked up into the form of the keys: case, blanks.",
)
def key_form(site: Site) -> Iterator[Suspicion]:
    """`codes[name]`, where the value of `name` is a key in another case, or with blanks around it."""
    wanted = missing_key(site)
    if not isinstance(wanted, str):
        return
    for holder, key in lookups(site):
        names = [item for item in known_keys(container(site, holder)) if isinstance(item, str)]
        changed_to = {code: form(wanted) for code, form in _FORMS.items()}
        how = next((code for code, text in changed_to.items() if text in names), None)
        if how is None or isinstance(key, ast.Constant | ast.List | ast.Slice):
            continue
        if kind_of(site, key) not in ("", "str"):
            continue  # a table or a list holds what is looked up, and is no key itself
        text = site.text(key)
        atom = isinstance(key, ast.Name | ast.Attribute | ast.Call | ast.Subscript)
        changed = f"{text}{how}" if atom else f"({text}){how}"
        repair = site.repair(worded("Look up `{changed}`.", changed=changed), site.over(key, changed))
        claim = worded(
            "{wanted!r} is a key of `{holder}` in another form.", wanted=wanted, holder=site.one_line(holder)
        )
        if pure(holder) and pure(key):
            check = f"({text}) not in {site.text(holder)} and {changed} in {site.text(holder)}"
            yield site.cause(claim, worded("In that form it is there."), check, repair, weight=0.94)
        else:
            yield site.reading(claim, repair, weight=0.9)
        return


@rule(
    "key.counter",
    "KeyError",
    lesson="`d[k] += 1` reads the old value first, so the key must exist. A `defaultdict` creates missing "
    "keys.",
)
def counter(site: Site) -> Iterator[Suspicion]:
    """`counts[x] += 1`, `groups[x].append(…)` and `table[x][y] += 1` on a dictionary without the key."""
    changed = _changed(site)
    if changed is None:
        return
    place, start = changed
    for holder, _ in lookups(site):
        keys = _levels(place, holder)
        if kind_of(site, holder) not in ("dict", "") or not keys:
            continue
        claim = f"`{site.one_line(holder)}` does not have the key yet: no initial value was assigned."
        text = site.text(holder)
        repairs = [
            *_as_defaultdict(site, holder, start, len(keys)),
            _with_start(site, place, holder, keys, start),
        ]
        if not pure(holder):
            yield site.reading(claim, *repairs, weight=0.85)
            return
        yield site.cause(
            claim,
            "The key is not in the dictionary when it is first needed.",
            f"isinstance({text}, dict) and not hasattr({text}, 'default_factory')",
            *repairs,
            weight=0.9,
        )
        return


_STARTS = {"append": "[]", "extend": "[]", "add": "set()", "update": "{}"}
_FACTORIES = {"0": "int", "0.0": "float", "''": "str", "[]": "list", "set()": "set", "{}": "dict"}


def _changed(site: Site) -> tuple[ast.Subscript, str] | None:
    """The element that the statement changes, and what it can start from."""
    match site.statement:
        case ast.AugAssign(target=ast.Subscript() as place, op=op, value=value):
            first = {ast.Add: "0", ast.Sub: "0", ast.Mult: "1", ast.BitOr: "set()"}.get(type(op), "")
            kinds = {"list": "[]", "str": "''", "float": "0.0"} if first == "0" else {}
            return (place, kinds.get(kind_of(site, value), first)) if first else None
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Subscript() as place, attr=method))):
            return (place, _STARTS[method]) if method in _STARTS else None
        case ast.Assign(targets=[ast.Subscript(value=ast.Subscript() as place)]):
            return place, "{}"
    return None


def _levels(place: ast.expr, holder: ast.expr) -> list[ast.expr]:
    """The keys from the holder to the place, in order; none if the place is not in the holder."""
    keys: list[ast.expr] = []
    while isinstance(place, ast.Subscript) and place is not holder:
        keys.insert(0, place.slice)
        place = place.value
    return keys if ast.dump(place) == ast.dump(holder) else []


def _as_defaultdict(site: Site, holder: ast.expr, start: str, levels: int) -> Iterator[Repair]:
    """The dictionary made as one that gives new keys a value, where it is made empty."""
    made = next(site.assignments(holder.id), None) if isinstance(holder, ast.Name) else None
    if made is None or src.text_of(made[0].source, made[1].value) not in ("{}", "dict()"):
        return
    factory = _FACTORIES.get(start, f"lambda: {start}")
    for _ in range(levels - 1):
        factory = f"lambda: defaultdict({factory})"
    changes = [
        src.over(made[0].source, made[1].value, f"defaultdict({factory})"),
        src.add_import(made[0], "from collections import defaultdict"),
    ]
    yield Repair(
        edits=(src.edit(made[0], *changes),),
        why="Use a `defaultdict`, which gives each new key an initial value.",
    )


def _with_start(
    site: Site, place: ast.Subscript, holder: ast.expr, keys: list[ast.expr], start: str
) -> Repair:
    """The statement with a start for what is not there yet."""
    outer = site.text(holder) + "".join(f".setdefault({site.text(key)}, {{}})" for key in keys[:-1])
    last, statement = site.text(keys[-1]), site.statement
    if isinstance(statement, ast.AugAssign):
        start_end = src.span(site.cell.source, place)[1], src.span(site.cell.source, statement.value)[0]
        sign = site.cell.source[start_end[0] : start_end[1]].strip(" (\n").removesuffix("=")
        new = f"{site.text(place)} = {outer}.get({last}, {start}) {sign} {_tight(site, statement.value)}"
        return site.repair(f"Start from `{start}` where the key is new.", site.over(statement, new))
    new = f"{outer}.setdefault({last}, {start})"
    return site.repair(f"Start from `{start}` where the key is new.", site.over(place, new))


def _tight(site: Site, node: ast.expr) -> str:
    text = site.text(node)
    return (
        f"({text})"
        if isinstance(node, ast.BinOp | ast.BoolOp | ast.IfExp | ast.Compare | ast.Lambda)
        else text
    )


@rule(
    "key.environment",
    "KeyError",
    lesson="Environment variables belong to the process of the kernel. A variable that is set in another "
    "terminal is not there.",
)
def environment(site: Site) -> Iterator[Suspicion]:
    wanted = missing_key(site)
    for holder, _ in lookups(site):
        if kind_of(site, holder) == "os._Environ" or site.text(holder).endswith("environ"):
            yield site.cause(
                f"The environment variable {wanted!r} is not set in the kernel. Set it before the kernel "
                "starts, or with `%env`.",
                "It is not in `os.environ`.",
                f"import os\n{wanted!r} not in os.environ",
                weight=0.93,
            )
            return


@rule(
    "key.absent",
    "KeyError",
    "ValueError",
    lesson="Looking up a missing key raises an error. Decide what the code should do then: use a default "
    "value, test for the key first, or use another key.",
)
def absent(site: Site) -> Iterator[Suspicion]:
    """What the container has, as a fact; a default value where nothing else explains the failure."""
    if site.raised.ename != "KeyError":
        return
    wanted = missing_key(site)
    for holder, key in lookups(site)[:1]:
        found = container(site, holder)
        if found is None or wanted is UNKNOWN or of_another_axis(holder, key, wanted, found):
            return
        keys = ", ".join(found.keys[:8]) + ("…" if len(found.keys) > 8 else "")
        has = worded("its keys are {keys}", keys=keys) if keys else worded("it is empty")
        claim = worded(
            "`{holder}` has no key {wanted!r}; {has}.", holder=site.one_line(holder), wanted=wanted, has=has
        )
        if pure(holder):
            yield site.cause(
                claim,
                worded("{wanted!r} is not in it.", wanted=wanted),
                f"{wanted!r} not in {site.text(holder)}",
                weight=0.45,
            )
        reads = site.find(ast.Subscript, lambda node: isinstance(node.ctx, ast.Load))
        for node in [item for item in reads if item.slice is key]:
            if found.type in ("dict", "collections.OrderedDict"):
                change = site.over(node, f"{site.text(holder)}.get({site.text(key)})")
                zero = site.over(node, f"{site.text(holder)}.get({site.text(key)}, 0)")
                yield site.reading(
                    worded("A missing key may be acceptable here."),
                    site.repair(worded("Use `get`, which returns `None` for a missing key."), change),
                    site.repair(worded("Use `get` with 0 for a missing key."), zero),
                    weight=0.25,
                )
        for call in site.calls("remove"):
            if not isinstance(call.func, ast.Attribute) or kind_of(site, call.func.value) != "set":
                continue
            start, end = (
                src.span(site.cell.source, call.func.value)[1],
                src.span(site.cell.source, call.func)[1],
            )
            change = src.Splice(start=start, end=end, text=".discard")
            yield site.reading(
                worded("`{wanted!r}` is not in the set {found}.", wanted=wanted, found=shown(found)),
                site.repair(worded("Use `discard`, which ignores missing elements."), change),
                weight=0.6,
            )


@rule(
    "key.of_a_column",
    "KeyError",
    lesson="`loc` looks for a label of the rows. What a column has is found by a comparison.",
)
def of_a_column(site: Site) -> Iterator[Suspicion]:
    """`df.loc['2026-05-01']`, where the dates are a column and the rows are numbered."""
    wanted = missing_key(site)
    for node in site.find(ast.Subscript, lambda node: isinstance(node.value, ast.Attribute)):
        holder = node.value
        if not isinstance(holder, ast.Attribute) or holder.attr not in _OF_ROWS or not pure(holder.value):
            continue
        table = site.value(holder.value)
        first = node.slice.elts[0] if isinstance(node.slice, ast.Tuple) and node.slice.elts else node.slice
        if table is None or not table.type.endswith("DataFrame") or site.literal(first) != wanted:
            continue
        text, label = site.text(holder.value), site.text(first)
        for column in table.keys[:_MOST_COLUMNS]:
            if site.literal(first) in known_keys(table):
                return
            repair = site.repair(
                f"Make the rows those of {column}.",
                site.over(holder.value, f"{text}.set_index({column})"),
            )
            yield site.cause(
                f"{label} is in the column {column} of `{text}`, and no label of its rows.",
                "It is in that column.",
                f"bool(({text}[{column}] == {label}).any())",
                repair,
                weight=0.8,
            )


@rule(
    "key.format_name",
    "KeyError",
    lesson="Each `{name}` in a format string needs an argument of that name: `'{name}'.format(name=…)`.",
)
def format_name(site: Site) -> Iterator[Suspicion]:
    wanted = missing_key(site)
    for call in site.find(ast.Call, lambda node: getattr(node.func, "attr", "") == "format"):
        names = [word.arg for word in call.keywords if word.arg is not None]
        meant = only_near(wanted, names) if isinstance(wanted, str) else None
        keyword = next((word for word in call.keywords if word.arg == meant), None)
        if meant is None or keyword is None or not isinstance(wanted, str):
            return
        start = src.span(site.cell.source, keyword)[0]
        change = src.Splice(start=start, end=start + len(meant), text=wanted)
        claim = f"The format string needs `{wanted}`, but got `{meant}`."
        yield site.reading(claim, site.repair(f"Rename the argument to `{wanted}`.", change), weight=0.85)
        return


@rule(
    "key.already_dropped",
    "KeyError",
    lesson="`drop` raises an error for a column that is not there, also if an earlier cell dropped it. "
    "`errors='ignore'` leaves such names out.",
)
def already_dropped(site: Site) -> Iterator[Suspicion]:
    """`df.drop(['a', 'gone'], axis=1)`: the names that the table still has."""
    said = site.says(r"\[(.*)\] not found in axis")
    for call in site.find(ast.Call, lambda node: getattr(node.func, "attr", "") == "drop") if said else ():
        assert isinstance(call.func, ast.Attribute)
        for names in [node for node in ast.walk(call) if isinstance(node, ast.List)][:1]:
            known = [str(key) for key in known_keys(site.value(call.func.value))]
            items = [item for item in names.elts if isinstance(item, ast.Constant)]
            kept = [site.text(item) for item in items if str(item.value) in known]
            if not kept or len(items) != len(names.elts) or len(kept) == len(items):
                continue
            gone = [str(item.value) for item in items if str(item.value) not in known]
            end = src.span(site.cell.source, call)[1] - 1
            ignoring = src.Splice(start=end, end=end, text=", errors='ignore'")
            repairs = (
                site.repair(f"Leave out {', '.join(gone)}.", site.over(names, f"[{', '.join(kept)}]")),
                site.repair("Ignore names that are not there.", ignoring),
            )
            claim = f"`{site.one_line(call.func.value)}` has no {', '.join(map(repr, gone))} any more."
            yield site.reading(claim, *repairs, weight=0.84)
            return


RULES = (
    of_a_column,
    format_name,
    key_type,
    key_form,
    key_typo,
    counter,
    environment,
    absent,
    already_dropped,
)
