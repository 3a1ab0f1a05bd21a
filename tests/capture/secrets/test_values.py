"""Known values are found again."""

from hypothesis import given, settings
from hypothesis import strategies as st

from cot_magic.capture.secrets.values import KnownValues, forms


@settings(max_examples=2 * settings().max_examples)
@given(data=st.data())
def test_known_values_and_their_pieces_are_found_everywhere(data: st.DataObject) -> None:
    values = data.draw(
        st.lists(st.text("abAB12é'\"\\/ %", min_size=8, max_size=24), min_size=1, max_size=5, unique=True)
    )
    known = KnownValues()
    for value in values:
        known.add(value, generated=True)
    written = [form for value in values for form in sorted(forms(value))]
    text = "".join(data.draw(st.lists(st.sampled_from([*written, *" aA1'"]), max_size=6)))
    found = {(start, end) for start, end, _ in known.find(text)}
    for form in written:
        start = text.find(form)
        assert start < 0 or any(a <= start and start + len(form) <= b for a, b in found)
    assert all(any(text[start:end] in form for form in written) or end - start >= 8 for start, end in found)
    assert all(0 <= start < end <= len(text) for start, end in found)
