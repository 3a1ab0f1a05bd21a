"""Makes the attempts as several users."""

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cot_magic.core.errors import SandboxError
from cot_magic.sandbox.attacks import outside
from cot_magic.sandbox.attacks.attack import Attacked, read_results

NOBODY = 65_534
MOST_SECONDS = 600.0
PACKAGES = str(Path(__file__).parents[3])
KEPT = ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "COVERAGE_PROCESS_START")
"""Of the environment: everything else may be a secret of the person, and nothing here needs it."""


def attack_as(
    user: int | None, *, names: Collection[str] | None = None, landlock: int | None = None, before: str = ""
) -> Attacked:
    """Make the attempts as that user, or as the one who runs this. Raises SandboxError.

    Parameters
    ----------
    names
        Of the attempts; all if it is None.
    landlock
        The version of Landlock to simulate, at most that of this system.
    before
        Code that runs first in the process of the stage.
    """
    token = outside.PLANTED + secrets.token_hex(8)
    root = tempfile.mkdtemp(prefix="cot-attacks-")
    try:
        folder = os.path.join(root, "stage")
        os.makedirs(os.path.join(folder, "tmp"), 0o700)
        os.chmod(root, 0o755)  # noqa: S103 - another user has to enter it
        if user is not None:
            for path in (folder, os.path.join(folder, "tmp")):
                os.chown(path, user, user)
        chosen = None if names is None else sorted(names)
        code = f"import sys; sys.path.insert(0, {PACKAGES!r})\n{before}\n"
        code += "from cot_magic.sandbox.attacks.stage import main; main(*sys.argv[1:])"
        command = [sys.executable, "-P", "-c", code, folder, token, "" if user is None else str(user)]
        command += ["" if landlock is None else str(landlock), json.dumps(chosen)]
        environment = {name: value for name, value in os.environ.items() if name in KEPT}
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, timeout=MOST_SECONDS, check=False,
            start_new_session=True, stdin=subprocess.DEVNULL,
            env=environment | outside.environment(folder, token),
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise SandboxError(f"the attempts did not end within {MOST_SECONDS:g} s.") from error
    finally:
        shutil.rmtree(root, ignore_errors=True)
    name = "root" if (os.getuid() if user is None else user) == 0 else "an ordinary user"
    return Attacked(user=name, results=tuple(read_results(done.stdout, done.stderr)))


def attack_all(names: Collection[str] | None = None) -> tuple[Attacked, ...]:
    """Make them as this user, and for root also as an ordinary one, at the same time. Raises SandboxError."""
    users = [None, NOBODY] if os.getuid() == 0 else [None]
    with ThreadPoolExecutor(len(users)) as pool:
        return tuple(pool.map(lambda user: attack_as(user, names=names), users))
