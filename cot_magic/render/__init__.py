"""A session as shown on a screen."""
