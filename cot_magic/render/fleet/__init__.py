"""SweptRows of many notebooks as a table that is read or that other programs read."""
