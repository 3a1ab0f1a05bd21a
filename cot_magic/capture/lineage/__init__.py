"""Which cells ran, and which of them the failing one depends on."""
