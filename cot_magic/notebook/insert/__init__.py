"""A fix and its tests as new cells, whichever way the front end offers."""
