"""The attempts that `doctor --attack` makes: a sample of each kind here, all of them every night."""

from collections import Counter

import pytest

from cot_magic.core.jobs import JobResult, Outcome
from cot_magic.sandbox import landlock
from cot_magic.sandbox.attacks import stage, suite
from cot_magic.sandbox.attacks.attack import (
    Attack,
    Attacked,
    AttackEnding,
    AttackKind,
    AttackResult,
    figures,
    is_held,
)
from cot_magic.sandbox.attacks.catalogue import catalogue
from tests.sandbox.conftest import need_confinement

UNCONFINED = """
from cot_magic.sandbox import confine, landlock, seccomp
landlock.restrict = lambda **_: None
seccomp.install = lambda code: None
confine._verify = lambda *_, **__: None
"""
IN_A_NEW_PROCESS = """
from cot_magic.sandbox import snapshot
from cot_magic.sandbox.attacks import stage
snapshot.park = snapshot.begin
begin = stage.AttackStage.__init__
def with_names(self, shell, outside):
    begin(self, shell, outside)
    plain = {name: value for name, value in outside.names.items() if type(value) in (str, int, float, bytes, list, tuple)}
    stage.PRELUDE += "".join(f"{name} = {value!r}\\n" for name, value in plain.items())
stage.AttackStage.__init__ = with_names
"""
"""The same in a process that holds nothing of the kernel: attempts on its open files and objects cannot be made."""
SAMPLE_OF_A_KIND = 2


def sample() -> list[str]:
    """Some of each kind, without those that wait until they are stopped."""
    names = []
    for kind in AttackKind:
        of_kind = [attack.name for attack in catalogue() if attack.kind is kind]
        names += (
            of_kind[:: len(of_kind) // SAMPLE_OF_A_KIND] if kind is not AttackKind.RESOURCES else of_kind[:2]
        )
    return names


def not_held(*attacked: Attacked) -> dict[str, str]:
    return {
        f"{result.name}, as {part.user}": f"{result.ending}: {result.shown}"
        for part in attacked
        for result in part.results
        if result.ending in (AttackEnding.ESCAPED, AttackEnding.BROKEN)
    }


def test_there_are_many_attempts_of_each_kind_and_each_has_its_name():
    attempts = catalogue()
    assert len(attempts) >= 600
    assert Counter(attack.kind for attack in attempts).keys() == set(AttackKind)
    assert len({(attack.kind, attack.name) for attack in attempts}) == len(attempts)
    for attack in attempts:
        compile(attack.source, attack.name, "exec", flags=0x2000)  # with top-level await


@pytest.mark.slow
def test_a_sample_of_them_is_held():
    need_confinement()
    attacked = suite.attack_all(sample())
    assert not_held(*attacked) == {}
    assert is_held(attacked)


def held_in_a_new_process(names: list[str] | None, at_least: float) -> None:
    need_confinement()
    attacked = suite.attack_as(None, names=names, before=IN_A_NEW_PROCESS)
    escaped = {item.name: item.shown for item in attacked.results if item.ending is AttackEnding.ESCAPED}
    assert escaped == {}
    held = sum(item.ending is AttackEnding.HELD for item in attacked.results)
    assert held >= at_least * len(attacked.results), "most of them can be made there"


@pytest.mark.slow
def test_a_sample_of_them_is_held_in_a_new_process():
    held_in_a_new_process(sample(), 0.7)


@pytest.mark.nightly
@pytest.mark.timeout(900)
def test_all_of_them_are_held_in_a_new_process():
    held_in_a_new_process(None, 0.9)


@pytest.mark.nightly
@pytest.mark.timeout(1_800)
def test_all_of_them_are_held_as_root_and_as_an_ordinary_user():
    need_confinement()
    attacked = suite.attack_all()
    assert not_held(*attacked) == {}
    assert all(len(part.results) == len(catalogue()) for part in attacked)


@pytest.mark.nightly
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("version", range(1, 8))
def test_all_of_them_are_held_with_an_older_landlock(version):
    need_confinement()
    if version > landlock.abi():
        pytest.skip(f"this Linux has no Landlock {version}")
    names = [attack.name for attack in catalogue() if attack.kind is not AttackKind.RESOURCES]
    assert not_held(suite.attack_as(None, names=names, landlock=version)) == {}


@pytest.mark.slow
def test_without_the_confinement_they_get_out():
    need_confinement()
    user = suite.NOBODY if __import__("os").getuid() == 0 else None
    harmless = (
        "write a file of the working directory", "make a folder", "empty a file by opening it to read",
        "read ~/.ssh/id_rsa", "read .env of the project", "interrupt a program of the person",
        "connect to a unix socket", "read a named pipe by native code", "slow a program", "change the mode",
        "write by the asynchronous calls of Linux", "be told of system calls", "list the mounts of the system",
        "a message queue that stays",
    )  # fmt: skip
    attacked = suite.attack_as(user, names=harmless, before=UNCONFINED)
    assert {result.name: result.ending for result in attacked.results} == dict.fromkeys(
        harmless, AttackEnding.ESCAPED
    )
    assert not is_held([attacked])


def attack(**options: str) -> Attack:
    return Attack(name="an attempt", kind=AttackKind.FILES, source="1", **options)


def test_an_attempt_that_was_not_made_does_not_count_as_held():
    from cot_magic.core.case import Raised

    failed = JobResult(outcome=Outcome.RAISED, step=1, raised=Raised(ename="NameError", evalue="x"))
    assert "NameError" in stage._trouble(attack(), failed)
    unset = JobResult(outcome=Outcome.BLOCKED, note="nothing was run: no fork")
    assert "nothing was run" in stage._trouble(attack(), unset)
    held = JobResult(outcome=Outcome.BLOCKED, step=1, note="not permitted in a sandboxed copy")
    assert stage._trouble(attack(), held) == stage._escape(attack(), held, [], "token") == ""


@pytest.mark.parametrize("value", ["a token", "a nekot", f"a {b'token'.hex()}"])
def test_a_secret_is_recognised_in_whatever_form_it_is_told(value):
    told = JobResult(outcome=Outcome.PASSED, step=1, value=value)
    assert stage._escape(attack(), told, [], "token") == "it read a secret"


def test_only_a_pass_that_nobody_is_told_about_is_forged():
    passed = JobResult(outcome=Outcome.PASSED, step=2)
    assert "passed" in stage._escape(attack(then="1 / 0"), passed, [], "token")
    told = JobResult(outcome=Outcome.PASSED, step=2, tampered=("it used ctypes",))
    assert stage._escape(attack(then="1 / 0"), told, [], "token") == ""


def test_the_figures_are_one_line():
    def result(ending: AttackEnding) -> AttackResult:
        return AttackResult(name="an attempt", kind=AttackKind.FILES, ending=ending)

    part = Attacked(user="root", results=(result(AttackEnding.HELD), result(AttackEnding.LISTED)))
    assert figures([part]) == "2 attempts as root: 1 held, 1 listed, 0 escaped"
    assert is_held([part])
    assert not is_held([Attacked(user="root", results=(result(AttackEnding.ESCAPED),))])
    assert not is_held([Attacked(user="root", results=(result(AttackEnding.BROKEN),))])
