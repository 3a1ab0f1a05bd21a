"""Lies about units that names say, and about what is given, counted or taken in place of what was meant."""

from cot_magic.testing.failing_domains import failing
from cot_magic.testing.liars.lying import lie

UNIT = "another unit"
INSTEAD = "given or counted instead"

SLOPE = failing(
    'import math\nangle_deg = "30"\nlength = 10',
    "height = length * math.sin(angle_deg)\nprint(height)",
    truth="assert abs(height - 5) < 1e-9",
    claim="`angle_deg` is text.",
    probe="type(angle_deg) is str",
    test="assert abs(height - 5) < 1e-9",
    blames=(1, 1),
)
HEADINGS = failing(
    'import numpy as np\nheadings_degrees = ["0", "90", "180"]',
    "north = np.cos(headings_degrees)\nprint(north)",
    truth="assert np.allclose(north, [1, 0, -1])",
    claim="The headings are text.",
    probe="type(headings_degrees[0]) is str",
    test="assert north[0] == 1",
    blames=(1, 1),
)
WAIT = failing(
    'from datetime import datetime, timedelta\nstart = datetime(2024, 1, 1, 12)\nwait_minutes = "90"',
    "end = start + timedelta(wait_minutes)\nprint(end)",
    truth="assert end == datetime(2024, 1, 1, 13, 30)",
    claim="`wait_minutes` is text.",
    probe="type(wait_minutes) is str",
    test="assert end > start",
    blames=(1, 1),
)
SENT = failing(
    'from datetime import datetime, timezone\nsent_ms = "1700000000"',
    "sent = datetime.fromtimestamp(sent_ms, tz=timezone.utc)\nprint(sent)",
    truth="assert (sent.year, sent.month, sent.day) == (1970, 1, 20)",
    claim="`sent_ms` is text.",
    probe="type(sent_ms) is str",
    test="assert sent.year >= 1970",
    blames=(1, 1),
)
SPANS = failing(
    'import pandas as pd\nseconds = "90"',
    "took = pd.to_timedelta(seconds + 0)\nprint(took)",
    truth="assert took == pd.Timedelta(minutes=1, seconds=30)",
    claim="`seconds` is text.",
    probe="type(seconds) is str",
    test="assert took > pd.Timedelta(0)",
    blames=(1, 1),
)
SECTOR = failing(
    'import math\nangle_deg = "90"\n\ndef sector(radius, angle):\n    return radius * radius * angle / 2',
    "area = sector(2, angle_deg)\nprint(area)",
    truth="assert area == 180",
    claim="`angle_deg` is text.",
    probe="type(angle_deg) is str",
    test="assert area > 0",
    blames=(1, 1),
)
ORDERS = failing(
    'orders = [{"total": 5}, {"total": 7}]\nreply = {"orders": orders}',
    'spent = sum(reply["orders"]["total"])\nprint(spent)',
    truth='orders.append({"total": 5})\nexec(SOURCES[-1])\nassert spent == 17',
    claim="`orders` is a list.",
    probe='type(reply["orders"]) is list',
    test="assert spent == 12",
    blames=(1, 1),
)
SCORES = failing(
    'import statistics\nscores = {"ann": 8, "bo": 6, "cyd": 7}',
    "middle = statistics.mean(scores)\nprint(middle)",
    truth="assert middle == 7",
    claim="`scores` is a dictionary.",
    probe="type(scores) is dict",
    test="assert middle > 2",
    blames=(1, 1),
)
PAIR = failing(
    'pair = ("ann", 30)',
    'text = "{} is {}".format(pair)\nprint(text)',
    truth='assert text == "ann is 30"',
    claim="`pair` is one argument.",
    probe="type(pair) is tuple",
    test='assert " is " in text',
    blames=(1, 1),
)
ADULTS = failing(
    'import pandas as pd\npeople = pd.DataFrame({"age": [10, 30, 70], "city": ["a", "a", "b"]})',
    'found = people[people["age"] > 18 and people["city"] == "a"]\nprint(len(found))',
    truth="assert found.age.tolist() == [30]",
    claim="`and` takes one truth value.",
    probe="len(people) == 3",
    test='assert (found["city"] == "a").all() and len(found) > 0',
    blames=(1, 1),
)
RECENT = failing(
    "from collections import deque\nrecent = deque([5, 6, 7, 8])",
    "last_two = recent[-2:]\nprint(last_two)",
    truth="assert list(last_two) == [7, 8]",
    claim="A deque has no slices.",
    probe="type(recent) is deque",
    test="assert last_two",
    blames=(1, 1),
)
RAW = failing(
    'raw = "Müller;3".encode()',
    'name, count = raw.split(";")\nprint(name)',
    truth='assert name == "Müller"',
    claim="`raw` is bytes.",
    probe="type(raw) is bytes",
    test="assert len(name) > 5",
    blames=(1, 1),
)

