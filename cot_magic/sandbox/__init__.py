"""Jobs to results: confined throw-away copies of the kernel."""
