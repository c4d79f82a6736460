"""What is taken back is the least that helps, by trying all else."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.scheduling_world import World, application, node

sizes = st.lists(st.sampled_from([1, 2, 3]), min_size=1, max_size=4)
hogs = st.lists(st.tuples(st.sampled_from([1, 2]), sizes, st.booleans()), min_size=1, max_size=4)
cores = st.lists(st.sampled_from([1, 2, 3, 4]), min_size=1, max_size=2)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(2, 7), min_size=1, max_size=3), hogs, cores)
def test_whoever_is_taken_back_is_needed(
    machines: list[int], running: list[tuple[int, list[int], bool]], core: list[int]
) -> None:
    world = World([node(f"n{number}", cores) for number, cores in enumerate(machines)])
    for number, (its_core, elastic, opportunistic) in enumerate(running, 1):
        world.submit(application(number, [its_core], elastic, opportunistic=opportunistic))
        world.settle()
    world.submit(application(99, core))
    alone = set(world.apps) - set(world.running()) == {99}
    # What leaves for an elastic service is another matter.
    stops = {stop.part for stop in world.tick().stops if alone and stop.reason.startswith("execution 99 ")}
    going = [_together(world, part) for part in stops]
    for spared in going:
        assert not _fits(core, _free(world, stops - spared)), (spared, stops)


def _together(world: World, part: int) -> set[int]:
    app = next(app for app in world.apps.values() if part in {it.id for it in app.parts})
    return {it.id for it in app.parts} if app.opportunistic else {part}


def _free(world: World, stops: set[int]) -> list[float]:
    held = [part for app in world.apps.values() for part in app.parts if part.id not in stops]
    return [
        machine.total.cores - sum(part.reserved.cores for part in held if part.node == machine.name)
        for machine in world.nodes
    ]


def _fits(core: list[int], free: list[float]) -> bool:
    if not core:
        return True
    return any(
        _fits(core[1:], [have - core[0] * (here == number) for here, have in enumerate(free)])
        for number, have in enumerate(free)
        if have >= core[0]
    )
