"""Where Linux's own means are missing: a new process that the system confines, a clear refusal, or a permission."""

import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from IPython.core.interactiveshell import InteractiveShell

from cot_magic.core.chance import Conditions
from cot_magic.core.errors import SandboxError
from cot_magic.core.jobs import IN_A_COPY, Job, JobStep, Limits, Outcome, SandboxStatus
from cot_magic.sandbox import app_container, bubblewrap, new_process, own_check, seatbelt, snapshot
from cot_magic.sandbox import means as means_module
from cot_magic.sandbox.attacks.attack import AttackEnding, counted
from cot_magic.sandbox.attacks.elsewhere import attack_elsewhere
from cot_magic.sandbox.attacks.on_any_system import portable
from cot_magic.sandbox.bounds import Bounds
from cot_magic.sandbox.means import UNCONFINED, ByCommand
from cot_magic.sandbox.near import Readable
from cot_magic.sandbox.permissions import Permissions
from cot_magic.sandbox.spare import can_wait_for
from cot_magic.testing import check_sandbox
from tests.sandbox.conftest import job

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="the other systems' means are tried by doctor"
)
NOTHING = Permissions()
NO_LANDLOCK = SandboxStatus(available=False, reason="this Linux has no Landlock")


def bounds(**options) -> Bounds:
    given = {
        "permissions": NOTHING,
        "writable": ("/tmp/job",),
        "closed": ("/home/a/.ssh",),
        "needed": ("/opt/py",),
    }
    return Bounds(**(given | options))


@pytest.fixture
def no_landlock(monkeypatch) -> Iterator[None]:
    monkeypatch.setattr(snapshot, "probe", lambda: NO_LANDLOCK)
    new_process._trial.cache_clear()
    yield
    new_process._trial.cache_clear()


@pytest.fixture
def no_means(no_landlock, monkeypatch) -> None:
    monkeypatch.setattr(new_process, "means_here", lambda: None)


@pytest.fixture
def confined(monkeypatch, tmp_path) -> new_process.NewProcesses:
    """A Sandbox by bubblewrap, in a folder of its own."""
    new_process._trial.cache_clear()
    found = new_process.means_for(NOTHING)
    if isinstance(found, str):
        pytest.skip(found)
    monkeypatch.chdir(tmp_path)
    return new_process.NewProcesses(None, found, ())


def begin(*allow: str):
    return snapshot.begin(InteractiveShell.instance(), describe=None, allow=allow)


# --- refused, or permitted ----------------------------------------------------------------------------------


def test_without_means_nothing_runs_and_one_line_says_what_would(no_means):
    sandbox = begin()
    assert sandbox.status() == SandboxStatus(
        available=False,
        reason="this system has no means to confine a new process; `--allow unconfined` runs experiments with all"
        " your rights",
    )
    with pytest.raises(SandboxError, match="No generated code was run"):
        sandbox.run([job("1")])


def test_means_that_do_not_work_are_as_good_as_none(no_landlock, monkeypatch):
    broken = ByCommand(
        name="sandbox-exec", command=lambda _, arguments: ["/nowhere/sandbox-exec", *arguments]
    )
    monkeypatch.setattr(new_process, "means_here", lambda: broken)
    status = begin().status()
    assert not status.available
    assert status.reason.startswith("sandbox-exec does not work here (nothing was run: no new process could")


@pytest.mark.slow
def test_means_without_effect_run_nothing(no_landlock, monkeypatch):
    useless = ByCommand(name="sandbox-exec", command=UNCONFINED.command)
    monkeypatch.setattr(new_process, "means_here", lambda: useless)
    assert "the confinement has no effect here: a file outside can be written" in begin().status().reason
    (result,) = new_process.NewProcesses(None, useless, ()).run([job("open('made', 'w')")])
    assert result.outcome is Outcome.BLOCKED
    assert not os.path.exists("made")


@pytest.mark.slow
def test_the_person_may_have_it_run_unconfined_and_the_status_says_so(no_means):
    sandbox = begin("unconfined")
    assert sandbox.status() == SandboxStatus(available=True, confined=False)
    check_sandbox(sandbox)
    sandbox.close()
    with pytest.raises(SandboxError, match="closed"):
        sandbox.run([job("1")])


