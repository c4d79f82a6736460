"""The cluster's page: each amount in its place, and the single nodes for those alone who may see them."""

import html
import re

import pytest

from tests.integration.test_backfill_api import BOOK
from tests.integration.web.visitor import Visitor

GIB = 2**30


def words(visitor: Visitor, part: str) -> str:
    """Return what a person reads in a part of the page."""
    text = visitor.get("/cluster").text
    _, _, rest = text.partition(f'id="{part}"')
    assert rest, f"no part {part}"
    inner = rest.partition(">")[2].partition(
        {"node": "</li>", "backfill": "</tr>"}.get(part.partition("-")[0], "</ul>")
    )[0]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", inner)).split())


@pytest.fixture
def nodes(visitor: Visitor) -> None:
    """Two nodes, and a service on the first; the second is offline and has a remark."""
    world = visitor.world
    world.rows(
        "INSERT INTO node (name, cores, memory, gpus, labels, online, remarks, cores_in_use, memory_in_use, seen) "
        "VALUES ('one', 8, %s, 0, '[\"ssd\", \"gpu\"]', true, '[]', 0.5, %s, 0), "
        "('two', 4, %s, 0, '[]', false, '[\"its clock is wrong\"]', 0, 0, 0)",
        16 * GIB, 3 * GIB, 2 * GIB,
    )  # fmt: skip
    number = world.submit()
    world.move(number, "running")
    world.rows("UPDATE service SET status = 'active', node = 'one', cores = 2.5, memory = %s", 5 * GIB)


@pytest.mark.usefixtures("nodes")
def test_each_node_shows_what_it_has_what_is_reserved_and_what_is_in_use(visitor: Visitor) -> None:
    one, two = words(visitor, "node-1"), words(visitor, "node-2")
    assert one.startswith("one online Cores 2.5 of 8 reserved, 0.5 in use")
    assert "Memory 5 GiB of 16 GiB reserved, 3 GiB in use" in one
    assert one.endswith("1 service; labels ssd, gpu")
    assert two.startswith("two offline Cores 0 of 4 reserved, 0 in use")
    assert two.endswith("0 services; its clock is wrong")


@pytest.mark.usefixtures("nodes")
def test_the_tiles_count_what_is_online_and_single_nodes_are_for_those_who_may_see_them(visitor: Visitor) -> None:
    visitor.world.submit()
    tiles = words(visitor, "cluster")
    assert "1 running 1 waiting 2.5 of 8 cores reserved 5 GiB of 16 GiB reserved" in tiles
    visitor.world.add_user("ada", ())
    visitor.world.rows(
        "UPDATE account SET password_hash = (SELECT password_hash FROM account WHERE username = 'admin')"
    )
    visitor.sign_in("ada")
    told = visitor.get("/cluster").text
    assert 'id="node-1"' not in told
    assert "of 8 cores reserved" in told


def test_what_a_backfill_was_given_stands_in_its_columns(visitor: Visitor) -> None:
    visitor.world.rows(BOOK)
    visitor.world.submit()
    visitor.world.rows("UPDATE execution SET opportunistic = true, backfill = 'science', status = 'running'")
    told = words(visitor, "backfill-1")
    assert told.startswith("science 1 running, 0 waiting 1.5 core hours 3 1 4 it failed")
    heads = re.findall(r'<th scope="col">([^<]+)', visitor.get("/cluster").text)
    assert heads == ["Backfill", "Now", "Given", "Done", "Failed", "Made room", "About"]
