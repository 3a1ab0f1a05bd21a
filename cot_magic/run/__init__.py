"""One run: a case in, a finished session out, shown and recorded."""
