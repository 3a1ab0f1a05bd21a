"""Personal data is withheld from what leaves, and what only looks like it is not."""

import ast
import random

import pytest

from cot_magic.capture.secrets.redactor import Redactor

DATA = {
    "e-mail address": ["ann.lee@example.com", "j+news@mail.uni-koeln.de", "Ünal@firma.com.tr", "a_b@sub.corp.io",
        "ann(at)example.com", "ann.lee [at] example [dot] com",
    ],
    "phone number": [
        "+49 151 2345 6789", "+1 (212) 555-0147", "(415) 555-2671", "212-555-0188", "+4915112345678",
        "0171 / 2345678", "(0221) 4710-123", "1-800-555-0199", "555.867.5309",
    ],
    "IBAN": ["DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432", "FR14 2004 1010 0505 0001 3M02 606", "ch9300762011623852957"],
    "card number": [
        "4111 1111 1111 1111", "5555555555554444", "3782 822463 10005", "6011-1111-1111-1117", "30569309025904",
    ],
    "social security number": ["219-09-9999", "078-05-1120", "457-55-5462"],
}  # fmt: skip
ALL = [(kind, value) for kind, values in DATA.items() for value in values]
HARMLESS = [
    "z = X@w.mean(axis=0)", "loss = (A@b.T).sum()", "m @ v.to(device)", "@app.route('/x')", "git@github.com:me/repo.git",
    "2024-05-17 12:30:00", "1717000000000000000", "version 10.20.30.40", "3.14159265358979", "0000-0000-0000-0000",
    "4111 1111 1111 1112", "DE89 3704 0044 0532 0130 01", "000-12-3456", "900-12-3456", "219-09-99991",
    "+1700000000\n-1700000000", "a +12345678", "[4000, 10000, 31999]", "1e-4 to 1e+12", "ISBN 978-3-16-148410-0",
    "shape (120, 64, 64, 3)", "0x7f3a9c001234", "127.0.0.1:8888", "12345678-1234-5678-1234-567812345678",
    "id 4532015112830367", "the 555-0100 line",
    "tel = df[3]", "the phone column has 3 rows", "nhs = 3", "version 555.12.1", "1/2345678", "print(at)[dot]",
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value"), ALL)
def test_personal_data_is_withheld_wherever_it_is_in_a_string(kind: str, value: str) -> None:
    redactor = Redactor({}).leaving()
    for form in (
        "{}",
        "KeyError: '{}'",
        "call {}, please",
        "<{}>",
        "name;{};x",
        '{{"v": "{}"}}',
        "at {}.\nNext",
    ):
        said = form.format(value)
        assert value not in redactor.text(said)
        assert f"<redacted: {kind}" in redactor.text(said)


@pytest.mark.parametrize(("kind", "value"), ALL)
def test_source_stays_source_without_the_personal_data(kind: str, value: str) -> None:
    redactor = Redactor({}).leaving()
    source = f"people = [{value!r}, 3]  # {value}\nprint(people)\n"
    shown = redactor.source(source)
    assert value not in shown
    ast.parse(shown)
    assert redactor.restore(shown, source) == source


@pytest.mark.parametrize(
    ("label", "number"),
    [
        ("Tel. ", "030 12345678"), ("phone: ", "4710123"), ("mobile no. ", "0171 2345678"),
        ("SSN ", "078051120"), ("ssn: ", "219 09 9998"), ("passport ", "C01X00T47"),
        ("Steuer-ID: ", "86095742719"), ("AHV ", "756.9217.0769.85"), ("NHS ", "943 476 5919"),
    ],
)  # fmt: skip
def test_a_number_is_personal_by_the_word_before_it(label: str, number: str) -> None:
    redactor = Redactor({}).leaving()
    assert number not in redactor.text(f"see {label}{number} there")
    assert number not in redactor.source(f"note = {label + number!r}")
    assert (
        redactor.text(f"row {number.replace(' ', '')[:7]} there")
        == f"row {number.replace(' ', '')[:7]} there"
    )


@pytest.mark.parametrize("said", HARMLESS)
def test_what_only_looks_like_personal_data_stays(said: str) -> None:
    assert Redactor({}).leaving().text(said) == said


@pytest.mark.parametrize(("kind", "value"), ALL)
def test_the_case_in_memory_and_whoever_wants_it_shown_keep_it(kind: str, value: str) -> None:
    redactor = Redactor({})
    assert redactor.text(value) == value
    assert redactor.leaving(personal=False).text(value) == value
    assert redactor.leaving().text(value) != value
    assert redactor.text(value) == value  # what the one remembers is not what the other withholds


def test_the_redactors_share_what_they_know_and_count() -> None:
    redactor = Redactor({})
    leaving = redactor.leaving()
    redactor.learn("token", "zq8Jx-opensesame-17")
    assert "opensesame" not in leaving.text("say zq8Jx-opensesame-17 to ann.lee@example.com")
    assert leaving.count == redactor.count == 2
    leaving.learn("token", "vw3Kp-anotherone-29")
    assert "anotherone" not in redactor.text("vw3Kp-anotherone-29")


def test_generated_cards_and_accounts_with_right_check_digits_are_withheld_and_others_are_not() -> None:
    chance = random.Random(7)
    for _ in range(200):
        body = "4" + "".join(chance.choices("0123456789", k=14))
        right = next(digit for digit in "0123456789" if _luhn(body + digit))
        wrong = str((int(right) + 1) % 10)
        assert body + right not in Redactor({}).leaving().text(f"card {body}{right}!")
        assert body + wrong in Redactor({}).leaving().text(f"card {body}{wrong}!")
        account = "".join(chance.choices("0123456789", k=18))
        check = 98 - int(f"{account}131400") % 97  # DE is 13 14
        iban = f"DE{check:02d}{account}"
        assert iban not in Redactor({}).leaving().text(f"to {iban}.")
        assert Redactor({}).leaving().text(f"to DE{(check + 1) % 97:02d}{account}.").count("IBAN") == 0


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
