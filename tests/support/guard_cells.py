"""Cells for the guard: 48 that crash and 60 that do not, over pandas, numpy, scikit-learn, matplotlib, files and state.

All of them stand on the names of `SETUP`. A healthy cell passes in the kernel whatever its rehearsal meets.
"""

SETUP = """
import asyncio, collections, contextlib, csv, dataclasses, datetime, functools, io, itertools, json, logging, math
import os, pathlib, pickle, queue, random, re, sqlite3, statistics, subprocess, sys, tempfile, threading, time, uuid
import matplotlib
matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

sales = pd.DataFrame({
    "region": ["north", "south", "north", "east"], "units": [3, 5, 2, 8], "price": [1.5, 2.0, 1.25, 4.0],
    "day": ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"],
})
other = pd.DataFrame({"area": ["north", "south"], "manager": ["Ada", "Bo"]})
X = np.arange(40, dtype=float).reshape(20, 2)
y = np.array([0, 1] * 10)
model = LogisticRegression().fit(X, y)
unfitted = LinearRegression()
prices = {"apple": 1.2, "pear": 0.8}
names = ["Ada", "Bo", "Cy"]
total = 10
text = "12,5"
nothing = None
log = []
numbers = iter([1, 2, 3])
path = pathlib.Path("data.csv")
path.write_text("a,b\\n1,2\\n3,x\\n")
pathlib.Path("conf.json").write_text('{"rate": 0.2}')
pathlib.Path("broken.json").write_text('{"rate": ')
db = sqlite3.connect(":memory:")
db.execute("create table t (a int)")

class Account:
    def __init__(self, owner, balance=0):
        self.owner, self.balance = owner, balance
    def pay(self, amount):
        self.balance -= amount
        if self.balance < 0:
            raise ValueError(f"{self.owner} has not enough")
        return self.balance

class TooLate(Exception):
    def __init__(self, hours):
        super().__init__(hours)
        self.hours = hours
    def __str__(self):
        return f"{self.hours} hours too late"

account = Account("Ada", 10)

def mean(values):
    return sum(values) / len(values)

def scale(values, *, factor=2):
    return [value * factor for value in values]
"""

CRASHING = {
    # pandas
    "pandas: a column that is not there": "sales['unit'].sum()",
    "pandas: changed, then a column that is not there": "sales.drop(columns='day', inplace=True)\nsales['day']",
    "pandas: merged on a key that one side lacks": "joined = sales.merge(other, on='region')",
    "pandas: a value that is no date": "sales['when'] = pd.to_datetime(sales['region'])",
    "pandas: a string as a number": "sales['n'] = sales['region'].astype(int)",
    "pandas: a label that is not in the index": "first = sales.loc['first', 'units']",
    "pandas: a place beyond the end": "sales.units = 0\nlast = sales.iloc[10]",
    "pandas: columns of another length": "sales['more'] = [1, 2, 3]",
    "pandas: a method that it gave up": "sales = sales.append({'region': 'west'}, ignore_index=True)",
    "pandas: grouped by what is not there": "log.append('grouped')\nsales.groupby('town').units.sum()",
    "pandas: a series as a condition": "if sales.units > 3:\n    total = 0",
    "pandas: an unknown keyword": "frame = pd.read_csv(path, separator=',')",
    # numpy
    "numpy: shapes that do not fit": "total = 99\nX @ np.ones(3)",
    "numpy: an index beyond the end": "log.append(1)\ny[20]",
    "numpy: a reshape of another size": "grid = X.reshape(7, 7)",
    "numpy: an attribute that is gone": "flags = np.array([1, 0], dtype=np.bool).missing_method()",
    "numpy: stacked with other widths": "both = np.vstack([X, np.zeros((2, 3))])",
    "numpy: a matrix without an inverse": "inverse = np.linalg.inv(np.zeros((2, 2)))",
    "numpy: added in place to another type": "y += 0.5",
    "numpy: an axis that it does not have": "X.sum(axis=2)",
    # scikit-learn
    "sklearn: predicts before it is fitted": "guess = unfitted.predict(X)",
    "sklearn: more features than it was fitted on": "guess = model.predict(np.ones((2, 3)))",
    "sklearn: other numbers of rows": "unfitted.fit(X, y[:5])",
    "sklearn: an unknown parameter": "model = LogisticRegression(regularise='l2')",
    "sklearn: missing values": "bad = X.copy()\nbad[0, 0] = np.nan\nmodel.fit(bad, y)",
    "sklearn: one class only": "model.fit(X, np.zeros(20))",
    "sklearn: a module that it does not have": "from sklearn.cross_validation import train_test_split",
    "sklearn: strings where numbers belong": "scaled = StandardScaler().fit_transform(sales[['region']])",
    # matplotlib
    "matplotlib: other lengths": "plt.plot([1, 2, 3], [1, 2])",
    "matplotlib: an unknown color": "figure, axes = plt.subplots()\naxes.plot([1, 2], color='bluish')",
    "matplotlib: an unknown property": "plt.plot([1, 2], thickness=3)",
    "matplotlib: one axis as two": "figure, (left, right) = plt.subplots(1, 3)",
    "matplotlib: an array of axes": "figure, axes = plt.subplots(2, 2)\naxes.plot([1, 2])",
    # files
    "files: one that is not there": "rows = open('dta.csv').read()",
    "files: a folder that is not there": "frame = pd.read_csv('data/sales.csv')",
    "files: broken JSON": "conf = json.loads(pathlib.Path('broken.json').read_text())",
    "files: a key that the file lacks": "conf = json.load(open('conf.json'))\nrate = conf['rates']",
    "files: a word in a column of numbers": "column = [int(row['b']) for row in csv.DictReader(open(path))]",
    "files: a module that is not installed": "import pandsa as pd2",
    # state
    "state: a name that nothing defines": "total += 1\nprint(totl)",
    "state: changed, then a key that is not there": "prices['fig'] = 2\nprices['grape']",
    "state: None has no attributes": "log.append('x')\nnothing.strip()",
    "state: a string and a number": "label = 'total: ' + total",
    "state: divided by zero in a function": "names.clear()\nmean(names)",
    "state: an object that half did it": "account.pay(7)\naccount.pay(7)",
    "state: an exception of its own": "log.append('late')\nraise TooLate(3)",
    "state: an iterator that is used up, in a coroutine": (
        "async def third():\n    next(numbers)\n    return [next(numbers) for _ in range(3)]\n"
        "total = await third()"
    ),
    "state: an assert": "names.append('Di')\nassert len(names) == 3, names",
}

