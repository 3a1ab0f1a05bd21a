"""Live values as bounded, described copies, made without running their code."""
