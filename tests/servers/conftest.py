"""The scripted server is tested with the connection that the tests of the package use."""

from serving import clean, connect, serve

__all__ = ["clean", "connect", "serve"]
