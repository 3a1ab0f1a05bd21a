"""One turn with a server that speaks the Messages API: what is sent, what arrives, what may go wrong."""
