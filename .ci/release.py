"""Prepares a release: `python .ci/release.py VERSION [--dry-run]`. It neither pushes nor uploads anything.

A rehearsal in a temporary clone comes first: version and changelog are written, the wheel and the source
archive are built and checked, and the wheel is installed in a fresh environment and used. Only if all of that
works are version, changelog and dist/ written here, and the commands for the rest printed. With --dry-run
nothing is written here.
"""

import argparse
import datetime
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE = Path("cot_magic/__init__.py")
"""Where the version is: pyproject.toml reads it from here, and the other places repeat it."""
REPEATED = (
    Path("cot_magic/labextension/package.json"),
    Path("cot_magic/labextension/schemas/cot-magic/package.json.orig"),
)
CHANGELOG = Path("CHANGELOG.md")
UNRELEASED = "## [Unreleased]\n"
VERSION = re.compile(r"\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?")
IN_PYTHON = re.compile(r'^__version__ = "(?P<version>[^"]+)"$', re.MULTILINE)
IN_JSON = re.compile(r'(?P<before>"version": )"[^"]+"')


class Refused(Exception):
    """The release cannot be made; the message says why and what to do."""


def version_of(root: Path) -> str:
    """The version of a tree. Raises Refused if its places do not agree."""
    found = IN_PYTHON.search((root / SOURCE).read_text(encoding="utf-8"))
    if found is None:
        raise Refused(f'{SOURCE} has no line __version__ = "…".')
    for path in REPEATED:
        other = json.loads((root / path).read_text(encoding="utf-8"))["version"]
        if other != found["version"]:
            raise Refused(f"{SOURCE} says {found['version']}, {path} says {other}: make them agree.")
    return found["version"]


def write_version(root: Path, version: str) -> None:
    """Write the version in every place that has it."""
    source = root / SOURCE
    text = IN_PYTHON.sub(f'__version__ = "{version}"', source.read_text(encoding="utf-8"))
    source.write_text(text, encoding="utf-8")
    for path in (root / item for item in REPEATED):
        text = IN_JSON.sub(rf'\g<before>"{version}"', path.read_text(encoding="utf-8"), count=1)
        path.write_text(text, encoding="utf-8")


def dated(changelog: str, version: str, day: datetime.date) -> str:
    """The changelog with the section Unreleased moved to the version. Raises Refused if it is empty."""
    before, heading, rest = changelog.partition(UNRELEASED)
    if not heading:
        raise Refused(f"{CHANGELOG} has no section {UNRELEASED.strip()}: add it above the last version.")
    changes = re.split(r"^## ", rest, maxsplit=1, flags=re.MULTILINE)[0]
    if not re.search(r"^- \S", changes, re.MULTILINE):
        raise Refused(
            f"{CHANGELOG} lists nothing under Unreleased: a release needs a change that users notice."
        )
    if f"## [{version}]" in changelog:
        raise Refused(f"{CHANGELOG} has a section {version} already: choose another version.")
    return f"{before}{UNRELEASED}\n## [{version}] - {day.isoformat()}\n{rest}"


def check_version(version: str, current: str, tags: list[str]) -> None:
    """Raise Refused unless the version is well formed, new and not older than the current one."""
    from packaging.version import Version

    if not VERSION.fullmatch(version):
        raise Refused(f"{version!r} is no version like 1.2.3 or 1.2.3rc1.")
    if f"v{version}" in tags:
        raise Refused(f"v{version} is tagged already: choose another version.")
    if Version(version) < Version(current):
        raise Refused(f"{version} is older than {current}.")


def check_clean(root: Path) -> None:
    """Raise Refused if something is not committed."""
    changed = output("git", "status", "--porcelain", cwd=root)
    if changed:
        raise Refused(f"there are uncommitted changes; commit or remove them:\n{changed}")


