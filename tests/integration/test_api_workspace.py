"""Files that are put into a user's workspace: whole, in the right place, and through nobody's links."""

import io
import os
from pathlib import Path
from typing import Any

import pytest

from zoe import workspace

World = Any


def home(world: World, username: str = "admin") -> Path:
    root: Path = world.collaborators.settings.workspaces
    return root / username


def test_a_file_arrives_whole_and_belongs_to_the_user(world: World) -> None:
    content = os.urandom(300_000)
    answer = world.ask("PUT", "/workspace/texts/deep/words.bin", body=content)
    assert answer.status_code == 201
    assert answer.json == {"path": "texts/deep/words.bin", "size": 300_000}
    file = home(world) / "texts/deep/words.bin"
    assert file.read_bytes() == content
    assert world.ask("PUT", "/workspace/texts/deep/words.bin", body=b"new").status_code == 201
    assert file.read_bytes() == b"new"
    assert [path.name for path in file.parent.iterdir()] == ["words.bin"]
    assert home(world).stat().st_mode & 0o777 == 0o700
    if os.geteuid() == 0:
        owner = world.rows("SELECT fs_uid FROM account WHERE username = 'admin'")[0][0]
        places = [file, file.parent, file.parent.parent, home(world)]
        assert [place.stat().st_uid for place in places] == [owner] * 4


@pytest.mark.parametrize(
    "path", ["../x", "a/../../x", "a/./b", ".", "..", "a%2f..%2fb", "a%00b", "a%0ab", "x" * 256, "a/" * 40]
)
def test_a_path_that_is_none_is_refused(world: World, path: str) -> None:
    assert world.ask("PUT", f"/workspace/{path}", body=b"x").status_code == 400
    assert not home(world).exists()


@pytest.mark.parametrize("path", ["link/passwd", "deep/link/passwd"])
def test_no_link_that_a_service_has_planted_is_followed(world: World, tmp_path: Path, path: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "passwd").write_text("root")
    directory = (home(world) / path).parent
    directory.parent.mkdir(parents=True)
    directory.symlink_to(outside)
    answer = world.ask("PUT", f"/workspace/{path}", body=b"x")
    assert answer.status == f"400 The request is not valid; path: link in {path} is not a directory"
    assert (outside / "passwd").read_text() == "root"


def test_a_link_in_the_file_s_own_place_is_replaced_not_followed(world: World, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("mine")
    home(world).mkdir(parents=True)
    (home(world) / "words").symlink_to(tmp_path / "secret")
    assert world.ask("PUT", "/workspace/words", body=b"x").status_code == 201
    assert (tmp_path / "secret").read_text() == "mine"
    assert not (home(world) / "words").is_symlink()


def test_a_link_in_place_of_the_whole_workspace_is_not_followed(world: World, tmp_path: Path) -> None:
    home(world).parent.mkdir(parents=True)
    home(world).symlink_to(tmp_path)
    assert world.ask("PUT", "/workspace/words", body=b"x").status_code == 400
    assert not (tmp_path / "words").exists()


def test_a_directory_is_not_replaced_and_a_file_is_no_directory(world: World) -> None:
    world.ask("PUT", "/workspace/a/b", body=b"x")
    assert world.ask("PUT", "/workspace/a", body=b"x").status_code == 400
    assert world.ask("PUT", "/workspace/a/b/c", body=b"x").status_code == 400
    assert [path.name for path in home(world).iterdir()] == ["a"]


def test_too_long_a_file_is_413(world: World) -> None:
    answer = world.with_(max_upload=10).ask("PUT", "/workspace/words", body=b"x" * 11)
    assert answer.status == "413 The body is larger than 10 bytes."
    assert not home(world).exists()


def test_an_upload_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    source = io.BytesIO(b"x" * workspace.CHUNK)

    def read(size: int) -> bytes:
        chunk = source.read(size)
        if not chunk:
            raise ConnectionResetError
        return chunk

    with pytest.raises(ConnectionResetError):
        workspace.store(tmp_path, "ada", "words", read, os.geteuid())
    assert list((tmp_path / "ada").iterdir()) == []
