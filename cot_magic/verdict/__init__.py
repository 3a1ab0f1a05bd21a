"""What a ✓ needs beyond passing: challenges that a fix has to withstand, each run in copies of the kernel."""
