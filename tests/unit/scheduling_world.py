"""A cluster for the scheduler's tests: it carries plans out, checks each, and lets services take time to leave."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from zoe.scheduling.model import (
    Application,
    Estimate,
    Node,
    Part,
    Placement,
    Plan,
    Policy,
    Quota,
    Resources,
    Snapshot,
    Stop,
)
from zoe.scheduling.plan import plan
from zoe.scheduling.planner import Planner

GIB = 1 << 30


class Fifo:
    def order(self, applications: Sequence[Application], now: float) -> Sequence[Application]:
        return sorted(applications, key=lambda application: (application.submitted, application.id))


class FirstFit:
    def choose(self, part: Part, candidates: Sequence[Node], free: Mapping[str, Resources]) -> Node:
        return candidates[0]


def node(name: str, cores: float, *labels: str, is_open: bool = True, gpus: int = 0) -> Node:
    return Node(name, Resources(cores, 64 * GIB, gpus), frozenset(labels), is_open)


def application(
    id_: int,
    core: Sequence[float],
    elastic: Sequence[float] = (),
    *,
    labels: Sequence[str] = (),
    owner: str = "ada",
    opportunistic: bool = False,
    lasts: float | None = None,
    gpus: int = 0,
    together: bool = False,
) -> Application:
    parts = [
        Part(id_ * 100 + index, "part", Resources(cores, GIB, gpus), index < len(core), frozenset(labels))
        for index, cores in enumerate([*core, *elastic])
    ]
    expected = None if lasts is None else Estimate(lasts, lasts, lasts)
    return Application(
        id_, owner, float(id_), 1, parts, opportunistic=opportunistic, expected=expected, together=together
    )


def placed(app: Application, *nodes: str, started: float | None = None) -> Application:
    parts = [replace(part, node=name) for part, name in zip(app.parts, nodes, strict=False)]
    return replace(app, parts=[*parts, *app.parts[len(nodes) :]], running=True, started=started)


def leaving(app: Application, *parts: int) -> Application:
    return replace(app, parts=[replace(part, leaving=part.id in parts) for part in app.parts])


def decide(nodes: Sequence[Node], *applications: Application, quotas: Mapping[str, Quota] | None = None) -> Plan:
    return plan(Snapshot(0.0, nodes, applications, quotas or {}), Fifo(), FirstFit())


def started(decided: Plan) -> set[int]:
    return {start.part for start in decided.starts}


def stopped(decided: Plan) -> set[int]:
    return {stop.part for stop in decided.stops}


@dataclass
class World:
    """Nodes and executions; `tick` plans, checks and carries out."""

    nodes: list[Node]
    policy: Policy = field(default_factory=Fifo)
    placement: Placement = field(default_factory=FirstFit)
    quotas: dict[str, Quota] = field(default_factory=dict)
    now: float = 0.0
    apps: dict[int, Application] = field(default_factory=dict)
    ever_started: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.planner = Planner(self.policy, self.placement)

    def submit(self, app: Application) -> None:
        self.apps[app.id] = replace(app, submitted=self.now)

    def end(self, id_: int) -> None:
        del self.apps[id_]

    def running(self) -> list[int]:
        return [id_ for id_, app in self.apps.items() if app.running]

    def gone(self) -> None:
        """Let everything that was told to stop be gone."""
        for app in list(self.apps.values()):
            if any(part.leaving for part in app.parts):
                parts = [replace(part, node=None, leaving=False) if part.leaving else part for part in app.parts]
                runs = any(part.node is not None for part in parts)
                self.apps[app.id] = replace(app, parts=parts, running=runs, started=app.started if runs else None)

    def lose(self, name: str) -> None:
        """Lose a node, and what ran there."""
        self.nodes = [machine for machine in self.nodes if machine.name != name]
        for app in list(self.apps.values()):
            if any(part.node == name for part in app.parts):
                parts = [replace(part, node=None, leaving=False) if part.node == name else part for part in app.parts]
                runs = any(part.node is not None for part in parts)
                self.apps[app.id] = replace(app, parts=parts, running=runs, started=app.started if runs else None)

    def tick(self) -> Plan:
        snapshot = Snapshot(self.now, self.nodes, list(self.apps.values()), self.quotas)
        decided = self.planner.plan(snapshot)
        anew = plan(snapshot, self.policy, self.placement)
        assert (decided.starts, decided.stops, dict(decided.waits)) == (anew.starts, anew.stops, dict(anew.waits))
        assert not decided.complaints
        self.check(decided)
        self.carry_out(decided)
        return decided

    def settle(self) -> None:
        """Plan until nothing changes any more; a scheduler that takes back and gives in turn never ends this."""
        for _ in range(len(self.apps) * 8 + 8):
            decided = self.tick()
            if not decided.starts and not decided.stops and not self._anything_leaving():
                return
            self.gone()
        raise AssertionError("the scheduler does not come to rest although nothing changes")

    def _anything_leaving(self) -> bool:
        return any(part.leaving for app in self.apps.values() for part in app.parts)

    def carry_out(self, decided: Plan) -> None:
        changed: dict[int, dict[int, Part]] = {}
        parts = {part.id: part for app in self.apps.values() for part in app.parts}
        for start in decided.starts:
            changed.setdefault(start.application, {})[start.part] = replace(parts[start.part], node=start.node)
        for stop in decided.stops:
            changed.setdefault(stop.application, {})[stop.part] = replace(parts[stop.part], leaving=True)
        for id_, new in changed.items():
            app = self.apps[id_]
            since = self.now if app.started is None else app.started
            self.apps[id_] = replace(
                app, parts=[new.get(part.id, part) for part in app.parts], running=True, started=since
            )
            self.ever_started.add(id_)

    def check(self, decided: Plan) -> None:
        self._check_room(decided)
        self._check_together(decided)
        self._check_gangs(decided)
        self._check_stops(decided.stops, started(decided))
        self._check_quotas(decided)

    def _check_room(self, decided: Plan) -> None:
        parts = {part.id: part for app in self.apps.values() for part in app.parts}
        assert len(started(decided)) == len(decided.starts)
        for machine in self.nodes:
            new = [parts[start.part] for start in decided.starts if start.node == machine.name]
            here = [part for part in parts.values() if part.node == machine.name] + new
            assert machine.open or not new
            assert all(part.labels <= machine.labels and part.node is None for part in new)
            if new:
                assert sum(part.reserved.cores for part in here) <= machine.total.cores + 1e-6
                assert sum(part.reserved.memory for part in here) <= machine.total.memory
                assert sum(part.reserved.gpus for part in here) <= machine.total.gpus
        assert {start.node for start in decided.starts} <= {machine.name for machine in self.nodes}

    def _check_together(self, decided: Plan) -> None:
        new = {start.part: start.node for start in decided.starts}
        for app in self.apps.values():
            where = {part.node or new.get(part.id) for part in app.parts} - {None}
            assert len(where) <= 1 or not app.together

    def _check_gangs(self, decided: Plan) -> None:
        sent_back = {stop.application for stop in decided.stops if stop.requeue}
        for app in self.apps.values():
            asked = [part for part in app.parts if part.core and part.node is None]
            given = [part.id in started(decided) for part in asked]
            if app.id in sent_back or (app.opportunistic and any(part.leaving for part in app.parts)):
                assert not any(given)
            else:
                assert all(given) or not any(given)
                assert (bool(asked) and not all(given)) == (app.id in decided.waits)
            if app.id in decided.waits:
                assert not any(part.id in started(decided) for part in app.parts)
        assert [wait.position for wait in decided.waits.values()] == list(range(1, len(decided.waits) + 1))
        assert all(wait.reason for wait in decided.waits.values())

    def _check_stops(self, stops: Sequence[Stop], starting: set[int]) -> None:
        assert len({stop.part for stop in stops}) == len(stops)
        parts = {part.id: part for app in self.apps.values() for part in app.parts}
        for stop in stops:
            part, app = parts[stop.part], self.apps[stop.application]
            assert part.node is not None
            assert not part.leaving
            assert stop.requeue == app.opportunistic
            assert stop.requeue or not part.core
            if stop.requeue:
                assert {it.id for it in app.parts if it.node and not it.leaving} <= {it.part for it in stops}
                assert not starting & {it.id for it in app.parts}

    def _check_quotas(self, decided: Plan) -> None:
        for owner, quota in self.quotas.items():
            mine = [app for app in self.apps.values() if app.owner == owner and not app.opportunistic]
            new = [part for app in mine for part in app.parts if part.id in started(decided)]
            held = [part for app in mine for part in app.parts if part.node is not None] + new
            beginning = {start.application for start in decided.starts}
            running = [app for app in mine if app.running or app.id in beginning]
            if new:
                assert not quota.cores or sum(part.reserved.cores for part in held) <= quota.cores
                assert not quota.memory or sum(part.reserved.memory for part in held) <= quota.memory
            if any(app.id in beginning and not app.running for app in mine):
                assert not quota.executions or len(running) <= quota.executions
