"""Rules for code that Python cannot parse."""
