"""Remedies as tables: what the message says, a pattern of the code, and what to write instead."""
