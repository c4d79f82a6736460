"""A ZApp that shows the format at work."""

from typing import Any

GIB = 1024**3

EXAMPLE: dict[str, Any] = {
    "name": "word-count",
    "version": 3,
    "will_end": True,
    "size": 0,
    "services": [
        {
            "name": "counter",
            "image": "example.org/texts/counter:1.2",
            "monitor": True,
            "total_count": 1,
            "essential_count": 1,
            "startup_order": 0,
            "resources": {"memory": {"min": GIB, "max": 2 * GIB}, "cores": {"min": 1, "max": 2}},
            "command": ["count", "--listen", "{address#self}:7000", "{workspace}/books"],
            "environment": [["COUNTER_OPTIONS", '{"lower_case": true}']],
            "volumes": [{"name": "books", "path": "/data/books", "read_only": True}],
            "ports": [
                {
                    "name": "progress",
                    "port_number": 7000,
                    "protocol": "tcp",
                    "url_template": "http://{ip_port}{proxy_path}/",
                    "proxy": True,
                }
            ],
        },
        {
            "name": "reader",
            "image": "example.org/texts/reader:1.2",
            "monitor": False,
            "total_count": 8,
            "essential_count": 1,
            "startup_order": 1,
            "resources": {"memory": {"min": GIB, "max": GIB}, "cores": {"min": 0.5, "max": 1}},
            "environment": [["COUNTER", "{dns_name#counter0}:7000"]],
            "labels": ["ssd"],
        },
    ],
}
"""One counter and up to eight readers, all but the first of them elastic."""