HEALTHY = {
    # pandas, numpy, sklearn
    "pandas: a new column": "sales['revenue'] = sales.units * sales.price",
    "pandas: changed in place": "sales.rename(columns={'day': 'date'}, inplace=True)",
    "pandas: grouped": "sales.groupby('region').units.sum()",
    "pandas: shown": "display(sales.head(2))",
    "pandas: written and read": "sales.to_csv('out.csv')\nlen(pd.read_csv('out.csv'))",
    "numpy: a big array": "big = np.zeros((4_000, 2_500))\nbig.sum()",
    "numpy: a larger one than a copy may have": "huge = np.zeros(1 << 28, dtype=np.int64)\nhuge[-1] = 1\ndel huge",
    "numpy: drawn without a seed": "drawn = np.random.default_rng().normal(size=5)\nassert drawn.std() > 0",
    "numpy: saved": "np.save('x.npy', X)\nassert np.load('x.npy').shape == X.shape",
    "sklearn: fitted": "line = LinearRegression().fit(X, y)\nline.score(X, y)",
    "sklearn: split": "parts = train_test_split(X, y, random_state=0)",
    "sklearn: in two processes": "from joblib import Parallel, delayed\nParallel(n_jobs=2)(delayed(abs)(i) for i in range(4))",
    # plots and displays
    "plot: drawn": "plt.plot([1, 2, 3])\nplt.show()",
    "plot: saved": "plt.figure()\nplt.savefig('plot.png')\nassert os.path.getsize('plot.png') > 0",
    "plot: the inline magic": "%matplotlib inline\nplt.bar([1, 2], [3, 4])",
    "display: HTML": "from IPython.display import HTML, clear_output\nHTML('<b>x</b>')",
    "display: updated": "handle = display('a', display_id=True)\nhandle.update('b')",
    "display: a widget": "import ipywidgets\nslider = ipywidgets.IntSlider(value=3)\nslider.value = 4\nslider",
    "display: a widget's output": "out = ipywidgets.Output()\nwith out:\n    print('inside')",
    "display: progress": "from tqdm.auto import tqdm\nfor i in tqdm(range(5)):\n    pass",
    # files and databases
    "files: written, then read": "path.with_name('new.txt').write_text('x')\nassert pathlib.Path('new.txt').read_text() == 'x'",
    "files: appended": "with open('log.txt', 'a') as file:\n    file.write('line\\n')\nassert 'line' in open('log.txt').read()",
    "files: made, moved, removed": "os.makedirs('d/e', exist_ok=True)\nos.rename('d/e', 'd/f')\nos.rmdir('d/f')",
    "files: temporary": "with tempfile.NamedTemporaryFile('w+') as file:\n    file.write('x')\n    file.seek(0)\n    file.read()",
    "files: errors that are expected": (
        "try:\n    open('none.txt')\nexcept FileNotFoundError:\n    text = 'none'\nassert text == 'none'"
    ),
    "files: a refusal would go another way": (
        "try:\n    pathlib.Path('mark').write_text('1')\n    marked = True\nexcept OSError:\n    marked = None\nassert marked"
    ),
    "database: in memory": "db.execute('insert into t values (1)')\ndb.execute('select * from t').fetchall()",
    "database: in a file": (
        "disk = sqlite3.connect('x.db')\ndisk.execute('create table if not exists t (a)')\n"
        "disk.execute('insert into t values (1)')\ndisk.commit()"
    ),
    "database: the connection is used again": "disk.execute('insert into t values (2)')\ndisk.commit()",
    "files: an open one is read on": "reader = open(path)\nreader.readline()",
    "files: and read to its end": "rest = reader.read()\nassert rest.startswith('1,2'), rest",
    # processes, threads, tasks, network
    "process: run": "assert subprocess.run(['echo', 'hi'], capture_output=True, text=True).stdout == 'hi\\n'",
    "process: a shell line": "!echo from-shell",
    "process: a shell line's output": "lines = !echo one\nassert lines == ['one'], lines",
    "process: bash": "%%bash\necho hello",
    "process: started": "child = subprocess.Popen(['sleep', '30'])",
    "process: ended": "child.terminate()\nassert child.wait() == -15",
    "thread: joined": "box = []\nworker = threading.Thread(target=box.append, args=(1,))\nworker.start()\nworker.join()\nassert box == [1]",
    "thread: goes on": "stop = threading.Event()\nbackground = threading.Thread(target=stop.wait, daemon=True)\nbackground.start()",
    "thread: still runs": "assert background.is_alive()\nstop.set()\nbackground.join()",
    "thread: a pool": "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(2)\nlist(pool.map(abs, [-1, -2]))",
    "thread: the pool again": "assert pool.submit(pow, 2, 3).result(5) == 8\npool.shutdown()",
    "task: awaited": "await asyncio.sleep(0.001)",
    "task: in the background": "done = asyncio.Event()\nasync def later():\n    done.set()\ntask = asyncio.create_task(later())",
    "task: it has run": "await asyncio.wait_for(done.wait(), 5)\nawait task",
    "network: a server and its client": (
        "import http.server, urllib.request\nserver = http.server.HTTPServer(('127.0.0.1', 0), http.server.BaseHTTPRequestHandler)\n"
        "port = server.server_address[1]\nserver.server_close()\nassert port > 0"
    ),
    "network: a failure that goes another way": (
        "import socket\ntry:\n    listener = socket.create_server(('127.0.0.1', 0))\nexcept OSError:\n    listener = None\n"
        "listener.getsockname()\nlistener.close()"
    ),
    # time, chance, environment
    "time: measured": "started = time.perf_counter()\ntime.sleep(0.01)\nassert time.perf_counter() - started < 60",
    "time: longer than a rehearsal": "time.sleep(0.6)\nslept = True",
    "chance: drawn": "drawn = [random.random() for _ in range(3)]\nos.urandom(4), uuid.uuid4()",
    "environment: a secret is read": "secret = os.environ.get('SHOP_TOKEN').strip()\nassert secret == 'abc-def-ghi'",
    "environment: a variable is set": "os.environ['MODE'] = 'test'\nassert os.environ['MODE'] == 'test'",
    # state
    "state: a generator goes on": "next(numbers)",
    "state: and on": "assert next(numbers) == 2",
    "state: a class and its object": "class Point:\n    x: int = 0\npoint = Point()\npoint.x += 1",
    "state: used later": "assert point.x == 1\ntotal = total + point.x",
    "state: names that a function sets": "def set_up():\n    global conf\n    conf = {'a': 1}\nset_up()\nprint(conf)",
    "state: names from a string": "exec('made = 3')\nprint(made)",
    "magic: timed": "%timeit -n 1 -r 1 mean([1, 2])",
    "logging: to the screen": "logging.getLogger('x').warning('careful')\nprint('said', file=sys.stderr)",
}

