"""Rules for exceptions, loaded by the class of the exception."""
