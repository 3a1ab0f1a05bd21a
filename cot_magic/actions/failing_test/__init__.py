"""A failing test as a notebook: debugged in a copy of its project, where its fix is tried."""
