"""A session to cells of a notebook."""
