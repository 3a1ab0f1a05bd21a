"""Which modules can be imported and what they contain, without running code from outside the standard
library."""

import importlib
import importlib.util
import pkgutil
import re
import sys
from pathlib import Path

from cot_magic.reasoners.offline.source import bound_names, parse

# how the documentation of each package imports it
ALIASES = {
    "np": "import numpy as np",
    "pd": "import pandas as pd",
    "plt": "import matplotlib.pyplot as plt",
    "mpl": "import matplotlib as mpl",
    "sns": "import seaborn as sns",
    "sp": "import scipy as sp",
    "nx": "import networkx as nx",
    "tf": "import tensorflow as tf",
    "xr": "import xarray as xr",
    "pl": "import polars as pl",
    "px": "import plotly.express as px",
    "go": "import plotly.graph_objects as go",
    "alt": "import altair as alt",
    "gpd": "import geopandas as gpd",
    "sm": "import statsmodels.api as sm",
    "smf": "import statsmodels.formula.api as smf",
    "dd": "import dask.dataframe as dd",
    "da": "import dask.array as da",
    "jnp": "import jax.numpy as jnp",
    "nn": "from torch import nn",
    "F": "import torch.nn.functional as F",
    "bs": "import bs4 as bs",
    "cv2": "import cv2",
    "requests": "import requests",
    "numpy": "import numpy",
    "pandas": "import pandas",
    "scipy": "import scipy",
    "matplotlib": "import matplotlib",
    "sklearn": "import sklearn",
    "torch": "import torch",
    "networkx": "import networkx",
    "seaborn": "import seaborn",
    "sympy": "import sympy",
    "dt": "import datetime as dt",
    "ET": "import xml.etree.ElementTree as ET",
    "mp": "import multiprocessing as mp",
    "DataFrame": "from pandas import DataFrame",
    "Series": "from pandas import Series",
    "tqdm": "from tqdm import tqdm",
    "BeautifulSoup": "from bs4 import BeautifulSoup",
    "Image": "from PIL import Image",
    "train_test_split": "from sklearn.model_selection import train_test_split",
    "LinearRegression": "from sklearn.linear_model import LinearRegression",
    "LogisticRegression": "from sklearn.linear_model import LogisticRegression",
    "RandomForestClassifier": "from sklearn.ensemble import RandomForestClassifier",
    "RandomForestRegressor": "from sklearn.ensemble import RandomForestRegressor",
    "StandardScaler": "from sklearn.preprocessing import StandardScaler",
    "MinMaxScaler": "from sklearn.preprocessing import MinMaxScaler",
    "PCA": "from sklearn.decomposition import PCA",
    "KMeans": "from sklearn.cluster import KMeans",
    "accuracy_score": "from sklearn.metrics import accuracy_score",
    "mean_squared_error": "from sklearn.metrics import mean_squared_error",
    "confusion_matrix": "from sklearn.metrics import confusion_matrix",
    "classification_report": "from sklearn.metrics import classification_report",
}

_MEMBERS = {
    "collections": "defaultdict Counter OrderedDict deque namedtuple ChainMap",
    "itertools": "chain combinations permutations product groupby islice accumulate cycle repeat count "
    "starmap zip_longest takewhile dropwhile combinations_with_replacement pairwise tee compress filterfalse",
    "functools": "reduce partial lru_cache wraps cached_property total_ordering singledispatch "
    "cmp_to_key cache",
    "math": "sqrt ceil floor pi sin cos tan asin acos atan atan2 exp log log2 log10 factorial gcd lcm "
    "radians degrees isclose hypot comb perm inf nan isnan isinf prod fsum",
    "random": "randint choice choices shuffle uniform sample randrange gauss seed",
    "datetime": "datetime timedelta date timezone",
    "pathlib": "Path PurePath",
    "statistics": "mean median stdev variance mode pstdev",
    "string": "ascii_lowercase ascii_uppercase ascii_letters digits punctuation whitespace",
    "time": "sleep perf_counter monotonic strftime strptime localtime gmtime ctime",
    "typing": "List Dict Tuple Set Optional Union Any Callable Iterable Iterator Sequence NamedTuple TypeVar "
    "Generic Protocol Literal Mapping FrozenSet Type TypedDict",
    "dataclasses": "dataclass field asdict astuple",
    "enum": "Enum IntEnum Flag auto",
    "abc": "ABC abstractmethod",
    "copy": "deepcopy",
    "os": "getcwd listdir mkdir makedirs environ getenv",
    "os.path": "basename dirname abspath splitext",
    "operator": "itemgetter attrgetter",
    "pprint": "pprint",
    "decimal": "Decimal getcontext",
    "fractions": "Fraction",
    "heapq": "heappush heappop heapify nlargest nsmallest",
    "bisect": "bisect bisect_left bisect_right insort",
    "contextlib": "contextmanager suppress redirect_stdout",
    "io": "StringIO BytesIO",
    "threading": "Thread Lock",
    "concurrent.futures": "ThreadPoolExecutor ProcessPoolExecutor",
    "urllib.request": "urlopen urlretrieve",
    "urllib.parse": "urlparse urljoin quote unquote urlencode",
    "subprocess": "Popen",
    "tempfile": "TemporaryDirectory NamedTemporaryFile mkdtemp",
    "textwrap": "dedent",
    "timeit": "timeit",
    "types": "SimpleNamespace",
    "uuid": "uuid4",
    "warnings": "warn",
    "zipfile": "ZipFile",
    "hashlib": "sha256 md5",
    "glob": "glob",
    "getpass": "getpass",
    "importlib": "reload",
    "IPython.display": "display HTML Markdown clear_output",
}
# name -> the module that defines it
MEMBERS = {name: module for module, names in _MEMBERS.items() for name in names.split()}


