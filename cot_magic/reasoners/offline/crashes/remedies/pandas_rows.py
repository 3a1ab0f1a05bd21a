"""Remedies for messages of pandas."""

import ast

from cot_magic.reasoners.offline.crashes.operands import kind_of
from cot_magic.reasoners.offline.crashes.remedies.pattern import KINDS, Bound
from cot_magic.reasoners.offline.crashes.remedies.remedy import Above, AtOrigin, Remedy, Swap
from cot_magic.reasoners.offline.crashes.values import formats_of
from cot_magic.reasoners.offline.site import Site

_PLAIN = ("list", "tuple", "dict", "collections.defaultdict", "numpy.ndarray")
_LABELS = (
    "pandas aligns by label: the index says which row belongs to which. Filtering, sorting and grouping keep "
    "the old labels; `reset_index(drop=True)` numbers the rows anew, `iloc` counts positions."
)
_TABLES = "Columns, rows and tables are different things: a method may exist for one of them only."
_DATES = "A column of dates must be parsed before it has parts, and all of its values need one format."
_ZONES = (
    "A time with a time zone and one without cannot be compared or subtracted: give both a zone, or neither."
)


def _may_be_table(site: Site, bound: Bound) -> bool:
    """Whether `x` is not known to be another container."""
    held = bound["x"]
    return not isinstance(held, ast.expr) or kind_of(site, held) not in _PLAIN


def _may_be_chained(site: Site, bound: Bound) -> bool:
    """Whether `x` may be a table; an object that is known, or `self`, is none."""
    held = bound["x"]
    known = kind_of(site, held) if isinstance(held, ast.expr) else ""
    return known in ("", *KINDS["table"]) and getattr(held, "id", "") not in ("self", "cls")


def _is_text(node: ast.AST | str) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _is_column(site: Site, bound: Bound) -> bool:
    """Whether the missing key is a column of `x`."""
    held = bound["x"]
    return isinstance(held, ast.expr) and site.raised.evalue in site.keys(held)


def _more_values(site: Site) -> bool:
    """Whether there are more values than rows."""
    said = site.says(r"Length of values \((\d+)\) does not match length of index \((\d+)\)")
    return said is not None and int(said[1]) > int(said[2])


def _renames_to(site: Site, names: ast.AST | str) -> bool:
    """Whether the dictionary has the missing name among its values."""
    values = names.values if isinstance(names, ast.Dict) else []
    return any(
        isinstance(value, ast.Constant) and repr(value.value) in site.raised.evalue for value in values
    )


def _may_leave_columns_out(_: Site, bound: Bound) -> bool:
    """Whether the argument is not given yet, and it is not the conversion of `x` that failed."""
    held = bound["x"]
    converted = isinstance(held, ast.Call) and getattr(held.func, "attr", "") == "astype"
    return not converted and "numeric_only" not in str(bound["rest"])


_OTHER_FORMAT = r"time data [\"']([^\"']+)[\"'] doesn't match format [\"']([^\"']+)[\"']"
_BOTH_FORMATS = (
    "{m}.to_datetime({x}, format='{2}', errors='coerce').fillna({m}.to_datetime({x}, format='{format_1}', "
    "errors='coerce'))"
)


def _of_another_form(site: Site) -> bool:
    """Whether the date that does not match has another form than the format, not only day and month exchanged."""
    said = site.says(_OTHER_FORMAT)
    forms = formats_of(said[1]) if said is not None else []
    return said is not None and bool(forms) and forms[0].replace("m", "d") != said[2].replace("m", "d")


def _in_table(site: Site, bound: Bound) -> bool:
    """Whether `x` and `y` are not both of `datetime`, which has rows of its own."""
    sides = [held for hole in "xy" if isinstance(held := bound[hole], ast.expr)]
    return any(kind_of(site, held) != "datetime.datetime" for held in sides)


_DF = "import pandas as pd\ndf = pd.DataFrame({'k': ['a', 'b', 'a'], 'v': [1, 2, 3], 'w': [4.0, 5.0, 6.0]})"

