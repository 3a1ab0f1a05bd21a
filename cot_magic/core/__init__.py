"""The pure heart: values, events and judgement. Standard library only, no files, no clock, no kernel."""
