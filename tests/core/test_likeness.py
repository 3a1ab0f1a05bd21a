"""Which of the names that are there are most like the one that is wanted."""

from cot_magic.core.likeness import alike


def test_a_value_of_several_words_is_most_like_those_that_share_the_most_of_them() -> None:
    known = ["lower left", "upper left", "upper right", "center"]
    assert [item.key for item in alike("top left", known)] == ["lower left", "upper left"]
    assert alike("somewhere", known) == []
