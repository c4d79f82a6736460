"""A gang of two shapes is placed exactly when there is a way: compared with trying all ways."""

from collections import Counter
from functools import cache
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from zoe.scheduling.model import Node, Resources
from zoe.scheduling.search import fit
from zoe.scheduling.shapes import Gang, Shape
from zoe.scheduling.vectors import Vector, holds, times

amounts = st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 1))
rooms = st.lists(amounts, min_size=1, max_size=3)
labels = st.sampled_from([frozenset[str](), frozenset({"ssd"})])
LIMIT = 3


def gang_of(first: Shape, few: int, second: Shape, many: int) -> Gang:
    return Gang(((first, few), (second, many)))


def by_trying(gang: Gang, room: list[Vector], nodes: list[Node]) -> bool:
    """Tell whether it fits, by putting every number of either shape on every node."""

    @cache
    def ways(number: int) -> list[tuple[int, int]]:
        return [
            (few, many)
            for few, many in product(range(LIMIT + 1), repeat=2)
            if all(
                not count or shape.labels <= nodes[number].labels
                for shape, count in zip(shapes, (few, many), strict=True)
            )
            and all(
                few * shapes[0].need[place] + many * shapes[1].need[place] <= room[number][place] for place in range(3)
            )
        ]

    shapes = list(gang.counts)
    return any(
        all(sum(one[which] for one in way) >= gang.counts[shape] for which, shape in enumerate(shapes))
        for way in product(*(ways(number) for number in range(len(room))))
    )


@given(rooms, amounts, amounts, st.integers(1, LIMIT), st.integers(1, LIMIT), labels, st.data())
def test_a_gang_of_two_shapes_finds_its_places_if_there_are_any(
    room: list[Vector], one: Vector, two: Vector, few: int, many: int, marks: frozenset[str], data: st.DataObject
) -> None:
    gang = gang_of(Shape(one, frozenset(), ""), few, Shape(two, marks, ""), many)
    nodes = [Node(f"n{number}", Resources(5, 5, 1), data.draw(labels)) for number in range(len(room))]

    def with_labels(asked: frozenset[str]) -> list[int]:
        return [number for number, node in enumerate(nodes) if asked <= node.labels]

    found = fit(gang, room, with_labels, nodes)
    assert (found is not None) == by_trying(gang, room, nodes)
    for number, shapes in held(gang, found or []).items():
        assert all(shape.labels <= nodes[number].labels for shape in shapes)
        total = tuple(sum(shape.need[place] * count for shape, count in shapes.items()) for place in range(3))
        assert holds(room[number], (total[0], total[1], total[2]))


def held(gang: Gang, found: list[int]) -> dict[int, Counter[Shape]]:
    """Return what is on each node; every shape of the gang is somewhere."""
    on: dict[int, Counter[Shape]] = {}
    for number, shape in zip(found, gang.shapes if found else (), strict=True):
        on.setdefault(number, Counter())[shape] += 1
    return on


def test_many_small_parts_beside_few_large_ones_need_no_search() -> None:
    # Each node holds a large one and a small one, or three small ones: only one way is right.
    large, small = Shape((4, 1, 0), frozenset(), ""), Shape((2, 1, 0), frozenset(), "")
    room, nodes = [(6, 9, 0)] * 40, [Node(f"n{number}", Resources(6, 9)) for number in range(40)]
    everywhere = list(range(40))
    fitting = gang_of(large, 30, small, 60)
    assert times(room[0], small.need, 9) == 3
    assert fit(fitting, room, lambda _: everywhere, nodes) is not None
    assert fit(gang_of(large, 30, small, 61), room, lambda _: everywhere, nodes) is None
