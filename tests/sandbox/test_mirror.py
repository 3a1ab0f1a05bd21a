"""Code that writes files into its folder runs to its end in a copy of the folder, and nothing changes there."""

import pytest

from cot_magic.core.case import Raised
from cot_magic.core.jobs import IN_A_COPY, Job, JobResult, JobStep, Outcome
from cot_magic.sandbox import mirror


@pytest.fixture
def folder(kernel, tmp_path):
    (tmp_path / "old.txt").write_text("old")
    (tmp_path / "large.bin").write_bytes(b"x" * (mirror.LARGEST + 1))
    before = kernel.run("import os; print(os.getcwd())").strip()
    kernel.run(f"os.chdir({str(tmp_path)!r})")
    kernel.park()
    yield kernel
    kernel.run(f"os.chdir({before!r})")


def run_in(folder, source):
    return folder.jobs(Job(steps=(JobStep(source=source),), copies_folder=True))[0]


def test_without_being_asked_for_nothing_is_copied(folder) -> None:
    assert folder.job("open('new.txt', 'w')").outcome is Outcome.BLOCKED


def test_a_new_file_is_written_in_a_copy_and_that_is_said(folder, tmp_path) -> None:
    result = run_in(folder, "open('new.txt', 'w').write('a')\nlen(open('new.txt').read())")
    assert (result.outcome, result.value, result.note) == (Outcome.PASSED, "1", IN_A_COPY)
    assert "write new.txt" in result.effects
    assert not (tmp_path / "new.txt").exists()


def test_a_file_that_is_there_can_be_read_and_replaced_in_the_copy(folder, tmp_path) -> None:
    result = run_in(folder, "text = open('old.txt').read()\nopen('old.txt', 'w').write('new')\ntext")
    assert (result.outcome, result.value) == (Outcome.PASSED, "'old'")
    assert (tmp_path / "old.txt").read_text() == "old"


def test_a_large_file_can_be_read_and_not_replaced(folder, tmp_path) -> None:
    read = run_in(folder, "open('new.txt', 'w').close()\nlen(open('large.bin', 'rb').read())")
    assert (read.outcome, read.value) == (Outcome.PASSED, str(mirror.LARGEST + 1))
    assert run_in(folder, "open('large.bin', 'wb')").outcome is Outcome.BLOCKED
    assert (tmp_path / "large.bin").stat().st_size == mirror.LARGEST + 1


def test_what_fails_after_it_wrote_is_the_failure_of_the_code(folder) -> None:
    result = run_in(folder, "open('new.txt', 'w').close()\n1 / 0")
    assert (result.outcome, result.raised.ename) == (Outcome.RAISED, "ZeroDivisionError")


@pytest.mark.parametrize("path", ["/cot-new.txt", "../new.txt"])
def test_elsewhere_nothing_can_be_written(folder, path) -> None:
    assert run_in(folder, f"open({path!r}, 'w')").outcome is Outcome.BLOCKED


@pytest.mark.parametrize(
    ("effects", "again"),
    [(("write out.csv",), True), (("make folder out",), True), (("connect host:80",), False), ((), False)],
)
def test_only_a_write_into_the_folder_is_tried_again(effects, again) -> None:
    raised = Raised(ename="PermissionError", evalue="", bases=())
    assert mirror.wanted(JobResult(outcome=Outcome.BLOCKED, raised=raised, effects=effects)) is again
    assert not mirror.wanted(JobResult(outcome=Outcome.RAISED, raised=raised, effects=effects))
