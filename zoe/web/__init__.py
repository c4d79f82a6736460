"""The web pages: what people see of Zoe, over the same functions as the REST API. The only part that knows Jinja."""

from zoe.web.mount import create_site

__all__ = ["create_site"]
