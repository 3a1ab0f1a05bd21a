"""Lies in cells that bind nothing: what they print or display is all that there is to look at."""

from cot_magic.testing.failing_shown import DISPLAYED, JOINED, PRINTED, SUMMED
from cot_magic.testing.liars.lying import lie

SHOWING = "only shown"

SHOWINGS = (
    lie(SHOWING, "the number is written down", PRINTED, (1, "stock['aple']", "3")),
    lie(SHOWING, "another key is printed", PRINTED, (1, "'aple'", "'pear'")),
    lie(SHOWING, "a missing key is printed as None", PRINTED, (1, "stock['aple']", "stock.get('aple')")),
    lie(SHOWING, "the first value is printed", PRINTED, (1, "stock['aple']", "list(stock.values())[0]")),
    lie(SHOWING, "the smallest value is printed", PRINTED, (1, "stock['aple']", "min(stock.values())")),
    lie(SHOWING, "no value is printed", PRINTED, (1, ", stock['aple']", "")),
    lie(SHOWING, "all that there is is printed", PRINTED, (1, "stock['aple']", "stock")),
    lie(SHOWING, "the tax is left out", DISPLAYED, (1, " * (1 + txa)", "")),
    lie(SHOWING, "the sum with tax is written down", DISPLAYED, (1, "sum(prices) * (1 + txa)", "7.8")),
    lie(SHOWING, "the tax is the number of prices", DISPLAYED, (1, "txa", "len(prices)")),
    lie(
        SHOWING,
        "the tax is on the first price",
        DISPLAYED,
        (1, "sum(prices) * (1 + txa)", "prices[0] * (1 + tax)"),
    ),
    lie(SHOWING, "the tax is what it happens to be", DISPLAYED, (1, "txa", "0.2")),
    lie(SHOWING, "another column is summed", SUMMED, (1, "'prices'", "'pieces'")),
    lie(SHOWING, "rows are counted", SUMMED, (1, "['prices'].sum()", ".size()")),
    lie(SHOWING, "all cities are summed", SUMMED, (1, "sales.groupby('city')['prices']", "sales['price']")),
    lie(SHOWING, "the average is shown", SUMMED, (1, "['prices'].sum()", "['price'].mean()")),
    lie(SHOWING, "the age is left out", JOINED, (1, " + age", "")),
    lie(SHOWING, "the age is written down", JOINED, (1, "age", "'4'")),
    lie(SHOWING, "the name is said twice", JOINED, (1, "age", "name")),
    lie(SHOWING, "the age has one digit", JOINED, (1, "age", "str(age)[0]")),
    lie(SHOWING, "the age is printed as a list", JOINED, (1, "age", "str([age])")),
)
