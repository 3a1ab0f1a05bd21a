"""One schedule of threaded code: one thread at a time, switched where a decision says so."""
