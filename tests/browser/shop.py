"""A shop to test with: a small web server, one that nobody's cluster has room for, and what a stranger might write."""

import json
from pathlib import Path
from typing import Any

HOSTILE = "<script>document.title='taken'</script>\u202e<img src=x onerror=alert(1)>" + "x" * 60
SERVES = """
import http.server as web, os
print("ready", os.environ["GREETING"], flush=True)
web.ThreadingHTTPServer(("{address#self}", 8000), web.SimpleHTTPRequestHandler).serve_forever()
"""
ABOUT = "Shows the files of your workspace in a browser.\n\n## Notes\n\n- small\n- quick\n"


def web_zapp(cores: float = 0.1) -> dict[str, Any]:
    """Return a ZApp with one page, that of Python's own web server over the workspace."""
    resources = {"memory": {"min": 32 << 20, "max": None}, "cores": {"min": cores, "max": None}}
    port = {"name": "Page", "port_number": 8000, "protocol": "tcp", "url_template": "http://{ip_port}/"}
    service = {"name": "web", "image": "python:3", "monitor": True, "total_count": 1, "essential_count": 1}
    service |= {"startup_order": 0, "resources": resources, "ports": [port]}
    service |= {"command": ["python3", "-u", "-c", SERVES], "environment": [["GREETING", "hello"]]}
    return {"name": "web-server", "version": 3, "will_end": False, "services": [service]}


def make_shop(directory: Path) -> Path:
    """Write the shop's folder."""
    folder = directory / "web"
    folder.mkdir(parents=True)
    (folder / "web.json").write_text(json.dumps(web_zapp()))
    (folder / "huge.json").write_text(json.dumps(web_zapp(cores=4000)))
    (folder / "about.md").write_text(
        "Shows the files of your workspace in a browser.\n\n## Notes\n\n- small\n- quick\n"
    )
    greeting = {"kind": "environment", "name": "GREETING", "readable_name": "Greeting", "default": "hello"}
    greeting["description"] = "What it says at its start."
    count: dict[str, Any] = {"kind": "service_count", "name": "web", "readable_name": "Servers", "type": "int"}
    count |= {"min": 1, "max": 3, "default": 1}
    small: dict[str, Any] = {"category": "Web", "name": "Web server", "description": "web.json"}
    small |= {"readable_descr": "about.md", "parameters": [greeting, count]}
    huge = {"category": "Web", "name": "Huge server", "description": "huge.json"}
    (folder / "manifest.json").write_text(json.dumps({"version": 1, "zapps": [small, huge]}))
    return directory
