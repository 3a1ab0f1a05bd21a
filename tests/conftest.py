"""A real ipykernel for the tests that need one, the tests of the inner loop, and how many examples are drawn.

The marker `inner` is given here and never by hand: to what needs no process and no server, and takes less than a
second. `pytest -m inner` does not even import the rest.
"""

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

HERE = Path(__file__).parent
OUTER = (
    "actions",
    "benchmarks",
    "browser",
    "cli",
    "contracts",
    "explore",
    "ipython",
    "notebooks",
    "sandbox",
    "servers",
    "verdict",
    "reasoners/claude",
)
"""Folders whose tests run kernels, processes, servers or browsers. Test modules at the top look at the whole repository."""
LIVE = {"kernel", "shared_kernel"}
"""Fixtures that start a process."""

# the same examples each time, so that CI fails for what was changed and for nothing else
settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("inner", settings.get_profile("ci"), max_examples=10)
settings.register_profile("nightly", max_examples=5_000, deadline=None, print_blob=True)


def pytest_configure(config: pytest.Config) -> None:
    profile = "ci"
    if config.getoption("markexpr", "") == "inner":
        profile = "inner"
        sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]  # jsonschema does without; it takes a second
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", profile))


# a script's background process ignores Ctrl-C, and so would every process that a test starts
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def is_outer(path: Path) -> bool:
    """Whether a folder or module holds no test of the inner loop."""
    if path.parent == HERE and path.suffix == ".py":
        return True
    place = f"{path.relative_to(HERE).as_posix()}/"
    return any(place.startswith(f"{name}/") for name in OUTER)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    asked = config.getoption("markexpr", "") == "inner"
    return True if asked and HERE in collection_path.parents and is_outer(collection_path) else None


@pytest.hookimpl(tryfirst=True)  # before `-m` selects
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        names = getattr(item, "fixturenames", ())
        code = getattr(getattr(item, "function", None), "__code__", None)
        starts = LIVE.intersection(names) or (code is not None and "subprocess" in code.co_names)
        if not starts and not item.get_closest_marker("slow") and not is_outer(item.path):
            item.add_marker("inner")


def pytest_collection_finish(session: pytest.Session) -> None:
    if session.config.getoption("markexpr", "") == "inner":
        gc.freeze()  # modules and items stay: looking for garbage among them costs a second


@dataclass
class Ran:
    """What running a cell came to, as a front end sees it."""

    status: str
    stdout: str = ""
    stderr: str = ""
    ename: str = ""
    evalue: str = ""
    count: int = 0
    reply: dict[str, Any] = field(default_factory=dict)
    messages: list[dict[str, Any]] = field(default_factory=list)

    @property
    def displays(self) -> list[dict[str, Any]]:
        """MIME bundles in their final state: updates applied to what they update."""
        bundles: list[dict[str, Any]] = []
        places: dict[str, int] = {}
        for message in self.messages:
            if message["msg_type"] not in ("display_data", "update_display_data", "execute_result"):
                continue
            content = message["content"]
            key = content.get("transient", {}).get("display_id")
            if message["msg_type"] == "update_display_data" and key in places:
                bundles[places[key]] = content["data"]
            else:
                if key is not None:
                    places[key] = len(bundles)
                bundles.append(content["data"])
        return bundles

    @property
    def traceback(self) -> str:
        return "\n".join(self.reply.get("traceback", []))


class Kernel:
    """A kernel of this interpreter in a folder of its own."""

    def __init__(self, folder: Path, *, load: bool = True) -> None:
        from kernels import python_kernel, started  # it takes a second to import

        environment = {**os.environ, "IPYTHONDIR": str(folder / "ipython"), "PYTHONWARNINGS": "default"}
        self.manager, self.client = started(python_kernel, cwd=str(folder), env=environment)
        self.cells = 0
        self.metadata: dict[str, Any] = {}
        session, plain = self.client.session, self.client.session.msg

        def with_cell_id(kind: str, *arguments: Any, **more: Any) -> dict[str, Any]:
            message = plain(kind, *arguments, **more)
            if kind == "execute_request":
                message["metadata"] = self.metadata
            return message

        session.msg = with_cell_id
        if load:
            assert self.run("%load_ext cot_magic").status == "ok"

    def run(
        self,
        code: str,
        timeout: float = 90,
        cell_id: str | None = None,
        watch: Callable[[dict[str, Any]], None] = lambda message: None,
    ) -> Ran:
        """Execute a cell as JupyterLab does (with its id) and collect everything that the kernel sends for it."""
        ran = Ran(status="")
        self.cells += 1
        self.metadata = {"cellId": cell_id or f"cell-{self.cells}"}

        def hook(message: dict[str, Any]) -> None:
            ran.messages.append(message)
            watch(message)
            if message["msg_type"] == "stream":
                name = message["content"]["name"]
                setattr(ran, name, getattr(ran, name) + message["content"]["text"])

        reply = self.client.execute_interactive(code, output_hook=hook, timeout=timeout, allow_stdin=False)
        ran.reply = reply["content"]
        ran.status, ran.count = ran.reply["status"], ran.reply.get("execution_count", 0)
        ran.ename, ran.evalue = ran.reply.get("ename", ""), ran.reply.get("evalue", "")
        return ran

    def value(self, expression: str) -> str:
        """The repr of an expression in the kernel."""
        ran = self.run(f"print(repr({expression}))")
        assert ran.status == "ok", ran.traceback
        return ran.stdout.strip()

    def stop(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture(scope="session", autouse=True)
def _nobody() -> None:
    """No credential or address of whoever runs the tests: a test that asks a model names its server."""
    for name in list(os.environ):
        if name.startswith("ANTHROPIC_"):
            del os.environ[name]
    os.environ["ANTHROPIC_CONFIG_DIR"] = os.devnull


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Kernel]:
    """A fresh kernel with the extension loaded."""
    running = Kernel(tmp_path)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def shared_kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """One kernel for the tests of a module that do not disturb one another."""
    running = Kernel(tmp_path_factory.mktemp("kernel"))
    yield running
    running.stop()
