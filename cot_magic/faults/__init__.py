"""Working code to code with a mistake: what the repairs of the debugger do, done backwards."""