def test_where_it_can_be_confined_the_permission_lifts_nothing():
    assert can_wait_for(job("1"), ("unconfined",))
    assert not can_wait_for(job("1"), ("unconfined", "net"))
    with pytest.raises(SandboxError, match="choose from net, proc, write=PATH, unconfined"):
        Permissions.parse(("all",))


@pytest.mark.parametrize(
    ("name", "reaches"),
    [
        ("_writes", True),
        ("_reads", True),
        ("_connects", True),
        ("_connects_locally", True),
        ("_signals", True),
    ],
)
def test_each_thing_that_a_confined_process_tries_first_works_in_one_that_is_not(name, reaches):
    with new_process.folders() as root, new_process.outside(root) as outside:
        assert getattr(own_check, name)(outside) is reaches


def test_it_tries_to_start_a_program_too():
    assert own_check._starts(None)


# --- what runs in it ----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_by_bubblewrap_jobs_meet_the_contract(confined):
    check_sandbox(confined)


@pytest.mark.slow
def test_by_bubblewrap_the_attempts_of_any_system_are_held_and_without_it_they_get_out(confined):
    some = [attack.name for attack in portable()][::3]
    held, free = attack_elsewhere(names=some), attack_elsewhere(unconfined=True, names=some)
    assert counted([held]) == {AttackEnding.HELD: len(some)}
    assert counted([free])[AttackEnding.ESCAPED] >= len(some) * 0.6


@pytest.mark.nightly
@pytest.mark.timeout(900)
def test_by_bubblewrap_all_of_them_are_held(confined):
    held = attack_elsewhere()
    assert counted([held]) == {AttackEnding.HELD: len(portable())}


@pytest.mark.slow
def test_a_closed_folder_blocks_a_job_and_misleads_none(confined, monkeypatch, tmp_path):
    (tmp_path / "home" / ".ssh").mkdir(parents=True)
    (tmp_path / "home" / ".ssh" / "config").write_text("x")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "data.csv").write_text("a")
    source = "import os\nopen(os.path.expanduser('~/.ssh/config')).read()"
    read, closed = confined.run([job("open('data.csv').read()"), job(source)])
    assert read.value == "'a'"
    assert (closed.outcome, closed.note.partition(" (")[0]) == (
        Outcome.BLOCKED,
        "not permitted in a sandboxed copy",
    )


@pytest.mark.slow
def test_experiments_of_a_model_read_only_what_the_notebook_uses(confined, monkeypatch, tmp_path):
    (tmp_path / "notebook").mkdir()
    (tmp_path / "elsewhere.txt").write_text("x")
    (tmp_path / "notebook" / "data.csv").write_text("a")
    monkeypatch.chdir(tmp_path / "notebook")
    near, far, named = confined.run(
        [
            job("open('data.csv').read()", reads=()),
            job("open('../elsewhere.txt').read()", reads=()),
            job("open('../elsewhere.txt').read()", reads=("'../elsewhere.txt'",)),
        ]
    )
    assert (near.value, named.value) == ("'a'", "'x'")
    assert (far.outcome, far.note) == (
        Outcome.BLOCKED,
        "not permitted in a sandboxed copy ('../elsewhere.txt')",
    )


@pytest.mark.slow
def test_how_a_job_ends_is_told_as_in_a_copy(confined):
    fast = Limits(wall_s=0.5, cpu_s=5)
    endless, gone, killed, loud, seeded, again, secret = confined.run(
        [
            Job(steps=(JobStep(source="while True: pass"),), limits=fast),
            job("import os\nos._exit(3)"),
            job("import ctypes\nctypes.string_at(0)"),
            job("while True: print('x' * 100_000)"),
            job("hash('a')", conditions=Conditions(hash=4)),
            job("hash('a')", conditions=Conditions(hash=4)),
            job("import os\nos.environ['TEST_TOKEN']"),
        ]
    )
    assert (endless.outcome, endless.note) == (Outcome.TIMED_OUT, "stopped after 0.5 s")
    assert (gone.outcome, gone.note) == (
        Outcome.CRASHED,
        "the process exited with status 3 before the code finished",
    )
    assert (killed.outcome, killed.note) == (Outcome.CRASHED, "killed by signal 11 (SIGSEGV)")
    assert (loud.outcome, loud.note) == (Outcome.BLOCKED, "stopped: it printed more than 8 MB")
    assert seeded.value == again.value
    assert secret.raised.ename == "KeyError"


