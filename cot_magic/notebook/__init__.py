"""A session as cells of a notebook."""
