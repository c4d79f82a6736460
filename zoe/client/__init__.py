"""The Python client of the REST API: every route a method, every refusal a `ZoeError` with the server's own words.

with Client("http://localhost:5001", token="...") as zoe:
    number = zoe.submit(zapp, name="mine")
    print(zoe.wait(number)["status"])
"""

from zoe.client.accounts import Nouns
from zoe.client.connection import Client
from zoe.client.documents import API, ENDED, Document, Execution, ServerFailedError, ServerUnreachableError

__all__ = [
    "API",
    "ENDED",
    "Client",
    "Document",
    "Execution",
    "Nouns",
    "ServerFailedError",
    "ServerUnreachableError",
]
