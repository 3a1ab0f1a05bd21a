"""Attempts to read secrets: in homes, projects, the environment, /proc, and what the kernel has open."""

from collections.abc import Iterator

from cot_magic.sandbox.attacks.attack import Attack, AttackKind, attacks

IN_HOME = (
    ".ssh/id_rsa", ".ssh/config", ".aws/credentials", ".azure/accessTokens.json", ".netrc", ".pgpass", ".pypirc",
    ".npmrc", ".my.cnf", ".docker/config.json", ".kube/config", ".gnupg/secring.gpg", ".bash_history",
    ".python_history", ".git-credentials", ".vault-token", ".terraform.d/credentials.tfrc.json", ".kaggle/kaggle.json",
    ".databrickscfg", ".mozilla/firefox/logins.json", ".password-store/key.gpg", ".unheard-of-tool/token",
    ".jupyter/jupyter_server_config.json", ".conda/.condarc", ".ipython/profile_default/security/key.json",
    ".config/gcloud/application_default_credentials.json", ".config/gh/hosts.yml", ".config/anthropic/default.json",
    ".config/google-chrome/Cookies", ".config/unheard-of-tool/token", ".local/share/keyrings/login.keyring",
    ".local/share/jupyter/runtime/kernel-1.json", ".cache/huggingface/token", ".cache/mozilla/entry",
    ".cache/BraveSoftware/entry", ".cache/microsoft-edge/entry", ".cache/snowflake/credential_cache_v1.json",
    ".cache/git/credential/socket", ".cache/a-tool/credentials.db", ".ipython/profile_other/history.sqlite",
    ".ipython/profile_other/security/ipcontroller-client.json", "snap/firefox/common/.mozilla/firefox/logins.json",
    "snap/chromium/common/chromium/Cookies",
)  # fmt: skip
IN_PROJECT = (
    ".env", ".env.local", "secrets.toml", ".streamlit/secrets.toml", "server.pem", "credentials.json",
    "config/service-account.json", "folder/.env", "../.env", ".git/config",
    ".git/config.worktree", ".git/modules/part/config", ".gitmodules", ".git-credentials", ".secrets.toml", ".flaskenv",
    "credentials.csv", "my_accessKeys.csv", "rootkey.csv", ".dockercfg", ".my.cnf", ".mylogin.cnf", ".s3cfg", ".boto",
    "rclone.conf", ".databrickscfg", "terraform.tfstate", "prod.tfvars", ".vault-token", "vault_pass.txt",
    "x-firebase-adminsdk-1.json", "openai_api_key.txt", "password.txt", "auth.json", "access_token.txt", "cookies.txt",
    ".azure/accessTokens.json", ".gnupg/secring.gpg", ".terraform.d/credentials.tfrc.json", ".config/gh/hosts.yml",
    ".modal.toml", ".condarc", "secrets/anything",
)  # fmt: skip
"""Relative to the working directory."""
NAMED = {
    "GOOGLE_APPLICATION_CREDENTIALS": "elsewhere/adc.json",
    "KUBECONFIG": "elsewhere/cluster",
    "NETRC": "elsewhere/hosts",
    "PGPASSFILE": "elsewhere/passwords",
    "AWS_SHARED_CREDENTIALS_FILE": "elsewhere/cloud",
    "JUPYTER_RUNTIME_DIR": "elsewhere/runtime",
}
"""Variables and what they name, relative to the folder of the stage."""
FOLDERS = {
    "JUPYTER_DATA_DIR": ("elsewhere/jupyter", "runtime/jpserver-1.json"),
    "XDG_CONFIG_HOME": ("elsewhere/config", "gh/hosts.yml"),
    "XDG_DATA_HOME": ("elsewhere/data", "keyrings/login.keyring"),
    "XDG_CACHE_HOME": ("elsewhere/cache", "huggingface/token"),
    "HF_HOME": ("elsewhere/models", "stored_tokens"),
    "CARGO_HOME": ("elsewhere/cargo", "credentials.toml"),
    "GH_CONFIG_DIR": ("elsewhere/hub", "hosts.yml"),
}
"""Variables, the folders that they name, and what is a secret in those."""
VARIABLES = {
    "ANTHROPIC_API_KEY": "{}", "MYSQL_PWD": "{}", "GH_PAT": "{}", "DJANGO_SECRET": "{}", "SMTP_PASSWORD": "{}",
    "REDIS_URL": "redis://:{}@cache:6379/0", "SQLALCHEMY_DATABASE_URI": "postgresql://me:{}@db/app",
    "HTTPS_PROXY": "http://me:{}@proxy:3128", "ALERTS": "https://hooks.slack.com/services/{}",
    "STORAGE": "DefaultEndpointsProtocol=https;AccountKey={};",
}  # fmt: skip
"""Variables of the environment; the braces are for the secret."""
TRICKS = {
    "through a symbolic link": "l = scratch() + '/l'; os.symlink(key_file, l); open(l).read()",
    "through a hard link": "l = scratch() + '/l'; os.link(key_file, l); open(l).read()",
    "by moving it into the scratch folder": "l = scratch() + '/l'; os.rename(key_file, l); open(l).read()",
    "by moving its folder": "l = scratch() + '/l'; os.rename(os.path.dirname(key_file), l); open(l + '/id_rsa').read()",
    "through /proc/self/root": "open('/proc/self/root' + key_file).read()",
    "through /proc/self/cwd": "open('/proc/self/cwd/' + os.path.relpath(key_file)).read()",
    "through the kernel's /proc entry": "open(f'/proc/{kernel_pid}/root{key_file}').read()",
    "through an inherited folder": "os.read(os.open('id_rsa', os.O_RDONLY, dir_fd=secret_folder_fd), 99)",
    "by the folder of an inherited folder": "os.fchdir(secret_folder_fd); open('id_rsa').read()",
    "by reopening a path": "fd = os.open(key_file, os.O_PATH); os.read(os.open(f'/proc/self/fd/{fd}', 0), 99)",
    "from a file that the kernel has open": "secret_file.seek(0); secret_file.read()",
    "from its descriptor": "os.pread(secret_file.fileno(), 99, 0)",
    "by reopening its descriptor": "open(f'/proc/self/fd/{secret_file.fileno()}').read()",
    "by mapping what the kernel has open": "mmap.mmap(secret_file.fileno(), 0, prot=1)[:99]",
    "by all descriptors": "b''.join(os.pread(fd, 99, 0) for fd in map(int, os.listdir('/proc/self/fd')) if fd > 2 and stat.S_ISREG(os.stat(fd).st_mode))",
    "by mapping it": "mmap.mmap(os.open(key_file, 0), 0, prot=1)[:]",
    "by sending it to a file": "a = os.open(scratch() + '/x', 66); os.sendfile(a, os.open(key_file, 0), 0, 99); os.pread(a, 99, 0)",
    "by linecache": "import linecache; r = linecache.getlines(key_file); r or open(key_file).read()",
    "by importing it": "import importlib.machinery, importlib.util; importlib.machinery.SourceFileLoader('x', key_file).get_data(key_file)",
    "by a database": "import sqlite3; c = sqlite3.connect(key_file); c.execute('select * from sqlite_master').fetchall()",
    "by a program": "import subprocess; subprocess.run(['cat', key_file], capture_output=True).stdout",
    "by native code": "b = ctypes.create_string_buffer(99); libc.read(libc.open(key_file.encode(), 0), b, 99); b.value",
    "by openat2": "b = ctypes.create_string_buffer(99); libc.read(libc.syscall(437, -100, key_file.encode(), bytes(24), 24), b, 99); b.value",
    "by a handle": "h = struct.pack('Ii', 128, 0) + bytes(128); h = ctypes.create_string_buffer(h, 136); m = ctypes.c_int(); libc.name_to_handle_at(-100, key_file.encode(), h, ctypes.byref(m), 0); b = ctypes.create_string_buffer(99); libc.read(libc.open_by_handle_at(folder_fd, h, 0), b, 99); b.value",
    "by executing it": "os.execv(key_file, ['x'])",
    "by a magic": "get_ipython().run_line_magic('pycat', key_file); get_ipython().find_user_code(key_file)",
    "by a watch on it": "r = libc.inotify_init(); w = libc.inotify_add_watch(r, key_file.encode(), 0xFFF); open(key_file).read()",
}  # fmt: skip
ENVIRONMENT = {
    "in posix.environ": "import posix; repr(posix.environ)[::-1]",
    "by getenv": "libc.getenv.restype = ctypes.c_char_p; (libc.getenv(b'ANTHROPIC_API_KEY') or b'').hex()",
    "in the environ of the C library": "libc.getenv.restype = ctypes.c_char_p\ne = ctypes.POINTER(ctypes.c_char_p).in_dll(libc, 'environ'); i = 0; r = b''\nwhile e[i]: r += e[i]; i += 1\nr.hex()",
    "in /proc/self/environ": "open('/proc/self/environ', 'rb').read().hex()",
    "in the environ of a thread": "open(f'/proc/self/task/{threading.get_native_id()}/environ', 'rb').read().hex()",
    "in the kernel's environ": "open(f'/proc/{kernel_pid}/environ', 'rb').read().hex()",
    "in the parked copy's environ": "open(f'/proc/{os.getppid()}/environ', 'rb').read().hex()",
    "in another program's environ": "open(f'/proc/{victim_pid}/environ', 'rb').read().hex()",
    "in what a shell would print": "r = get_ipython().getoutput('env'); str(r)[::-1]",
    "in the start of the stack": "m = open('/proc/self/maps').read().split('[stack]')[0].split('\\n')[-1]; a, b = (int(p, 16) for p in m.split()[0].split('-')); (ctypes.string_at(b - 16384, 16384)).hex()",
}  # fmt: skip
SYSTEM = {
    "the command lines of others": "open(f'/proc/{victim_pid}/cmdline', 'rb').read().hex() != ''",
    "the open files of the kernel": "len(os.listdir(f'/proc/{kernel_pid}/fd')) > 0 and os.readlink(f'/proc/{kernel_pid}/fd/0') != ''",
    "a file by the kernel's descriptor": "open(f'/proc/{kernel_pid}/fd/{secret_file.fileno()}').read()",
    "the memory of the kernel": "open(f'/proc/{kernel_pid}/mem', 'rb').read(1); True",
    "the memory of the parked copy": "open(f'/proc/{os.getppid()}/mem', 'rb').read(1); True",
    "the maps of the kernel": "len(open(f'/proc/{kernel_pid}/maps').read()) > 0",
    "the status of the kernel": "len(open(f'/proc/{kernel_pid}/status').read()) > 0",
    "the memory of the machine": "open('/proc/kcore', 'rb').read(1); True",
    "the addresses of the system": "any(int(line.split()[0], 16) for line in open('/proc/kallsyms').read().splitlines()[:9])",
    "the keys of the system": "len(open('/proc/keys').read()) > 0",
    "the mounts of others": "len(open('/proc/1/mountinfo').read()) > 0",
    "the connections of the machine": "len(open('/proc/net/tcp').read()) > 0 and len(open('/proc/self/net/unix').read()) < 0",
    "the log of the system": "r = libc.klogctl(3, ctypes.create_string_buffer(4096), 4096); r > 0",
    "/dev/kmsg": "os.read(os.open('/dev/kmsg', os.O_RDONLY | os.O_NONBLOCK), 99); True",
    "/dev/mem": "os.open('/dev/mem', os.O_RDONLY); True",
    "the disk": "os.open(next('/dev/' + n for n in ('vda', 'sda', 'nvme0n1', 'xvda', 'full') if os.path.exists('/dev/' + n)), os.O_RDONLY) and not os.path.exists('/dev/full')",
    "/etc/shadow": "len(open('/etc/shadow').read()) > 0",
    "/etc/sudoers": "len(open('/etc/sudoers').read()) > 0",
    "the environment of anyone": "len([open(f'/proc/{p}/environ', 'rb').read() for p in os.listdir('/proc') if p.isdigit() and int(p) != os.getpid()]) > 0",
    "the folder of the kernel": "os.readlink(f'/proc/{kernel_pid}/cwd') != ''",
    "/run": "bool([open(os.path.join(a, n), 'rb').read(1) for top in ('/run/secrets', '/run/user', '/run/credentials') for a, _, names in os.walk(top) for n in names])",
    "keys of hosts": "bool([open('/etc/ssh/' + n).read() for n in os.listdir('/etc/ssh') if n.endswith('_key')])",
    "what is done with crash dumps": "open('/proc/sys/kernel/core_pattern', 'a'); True",
}  # fmt: skip
IN_MEMORY = "the kernel's memory is copied; what is printed is redacted, and nothing can be sent (medium)"
SOCKETS_ONLY = "addresses of the machine's sockets can be read, not what they carry (low)"
NAMES_ONLY = "names of files can be listed, their content cannot be read (low)"


