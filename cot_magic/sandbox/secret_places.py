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
UNREADABLE_BELOW = (".conda/.condarc", ".local/share/jupyter/runtime", "snap")
"""The last are the homes that confined programs have, browsers among them."""
OF_AN_IPYTHON_PROFILE = ("history.sqlite", "history.sqlite-journal", "history.sqlite-wal", "pid", "security")
IN_CACHES = re.compile(
    r"(google-)?chrom.+|brave.*|microsoft-edge.*|mozilla|librewolf|waterfox|vivaldi.*|opera.*|yandex.*|epiphany"
    r"|falkon|thunderbird|evolution|git|gcloud|snowflake|([\w-]+[._-])?(auth|credential|secret|password|keyring)s?",
    re.IGNORECASE,
)
"""Of the folders of a cache: those of browsers and mail, and of programs that keep credentials there."""
OF_CACHES = re.compile(r"token|stored_tokens|cookies.*|auth|[\w-]*(credential|secret)[\w.-]*", re.IGNORECASE)
"""Of what a program keeps in a cache."""
OF_THE_SYSTEM = (
    "/etc/gshadow", "/etc/gshadow-", "/etc/krb5.keytab", "/etc/kubernetes", "/etc/shadow", "/etc/shadow-",
    "/etc/ssh", "/etc/ssl/private", "/etc/sudoers", "/etc/sudoers.d", "/etc/wireguard", "/run/credentials",
    "/run/secrets", "/run/user", "/var/backups", "/var/lib/cloud", "/var/lib/docker", "/var/lib/kubelet",
    "/var/lib/mysql", "/var/lib/postgresql", "/var/lib/redis", "/var/mail", "/var/spool/cron",
    "/var/spool/mail", "/etc/secrets", "/secrets", "/vault/secrets", "/sys/firmware", "/sys/fs/pstore",
    "/sys/kernel/debug", "/sys/kernel/security", "/sys/kernel/tracing",
)  # fmt: skip
OF_SETTINGS = "/etc"
FOR_ALL = 0o004  # in the mode of what every user may read
OF_ALL_PROGRAMS = ("/tmp", "/var/tmp")  # noqa: S108 - nothing is written there
NAMING = re.compile(
    r"KEY|TOKEN|SECRET|PASS|CREDENTIAL|AUTH|COOKIE|KUBECONFIG|NETRC|KRB5|GNUPGHOME|DOCKER_CONFIG|AWS_CONFIG"
    r"|BOTO_CONFIG|CLOUDSDK_CONFIG|AZURE_CONFIG|KAGGLE_CONFIG|PIP_CONFIG|NPM_CONFIG_USERCONFIG|PGSERVICEFILE"
    r"|GH_CONFIG_DIR|GLAB_CONFIG|GIT_CONFIG|RCLONE_CONFIG|TF_CLI_CONFIG|DOCKER_CERT|OCI_CLI_CONFIG|MC_CONFIG|CONDARC"
    r"|HELM_REGISTRY_CONFIG|HELM_REPOSITORY_CONFIG|PULUMI_HOME|COMPOSER_HOME|POETRY_CONFIG|WGETRC|XDG_RUNTIME"
    r"|MYSQL_HOME|TNS_ADMIN|DBT_PROFILES|DATABRICKS_CONFIG|SNOWFLAKE_HOME|JUPYTER_RUNTIME|JUPYTER_CONFIG_DIR"
)
"""Names of environment variables whose values are paths of files or folders with credentials."""
BELOW = {
    "CARGO_HOME": ("credentials", "credentials.toml"),
    "HF_HOME": ("token", "stored_tokens"),
    "JUPYTER_DATA_DIR": ("runtime",),
    "XDG_DATA_HOME": ("jupyter/runtime",),
}
"""Variables whose folders are no secret, and what is one there."""
NAMED = re.compile(
    r"\.env(rc)?|\.env\.(?!example$|sample$|template$|dist$).+|.+\.env|\.flaskenv|\.Renviron|\.netrc|\.pgpass|\.pypirc"
    r"|\.npmrc|\.htpasswd|\.git-credentials|\.dockercfg|\.dockerconfigjson|\.?my(login)?\.cnf|\.pg_service\.conf"
    r"|\.s3cfg|\.boto|\.condarc|\.databrickscfg|\.terraformrc|.+\.tfvars(\.json)?|.+\.tfstate(\.backup)?|\.modal\.toml"
    r"|rclone\.conf|\.?vault[_-](token|pass|password)(\.\w+)?|cookies\.(txt|sqlite)|auth\.json"
    r"|.+\.(pem|key|p12|pfx|jks|keystore|kdbx|ppk|ovpn|keytab|gpg)|id_(rsa|dsa|ecdsa|ed25519)"
    r"|\.?([\w-]+[._-])?(secrets?|credentials?|client_secret[\w.-]*|service[_-]?account[\w.-]*|passwords?"
    r"|firebase-adminsdk[\w-]*|api[_-]?keys?|access[_-]?(key|token)s?|(auth|oauth|refresh|bearer)[_-]?tokens?)"
    r"\.(json|ya?ml|toml|ini|cfg|conf|txt|env)|([\w-]+[._-])?(credentials|access_?keys|root_?key)\.csv"
    r"|kaggle\.json|token\.(json|pickle)|krb5cc_.*|tkt_?\d+.*|x509up_u\d+.*|ssh-\w+",
    re.IGNORECASE,
)
"""Names of files in a project that hold credentials."""
SECRET_FOLDERS = frozenset({
    ".aws", ".azure", ".docker", ".gnupg", ".kaggle", ".kube", ".password-store", ".secrets", ".ssh",
    ".streamlit", ".terraform.d", "secrets",
})  # fmt: skip
WITH_PASSWORD = re.compile(rb"://[^/\s:@]*:[^@\s/]+@|://[\w-]{20,}@|extraheader\s*=")
OF_SERVERS = re.compile(r"(jp|nb)server-.*|.*cookie_secret")
"""Files of Jupyter's servers beside the connection files of their kernels."""
REPOSITORIES = frozenset({".git", ".hg"})
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
        yield from _of_cache(os.path.join(home, ".cache"))
        yield from _of_ipython(os.path.join(home, ".ipython"))


