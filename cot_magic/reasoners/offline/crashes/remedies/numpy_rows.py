"""Remedies for messages of numpy: shapes, dimensions, dtypes."""

import ast

from cot_magic.reasoners.offline import source as src
from cot_magic.reasoners.offline.crashes.operands import kind_of
from cot_magic.reasoners.offline.crashes.remedies.pattern import Bound
from cot_magic.reasoners.offline.crashes.remedies.remedy import AtOrigin, Remedy, Swap
from cot_magic.reasoners.offline.site import Site

_SHAPES = (
    "Arrays are combined element by element if their shapes agree from the right, or one of them is 1. "
    "`keepdims=True` and `[:, None]` keep or add the axis that is needed."
)
_JOINED = "Arrays that are joined need the same number of axes, and the same lengths on all axes but one."
_TYPES = "An array has one dtype; a result of another dtype does not fit into it in place."
_RAGGED = "The rows of an array have one length. Lists of different lengths need padding, or stay lists."


def _sparse(site: Site, bound: Bound) -> bool:
    """Whether one of the arrays is a sparse one, which numpy takes for an object."""
    sides = [held for hole in "xy" if isinstance(held := bound.get(hole), ast.expr)]
    return any(kind_of(site, side).startswith("scipy.sparse.") for side in sides)


def _read_row_by_row(site: Site, _: Bound) -> bool:
    """Whether the cell only loops over the array that the statement makes."""
    match site.statement:
        case ast.Assign(targets=[ast.Name(id=name)]):
            uses = src.named(site.tree, name, ast.Load)
            loops = [
                node.iter for node in ast.walk(site.tree) if isinstance(node, ast.For | ast.comprehension)
            ]
            return bool(uses) and all(any(use is loop for loop in loops) for use in uses)
    return False


_OF_BOTH = frozenset(
    [
        "sqrt",
        "exp",
        "expm1",
        "log",
        "log2",
        "log10",
        "log1p",
        "sin",
        "cos",
        "tan",
        "sinh",
        "cosh",
        "tanh",
        "floor",
        "ceil",
        "trunc",
        "fabs",
        "degrees",
        "radians",
        "isnan",
        "isinf",
        "isfinite",
    ]
)

