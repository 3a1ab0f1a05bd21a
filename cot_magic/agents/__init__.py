"""The tools that agents call: over stdio, in a Jupyter server, and the skill that says when to use them."""
