"""The ZApp format: read it, validate it, and tell what it comes to."""

from zoe.zapp.example import EXAMPLE
from zoe.zapp.filling import Surroundings, command, environment, fill, proxy_path, work_dir
from zoe.zapp.instances import Instance, instances, reserved, size
from zoe.zapp.model import CoreRange, MemoryRange, Port, Service, ServiceResources, Volume, ZApp
from zoe.zapp.reading import read, restore
from zoe.zapp.schema import json_schema
from zoe.zapp.site import check_site
from zoe.zapp.unknown import unknown_keys

__all__ = [
    "EXAMPLE",
    "CoreRange",
    "Instance",
    "MemoryRange",
    "Port",
    "Service",
    "ServiceResources",
    "Surroundings",
    "Volume",
    "ZApp",
    "check_site",
    "command",
    "environment",
    "fill",
    "instances",
    "json_schema",
    "proxy_path",
    "read",
    "reserved",
    "restore",
    "size",
    "unknown_keys",
    "work_dir",
]
