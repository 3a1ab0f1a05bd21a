"""Remedies for messages of scikit-learn and statsmodels."""

import ast

from cot_magic.reasoners.offline.crashes.remedies.pattern import Bound, code
from cot_magic.reasoners.offline.crashes.remedies.remedy import Above, AtOrigin, Remedy, Swap
from cot_magic.reasoners.offline.site import Site

_FEATURES = "A model takes a table of features, one row for each example, and one target for each row."
_TEXT = "A model computes with numbers. Categories become columns of 0 and 1 (`get_dummies`), or are encoded."
_NAMES = "A model wants the columns that it was fitted with, in the same order."
_TARGET = "A classifier predicts classes, a regressor predicts amounts; their targets and metrics differ."
_LINEAR = "import numpy as np\nfrom sklearn.linear_model import LinearRegression, LogisticRegression\n"
_SPLITS = "Each class, group or part needs enough rows for the number of parts."


def _looks_swapped(bound: Bound) -> bool:
    """Whether the second and third target are named as a target and a table."""
    second, third = (getattr(bound[hole], "id", "").lower() for hole in ("b", "c"))
    return second.startswith(("y", "target", "label")) and third.startswith(
        ("x", "test_x", "features", "data")
    )


def _of_the_root(site: Site, bound: Bound) -> bool:
    """Whether the name of the result, or of the function that returns it, says that it is the root."""
    names = [getattr(bound.get("r"), "id", "")]
    inner = code(bound, "x")
    names += [
        node.name
        for node in ast.walk(site.tree)
        if isinstance(node, ast.FunctionDef) and any(part is inner for part in ast.walk(node))
    ]
    return any(name.lower().startswith(("rmse", "root_mean")) for name in names)


def _fits_of(site: Site, bound: Bound) -> list[ast.Call]:
    """The calls that fit the model of the hole `name`."""
    return [
        node
        for _, tree in site.cells()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("fit", "fit_transform")
        and ast.dump(node.func.value) == ast.dump(code(bound, "name"))
    ]


