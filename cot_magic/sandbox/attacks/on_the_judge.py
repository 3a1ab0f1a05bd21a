"""Attempts to use up the machine, and to make a step that fails look as if it had passed."""

from collections.abc import Iterator

from cot_magic.sandbox.attacks.attack import Attack, AttackKind

MB = 1 << 20
RESOURCES = {
    "much memory": "x = bytearray(600 << 20); True",
    "memory by and by": "x = []\nwhile len(x) < 60: x.append(bytes(10 << 20))\nTrue",
    "mapped memory": "m = mmap.mmap(-1, 600 << 20); True",
    "shared mapped memory by and by": "m = [mmap.mmap(-1, 10 << 20) for _ in range(60)]; True",
    "memory of the system by pipes": "n = 0\nwhile True:\n    try: a, b = os.pipe(); fcntl.fcntl(b, 1031, 1 << 20); os.set_blocking(b, False); n += os.write(b, bytes(1 << 20))\n    except OSError: break\nn > 300 << 20",
    "memory of the system by sockets": "n = 0; kept = []\nwhile True:\n    try:\n        a, b = socket.socketpair(); kept += [a, b]; a.setblocking(False)\n        a.setsockopt(1, 7, 1 << 24)\n        while True: n += a.send(bytes(1 << 16))\n    except BlockingIOError: continue\n    except OSError: break\nn > 300 << 20",
    "locked memory": "libc.mlockall(3) == 0 and libc.mmap(None, 64 << 20, 3, 0x22, -1, 0) != -1",
    "a large file": "f = open(scratch() + '/x', 'wb')\nfor _ in range(20): f.write(bytes(1 << 20)); f.flush()\nTrue",
    "a large file by fallocate": "f = open(scratch() + '/x', 'wb'); os.posix_fallocate(f.fileno(), 0, 200 << 20); True",
    "many files": "for n in range(40):\n    with open(scratch() + f'/{n}', 'wb') as f: f.write(bytes(1_000_000))\nimport time; time.sleep(1.5); True",
    "deleted files": "kept = []\nfor n in range(40):\n    f = open(scratch() + '/x', 'wb'); os.unlink(f.name); f.write(bytes(1_000_000)); f.flush(); kept.append(f)\nimport time; time.sleep(1.5); True",
    "mapped files that are closed": "kept = []\nfor n in range(40):\n    f = open(scratch() + '/x', 'w+b'); f.truncate(1_000_000); m = mmap.mmap(f.fileno(), 1_000_000); m[:] = b'x' * 1_000_000; kept.append(m); f.close(); os.unlink(f.name)\nimport time; time.sleep(1.5); True",
    "hidden folders": "os.mkdir(scratch() + '/h'); os.chdir(scratch() + '/h')\nfor n in range(40):\n    with open(f'{n}', 'wb') as f: f.write(bytes(1_000_000))\nos.umask(0o777); os.mkdir('i', 0o300); import time; time.sleep(1.5); True",
    "many folders": "for n in range(6_000): os.mkdir(scratch() + f'/{n}')\nimport time; time.sleep(1.5); True",
    "deep folders": "os.chdir(scratch())\nfor n in range(3_000): os.mkdir('d'); os.chdir('d')\nimport time; time.sleep(1.5); True",
    "many links": "open(scratch() + '/x', 'w').close()\nfor n in range(40_000): os.link(scratch() + '/x', scratch() + f'/{n}')\nTrue",
    "folders that cannot be read": "os.umask(0); os.mkdir(scratch() + '/left', 0o300); os.mkdir(scratch() + '/left/in', 0); True and 0",
    "many threads": "threading.stack_size(32_768)\nfor n in range(3_000): threading.Thread(target=threading.Event().wait, daemon=True).start()\nTrue",
    "native threads": "threading.stack_size(32_768); import _thread, time\nfor n in range(3_000): _thread.start_new_thread(time.sleep, (9,))\nTrue",
    "many descriptors": "kept = []\nwhile len(kept) < 3_000: kept.append(os.open('/dev/null', 0))\nTrue",
    "many timers": "n = 0; t = ctypes.c_void_p()\nwhile n < 20_000 and libc.timer_create(1, None, ctypes.byref(t)) == 0: n += 1\nn >= 20_000",
    "many watches": "f = libc.inotify_init(); n = 0\nfor folder, _, names in os.walk('/usr/lib'):\n    n += sum(libc.inotify_add_watch(f, os.path.join(folder, name).encode(), 2) > 0 for name in names)\n    if n > 5_000: break\nn > 5_000",
    "all instances of watches": "kept = []\nwhile len(kept) < 300:\n    f = libc.inotify_init1(0)\n    if f < 0: break\n    kept.append(f)\nlen(kept) > 50",
    "watches of fanotify": "libc.syscall(300, 0x200, 0) >= 0",
    "shared memory that stays after all but a page is unmapped": "libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]; n, size = 0, 32 << 20\nfor _ in range(20):\n    p = libc.mmap(None, size, 3, 0x21, -1, 0)\n    if p in (None, 2**64 - 1): break\n    ctypes.memset(p, 1, size); libc.munmap(p + 4096, size - 4096); n += size\nn > 300 << 20",
    "the same of a mapped device": "libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]; n, size, z = 0, 32 << 20, os.open('/dev/zero', os.O_RDWR)\nfor _ in range(20):\n    p = libc.mmap(None, size, 3, 1, z, 0)\n    if p in (None, 2**64 - 1): break\n    ctypes.memset(p, 1, size); libc.munmap(p + 4096, size - 4096); n += size\nn > 300 << 20",
    "the same by the module": "libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]; n, size, kept = 0, 32 << 20, []\nfor _ in range(20):\n    m = mmap.mmap(-1, size); p = ctypes.addressof(ctypes.c_char.from_buffer(m)); ctypes.memset(p, 1, size); libc.munmap(p + 4096, size - 4096); kept.append(m); n += size\nn > 300 << 20",
    "huge pages held by a pipe": "libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]; libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]; n, kept, huge = 0, [], 2 << 20\nfor _ in range(40):\n    a, b = os.pipe(); kept += [a, b]\n    for _ in range(6):\n        p = libc.mmap(None, 2 * huge, 3, 0x22, -1, 0)\n        if p in (None, 2**64 - 1): break\n        q = (p + huge - 1) // huge * huge; libc.madvise(q, huge, 14); ctypes.memset(q, 1, huge)\n        if libc.vmsplice(b, struct.pack('QQ', q, 4096), 1, 2) <= 0: break\n        libc.munmap(p, 2 * huge); n += huge\nn > 300 << 20",
    "deleted files in messages": "kept = []\nfor n in range(40):\n    f = os.open(scratch() + '/x', os.O_RDWR | os.O_CREAT); os.unlink(scratch() + '/x'); os.write(f, bytes(1_000_000))\n    a, b = socket.socketpair(); socket.send_fds(a, [b'x'], [f]); os.close(f); kept += [a, b]\nimport time; time.sleep(1.5); True",
    "files of which a page is mapped": "kept = []\nfor n in range(40):\n    f = os.open(scratch() + '/x', os.O_RDWR | os.O_CREAT); os.unlink(scratch() + '/x'); os.write(f, bytes(1_000_000))\n    kept.append(libc.mmap(None, 4096, 1, 1, f, 0)); os.close(f)\nimport time; time.sleep(1.5); True",
    "files of which a page is mapped privately": "kept = []\nfor n in range(40):\n    f = os.open(scratch() + '/x', os.O_RDWR | os.O_CREAT); os.unlink(scratch() + '/x'); os.write(f, bytes(1_000_000))\n    kept.append(libc.mmap(None, 4096, 1, 2, f, 0)); os.close(f)\nimport time; time.sleep(1.5); True",
    "locks without end": "import time; n = 0; t = time.monotonic(); fds = [os.open(scratch() + f'/{i}', 66) for i in range(200)]\nwhile time.monotonic() - t < 1.2:\n    for f in fds: fcntl.fcntl(f, 37, struct.pack('hhqqi4x', 0, 0, 2 * n, 1, 0)); n += 1\nn * 200 > 300 << 20",
    "a loop": "while True: pass",
    "a loop in native code": "import re; re.match(r'(a+)+$', 'a' * 40 + 'b')",
    "a loop that ignores signals": "import signal\nfor n in range(1, 65):\n    try: signal.signal(n, signal.SIG_IGN)\n    except (OSError, ValueError): pass\nwhile True: pass",
    "processor time by threads": "for n in range(4): threading.Thread(target=lambda: [0 for _ in iter(int, 1)]).start()\nwhile True: pass",
    "a wait that does not end": "threading.Event().wait()",
    "a stop of itself": "os.kill(os.getpid(), 19)",
    "much output": "while True: print('y' * 65_536)",
    "much output by a descriptor": "while True: os.write(1, b'y' * 65_536)",
    "a large result": "'y' * (40 << 20)",
    "a large error": "raise ValueError('y' * (40 << 20))",
    "a deep error": "def f(n): return f(n + 1)\nimport sys; sys.setrecursionlimit(10**6); f(0)",
    "a bomb of digits": "9 ** 9 ** 9 > 0",
    "a bomb of objects": "x = [0] * 50_000_000; y = [x * 4 for _ in range(9)]; True",
    "a compressed bomb": "import zlib; d = zlib.compress(bytes(900 << 20)); zlib.decompress(d) != b''",
}  # fmt: skip
"""Each is tried with 128 MB of memory and files of 1 MB, four of them."""
FAILS = "raise ValueError('it fails')"
PASSED = "{'result': {'outcome': 'PASSED', 'value': '42', 'held': True}}"
RESULTS = {
    "write a result to all pipes": f"import json\nfor fd in range(3, 200):\n    try: os.write(fd, b'\\n' + json.dumps({PASSED}).encode() + b'\\n')\n    except OSError: pass",
    "write a result and end": f"import json\nfor fd in range(3, 200):\n    try: os.write(fd, b'\\n' + json.dumps({PASSED}).encode() + b'\\n')\n    except OSError: pass\nos._exit(0)",
    "answer in the place of the parked copy": "[os.write(fd, b'\\n{\"run\":1,\"index\":0,\"result\":{\"outcome\":\"PASSED\",\"held\":true}}\\n') for fd in range(3, 200) if os.path.exists(f'/proc/self/fd/{fd}') and 'socket' in os.readlink(f'/proc/self/fd/{fd}')]",
    "end well": "os._exit(0)",
    "end its first thread, and then all": "threading.Thread(target=lambda: (threading.Event().wait(1), os._exit(0))).start(); libc.syscall({'x86_64': 60, 'aarch64': 93}[os.uname().machine], 0)",
    "say that it ends": "[os.write(fd, b'\\n{\"ends\":true}\\n') for fd in range(3, 400) if os.path.exists(f'/proc/self/fd/{fd}') and 'pipe' in os.readlink(f'/proc/self/fd/{fd}')]",
    "end by SystemExit": "raise SystemExit(0)",
    "end from a thread": "threading.Thread(target=lambda: os._exit(0)).start(); import time; time.sleep(9)",
    "end at exit": "import atexit; atexit.register(os._exit, 0)",
    "replace the exception": "import builtins; builtins.ValueError = type('ValueError', (), {'__init__': lambda *_: None})",
    "replace raising by a hook": "import sys; sys.excepthook = lambda *_: None",
    "replace the display hook": "import sys; sys.displayhook = lambda *_: os._exit(0)",
    "replace how IPython runs code": "get_ipython().run_code = lambda *_, **__: False; get_ipython().run_ast_nodes = lambda *_, **__: False",
    "replace how IPython compiles": "get_ipython().compile = lambda *_, **__: compile('1', '', 'exec')",
    "transform the next step": "get_ipython().input_transformers_post.append(lambda lines: ['1\\n'])",
    "transform its tree": "import ast; get_ipython().ast_transformers.append(type('T', (ast.NodeTransformer,), {'visit_Raise': lambda s, n: ast.Pass()})())",
    "a callback before the next step": "get_ipython().events.register('pre_run_cell', lambda *_: os._exit(0))",
    "a callback after the step": "get_ipython().events.callbacks['post_run_cell'].append(lambda r: setattr(r, 'error_in_exec', None))",
    "replace the class of results": "from IPython.core import interactiveshell as i; i.ExecutionResult.success = property(lambda s: True); i.ExecutionResult.error_in_exec = property(lambda s: None, lambda s, v: None)",
    "replace json": "import json; json.dumps = lambda *_, **__: '{\"result\": {\"outcome\": \"PASSED\"}}'",
    "replace the encoder": "import json.encoder; json.encoder.JSONEncoder.encode = lambda *_: '{\"result\": {\"outcome\": \"PASSED\"}}'",
    "replace os.write": f"import json; w = os.write; os.write = lambda fd, d: w(fd, d if b'result' not in d else json.dumps({PASSED}).encode())",
    "replace the judge's modules": "import sys\nfor n, m in list(sys.modules.items()):\n    if n.startswith('cot_magic.sandbox'):\n        for k, v in list(vars(m).items()):\n            if callable(v) and k in ('pack', 'to_json', 'truth', 'words', 'sender'): setattr(m, k, lambda *_, **__: b'')",
    "replace the outcome": "from cot_magic.core import jobs; jobs.Outcome.RAISED._value_ = 'PASSED'",
    "replace what is reported": "import cot_magic.sandbox.child as c; c._Run._raised = c._Run._passed",
    "replace the built-in names": "__builtins__['Exception'] = KeyError if isinstance(__builtins__, dict) else setattr(__builtins__, 'ValueError', dict)",
    "trace the next step": "import sys\ndef t(f, e, a):\n    if e == 'exception': os._exit(0)\n    return t\nsys.settrace(t)\nsys._getframe().f_trace = t",
    "trace all threads": "threading.settrace_all_threads(lambda *_: os._exit(0)) if hasattr(threading, 'settrace_all_threads') else threading.settrace(lambda *_: None)",
    "profile the next step": "import sys; sys.setprofile(lambda f, e, a: os._exit(0) if e == 'exception' else None)",
    "look for the frames of the judge": "import sys\nf = sys._getframe()\nwhile f:\n    k = f.f_locals.get('raised')\n    if isinstance(k, list): k[:] = [b'\\n'] * len(k)\n    f = f.f_back",
    "look for the lines of the judge": "import gc\nfor o in gc.get_objects():\n    if type(o) is list and o and all(type(i) is bytes and b'raised' in i for i in o): o[:] = [i.replace(b'raised', b'passed') for i in o]",
    "look for the key in cells of closures": "import gc, types\nfor f in gc.get_objects():\n    if isinstance(f, types.FunctionType) and f.__name__ == 'run' and f.__closure__:\n        for c in f.__closure__:\n            if type(c.cell_contents) is list: c.cell_contents = [b'\\n' for _ in c.cell_contents]",
    "find the key by an exception": "try: 1 / 0\nexcept ZeroDivisionError as e:\n    f = e.__traceback__.tb_frame.f_back\n    while f:\n        for v in list(f.f_locals.values()):\n            if isinstance(v, bytes) and len(v) == 32: print(v)\n        f = f.f_back",
    "read its own memory": "d = open('/proc/self/mem', 'rb'); [d.read(0)]",
    "patch the interpreter": "p = ctypes.pythonapi.PyErr_SetString; ctypes.memset(ctypes.addressof(ctypes.c_char.from_buffer(bytearray(8))), 0, 8)",
    "an object that is equal to all": "class Yes:\n    def __eq__(s, o): return True\n    def __bool__(s): return True\n    def __hash__(s): return 0\nx = Yes(); x",
    "a class of exceptions that denies": "class E(ValueError):\n    __traceback__ = None\n    def __str__(s): os._exit(0)\nimport builtins; builtins.ValueError = E",
    "an exception whose words end the job": "class E(ValueError):\n    def __str__(s): os._exit(0)\n    __repr__ = __str__\nraise E",
    "a value whose words end the job": "class V:\n    def __repr__(s): os._exit(0)\nV()",
    "a repr that reports": f"import json\nclass V:\n    def __repr__(s):\n        [os.write(fd, json.dumps({PASSED}).encode()) for fd in range(3, 40) if os.path.exists(f'/proc/self/fd/{{fd}}')]\nV()",
    "close the pipe of results": "os.closerange(3, 4_096)",
    "put another file in the place of the pipe": "n = os.open('/dev/null', 1); [os.dup2(n, fd) for fd in range(3, 200) if fd != n]",
    "duplicate the pipe of results": "[os.write(os.dup(fd), b'\\n{}\\n') for fd in range(3, 200) if os.path.exists(f'/proc/self/fd/{fd}') and 'pipe' in os.readlink(f'/proc/self/fd/{fd}')]",
    "a task that goes on": "import asyncio; asyncio.get_event_loop().call_soon(os._exit, 0)",
    "stop the loop": "import asyncio; asyncio.get_running_loop().stop() if asyncio._get_running_loop() else None",
    "a signal in the next step": "import signal; signal.signal(14, lambda *_: os._exit(0)); signal.setitimer(signal.ITIMER_REAL, 0.001)",
    "a handler of crashes": "import signal; signal.signal(11, lambda *_: os._exit(0)); os.kill(os.getpid(), 11)",
    "crash well": "import signal; signal.signal(6, lambda *_: os._exit(0)); os.abort()",
}  # fmt: skip
"""Each is followed by a step that fails: only a pass that nobody is told about is an escape."""


def on_resources() -> Iterator[Attack]:
    """All that use up something."""
    for name, source in RESOURCES.items():
        seconds = 5.0 if "sleep" in source else 2.0  # long enough to get to its claim
        yield Attack(name=name, kind=AttackKind.RESOURCES, source=source, seconds=seconds, alone=True)


def on_results() -> Iterator[Attack]:
    """All that forge a result."""
    for name, source in RESULTS.items():
        yield Attack(name=name, kind=AttackKind.RESULTS, source=source, then=FAILS, seconds=3.0)
