"""Failures that come and go without tasks or threads: how often, what decides, and what can be done."""
