"""Other values of the kind of one, as source for a copy: what an operation or an assert is tried on."""

LIKE = """
def _like(value):
    kind = type(value).__name__
    if isinstance(value, str):
        pieces = [*value.split(), *__import__('re').findall(r'\\w+', value)]
        ends = [value[:n] for n in (1, 2, 3)] + [value[-n:] for n in (1, 2, 3)]
        quoted = value.translate({39: 34, 34: 39})
        return list(dict.fromkeys([*pieces[:12], *ends, quoted, '', '0', '12', '2.5', 'a b', '[]', '{}']))
    if isinstance(value, (list, tuple)):
        alike = [item for item in value if type(item) is type(value[0])][:6]
        some = [[item] for item in value[:6]] + [list(value[:2]), list(value[::-1]), alike, alike[::-1], []]
        some += [] if len(value) else [[1]]
        some += [[3, 1, 2], ['b', 'a']] if type(value) is list else []
        return [type(value)(items) for items in some] if type(value) in (list, tuple) else []
    if isinstance(value, dict):
        return [{key: value[key]} for key in list(value)[:6]] + [{}]
    if isinstance(value, (int, float)):
        return [type(value)(number) for number in (0, 1, 2, 3, -1)]
    if kind in ('Series', 'DataFrame', 'Index'):
        frame = value if kind == 'Index' else value.iloc
        some = [frame[place:place + 1] for place in range(min(len(value), 6))] + [frame[: len(value) // 2]]
        words = value.select_dtypes('object').columns if kind == 'DataFrame' else []
        return some + [value.drop(columns=name) for name in words[:6]]
    if kind == 'ndarray' and value.ndim:
        return [value[:1], value[:2], value[..., :1], value[..., :2]]
    return []
"""
"""Defines `_like(value)`, a list of such values; empty if it knows none."""
