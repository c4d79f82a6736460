"""Where a simulation's workload, cluster, policies and placements come from."""

import functools
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import TypeVar

from zoe.config import Settings, load
from zoe.errors import ZoeError
from zoe.plugin import Deployment, Placement, Plugin, Policy
from zoe.plugin.manager import PluginManager
from zoe.scheduling.model import Node, Resources
from zoe.simulation import amounts, history, swf, synthetic, table
from zoe.simulation.comparison import Contest
from zoe.simulation.lines import MOST_JOBS
from zoe.simulation.workload import TASK_SECONDS, Mode, Workload

K = TypeVar("K", bound=Plugin)
_MADE_UP, _LOAD = 1000, 0.9
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asks for."""

    workload: str
    applications: int | None
    load: float | None
    nodes: Sequence[str]
    task_seconds: float | None
    estimate_error: float
    policies: Sequence[str]
    placements: Sequence[str]
    modes: Sequence[Mode]
    seeds: Sequence[int]
    config: Path | None
    data_dir: Path | None

    @property
    def length(self) -> float:
        """The length of tasks where no file says it."""
        return TASK_SECONDS if self.task_seconds is None else self.task_seconds

    def settings(self) -> Settings:
        """Read the settings."""
        return load(self.config, {"data_dir": str(self.data_dir)} if self.data_dir else {})


def contest(wanted: Wanted) -> Contest:
    """Make ready what is compared.

    Raises:
        ZoeError: a word, a file or a plugin's name is not right; it says which.

    """
    plugins = PluginManager().load()
    settings = wanted.settings() if wanted.config else Settings()
    policies = {name: _maker(plugins, Policy, name, settings) for name in wanted.policies}
    placements = {name: _maker(plugins, Placement, name, settings) for name in wanted.placements}
    modes = list(dict.fromkeys(wanted.modes))
    return Contest(_prepared(wanted, _source(wanted)), policies, placements, modes, wanted.seeds)


def _maker(plugins: PluginManager, kind: type[K], name: str, settings: Settings) -> Callable[[], K]:
    deployment = Deployment("simulation", "simulation", Path(tempfile.gettempdir()))
    make = functools.partial(plugins.make, kind, name, settings.plugin(name), deployment)
    make()  # whatever is wrong with it is said before anything is simulated
    return make


def _prepared(wanted: Wanted, source: Callable[[Random], Workload]) -> Callable[[int], Workload]:
    @functools.lru_cache(maxsize=2)
    def workload(seed: int) -> Workload:
        random = Random(seed)  # noqa: S311 - a simulation wants to be repeatable, not unforeseeable
        made = source(random)
        if wanted.load is not None:
            made = made.at_load(wanted.load)
        return made.with_estimates(random, wanted.estimate_error)

    return workload


def _source(wanted: Wanted) -> Callable[[Random], Workload]:
    nodes = amounts.nodes_of(wanted.nodes)
    name = wanted.workload
    if name == "synthetic":
        mix = synthetic.Mix(wanted.applications or _MADE_UP, wanted.load or _LOAD, task_seconds=wanted.length)
        return lambda random: synthetic.generate(random, mix, nodes or None)
    if name == "history":
        return _always(_history(wanted, nodes))
    path = Path(name)
    suffixes = {suffix.lower() for suffix in path.suffixes}
    if ".swf" in suffixes:
        conversion = swf.Conversion(task_seconds=wanted.length, limit=wanted.applications or MOST_JOBS)
        return lambda random: _on(swf.read(path, random, conversion), nodes)
    if ".csv" in suffixes:
        return _always(_cut(table.read(path, nodes or synthetic.cluster()), wanted))
    raise ZoeError(f"{name[:80]!r} is no workload: say synthetic, history, or name a file .swf, .swf.gz or .csv.")


def _always(workload: Workload) -> Callable[[Random], Workload]:
    return lambda _: workload


def _on(workload: Workload, nodes: Sequence[Node]) -> Workload:
    return workload.on(nodes) if nodes else workload


def _cut(workload: Workload, wanted: Wanted) -> Workload:
    kept = workload.submissions[: wanted.applications]
    if wanted.task_seconds is not None:
        kept = [replace(one, task_seconds=wanted.task_seconds) for one in kept]
    return replace(workload, submissions=kept)


def _history(wanted: Wanted, nodes: Sequence[Node]) -> Workload:
    # The service is large; the other workloads do not wait for it to be loaded.
    from zoe.serve.history import read_history  # noqa: PLC0415

    executions, machines = read_history(wanted.settings(), wanted.applications or _REMEMBERED)
    present = [Node(one.name, Resources(one.cores, one.memory, one.gpus), frozenset(one.labels)) for one in machines]
    if not (nodes or present):
        raise ZoeError("This deployment knows no machine that is online: say --nodes.")
    return history.workload(lambda: executions, nodes or present, wanted.length)
