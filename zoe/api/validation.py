"""/zapp_validate and /zapp_schema."""

from collections.abc import Sequence

from zoe import zapp
from zoe.api.operation import Call, Need, Resource, operation
from zoe.api.schemas import ValidationAnswer, ZAppDocument
from zoe.errors import Fault, ZAppInvalidError


class Validation(Resource):
    """Whether a ZApp could run here."""

    @operation(Need.NOTHING, body=ZAppDocument, raw=True, answer=ValidationAnswer, refusals=(400, 413), connected=False)
    def on_post(self, call: Call[object]) -> dict[str, object]:
        """Check a ZApp: every fault at once, each with its path."""
        read_for_site(self, call.document)
        return {"validation": "ok", "warnings": as_warnings(zapp.unknown_keys(call.document))}


class Schema(Resource):
    """The format of ZApps."""

    @operation(Need.NOTHING, connected=False)
    def on_get(self, _call: Call[None]) -> dict[str, object]:
        """Return the JSON Schema of the ZApp format."""
        return zapp.json_schema()


def read_for_site(resource: Resource, document: object) -> zapp.ZApp:
    """Return a ZApp that is valid, and asks for nothing that the administrator does not allow."""
    found = zapp.read(document)
    allowed = resource.collaborators.settings.zapps
    if faults := zapp.check_site(found, allowed.allowed_volumes, allowed.allowed_networks):
        raise ZAppInvalidError(faults)
    return found


def as_warnings(faults: Sequence[Fault]) -> list[dict[str, str]]:
    """Return faults as JSON."""
    return [{"path": fault.path, "message": fault.message} for fault in faults]
