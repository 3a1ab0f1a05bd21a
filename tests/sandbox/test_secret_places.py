"""A copy reads no credentials: not those of a home, of a project, of other kernels, nor what variables name."""

import os
import pwd
from types import SimpleNamespace

import pytest

from cot_magic.core.jobs import Job, JobStep, Outcome
from cot_magic.sandbox import environment, secret_places

IN_HOME = (
    ".ssh/id_ed25519", ".aws/credentials", ".azure/accessTokens.json", ".gnupg/secring.gpg", ".netrc", ".pgpass",
    ".my.cnf", ".pypirc", ".npmrc", ".git-credentials", ".gitconfig", ".kube/config", ".docker/config.json",
    ".config/gh/hosts.yml", ".config/gcloud/access_tokens.db", ".config/some-new-tool/token", ".kaggle/kaggle.json",
    ".databrickscfg", ".snowflake/connections.toml", ".dbt/profiles.yml", ".cargo/credentials.toml", ".terraformrc",
    ".password-store/bank.gpg", ".local/share/keyrings/login.keyring", ".local/share/some-tool/auth.json",
    ".local/state/some-tool/session", ".local/share/jupyter/runtime/kernel-1.json", ".bash_history",
    ".zsh_history", ".python_history", ".ipython/profile_default/history.sqlite", ".cache/huggingface/token",
    ".mozilla/firefox/logins.json", ".condarc", ".wandb-key", ".a-tool-of-tomorrow/credentials",
    ".ipython/profile_other/history.sqlite", ".ipython/profile_other/security/key.json", "snap/browser/common/Cookies",
    ".cache/BraveSoftware/x", ".cache/snowflake/credential_cache_v1.json", ".cache/tool/access_token.json",
)  # fmt: skip
IN_PROJECT = (
    ".env", ".env.local", "prod.env", ".envrc", "server.pem", "private.key", "store.p12", "secrets.toml",
    "credentials.json", "client_secret_12.json", "my-service-account.json", "config/secrets.yaml",
    ".streamlit/secrets.toml", "token.json", "../.env", "../deploy.key",
    ".secrets.toml", ".flaskenv", "credentials.csv", "me_accessKeys.csv", ".my.cnf", ".mylogin.cnf", ".s3cfg", "rclone.conf",
    "terraform.tfstate", "prod.tfvars", ".vault-token", "openai_api_key.txt", "password.txt", "secrets/any", "x509up_u0",
    ".config/gh/hosts.yml", ".azure/profile.json",
)  # fmt: skip
READABLE = (
    "home/.config/matplotlib/matplotlibrc", "home/.cache/model/weights.bin", "home/.local/share/fonts/a.ttf",
    "home/.local/lib/module.py", "home/notes.txt", "home/.ipython/profile_default/startup/a.py",
    "work/.env.example", "work/tokens.csv", "work/keys.parquet", "work/config/model.yaml",
    "work/passwords.csv", "work/tokens.txt", "work/cookies.csv", "work/auth.py", "work/secretary.json", "work/grid.asc",
    "work/.config/matplotlib/matplotlibrc", "home/.cache/tiktoken/a", "home/.cache/model/tokenizer.json",
    "home/.cache/github/a", "home/.ipython/profile_other/startup/a.py",
)  # fmt: skip


@pytest.fixture(scope="module")
def planted(kernel):
    root = kernel.home.parent
    paths = [*(kernel.home / name for name in IN_HOME), *(kernel.cwd / name for name in IN_PROJECT)]
    paths += [root / name for name in READABLE]
    paths += [root / "elsewhere" / name for name in ("key.json", "kubeconfig", "second-kubeconfig", "netrc")]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("PLANTED")
    kernel.run(
        f"os.environ.update(GOOGLE_APPLICATION_CREDENTIALS='{root}/elsewhere/key.json', NETRC='{root}/elsewhere/netrc',"
        f" KUBECONFIG='{root}/elsewhere/kubeconfig:{root}/elsewhere/second-kubeconfig')"
    )
    kernel.park()
    yield kernel
    for path in paths:
        path.unlink()


