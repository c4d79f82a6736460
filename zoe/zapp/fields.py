"""The kinds of values in a ZApp: their bounds and their forms, each said once."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, StrictBool, StringConstraints, Tag
from pydantic_core import PydanticCustomError

MOST_INSTANCES_OF_A_GROUP = 1000
MOST_GROUPS = 1000
MOST_INSTANCES = 10_000
MOST_WORDS = 1000
MOST_VARIABLES = 1000
MOST_PARTS = 100
"""The most ports, volumes or labels of one service."""
MOST_BYTES_OF_TEXT = 64 * 1024
WORKSPACE = "workspace"
"""The volume name that Zoe keeps for the user's own directory (`/mnt/workspace`)."""

_CONTROL = r"\x00-\x1f\x7f-\x9f"
_PART = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
_IMAGE = (
    r"^(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::[0-9]{1,5})?/)?"
    + rf"{_PART}(?:/{_PART})*"
    + r"(?::[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127})?(?:@[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-fA-F]{32,128})?$"
)
_SCRIPT_SCHEMES = ("javascript:", "vbscript:", "data:")


def at_most(most: int) -> BeforeValidator:
    """Refuse a longer list before its entries are looked at: it may be long enough to keep a machine busy."""

    def checked(entries: object) -> object:
        if isinstance(entries, (list, tuple)) and len(entries) > most:
            raise PydanticCustomError("zapp", "has too many entries; at most {most} are allowed", {"most": most})
        return entries

    return BeforeValidator(checked)


def names_its_version(image: str) -> bool:
    """Tell whether an image reference carries a tag or a digest (the colon of a registry's port is neither)."""
    last = image.rpartition("/")[2]
    return ":" in last or "@" in last


def _versioned(image: str) -> str:
    if not names_its_version(image):
        raise PydanticCustomError("zapp", "has neither tag nor digest; write for example image:1.0")
    return image


def _stays_below(path: str) -> str:
    if ".." in path.split("/"):
        raise PydanticCustomError("zapp", "contains the component `..`; write the absolute path without it")
    return path


def _not_the_hosts(network: str) -> str:
    if network.lower() == "host":
        raise PydanticCustomError("zapp", "is the network of the host, which no ZApp may use; name another or none")
    return network


def _harmless(url: str) -> str:
    if url.lower().startswith(_SCRIPT_SCHEMES):
        raise PydanticCustomError("zapp", "is a script, not an address; write for example http://{ip_port}/")
    return url


def _short(text: str) -> str:
    if len(text.encode(errors="surrogatepass")) > MOST_BYTES_OF_TEXT:
        raise PydanticCustomError("zapp", "is too long; at most 64 KiB (65536 bytes) are allowed")
    return text


def _shape_of_command(value: object) -> str:
    return "words" if isinstance(value, (list, tuple)) else "line"


def _text(pattern: str, longest: int) -> StringConstraints:
    return StringConstraints(strict=True, pattern=pattern, max_length=longest)


Flag = StrictBool
Bytes = Annotated[int, Field(strict=True, ge=0, le=2**50)]
SomeBytes = Annotated[int, Field(strict=True, ge=1, le=2**50)]
Cores = Annotated[float, Field(strict=True, gt=0, le=4096, allow_inf_nan=False)]
Gpus = Annotated[int, Field(strict=True, ge=0, le=1024)]
Total = Annotated[int, Field(strict=True, ge=1, le=MOST_INSTANCES_OF_A_GROUP)]
Essential = Annotated[int, Field(strict=True, ge=0, le=MOST_INSTANCES_OF_A_GROUP)]
Order = Annotated[int, Field(strict=True, ge=-1_000_000, le=1_000_000)]
Size = Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)]
Version = Annotated[int, Field(strict=True, ge=3, le=3)]
PortNumber = Annotated[int, Field(strict=True, ge=1, le=65535)]

ZAppName = Annotated[str, _text(r"^[@a-zA-Z0-9-]{3,128}$", 128)]
# The name of a container and of a host begins with it, and must not begin with a hyphen.
GroupName = Annotated[str, _text(r"^[a-zA-Z0-9][a-zA-Z0-9-]{2,15}$", 16)]
VolumeName = Annotated[str, _text(r"^[a-zA-Z0-9_-]{1,64}$", 64)]
PortName = Annotated[str, _text(rf"^[^{{}}{_CONTROL}]{{1,128}}$", 128)]
Label = Annotated[str, _text(r"^[a-zA-Z0-9][a-zA-Z0-9_.:=/-]{0,127}$", 128)]
NetworkName = Annotated[str, _text(r"^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$", 128), AfterValidator(_not_the_hosts)]
Image = Annotated[str, _text(_IMAGE, 512), AfterValidator(_versioned)]
AbsolutePath = Annotated[str, _text(rf"^/[^{_CONTROL}]*$", 4096), AfterValidator(_stays_below)]
WorkDir = Annotated[str, _text(rf"^(?:/|\{{workspace\}})[^{_CONTROL}]*$", 4096), AfterValidator(_stays_below)]
UrlTemplate = Annotated[
    str,
    _text(rf"^(?:[a-zA-Z][a-zA-Z0-9+.-]*://|\{{ip_port\}}|\{{proxy_path\}}|/)[^\s{_CONTROL}]*$", 2048),
    AfterValidator(_harmless),
]
Text = Annotated[str, StringConstraints(strict=True), AfterValidator(_short)]
VariableName = Annotated[str, _text(r"^[A-Za-z_][A-Za-z0-9_.-]*$", 256)]
Variable = tuple[VariableName, Text]
Command = Annotated[
    Annotated[Text, Tag("line")]
    | Annotated[tuple[Text, ...], Field(min_length=1, max_length=MOST_WORDS), at_most(MOST_WORDS), Tag("words")],
    Discriminator(_shape_of_command),
]
