"""Where this process stands in the control groups of Linux, version 1 or 2."""

from pathlib import Path, PurePosixPath

CONTROLLERS = ("memory", "cpu")


def own_directories(proc: Path = Path("/proc/self")) -> dict[str, Path]:
    """Return the directory of this process's group for each of `CONTROLLERS` that the kernel offers.

    A directory that has a `cgroup.controllers` file is one of version 2.
    """
    places = _own_paths((proc / "cgroup").read_text())
    found: dict[str, Path] = {}
    for line in (proc / "mountinfo").read_text().splitlines():
        left, _, right = line.partition(" - ")
        root, mount_point = left.split()[3:5]
        kind, _, options = right.split(" ", 2)
        for controller in _controllers_of(kind, options, mount_point):
            directory = _below(mount_point, root, places.get("" if kind == "cgroup2" else controller))
            if directory is not None:
                found[controller] = directory
    return found


def is_version_2(directory: Path) -> bool:
    """Tell whether a group is one of version 2."""
    return (directory / "cgroup.controllers").exists()


def _own_paths(text: str) -> dict[str, str]:
    """Read /proc/self/cgroup; version 2 has no name there."""
    paths: dict[str, str] = {}
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        paths.update(dict.fromkeys(controllers.split(","), path))
    return paths


def _controllers_of(kind: str, options: str, mount_point: str) -> list[str]:
    if kind == "cgroup":
        return [name for name in CONTROLLERS if name in options.rsplit(maxsplit=1)[-1].split(",")]
    if kind == "cgroup2":
        offered = Path(mount_point, "cgroup.controllers")
        return [name for name in CONTROLLERS if offered.exists() and name in offered.read_text().split()]
    return []


def _below(mount_point: str, root: str, path: str | None) -> Path | None:
    """Return the directory of a group, where its hierarchy is mounted from `root` on."""
    if path is None or not PurePosixPath(path).is_relative_to(root):
        return None
    directory = Path(mount_point, PurePosixPath(path).relative_to(root))
    return directory if directory.is_dir() else None
