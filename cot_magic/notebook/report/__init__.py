"""A session as a notebook that runs."""
