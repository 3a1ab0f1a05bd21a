"""A session to a screen."""
