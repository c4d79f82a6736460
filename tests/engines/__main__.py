"""`python -m tests.engines up|down|status`: engines that stay, for work by hand; the tests use them if they run."""
# ruff: noqa: T201 - it speaks to who calls it

import argparse
import sys

from tests.engines import single, swarm
from tests.engines.needs import why_not
from tests.engines.place import noted


def main() -> None:
    """Read the command line and do it."""
    parser = argparse.ArgumentParser(prog="python -m tests.engines", description=__doc__)
    parser.add_argument("action", choices=("up", "down", "status"))
    parser.add_argument("kind", nargs="?", choices=(single.KIND, swarm.KIND), help="both, if none is named")
    arguments = parser.parse_args()
    reason = why_not()
    if reason:
        sys.exit(reason)
    for kind in [arguments.kind] if arguments.kind else [single.KIND, swarm.KIND]:
        _act(arguments.action, kind)


def _act(action: str, kind: str) -> None:
    if action == "up":
        _up(kind)
    elif action == "down":
        (single if kind == single.KIND else swarm).down()
    place = noted(kind)
    print(f"{kind}: {f'in {place.directory}' if place else 'not there'}")


def _up(kind: str) -> None:
    if kind == single.KIND:
        print(f"export DOCKER_HOST={single.up(kept=True).url}")
    else:
        for node in swarm.up(kept=True).nodes:
            print(f"{node.name}: {node.daemon.url} and tcp://{node.address}:2375")


if __name__ == "__main__":
    main()