ROWS = (
    Remedy(
        code="pandas.levels_apart",
        on=("IndexingError",),
        says="Too many indexers",
        find=("_frame.loc[_a, _b, _c]",),
        write=(
            Swap(text="{frame}.loc[({a}, {b}), {c}]", why="Put the labels of a row in parentheses."),
            Swap(text="{frame}.loc[({a}, {b}, {c}), :]", why="All of them are labels of a row."),
        ),
        claim="`loc` takes a row and a column; a row of `{frame}` has several labels.",
        lesson="With several levels of labels, a row is named by a tuple: `df.loc[('Rome', 2023), 'rain']`.",
        check="{frame}.index.nlevels > 1",
        example=(
            "import pandas as pd\ndf = pd.DataFrame({'k': ['a', 'b'], 'n': [1, 2], 'v': [3, 4]}).set_index(['k', 'n'])",
            "v = df.loc['b', 2, 'v']",
            "v == 4",
        ),
        weight=0.9,
    ),
    Remedy(
        code="pandas.set_new_category",
        on=("TypeError",),
        says=r"Cannot setitem on a Categorical with a new category",
        find=("_frame.loc[_rows, _column] = _v", "_frame.at[_rows, _column] = _v"),
        write=(
            Above(
                text="{frame}[{column}] = {frame}[{column}].cat.add_categories([{v}])",
                why="Add the category first.",
            ),
            Above(
                text="{frame}[{column}] = {frame}[{column}].astype(object)",
                why="Make plain values of the categories.",
            ),
        ),
        claim="`{v}` is not one of the categories of `{frame}[{column}]`.",
        lesson="A column of categories takes no other values: add the category first, or convert the column.",
        check="{v} not in {frame}[{column}].cat.categories",
        example=(
            "import pandas as pd\ndf = pd.DataFrame({'s': pd.Categorical(['a', 'b'])})",
            "df.loc[df['s'] == 'b', 's'] = 'c'",
            "list(df['s']) == ['a', 'c'] and df['s'].dtype == 'category'",
        ),
        weight=0.85,
    ),
    Remedy(
        code="pandas.append_alone",
        on=("AttributeError",),
        says=r"'DataFrame' object has no attribute 'append'",
        find=("_name.append(_y, ...)",),
        when=lambda site, bound: isinstance(site.statement, ast.Expr),
        write=(
            Swap(
                text="{name} = {pd}.concat([{name}, {y_as_table}], {rest})",
                why="Join the rows, and keep the result.",
                needs=("pd",),
            ),
        ),
        claim="A DataFrame has no `append` any more, and the result was not kept.",
        check="not hasattr({name}, 'append')",
        lesson="`pd.concat` returns a new table; assign it, else nothing has changed.",
        example=(
            "import pandas as pd\ndf = pd.DataFrame({'a': [1]})",
            "df.append({'a': 2}, ignore_index=True)",
            "list(df.a) == [1, 2]",
        ),
        weight=0.97,
    ),
    Remedy(
        code="pandas.append_kept",
        on=("AttributeError",),
        says=r"'DataFrame' object has no attribute 'append'",
        find=("_x.append(_y, ...)",),
        when=lambda site, bound: not isinstance(site.statement, ast.Expr),
        write=(Swap(text="{pd}.concat([{x}, {y_as_table}], {rest})", why="Join the tables.", needs=("pd",)),),
        claim="A DataFrame has no `append` since pandas 2.0: `concat` joins tables.",
        lesson="`pd.concat` joins tables. A dictionary or a Series is one row: make a table of it first.",
        check="not hasattr({x}, 'append')",
        example=(
            "import pandas as pd\ndf = pd.DataFrame({'a': [1]})\nrow = pd.Series({'a': 2})",
            "df = df.append(row, ignore_index=True)",
            "list(df.a) == [1, 2]",
        ),
        weight=0.97,
    ),
    Remedy(
        code="pandas.whole_column_converted",
        on=("TypeError",),
        says=r"cannot convert the series|only (length-1|0-dimensional|size-1) arrays can be "
        r"converted|argument must be .*, not '(Series|Index|ndarray)'",
        find=("int(_arrays)", "float(_arrays)", "str(_arrays)"),
        write=(Swap(text="{arrays}.astype({function})", why="Convert each of the values."),),
        claim="`{function}` converts one value, and `{arrays}` holds several.",
        lesson="`int(x)` and `float(x)` convert one value. A column or an array has `astype`.",
        check="getattr({arrays}, 'ndim', 0) > 0",
        example=(_DF, "n = int(df['w'])", "list(n) == [4, 5, 6]"),
        weight=0.85,
    ),
    Remedy(
        code="pandas.renamed_rows",
        on=("KeyError", "AttributeError"),
        says=r"(?:^|attribute )'(.*)'$",
        find=("_x.rename(_d)", "_x.rename(_d, inplace=True)"),
        when=lambda site, bound: _renames_to(site, bound["d"]),
        write=(Swap(text="{x}.rename(columns={d})", why="Rename columns, not rows."),),
        claim="`rename` with a dictionary alone renames rows.",
        check="set({d}) <= set({x}.columns) and not set({d}) & set({x}.index)",
        lesson="`rename(columns=…)` renames columns; without a name, the dictionary is for the labels of the rows.",
        everywhere=True,
        example=(_DF, "e = df.rename({'v': 'value'})\nt = e['value'].sum()", "t == 6"),
        weight=0.9,
    ),
    Remedy(
        code="pandas.values_of_all_rows",
        on=("ValueError",),
        says=r"Length of values \((\d+)\) does not match length of index \((\d+)\)",
        find=("_t[_k] = _v",),
        write=(
            Swap(
                text="{t}[{k}] = {pd}.Series({v})",
                why="Give each row that is left the value at its label.",
                needs=("pd",),
            ),
        ),
        when=lambda site, bound: _more_values(site),
        check="{t}.index.isin(range(len({v}))).all() and not {t}.index.has_duplicates",
        claim="`{v}` has {1} values, and `{t}` has {2} rows, which kept the labels that they had among more.",
        lesson="What leaves rows out keeps the labels of the others. A Series is aligned by its labels.",
        example=(_DF, "kept = df[df.v > 1].copy()\nkept['x'] = [7, 8, 9]", "list(kept.x) == [8, 9]"),
        weight=0.9,
    ),
    Remedy(
        code="pandas.too_few_values",
        on=("ValueError",),
        says=r"Length of values \((\d+)\) does not match length of index \((\d+)\)",
        find=("_t[_k] = _v",),
        write=(
            Swap(
                text="{t}[{k}] = {pd}.Series(list({v})[: len({t})], index={t}.index[: len({v})])",
                why="Assign what is there; the other rows get missing values.",
                needs=("pd",),
            ),
        ),
        when=lambda site, bound: not _more_values(site),
        claim="`{v}` has {1} values, and `{t}` has {2} rows.",
        lesson="A new column has one value for each row. A Series is aligned by its labels instead.",
        example=(_DF, "df['x'] = [7, 8]", "list(df.x.iloc[:2]) == [7, 8]"),
        weight=0.5,
    ),
    Remedy(
        code="pandas.two_targets",
        on=("AttributeError", "TypeError", "ValueError", "KeyError"),
        says="",
        find=("_name = _name.loc[_i] = _v", "_name = _name[_i] = _v"),
        write=(
            Swap(text="{name}.loc[{i}] = {v}", why="Assign to the rows and columns alone."),
            Swap(text="{name}[{i}] = {v}", why="Assign to the part alone."),
        ),
        claim="`{name} = … = {v}` assigns `{v}` to `{name}` too.",
        check="type({name}) is type({v})",
        lesson="`a = b = c` assigns `c` to both targets, the left one first.",
        example=(
            "import pandas as pd\nd = pd.DataFrame({'a': [1], 'k': ['x']})",
            "d = d.loc[d.a == 1, 'k'] = 'y'",
            "d.k[0] == 'y'",
        ),
        weight=0.95,
    ),
    Remedy(
        code="pandas.applied_to_columns",
        on=("KeyError",),
        says=r"^'.*'$",
        find=("_x.apply(_f)",),
        when=_is_column,
        write=(Swap(text="{x}.apply({f}, axis=1)", why="Apply it to each row."),),
        claim="`apply` calls the function with each column of `{x}`, and {0} is looked up in it as in a row.",
        lesson="`df.apply(f)` gives `f` the columns one by one, `df.apply(f, axis=1)` the rows.",
        check="{0} in {x}.columns",
        example=(_DF, "s = df.apply(lambda row: row['v'] + row['w'])", "list(s) == [5, 7, 9]"),
        weight=0.95,
    ),
    Remedy(
        code="pandas.positions",
        on=("KeyError",),
        says=r"^-?\d+$",
        find=("_x.loc[_k]", "_x[_k]"),
        when=lambda site, bound: (
            _may_be_table(site, bound) and not _is_text(bound["k"]) and not isinstance(bound["k"], ast.Tuple)
        ),
        write=(
            Swap(text="{x}.iloc[{k}]", why="Select by position, with `iloc`."),
            AtOrigin(
                hole="x",
                text="({value}).reset_index(drop=True)",
                why="Number the rows anew where `{x}` is made.",
            ),
        ),
        claim="`{x}` has no row with the label {0}: its labels are those of the table that it was made from.",
        lesson=_LABELS,
        example=("import pandas as pd\ns = pd.Series([5, 6, 7])\nt = s[s > 5]", "x = t[0]", "x == 6"),
    ),
    Remedy(
        code="pandas.position_in_column",
        on=("KeyError",),
        says=r"^-?\d+$",
        find=("_x.loc[_k, _c]",),
        when=lambda site, bound: _may_be_table(site, bound) and not _is_text(bound["k"]),
        write=(
            Swap(text="{x}[{c}].iloc[{k}]", why="Select by position, with `iloc`."),
            AtOrigin(
                hole="x",
                text="({value}).reset_index(drop=True)",
                why="Number the rows anew where `{x}` is made.",
            ),
        ),
        claim="`{x}` has no row with the label {0}: its labels are those of the table that it was made from.",
        lesson=_LABELS,
        example=(_DF + "\nt = df.set_index('k')", "x = t.loc[0, 'v']", "x == 1"),
    ),
    Remedy(
        code="pandas.mask_of_another_table",
        on=("IndexingError", "IndexError", "ValueError"),
        says=r"Unalignable boolean Series|[Bb]oolean index did not match|Item wrong length|Boolean index has wrong length",
        find=("_x.loc[_name, _c]", "_x.loc[_name]", "_x[_name]"),
        write=(
            Above(text="{again_name}", why="Make the mask anew, from the table as it is now."),
            Above(text="{name} = {name_of_x}", why="Make the mask anew, from `{x}`."),
            Swap(
                text="{x}[{name}.reindex({x}.index, fill_value=False)]",
                why="Give the mask the labels of the table.",
            ),
        ),
        claim="The mask `{name}` was made from a table with other rows than `{x}` has now.",
        lesson=_LABELS,
        example=(
            _DF + "\nm = df['v'] > 1",
            "df = pd.concat([df, df], ignore_index=True)",
            "r = df[m]",
            "list(r.v) == [2, 3, 2, 3]",
        ),
    ),
    Remedy(
        code="pandas.pivot_of_duplicates",
        on=("ValueError",),
        says=r"Index contains duplicate entries, cannot reshape",
        find=("_x.pivot(...)", "_x.set_index(_k)._c.unstack(...)", "_x.set_index(_k)[_c].unstack(...)"),
        write=(
            Swap(
                text="{x}.pivot_table({rest}, aggfunc='sum')",
                why="Add up what belongs to one cell of the result.",
            ),
            Swap(
                text="{x}.pivot_table({rest}, aggfunc='mean')",
                why="Take the mean of what belongs to one cell.",
            ),
            Swap(text="{x}.drop_duplicates().pivot({rest})", why="Remove rows that are there twice."),
            Swap(text="{x}.groupby({k})[{c}].sum().unstack({rest})", why="Add up what belongs to one cell."),
        ),
        claim="Several rows of `{x}` belong to the same cell of the result.",
        lesson="`pivot` needs one row for each cell of its result; `pivot_table` combines several, by their sum or mean.",
        example=(
            "import pandas as pd\ndf = pd.DataFrame({'k': [1, 1], 'c': ['a', 'a'], 'v': [2, 3]})",
            "p = df.pivot(index='k', columns='c', values='v')",
            "p.loc[1, 'a'] == 5",
        ),
    ),
    Remedy(
        code="pandas.renaming_in_agg",
        on=("SpecificationError",),
        says=r"nested renamer is not supported",
        find=("_x.agg(_d)", "_x.aggregate(_d)"),
        write=(
            Swap(text="{x}.agg({words_d})", why="Name the results as keyword arguments."),
            Swap(text="{x}.agg({pairs_d})", why="Name the results as keyword arguments."),
        ),
        claim="`agg` no longer takes a dictionary of new names.",
        lesson="New names for aggregated columns are keyword arguments: `agg(total='sum')`, or "
        "`agg(total=('price', 'sum'))` for a column of a table.",
        example=(_DF, "r = df.groupby('k')['v'].agg({'total': 'sum'})", "r.loc['a', 'total'] == 4"),
        weight=0.9,
    ),
    Remedy(
        code="pandas.scalars",
        on=("ValueError",),
        says=r"If using all scalar values, you must pass an index",
        find=("_m.DataFrame(_d, ...)", "_m.DataFrame(..., data=_d)"),
        write=(
            Swap(text="{m}.DataFrame([{d}], {rest})", why="Put the dictionary into a list: one row."),
            Swap(text="{m}.Series({d}, {rest})", why="Make a Series: one value for each key."),
        ),
        claim="`{d}` holds one value for each column, not a list of values.",
        check="not any(hasattr(value, '__len__') and not isinstance(value, str) for value in "
        "dict({d}).values())",
        lesson="A table of one row is made from a list of one dictionary: `pd.DataFrame([row])`.",
        example=("import pandas as pd", "df = pd.DataFrame({'a': 1, 'b': 2})", "df.shape == (1, 2)"),
        weight=0.85,
    ),
    Remedy(
        code="pandas.split_into_columns",
        on=("ValueError",),
        says=r"Columns must be same length as key",
        find=("_x.str.split(...)", "_x.str.rsplit(...)"),
        when=lambda site, bound: "expand" not in str(bound["rest"]),
        write=(
            Swap(text="{x}.str.split({rest}, expand=True)", why="Make a column of each part."),
            Swap(
                text="{x}.str.split({rest}, n=1, expand=True)",
                why="Split once, and make a column of each part.",
            ),
        ),
        claim="`split` makes lists, not columns.",
        check="isinstance({x}.str.split().dropna().iloc[0], list)",
        lesson="`str.split(…)` gives one list a row; with `expand=True` it gives one column a part.",
        example=(
            "import pandas as pd\ndf = pd.DataFrame({'n': ['a b', 'c d', 'e f']})",
            "df[['f', 'l']] = df['n'].str.split(' ')",
            "list(df.l) == ['b', 'd', 'f']",
        ),
        weight=0.9,
    ),
    Remedy(
        code="pandas.drop_of_columns",
        on=("KeyError",),
        says=r"not found in axis",
        find=("_x.drop(_k, ...)", "_x.drop(..., labels=_k)"),
        when=lambda site, bound: "axis" not in str(bound["rest"]),
        write=(Swap(text="{x}.drop(columns={k}, {rest})", why="Drop columns, not rows."),),
        claim="`drop` looks for rows with these labels; `{k}` are columns.",
        check="set([{k}] if isinstance({k}, str) else {k}) <= set({x}.columns)",
        lesson="`drop(labels)` removes rows; `drop(columns=…)` removes columns.",
        example=(_DF, "d = df.drop('v')", "list(d) == ['k', 'w']"),
        weight=0.9,
    ),
    Remedy(
        code="pandas.index_again",
        on=("ValueError",),
        says=r"cannot insert .*, already exists",
        find=("_x.reset_index()", "_x.reset_index(...)"),
        write=(
            Swap(
                text="{x}.reset_index(drop=True)", why="Number the rows anew, without keeping the old labels."
            ),
            Swap(
                text="{x}.rename_axis(index='label').reset_index({rest})",
                why="Keep the old labels under another name.",
            ),
        ),
        claim="The index would become a column that exists already.",
        check="bool(set({x}.index.names) & set({x}.columns if hasattr({x}, 'columns') else [{x}.name]))",
        lesson=_LABELS,
        example=(
            "import pandas as pd\ndf = pd.DataFrame({'index': [1]})\ndf.index.name = 'index'",
            "df = df.reset_index()",
            "len(df) == 1",
        ),
    ),
    Remedy(
        code="pandas.index_and_column",
        on=("ValueError",),
        says=r"is both an index level and a column label",
        find=("_x._how(...)",),
        when=lambda site, bound: (
            bound.get("how") in ("groupby", "sort_values", "merge", "pivot_table", "pivot")
        ),
        write=(
            Swap(
                text="{x}.reset_index(drop=True).{how}({rest})", why="Number the rows anew: the column stays."
            ),
            Swap(text="{x}.rename_axis(None).{how}({rest})", why="Take the name off the index."),
        ),
        claim="`{x}` has an index and a column of the same name.",
        check="bool(set({x}.index.names) & set({x}.columns))",
        lesson=_LABELS,
        example=(_DF + "\ndf.index.name = 'k'", "r = df.groupby('k')['v'].sum()", "r['a'] == 4"),
    ),
    Remedy(
        code="pandas.duplicate_labels",
        on=("ValueError", "InvalidIndexError"),
        says=r"cannot reindex on an axis with duplicate labels|Reindexing only valid with uniquely valued Index",
        find=("_x.reindex(...)", "_m.concat([_x1, _x2], ...)", "_x.map(_name)", "_t[_k] = _name"),
        write=(
            Swap(
                text="{x}[~{x}.index.duplicated()].reindex({rest})", why="Keep the first row of each label."
            ),
            Swap(
                text="{m}.concat([{x1}.reset_index(drop=True), {x2}.reset_index(drop=True)], {rest})",
                why="Join them by position: number the rows of both anew.",
            ),
            Swap(
                text="{x}.map({name}[~{name}.index.duplicated()])", why="Keep the first value of each label."
            ),
            Swap(
                text="{t}[{k}] = {name}[~{name}.index.duplicated()]",
                why="Keep the first value of each label.",
            ),
            Swap(text="{t}[{k}] = {name}.to_numpy()", why="Assign by position, without labels."),
        ),
        claim="A label occurs twice, so pandas cannot tell which row is meant.",
        lesson=_LABELS,
        example=(
            "import pandas as pd\ns = pd.Series([1, 2, 3], index=['a', 'a', 'b'])",
            "t = s.reindex(['a', 'b'])",
            "list(t) == [1, 3]",
        ),
    ),
    Remedy(
        code="pandas.missing_labels",
        on=("KeyError",),
        says=r"not in index|None of .* are in",
        find=("_x.loc[_l, _c]", "_x.loc[_l]", "_x[_l]"),
        write=(
            Swap(text="{x}.reindex({l})", why="Keep all labels: those that are missing get missing values."),
            Swap(text="{x}.loc[{x}.index.intersection({l})]", why="Take the labels that are there."),
            Swap(text="{x}[{x}.columns.intersection({l})]", why="Take the columns that are there."),
        ),
        claim="Some of the labels are not in `{x}`.",
        lesson="A list of labels must be there in full; `reindex` fills those that are not with missing values.",
        example=(
            "import pandas as pd\ns = pd.Series([1, 2], index=['a', 'b'])",
            "t = s.loc[['a', 'c']]",
            "list(t.index) == ['a', 'c']",
        ),
        weight=0.5,
    ),
    Remedy(
        code="pandas.method_of_elements",
        on=("AttributeError",),
        says=r"'(?:Series|Index)' object has no attribute '(\w+)'",
        find=("_x._name",),
        when=lambda site, bound: (
            hasattr(str, str(bound["name"])) and site.says(f"'{bound['name']}'") is not None
        ),
        write=(
            Swap(text="{x}.str.{name}", why="Use `.str`, which has the methods of strings."),
            Swap(text="{x}.astype(str).str.{name}", why="Make strings of the values, then use `.str`."),
        ),
        claim="`{name}` is a method of strings; a column has it under `.str`.",
        lesson="The methods of strings are under `.str` of a column, the parts of dates under `.dt`.",
        example=(_DF, "u = df['k'].title()", "u[0] == 'A'"),
        check="not hasattr({x}, '{name}')",
        weight=0.93,
    ),
    Remedy(
        code="pandas.part_of_dates",
        on=("AttributeError",),
        says=r"'Series' object has no attribute "
        r"'(year|month|day|hour|minute|second|weekday|dayofweek|day_name|month_name|date|time|quarter|strftime|dayofyear|total_seconds|days|isocalendar)'",
        find=("_x._name",),
        when=lambda site, bound: site.says(f"'{bound['name']}'") is not None,
        write=(
            Swap(text="{x}.dt.{name}", why="Use `.dt`, which has the parts of dates."),
            Swap(text="{pd}.to_datetime({x}).dt.{name}", why="Parse the dates, then use `.dt`."),
        ),
        claim="`{name}` is a part of a date; a column has it under `.dt`.",
        check="{x}.dtype.kind in 'mM' or bool({pd}.to_datetime({x}, errors='coerce', format='mixed').notna().all())",
        lesson=_DATES,
        example=(
            "import pandas as pd\ns = pd.to_datetime(pd.Series(['2024-05-06']))",
            "y = s.year",
            "y[0] == 2024",
        ),
        weight=0.93,
    ),
    Remedy(
        code="pandas.dates_are_strings",
        on=("AttributeError",),
        says=r"Can only use \.dt accessor",
        find=("_x.dt",),
        write=(
            Swap(text="{pd}.to_datetime({x}).dt", why="Parse the dates, then use `.dt`."),
            Swap(text="{pd}.to_datetime({x}, dayfirst=True).dt", why="Parse the dates, the day first."),
            Swap(text="{pd}.to_datetime({x}, format='mixed').dt", why="Parse each date by itself."),
            Swap(text="{pd}.to_timedelta({x}).dt", why="Parse durations, then use `.dt`."),
        ),
        claim="`{x}` does not hold dates yet.",
        lesson="Dates that are read from a file are strings until `pd.to_datetime` converts them.",
        check="bool({pd}.to_datetime({x}, errors='coerce', format='mixed').notna().sum() == {x}.notna().sum())",
        weight=0.9,
        example=(
            "import pandas as pd\ndf = pd.DataFrame({'d': ['2024-05-06']})",
            "m = df['d'].dt.month",
            "m[0] == 5",
        ),
    ),
    Remedy(
        code="pandas.text_in_index",
        on=("TypeError",),
        says=r"Only valid with DatetimeIndex.* instance of '(?:Index|Series)'",
        find=("_x[_c].resample(...)", "_x.resample(...)", "_x.asfreq(...)", "_x.between_time(...)"),
        write=(Above(text="{x}.index = {pd}.to_datetime({x}.index)", why="Parse the dates in the index."),),
        claim="The index of `{x}` holds dates as text.",
        check="isinstance({x}.index[0], str)",
        lesson=_DATES,
        example=(
            "import pandas as pd\ndf = pd.DataFrame({'v': [1, 2]}, index=['2024-05-06', '2024-05-06'])",
            "r = df['v'].resample('D').sum()",
            "r.iloc[0] == 3",
        ),
        weight=0.85,
    ),
    Remedy(
        code="pandas.dates_of_column",
        on=("TypeError",),
        says=r"Only valid with DatetimeIndex",
        find=("_x[_c].resample(...)",),
        write=(
            Swap(text="{x}.set_index('{dates_x}')[{c}].resample({rest})", why="Make the dates the index."),
            Swap(text="{x}.resample({rest}, on='{dates_x}')[{c}]", why="Say which column has the dates."),
            Above(
                text="{x}['{textdates_x}'] = {pd}.to_datetime({x}['{textdates_x}'])\n{x} = "
                "{x}.set_index('{textdates_x}')",
                why="Parse the dates, and make them the index.",
            ),
        ),
        claim="The index of `{x}` holds no dates.",
        check="{x}.index.dtype.kind != 'M'",
        lesson=_DATES,
        example=(
            "import pandas as pd\ndf = pd.DataFrame({'d': pd.to_datetime(['2024-05-06', '2024-05-06']), 'v': [1, 2]})",
            "r = df['v'].resample('D').sum()",
            "r.iloc[0] == 3",
        ),
        weight=0.8,
    ),
    Remedy(
        code="pandas.dates_of_index",
        on=("TypeError",),
        says=r"Only valid with DatetimeIndex",
        find=("_x.resample(...)", "_x.asfreq(...)", "_x.between_time(...)"),
        when=lambda site, bound: not isinstance(bound["x"], ast.Subscript),
        write=(
            Swap(text="{x}.resample({rest}, on='{dates_x}')", why="Say which column has the dates."),
            Above(
                text="{x}['{textdates_x}'] = {pd}.to_datetime({x}['{textdates_x}'])\n{x} = "
                "{x}.set_index('{textdates_x}')",
                why="Parse the dates, and make them the index.",
            ),
        ),
        claim="The index of `{x}` holds no dates.",
        check="{x}.index.dtype.kind != 'M'",
        lesson=_DATES,
        example=(
            "import pandas as pd\ndf = pd.DataFrame({'d': pd.to_datetime(['2024-05-06', '2024-05-06']), 'v': [1, 2]})",
            "r = df.resample('D').sum()",
            "r.v.iloc[0] == 3",
        ),
    ),
    Remedy(
        code="pandas.index_of_text",
        on=("TypeError",),
        says=r"Only valid with DatetimeIndex",
        find=("_x.set_index(_k)",),
        write=(
            Swap(
                text="{x}.assign(**{{k}: {pd}.to_datetime({x}[{k}])}).set_index({k})",
                why="Parse the dates before they become the index.",
                needs=("pd",),
            ),
            Swap(
                text="{x}.assign(**{{k}: {pd}.to_datetime({x}[{k}], dayfirst=True)}).set_index({k})",
                why="Parse the dates, the day first, before they become the index.",
                needs=("pd",),
            ),
            Above(text="{x}[{k}] = {pd}.to_datetime({x}[{k}])", why="Parse the dates first.", needs=("pd",)),
        ),
        claim="`{x}[{k}]` holds dates as text, so the index holds no dates.",
        lesson=_DATES,
        check="{x}[{k}].dtype.kind != 'M'",
        example=(
            "import pandas as pd\ndf = pd.DataFrame({'d': ['2024-05-06', '2024-05-07'], 'v': [1, 2]})",
            "r = df.set_index('d').resample('YE')['v'].sum()",
            "r.iloc[0] == 3",
        ),
        weight=0.9,
    ),
    Remedy(
        code="pandas.date_format",
        on=("ValueError", "DateParseError", "OutOfBoundsDatetime", "ParserError"),
        says=r"time data|doesn't match format|Unknown datetime string format|month must be in|unconverted "
        r"data|day is out of range|cannot parse|Out of bounds",
        find=("_m.to_datetime(_x, ..., format=_f)", "_m.to_datetime(_x, ...)"),
        when=lambda site, bound: "errors" not in str(bound["rest"]),
        write=(
            Swap(text="{m}.to_datetime({x}, dayfirst=True)", why="Read the day before the month."),
            Swap(
                text="{m}.to_datetime({x}, format='mixed', dayfirst=True)",
                why="Read each date by itself, the day first.",
            ),
            Swap(
                text="{m}.to_datetime({x}, format='mixed')", why="Read each date by itself, the month first."
            ),
            Swap(
                text="{m}.to_datetime({x}, {rest}, errors='coerce')", why="Take what is no date as missing."
            ),
        ),
        claim="The dates are not in the format that pandas took from the first one.",
        lesson=_DATES,
        example=(
            "import pandas as pd\ns = pd.Series(['01/02/2024', '25/02/2024'])",
            "d = pd.to_datetime(s)",
            "list(d.dt.day) == [1, 25]",
        ),
        weight=0.8,
    ),
    Remedy(
        code="pandas.days_of_span",
        on=("ValueError", "TypeError"),
        says=r"to timedelta64\[(\w)\]",
        find=("_x.astype(_f)",),
        write=(Swap(text="{x} // {np}.timedelta64(1, '{1}')", why="Count the whole units.", needs=("np",)),),
        claim="A span of time cannot be stored in this unit any more; dividing by one gives their number.",
        check="{x}.dtype.kind == 'm'",
        lesson="`span / np.timedelta64(1, 'D')` is the number of days, `//` that of whole ones.",
        example=(
            "import pandas as pd\ns = pd.to_timedelta(pd.Series([49, 24]), unit='h')",
            "d = s.astype('timedelta64[D]')",
            "list(d) == [2, 1]",
        ),
        weight=0.9,
    ),
    Remedy(
        code="pandas.two_date_formats",
        on=("ValueError",),
        says=_OTHER_FORMAT,
        find=("_m.to_datetime(_x)", "_m.to_datetime(_x, format=_f)"),
        when=lambda site, _: _of_another_form(site),
        write=(Swap(text=_BOTH_FORMATS, why="Read the dates of both formats."),),
        claim="Some dates of `{x}` are written as `{2}`, others as `{format_1}`.",
        lesson=_DATES,
        check=f"bool(({_BOTH_FORMATS}).notna().sum() == {{x}}.notna().sum())",
        example=(
            "import pandas as pd\ns = pd.Series(['2024-01-05', '15/02/2024', '2024-03-07', '06/04/2024'])",
            "d = pd.to_datetime(s)",
            "list(d.dt.month) == [1, 2, 3, 4]",
        ),
        weight=0.92,
    ),
    Remedy(
        code="pandas.date_separators",
        on=("ValueError", "DateParseError"),
        says=r"time data [\"']\d{4}\D",
        find=("_m.to_datetime(_x, ..., format=_f)", "_m.to_datetime(_x, ...)"),
        when=lambda site, bound: "errors" not in str(bound["rest"]),
        write=(
            Swap(
                text="{m}.to_datetime({x}, format='mixed')",
                why="Read each date by itself: the year is first.",
            ),
            Swap(
                text="{m}.to_datetime({x}, {rest}, errors='coerce')", why="Take what is no date as missing."
            ),
        ),
        claim="The dates are not all in the format of the first one; the year comes first in all of them.",
        lesson=_DATES,
        example=(
            "import pandas as pd\ns = pd.Series(['2024-01-05', '2024/02/06', '2024.03.07'])",
            "d = pd.to_datetime(s)",
            "list(d.dt.month) == [1, 2, 3]",
        ),
        weight=0.88,
    ),
    Remedy(
        code="pandas.list_of_columns",
        on=("KeyError", "ValueError", "TypeError"),
        says=r"^\(|Cannot subset columns with a tuple",
        find=("_x[_t]",),
        when=lambda site, bound: isinstance(bound["t"], ast.Tuple) and len(bound["t"].elts) > 1,
        write=(Swap(text="{x}[[{t}]]", why="Select several columns with a list."),),
        claim="`{x}[{t}]` looks for one column whose name is a pair; several columns are selected with a list.",
        check="all(name in getattr({x}, 'obj', {x}).columns for name in ({t}))",
        lesson="Several columns are selected with a list: `df[['a', 'b']]`.",
        example=(_DF, "s = df.groupby('k')['v', 'w'].sum()", "list(s) == ['v', 'w']"),
        weight=0.93,
    ),
    Remedy(
        code="pandas.pivot_by_place",
        on=("TypeError",),
        says=r"(pivot|pivot_table|drop|melt)\(\) takes \d+ positional arguments? but",
        find=("_x.pivot(_i, _c, _v)", "_x.pivot(_i, _c)", "_x.drop(_k, _n)"),
        write=(
            Swap(
                text="{x}.pivot(index={i}, columns={c}, values={v})",
                why="Name the arguments, in their old order.",
            ),
            Swap(text="{x}.pivot(index={i}, columns={c})", why="Name the arguments, in their old order."),
            Swap(text="{x}.drop({k}, axis={n})", why="Name the axis."),
        ),
        claim="`{method}` takes these arguments by name only; by place they were index, columns and values.",
        lesson="Since pandas 2, most arguments are given by name.",
        example=(
            "import pandas as pd\ndf = pd.DataFrame({'d': ['m', 'm'], 'k': ['x', 'y'], 'v': [1, 2]})",
            "w = df.pivot('d', 'k', 'v')",
            "w.loc['m', 'y'] == 2",
        ),
        weight=0.93,
    ),
    Remedy(
        code="pandas.position_and_name",
        on=("ValueError", "IndexError", "TypeError"),
        says=r"Location based indexing can only have|Cannot index by location index with a non-integer "
        r"key|cannot do positional indexing",
        find=("_x.iloc[_i, _c]", "_x.iloc[_c]"),
        write=(
            Swap(
                text="{x}.loc[{x}.index[{i}], {c}]",
                why="Take the row by its position, the column by its name.",
            ),
            Swap(text="{x}.iloc[{i}][{c}]", why="Take the row by its position, then the column by its name."),
            Swap(text="{x}.loc[{c}]", why="Select by label, with `loc`."),
        ),
        claim="`iloc` takes positions only, and `{c}` is a name.",
        lesson="`iloc` counts rows and columns from 0; `loc` takes their names.",
        check="isinstance({c}, str)",
        example=(_DF, "x = df.iloc[1, 'v']", "x == 2"),
        weight=0.92,
    ),
    Remedy(
        code="pandas.new_category",
        on=("TypeError", "ValueError"),
        says=r"Cannot setitem on a Categorical with a new category",
        find=("_x.fillna(_v)", "_x.replace(_k, _v)"),
        write=(
            Swap(text="{x}.cat.add_categories([{v}]).fillna({v})", why="Add the category first."),
            Swap(text="{x}.astype(object).fillna({v})", why="Make plain values of the categories."),
        ),
        claim="`{v}` is not one of the categories of `{x}`.",
        lesson="A column of categories takes no other values: add the category first, or convert the column.",
        check="{v} not in {x}.cat.categories",
        example=(
            "import pandas as pd\ns = pd.Series(['a', None], dtype='category')",
            "t = s.fillna('none')",
            "list(t) == ['a', 'none']",
        ),
        weight=0.92,
    ),
    Remedy(
        code="pandas.sorted_index",
        on=("KeyError", "UnsortedIndexError"),
        says=r"non-monotonic|lexsort|non-unique",
        find=("_x.loc[_a:_b, _c]", "_x[_a:_b]", "_x.loc[_a:_b]", "_x.loc[_k]"),
        write=(
            Swap(text="{x}.sort_index().loc[{a}:{b}, {c}]", why="Sort the index first."),
            Swap(text="{x}.sort_index()[{a}:{b}]", why="Sort the index first."),
            Swap(text="{x}.sort_index().loc[{k}]", why="Sort the index first."),
        ),
        claim="The index of `{x}` is not sorted, so it has no range from one label to another.",
        lesson="A range of labels needs a sorted index: `sort_index()`.",
        check="not {x}.index.is_monotonic_increasing",
        example=(
            "import pandas as pd\ns = pd.Series([1, 2], index=pd.to_datetime(['2024-03-01', '2024-01-01']))",
            "t = s['2024-01-15':'2024-04-01']",
            "list(t) == [1]",
        ),
        weight=0.93,
    ),
    Remedy(
        code="pandas.sorted_rows",
        on=("ValueError",),
        says=r"must be monotonic|keys must be sorted",
        find=("_m.merge_asof(_a, _b, ..., on=_k)", "_x._how(...)"),
        write=(
            Swap(
                text="{m}.merge_asof({a}.sort_values({k}), {b}.sort_values({k}), {rest}, on={k})",
                why="Sort both tables first.",
            ),
            Swap(text="{x}.sort_index().{how}({rest})", why="Sort the index first."),
        ),
        claim="The rows are not in the order of their labels.",
        lesson="Windows of time and joins of the nearest rows need sorted rows: `sort_index()`, `sort_values(key)`.",
        example=(
            "import pandas as pd\ndays = pd.to_datetime(['2024-01-03', '2024-01-01', '2024-01-02'])\n"
            "s = pd.Series([3.0, 1.0, 2.0], index=days)",
            "m = s.rolling('2D').sum()",
            "list(m) == [1, 3, 5]",
        ),
        weight=0.85,
    ),
    Remedy(
        code="pandas.columns_of_lengths",
        on=("ValueError",),
        says=r"All arrays must be of the same length|arrays must all be same length",
        find=("_m.DataFrame(_x, ...)",),
        when=lambda site, bound: isinstance(bound["x"], ast.expr) and kind_of(site, bound["x"]) == "dict",
        write=(
            Swap(
                text="{m}.DataFrame({name: {m}.Series(column) for name, column in {x}.items()}, {rest})",
                why="Leave missing what the shorter columns do not have.",
            ),
        ),
        claim="The columns in `{x}` have different lengths.",
        lesson="The columns of a table have one length. A `Series` is filled up with missing values.",
        example=(
            "import pandas as pd\nd = {'a': [1, 2], 'b': [3]}",
            "t = pd.DataFrame(d)",
            "t['b'].isna().sum() == 1",
        ),
        weight=0.7,
    ),
    Remedy(
        code="pandas.names_of_counts",
        on=("KeyError",),
        says=r"'index'",
        find=("_x['index']",),
        write=(Swap(text="{x}[{x}.columns[0]]", why="Take the first column, which holds the values."),),
        claim="`{x}` has no column `index`: the columns of counted values are named after the column, and `count`.",
        lesson="Since pandas 2, `value_counts().reset_index()` has the column's own name, and `count`.",
        check="'count' in {x}.columns and 'index' not in {x}.columns",
        example=(
            "import pandas as pd\nc = pd.Series(['a', 'b', 'a'], name='k').value_counts().reset_index()",
            "t = c['index'][0]",
            "t == 'a'",
        ),
        weight=0.93,
    ),
    Remedy(
        code="pandas.name_of_counts_in_row",
        on=("KeyError",),
        says=r"'index'",
        find=("_x.loc[_k, 'index']",),
        write=(
            Swap(text="{x}.loc[{k}, {x}.columns[0]]", why="Take the first column, which holds the values."),
        ),
        claim="`{x}` has no column `index`: the columns of counted values are named after the column, and "
        "`count`.",
        lesson="Since pandas 2, `value_counts().reset_index()` has the column's own name, and `count`.",
        check="'count' in {x}.columns and 'index' not in {x}.columns",
        example=(
            "import pandas as pd\nc = pd.Series(['a', 'b', 'a'], name='k').value_counts().reset_index()",
            "t = c.loc[0, 'index']",
            "t == 'a'",
        ),
        weight=0.93,
    ),
    Remedy(
        code="pandas.bin_labels",
        on=("ValueError",),
        says=r"Bin labels must be one fewer than the number of bin edges",
        find=("_m._how(..., labels=_l)",),
        write=(
            Swap(
                text="{m}.{how}({rest}, labels=[*{l}, 'other'])",
                why="Add the label that is missing: which, only you know.",
            ),
            Swap(text="{m}.{how}({rest})", why="Name the bins by their bounds."),
            Swap(text="{m}.{how}({rest}, labels={l}[:-1])", why="Leave out the last label."),
        ),
        claim="There is not one label for each bin: n edges make n − 1 bins.",
        lesson="`pd.cut` with n edges makes n − 1 bins, and needs as many labels.",
        example=(
            "import pandas as pd\ns = pd.Series([5, 15])",
            "c = pd.cut(s, [0, 10, 20], labels=['low', 'high', 'higher'])",
            "c.notna().all()",
        ),
        weight=0.8,
    ),
    Remedy(
        code="pandas.lines_before_header",
        on=("ParserError",),
        says=r"Expected \d+ fields in line (\d+), saw (\d+)",
        find=("_m.read_csv(_f, ...)", "_m.read_table(_f, ...)"),
        when=lambda site, bound: "skiprows" not in str(bound["rest"]),
        write=(
            Swap(
                text="{m}.{method}({f}, {rest}, skiprows={less_1})",
                why="Leave out the lines above the header.",
            ),
            Swap(
                text="{m}.{method}({f}, {rest}, sep=None, engine='python')",
                why="Let pandas find the separator.",
            ),
            Swap(
                text="{m}.{method}({f}, {rest}, on_bad_lines='skip')",
                why="Leave out lines with too many fields.",
            ),
        ),
        claim="Line {1} has {2} fields, the lines above have fewer: the table may begin there.",
        lesson="The first line is taken as the header. `skiprows=` leaves out lines above the table.",
        weight=0.8,
    ),
    Remedy(
        code="pandas.time_zones",
        on=("TypeError",),
        when=_in_table,
        says=r"tz-naive and tz-aware|offset-naive and offset-aware|Invalid comparison between "
        r"dtype=datetime64|tz-aware and tz-naive|both timezone",
        find=("_x - _y", "_x <cmp> _y"),
        write=tuple(
            Swap(text=text, why=why)
            for text, why in (
                ("{x}.dt.tz_localize(None) {sign} {y}", "Take the zone off the left side."),
                ("{x} {sign} {y}.dt.tz_localize(None)", "Take the zone off the right side."),
                ("{x}.dt.tz_localize('UTC') {sign} {y}", "Give the left side the zone UTC."),
                ("{x} {sign} {y}.tz_localize('UTC')", "Give the right side the zone UTC."),
                ("{x} {sign} {y}.replace(tzinfo={x}.tzinfo)", "Give the right side the zone of the left."),
                ("{x}.replace(tzinfo={y}.tzinfo) {sign} {y}", "Give the left side the zone of the right."),
            )
        ),
        claim="One side has a time zone, and the other has none.",
        lesson=_ZONES,
        example=(
            "import datetime\na = datetime.datetime(2024, 1, 2, tzinfo=datetime.timezone.utc)",
            "d = a - datetime.datetime(2024, 1, 1)",
            "d.days == 1",
        ),
    ),
    Remedy(
        code="pandas.zone_again",
        on=("TypeError",),
        says=r"Already tz-aware, use tz_convert|Cannot convert tz-naive timestamps, use tz_localize",
        find=("_x.tz_localize(_z)", "_x.tz_convert(_z)"),
        write=(
            Swap(text="{x}.tz_convert({z})", why="The times have a zone already: convert them."),
            Swap(
                text="{x}.tz_localize('UTC').tz_convert({z})",
                why="The times are in UTC: say so, then convert them.",
            ),
            Swap(text="{x}.tz_localize({z})", why="The times are of that zone: say so."),
        ),
        claim="`tz_localize` gives times a zone, `tz_convert` changes the zone that they have.",
        lesson=_ZONES,
        example=(
            "import pandas as pd\ns = pd.Series(pd.to_datetime(['2024-01-01'], utc=True))",
            "t = s.dt.tz_localize('Europe/Berlin')",
            "t[0].hour == 1",
        ),
        weight=0.85,
    ),
    Remedy(
        code="pandas.fill_method",
        on=("TypeError",),
        says=r"fillna\(\) got an unexpected keyword argument 'method'",
        find=(
            "_x.fillna(..., method='bfill')",
            "_x.fillna(..., method='backfill')",
            "_x.fillna(..., method='ffill')",
            "_x.fillna(..., method='pad')",
        ),
        write=(Swap(text="{x}.ffill({rest})", why="Use the method of that name."),),
        claim="`fillna` has no parameter `method` any more.",
        lesson="`ffill()` and `bfill()` are methods of their own.",
        example=(
            "import pandas as pd\ns = pd.Series([1.0, None])",
            "t = s.fillna(method='ffill')",
            "t[1] == 1",
        ),
        check="hasattr({x}, 'ffill')",
        weight=0.95,
    ),
    Remedy(
        code="pandas.unhashable_cells",
        on=("TypeError",),
        says=r"unhashable type: '(list|dict|set|numpy.ndarray)'",
        find=(
            "_frame[_c].value_counts(...)",
            "_frame[_c].unique(...)",
            "_frame[_c].nunique(...)",
            "_frame.drop_duplicates(...)",
            "_frame.groupby(_c)",
        ),
        write=(
            Swap(text="{frame}[{c}].explode().{method}({rest})", why="Count the elements of the lists."),
            Swap(text="{frame}[{c}].apply(tuple).{method}({rest})", why="Make tuples of the lists."),
            Swap(text="{frame}[~{frame}.astype(str).duplicated()]", why="Compare the rows as text."),
            Swap(text="{frame}.groupby({frame}[{c}].apply(tuple))", why="Make tuples of the lists."),
        ),
        claim="The column holds lists, which cannot be counted or compared as keys.",
        lesson="Lists and dictionaries have no hash: a tuple or a string has.",
        example=(
            "import pandas as pd\ndf = pd.DataFrame({'t': [['a', 'b'], ['a']]})",
            "c = df['t'].unique()",
            "set(c) == {'a', 'b'}",
        ),
    ),
    Remedy(
        code="pandas.one_more_level",
        on=("ValueError",),
        says=r"Length mismatch: Expected axis has (\d+) elements, new values have (\d+) elements",
        find=("_x.columns = _v",),
        write=(
            Above(text="{x} = {x}.reset_index()", why="Make the index a column first."),
            Above(text="{x} = {x}.iloc[:, :{2}]", why="Keep only as many columns as there are names."),
        ),
        claim="`{x}` has {1} columns, and gets {2} names.",
        lesson="After `groupby`, the keys are the index, not a column; `reset_index()` makes a column of them.",
        example=(
            _DF + "\ng = df.groupby('k')[['v']].sum()",
            "g.columns = ['k', 'total']",
            "list(g.k) == ['a', 'b']",
        ),
    ),
    Remedy(
        code="pandas.inplace_of_column",
        on=("AssertionError",),
        says="",
        find=("_x[_c]._how(..., inplace=True)", "_x._c._how(..., inplace=True)"),
        write=(Swap(text="{x}[{c}] = {x}[{c}].{how}({rest})", why="Assign the result to the column."),),
        claim="A change in place of `{x}[{c}]` changes a copy: the table keeps the old values.",
        lesson="`df[column]` gives a column of its own. Change the table: `df[column] = …`, `df.loc[rows, column] = …`.",
        everywhere=True,
        example=(
            "import pandas as pd\ndf = pd.DataFrame({'a': [1.0, None]})\ndf['a'].fillna(0, inplace=True)",
            "assert df['a'].isna().sum() == 0",
            "df.a[1] == 0",
        ),
        weight=0.9,
    ),
    Remedy(
        code="pandas.chained_assignment",
        on=("AssertionError",),
        says="",
        find=("_x[_m][_c] = _v", "_x._c[_m] = _v", "_x.loc[_m][_c] = _v", "_x.iloc[_m][_c] = _v"),
        when=_may_be_chained,
        write=(
            Swap(text="{x}.loc[{c}, {m}] = {v}", why="Select rows and column at once, with `loc`."),
            Swap(text="{x}.loc[{m}, {c}] = {v}", why="Select rows and column at once, with `loc`."),
            Swap(
                text="{x}.iloc[{m}, {x}.columns.get_loc({c})] = {v}", why="Select both at once, with `iloc`."
            ),
        ),
        claim="`{x}[…][…] = …` changes a copy: the table keeps the old values.",
        lesson="Two selections are two steps: the first makes a copy, and the copy is changed. `loc` is one step.",
        everywhere=True,
        example=(_DF, "df['v'][df['k'] == 'b'] = 0", "assert df['v'].sum() == 4", "df.v[1] == 0"),
        weight=0.95,
    ),
    Remedy(
        code="pandas.duplicates_in_merge",
        on=("AssertionError", "MergeError"),
        says="",
        find=("_x.merge(_y, ..., on=_k)",),
        write=(
            Swap(
                text="{x}.merge({y}.drop_duplicates({k}), on={k}, {rest})",
                why="Keep one row for each key of the right table.",
            ),
            Swap(
                text="{x}.merge({y}.drop_duplicates(), on={k}, {rest})",
                why="Remove rows of the right table that are there twice.",
            ),
        ),
        claim="A key that occurs twice in `{y}` doubles rows of `{x}`.",
        check="bool({y}.duplicated({k}).any())",
        lesson="A merge makes a row for each pair of equal keys: a key that is twice in the right table doubles the left rows.",
        everywhere=True,
        example=(
            "import pandas as pd\na = pd.DataFrame({'k': [1, 2]})\nb = pd.DataFrame({'k': [1, 1], 'n': [3, 3]})\nm = a.merge(b, on='k', how='left')",
            "assert len(m) == 2",
            "len(m) == 2",
        ),
        weight=0.68,
    ),
    Remedy(
        code="pandas.mean_of_means",
        on=("AssertionError",),
        says="",
        find=("_t.groupby(...)[_c].mean().mean()", "_t.groupby(...)[_c].median().median()"),
        write=(Swap(text="{t}[{c}].{method}()", why="Compute it over all rows."),),
        claim="The mean of the groups' means counts each group the same, however many rows it has.",
        check="{t}.groupby({rest})[{c}].count().nunique() > 1",
        lesson="A mean of means is the mean of all values only if all groups are of the same size.",
        everywhere=True,
        example=(
            "import pandas as pd\ndf = pd.DataFrame({'k': ['a', 'b', 'a'], 'v': [1, 9, 2]})\n"
            "m = df.groupby('k')['v'].mean().mean()",
            "assert m == 4",
            "m == 4",
        ),
        weight=0.9,
    ),
    Remedy(
        code="pandas.rolling_by_text",
        on=("ValueError",),
        says=r"window must be an integer|passed window .* is not compatible with a datetimelike index",
        find=("_frame[_c].rolling(_w, ...)", "_frame.rolling(_w, ...)"),
        write=(
            Above(
                text="{frame}.index = {pd}.to_datetime({frame}.index)",
                why="Parse the dates in the index.",
                needs=("pd",),
            ),
        ),
        claim="The index of `{frame}` holds dates as text, and a window of time needs dates.",
        lesson=_DATES,
        check="{frame}.index.dtype.kind == 'O' and bool({frame}.index.astype(str).str.contains("
        r"r'^\s*\d+[-/.]\d+[-/.]\d', regex=True).all())",
        example=(
            "import pandas as pd\ndf = pd.DataFrame({'n': [1, 2]}, index=['2024-01-01', '2024-01-05'])",
            "s = df['n'].rolling('2D').sum()",
            "list(s) == [1, 2]",
        ),
        weight=0.92,
    ),
    Remedy(
        code="pandas.rolling_by_date",
        on=("ValueError",),
        says=r"window must be an integer|passed window .* is not compatible with a datetimelike index",
        find=("_frame[_c].rolling(_w, ...)", "_frame.rolling(_w, ...)"),
        write=(
            Swap(
                text="{frame}.rolling({w}, {rest}, on='{dates_frame}')[{c}]",
                why="Roll over the dates of the column.",
            ),
            Swap(
                text="{frame}.rolling({w}, {rest}, on='{dates_frame}')",
                why="Roll over the dates of the column.",
            ),
        ),
        claim="A window of time needs dates: the index of `{frame}` has none, the column '{dates_frame}' has.",
        lesson="`rolling('7D')` goes by the index, or by the column that `on=` names.",
        check="'{dates_frame}' in {frame}.columns",
        example=(
            "import pandas as pd\ndf = pd.DataFrame({'d': pd.to_datetime(['2024-01-01', '2024-01-05']), 'n': [1, 2]})",
            "s = df['n'].rolling('2D').sum()",
            "list(s) == [1, 2]",
        ),
        weight=0.9,
    ),
)
