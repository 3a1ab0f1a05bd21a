"""Mistakes put into working code: the repairs of the debugger, done backwards."""
