"""Remedies for messages of polars: columns of text where numbers or dates are needed."""

import ast
import re

from cot_magic.reasoners.offline.crashes.remedies.pattern import Bound
from cot_magic.reasoners.offline.crashes.remedies.remedy import Remedy, Swap
from cot_magic.reasoners.offline.site import Site

_LESSON = (
    "A column of a file is text as soon as one of its values is no number. Polars never converts it by itself: "
    "`df.schema` shows the type of each column, `cast` changes it, and `strict=False` makes null of what cannot be "
    "converted."
)


def _is_text(site: Site, bound: Bound) -> bool:
    """Whether a table at the failing place has a column of text by that name."""
    name = bound["text"]
    assert isinstance(name, ast.expr)
    column = re.compile(rf"{re.escape(repr(site.literal(name)))} String\b")
    tables = [dict(item.facts).get("dtypes", "") for item in (*site.frame.operands, *site.frame.variables)]
    return any(column.search(types) for types in tables)


ROWS = (
    Remedy(
        code="polars.text_for_dates",
        on=("PolarsError",),
        says=r"operation not supported for dtype `str`",
        find=("_m.col(_text).dt",),
        when=_is_text,
        write=(Swap(text="{m}.col({text}).str.to_datetime().dt", why="Make dates of the text first."),),
        claim="The column {text} is text.",
        lesson=_LESSON,
        example=(
            "import polars as pl\ndf = pl.DataFrame({'d': ['2024-01-30', '2025-02-01']})",
            "df = df.with_columns(pl.col('d').dt.year().alias('y'))",
            "df['y'].to_list() == [2024, 2025]",
        ),
        weight=0.9,
    ),
    Remedy(
        code="polars.text_for_numbers",
        on=("PolarsError",),
        says=r"(compare string with|dtypes? .*\bstr\b)",
        find=("_m.col(_text)",),
        when=_is_text,
        write=(
            Swap(
                text="{m}.col({text}).cast({m}.Float64, strict=False)",
                why="Make numbers of the text, and null of what is none.",
            ),
        ),
        claim="The column {text} is text.",
        lesson=_LESSON,
        example=(
            "import polars as pl\ndf = pl.DataFrame({'n': ['3', '-', '12']})",
            "high = df.filter(pl.col('n') > 5)",
            "high['n'].to_list() == ['12']",
        ),
        weight=0.85,
    ),
)
