"""`zoe serve`: starts the parts of Zoe in order, and stops them in reverse."""

from zoe.serve.service import serve

__all__ = ["serve"]
