"""The Claude reasoner: a conversation in five phases, in which every experiment really runs."""
