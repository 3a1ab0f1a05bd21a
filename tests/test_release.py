"""The release script refuses what is not ready, changes nothing then, and a rehearsal leaves the tree as it was."""

import datetime
import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
DAY = datetime.date(2026, 11, 29)
CHANGELOG = "# Changelog\n\n## [Unreleased]\n\n### Added\n- A thing.\n\n## [0.0.9] - 2026-01-01\n- Older.\n"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("release", ROOT / ".ci" / "release.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def git(*arguments: str, cwd: Path) -> str:
    identity = ("-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *identity, *arguments], cwd=cwd, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository of its own with the files of this one, all committed."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("needs git and a clone")
    listed = git("ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT).split("\0")
    folder = tmp_path / "repository"
    for name in filter(None, listed):
        if (ROOT / name).is_file():  # one that was removed is still listed
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    git("init", "--quiet", "--initial-branch=main", cwd=folder)
    git("add", "--all", cwd=folder)
    git("commit", "--quiet", "--message=All", cwd=folder)
    return folder


def test_the_version_is_the_same_wherever_it_is_written(script: ModuleType) -> None:
    import cot_magic

    assert script.version_of(ROOT) == cot_magic.__version__
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert 'dynamic = ["version"]' in project
    assert f'path = "{script.SOURCE}"' in project


def test_places_that_do_not_agree_are_named(script: ModuleType, repository: Path) -> None:
    script.write_version(repository, "9.8.7")
    assert script.version_of(repository) == "9.8.7"
    assert len(git("status", "--porcelain", cwd=repository).splitlines()) == 1 + len(script.REPEATED)
    path = repository / script.REPEATED[0]
    path.write_text(path.read_text().replace("9.8.7", "9.8.6"))
    with pytest.raises(script.Refused, match=r"says 9\.8\.7, .*package\.json says 9\.8\.6"):
        script.version_of(repository)


def test_what_is_unreleased_moves_to_the_version(script: ModuleType) -> None:
    text = script.dated(CHANGELOG, "0.1.0", DAY)
    assert text.startswith(
        "# Changelog\n\n## [Unreleased]\n\n## [0.1.0] - 2026-11-29\n\n### Added\n- A thing.\n"
    )
    assert text.endswith("\n\n## [0.0.9] - 2026-01-01\n- Older.\n")


@pytest.mark.parametrize(
    ("changelog", "reason"),
    [
        (CHANGELOG.replace("Unreleased", "Next"), "no section"),
        (CHANGELOG.replace("- A thing.\n", ""), "lists nothing under Unreleased"),
        (CHANGELOG.replace("0.0.9", "0.1.0"), "has a section 0.1.0 already"),
    ],
)
def test_a_changelog_that_is_not_ready_is_refused(script: ModuleType, changelog: str, reason: str) -> None:
    with pytest.raises(script.Refused, match=reason):
        script.dated(changelog, "0.1.0", DAY)


@pytest.mark.parametrize(
    ("version", "reason"),
    [("1.2", "no version"), ("v1.2.3", "no version"), ("0.0.9", "older"), ("1.0.0", "tagged")],
)
def test_a_version_that_cannot_come_next_is_refused(script: ModuleType, version: str, reason: str) -> None:
    with pytest.raises(script.Refused, match=reason):
        script.check_version(version, "0.1.0", ["v1.0.0"])


@pytest.mark.parametrize("version", ["0.1.0", "0.2.0rc1", "1.0.1"])
def test_a_version_that_can_come_next_is_accepted(script: ModuleType, version: str) -> None:
    script.check_version(version, "0.1.0", ["v1.0.0"])


def test_with_uncommitted_changes_nothing_is_released(repository: Path) -> None:
    (repository / "new.txt").write_text("x")
    done = subprocess.run(
        [sys.executable, ".ci/release.py", "9.0.0"], cwd=repository, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "uncommitted changes" in done.stderr
    assert "new.txt" in done.stderr


@pytest.mark.slow
@pytest.mark.nightly
@pytest.mark.timeout(1_200)  # it builds, and installs all dependencies in a fresh environment
def test_a_rehearsal_builds_installs_and_uses_the_wheel_and_changes_nothing(repository: Path) -> None:
    from cot_magic.sandbox.machine import probe

    if not probe().available:
        pytest.skip("needs confined copies: the demo ends in a verified fix")
    command = [sys.executable, ".ci/release.py", "99.0.0", "--dry-run"]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=1_100)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "cot_magic-99.0.0-py3-none-any.whl: built and checked" in done.stdout
    assert "The wheel works" in done.stdout
    assert git("status", "--porcelain", "--ignored", cwd=repository) == ""
    assert git("tag", cwd=repository) == ""
