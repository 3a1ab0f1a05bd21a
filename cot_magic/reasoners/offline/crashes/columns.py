"""Where the columns of a table come from: the file and how it was read, a merge, a grouping, an index."""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from cot_magic.core.case import Cell
from cot_magic.core.likeness import alike
from cot_magic.core.spelling import near
from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.keys import container, known_keys, lookups, missing_key
from cot_magic.reasoners.offline.crashes.operands import kind_of
from cot_magic.reasoners.offline.rule import Repair, Suspicion
from cot_magic.reasoners.offline.site import Site
from cot_magic.reasoners.offline.written import rule

_FRAME = "pandas.core.frame.DataFrame"
_LESSON = (
    "The columns of a table are what its file, merge or grouping made of them. Print `df.columns` to see "
    "their exact names, and repair them where the table is made."
)
_SEPARATORS = (";", "\t", "|", ",")


def frames(site: Site) -> Iterator[tuple[ast.expr, ast.expr, str, list[object]]]:
    """Tables at the failing place that lack a column: table, key, the column, and those that it has."""
    wanted = missing_key(site)
    for holder, key in lookups(site):
        found = container(site, holder)
        if (
            isinstance(wanted, str)
            and found is not None
            and found.keys
            and kind_of(site, holder) in (_FRAME, "")
        ):
            yield holder, key, wanted, known_keys(found)
            return


def _read(site: Site, holder: ast.expr) -> tuple[Cell, ast.Assign, ast.Call] | None:
    """Where the table is read from a file."""
    if not isinstance(holder, ast.Name):
        return None
    for cell, assign in site.assignments(holder.id):
        for call in [node for node in ast.walk(assign.value) if isinstance(node, ast.Call)]:
            if getattr(call.func, "attr", "").startswith("read_"):
                return cell, assign, call
        names = [
            node for node in ast.walk(assign.value) if isinstance(node, ast.Name) and node.id != holder.id
        ]
        for name in names:
            if kind_of(site, name) == _FRAME and (found := _read(site, name)) is not None:
                return found
    return None


def with_keywords(cell: Cell, call: ast.Call, **words: str) -> src.Splice:
    """The call with these arguments, in place of those of the same name."""
    kept = [item for item in call.keywords if item.arg not in words and item.arg != "delimiter"]
    parts = [src.text_of(cell.source, item) for item in (*call.args, *kept)]
    parts += [f"{name}={value}" for name, value in words.items()]
    return src.over(cell.source, call, f"{src.text_of(cell.source, call.func)}({', '.join(parts)})")


@rule("column.blanks", "KeyError", lesson=_LESSON)
def blanks(site: Site) -> Iterator[Suspicion]:
    """Several column names with blanks around them, or in another case: repaired where the table is made."""
    for holder, _, wanted, columns in frames(site):
        names = [name for name in columns if isinstance(name, str)]
        if wanted not in [name.strip().lower() for name in names] + [name.strip() for name in names]:
            return
        blank = sum(name != name.strip() for name in names) > 1
        how = ".str.strip()" if blank else ".str.lower()"
        if (wanted not in [name.strip() for name in names]) and blank:
            how = ".str.strip().str.lower()"
        elif not blank and sum(name != name.lower() for name in names) < 2:
            return
        for cell, assign in site.assignments(holder.id) if isinstance(holder, ast.Name) else ():
            labels = f"{site.text(holder)}.columns"
            line = src.line_after(cell.source, assign, f"{labels} = {labels}{how}")
            why = "Repair all column names where the table is made."
            text, told = site.text(holder), ", ".join(map(repr, names[:4]))
            claim = f"The column names of `{site.one_line(holder)}` differ from {wanted!r}: {told}."
            check = f"{wanted!r} in list({text}.columns{how}) and {wanted!r} not in {text}.columns"
            repair = Repair(edits=(src.edit(cell, line),), why=why)
            yield site.cause(claim, "After that, the name is there.", check, repair, weight=0.94)
            return


@rule("column.separator", "KeyError", lesson=_LESSON)
def separator(site: Site) -> Iterator[Suspicion]:
    """One column whose name holds the others: the file has another separator."""
    for holder, _, wanted, columns in frames(site):
        made = _read(site, holder)
        if len(columns) != 1 or not isinstance(columns[0], str) or wanted not in columns[0] or made is None:
            return
        sign = next((item for item in _SEPARATORS if item in columns[0]), None)
        if sign is None:
            return
        cell, _, call = made
        plain = Repair(
            edits=(src.edit(cell, with_keywords(cell, call, sep=repr(sign))),),
            why=f"Read the file with the separator {sign!r}.",
        )
        decimal = Repair(
            edits=(src.edit(cell, with_keywords(cell, call, sep=repr(sign), decimal="','")),),
            why=f"Read the file with the separator {sign!r} and decimal commas.",
        )
        claim = f"The table has one column, {columns[0]!r}: the file separates its columns with {sign!r}."
        check = f"len({site.text(holder)}.columns) == 1 and {sign!r} in {site.text(holder)}.columns[0]"
        # a comma in the rows alone, read as the separator, made labels of what is left of it
        told = " ".join(text for _, text in _facts(site, holder))
        comma = sign == ";" and re.search(r"\d,\d|Index of \d+: '[^']*;[^']*\d'", told)
        yield site.cause(
            claim,
            "That sign is in the name of the only column.",
            check,
            *((decimal, plain) if comma else (plain, decimal)),
            weight=0.96,
        )
        return