def read_in_a_copy(kernel, paths):
    sources = [f"assert open({str(path)!r}).read() == 'PLANTED'" for path in paths]
    jobs = [Job(steps=(JobStep(source=source),)) for source in sources]
    results = [result for at in range(0, len(jobs), 16) for result in kernel.jobs(*jobs[at : at + 16])]
    return dict(zip(map(str, paths), (result.outcome for result in results), strict=True))


def test_no_planted_secret_is_read_and_what_is_none_is(planted):
    root = planted.home.parent
    secret = [*(planted.home / name for name in IN_HOME), *(planted.cwd / name for name in IN_PROJECT)]
    secret += sorted((root / "elsewhere").iterdir())
    assert set(read_in_a_copy(planted, secret).values()) == {Outcome.BLOCKED}
    assert set(read_in_a_copy(planted, [root / name for name in READABLE]).values()) == {Outcome.PASSED}


def test_other_processes_and_terminals_are_not_read(planted):
    paths = [f"/proc/{os.getpid()}/cmdline", "/proc/1/status", "/dev/tty", "/dev/ptmx"]
    assert set(read_in_a_copy(planted, paths).values()) == {Outcome.BLOCKED}
    result = planted.job(
        "import os; [open(f'/proc/{name}').read() and True for name in ('self/status', 'cpuinfo', 'meminfo', 'self/maps')]",
        "len(os.listdir('/proc/self/task')) > 0 and len(open('/dev/urandom', 'rb').read(2))",
    )
    assert (result.outcome, result.value) == (Outcome.PASSED, "2")


def test_all_homes_of_the_user_are_closed(tmp_path, monkeypatch):
    said, entered = tmp_path / "said", tmp_path / "entered"
    for home in (said, entered):
        (home / ".secret-tool").mkdir(parents=True)
        (home / ".cache").mkdir()
    monkeypatch.setenv("HOME", str(said))
    monkeypatch.setattr(pwd, "getpwuid", lambda uid: SimpleNamespace(pw_dir=str(entered)))
    closed = set(secret_places.of_homes())
    assert {f"{home}/.secret-tool" for home in (said, entered)} <= closed
    assert not {f"{home}/.cache" for home in (said, entered)} & closed


def test_the_interpreter_stays_readable_wherever_it_lies(monkeypatch):
    monkeypatch.setattr(secret_places.sys, "prefix", "/opt/.tool/keys")
    assert "/opt/.tool/keys" in set(secret_places.needed())
    assert list(secret_places.of_environment({"TOOL_KEY": "/opt/.tool", "OTHER_KEY": "/opt/other"})) == [
        "/opt/other"
    ]


SECRETS = {
    "MYSQL_PWD": "hunter2", "REDIS_URL": "redis://:hunter2@cache:6379/0", "SQLALCHEMY_DATABASE_URI": "postgresql://me:hunter2@db/x",
    "GH_PAT": "x", "HTTPS_PROXY": "http://me:hunter2@proxy:3128", "ALERTS": "https://hooks.slack.com/services/T0/B0/x",
    "STORAGE": "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=abcd1234==", "SOMETHING": "ghp_" + "a1" * 18,
    "CERT": "-----BEGIN PRIVATE KEY-----", "BLOB": "https://a.blob.core.windows.net/c?sv=2&sig=abcdefgh",
}  # fmt: skip
ORDINARY = {
    "PWD": "/home/me", "OLDPWD": "/tmp", "PATH": "/bin:/usr/bin", "LANG": "C.UTF-8", "DATA_URL": "https://host/data.csv",
    "HTTP_PROXY": "http://proxy:3128", "PATTERN": "x", "COMPAT": "1", "MODEL": "sk-learn",
}  # fmt: skip


def test_variables_are_withheld_by_name_and_by_value():
    assert environment.secret_names(SECRETS | ORDINARY) == SECRETS.keys()


