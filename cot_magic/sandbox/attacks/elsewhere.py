"""The attempts where the operating system confines new processes: those that any system knows."""

import hashlib
import json
import os
import secrets
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from cot_magic.core.jobs import Job, JobResult, JobStep, Limits
from cot_magic.sandbox.attacks.attack import (
    Attack,
    Attacked,
    AttackEnding,
    AttackResult,
    read_results,
)
from cot_magic.sandbox.attacks.on_any_system import portable
from cot_magic.sandbox.means import UNCONFINED, Means, means_here
from cot_magic.sandbox.new_process import NewProcesses

MOST_SECONDS = 900.0
CODE = """
import sys; sys.path.append(sys.argv.pop())
from cot_magic.sandbox.attacks.elsewhere import main; main()
"""
PACKAGES = str(Path(__file__).parents[3])


def attack_elsewhere(*, unconfined: bool = False, names: Collection[str] | None = None) -> Attacked:
    """Make them, or those of these names, with the means of this system; `unconfined` lets them out.

    Raises SandboxError.
    """
    chosen = json.dumps(None if names is None else sorted(names))
    with tempfile.TemporaryDirectory(prefix="cot-attacks-", ignore_cleanup_errors=True) as made:
        root, token = os.path.realpath(made), secrets.token_hex(12)
        environment = _planted(root, token)
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-P", "-c", CODE, token, "unconfined" if unconfined else "", chosen, PACKAGES],
            capture_output=True, text=True, timeout=MOST_SECONDS, check=False, stdin=subprocess.DEVNULL,
            cwd=os.path.join(root, "project"), env={**os.environ, **environment},
        )  # fmt: skip
    return Attacked(user="this user", results=tuple(read_results(done.stdout, done.stderr)))


def _planted(root: str, token: str) -> dict[str, str]:
    """Make a home and a project with secrets; the variables that name them."""
    home, project = os.path.join(root, "home"), os.path.join(root, "project")
    secret = {
        os.path.join(home, ".ssh", "id_rsa"): token,
        os.path.join(home, "credentials.txt"): token,
        os.path.join(home, ".profile"): "",
        os.path.join(project, ".env"): f"KEY={token}",
        os.path.join(project, "data.csv"): "a\n1\n",
    }
    for path, text in secret.items():
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    named = os.path.join(home, "credentials.txt")
    return {"HOME": home, "USERPROFILE": home, "SERVICE_TOKEN": token, "SERVICE_CREDENTIALS": named}


# --- on the stage -------------------------------------------------------------------------------------------


def main() -> None:
    """Make the attempts in the working directory, and print a line of JSON for each."""
    token, unconfined, names = *sys.argv[1:3], json.loads(sys.argv[3])
    means = UNCONFINED if unconfined else means_here()
    assert means is not None
    root = os.path.dirname(os.getcwd())
    with _listening():
        before = _look(root)
        for attack in (one for one in portable() if names is None or one.name in names):
            result = _tried(means, attack)
            after = _look(root)
            changed = sorted(path for path in {*before, *after} if before.get(path) != after.get(path))
            before, ended = after, _judged(attack, result, changed, token)
            print(json.dumps(asdict(ended)))


def _tried(means: Means, attack: Attack) -> JobResult:
    limits = Limits(wall_s=attack.seconds, cpu_s=5, memory_mb=256, file_mb=1)
    (result,) = NewProcesses(None, means, ()).run(
        [Job(steps=(JobStep(source=attack.source),), limits=limits)]
    )
    return result


def _judged(attack: Attack, result: JobResult, changed: list[str], token: str) -> AttackResult:
    told = " ".join((result.value or "", result.output, result.raised.evalue if result.raised else ""))
    shown, ending = f"{result.outcome}: {result.note}"[:200], AttackEnding.HELD
    if "nothing was run" in result.note:
        ending = AttackEnding.BROKEN
    elif changed:
        shown, ending = f"changed: {', '.join(changed)}"[:300], AttackEnding.ESCAPED
    elif token in told or "[SERVICE_TOKEN]" in told:
        shown, ending = "it read a secret", AttackEnding.ESCAPED
    elif result.held is True:
        shown, ending = "it got what it claims", AttackEnding.ESCAPED
    return AttackResult(name=attack.name, kind=attack.kind, ending=ending, shown=shown)


@contextmanager
def _listening() -> Iterator[None]:
    """A local socket in the working directory, where there are any."""
    family = getattr(socket, "AF_UNIX", None)
    if family is None:
        yield
        return
    with socket.socket(family) as end:
        end.bind("listening")
        end.listen()
        yield


def _look(root: str) -> dict[str, tuple[object, ...]]:
    """Kind, mode, times and content of each file and folder, whatever its name."""
    found: dict[str, tuple[object, ...]] = {}
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = os.path.join(folder, name)
            status = os.lstat(path)
            content = ""
            if stat.S_ISREG(status.st_mode):
                with open(path, "rb") as file:
                    content = hashlib.sha256(file.read()).hexdigest()
            mtime = 0 if stat.S_ISDIR(status.st_mode) else status.st_mtime_ns
            found[os.path.relpath(path, root)] = (status.st_mode, status.st_nlink, mtime, content)
    return found
