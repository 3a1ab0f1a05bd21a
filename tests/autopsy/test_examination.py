"""The autopsy as a whole: bounded in time, whatever the person's objects do; nothing secret, nothing run twice."""

from cot_magic.autopsy import examination

STUBBORN = """
class Stubborn:
    @property
    def size(self):
        while used:
            try:
                while True: pass
            except Exception:
                continue
        return 3
stubborn, used = Stubborn(), []
"""


def test_a_property_that_never_returns_costs_one_analyser_and_not_the_others(mortuary, monkeypatch) -> None:
    monkeypatch.setattr(examination, "ANALYSERS", ("inside", "inside"))
    monkeypatch.setattr(examination, "EACH_S", 0.05)
    facts = mortuary.facts(STUBBORN, "assert stubborn.size == 4 or used.append(1)")
    assert len(facts.unfinished) == 1  # the second one does not try again what took too long
    assert "stubborn" in [item.value["expression"] for item in facts.of("inside.value")]


def test_an_analyser_that_fails_is_named_and_the_others_go_on(mortuary, monkeypatch) -> None:
    monkeypatch.setattr(examination, "ANALYSERS", ("missing", "inside"))
    facts = mortuary.facts("n = 3", "assert n == 4")
    assert "missing" in facts.unfinished[0]
    assert facts.first("inside.compared").value["left_value"] == "3"


def test_a_secret_does_not_leave_the_copy(mortuary) -> None:
    facts = mortuary.facts("password = 'hunter2-and-more-9'", "assert password == 'x'")
    assert facts
    assert "hunter2" not in repr(facts)


def test_printing_while_it_is_examined_is_not_seen(mortuary, capsys) -> None:
    facts = mortuary.facts("def loud(n):\n    print('loud')\n    return n", "assert loud(1) == 2")
    assert facts.first("inside.compared").value["left_value"] == "1"
    assert capsys.readouterr().out.count("loud\n") == 1
