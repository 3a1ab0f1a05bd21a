"""Repair by search: typed edits of the code that failing asserts execute, screened in one confined copy."""
