"""Rules of the offline reasoner: each knows one way in which code fails, and how to test whether it is this
one."""