def _facts(site: Site, holder: ast.expr) -> tuple[tuple[str, str], ...]:
    found = site.value(holder)
    return found.facts if found is not None else ()


@rule("column.of_merge", "KeyError", lesson=_LESSON)
def of_merge(site: Site) -> Iterator[Suspicion]:
    """`price` after a merge of two tables that both have it: `price_x` and `price_y`."""
    for holder, key, wanted, columns in frames(site):
        found = [name for name in columns if isinstance(name, str) and name.rsplit("_", 1)[0] == wanted]
        nodes = [node for node in ast.walk(key) if isinstance(node, ast.Constant) and node.value == wanted]
        if len(found) < 2 or not nodes:
            return
        repairs = [
            site.repair(f"Use {name!r}.", *(site.over(node, repr(name)) for node in nodes))
            for name in found[:3]
        ]
        told = ", ".join(map(repr, found[:3]))
        claim = f"`{site.one_line(holder)}` has {told} in place of {wanted!r}: only you know which is meant."
        yield site.reading(claim, *repairs, weight=0.9)
        return


@rule("column.is_index", "KeyError", lesson=_LESSON)
def is_index(site: Site) -> Iterator[Suspicion]:
    """A key of `groupby` or `set_index` is the index afterwards, no column."""
    for holder, _, wanted, columns in frames(site):
        if wanted in columns:
            return
        text = site.text(holder)
        check = f"{wanted!r} in {text}.index.names"
        claim = f"{wanted!r} is the index of `{site.one_line(holder)}`, not a column."
        repairs = []
        for cell, assign in site.assignments(holder.id) if isinstance(holder, ast.Name) else ():
            change = src.after(cell.source, assign.value, ".reset_index()")
            repairs.append(
                Repair(
                    edits=(src.edit(cell, change),), why="Make a column of the index where the table is made."
                )
            )
            break
        for node in site.find(ast.Subscript):
            if node.value is holder and isinstance(node.ctx, ast.Load):
                repairs.append(
                    site.repair("Make a column of the index first.", site.after(holder, ".reset_index()"))
                )
                repairs.append(
                    site.repair(
                        "Use the index.", site.over(node, f"{text}.index.get_level_values({wanted!r})")
                    )
                )
        if repairs:
            yield site.cause(claim, "The index has that name.", check, *repairs, weight=0.86)
        return


@rule("column.levels", "KeyError", lesson=_LESSON)
def levels(site: Site) -> Iterator[Suspicion]:
    """Columns that are pairs, after an aggregation with several functions: `('price', 'mean')`."""
    for holder, key, wanted, columns in frames(site):
        pairs = [name for name in columns if isinstance(name, tuple)]
        if not pairs:
            return
        nodes = [node for node in ast.walk(key) if isinstance(node, ast.Constant) and node.value == wanted]
        joined = {"_".join(str(part) for part in pair if part): pair for pair in pairs}
        joined |= {"_".join(str(part) for part in reversed(pair) if part): pair for pair in pairs}
        inner = {str(pair[-1]): pair for pair in pairs if sum(other[-1] == pair[-1] for other in pairs) == 1}
        meant = (
            joined.get(wanted)
            or inner.get(wanted)
            or next((joined[name] for name in near(wanted, joined)), None)
        )
        repairs = []
        if meant is not None and nodes:
            repairs.append(
                site.repair(f"Use the pair {meant!r}.", *(site.over(node, repr(meant)) for node in nodes))
            )
        if isinstance(holder, ast.Name):
            for cell, assign in site.assignments(holder.id):
                new = f"{holder.id}.columns = ['_'.join(filter(None, pair)) for pair in {holder.id}.columns]"
                line = src.line_after(cell.source, assign, new)
                repairs.insert(
                    1,
                    Repair(edits=(src.edit(cell, line),), why="Make one name of each pair, joined with `_`."),
                )
                line = src.line_after(
                    cell.source, assign, f"{holder.id}.columns = {holder.id}.columns.droplevel(0)"
                )
                repairs.append(
                    Repair(edits=(src.edit(cell, line),), why="Keep the second name of each pair.")
                )
                break
        if repairs:
            claim = f"The columns of `{site.one_line(holder)}` are pairs such as {pairs[0]!r}."
            check = f"{site.text(holder)}.columns.nlevels > 1"
            yield site.cause(claim, "The columns have two levels.", check, *repairs, weight=0.9)
        return