@pytest.mark.slow
def test_a_job_that_only_writes_into_its_folder_runs_in_a_copy_of_it(confined, tmp_path):
    (tmp_path / "data.csv").write_text("a")
    source = "open('data.csv', 'a').write('b')\nopen('data.csv').read()"
    (result,) = confined.run([job(source, copies_folder=True)])
    assert (result.outcome, result.note, result.value) == (Outcome.PASSED, IN_A_COPY, "'ab'")
    assert (tmp_path / "data.csv").read_text() == "a"


@pytest.mark.slow
def test_secrets_of_the_environment_neither_reach_it_nor_come_back(confined, monkeypatch, tmp_path):
    monkeypatch.setenv("TEST_TOKEN", "a-planted-value")
    (tmp_path / "kept.txt").write_text("a-planted-value")
    unset, read = confined.run([job("import os\nos.environ['TEST_TOKEN']"), job("open('kept.txt').read()")])
    assert (unset.outcome, unset.note) == (
        Outcome.BLOCKED,
        "the environment variable TEST_TOKEN is withheld from sandboxed copies",
    )
    assert read.value == "'[TEST_TOKEN]'"


@pytest.mark.slow
def test_nothing_is_left_of_a_job_and_one_that_writes_too_much_is_stopped(confined, monkeypatch, tmp_path):
    monkeypatch.setattr(new_process.tempfile, "tempdir", str(tmp_path))
    here = "import os, tempfile\nhere = tempfile.gettempdir()\n"
    many = f"{here}for n in range(9_000): os.mkdir(f'{{here}}/{{n}}')\nwhile True: pass"
    large = f"{here}for n in range(9): open(f'{{here}}/{{n}}', 'wb').write(bytes(1 << 20))\nwhile True: pass"
    wrote, failed, made, filled = confined.run(
        [job(f"{here}open(here + '/x', 'w')"), job("1 / 0"), job(many), job(large, limits=Limits(file_mb=1))]
    )
    assert (wrote.outcome, failed.outcome) == (Outcome.PASSED, Outcome.RAISED)
    assert (made.outcome, made.note) == (
        Outcome.BLOCKED,
        "stopped: it made more than 5,000 files and folders",
    )
    assert (filled.outcome, filled.note) == (Outcome.BLOCKED, "stopped: it wrote more than 4 MB of files")
    assert not [path for path in os.listdir(tmp_path) if path.startswith("cot-")]
    assert not confined._live


# --- what other systems are asked for -----------------------------------------------------------------------


def lines_of(**options) -> list[str]:
    text = seatbelt.profile(bounds(**options))
    assert text.count("(") == text.count(")")
    return text.splitlines()


def test_the_profile_of_macos_refuses_what_it_does_not_name():
    lines = lines_of()
    assert lines[:2] == ["(version 1)", "(deny default)"]
    said = "\n".join(lines)
    assert "network" not in said
    assert "process-fork" not in said
    assert '(allow file-write* (subpath "/tmp/job"))' in lines
    assert [line for line in lines if "file-write*" in line] == ['(allow file-write* (subpath "/tmp/job"))']
    reads, closes = (
        lines.index("(allow file-read*)"),
        next(i for i, line in enumerate(lines) if '"/home/a/.ssh"' in line),
    )
    assert lines[closes].startswith("(deny file-read*")
    assert reads < closes, "the last rule that fits counts"