def on_secrets() -> tuple[Attack, ...]:
    """All of this kind."""
    return (*attacks(AttackKind.SECRETS, dict(_sources())), *_listed())


def _sources() -> Iterator[tuple[str, str]]:
    for path in IN_HOME:
        yield f"read ~/{path}", f"open(home + '/{path}').read()"
    for path in IN_PROJECT:
        yield f"read {path} of the project", f"open({path!r}).read()"
    for name, path in NAMED.items():
        whole = f"{path}/kernel-1.json" if "." not in path and name.endswith("_DIR") else path
        yield f"read what {name} names", f"open(stage + '/{whole}').read()"
    for name, (folder, path) in FOLDERS.items():
        yield f"read what is in {name}", f"open(stage + '/{folder}/{path}').read()"
    for name in VARIABLES:
        yield f"read {name}", f"os.environ.get({name!r}, '')[::-1]"
    for name, source in TRICKS.items():
        yield f"read a key {name}", source
    for name, source in ENVIRONMENT.items():
        yield f"read a key {name}", source
    for name, source in SYSTEM.items():
        yield f"read {name}", source


def _listed() -> Iterator[Attack]:
    kind = AttackKind.SECRETS
    yield Attack(name="use a key in a variable", kind=kind, source="key_in_memory", listed=IN_MEMORY)
    yield Attack(
        name="list a folder of secrets",
        kind=kind,
        source="'id_rsa' in os.listdir(home + '/.ssh')",
        listed=NAMES_ONLY,
    )
    yield Attack(
        name="list the sockets of other programs",
        kind=kind,
        source="socket_path in open('/proc/self/net/unix').read()",
        listed=SOCKETS_ONLY,
    )
