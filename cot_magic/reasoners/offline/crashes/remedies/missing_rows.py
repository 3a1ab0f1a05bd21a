"""Remedies for missing values: what to do with them is the person's choice, so all are shown."""

from cot_magic.reasoners.offline.crashes.remedies.pattern import code
from cot_magic.reasoners.offline.crashes.remedies.remedy import Above, Remedy, Swap

_LESSON = (
    "Nobody but you can know what a missing value means: leave it out, fill it in, or keep it as missing."
)
_NONE = "`None` is no number: a function without `return`, or a missing entry, gives it."

ROWS = (
    Remedy(
        code="missing.in_texts",
        on=("AttributeError", "TypeError"),
        says=r"'(float|NoneType|NAType)' object (has no attribute '\w+'|is not (iterable|subscriptable))|"
        r"object of type '(float|NoneType)' has no len",
        find=("_series.apply(_f)", "_series.map(_f)"),
        write=(
            Swap(text="{series}.fillna('').{method}({f})", why="Take a missing value as an empty string."),
            Swap(text="{series}.dropna().{method}({f})", why="Leave out the missing values."),
        ),
        claim="`{series}` has missing values, and the function is called with them too.",
        lesson=_LESSON,
        check="bool({series}.isna().any())",
        example=(
            "import pandas as pd\ns = pd.Series(['a b', None])",
            "n = s.apply(lambda text: len(text.split()))",
            "n[0] == 2",
        ),
        weight=0.93,
    ),
    Remedy(
        code="missing.in_features",
        on=("ValueError",),
        says=r"Input X contains (NaN|infinity)|Input contains (NaN|infinity)|array must not contain infs or NaNs|"
        r"exog contains inf or nans|missing values",
        find=(
            "_f.fit(_x, _y, ...)",
            "_f.fit_transform(_x, ...)",
            "_f.fit(_x)",
            "_f(..., _x, _y)",
            "_f.predict(_x)",
            "_m.OLS(_y, _x)",
        ),
        write=(
            Above(
                text="{y} = {y}[{x}.notna().all(axis=1)]\n{x} = {x}.dropna()",
                why="Leave out the rows with a missing value.",
            ),
            Above(text="{x} = {x}.dropna()", why="Leave out the rows with a missing value."),
            Above(text="{x} = {x}.fillna({x}.median())", why="Fill in the median of the column."),
            Above(text="{x} = {x}.fillna({x}.mean())", why="Fill in the mean of the column."),
            Above(text="{x} = {x}.fillna(0)", why="Fill in 0."),
            Above(text="{x} = {np}.nan_to_num({x})", why="Fill in 0.", needs=("np",)),
        ),
        claim="`{x}` has missing values, which this model cannot take.",
        check="not __import__('numpy').isfinite(__import__('numpy').asarray({x}, dtype=float)).all()",
        lesson=_LESSON,
        example=(
            "import pandas as pd\nfrom sklearn.linear_model import LinearRegression\n"
            "X = pd.DataFrame({'a': [1.0, None, 3.0]})\ny = pd.Series([1, 2, 3])",
            "m = LinearRegression().fit(X, y)",
            "len(X) == 2 and len(y) == 2",
        ),
        weight=0.85,
    ),
    Remedy(
        code="missing.in_target",
        on=("ValueError",),
        says=r"Input y contains (NaN|infinity)|Input y_true contains NaN",
        find=("_f.fit(_x, _y, ...)", "_f(_x, _y, ...)"),
        write=(
            Above(
                text="{x} = {x}[{y}.notna()]\n{y} = {y}.dropna()", why="Leave out the rows without a target."
            ),
            Above(text="{y} = {y}.fillna({y}.median())", why="Fill in the median."),
            Above(text="{y} = {y}.fillna(0)", why="Fill in 0."),
        ),
        claim="`{y}` has missing values.",
        check="not __import__('numpy').isfinite(__import__('numpy').asarray({y}, dtype=float)).all()",
        lesson=_LESSON,
        example=(
            "import pandas as pd\nfrom sklearn.linear_model import LinearRegression\n"
            "X = pd.DataFrame({'a': [1.0, 2.0, 3.0]})\ny = pd.Series([1, None, 3])",
            "m = LinearRegression().fit(X, y)",
            "len(X) == 2 and len(y) == 2",
        ),
        weight=0.85,
    ),
    Remedy(
        code="missing.to_integers",
        on=("ValueError", "IntCastingNaNError", "TypeError"),
        says=r"cannot convert (non-finite|float NaN)|Cannot convert non-finite values|cannot convert NA to integer|int\(\) argument must "
        r"be .*NoneType|float\(\) argument must be .*NoneType|cannot safely cast non-equivalent",
        find=("_x.astype(_t)", "int(_x)", "float(_x)", "round(_x)"),
        write=(
            Swap(text="{x}.astype('Int64')", why="Use the type `Int64`, which keeps missing values."),
            Swap(text="{x}.fillna(0).astype({t})", why="Fill in 0."),
            Swap(text="{x}.fillna({x}.median()).astype({t})", why="Fill in the median."),
            Swap(text="{x}.dropna().astype({t})", why="Leave out the rows without a value."),
            Swap(
                text="(int({x}) if {x} == {x} and {x} is not None else 0)", why="Take 0 for a missing value."
            ),
            Swap(text="(int({x}) if {x} == {x} and {x} is not None else None)", why="Keep it missing."),
        ),
        claim="`{x}` has missing values, which are no whole numbers.",
        check="bool(__import__('numpy').any(__import__('pandas').isna({x})))",
        lesson=_LESSON,
        example=("import pandas as pd\ns = pd.Series([1.0, None])", "t = s.astype(int)", "t[0] == 1"),
        weight=0.8,
    ),
    Remedy(
        code="missing.in_mask",
        on=("ValueError", "TypeError"),
        says=r"[Cc]annot mask with non-boolean array containing NA|bad operand type for unary ~: 'float'|boolean value of NA is "
        r"ambiguous",
        find=("_x.str._how(...)", "~_x"),
        write=(
            Swap(text="{x}.str.{how}({rest}, na=False)", why="Take a missing value as no match."),
            Swap(text="~{x}.fillna(False).astype(bool)", why="Take a missing value as no match."),
        ),
        when=lambda site, bound: (
            bound.get("how", "contains") in ("contains", "startswith", "endswith", "match", "fullmatch")
        ),
        claim="A missing value is neither true nor false.",
        check="bool(__import__('numpy').any(__import__('pandas').isna({x})))",
        lesson=_LESSON,
        example=(
            "import pandas as pd\ndf = pd.DataFrame({'a': pd.Series(['x', None], dtype=object)})",
            "r = df[df['a'].str.contains('x')]",
            "len(r) == 1",
        ),
        weight=0.88,
    ),
    Remedy(
        code="missing.in_sum",
        on=("TypeError",),
        says=r"unsupported operand type\(s\) for \+=?: '(int|float|NoneType)' and '(NoneType|int|float)'|'[<>]=?' not supported "
        r"between instances of '(NoneType|int|float|str)' and '(NoneType|int|float|str)'|can't convert type 'NoneType'",
        find=("_f(_x)", "_f(_x, ...)", "_m._g(_x)"),
        when=lambda site, bound: (
            site.raised.evalue.count("NoneType") > 0
            and (
                site.text(code(bound, "f")) in ("sum", "max", "min", "sorted")
                if "f" in bound
                else bound["g"] in ("mean", "median", "fsum")
            )
        ),
        write=(
            Swap(
                text="{f}([value for value in {x} if value is not None], {rest})",
                why="Leave out what is missing.",
            ),
            Swap(text="{f}([value or 0 for value in {x}], {rest})", why="Take 0 for what is missing."),
            Swap(
                text="{m}.{g}([value for value in {x} if value is not None])",
                why="Leave out what is missing.",
            ),
            Swap(text="{m}.{g}([value or 0 for value in {x}])", why="Take 0 for what is missing."),
        ),
        claim="`{x}` has an entry that is `None`.",
        lesson=_NONE + " " + _LESSON,
        example=("xs = [3, None, 4]", "t = sum(xs)", "t == 7"),
        weight=0.85,
    ),
    Remedy(
        code="missing.operand",
        on=("TypeError",),
        says=r"unsupported operand type\(s\) for .*NoneType",
        find=("_a <op>= _b", "_a <op> _b"),
        write=(
            Above(text="if {b} is None:\n    continue", why="Leave out what is missing."),
            Above(text="if {a} is None:\n    continue", why="Leave out what is missing."),
            Swap(text="{a} {sign}= {b} or 0", why="Take 0 for what is missing."),
            Swap(text="({a} or 0) {sign} ({b} or 0)", why="Take 0 for what is missing."),
        ),
        claim="One side is `None`: there is no value.",
        lesson=_NONE + " " + _LESSON,
        example=("xs = [3, None, 4]", "t = 0\nfor x in xs:\n    t += x", "t == 7"),
        weight=0.55,
    ),
)
