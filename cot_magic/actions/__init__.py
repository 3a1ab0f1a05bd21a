"""What a person can ask for: functions from the state of a kernel and settings to a result."""
