"""The live kernel to a Case: described copies, redacted, made without running code of the user."""
