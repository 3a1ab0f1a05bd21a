"""cot-magic: the notebook debugger whose every ✓ was executed."""

__version__ = "0.1.0"