def test_a_folder_that_cannot_be_listed_closes_no_way_through_it(tmp_path, monkeypatch):
    from cot_magic.sandbox import landlock

    (tmp_path / "homes" / "me" / "project").mkdir(parents=True)
    (tmp_path / "homes" / "me" / ".ssh").mkdir()
    (tmp_path / "homes" / "other").mkdir()
    scandir = os.scandir

    def without_homes(path):
        if path == str(tmp_path / "homes"):
            raise PermissionError
        return scandir(path)

    monkeypatch.setattr(landlock.os, "scandir", without_homes)
    allowed = list(landlock._without({str(tmp_path / "homes" / "me" / ".ssh")}, str(tmp_path)))
    assert allowed == [str(tmp_path / "homes" / "me" / "project")]


def test_named_pipes_of_a_project_are_closed_and_its_files_are_not(tmp_path):
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "folder" / "pipe")
    (tmp_path / "data.csv").touch()
    os.symlink("folder/pipe", tmp_path / "link")
    assert list(secret_places.of_folder(str(tmp_path), below=9)) == [str(tmp_path / "folder" / "pipe")]


def test_what_variables_of_folders_name_is_closed_as_the_usual_folder_is(tmp_path, monkeypatch):
    paths = (
        "config/gh/hosts",
        "config/matplotlib/x",
        "data/keys/x",
        "data/fonts/x",
        "cache/mozilla/x",
        "cache/pip/x",
    )
    paths += ("ipython/profile_a/security/x", "models/token", "jupyter/runtime/x")
    for path in paths:
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).touch()
    names = {
        "XDG_CONFIG_HOME": "config",
        "XDG_DATA_HOME": "data",
        "XDG_CACHE_HOME": "cache",
        "IPYTHONDIR": "ipython",
    }
    names |= {"HF_HOME": "models", "JUPYTER_DATA_DIR": "jupyter"}
    closed = set(secret_places.of_environment({name: str(tmp_path / path) for name, path in names.items()}))
    expected = {
        "config/gh",
        "data/keys",
        "cache/mozilla",
        "ipython/profile_a/security",
        "models/token",
        "jupyter/runtime",
    }
    assert {str(tmp_path / path) for path in expected} <= closed
    open_ones = {
        "config/matplotlib",
        "data/fonts",
        "cache/pip",
        "config",
        "data",
        "cache",
        "ipython",
        "models",
        "jupyter",
    }
    assert not {str(tmp_path / path) for path in open_ones} & closed
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    assert list(secret_places.of_environment({"XDG_CONFIG_HOME": str(tmp_path)})) == []


def test_settings_of_the_system_that_not_everybody_reads_are_closed(tmp_path, monkeypatch):
    for name, mode in (("open", 0o644), ("shut", 0o640), ("tool/inner", 0o600), ("tool/plain", 0o644)):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
        path.chmod(mode)
    (tmp_path / "link").symlink_to("shut")
    (tmp_path / "home-of-a-service").mkdir(mode=0o700)
    monkeypatch.chdir(tmp_path / "home-of-a-service")
    monkeypatch.setattr(secret_places, "OF_SETTINGS", f"{tmp_path}")
    closed = {path for path in secret_places.of_the_system() if path.startswith(f"{tmp_path}/")}
    assert closed == {str(tmp_path / "shut"), str(tmp_path / "tool" / "inner")}


def test_credentials_among_temporary_files_are_closed_wherever_a_copy_has_its_own(tmp_path, monkeypatch):
    usual, own = tmp_path / "usual", tmp_path / "own"
    for folder in (usual, own):
        folder.mkdir()
        (folder / "krb5cc_1000").touch()
    monkeypatch.setattr(secret_places, "OF_ALL_PROGRAMS", (str(usual),))
    found = set(secret_places.of_temporary_files(str(own)))
    assert found == {str(usual / "krb5cc_1000"), str(own / "krb5cc_1000")}


def test_what_a_server_keeps_beside_its_kernels_is_closed(tmp_path):
    connection = tmp_path / "kernel-1.json"
    for name in (
        connection.name,
        "jpserver-12.json",
        "nbserver-3-open.html",
        "jupyter_cookie_secret",
        "notes.txt",
    ):
        (tmp_path / name).touch()
    closed = {os.path.basename(path) for path in secret_places.of_kernels(str(connection))}
    assert closed == {connection.name, "jpserver-12.json", "nbserver-3-open.html", "jupyter_cookie_secret"}
