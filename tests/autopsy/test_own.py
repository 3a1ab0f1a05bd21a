"""Failures in files of the person's own that a cell called into."""

import sys
from pathlib import Path

import pytest

_SHOP = """class Cart:
    def __init__(self):
        self.items = [('pen', 1.5), ('ink', 8, 1)]

    def total(self):
        return sum(price for name, price in self.items)


RATES = {'food': 7, 'book': 7}


def gross(item):
    return item['price'] * (1 + RATES[item['kind']])
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a module in a folder on the path, which leaves no trace."""
    (tmp_path / "shop_of_a_test.py").write_text(_SHOP, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.delitem(sys.modules, "shop_of_a_test", raising=False)
    return "shop_of_a_test"


def test_the_line_of_the_file_and_the_missing_key_are_told(mortuary, shop: str) -> None:
    fact = mortuary.facts(f"import {shop} as shop", "shop.gross({'price': 2, 'kind': 'books'})").first(
        "own.failed"
    )
    assert "fails in line 13 in `gross`: `return item" in fact.text
    assert "`RATES` has no `'books'`; it has 'food', 'book'." in fact.text
    assert fact.value["wanted"] == "'books'"
    assert [item["text"] for item in fact.value["candidates"]] == ["'book'"]


def test_an_element_that_a_generator_cannot_take_apart_is_told(mortuary, shop: str) -> None:
    facts = mortuary.facts(f"from {shop} import Cart\ncart = Cart()", "cart.total()")
    assert (
        "`self.items[1]` is `('ink', 8, 1)`: 3 values for the names `name, price`." in facts.first("own").text
    )


def test_a_library_is_not_the_persons_own(mortuary) -> None:
    assert mortuary.facts("import json", "json.loads('{')").first("own") is None
