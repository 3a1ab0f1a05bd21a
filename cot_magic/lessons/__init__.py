"""A lesson on a finished session, and assignments for a class."""
