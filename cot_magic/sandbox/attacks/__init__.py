"""Attempts to get out of a confined copy, made on a stage of their own: what `doctor --attack` runs."""
