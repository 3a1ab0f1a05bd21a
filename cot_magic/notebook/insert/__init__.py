"""A fix and its tests as new cells, in whichever way the front end allows."""
