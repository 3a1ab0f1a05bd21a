"""Remedies for messages of matplotlib and seaborn."""

import ast

from cot_magic.reasoners.offline.crashes.operands import kind_of
from cot_magic.reasoners.offline.crashes.remedies.pattern import KINDS, Bound
from cot_magic.reasoners.offline.crashes.remedies.remedy import Above, Remedy, Swap
from cot_magic.reasoners.offline.site import Site

_GRID = "`plt.subplots(rows, columns)` gives an array of axes: `axes[0, 1]` is one of them; `axes.flat` is all in a row."
_LENGTHS = "A plot takes as many x as y values."
_SUB = "import matplotlib\nmatplotlib.use('Agg')\nimport matplotlib.pyplot as plt\n"
_METHODS = frozenset(
    [
        "plot",
        "bar",
        "barh",
        "hist",
        "scatter",
        "imshow",
        "pie",
        "boxplot",
        "violinplot",
        "fill_between",
        "errorbar",
        "step",
        "stem",
        "contour",
        "contourf",
        "axis",
        "grid",
        "legend",
        "text",
        "annotate",
        "axhline",
        "axvline",
        "tick_params",
        "twinx",
        "twiny",
        "hlines",
        "vlines",
        "stackplot",
        "matshow",
        "invert_yaxis",
        "get_xlim",
        "get_ylim",
        "add_patch",
        "table",
    ]
)


def _of_axes(site: Site, name: str) -> bool:
    """Whether the attribute that is missing is a method of axes."""
    return site.says(f"'{name}'") is not None and (name in _METHODS or name.startswith("set_"))


def _unlabelled(site: Site, bound: Bound) -> bool:
    """Whether `x` or `y` is no column, so that no labels say which value belongs to which."""
    return any(
        isinstance(held := bound[hole], ast.expr) and kind_of(site, held) not in KINDS["series"]
        for hole in "xy"
    )


