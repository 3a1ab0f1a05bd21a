"""What a model is told about a case, and how its answers are read, checked and acted on."""
