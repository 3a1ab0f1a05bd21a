"""Many notebooks, each run and debugged in a process, kernel and working copy of its own."""