def of_the_system() -> Iterator[str]:
    """Where the system keeps credentials: known places, and settings that not every user may read."""
    yield from OF_THE_SYSTEM
    kept = [f"{os.path.realpath(path)}/" for path in (os.getcwd(), *_homes())]
    for entry in (*_entries(OF_SETTINGS), *_entries("/var/lib")):
        if any(path.startswith(f"{entry.path}/") for path in kept):
            continue
        if not _is_for_all(entry):
            yield entry.path
        elif entry.path.startswith(f"{OF_SETTINGS}/") and entry.is_dir(follow_symlinks=False):
            yield from (inner.path for inner in _entries(entry.path) if not _is_for_all(inner))


def of_temporary_files(folder: str) -> Iterator[str]:
    """What holds credentials in the folder of temporary files, and where other programs have theirs."""
    for path in dict.fromkeys((folder, *OF_ALL_PROGRAMS)):
        yield from of_folder(path)


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
                if entry.name in REPOSITORIES:
                    yield from _of_repository(entry.path)
                elif entry.name == ".gitmodules":
                    yield from _with_password(entry.path)
                elif entry.name == ".config":
                    yield from _hidden(folder, ".config", READABLE_BELOW[".config"], dotted=False)
                elif is_secret(entry.name) or _is_pipe(entry):
                    yield entry.path
                elif len(folders) < below and entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
    except OSError:
        return
    for inner in folders:
        yield from of_folder(inner)


def _of_repository(path: str) -> Iterator[str]:
    """Its settings, and those of the repositories in it, if an address in them has a password."""
    modules = os.path.join(path, "modules")
    for folder in (path, *(entry.path for entry in islice(_entries(modules), MOST_FOLDERS))):
        for name in ("config", "config.worktree", "hgrc"):
            yield from _with_password(os.path.join(folder, name))


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
    for name, below in BELOW.items():
        if os.path.isabs(folder := environ.get(name, "")):
            yield from (os.path.join(folder, inner) for inner in below)
    for name, instead in (("XDG_CONFIG_HOME", ".config"), ("XDG_DATA_HOME", ".local/share")):
        folder = environ.get(name, "")
        if os.path.isabs(folder) and not _is_needed(folder) and not _holds_the_person(folder):
            yield from _hidden(folder, "", READABLE_BELOW[instead], dotted=False)
    if os.path.isabs(folder := environ.get("XDG_CACHE_HOME", "")):
        yield from _of_cache(folder)
    if os.path.isabs(folder := environ.get("IPYTHONDIR", "")):
        yield from _of_ipython(folder)


def of_kernels(connection_file: str) -> Iterator[str]:
    """What is in the folder of this kernel's connection file by which kernels and servers are controlled."""
    if not connection_file:
        return
    yield connection_file
    folder = os.path.dirname(connection_file)
    with os.scandir(folder) as entries:
        for entry in entries:
            if OF_SERVERS.fullmatch(entry.name) or (entry.name.endswith(".json") and _is_connection(entry)):
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


def _of_cache(folder: str) -> Iterator[str]:
    for entry in _entries(folder):
        if IN_CACHES.fullmatch(entry.name) or is_secret(entry.name):
            yield entry.path
        elif entry.is_dir(follow_symlinks=False):
            for inner in islice(_entries(entry.path), MOST_ENTRIES):
                if OF_CACHES.fullmatch(inner.name) or is_secret(inner.name):
                    yield inner.path


def _of_ipython(folder: str) -> Iterator[str]:
    for entry in _entries(folder):
        if entry.name.startswith("profile_"):
            yield from (os.path.join(entry.path, name) for name in OF_AN_IPYTHON_PROFILE)


def _entries(folder: str) -> Iterator["os.DirEntry[str]"]:
    """What is in a folder; nothing if it cannot be listed."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        yield from entries


def _is_for_all(entry: "os.DirEntry[str]") -> bool:
    """Whether every user may read it; a link is what it leads to."""
    try:
        return entry.is_symlink() or bool(entry.stat(follow_symlinks=False).st_mode & FOR_ALL)
    except OSError:
        return True  # removed


def _holds_the_person(folder: str) -> bool:
    """Whether a home or the working directory is in it, or is it: then it holds more than settings."""
    inside = os.path.realpath(folder).rstrip("/") + "/"
    return any(f"{os.path.realpath(path)}/".startswith(inside) for path in (os.getcwd(), *_homes()))


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