ROWS = (
    Remedy(
        code="numpy.einsum_of_many",
        on=("ValueError",),
        says=r"more dimensions than subscripts given in einstein sum",
        find=("_m.einsum(_text, ...)",),
        write=(Swap(text="{m}.einsum('{batched}', {rest})", why="Keep the axes in front as they are."),),
        claim="An operand has more axes than the subscripts name.",
        lesson="`...` in the subscripts of `einsum` is for the axes that are only carried along.",
        example=(
            "import numpy as np\na = np.ones((5, 2, 3))\nb = np.ones((5, 3, 4))",
            "c = np.einsum('ij,jk->ik', a, b)",
            "c.shape == (5, 2, 4)",
        ),
        weight=0.85,
    ),
    Remedy(
        code="numpy.broadcast",
        on=("ValueError",),
        says=r"operands could not be broadcast together",
        find=("_x <op> _y", "_x <cmp> _y", "_m._how(_x, _y, ...)"),
        write=tuple(
            Swap(text=text, why=why)
            for text, why in (
                ("{x}[:, None] {sign} {y}", "Make a column of the left side: one value for each row."),
                ("{x} {sign} {y}[:, None]", "Make a column of the right side: one value for each row."),
                ("{x} {sign} {y}.T", "Transpose the right side."),
                ("{x}.T {sign} {y}", "Transpose the left side."),
                ("{x} {sign} {y}.ravel()", "Make the right side one row of values."),
                ("{x}[:len({y})] {sign} {y}", "Use as many elements of the left side as the right one has."),
                ("{x} {sign} {y}[:len({x})]", "Use as many elements of the right side as the left one has."),
            )
        ),
        claim="`{x}` and `{y}` have shapes that cannot be combined element by element.",
        lesson=_SHAPES,
        example=(
            "import numpy as np\na = np.ones((3, 2))\nw = np.array([1, 2, 3])",
            "b = a * w",
            "b[2, 1] == 3",
        ),
        weight=0.6,
    ),
    Remedy(
        code="numpy.product",
        on=("ValueError",),
        says=r"matmul|not aligned|mismatch in its core dimension",
        find=("_x @ _y", "_x.dot(_y)", "_m.dot(_x, _y)", "_m.matmul(_x, _y)"),
        write=(
            Swap(text="{x} @ {y}.T", why="Transpose the right side."),
            Swap(text="{x}.T @ {y}", why="Transpose the left side."),
            Swap(text="{y} @ {x}", why="Multiply in the other order."),
            Swap(
                text="{np}.column_stack([{np}.ones(len({x})), {x}]) @ {y}",
                why="Add a column of ones: the constant term.",
                needs=("np",),
            ),
            Swap(text="{x} @ {y}[1:] + {y}[0]", why="Add the first weight by itself: the constant term."),
            Swap(text="{x} @ {y}.reshape(-1, 1)", why="Make a column of the right side."),
        ),
        claim="The rows of `{y}` are not as many as the columns of `{x}`.",
        lesson="In `a @ b`, `a` has as many columns as `b` has rows.",
        example=(
            "import numpy as np\na = np.ones((3, 2))\nw = np.ones((5, 2))",
            "b = a @ w",
            "b.shape == (3, 5)",
        ),
    ),
    Remedy(
        code="numpy.joined",
        on=("ValueError",),
        says=r"all the input array dimensions|all the input arrays must have same number of dimensions|all "
        r"input arrays must have the same shape",
        find=(
            "_m.concatenate([_x, _y], ...)",
            "_m.concatenate((_x, _y), ...)",
            "_m.hstack([_x, _y])",
            "_m.hstack((_x, _y))",
            "_m.vstack([_x, _y])",
            "_m.vstack((_x, _y))",
            "_m.stack([_x, _y], ...)",
            "_m.append(_x, _y, ...)",
        ),
        when=lambda site, bound: not _sparse(site, bound),
        write=(
            Swap(text="{m}.column_stack([{x}, {y}])", why="Add `{y}` as a column."),
            Swap(text="{m}.vstack([{x}, {y}])", why="Add `{y}` as a row."),
            Swap(text="{m}.concatenate([{x}, {y}], axis=1)", why="Join them side by side."),
            Swap(text="{m}.concatenate([{x}, {y}])", why="Join them one after the other."),
            Swap(text="{m}.vstack([{x}, {y}.T])", why="Transpose the second one."),
        ),
        claim="`{x}` and `{y}` have shapes that cannot be joined on this axis.",
        lesson=_JOINED,
        example=(
            "import numpy as np\na = np.ones((3, 2))\nc = np.arange(3)",
            "b = np.concatenate([a, c], axis=1)",
            "b.shape == (3, 3)",
        ),
        weight=0.8,
    ),
    Remedy(
        code="numpy.stacked",
        on=("ValueError",),
        says=r"all input arrays must have the same shape",
        find=("_m.stack(_x, ...)",),
        write=(
            Swap(
                text="{m}.stack([{m}.ravel(item) for item in {x}], {rest})",
                why="Give all of them one axis.",
            ),
            Swap(
                text="{m}.stack([item[: min(map(len, {x}))] for item in {x}], {rest})",
                why="Cut all of them to the shortest one.",
            ),
            Swap(text="{m}.concatenate({x}, {rest})", why="Join them one after the other."),
        ),
        claim="The arrays in `{x}` have different shapes; `stack` needs one and the same.",
        lesson=_JOINED,
        example=(
            "import numpy as np\nparts = [np.arange(3), np.ones((1, 3)), np.ones((3, 1))]",
            "s = np.stack(parts)",
            "s.shape == (3, 3)",
        ),
        weight=0.7,
    ),
    Remedy(
        code="numpy.ragged_row_by_row",
        on=("ValueError",),
        says=r"inhomogeneous shape|setting an array element with a sequence",
        find=("_m.array(_x, ...)", "_m.asarray(_x, ...)"),
        when=_read_row_by_row,
        write=(
            Swap(
                text="[{m}.array(row, {rest}) for row in {x}]",
                why="Make a list of arrays, one for each row: nothing is lost or filled.",
            ),
        ),
        claim="The rows of `{x}` have different lengths, and are only read one by one.",
        lesson=_RAGGED,
        check="len(set(map(len, {x}))) > 1",
        example=(
            "import numpy as np\nr = [[1, 2], [3]]",
            "a = np.array(r)\nmeans = [row.mean() for row in a]",
            "means == [1.5, 3]",
        ),
        weight=0.75,
    ),
    Remedy(
        code="numpy.ragged",
        on=("ValueError",),
        says=r"inhomogeneous shape|setting an array element with a sequence",
        find=("_m.array(_x, ...)", "_m.asarray(_x, ...)"),
        write=(
            Swap(
                text="{m}.array(list(zip_longest(*{x}, fillvalue={m}.nan)), {rest}).T",
                why="Fill short rows with missing values.",
                needs=("from itertools import zip_longest",),
            ),
            Swap(text="{m}.array({x}, dtype=object)", why="Make an array of lists: its elements stay lists."),
            Swap(
                text="{m}.array([row[:min(map(len, {x}))] for row in {x}], {rest})",
                why="Cut the rows to the shortest one.",
            ),
            Swap(text="{m}.concatenate({x})", why="Put all values into one row."),
        ),
        claim="The rows of `{x}` have different lengths, so they make no table.",
        lesson=_RAGGED,
        example=("import numpy as np\nr = [[1, 2], [3]]", "a = np.array(r)", "a.shape == (2, 2)"),
    ),
    Remedy(
        code="numpy.into_integers",
        on=("UFuncTypeError", "_UFuncOutputCastingError", "TypeError"),
        says=r"Cannot cast ufunc '\w+' output from dtype",
        find=("_x <op>= _y",),
        write=(
            Swap(text="{x} = {x} {sign} {y}", why="Make a new array, whose dtype fits the result."),
            AtOrigin(hole="x", text="({value}).astype(float)", why="Make `{x}` an array of floats."),
            Swap(text="{x} {sign}= ({y}).astype({x}.dtype)", why="Round the values down to whole numbers."),
        ),
        claim="`{x}` holds whole numbers; the result does not fit into it.",
        lesson=_TYPES,
        example=("import numpy as np\na = np.array([1, 2])", "a += 0.5", "a[0] == 1.5"),
        weight=0.85,
    ),
    Remedy(
        code="numpy.list_at_positions",
        on=("TypeError",),
        says=r"only integer scalar arrays|list indices must be integers or slices, not (numpy.)?ndarray",
        find=("_list[_array]",),
        write=(
            Swap(text="{np}.array({list})[{array}]", why="Make an array of the list.", needs=("np",)),
            Swap(text="[{list}[place] for place in {array}]", why="Take the elements one by one."),
        ),
        claim="`{list}` is a list, which takes one position; `{array}` holds several.",
        lesson="A list is indexed by one position or a slice, an array by an array of positions too.",
        check="isinstance({list}, (list, tuple)) and getattr({array}, 'ndim', 0) > 0",
        example=(
            "import numpy as np\nv = [3, 1, 2]\norder = np.argsort(v)",
            "s = v[order]",
            "list(s) == [1, 2, 3]",
        ),
        weight=0.92,
    ),
    Remedy(
        code="numpy.function_of_math",
        on=("TypeError",),
        says=r"cannot convert the series|only (length-1|0-dimensional|size-1) arrays can be converted|must be "
        r"real number, not (list|Series|ndarray|DataFrame)",
        find=("_f(_arrays)", "_f(_list)"),
        when=lambda site, bound: getattr(bound["f"], "id", "") in _OF_BOTH,
        write=(Swap(text="{np}.{function}({first})", why="Use the function of NumPy.", needs=("np",)),),
        claim="`{function}` is the one of `math`, which takes one number; `{first}` holds several.",
        lesson="After `from math import *`, `sqrt` is the function of `math`: it takes one number. `np.sqrt` takes "
        "arrays.",
        check="{function} is getattr(__import__('math'), '{function}') and {np}.ndim({first}) > 0",
        example=(
            "import numpy as np\nfrom math import sqrt\nx = np.array([1.0, 4.0])",
            "y = sqrt(x)",
            "y.tolist() == [1, 2]",
        ),
        weight=0.9,
    ),
    Remedy(
        code="numpy.classes_as_positions",
        on=("IndexError",),
        says=r"arrays used as indices must be of integer|only integers?, slices",
        find=("_x[_i]",),
        write=(
            Swap(
                text="{x}[{np}.unique({i}, return_inverse=True)[1]]",
                why="Number the classes in the order of their names.",
                needs=("np",),
            ),
        ),
        claim="`{i}` holds names of classes, which are no positions in `{x}`.",
        lesson="Classes that are strings need numbers first: `np.unique(…, return_inverse=True)` and "
        "`LabelEncoder` number them.",
        check="{np}.ndim({i}) > 0 and all(isinstance(value, str) for value in {i})",
        example=(
            "import numpy as np\ny = np.array(['cat', 'dog', 'cat'])",
            "onehot = np.eye(2)[y]",
            "onehot.tolist() == [[1, 0], [0, 1], [1, 0]]",
        ),
        weight=0.85,
    ),
    Remedy(
        code="numpy.no_index",
        on=("IndexError", "TypeError", "ValueError"),
        says=r"arrays used as indices must be of integer|only integers?, slices|only integer scalar "
        r"arrays|slice indices must be integers",
        find=("_x[_i]",),
        write=(
            Swap(text="{x}[{i}.astype(bool)]", why="Make a mask of it: true or false for each element."),
            Swap(text="{x}[{i}.astype(int)]", why="Make whole numbers of the positions."),
            Swap(text="{x}[int({i})]", why="Make a whole number of the position."),
        ),
        claim="`{i}` holds no whole numbers, so it gives no positions in `{x}`.",
        lesson="Positions are whole numbers. A division gives a float, `//` a whole number.",
        example=("import numpy as np\na = np.array([5, 6])\ni = np.array([1.0])", "b = a[i]", "b[0] == 6"),
        weight=0.55,
    ),
    Remedy(
        code="numpy.reshaped",
        on=("ValueError",),
        says=r"cannot reshape array of size (\d+) into shape \((.*)\)",
        find=("_x.reshape(_r, _c)", "_x.reshape((_r, _c))", "_m.reshape(_x, (_r, _c))"),
        write=(
            Swap(text="{x}.reshape(-1, {r}, {c})", why="Make several tables of {r} rows and {c} columns."),
            Swap(text="{x}.reshape({r}, {c}, -1)", why="Keep rows and columns, and add an axis."),
            Swap(text="{x}.reshape(-1, {c})", why="Let numpy count the rows."),
            Swap(text="{x}.reshape({r}, -1)", why="Let numpy count the columns."),
            Swap(
                text="{x}[:len({x}) // {c} * {c}].reshape(-1, {c})", why="Leave out the last, incomplete row."
            ),
            Swap(
                text="{np}.pad({x}.astype(float), (0, -len({x}) % {c}), constant_values={np}.nan).reshape(-1, {c})",
                why="Fill the last row with missing values.",
            ),
            Swap(
                text="{x}[len({x}) % {c}:].reshape(-1, {c})",
                why="Leave out the first elements that fill no row.",
            ),
        ),
        claim="{1} elements cannot be arranged as ({2}).",
        lesson="A reshaped array has as many elements as before; one length may be -1, which numpy works out.",
        example=("import numpy as np\na = np.arange(10)", "b = a.reshape(-1, 7)", "b.shape == (1, 7)"),
    ),
    Remedy(
        code="numpy.singular",
        on=("LinAlgError",),
        says=r"Singular matrix",
        find=("_m.inv(_x)", "_m.solve(_x, _y)"),
        write=(
            Swap(text="{m}.pinv({x})", why="Use the pseudo-inverse, which every matrix has."),
            Swap(text="{m}.lstsq({x}, {y}, rcond=None)[0]", why="Take the solution with the least squares."),
        ),
        claim="`{x}` has no inverse: one of its rows follows from the others.",
        check="bool({np}.linalg.matrix_rank({x}) < len({x}))",
        lesson="A matrix whose rows depend on one another has no inverse.",
        example=("import numpy as np\na = np.ones((2, 2))", "b = np.linalg.inv(a)", "b.shape == (2, 2)"),
    ),
    Remedy(
        code="numpy.probabilities",
        on=("ValueError",),
        says=r"[pP]robabilities do not sum to 1",
        find=("_r.choice(..., p=_p)", "_r.multinomial(_n, _p, ...)"),
        write=(
            Swap(
                text="{r}.choice({rest}, p={np}.array({p}) / {np}.sum({p}))",
                why="Divide them by their sum.",
                needs=("np",),
            ),
            Swap(
                text="{r}.multinomial({n}, {np}.array({p}) / {np}.sum({p}), {rest})",
                why="Divide them by their sum.",
                needs=("np",),
            ),
        ),
        claim="The probabilities `{p}` do not add up to 1.",
        check="bool(abs(sum({p}) - 1) > 1e-8)",
        lesson="Probabilities add up to 1: divide weights by their sum.",
        example=("import numpy as np\nw = [1, 3]", "x = np.random.choice([5, 6], p=w)", "x in (5, 6)"),
        weight=0.8,
    ),
    Remedy(
        code="numpy.one_choice",
        on=("ValueError",),
        says=r"either both or neither of x and y should be given",
        find=("_m.where(_c, _text)", "_m.where(_c, _number)", "_m.where(_c, _array)", "_m.where(_c, _x)"),
        write=(
            Swap(text="{m}.where({c}, {text}, '')", why="Use an empty string where it does not hold."),
            Swap(text="{m}.where({c}, {number}, 0)", why="Use 0 where it does not hold."),
            Swap(text="{m}.where({c}, {number}, {m}.nan)", why="Leave it missing where it does not hold."),
            Swap(text="{m}.where({c}, {array}, {m}.nan)", why="Leave it missing where it does not hold."),
            Swap(text="{array}[{c}]", why="Take only the values for which it holds."),
            Swap(text="{m}.where({c}, {x}, {m}.nan)", why="Leave it missing where it does not hold."),
        ),
        claim="`where` with a value for True needs one for False too.",
        lesson="`np.where(c, a, b)` takes `a` where `c` holds and `b` elsewhere; only you know what `b` is.",
        example=(
            "import numpy as np\nx = np.array([1, 5])",
            "r = np.where(x > 2, 'big')",
            "list(r) == ['', 'big']",
        ),
        weight=0.85,
    ),
)
