"""The search for a failing schedule: strategies, batches, processes, shrinking."""
