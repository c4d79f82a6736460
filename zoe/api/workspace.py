"""/workspace: files for one's own services."""

import falcon

from zoe import workspace
from zoe.api.errors import StorageFullError, TooLargeError
from zoe.api.operation import Call, Need, Resource, operation
from zoe.api.schemas import UploadAnswer


class WorkspaceFile(Resource):
    """One file of the caller's workspace."""

    # An upload takes its time: no connection is held meanwhile.
    @operation(Need.API, answer=UploadAnswer, code=201, refusals=(400, 413, 507), connected=False)
    def on_put(self, call: Call[None], path: str) -> dict[str, object]:
        """Store a file in one's own workspace, replacing one that is there; the body is its content."""
        limit = self.collaborators.max_upload
        if (call.request.content_length or 0) > limit:
            raise TooLargeError(limit=limit)
        root = self.collaborators.settings.workspaces
        stream: falcon.BoundedStream = call.request.bounded_stream
        try:
            size = workspace.store(root, call.caller.username, path, stream.read, call.caller.fs_uid)
        except OSError as error:
            raise StorageFullError(reason=error.strerror or type(error).__name__) from error
        return {"path": path, "size": size}
