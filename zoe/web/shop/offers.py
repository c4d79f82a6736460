"""What the shop offers: a ZApp type (each variant by itself), or a ZApp of a folder; each with the fields of a form."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from inspect import cleandoc
from typing import Any

from zoe.errors import Fault, ZAppInvalidError
from zoe.plugin import ZAppType
from zoe.web.fields import Field, fields, label
from zoe.web.shop.filling import fields_of, filled_zapp
from zoe.web.shop.folders import Folder
from zoe.web.shop.manifest import Entry

VARIANT = "variant"
TYPES = "Applications"


@dataclass(frozen=True, slots=True)
class Offer:
    """Something to start. `key` is its address below the shop's; `about` is Markdown; `fixed` is what it stands for.

    `request` makes of values what POST /execution takes (without the name); it raises ParametersInvalidError where
    they do not fit, and ZAppInvalidError where the shop's own file is at fault.
    """

    key: str
    title: str
    category: str
    summary: str
    fields: Sequence[Field]
    request: Callable[[Mapping[str, object]], dict[str, object]]
    about: str = ""
    logo: bytes | None = field(default=None, repr=False)
    zapp_type: str | None = None
    fixed: Mapping[str, object] = field(default_factory=dict)

    @property
    def one_click(self) -> bool:
        """Tell whether its defaults are enough to start it."""
        return not any(one.required for one in self.fields)


def of_type(name: str, kind: ZAppType) -> Iterator[Offer]:
    """Yield a ZApp type, or each of its variants: a parameter called `variant` that is a choice makes them."""
    schema = kind.Parameters.model_json_schema()
    variant: dict[str, Any] = schema.get("properties", {}).get(VARIANT, {})
    choices = variant.get("enum") or [variant[key] for key in ("const",) if key in variant]
    for choice in choices or [None]:
        fixed = {} if choice is None else {VARIANT: choice}
        yield Offer(
            key="/".join(["type", name, *map(str, fixed.values())]),
            title=" ".join([_title(name, schema), *map(str, fixed.values())]),
            category=TYPES,
            summary=cleandoc(type(kind).__doc__ or "").partition("\n")[0].replace("`", ""),
            fields=fields(schema, fixed),
            request=partial(_typed, name, fixed),
            zapp_type=name,
            fixed=fixed,
        )


def _title(name: str, schema: Mapping[str, Any]) -> str:
    title = str(schema.get("title", ""))
    # Pydantic's own is the name of a class.
    return label(name) if title.endswith("Parameters") or not title else title


def _typed(name: str, fixed: Mapping[str, object], values: Mapping[str, object]) -> dict[str, object]:
    return {"zapp_type": name, "parameters": {**values, **fixed}}


def of_folder(folder: Folder, role: str | None) -> Iterator[Offer]:
    """Yield the ZApps of a folder that people of this role are offered; all, if it is None."""
    for number, entry in enumerate(folder.entries):
        if role is None or entry.is_for(role):
            about = folder.about(entry)
            yield Offer(
                key=f"zapp/{folder.name}/{number}",
                title=entry.name,
                category=entry.category,
                summary=_first_paragraph(about) or ", ".join(entry.labels),
                fields=fields_of(entry.parameters),
                request=partial(_filled, folder, entry),
                about=about,
                logo=folder.logo(entry),
            )


def _filled(folder: Folder, entry: Entry, values: Mapping[str, object]) -> dict[str, object]:
    try:
        document = folder.document(entry)
    except (OSError, ValueError) as error:
        told = f"the shop's file {entry.description} cannot be used: {error}"
        raise ZAppInvalidError([Fault("", told)]) from error
    return {"application": filled_zapp(document, entry.parameters, values)}


def _first_paragraph(markdown: str) -> str:
    blocks = [block for block in markdown.split("\n\n") if block.strip() and not block.lstrip().startswith("#")]
    return " ".join(blocks[0].split())[:300] if blocks else ""