def output(*command: str | Path, cwd: Path) -> str:
    """What a command prints. Raises Refused with its error output if it fails."""
    environment = {
        name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")
    }
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True
    )
    if done.returncode != 0:
        called = " ".join(str(part) for part in command)
        raise Refused(f"{called} failed with exit code {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout.rstrip()


def build(root: Path) -> Path:
    """Build and check the source archive, and the wheel from that archive. Return the folder."""
    folder = root / "dist"
    output(sys.executable, "-m", "build", "--outdir", folder, cwd=root)
    output(sys.executable, "-m", "twine", "check", "--strict", *sorted(folder.iterdir()), cwd=root)
    return folder


def try_out(wheel: Path, version: str, folder: Path) -> None:
    """Install the wheel in a fresh environment and use it there as a person would. Raises Refused."""
    venv.create(folder / "venv", with_pip=True)
    programs = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    work = folder / "work"
    work.mkdir()
    output(programs / "python", "-m", "pip", "install", "--quiet", wheel, cwd=work)
    for command, expected in (
        ((programs / "cot-magic", "--version"), version),
        ((programs / "cot-magic", "demo"), "VERIFIED"),
        ((programs / "python", "-m", "IPython", "-c", "%load_ext cot_magic\n%cot_config"), "intensity="),
    ):
        said = output(*command, cwd=work)
        if expected.casefold() not in said.casefold():
            raise Refused(f"{command[0].name} {' '.join(command[1:])} did not say {expected!r}:\n{said}")
    if not (work / "cot-demo-fixed.ipynb").exists():
        raise Refused("cot-magic demo wrote no fixed notebook.")


def rehearse(root: Path, version: str, day: datetime.date, folder: Path) -> Path:
    """Make the release in a clone in the folder. Return the clone; its dist/ has the files."""
    clone = folder / "clone"
    output("git", "clone", "--quiet", "--no-hardlinks", root, clone, cwd=folder)
    check_version(version, version_of(clone), output("git", "tag", cwd=root).split())
    changelog = clone / CHANGELOG
    changelog.write_text(dated(changelog.read_text(encoding="utf-8"), version, day), encoding="utf-8")
    write_version(clone, version)
    told(f"{version}: version and changelog written, building …")
    (wheel,) = build(clone).glob("*.whl")
    told(f"{wheel.name}: built and checked, installing it in a fresh environment …")
    try_out(wheel, version, folder)
    told("The wheel works: --version, demo and %load_ext.")
    return clone


def release(root: Path, version: str, day: datetime.date, *, dry_run: bool) -> None:
    """The whole: see the module's docstring. Raises Refused, and nothing has changed then."""
    if not dry_run:
        check_clean(root)
    with tempfile.TemporaryDirectory(prefix="cot-release-") as name:
        clone = rehearse(root, version, day, Path(name))
        if dry_run:
            told("Dry run: nothing was changed here.")
            return
        for path in (CHANGELOG, SOURCE, *REPEATED):
            shutil.copyfile(clone / path, root / path)
        shutil.copytree(clone / "dist", root / "dist", dirs_exist_ok=True)
    changed = " ".join(str(path) for path in (CHANGELOG, SOURCE, *REPEATED))
    told(
        "Written here: the version, the changelog, dist/. Read `git diff`, then:\n\n"
        f"    git commit -m 'Release {version}' -- {changed}\n"
        f"    git tag -a v{version} -m 'cot-magic {version}'\n"
        f"    git push origin HEAD v{version}\n"
        f"    python -m twine upload dist/cot_magic-{version}*"
    )


def told(text: str) -> None:
    print(text, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("version", metavar="VERSION", help="such as 0.2.0")
    parser.add_argument(
        "--dry-run", action="store_true", help="everything in a temporary folder, of what is committed"
    )
    given = parser.parse_args()
    try:
        release(ROOT, given.version, datetime.date.today(), dry_run=given.dry_run)
    except Refused as refused:
        print(f"Not released: {refused}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