ROWS = (
    Remedy(
        code="plot.grid_of_axes",
        on=("AttributeError",),
        says=r"'numpy.ndarray' object has no attribute '(\w+)'",
        find=("_x[_i]._name(...)", "_name1._attr(...)"),
        write=(
            Swap(text="{x}.flat[{i}].{name}({rest})", why="Take the axes one after the other, with `flat`."),
            Swap(text="{x}[{i}, 0].{name}({rest})", why="Say row and column."),
            Swap(text="{x}[0, {i}].{name}({rest})", why="Say row and column."),
            Swap(text="{name1}.flat[0].{attr}({rest})", why="Draw into the first of the axes."),
        ),
        when=lambda site, bound: _of_axes(site, str(bound.get("name") or bound.get("attr"))),
        claim="That is an array of axes, not one of them.",
        lesson=_GRID,
        example=(
            _SUB + "fig, axes = plt.subplots(2, 2)",
            "axes[1].plot([1, 2])",
            "len(axes[0, 1].lines) == 1",
        ),
        weight=0.85,
    ),
    Remedy(
        code="plot.one_axes",
        on=("TypeError",),
        says=r"'(Axes|AxesSubplot)' object is not (subscriptable|iterable)",
        find=("_x[_i, _j]", "_x[_i]", "zip(_x, ...)", "enumerate(_x)"),
        write=(
            Swap(text="{x}", why="Use the axes itself: there is only one."),
            Swap(text="zip([{x}], {rest})", why="Put the only axes into a list."),
            Swap(text="enumerate([{x}])", why="Put the only axes into a list."),
        ),
        claim="`{x}` is one axes, not an array of them.",
        check="not hasattr({x}, '__len__')",
        lesson=_GRID,
        example=(_SUB + "fig, ax = plt.subplots()", "l = ax[0].plot([1, 2])", "len(ax.lines) == 1"),
        weight=0.85,
    ),
    Remedy(
        code="plot.lengths",
        on=("ValueError",),
        says=r"x and y must (have same first dimension|be the same size)|shape mismatch: objects cannot be "
        r"broadcast|incompatible sizes|arrays must be (of )?the same length",
        find=("_f._how(_x, _y, ...)",),
        when=_unlabelled,
        write=(
            Swap(
                text="{f}.{how}({x}[:len({y})], {y}, {rest})",
                why="Use as many x values as there are y values.",
            ),
            Swap(
                text="{f}.{how}({x}, {y}[:len({x})], {rest})",
                why="Use as many y values as there are x values.",
            ),
            Swap(text="{f}.{how}({x}[-len({y}):], {y}, {rest})", why="Leave out the first x values."),
            Swap(text="{f}.{how}({y}.index, {y}, {rest})", why="Use the labels of the y values."),
            Above(text="{again_y}", why="Make `{y}` anew, from what is there now."),
            Above(text="{again_x}", why="Make `{x}` anew, from what is there now."),
        ),
        claim="`{x}` and `{y}` have different lengths.",
        lesson=_LENGTHS,
        example=(_SUB + "x = [1, 2, 3]\ny = [4, 5]", "l = plt.plot(x, y)", "len(l) == 1"),
        weight=0.6,
    ),
    Remedy(
        code="plot.labels",
        on=("ValueError",),
        says=r"number of FixedLocator locations|number of ticklabels|usually from a call to set_ticks|must "
        r"have the same length as|'label' must be of length|dimension mismatch",
        find=("_f._how(_x, ...)", "_f._how(_x, _y, ...)"),
        write=(
            Swap(text="{f}.set_xticks(range(len({x})), {x})", why="Set as many ticks as there are labels."),
            Swap(text="{f}.{how}({x}, {y}, {rest})", why=""),
        ),
        claim="There are not as many labels as ticks.",
        lesson="Labels belong to ticks: set both, in equal numbers.",
        example=(
            _SUB + "fig, ax = plt.subplots()\nb = ax.bar([0, 1, 2], [1, 2, 3])\nt = ax.set_xticks([0, 1, 2])",
            "ax.set_xticklabels(['a', 'b'])",
            "len(ax.get_xticks()) == 2",
        ),
        weight=0.5,
    ),
    Remedy(
        code="plot.gone",
        on=("AttributeError",),
        says=r"module 'seaborn' has no attribute '(\w+)'",
        find=("_m.factorplot(...)", "_m.tsplot(...)", "_m.lvplot(...)"),
        write=(Swap(text="{m}.{seaborn_now}({rest})", why="Use `{seaborn_now}`, its name in this version."),),
        claim="Seaborn has no `{1}` any more.",
        lesson="Libraries rename functions between versions.",
        example=(
            _SUB
            + "import seaborn as sns\nimport pandas as pd\ndf = pd.DataFrame({'a': ['p', 'q'], 'b': [1, 2]})",
            "g = sns.factorplot(x='a', y='b', data=df)",
            "g is not None",
        ),
        check="not hasattr({m}, '{1}') and hasattr({m}, '{seaborn_now}')",
        weight=0.93,
    ),
    Remedy(
        code="plot.method_of_axes",
        on=("AttributeError",),
        says=r"'?Axes(Subplot)?'? object has no attribute "
        r"'(title|xlabel|ylabel|xlim|ylim|xticks|yticks|xscale|yscale|suptitle|savefig|show|tight_layout|colorbar)'",
        find=("_x._name(...)",),
        write=(
            Swap(text="{x}.set_{name}({rest})", why="On axes the method is called `set_{name}`."),
            Swap(text="{x}.figure.{name}({rest})", why="That is a method of the figure."),
        ),
        claim="Axes have no `{name}`.",
        lesson="`plt.title(…)` is a function of the module; axes have `set_title(…)`, figures have `savefig(…)`.",
        example=(_SUB + "fig, ax = plt.subplots()", "ax.xlabel('t')", "ax.get_xlabel() == 't'"),
        check="hasattr({x}, 'set_{name}') or hasattr({x}.figure, '{name}')",
        weight=0.93,
    ),
    Remedy(
        code="plot.title_overwritten",
        on=("TypeError",),
        says=r"'(str|tuple|list|int)' object is not callable",
        find=("_m.title(...)", "_m.xlabel(...)", "_m.ylabel(...)"),
        write=(
            Above(
                text="import importlib\nimportlib.reload({m})",
                why="Load the module again: a name of it was assigned.",
            ),
        ),
        claim="`{method}` of the module was replaced by an assignment such as `plt.{method} = …`.",
        check="not callable({m}.{method})",
        lesson="`plt.title = 'x'` replaces the function. Call it: `plt.title('x')`.",
        weight=0.7,
    ),
    Remedy(
        code="plot.colour_by_category",
        on=("ValueError",),
        says=r"'c' argument must be a color|Invalid RGBA argument|is not a valid value for color",
        find=("_f(..., c=_c)", "_f(..., color=_c)"),
        when=lambda site, bound: (
            isinstance(bound["c"], ast.expr) and not isinstance(bound["c"], ast.Constant)
        ),
        write=(
            Swap(text="{f}({rest}, c={pd}.factorize({c})[0])", why="Number the categories.", needs=("pd",)),
        ),
        claim="`{c}` holds categories, not colours.",
        lesson="`c=` takes colours or numbers: `pd.factorize(…)[0]` gives each category a number.",
        example=(
            _SUB + "import pandas as pd\nk = pd.Series(['a', 'b', 'a'])",
            "p = plt.scatter([1, 2, 3], [1, 2, 3], c=k)",
            "list(p.get_array()) == [0, 1, 0]",
        ),
        weight=0.9,
    ),
)
