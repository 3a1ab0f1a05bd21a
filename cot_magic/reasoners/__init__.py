"""Reasoners: a case to steps."""
