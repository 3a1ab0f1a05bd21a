"""What is said to a model about a case, and what its answers are taken for."""
