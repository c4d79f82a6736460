"""The gateway: how a browser reaches the web interfaces of running services, and hears of changes."""