@rule(
    "column.merge_types", "ValueError", lesson="Keys match only if both tables hold them with the same type."
)
def merge_types(site: Site) -> Iterator[Suspicion]:
    said = site.says(r"You are trying to merge on (\w+)\S* and (\w+)\S* columns(?: for key '(.+?)')?")
    if said is None:
        return
    for call in site.find(ast.Call, lambda node: getattr(node.func, "attr", "") in ("merge", "join")):
        sides = _sides(site, call)
        words = {word.arg: site.text(word.value) for word in call.keywords}
        keys = [
            words.get("left_on") or words.get("on") or repr(said[3]),
            words.get("right_on") or words.get("on") or repr(said[3]),
        ]
        if len(sides) != 2 or (said[3] is None and not words):
            return
        kinds = [kind if kind not in ("object", "string") else "str" for kind in (said[1], said[2])]
        repairs = []
        for place, other in ((0, 1), (1, 0)) if kinds[0] == "str" else ((1, 0), (0, 1)):
            table, key, target = sides[place], keys[place], kinds[other]
            new = (
                f"pd.to_datetime({table}[{key}])"
                if target.startswith("datetime")
                else f"{table}[{key}].astype({_cast(target)})"
            )
            statement = site.statement
            if statement is None or not table.isidentifier():
                continue
            line = src.line_before(site.cell.source, src.first_line(statement), f"{table}[{key}] = {new}")
            repairs.append(site.repair(f"Convert the keys of `{table}` to {target}.", line))
        yield site.reading(
            f"The keys are {kinds[0]} in one table and {kinds[1]} in the other.", *repairs, weight=0.9
        )
        return


def _cast(kind: str) -> str:
    return {"int64": "int", "float64": "float", "str": "str"}.get(kind, repr(kind))


def _sides(site: Site, call: ast.Call) -> list[str]:
    """Both tables of a merge."""
    assert isinstance(call.func, ast.Attribute)
    if kind_of(site, call.func.value) == "module":
        return [site.text(item) for item in call.args[:2]]
    return [site.text(call.func.value), *(site.text(item) for item in call.args[:1])]


@rule("column.leading_zeros", "AttributeError", "AssertionError", "KeyError", lesson=_LESSON)
def leading_zeros(site: Site) -> Iterator[Suspicion]:
    """Codes such as `01234` are read as numbers, which have no leading zeros."""
    if not (site.says(r"Can only use \.str accessor") or site.raised.ename != "AttributeError"):
        return
    for node in ast.walk(site.statement) if site.statement is not None else ():
        match node:
            case ast.Subscript(value=ast.Name() as holder, slice=ast.Constant(value=str() as column)):
                made = _read(site, holder)
                dtypes = dict(_facts(site, holder)).get("dtypes", "")
                if made is None or f"'{column}' int" not in dtypes:
                    continue
                cell, _, call = made
                change = with_keywords(cell, call, dtype=f"{{{column!r}: str}}")
                repair = Repair(
                    edits=(src.edit(cell, change),),
                    why=f"Read {column!r} as text, which keeps leading zeros.",
                )
                path = (
                    site.text(call.args[0])
                    if cell.id == site.cell.id and call.args
                    else src.text_of(cell.source, call.args[0])
                    if call.args
                    else "''"
                )
                check = f"import re\nbool(re.search(r'(^|[,;\\t])\"?0\\d', open({path}).read(), re.M))"
                claim = f"{column!r} was read as a number, though the file has codes with leading zeros."
                yield site.cause(claim, "The file has digits with a leading zero.", check, repair, weight=0.9)
                return


@rule("column.listed", "ValueError", "KeyError", lesson=_LESSON)
def listed(site: Site) -> Iterator[Suspicion]:
    """Names in a list of columns that the table does not have, such as the target among the features."""
    said = site.says(
        r"not columns? of the dataframe\D*?[{\[:] ?(['\"].+?['\"])[}\]]?$|"
        r"\[(['\"].+?['\"])\] not (?:in index|found in axis)"
    )
    names = re.findall(r"['\"]([^'\"]+)['\"]", said[1] or said[2]) if said is not None else []
    told = ", ".join(map(repr, names))
    if names and (anew := _spelled_anew(site, names)) is not None:
        yield anew
        return
    for cell, tree in site.cells() if names else ():
        changes = [change for node in ast.walk(tree) if (change := _left_out(site, cell, node, names))]
        if changes:
            repair = Repair(edits=(src.edit(cell, *changes),), why=f"Leave out {told}.")
            claim = f"A list of columns has {told}, and the table has not."
            yield site.reading(claim, repair, weight=0.5)
            return


