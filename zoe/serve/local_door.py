"""How the command line on this machine signs in by itself: a token in the data directory, for who may read it there."""

import hashlib
import json
import os
import secrets
import time
from contextlib import ExitStack
from pathlib import Path

from zoe.state.database import Database

_NAME = "this machine's command line"


def open_local_door(data_dir: Path, url: str, database: Database, stack: ExitStack) -> None:
    """Write `local.json` (0600): the address and a new token of the first administrator; earlier ones are worthless."""
    token = secrets.token_urlsafe(32)
    if not _replace_token(database, hashlib.sha256(token.encode()).hexdigest()):
        return
    path = data_dir / "local.json"
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump({"url": url, "token": token}, file)
    part.replace(path)
    stack.callback(path.unlink, missing_ok=True)


def _replace_token(database: Database, digest: str) -> bool:
    """Store the token for the oldest account that may change everything; False if there is none."""
    with database.transaction():
        owner = database.rows(
            """SELECT u.id FROM account u JOIN role r ON r.id = u.role_id
               WHERE r.can_change_config AND r.can_operate_others AND u.enabled ORDER BY u.id LIMIT 1"""
        )
        if not owner:
            return False
        database.rows("DELETE FROM token WHERE user_id = %s AND name = %s", [owner[0][0], _NAME])
        sql = "INSERT INTO token (user_id, name, digest, created) VALUES (%s, %s, %s, %s)"
        database.rows(sql, [owner[0][0], _NAME, digest, time.time()])
    return True
