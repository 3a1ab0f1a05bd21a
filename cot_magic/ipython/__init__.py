"""The extension of IPython: magics, hooks and what they remember of one shell."""