DESCRIBE = '''
def _describe():
    """Digests of all values by name, of the files here, of the generators of random numbers and of the database."""
    import hashlib
    digests = {}
    for name in sorted(globals()):
        if name.startswith("_") or name in ("In", "Out", "exit", "quit", "get_ipython", "open"):
            continue
        value = globals()[name]
        if isinstance(value, (type(sys), plt.Figure, plt.Axes)):  # two pickles of a plot differ
            continue
        try:
            said = pickle.dumps(value)
        except Exception:
            said = repr((type(value), sorted(vars(value)) if hasattr(value, "__dict__") else "")).encode()
        digests[name] = hashlib.sha256(said).hexdigest()[:8]
    files = sorted((str(item), item.read_bytes()) for item in pathlib.Path(".").rglob("*") if item.is_file()
                   and not str(item).startswith("ipython"))
    more = (files, random.getstate(), np.random.get_state()[1].tolist(), list(db.iterdump()), sorted(os.environ))
    digests[""] = hashlib.sha256(repr(more).encode()).hexdigest()
    return digests
'''
"""A function of the kernel; ask it silently, so that it is no cell that is rehearsed."""
SECRET = {"SHOP_TOKEN": "abc-def-ghi"}
"""In the environment of the kernel: a healthy cell reads it."""
