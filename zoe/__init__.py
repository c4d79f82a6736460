"""Zoe: container analytics as a service."""

__version__ = "1.0.0.dev0"
