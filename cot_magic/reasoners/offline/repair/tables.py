"""What is exchanged for what: priors of kinds of edits, neighbours of operators, functions, methods."""

import ast

# -ln of how often a kind is right among those generated; lower comes first
COST = {
    "cmp": 1.6, "const": 1.8, "off": 1.8, "bool": 2.0, "neg": 2.2, "name": 2.0, "attr": 2.2, "argswap": 2.2,
    "argdrop": 2.6, "argadd": 3.2, "callee": 2.2, "method": 2.0, "wrap": 2.6, "unwrap": 2.2, "slice": 2.4,
    "binop": 1.8, "opswap": 2.2, "opdrop": 2.0, "opadd": 2.8, "ret": 3.0, "retend": 2.8, "dedent": 2.2,
    "indent": 2.8, "delete": 2.6, "swapstmt": 3.0, "donor": 3.4, "newstmt": 3.2, "guard": 3.4, "cond": 3.2,
    "aug": 1.8, "branch": 2.6, "init": 2.8, "copy": 2.6, "callparen": 1.8, "yieldf": 2.0, "sortret": 2.0,
    "exprdonor": 3.4, "concat": 3.4, "strlit": 3.0, "compif": 3.0, "sortkw": 2.6, "rename": 1.6,
    "regex": 3.2, "subcall": 1.4, "guardlit": 4.6, "range": 2.0, "condatom": 3.6, "wrapstmt": 3.6,
    "synth": 3.0, "loopvar": 2.4, "sibling": 3.0,
}  # fmt: skip

# how much less (or more) a survivor of a kind is trusted than its cost says
DOUBT = {
    "cmp": -0.08, "neg": -0.09, "argswap": -0.08, "opadd": 0.11, "range": -0.11, "exprdonor": 0.26,
    "off": -0.06, "name": -0.07, "ret": 0.06, "wrap": 0.08, "cond": -0.04, "guard": 0.13, "condatom": 0.14,
    "guardlit": 0.3, "strlit": -0.05, "wrapstmt": 0.08, "init": -0.05, "subcall": -0.11, "concat": -0.1,
    "sortret": -0.1, "opswap": -0.04,
}  # fmt: skip


def _groups(text: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(line.split()) for line in text.strip().splitlines())


FUNCTIONS = _groups("""
min max
any all
floor ceil round int trunc
sorted list reversed set tuple
len sum max min
int float str bool abs
range enumerate
ord chr
bin hex oct
heappush heappop
zip product
mean median
set dict.fromkeys
""")

METHODS = _groups("""
append extend insert add
add update remove discard pop
upper lower title capitalize swapcase
strip lstrip rstrip
startswith endswith
find index rfind rindex count
keys values items
sort reverse
isalpha isdigit isalnum isupper islower isspace isnumeric
split rsplit splitlines partition
ljust rjust zfill center
pop remove popleft append appendleft
union intersection difference symmetric_difference
get pop setdefault
sum mean max min median std count
count nunique size
head tail
floor ceil
group groups
match search fullmatch findall
iloc loc
replace strip
cumsum cumprod cummax cummin
sum cumsum
prod cumprod
max cummax
min cummin
argmax argmin idxmax idxmin
any all
""")

OPTIONS = (
    *_groups("""
inner left outer right
first last
ffill bfill
linear nearest
index columns
"""),
    *METHODS,
)
"""Strings that name a way to do something."""

CHANGERS = frozenset(
    ["sort", "reverse", "append", "extend", "remove", "insert", "add", "update", "discard", "pop"]
)
"""Methods that change their object; most of them return None."""

REDUCTIONS = frozenset(
    ["sum", "mean", "max", "min", "std", "var", "median", "prod", "any", "all", "ptp", "average"]
)
"""Functions of arrays that leave out an axis."""

RUNNING = frozenset(
    ["cumsum", "cumprod", "cummax", "cummin", "diff", "shift", "rank", "pct_change", "ffill", "bfill"]
)
"""Methods of a column whose results depend on the rows before, or on all of them."""

PARTS = ("year", "month", "day", "hour", "minute", "second")
"""Of a date and a time; what comes later only counts if what comes before is equal."""

BINARY: dict[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^", ast.LShift: "<<", ast.RShift: ">>",
}  # fmt: skip

COMPARISON: dict[type[ast.cmpop], str] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=", ast.In: "in",
    ast.NotIn: "not in", ast.Is: "is", ast.IsNot: "is not",
}  # fmt: skip

NEAR = {
    "<": ("<=", ">", ">=", "!=", "=="),
    "<=": ("<", ">=", ">", "==", "!="),
    ">": (">=", "<", "<=", "!=", "=="),
    ">=": (">", "<=", "<", "==", "!="),
    "==": ("!=", "<=", ">=", "<", ">", "in"),
    "!=": ("==", "<", ">", "<=", ">="),
    "in": ("not in", "=="),
    "not in": ("in", "!="),
    "is": ("is not", "=="),
    "is not": ("is", "!="),
}

WRAPPERS: dict[str | None, tuple[str, ...]] = {
    "int": ("str", "abs", "float", "range", "bool", "bin", "chr"),
    "float": ("int", "round", "abs", "str"),
    "str": ("len", "int", "list", "sorted", "set", "float", "ord", "reversed"),
    "list": (
        *("len", "sorted", "set", "sum", "max", "min"),
        *("reversed", "list", "tuple", "''.join", "any", "all"),
    ),
    "tuple": ("len", "sorted", "list", "set", "sum", "max", "min"),
    "set": ("len", "sorted", "list", "sum", "max", "min"),
    "dict": ("len", "sorted", "list"),
    "bool": ("int", "str"),
    None: (
        *("sorted", "len", "list", "set", "abs", "int", "str", "sum"),
        *("max", "min", "reversed", "float", "tuple", "round"),
    ),
}

RETURNS = {
    "len": "int", "sorted": "list", "list": "list", "str": "str", "int": "int", "sum": "int", "abs": "int",
    "set": "set", "float": "float", "bin": "str", "chr": "str", "ord": "int",
}  # fmt: skip
METHOD_RETURNS = {
    "join": "str", "lower": "str", "upper": "str", "strip": "str", "split": "list", "count": "int",
    "index": "int", "find": "int",
}  # fmt: skip

SORT_KEYS = ("len", "lambda v: v[0]", "lambda v: v[1]", "lambda v: v[-1]", "abs", "str")
SORT_KEYS_OF_PAIRS = ("lambda v: (len(v), v)", "lambda v: (-v[1], v[0])")
STARTS = ("0", "1", "-1", "[]", "''", "None", "{}", "set()", "float('inf')", "-float('inf')", "True", "False")
"""What a variable may start with."""
RESULTS = ("True", "False", "None", "[]", "0", "-1", "1", "''", "()")
