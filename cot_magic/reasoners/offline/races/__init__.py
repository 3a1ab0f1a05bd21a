"""Rules for failures that depend on the order of tasks or threads."""
