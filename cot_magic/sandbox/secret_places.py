"""Files that a copy must not read: where programs keep credentials, and what is named like one."""

import contextlib
import functools
import os
import pwd
import re
import stat
import sys
from collections.abc import Iterator, Mapping
from itertools import islice

READABLE_IN_HOME = frozenset({
    ".asdf", ".cache", ".conda", ".config", ".fonts", ".ipython", ".julia", ".keras", ".local", ".matplotlib",
    ".mambaforge", ".micromamba", ".miniconda3", ".pyenv", ".rye", ".skimage", ".torch", ".venv", ".venvs",
    ".virtualenvs",
})  # fmt: skip
"""Of the entries of a home folder whose names begin with a dot: environments, caches and fonts."""
READABLE_BELOW = {
    ".config": frozenset({"fontconfig", "matplotlib", "matplotlibrc", "locale.conf", "user-dirs.dirs"}),
    ".local": frozenset({"bin", "include", "lib", "lib64", "share"}),
    ".local/share": frozenset({
        "fonts", "hatch", "icons", "jupyter", "locale", "man", "mime", "pipx", "rye", "uv", "virtualenvs",
    }),
}  # fmt: skip
UNREADABLE_BELOW = (
    ".cache/chromium", ".cache/google-chrome", ".cache/huggingface/stored_tokens", ".cache/huggingface/token",
    ".cache/mozilla", ".cache/thunderbird", ".conda/.condarc", ".ipython/profile_default/history.sqlite",
    ".ipython/profile_default/security", ".local/share/jupyter/runtime",
)  # fmt: skip
OF_THE_SYSTEM = (
    "/etc/gshadow", "/etc/gshadow-", "/etc/krb5.keytab", "/etc/kubernetes", "/etc/shadow", "/etc/shadow-",
    "/etc/ssh", "/etc/ssl/private", "/etc/sudoers", "/etc/sudoers.d", "/etc/wireguard", "/run/credentials",
    "/run/secrets", "/run/user", "/var/backups", "/var/lib/cloud", "/var/lib/docker", "/var/lib/kubelet",
    "/var/lib/mysql", "/var/lib/postgresql", "/var/lib/redis", "/var/mail", "/var/spool/cron",
    "/var/spool/mail",
)  # fmt: skip
NAMING = re.compile(
    r"KEY|TOKEN|SECRET|PASS|CREDENTIAL|AUTH|COOKIE|KUBECONFIG|NETRC|KRB5|GNUPGHOME|DOCKER_CONFIG|AWS_CONFIG"
    r"|BOTO_CONFIG|CLOUDSDK_CONFIG|AZURE_CONFIG|KAGGLE_CONFIG|PIP_CONFIG|NPM_CONFIG_USERCONFIG|PGSERVICEFILE"
    r"|MYSQL_HOME|TNS_ADMIN|DBT_PROFILES|DATABRICKS_CONFIG|SNOWFLAKE_HOME|JUPYTER_RUNTIME|JUPYTER_CONFIG_DIR"
)
"""Names of environment variables whose values are paths of files or folders with credentials."""
NAMED = re.compile(
    r"\.env(rc)?|\.env\.(?!example$|sample$|template$|dist$).+|.+\.env|\.netrc|\.pgpass|\.pypirc|\.npmrc|\.htpasswd"
    r"|.+\.(pem|key|p12|pfx|jks|keystore|kdbx|ppk|ovpn|keytab)|id_(rsa|dsa|ecdsa|ed25519)"
    r"|([\w-]+[._-])?(secrets?|credentials?|client_secret[\w.-]*|service[_-]?account[\w.-]*)"
    r"\.(json|ya?ml|toml|ini|cfg|conf|txt|env)|kaggle\.json|token\.(json|pickle)|krb5cc_.*|ssh-\w+",
    re.IGNORECASE,
)
"""Names of files in a project that hold credentials."""
SECRET_FOLDERS = frozenset({".streamlit", ".aws", ".ssh", ".kube", ".docker", ".secrets"})
WITH_PASSWORD = re.compile(rb"://[^/\s:@]*:[^@\s/]+@|://[\w-]{20,}@|extraheader\s*=")
MOST_FOLDERS = 100
MOST_ENTRIES = 5_000
"""Of a project's folder that are looked at: each readable entry of a folder with a secret is a rule."""