ROWS = (
    Remedy(
        code="model.root_of_the_error",
        on=("TypeError",),
        says=r"unexpected keyword argument 'squared'",
        find=("_f(..., squared=False)", "_m._how(..., squared=False)"),
        write=(
            Swap(
                text="root_mean_squared_error({rest})",
                why="Use `root_mean_squared_error`, which gives the root.",
                needs=("from sklearn.metrics import root_mean_squared_error",),
            ),
            Swap(text="{f}({rest}) ** 0.5", why="Take the root of the mean squared error."),
            Swap(text="{m}.{how}({rest}) ** 0.5", why="Take the root of the mean squared error."),
        ),
        claim="`squared` was removed: the function gives the squared error.",
        check="'squared' not in __import__('inspect').signature({called}).parameters",
        lesson="The root mean squared error is the root of `mean_squared_error`, or `root_mean_squared_error`.",
        example=(
            "from sklearn.metrics import mean_squared_error",
            "e = mean_squared_error([1, 2], [1, 4], squared=False)",
            "e == 2 ** 0.5",
        ),
        weight=0.95,
    ),
    Remedy(
        code="model.root_left_out",
        on=("AssertionError",),
        says="",
        find=(
            "return mean_squared_error(_x, _y, ...)",
            "_r = mean_squared_error(_x, _y, ...)",
            "return _m.mean((_x - _y) ** 2)",
            "_r = _m.mean((_x - _y) ** 2)",
        ),
        when=_of_the_root,
        write=(
            Swap(text="return ({value_of_return}) ** 0.5", why="Take the root of the mean squared error."),
            Swap(text="{r} = ({value_of_node}) ** 0.5", why="Take the root of the mean squared error."),
        ),
        claim="This is the mean squared error, not its root.",
        lesson="The root mean squared error is the root of the mean: `np.sqrt(mean_squared_error(y, p))`.",
        everywhere=True,
        example=(
            "from sklearn.metrics import mean_squared_error",
            "def rmse(a, b):\n    return mean_squared_error(a, b)",
            "assert rmse([0, 0], [3, 3]) == 3",
            "rmse([1, 2], [1, 4]) == 2 ** 0.5",
        ),
        weight=0.9,
    ),
    Remedy(
        code="model.split_order",
        on=("AttributeError", "TypeError", "ValueError"),
        says="",
        find=("_a, _b, _c, _d = train_test_split(_x, _y, ...)",),
        when=lambda site, bound: _looks_swapped(bound),
        write=(
            Swap(
                text="{a}, {c}, {b}, {d} = {value_of_node}",
                why="Take the parts in the order in which they come.",
            ),
        ),
        claim="`train_test_split` gives both parts of the first array, then both of the second.",
        check="len({a}) == len({c}) and len({b}) == len({d}) and len({a}) != len({b})",
        lesson="`X_train, X_test, y_train, y_test = train_test_split(X, y)`: the order is by array, not by part.",
        everywhere=True,
        example=(
            "import numpy as np\nfrom sklearn.model_selection import train_test_split\nfrom "
            "sklearn.linear_model import LinearRegression\nX, y = np.arange(20).reshape(10, 2), np.arange(10)",
            "X_train, y_train, X_test, y_test = train_test_split(X, y, random_state=0)\nm = "
            "LinearRegression().fit(X_train, y_train)",
            "X_test.shape == (3, 2)",
        ),
        weight=0.95,
    ),
    Remedy(
        code="model.one_column",
        on=("ValueError",),
        says=r"Expected 2D (array|input|container)|Expected a 2-dimensional container|Reshape your data|must be (a )?2-?[dD]|X should be a 2-?d",
        find=("_f._how(_frame[_c], ...)", "_f._how(_x, ...)"),
        when=lambda site, bound: bound.get("how") not in ("reshape", "array"),
        write=(
            Swap(
                text="{f}.{how}({frame}[[{c}]], {rest})", why="Use a list of columns, which keeps it a table."
            ),
            Swap(
                text="{f}.{how}({x}.reshape(-1, 1), {rest})", why="Make a column of the values: one row each."
            ),
            Swap(text="{f}.{how}({x}.to_frame(), {rest})", why="Make a table of one column."),
            Swap(
                text="{f}.{how}({x}.reshape(1, -1), {rest})", why="Make one row of the values: one example."
            ),
            Swap(text="{f}.{how}({x}.to_frame().T, {rest})", why="Make one row of the values: one example."),
            Swap(text="{f}.{how}({x_as_table}, {rest})", why="Make a table of one row.", needs=("pd",)),
            Swap(text="{f}.{how}([{x}], {rest})", why="Make one row of the values: one example."),
            Swap(text="{f}.{how}([[item] for item in {x}], {rest})", why="Make a row of each value."),
        ),
        claim="The model takes a table of rows and columns, not one row of values.",
        check="__import__('numpy').ndim({first}) == 1",
        lesson=_FEATURES,
        example=(
            _LINEAR + "x = np.array([1.0, 2.0, 3.0])\ny = x * 2",
            "m = LinearRegression().fit(x, y)",
            "round(m.coef_[0]) == 2",
        ),
        weight=0.85,
    ),
    Remedy(
        code="model.flat_target",
        on=("ValueError",),
        says=r"y should be a 1d array|bad input shape|Multioutput target|got an array of shape \(\d+, \d+\) instead",
        find=("_f._how(_x, _y, ...)", "_f(_x, _y, ...)"),
        write=(
            Swap(text="{f}({x}, {y}[:, 1], {rest})", why="Take the probability of the second class."),
            Swap(text="{f}({x}, {np}.ravel({y}), {rest})", why="Make one row of the values.", needs=("np",)),
            Swap(
                text="{f}.{how}({x}, {np}.ravel({y}), {rest})",
                why="Make one row of the target.",
                needs=("np",),
            ),
            Swap(
                text="{f}.{how}({x}, {np}.argmax({y}, axis=1), {rest})",
                why="Take the class of each row.",
                needs=("np",),
            ),
        ),
        claim="The target has columns; it should be one value for each row.",
        check="__import__('numpy').ndim({y}) > 1",
        lesson=_FEATURES,
        example=(
            "import numpy as np\nfrom sklearn.preprocessing import LabelEncoder\nfrom sklearn.metrics import "
            "f1_score\nt = np.array([[0, 1], [1, 0], [1, 0]])",
            "from sklearn.svm import SVC\nm = SVC().fit([[1], [2], [3]], t)",
            "len(m.classes_) == 2",
        ),
    ),
    Remedy(
        code="model.text_features",
        on=("ValueError", "TypeError"),
        says=r"could not convert string to float|[Pp]andas data cast to numpy dtype of "
        r"object|dtype='numeric' is not compatible|Cannot use \w+ strategy with non-numeric data|Unable to "
        r"convert array of bytes/strings",
        find=("_f.fit(_x, ...)", "_f.fit_transform(_x, ...)", "_m.OLS(_y, _x, ...)", "_f(_m, _x, _y, ...)"),
        write=(
            Above(
                text="{x} = {pd}.get_dummies({x}, drop_first=True, dtype=float)",
                why="Make a column of 0 and 1 of each category but the first.",
            ),
            Above(
                text="{x} = {pd}.get_dummies({x}, dtype=float)",
                why="Make a column of 0 and 1 of each category.",
            ),
            Swap(
                text="{f}({m}, {pd}.get_dummies({x}, dtype=float), {y}, {rest})",
                why="Make a column of 0 and 1 of each category.",
            ),
            Swap(
                text="{f}.fit({pd}.get_dummies({x}, dtype=float), {rest})",
                why="Make a column of 0 and 1 of each category.",
            ),
            Above(text="{x} = {x}.select_dtypes('number')", why="Only use the columns that hold numbers."),
            Swap(
                text="{f}.{method}({x}.select_dtypes('number'), {rest})",
                why="Only use the columns that hold numbers.",
            ),
        ),
        claim="`{x}` has a column of text, which a model cannot compute with.",
        check="any(isinstance(value, str) for value in __import__('numpy').asarray({x}, "
        "dtype=object).ravel())",
        lesson=_TEXT,
        example=(
            "import pandas as pd\nfrom sklearn.linear_model import LinearRegression\nX = pd.DataFrame({'a': "
            "[1, 2, 3, 5], 'c': ['x', 'y', 'x', 'y']})\ny = [1, 2, 3, 4]",
            "m = LinearRegression().fit(X, y)",
            "len(m.coef_) == 2",
        ),
        weight=0.75,
    ),
    Remedy(
        code="model.text_target",
        on=("ValueError", "TypeError"),
        says=r"could not convert string to float|dtype='numeric' is not compatible|Unable to convert array of "
        r"bytes/strings|unsupported operand type|Unknown label type",
        find=("_f.fit(_x, _y, ...)",),
        write=(
            Swap(
                text="{f}.fit({x}, LabelEncoder().fit_transform({y}), {rest})",
                why="Number the classes in the order of their names.",
                needs=("from sklearn.preprocessing import LabelEncoder",),
            ),
        ),
        claim="The target `{y}` holds text, which this model cannot compute with.",
        lesson="A regressor predicts numbers. `LabelEncoder` numbers classes; a classifier takes them as they "
        "are.",
        check="any(isinstance(value, str) for value in {y})",
        example=(
            "from sklearn.linear_model import Ridge\nX = [[1], [2], [3]]\ny = ['a', 'b', 'b']",
            "m = Ridge().fit(X, y)",
            "m.coef_[0] > 0",
        ),
        weight=0.8,
    ),
    Remedy(
        code="model.rows_differ",
        on=("ValueError",),
        says=r"inconsistent numbers? of samples|Number of labels=\d+ does not match|[Ll]ength of .* does not "
        r"match|different (number|lengths?)|zero-size|indices for endog and exog are not aligned|must have "
        r"the same length|shape mismatch",
        find=("_f.fit(_x, _y, ...)", "_f(_x, _y, ...)", "_f._how(_x, _y, ...)"),
        write=(
            Above(text="{y} = {y}.loc[{x}.index]", why="Keep the rows of `{y}` that `{x}` still has."),
            Above(text="{x} = {x}.loc[{y}.index]", why="Keep the rows of `{x}` that `{y}` still has."),
            Above(text="{again_y}", why="Make `{y}` anew, from the rows that are left."),
            Above(text="{again_x}", why="Make `{x}` anew, from the rows that are left."),
            Swap(text="{f}({y}, {x}, {rest})", why="Give them in the other order."),
            Above(text="{x} = {x}[:len({y})]", why="Use as many of `{x}` as there are of `{y}`."),
            Above(text="{y} = {y}[:len({x})]", why="Use as many of `{y}` as there are of `{x}`."),
        ),
        claim="`{x}` and `{y}` have different numbers of rows: one of them lost some.",
        lesson="Rows that are dropped from the features must be dropped from the target too; the index says which.",
        example=(
            _LINEAR + "import pandas as pd\ndf = pd.DataFrame({'a': [1, None, 3], 't': [1, 2, 3]})\n"
            "X = df[['a']].dropna()\ny = df['t']",
            "m = LinearRegression().fit(X, y)",
            "len(y) == 2",
        ),
        weight=0.8,
    ),
    Remedy(
        code="model.feature_names",
        on=("ValueError",),
        says=r"feature names should match|features?, but \w+ is expecting|X has \d+ features",
        find=(
            "_f.predict(_x)",
            "_f.transform(_x)",
            "_f.predict_proba(_x)",
            "_f.score(_x, ...)",
            "_f.decision_function(_x)",
        ),
        write=(
            Above(
                text="{x} = {x}.reindex(columns={f}.feature_names_in_, fill_value=0)",
                why="Use the columns that the model was fitted with; those that are missing are 0.",
            ),
            Swap(
                text="{f}.{method}({x}[{f}.feature_names_in_], {rest})",
                why="Use the columns of the fit, in its order.",
            ),
            Swap(
                text="{f}.{method}({x}.reindex(columns={f}.feature_names_in_, fill_value=0), {rest})",
                why="Use the columns that the model was fitted with; those that are missing are 0.",
            ),
            Swap(
                text="{f}.{method}({x}[:, :{f}.n_features_in_], {rest})",
                why="Use as many columns as the model was fitted with.",
            ),
            Swap(text="{f}.{method}([{x}], {rest})", why="Make one row of the values: one example."),
            Swap(text="{f}.{method}({x}.T, {rest})", why="Turn rows into columns."),
        ),
        claim="`{x}` has other columns than the model was fitted with.",
        lesson=_NAMES,
        example=(
            "import pandas as pd\nfrom sklearn.linear_model import LinearRegression\nm = "
            "LinearRegression().fit(pd.DataFrame({'a': [1, 2], 'b': [3, 5]}), [1, 2])\nn = "
            "pd.DataFrame({'b': [3], 'a': [1]})",
            "p = m.predict(n)",
            "len(p) == 1",
        ),
        weight=0.85,
    ),
    Remedy(
        code="model.fitted_again",
        on=("AssertionError",),
        says="",
        find=("_name.fit_transform(_x, ...)",),
        when=lambda site, bound: len(_fits_of(site, bound)) > 1,
        write=(Swap(text="{name}.transform({x})", why="Only transform it, as it was fitted before."),),
        claim="`{name}` is fitted anew to `{x}`: what it learned from the training data is lost.",
        lesson="`fit_transform` learns from its data. The test data, and all later data, are only transformed.",
        everywhere=True,
        example=(
            "from sklearn.preprocessing import StandardScaler\ns = StandardScaler()\na = s.fit_transform([[1], [3]])\n"
            "b = s.fit_transform([[5]])",
            "assert s.transform([[3]])[0, 0] == 1",
            "b[0, 0] == 3",
        ),
        weight=0.9,
    ),
    Remedy(
        code="model.not_fitted",
        on=("NotFittedError",),
        says=r"not fitted",
        find=(
            "_f.predict(_x, ...)",
            "_f.transform(_x, ...)",
            "_f.predict_proba(_x, ...)",
            "_f.score(_x, ...)",
            "_f._attr",
            "_f._how(...)",
        ),
        write=(
            Above(text="{f}.fit({fit_args})", why="Fit the model first, with the training data."),
            Swap(text="{f}.fit_transform({x}, {rest})", why="Fit and transform in one step."),
        ),
        claim="`{f}` was not fitted before it is used.",
        check="not [name for name in vars({f}) if name.endswith('_') and not name.startswith('_')]",
        lesson="`fit` learns from the training data; only then can a model predict or transform. "
        "`cross_val_score` fits copies, not the model itself.",
        example=(
            "from sklearn.preprocessing import StandardScaler\ns = StandardScaler()\nX = [[1.0], [3.0]]",
            "Z = s.transform(X)",
            "Z[0][0] == -1",
        ),
        weight=0.85,
    ),
    Remedy(
        code="model.amount_as_class",
        on=("ValueError",),
        says=r"Unknown label type|continuous is not supported|mix of (\w+) and (\w+) targets|Classification metrics can't",
        find=("_c(...).fit(_x, _y)", "_f.fit(_x, _y)", "_f(_x, _y)", "_f(_x, _y, ...)"),
        write=(
            AtOrigin(
                hole="f",
                text="{regressor_f}",
                why="Use a regressor: the target is an amount.",
                needs=("{import_f}",),
            ),
            Swap(
                text="{f}({x}, ({y} > 0.5).astype(int), {rest})",
                why="Make classes of the predictions: above one half, or not.",
            ),
            Swap(text="{f}({x}, {y}.round().astype(int), {rest})", why="Round the predictions to classes."),
            Swap(
                text="{f}({x}, {y}.argmax(axis=1), {rest})",
                why="Take the class with the highest probability in each row.",
            ),
            Swap(text="{f}.fit({x}, {y}.astype(int))", why="Take the target as classes: whole numbers."),
        ),
        claim="A classifier or its metric got amounts instead of classes.",
        check="__import__('sklearn.utils.multiclass', "
        "fromlist=['']).type_of_target({y}).startswith('continuous')",
        lesson=_TARGET,
        example=(
            _LINEAR + "m = LogisticRegression()",
            "m.fit([[1], [2], [3]], np.array([0.5, 1.5, 2.25]))",
            "type(m).__name__ == 'LinearRegression'",
        ),
        weight=0.8,
    ),
    Remedy(
        code="model.probabilities",
        on=("ValueError",),
        says=r"mix of (binary|multiclass|multilabel-indicator) and continuous targets",
        find=("_f(_x, _y)", "_f(_x, _y, ...)"),
        write=(
            Swap(
                text="{f}({x}, ({np}.asarray({y}) >= 0.5).astype(int), {rest})",
                why="Make classes of the probabilities: 1 from 0.5 on.",
                needs=("np",),
            ),
        ),
        claim="`{y}` holds probabilities or amounts, and `{f}` compares classes.",
        check="__import__('sklearn.utils.multiclass', "
        "fromlist=['']).type_of_target({y}).startswith('continuous')",
        lesson="Metrics of classes need classes: `predict` gives them, `predict_proba` gives probabilities.",
        example=(
            "import numpy as np\nfrom sklearn.metrics import accuracy_score\ny = [0, 1]\np = [0.1, 0.8]",
            "a = accuracy_score(y, p)",
            "a == 1",
        ),
        weight=0.8,
    ),
    Remedy(
        code="model.averaged",
        on=("ValueError",),
        says=r"Target is multiclass but average='binary'",
        find=("_f(_x, _y, ...)",),
        write=(
            Swap(text="{f}({x}, {y}, {rest}, average='macro')", why="Take the mean over the classes."),
            Swap(
                text="{f}({x}, {y}, {rest}, average='weighted')",
                why="Take the mean, weighted by how frequent each class is.",
            ),
            Swap(text="{f}({x}, {y}, {rest}, average='micro')", why="Count over all classes together."),
        ),
        claim="There are more than two classes, and no word about how to average over them.",
        check="len(set({x}) | set({y})) > 2",
        lesson=_TARGET,
        example=("from sklearn.metrics import f1_score", "s = f1_score([0, 1, 2], [0, 1, 2])", "s == 1"),
        weight=0.85,
    ),
    Remedy(
        code="model.new_category",
        on=("ValueError",),
        says=r"Found unknown categories|contains previously unseen labels",
        find=("_f.transform(_x)",),
        write=(
            AtOrigin(
                hole="f",
                text="{open_f}handle_unknown='ignore')",
                why="Let the encoder write only zeros for a category that it does not know.",
            ),
            Above(text="{f}.fit({x})", why="Fit the encoder to these categories."),
        ),
        claim="The encoder gets a category that was not there when it was fitted.",
        lesson="An encoder knows the categories of its fit; `handle_unknown='ignore'` writes zeros for others.",
        example=(
            "import numpy as np\nfrom sklearn.preprocessing import OneHotEncoder\nenc = OneHotEncoder()\nenc.fit([['a'], ['b']])",
            "t = enc.transform([['c']])",
            "t.sum() == 0",
        ),
        weight=0.8,
    ),
    Remedy(
        code="model.too_few_for_parts",
        on=("ValueError",),
        says=r"n_splits=(\d+) cannot be greater than the number of (?:members in each class|samples)[:=]? "
        r"?(?:n_samples=)?(\d*)|Cannot have number of splits n_splits=(\d+) greater than the number of "
        r"samples: n_samples=(\d+)",
        find=("_f(..., cv=_k)", "_f(..., n_splits=_k)", "_f(_k)"),
        write=(
            Swap(text="{f}({rest}, cv=2)", why="Use two parts."),
            Swap(text="{f}({rest}, n_splits=2)", why="Use two parts."),
        ),
        claim="There are fewer rows (in a class) than parts.",
        lesson=_SPLITS,
        example=(
            _LINEAR + "from sklearn.model_selection import cross_val_score",
            "s = cross_val_score(LinearRegression(), [[1], [2], [4], [5]], [1, 2, 3, 4], cv=5)",
            "len(s) == 2",
        ),
    ),
    Remedy(
        code="model.rare_class",
        on=("ValueError",),
        says=r"least populated class(es)?",
        find=("_f(..., stratify=_y)",),
        write=(Swap(text="{f}({rest})", why="Split without regard to the classes."),),
        claim="A class has one row only, which cannot be in both parts.",
        check="min(__import__('collections').Counter({y}).values()) == 1",
        lesson=_SPLITS,
        example=(
            "from sklearn.model_selection import train_test_split",
            "a, b = train_test_split([1, 2, 3, 4], stratify=[0, 0, 0, 1], random_state=0)",
            "len(a) == 3",
        ),
    ),
    Remedy(
        code="model.no_probabilities",
        on=("AttributeError",),
        says=r"predict_proba.* is not available when probability=False|has no attribute 'predict_proba'",
        find=("_f.predict_proba(_x)",),
        write=(
            AtOrigin(
                hole="f",
                text="{open_f}probability=True)",
                why="Ask the model for probabilities when it is made.",
            ),
            Swap(text="{f}.decision_function({x})", why="Use the distances from the border."),
            Swap(text="{f}.predict({x})", why="Use the predicted classes."),
        ),
        claim="`{f}` was not made to give probabilities.",
        check="not hasattr({f}, 'predict_proba')",
        lesson="Some models give probabilities only if they are asked for when the model is made.",
        example=(
            "from sklearn.svm import LinearSVC\nm = LinearSVC()\nm.fit([[1], [2]], [0, 1])",
            "p = m.predict_proba([[1]])",
            "len(p) == 1",
        ),
    ),
    Remedy(
        code="model.negative",
        on=("ValueError",),
        says=r"Negative values in data",
        find=("_f.fit(_x, ...)",),
        write=(
            Above(
                text="{x} = MinMaxScaler().fit_transform({x})",
                why="Bring the features between 0 and 1.",
                needs=("from sklearn.preprocessing import MinMaxScaler",),
            ),
        ),
        claim="The model takes counts, but `{x}` has negative values.",
        check="bool((__import__('numpy').asarray({x}) < 0).any())",
        lesson=_FEATURES,
        example=(
            "from sklearn.naive_bayes import MultinomialNB\nX = [[-1.0], [2.0]]",
            "m = MultinomialNB().fit(X, [0, 1])",
            "X.min() == 0",
        ),
    ),
    Remedy(
        code="model.beyond_interpolation",
        on=("ValueError",),
        says=r"x_new is (above|below) the interpolation range",
        find=("_name(...)",),
        write=(
            AtOrigin(
                hole="name", text="{open_name}fill_value='extrapolate')", why="Go on beyond the known points."
            ),
            AtOrigin(
                hole="name", text="{open_name}bounds_error=False)", why="Leave what is beyond them missing."
            ),
        ),
        claim="`{name}` is asked for a point {1} those that it was made from.",
        lesson="An interpolation knows the values between its points. What holds beyond them, only you can say.",
        check="bool({name}.bounds_error)",
        example=(
            "from scipy.interpolate import interp1d\nf = interp1d([0, 1], [0, 2])",
            "y = float(f(2))",
            "y == 4",
        ),
        weight=0.9,
    ),
)
