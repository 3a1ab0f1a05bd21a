"""The Claude reasoner: a conversation over five phases in which every experiment really runs."""
