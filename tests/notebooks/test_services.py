"""The services of notebook 05: they start, answer, and leave no process, however they end."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat
import pytest

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
SCRIPT = NOTEBOOKS / "services.py"


def loaded() -> ModuleType:
    """The script as a module (tests are imported one by one, so it is loaded by its path)."""
    spec = spec_from_file_location("services", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.path.insert(0, str(NOTEBOOKS))  # the script has a neighbour
    spec.loader.exec_module(module)
    return module


services: Any = loaded() if sys.platform != "win32" else None
if services is None:
    pytest.skip("the services need Unix", allow_module_level=True)
needs_services = pytest.mark.skipif(bool(services.missing()), reason=services.missing())


@pytest.fixture(autouse=True)
def no_folder_of_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Data and state go into a folder that the servers' user can reach, and others do not use."""
    reachable = Path("/tmp", f"services-{os.getpid()}-{tmp_path.name}"[:40])  # a socket's path is short
    reachable.mkdir(mode=0o755)
    monkeypatch.setenv("TMPDIR", str(reachable))
    monkeypatch.setattr("tempfile.tempdir", None)


@pytest.fixture(autouse=True)
def _removed(no_folder_of_others: None) -> Iterator[None]:
    folder = Path(os.environ["TMPDIR"])
    yield
    for left in folder.glob("*.json"):
        left.unlink()
    folder.rmdir()


def processes(folder: str) -> list[int]:
    """Processes that run, and work in or on this folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command, where = (entry / "cmdline").read_bytes(), os.readlink(entry / "cwd")
        except OSError:
            continue  # it has ended
        if command and (folder.encode() in command or where.startswith(folder)):
            found.append(int(entry.name))
    return found


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


async def answers(running: Any) -> tuple[int, bool]:
    import asyncpg
    from redis.asyncio import Redis

    database = await asyncpg.connect(running.postgres, ssl=False)
    async with Redis.from_url(running.redis) as cache:
        answer = await database.fetchval("SELECT 1"), await cache.ping()
    await database.close()
    return answer


@needs_services
@pytest.mark.slow
def test_they_start_answer_and_leave_nothing() -> None:
    running = services.start()
    try:
        assert asyncio.run(answers(running)) == (1, True)
        assert services.alive(running)
        assert processes(running.folder)
        for address in (running.postgres, running.redis):
            assert address.rpartition("@")[0].rpartition(":")[2] not in str(running)
    finally:
        services.stop(running)
    assert not services.alive(running)
    assert not Path(running.folder).exists()
    assert not processes(running.folder)
    services.stop(running)  # once more changes nothing


@needs_services
@pytest.mark.slow
def test_they_end_with_a_process_that_is_killed() -> None:
    code = (
        "import json, services, time; print(json.dumps(services.start().folder), flush=True); time.sleep(600)"
    )
    owner = subprocess.Popen([sys.executable, "-c", code], cwd=NOTEBOOKS, stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    with owner.stdout:
        folder = json.loads(owner.stdout.readline())
    assert processes(folder)
    owner.kill()
    owner.wait()
    until(lambda: not Path(folder).exists() and not processes(folder))


@needs_services
@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_the_command_line_starts_reports_and_stops_also_after_a_killed_keeper() -> None:
    def said(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, SCRIPT, *arguments], capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def known() -> Any:
        (state,) = Path(os.environ["TMPDIR"]).glob("*.json")
        assert state.stat().st_mode & 0o077 == 0
        return services.Services(**json.loads(state.read_text()))

    try:
        assert said("status") == "not running\n"
        first_line = said("start").splitlines()[0]
        assert said("start").splitlines()[0] == said("status").strip() == first_line
        killed = known()
        os.kill(killed.keeper, signal.SIGKILL)
        until(lambda: not processes(killed.folder))
        assert said("status") == said("stop") == "not running\n"
        assert "running: " in said("start")
        assert not Path(killed.folder).exists()  # what the killed one left
        running = known()
        assert said("stop").startswith("stopped: ")
        assert not Path(running.folder).exists()
        assert not processes(running.folder)
    finally:
        said("stop")


def test_what_is_missing_is_one_line_with_the_way_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COT_SERVICES_PATH", str(tmp_path))
    reason = services.missing()
    assert "no postgresql and no redis-server found (apt-get install postgresql redis-server)" in reason
    assert "\n" not in reason
    with pytest.raises(services.ServicesError, match="no postgresql"):
        services.start()
    done = subprocess.run([sys.executable, SCRIPT, "start"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"the services cannot start: {reason}\n"


def test_a_server_that_does_not_start_is_told_in_its_own_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(os.environ["TMPDIR"], "bin")
    folder.mkdir()
    for name in services.PROGRAMS:
        (folder / name).write_text("#!/bin/sh\necho 'no such locale' >&2\nexit 1\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("COT_SERVICES_PATH", str(folder))
    monkeypatch.setattr(services, "PACKAGES", ())
    try:
        with pytest.raises(services.ServicesError, match="initdb failed: no such locale"):
            services.start()
    finally:
        for name in services.PROGRAMS:
            (folder / name).unlink()
        folder.rmdir()


def test_an_unknown_action_is_answered_by_the_usage() -> None:
    done = subprocess.run([sys.executable, SCRIPT, "begin"], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == f"{services.USAGE}\n"


@pytest.mark.slow
def test_without_services_the_notebook_says_so_and_passes(tmp_path: Path) -> None:
    from nbclient import NotebookClient

    book = nbformat.read(NOTEBOOKS / "05_real_services.ipynb", as_version=4)
    environment = {**os.environ, "COT_SERVICES_PATH": str(tmp_path)}
    client = NotebookClient(book, timeout=60, kernel_name="python3")
    client.create_kernel_manager()
    assert client.km is not None
    client.km.kernel_spec.argv[0] = sys.executable
    client.execute(cwd=str(NOTEBOOKS), env=environment)
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    for cell in code:
        shown = "".join(output.get("text", "") for output in cell.outputs)
        assert shown.startswith("skipped: no postgresql"), cell.source
        assert {output.output_type for output in cell.outputs} == {"stream"}


def test_the_stored_notebook_holds_what_it_promises() -> None:
    """Rates before and after, from its outputs."""
    book = nbformat.read(NOTEBOOKS / "05_real_services.ipynb", as_version=4)
    text = "".join(output.get("text", "") for cell in book.cells for output in cell.get("outputs", []))
    assert "skipped:" not in text
    gone, orders = (
        int(part.replace(",", "")) for part in text.split("user gone: ")[1].split(":")[0].split(" of ")
    )
    assert 0.005 <= gone / orders <= 0.10
    failed = next(line for line in text.splitlines() if line.startswith("failed orders"))
    assert failed.split()[5:8] == ["0", "of", "1,000"]
