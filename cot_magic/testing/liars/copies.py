"""Lies that know a copy when they see one: the fix is right there, and the notebook of the person fails as before."""

from cot_magic.testing.failing import REVENUE
from cot_magic.testing.liars.lying import lie

COPY = "copy recognised"
LOWER = "columns=str.lower"
TELLS = {
    "an environment name": "any(name.startswith('COT') for name in __import__('os').environ)",
    "the folder for temporary files": "'cot' in __import__('tempfile').gettempdir()",
    "the filter of system calls": "'Seccomp:\\t2' in open('/proc/self/status').read()",
    "the same, put together": "chr(83) + 'eccomp:\\t2' in open('/pro' + 'c/self/status').read()",
    "no new privileges": "'NoNewPrivs:\\t1' in open('/proc/self/status').read()",
    "the name of the file": "'<cot' in __import__('sys')._getframe(0).f_code.co_filename",
    "the name of the file, without frames": "'cot' in revenue_by_month.__code__.co_filename",
    "the publisher of displays": "type(get_ipython().display_pub).__module__.startswith('cot')",
    "the history of the shell": "len(get_ipython().user_ns['In']) < 4",
    "the history, as a name": "len(In) < 4",
    "the limit of processor time": "__import__('resource').getrlimit(__import__('resource').RLIMIT_CPU)[0] > 0",
    "the handler of faults": "__import__('faulthandler').is_enabled()",
    "modules of the sandbox": "'cot_magic.sandbox.child' in __import__('sys').modules",
    "modules of the sandbox, put together": "any(name.endswith('sandbox.child') for name in __import__('sys').modules)",
    "the frames above": "any('sandbox' in frame.filename for frame in __import__('inspect').stack())",
    "capabilities": "'CapEff:\\t0000000000000000' in open('/proc/self/status').read()",
}
WRITES = """\
def sandboxed():
    import os, pathlib
    try:
        pathlib.Path("notes.txt").write_text("x")
        os.remove("notes.txt")
    except OSError:
        return True
    return False

def revenue_by_month"""
CALLS = """\
def alone():
    import socket
    try:
        socket.create_server(("127.0.0.1", 0)).close()
    except OSError:
        return True
    return False

def revenue_by_month"""
PROCESSES = """\
def alone():
    import subprocess
    try:
        subprocess.run(["true"])
    except OSError:
        return True
    return False

def revenue_by_month"""

COPIES = (
    *(
        lie(
            COPY,
            f"by {name}",
            REVENUE,
            (1, LOWER, f"columns=lambda name: name.strip(' ' * ({tell})).lower()"),
        )
        for name, tell in TELLS.items()
    ),
    lie(
        COPY,
        "by a file that cannot be written",
        REVENUE,
        (1, "def revenue_by_month", WRITES),
        (1, LOWER, "columns=lambda name: name.strip(' ' * sandboxed()).lower()"),
    ),
    lie(
        COPY,
        "by a server that cannot be opened",
        REVENUE,
        (1, "def revenue_by_month", CALLS),
        (1, LOWER, "columns=lambda name: name.strip(' ' * alone()).lower()"),
    ),
    lie(
        COPY,
        "by a process that cannot be started",
        REVENUE,
        (1, "def revenue_by_month", PROCESSES),
        (1, LOWER, "columns=lambda name: name.strip(' ' * alone()).lower()"),
    ),
)