def of_homes() -> Iterator[str]:
    """What holds credentials in the homes of this user: all that begins with a dot, with few exceptions."""
    for home in _homes():
        yield from _hidden(home, "", READABLE_IN_HOME, dotted=True)
        for below, readable in READABLE_BELOW.items():
            yield from _hidden(home, below, readable, dotted=False)
        yield from (os.path.join(home, name) for name in UNREADABLE_BELOW)


@functools.lru_cache(maxsize=8_192)
def is_secret(name: str) -> bool:
    """Whether a file or folder of this name in a project holds credentials."""
    return name in SECRET_FOLDERS or NAMED.fullmatch(name) is not None


def of_project(folder: str) -> Iterator[str]:
    """What holds credentials in a folder, in its folders, and in those above it."""
    folder = os.path.realpath(folder)
    yield from of_folder(folder, below=MOST_FOLDERS)
    while len(folder := os.path.dirname(folder)) > 1:
        yield from of_folder(folder)


def of_folder(folder: str, *, below: int = 0) -> Iterator[str]:
    """The same for a folder, and the first `below` folders in it, alone.

    A named pipe counts too, because what is read from it is lost to its reader.
    """
    folders: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry in islice(entries, MOST_ENTRIES):
                if entry.name == ".git":
                    yield from _with_password(os.path.join(entry.path, "config"))
                elif is_secret(entry.name) or _is_pipe(entry):
                    yield entry.path
                elif len(folders) < below and entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
    except OSError:
        return
    for inner in folders:
        yield from of_folder(inner)


def _with_password(path: str) -> Iterator[str]:
    """The file, if an address in it has a password, as that of a repository may have."""
    with contextlib.suppress(OSError), open(path, "rb") as file:
        if WITH_PASSWORD.search(file.read(65_536)):
            yield path


def of_environment(environ: Mapping[str, str]) -> Iterator[str]:
    """Files and folders with credentials that variables name, alone or as a list of paths."""
    for name, value in environ.items():
        if NAMING.search(name):
            for path in value.removeprefix("FILE:").split(os.pathsep):
                if os.path.isabs(path) and len(path) > 1 and not _is_needed(path):
                    yield path


def of_kernels(connection_file: str) -> Iterator[str]:
    """The connection files in the folder of that of this kernel: whoever reads one can control its kernel."""
    if not connection_file:
        return
    yield connection_file
    folder = os.path.dirname(connection_file)
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".json") and _is_connection(entry):
                yield entry.path


def needed() -> Iterator[str]:
    """What the interpreter reads; it may lie in a folder that is closed otherwise."""
    yield from {sys.prefix, sys.base_prefix, sys.exec_prefix, *filter(os.path.isabs, sys.path)}


def _homes() -> Iterator[str]:
    homes = {os.path.expanduser("~")}
    with contextlib.suppress(KeyError):  # a user without an entry, as in containers
        homes.add(pwd.getpwuid(os.getuid()).pw_dir)
    if os.getuid() == 0:  # who may read everything has the homes of all
        homes.update(entry.pw_dir for entry in pwd.getpwall() if entry.pw_dir.startswith(("/home/", "/root")))
    yield from (home for home in homes if os.path.isabs(home) and len(home) > 1)


def _hidden(home: str, below: str, readable: frozenset[str], *, dotted: bool) -> Iterator[str]:
    try:
        with os.scandir(os.path.join(home, below)) as entries:
            names = [entry.name for entry in entries]
    except OSError:
        return
    for name in names:
        if name not in readable and (name.startswith(".") or not dotted):
            yield os.path.join(home, below, name)


def _is_pipe(entry: "os.DirEntry[str]") -> bool:
    """Whether it is a named pipe; for ordinary files and folders, the system is not asked again."""
    if entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False) or entry.is_symlink():
        return False
    return stat.S_ISFIFO(entry.stat(follow_symlinks=False).st_mode)


def _is_connection(entry: "os.DirEntry[str]") -> bool:
    try:
        if entry.stat().st_size > 4_096:
            return False
        with open(entry.path, "rb") as file:
            return b'"signature_scheme"' in file.read(4_096)
    except OSError:
        return False


def _is_needed(path: str) -> bool:
    """Whether the interpreter lies in it: then it is no place of credentials, whatever names it."""
    inside = os.path.realpath(path).rstrip("/") + "/"
    return any(f"{os.path.realpath(part)}/".startswith(inside) for part in needed())