def _spelled_anew(site: Site, names: list[str]) -> Suspicion | None:
    """The names as the columns of a table of the failing statement are spelled, if all of them are alike."""
    used = sorted(src.used_names(site.statement)) if site.statement is not None else []
    for table in used:
        columns = [ast.literal_eval(key) for key in site.keys(ast.Name(id=table, ctx=ast.Load()))]
        spelled = {name: found[0].key for name in names if (found := alike(name, columns, 1))}
        if len(spelled) < len(names) or kind_of(site, ast.Name(id=table)) != "pandas.core.frame.DataFrame":
            continue
        for cell, tree in site.cells():
            listed = [
                item
                for node in ast.walk(tree)
                if isinstance(node, ast.List | ast.Tuple)
                for item in node.elts
                if isinstance(item, ast.Constant) and item.value in spelled
            ]
            if not listed:
                continue
            changes = [src.over(cell.source, item, repr(spelled[str(item.value)])) for item in listed]
            wanted, present = next(iter(spelled.items()))
            repair = Repair(edits=(src.edit(cell, *changes),), why=f"Write {present!r}.")
            suspicion = site.cause(
                f"`{table}` has no column {wanted!r}, but {present!r}.",
                f"{present!r} is a column of `{table}`.",
                f"{wanted!r} not in {table}.columns and {present!r} in {table}.columns",
                repair,
                weight=0.95,
            )
            return replace(suspicion, cell=cell.id, lineno=listed[0].lineno)
    return None


def _left_out(site: Site, cell: Cell, node: ast.AST, names: list[str]) -> src.Splice | None:
    """A list with some of the names, written without them; of a computed one, what is assigned."""
    match node:
        case ast.List(elts=[_, _, *_] as items) | ast.Tuple(elts=[_, _, *_] as items):
            kept = [item for item in items if getattr(item, "value", None) not in names]
            strings = all(isinstance(getattr(item, "value", None), str) for item in items)
            if not kept or not strings or len(kept) == len(items):
                return None
            text = ", ".join(src.text_of(cell.source, item) for item in kept)
            comma = "," if isinstance(node, ast.Tuple) and len(kept) == 1 else ""
            return src.over(
                cell.source, node, f"[{text}]" if isinstance(node, ast.List) else f"({text}{comma})"
            )
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() | ast.Attribute() as value):
            known = site.known(name)
            held = known.text if known is not None and known.type.endswith(("list", "Index")) else ""
            gone = [item for item in names if repr(item) in held]
            if not gone:
                return None
            listed = src.text_of(cell.source, value)
            return src.over(cell.source, value, f"[name for name in {listed} if name not in {gone!r}]")
    return None


@rule(
    "column.compared_with_other_type",
    "AssertionError",
    "IndexError",
    "KeyError",
    "ValueError",
    "ZeroDivisionError",
    lesson="`2021 == '2021'` is false, for each row too: no row is selected, and nothing tells why.",
)
def other_type(site: Site) -> Iterator[Suspicion]:
    """`long[long['year'] == 2021]`, where the years are strings."""
    for cell, tree in site.cells():
        found: dict[str, list[tuple[ast.expr, ast.Constant]]] = {}
        for node in ast.walk(tree):
            match node:
                case ast.Compare(
                    left=ast.Subscript(slice=ast.Constant()) | ast.Attribute() as left,
                    ops=[ast.Eq() | ast.NotEq()],
                    comparators=[ast.Constant(value=int() | str() as value) as right],
                ) if (
                    not isinstance(value, bool)
                    and str(value).lstrip("-").isdigit()
                    and kind_of(site, left.value) in ("", "pandas.core.frame.DataFrame")
                ):
                    found.setdefault(ast.dump(left), []).append((left, right))
        for pairs in found.values():
            text, first = src.text_of(cell.source, pairs[0][0]), pairs[0][1].value
            other = _of_other_type(first)
            changes = [src.over(cell.source, right, _of_other_type(right.value)) for _, right in pairs]
            claim = f"`{text} == {first!r}` is false in each row: its values are of another type."
            check = (
                f"hasattr({text}, 'astype') and not bool(({text} == {first!r}).any()) and "
                f"bool(({text} == {other}).any())"
            )
            why = f"Compare with values of that type, such as {other}."
            repair = Repair(edits=(src.edit(cell, *changes),), why=why)
            made = site.cause(claim, f"Some rows equal {other}.", check, repair, weight=0.7)
            yield replace(made, cell=cell.id, lineno=pairs[0][1].lineno)


def _of_other_type(value: object) -> str:
    return repr(str(value)) if isinstance(value, int) else str(int(str(value)))


RULES = (other_type, listed, blanks, separator, of_merge, is_index, levels, merge_types, leading_zeros)
