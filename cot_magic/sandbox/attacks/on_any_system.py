"""Attempts that any system knows."""

from cot_magic.sandbox.attacks.attack import Attack, AttackKind, attacks

ON_FILES = {
    "write a file of the folder": "open('data.csv', 'w').write('x')",
    "append to a file of the folder": "open('data.csv', 'a').write('x')",
    "empty a file by opening it to read": "import os\nos.open('data.csv', os.O_RDONLY | os.O_TRUNC)",
    "make a file": "open('made', 'x').close()",
    "make a folder": "import os\nos.mkdir('made')",
    "remove a file": "import os\nos.remove('data.csv')",
    "rename a file": "import os\nos.rename('data.csv', 'renamed.csv')",
    "put a file in the place of another": "import os, tempfile\nown = tempfile.gettempdir() + '/x'\nopen(own, 'w').close()\nos.replace(own, 'data.csv')",
    "link a file": "import os\nos.link('data.csv', 'linked')",
    "link to a file": "import os\nos.symlink('data.csv', 'linked')",
    "write through a link of its own": "import os, tempfile\nown = tempfile.gettempdir() + '/link'\nos.symlink(os.path.abspath('data.csv'), own)\nopen(own, 'w').write('x')",
    "change the mode of a file": "import os\nos.chmod('data.csv', 0o777)",
    "change the times of a file": "import os\nos.utime('data.csv', (0, 0))",
    "write what a shell runs": "import os\nopen(os.path.expanduser('~/.profile'), 'a').write('x')",
    "write into the home": "import os\nopen(os.path.expanduser('~/made'), 'w').close()",
    "make a database": "import sqlite3\nwith sqlite3.connect('made.db') as end: end.execute('create table t (a)')",
    "truncate by native code": "import ctypes\nctypes.CDLL(None).truncate(b'data.csv', 0)",
    "remove by native code": "import ctypes\nctypes.CDLL(None).unlink(b'data.csv')",
    "make a pipe with a name": "import os\nos.mkfifo('made')",
}  # fmt: skip
ON_SECRETS = {
    "read the environment file of the folder": "open('.env').read()",
    "read a key in the home": "import os\nopen(os.path.expanduser('~/.ssh/id_rsa')).read()",
    "read a file that a variable names": "import os\nopen(os.path.expanduser('~/credentials.txt')).read()",
    "read a key by another path": "import os\nopen(os.path.join(os.getcwd(), '..', 'home', '.ssh', 'id_rsa')).read()",
    "read a key through a link": "import os, tempfile\nown = tempfile.gettempdir() + '/link'\nos.symlink(os.path.expanduser('~/.ssh'), own)\nopen(own + '/id_rsa').read()",
    "read a key by native code": "import ctypes, os\nlibc = ctypes.CDLL(None)\nfd = libc.open(os.path.expanduser('~/.ssh/id_rsa').encode(), 0)\nbuffer = ctypes.create_string_buffer(200)\nlibc.read(fd, buffer, 199)\nbuffer.value.decode()",
    "read a secret variable": "import os\nos.environ.get('SERVICE_TOKEN')",
    "read a secret variable by native code": "import ctypes\nlibc = ctypes.CDLL(None)\nlibc.getenv.restype = ctypes.c_char_p\nstr(libc.getenv(b'SERVICE_TOKEN'))",
    "read the variables of the kernel": "import os\nopen(f'/proc/{os.getppid()}/environ').read()",
    "ask the system for the variables of the kernel": "import subprocess\nsubprocess.run(['ps', 'eww', '-ax'], capture_output=True, text=True).stdout",
}  # fmt: skip
ON_PROCESSES = {
    "run a program": "import subprocess, sys\nsubprocess.run([sys.executable, '-c', '']).returncode == 0",
    "run a command": "import os\nos.system('echo') == 0",
    "spawn a program": "import os, sys\nos.posix_spawn(sys.executable, [sys.executable, '-c', ''], {}) > 0",
    "fork": "import os\npid = os.fork()\nif pid == 0: os._exit(0)\npid > 0",
    "signal the process that started it": "import os\nos.kill(os.getppid(), 0)\nos.getppid() > 1",
    "signal every process": "import os, signal\nos.kill(-1, signal.SIGWINCH)",
    "signal by native code": "import ctypes, os\nos.getppid() > 1 and ctypes.CDLL(None).kill(os.getppid(), 0) == 0",
}  # fmt: skip
ON_SOCKETS = {
    "connect": "import socket\nsocket.create_connection(('127.0.0.1', 9), 1)\nTrue",
    "listen": "import socket\nend = socket.socket()\nend.bind(('127.0.0.1', 0))\nend.listen()\nTrue",
    "send a datagram": "import socket\nsocket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9)) == 1",
    "send a datagram far away": "import socket\nsocket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53)) == 1",
    "look a name up": "import socket\nsocket.gethostbyname('example.com') != ''",
    "connect to a local socket": "import os, socket\nend = socket.socket(socket.AF_UNIX)\nend.connect(os.path.abspath('listening'))\nTrue",
    "make a local socket": "import socket\nend = socket.socket(socket.AF_UNIX)\nend.bind('made')",
}  # fmt: skip


def portable() -> tuple[Attack, ...]:
    """The attempts."""
    return (
        *attacks(AttackKind.FILES, ON_FILES),
        *attacks(AttackKind.SECRETS, ON_SECRETS),
        *attacks(AttackKind.PROCESSES, ON_PROCESSES),
        *attacks(AttackKind.NETWORK, ON_SOCKETS),
    )
