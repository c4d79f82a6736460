"""Style, scripts and pictures: read once, and kept by browsers until they change."""

from zoe.api.forms import Form
from zoe.api.operation import Call, Need
from zoe.api.pages import Shown, page
from zoe.errors import NotFoundError
from zoe.web.site import STATIC, WebPage

KINDS = {".css": "text/css; charset=UTF-8", ".js": "text/javascript; charset=UTF-8", ".svg": "image/svg+xml"}
FILES = {path.name: (path.read_bytes(), KINDS[path.suffix]) for path in STATIC.iterdir() if path.suffix in KINDS}
_KEPT = {"Cache-Control": "public, max-age=31536000, immutable"}


class StaticFile(WebPage):
    """One file."""

    @page(Need.NOTHING, connected=False)
    def on_get(self, call: Call[Form], name: str) -> Shown:
        """Return a file; its address holds its version."""
        if name not in FILES:
            raise NotFoundError(kind="file", name=ascii(name[:80]))
        content, kind = FILES[name]
        return Shown(content, kind, headers=_KEPT if call.request.get_param("v") else {})
