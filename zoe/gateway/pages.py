"""What the gateway itself says to a browser, in words; the same page for what is unknown and for what is foreign."""

from html import escape

from aiohttp import web

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 15vh auto; padding: 0 1rem; }}
h1 {{ font-size: 1.4rem; }}
</style></head>
<body><main><h1>{title}</h1><p role="status">{text}</p>{link}</main></body></html>
"""
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
}
_AGAIN = {"Retry-After": "1"}


class ToCome(web.Response):
    """The answer for what is to come. `dialled`: for how many seconds in vain, if it runs and does not answer yet."""

    dialled: float | None = None


def page(code: int, title: str, text: str, web_url: str | None = None) -> web.Response:
    """Return a page of the gateway's own."""
    return web.Response(status=code, text=_text(title, text, web_url), content_type="text/html", headers=_HEADERS)


def _text(title: str, text: str, web_url: str | None) -> str:
    link = f'<p><a href="{escape(web_url)}/">To your executions</a></p>' if web_url else ""
    return _PAGE.format(title=escape(title), text=escape(text), link=link)


def unknown(web_url: str) -> web.Response:
    """Answer for what is not there, and for what is somebody else's."""
    text = "There is no such page, or it is not one of yours. Executions that have been removed are not there any more."
    return page(404, "Nothing here", text, web_url)


def ended(execution: int, web_url: str) -> web.Response:
    """Answer for an execution, or a service, that has ended."""
    return page(410, "This has ended", f"What you ask for has ended with execution {execution}.", web_url)


def to_come(service: str, status: str, web_url: str, dialled: float | None = None) -> ToCome:
    """Answer for a service that does not run yet, or does not answer yet; the page asks again by itself."""
    text = _text(f"{service} is starting", f"It is {status}; this page opens by itself.", web_url)
    headers = {**_HEADERS, **_AGAIN, "Refresh": "1"}
    answer = ToCome(status=503, text=text, content_type="text/html", headers=headers)
    answer.dialled = dialled
    return answer


def no_way(service: str, why: str, web_url: str) -> web.Response:
    """Answer for a service that runs, and that the backend knows no way to yet; the page asks again by itself."""
    text = f"It runs, but no way leads there yet: {why}. This page opens by itself."
    answer = page(503, f"{service} cannot be reached", text, web_url)
    answer.headers.update({"Refresh": "1", **_AGAIN})
    return answer


def silent(service: str, why: str, web_url: str) -> web.Response:
    """Answer for a service that runs and cannot be talked to."""
    answer = page(502, f"{service} does not answer", f"{why} Its log may tell more.", web_url)
    answer.headers.update(_AGAIN)
    return answer


def not_signed_in() -> web.Response:
    """Answer for a program that came without a sign-in."""
    text = "Sign in first: open this address in a browser, or send a token."
    answer = page(401, "Not signed in", text)
    answer.headers["WWW-Authenticate"] = 'Bearer realm="Zoe"'
    return answer


def other_origin() -> web.Response:
    """Answer for a page that acts on a service of another origin."""
    return page(403, "Not from here", "This request comes from a page of another origin; the gateway does not pass it.")


def odd_path() -> web.Response:
    """Answer for a path that can be read in two ways."""
    return page(400, "Not an address", "The path of this address holds what no browser sends.")
