"""The bundled policy, placement and authenticator."""

from pathlib import Path

import pytest

from zoe.authenticators.internal import Internal, hash_password
from zoe.placements.average import Average
from zoe.plugin import Application, Deployment, Identity, Node, NoSettings, Part, Resources
from zoe.policies.fifo import Fifo

DEPLOYMENT = Deployment("zoe", "1", Path("/nonexistent"))
GIB = 1 << 30


@pytest.fixture(scope="module")
def stored() -> str:
    return hash_password("correct horse")


@pytest.fixture
def internal() -> Internal:
    return Internal(NoSettings(), DEPLOYMENT)


def application(number: int, submitted: float, size: int = 1, running: bool = False) -> Application:
    return Application(number, "ada", submitted, size, (), running=running)


def chosen(nodes: list[Node], free: dict[str, Resources], reserved: Resources) -> str:
    part = Part(1, "worker", reserved, core=True)
    return Average(NoSettings(), DEPLOYMENT).choose(part, nodes, free).name


def test_fifo_serves_in_the_order_of_submission_whatever_the_size() -> None:
    late, early = application(1, 20.0, size=1, running=True), application(2, 10.0, size=900)
    assert Fifo(NoSettings(), DEPLOYMENT).order([late, early], 30.0) == [early, late]


def test_fifo_tells_executions_of_one_moment_apart_by_id() -> None:
    executions = [application(number, 10.0) for number in (3, 1, 2)]
    assert [one.id for one in Fifo(NoSettings(), DEPLOYMENT).order(executions, 30.0)] == [1, 2, 3]


def test_average_picks_the_node_with_the_larger_share_left() -> None:
    small, large = Node("small", Resources(2, 4 * GIB)), Node("large", Resources(16, 64 * GIB))
    free = {"small": Resources(2, 4 * GIB), "large": Resources(8, 32 * GIB)}
    assert chosen([small, large], free, Resources(0.1, GIB // 8)) == "small"
    assert chosen([small, large], free, Resources(1.5, GIB)) == "large"


def test_average_looks_at_the_scarcer_of_cores_and_memory() -> None:
    nodes = [Node(name, Resources(8, 8 * GIB)) for name in ("cores", "both")]
    free = {"cores": Resources(8, GIB), "both": Resources(4, 4 * GIB)}
    assert chosen(nodes, free, Resources(1, GIB)) == "both"


def test_average_spreads_equal_services_evenly() -> None:
    nodes = [Node(f"n{number}", Resources(4, 4 * GIB)) for number in range(3)]
    free = {node.name: node.total for node in nodes}
    placed = []
    for _ in range(6):
        placed.append(chosen(nodes, free, Resources(1, GIB)))
        free[placed[-1]] -= Resources(1, GIB)
    assert placed == ["n0", "n1", "n2", "n0", "n1", "n2"]


def test_average_manages_a_node_that_reports_no_cores() -> None:
    nodes = [Node("none", Resources(0, GIB)), Node("some", Resources(1, GIB))]
    assert chosen(nodes, {"none": Resources(0, GIB), "some": Resources(1, GIB)}, Resources()) == "some"


def test_the_right_password_tells_who_it_is(internal: Internal, stored: str) -> None:
    assert internal.check("ada", "correct horse", stored) == Identity("ada")


@pytest.mark.parametrize("password", ["", "Correct horse", "correct horse ", "correct horse\0"])
def test_any_other_password_tells_nobody(internal: Internal, stored: str, password: str) -> None:
    assert internal.check("ada", password, stored) is None


@pytest.mark.parametrize("broken", ["", "plain", "$argon2id$v=19$nonsense"])
def test_a_broken_hash_lets_nobody_in(internal: Internal, broken: str) -> None:
    assert internal.check("ada", broken, broken) is None


def test_without_a_hash_no_password_is_right_not_even_the_one_compared_with(internal: Internal) -> None:
    assert internal.check("ghost", "nobody", None) is None


def test_one_password_never_has_the_same_hash_twice(stored: str) -> None:
    assert stored.startswith("$argon2id$")
    assert hash_password("correct horse") != stored