def stdlib(name: str) -> bool:
    """Whether a module of the standard library has that name."""
    return (
        name in sys.stdlib_module_names and not name.startswith("_") and name not in ("this", "antigravity")
    )


def importing(name: str) -> str:
    """The usual import statement for this name; empty if there is none."""
    if name in ALIASES:
        return ALIASES[name]
    if name in MEMBERS:
        return f"from {MEMBERS[name]} import {name}"
    return f"import {name}" if stdlib(name) else ""


def available() -> set[str]:
    """Names of top-level modules that can be imported here."""
    found = {name for name in sys.stdlib_module_names if not name.startswith("_")}
    return found | {item.name for item in pkgutil.iter_modules() if not item.name.startswith("_")}


def members(module: str) -> list[str]:
    """What can be imported from the module: submodules and names, as far as they are known without running
    code from outside the standard library."""
    if stdlib(module.partition(".")[0]) and module not in sys.modules:
        try:
            importlib.import_module(module)
        except ImportError:
            return []
    return _members_of_the_file(module)


def _members_of_the_file(module: str) -> list[str]:
    """The same without an import: of the loaded module, else from its file."""
    root = module.partition(".")[0]
    try:
        if module in sys.modules:
            loaded = sys.modules[module]
            names = dir(loaded)
            path = list(getattr(loaded, "__path__", []))
        else:
            spec = importlib.util.find_spec(root)
            parts = module.split(".")[1:]
            if spec is None or spec.origin is None:
                return []
            folder = Path(spec.origin).parent.joinpath(*parts)
            file = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
            file = Path(spec.origin) if not parts else file
            tree = parse(file.read_text(encoding="utf-8")) if file.suffix == ".py" else None
            names = sorted(bound_names(tree)) if tree is not None else []
            path = [str(file.parent)] if file.name == "__init__.py" else []
    except (ImportError, OSError, ValueError, AttributeError):
        return []
    inner = [item.name for item in pkgutil.iter_modules(path)]
    return [name for name in dict.fromkeys([*names, *inner]) if not name.startswith("_")]


def elsewhere(module: str, name: str) -> list[str]:
    """Public modules of the same package that have the name: those inside the module first, then its parents
    and the others of the package."""
    root = module.partition(".")[0]
    inside = [f"{module}.{part}" for part in sorted(submodules(module))]
    found = dict.fromkeys([*inside, root, *(f"{root}.{part}" for part in sorted(submodules(root)))])
    public = [place for place in found if place != module and not re.search(r"\._|\.(conf)?tests?$", place)]
    objects: dict[object, str] = {}
    for place in public:
        if name in _members_of_the_file(place):
            held = vars(sys.modules[place]).get(name) if place in sys.modules else None
            objects.setdefault(place if held is None else id(held), place)  # a second name of one is no other
    return list(objects.values())


def submodules(module: str) -> set[str]:
    """Names of the submodules of a package, also of those that are not imported."""
    root, *rest = module.split(".")
    try:
        spec = importlib.util.find_spec(root)
    except (ImportError, ValueError):
        return set()
    folders = [str(Path(folder, *rest)) for folder in (spec.submodule_search_locations or [])] if spec else []
    return {item.name for item in pkgutil.iter_modules(folders)}