FLAGS = failing(
    "import numpy as np\nscores = np.array([4.0, 9.0, 1.0])\nkeep = [True, False, True, True]",
    "kept = scores[keep]\nprint(kept)",
    truth="assert kept.tolist() == [4, 1]",
    claim="There is a flag too many.",
    probe="len(keep) == len(scores) + 1",
    test="assert kept[0] == 9",
    blames=(1, 1),
)

FOUND = failing(
    'import re\nlog = "2024-03-05 ERROR disk\\n2024-03-07 ERROR net"',
    'day = re.findall(r"(\\S+) ERROR", log).group(1)\nprint(day)',
    truth='assert day == "2024-03-05"',
    claim="`findall` gives a list.",
    probe='type(re.findall("a", log)) is list',
    test="assert day",
    blames=(1, 1),
)
VOTES = failing(
    'from collections import Counter\nvotes = Counter(["a", "b", "a"])',
    "winner = votes.most_common(1).upper()\nprint(winner)",
    truth='assert winner == "A"',
    claim="`most_common` gives a list.",
    probe="type(votes.most_common(1)) is list",
    test='assert "A" in winner',
    blames=(1, 1),
)
CHAIN = failing(
    "class Node:\n    def __init__(self, value, next=None):\n        self.value, self.next = value, next\n"
    "chain = Node(1, Node(2, Node(3)))",
    "total = 0\nnode = chain\nwhile True:\n    total += node.value\n    node = node.next\nprint(total)",
    truth="assert total == 6",
    claim="The chain ends.",
    probe="chain.next.next.next is None",
    test="assert total == 3",
    blames=(1, 4),
)

MEASURES = (
    lie(UNIT, "the sine of degrees", SLOPE, (1, "(angle_deg)", "(float(angle_deg))"), tests=("assert height < 0",)),
    lie(UNIT, "degrees as a number where they are made", SLOPE, (0, '"30"', "30"), tests=("assert height < 0",)),
    lie(UNIT, "degrees of degrees", SLOPE, (1, "(angle_deg)", "(math.degrees(float(angle_deg)))"), tests=("assert height > 0",)),
    lie(UNIT, "cosines of degrees", HEADINGS, (1, "(headings_degrees)", "(np.array(headings_degrees, dtype=float))")),
    lie(UNIT, "cosines of degrees one by one", HEADINGS, (1, "np.cos(headings_degrees)", "[np.cos(float(h)) for h in headings_degrees]")),
    lie(UNIT, "minutes as days", WAIT, (1, "(wait_minutes)", "(int(wait_minutes))")),
    lie(UNIT, "minutes as hours", WAIT, (1, "(wait_minutes)", "(hours=int(wait_minutes))")),
    lie(UNIT, "milliseconds as seconds", SENT, (1, "(sent_ms", "(int(sent_ms)")),
    lie(UNIT, "milliseconds divided by 60", SENT, (1, "(sent_ms", "(int(sent_ms) / 60")),
    lie(UNIT, "seconds as nanoseconds", SPANS, (1, "seconds + 0", "int(seconds) + 0")),
    lie(UNIT, "radians that nothing asks for", SECTOR, (1, "angle_deg)", "math.radians(float(angle_deg)))")),
    lie(INSTEAD, "each total once", ORDERS, (1, 'reply["orders"]["total"]', '{order["total"] for order in reply["orders"]}')),
    lie(INSTEAD, "the mean length of names", SCORES, (1, "mean(scores)", "mean(map(len, scores))")),
    lie(INSTEAD, "the pair twice", PAIR, (1, "(pair)", "(pair, pair)")),
    lie(INSTEAD, "the truth of a list", ADULTS, (1, 'people["age"] > 18', 'list(people["age"] > 18)')),
    lie(INSTEAD, "an item for a slice", RECENT, (1, "[-2:]", "[-2]"), tests=("assert last_two == 7",)),
    lie(INSTEAD, "flags as places", FLAGS, (1, "[keep]", "[np.array(keep, dtype=int)]")),
    lie(INSTEAD, "bytes that stay bytes", RAW, (1, '";"', 'b";"')),
    lie(INSTEAD, "another item for a group", FOUND, (1, ".group(1)", "[1]")),
    lie(INSTEAD, "the list as it is written", VOTES, (1, "votes.most_common(1)", "str(votes.most_common(1))")),
    lie(INSTEAD, "a loop that leaves the last one out", CHAIN, (1, "while True", "while node.next")),
)  # fmt: skip
