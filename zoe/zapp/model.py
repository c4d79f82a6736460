"""The ZApp format, version 3: what a ZApp may say. Rules between fields are in `rules`."""

from typing import Annotated, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from zoe.zapp import fields as kind


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class MemoryRange(_Part):
    """Bytes of memory."""

    min: kind.Bytes | None = Field(None, description="bytes that are reserved, or null for the deployment's default")
    max: kind.SomeBytes | None = Field(None, description="bytes that are the hard limit, at least 1, or null for none")


class CoreRange(_Part):
    """Cores; fractions are allowed."""

    min: kind.Cores | None = Field(None, description="cores that are reserved, or null for the deployment's default")
    max: kind.Cores | None = Field(None, description="cores that are the hard limit, or null for none")


class ServiceResources(_Part):
    """What one instance of a service reserves (min) and may use at most (max)."""

    memory: MemoryRange = Field(
        MemoryRange(min=None, max=None), description='memory in bytes, {"min": ..., "max": ...}'
    )
    cores: CoreRange = Field(
        CoreRange(min=None, max=None), description='cores, fractions allowed, {"min": ..., "max": ...}'
    )
    shm: kind.Bytes | None = Field(
        None,
        validation_alias=AliasChoices("shm", "shm_size"),
        description="bytes of shared memory, also read as `shm_size`, or null for the engine's default",
    )
    gpus: kind.Gpus = Field(0, description="a whole number of GPUs from 0 to 1024")


class Port(_Part):
    """A port that a service listens on."""

    name: kind.PortName = Field(
        description="1 to 128 characters without braces, unique in the service", examples=["Notebook"]
    )
    port_number: kind.PortNumber = Field(description="a whole number from 1 to 65535, unique in the service")
    protocol: Literal["tcp", "udp"] = Field("tcp", description="tcp or udp")
    url_template: kind.UrlTemplate | None = Field(
        None,
        description="an address such as http://{ip_port}{proxy_path}/ without spaces, or null",
        examples=["http://{ip_port}/"],
    )
    proxy: kind.Flag = Field(True, description="true if browsers reach the port through the gateway, else false")  # noqa: FBT003 - a default


class Volume(_Part):
    """A directory of the site that the service sees at `/mnt/<name>`."""

    name: kind.VolumeName = Field(
        description="1 to 64 letters, digits, `_` or `-`, unique in the service, not `workspace`", examples=["datasets"]
    )
    path: kind.AbsolutePath = Field(
        description="an absolute path without `..`, below one that the administrator allows", examples=["/data/sets"]
    )
    read_only: kind.Flag = Field(True, description="true (also if left out) or false")  # noqa: FBT003 - a default


class Service(_Part):
    """One entry of a ZApp: a group of like services."""

    name: kind.GroupName = Field(
        description="3 to 16 letters, digits or `-`, not `-` first, unique in the ZApp", examples=["spark-worker"]
    )
    image: kind.Image = Field(
        description="a container image with tag or digest, such as example.org/spark:4.0", examples=["spark:4.0"]
    )
    monitor: kind.Flag = Field(description="true if the execution ends when this service ends, else false")
    total_count: kind.Total = Field(description="a whole number from 1 to 1000: the instances wanted")
    essential_count: kind.Essential = Field(
        description="a whole number from 1 to total_count: the instances that the execution cannot do without "
        "(0 where another service has some)"
    )
    startup_order: kind.Order = Field(0, description="a whole number from -1000000 to 1000000; lower starts first")
    resources: ServiceResources = Field(
        ServiceResources(shm=None, gpus=0),
        description='an object such as {"memory": {"min": 1073741824, "max": null}, "cores": {"min": 1, "max": 2}}',
    )
    command: kind.Command | None = Field(
        None, description="text, a list of 1 to 1000 texts, or null for the image's own; each text up to 64 KiB"
    )
    environment: Annotated[
        tuple[kind.Variable, ...], Field(max_length=kind.MOST_VARIABLES), kind.at_most(kind.MOST_VARIABLES)
    ] = Field(
        (),
        description="a list of at most 1000 pairs [name, value]; a name is of letters, digits, `_`, `.` and `-`, and "
        "does not begin with a digit; a value is text up to 64 KiB",
        examples=[[["MASTER", "{dns_name#spark-master0}"]]],
    )
    volumes: Annotated[tuple[Volume, ...], Field(max_length=kind.MOST_PARTS), kind.at_most(kind.MOST_PARTS)] = Field(
        (), description='a list of at most 100 objects {"name": ..., "path": ..., "read_only": ...}'
    )
    ports: Annotated[tuple[Port, ...], Field(max_length=kind.MOST_PARTS), kind.at_most(kind.MOST_PARTS)] = Field(
        (), description='a list of at most 100 objects {"name": ..., "port_number": ..., "protocol": ...}'
    )
    work_dir: kind.WorkDir | None = Field(
        None, description="an absolute path without `..`, or one that begins with {workspace}, or null"
    )
    labels: Annotated[tuple[kind.Label, ...], Field(max_length=kind.MOST_PARTS), kind.at_most(kind.MOST_PARTS)] = Field(
        (), description="a list of at most 100 labels that a node must carry, such as ssd or rack=3"
    )
    network: kind.NetworkName | None = Field(
        None, description="the name of a network that the administrator allows, never host, or null"
    )
    replicas: kind.Total | None = Field(
        None, description="a whole number from 1 to 1000, or null; kept for ZApps that carry it: total_count decides"
    )


class ZApp(_Part):
    """The description of an application."""

    name: kind.ZAppName = Field(description="3 to 128 letters, digits, `-` or `@`", examples=["word-count"])
    version: kind.Version = Field(description="3, the version of the format (a document of version 2 is read as well)")
    will_end: kind.Flag = Field(
        description="true if the execution ends by itself, false if it runs until stopped or idle"
    )
    size: kind.Size = Field(
        0, description="a whole number from 0 to 2147483647, the hint for policies; 0: worked out from the resources"
    )
    services: Annotated[
        tuple[Service, ...], Field(min_length=1, max_length=kind.MOST_GROUPS), kind.at_most(kind.MOST_GROUPS)
    ] = Field(description="a list of 1 to 1000 services")


PARTS: dict[str, type[BaseModel]] = {
    "services": Service,
    "ports": Port,
    "volumes": Volume,
    "resources": ServiceResources,
    "memory": MemoryRange,
    "cores": CoreRange,
}
"""The model behind each key that holds objects."""
