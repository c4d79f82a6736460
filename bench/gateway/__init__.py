"""The gateway beside what others use: requests per second, added latency, WebSockets, routes, streams."""