def test_the_profile_opens_the_interpreter_in_a_closed_folder_and_what_is_closed_in_that_stays_closed():
    lines = lines_of(closed=("/home/a/.env", "/home/a/.env/x/key.pem"), needed=("/home/a/.env/x",))
    opened = next(
        i for i, line in enumerate(lines) if line.startswith('(allow file-read* (subpath "/home/a/.env/x")')
    )
    closed = [i for i, line in enumerate(lines) if line.startswith("(deny") and "key.pem" in line]
    assert closed[0] < opened < closed[-1]


def test_with_permissions_the_profile_allows_just_those():
    said = "\n".join(lines_of(permissions=Permissions(net=True)))
    assert "(allow network* system-socket)\n(deny network* (remote unix-socket))" in said
    assert "process-fork" not in said
    said = "\n".join(lines_of(permissions=Permissions(proc=True)))
    assert "(allow process-exec process-fork)" in said
    assert "network" not in said


def test_for_a_model_the_profile_opens_only_what_is_named():
    lines = lines_of(only=Readable(whole=("/work",), listed=("/data",)))
    assert "(allow file-read*)" not in lines
    assert any(line.startswith("(allow file-read* ") and '(subpath "/work")' in line for line in lines)
    assert any(line.startswith("(allow file-read-data ") and '(literal "/data")' in line for line in lines)


def test_a_rule_without_a_path_is_no_rule_for_all_paths():
    assert not any(
        line.endswith(("(deny file-read* )", "(allow file-read* )", "(allow file-write*)"))
        for line in lines_of(closed=(), needed=(), writable=())
    )


def test_paths_are_quoted_in_the_profile_and_one_that_cannot_be_is_an_error():
    said = "\n".join(lines_of(closed=('/a "b" \\c) (allow default',)))
    assert '(subpath "/a \\"b\\" \\\\c) (allow default")' in said
    with pytest.raises(ValueError, match="line break"):
        lines_of(closed=("/a\n(allow default)",))


@pytest.mark.parametrize(
    ("platform", "name"),
    [("darwin", "sandbox-exec"), ("linux", "bubblewrap"), ("win32", "an AppContainer"), ("aix", None)],
)
def test_each_system_has_its_means(monkeypatch, platform, name):
    monkeypatch.setattr(means_module.os.path, "exists", lambda path: True)
    monkeypatch.setattr(bubblewrap.shutil, "which", lambda program: f"/usr/bin/{program}")
    found = means_module.means_here(platform)
    assert (found and found.name) == name
    assert found is None or found.confines


def test_what_windows_is_given_has_the_sizes_that_its_pages_state():
    sizes = [ctypes.sizeof(kind) for kind in (app_container.Startup, app_container.Created)]
    assert sizes == [112, 24]
    assert ctypes.sizeof(app_container.SecurityCapabilities) == 24
    assert ctypes.sizeof(app_container.JobLimits) == 144


@pytest.mark.parametrize("allowed", ["net", "proc", "write=/tmp"])
def test_an_appcontainer_is_given_no_permission_that_it_cannot_have(allowed):
    with pytest.raises(ValueError, match="cannot be given"):
        app_container.AppContainer().start(bounds(permissions=Permissions.parse((allowed,))), ["python"], {})


def test_it_loads_where_linux_modules_are_missing():
    """As on macOS and Windows: nothing that only Linux has is imported on the way to a job."""
    code = (
        "import sys\n"
        "class Missing:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name in ('fcntl', 'resource', 'pwd', 'termios'): raise ModuleNotFoundError(name)\n"
        "for name in ('fcntl', 'resource', 'pwd', 'termios'): sys.modules.pop(name, None)\n"
        "sys.meta_path.insert(0, Missing())\n"
        "import ctypes, select, selectors\n"
        "def no_library(*a, **k): raise TypeError('no C library by that name')\n"
        "del select.epoll, selectors.EpollSelector\n"
        "import cot_magic.sandbox.only_job, cot_magic.sandbox.new_process, cot_magic.sandbox.attacks.elsewhere\n"
        "assert 'cot_magic.sandbox.syscalls' not in sys.modules\n"
        "assert 'cot_magic.sandbox.quarantine' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:] = {sys.path!r}\n{code}"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
