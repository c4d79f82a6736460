"""Asking whether executions are at work: their ZApp types first, and the backend for those of which these know nothing.

On threads of its own: neither a page that does not answer nor a slow engine holds up the master.
"""

import logging
import math
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from zoe.plugin import Backend, Handle, RunningService, Usage, ZAppType

log = logging.getLogger(__name__)
_AT_A_TIME = 8
_SHORTEST_WINDOW, _LONGEST_WINDOW = 0.5, 300.0
"""Seconds between two looks from which a rate is made: in a longer one a short piece of work would not show."""


@dataclass(frozen=True, slots=True)
class Question:
    """Is this execution at work? `gpus`: by handle, how many are reserved."""

    execution: int
    zapp_type: ZAppType | None
    services: Sequence[RunningService]
    handles: Mapping[Handle, str]
    gpus: Mapping[Handle, int]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a look found. `active`: what shows that it is at work, or what nobody knows; `quiet`: what shows nothing.

    `too_early`: its use of processors can be told at the next look only.
    """

    execution: int
    active: str | None = None
    quiet: Sequence[str] = ()
    too_early: bool = False


@dataclass(slots=True)
class Prober:
    """Answers questions on a thread of its own. `threshold`: the cores (and GPUs) below which a service is quiet.

    `patience`: how long ZApp types are waited for, seconds; one that has not answered may be busy.
    """

    backend: Backend
    threshold: float
    ring: Callable[[], None]
    clock: Callable[[], float] = time.time
    patience: float = 20.0
    answers: deque[Answer] = field(default_factory=deque)
    _before: dict[int, dict[Handle, tuple[float, float]]] = field(default_factory=dict)
    _one: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="idle"))
    _askers: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="idle-ask")
    )

    def ask(self, questions: Sequence[Question]) -> None:
        """Find out; the answers come to `answers`, and the bell rings."""
        self._one.submit(self._answer, questions)

    def forget(self, execution: int) -> None:
        """Forget what was measured of an execution."""
        self._before.pop(execution, None)

    def close(self) -> None:
        """Ask no more."""
        self._one.shutdown(wait=False, cancel_futures=True)
        self._askers.shutdown(wait=False, cancel_futures=True)

    def _answer(self, questions: Sequence[Question]) -> None:
        try:
            at_work = self._ask_types(questions)
            rest = [question for question in questions if question.execution not in at_work]
            found = [Answer(id_, words) for id_, words in at_work.items()]
            self.answers.extend(found + (self._measure(rest) if rest else []))
        except Exception:
            log.exception("nobody could tell whether executions are at work")
            self.answers.extend(Answer(one.execution, "nobody can tell") for one in questions)
        finally:
            self.ring()

    def _ask_types(self, questions: Sequence[Question]) -> dict[int, str]:
        asked = {
            self._askers.submit(_busy, question.zapp_type, question.services): question
            for question in questions
            if question.zapp_type is not None and tells(question.zapp_type)
        }
        done, late = wait(asked, timeout=self.patience)
        for future in late:
            future.cancel()
        found = {asked[one].execution: one.result() for one in done} | {
            asked[one].execution: f"unknown: its ZApp type {asked[one].zapp_type.name} does not answer"  # type: ignore[union-attr]
            for one in late
        }
        return {id_: words for id_, words in found.items() if words is not None}

    def _measure(self, questions: Sequence[Question]) -> list[Answer]:
        try:
            used = self.backend.usage([handle for question in questions for handle in question.handles])
        except Exception as error:  # noqa: BLE001 - a plugin's; what nobody knows counts as active
            words = f"unknown: its use of processors ({error or type(error).__name__})"
            return [Answer(question.execution, words) for question in questions]
        now = self.clock()
        return [self._weigh(question, used, now) for question in questions]

    def _weigh(self, question: Question, used: Mapping[Handle, Usage], now: float) -> Answer:
        told = question.zapp_type is not None and tells(question.zapp_type)
        quiet, too_early = ["nothing at work"] if told else [], False
        for handle, name in question.handles.items():
            if handle not in used:
                if not told:
                    return Answer(question.execution, f"unknown: what {name} uses of processors")
                continue
            cores = self._cores(question.execution, handle, used[handle], now)
            too_early = too_early or cores is None
            if words := self._above(name, cores or 0.0, used[handle], question.gpus.get(handle, 0), told):
                return Answer(question.execution, words)
        if any(handle in used for handle in question.handles):
            quiet.append(f"processors below {self.threshold:.0%} of a core")
        return Answer(question.execution, None, quiet, too_early)

    def _above(self, name: str, cores: float, used: Usage, gpus: int, told: bool) -> str | None:
        if cores >= self.threshold:
            return f"{name} uses {cores:.0%} of a core"
        if gpus and used.gpus is None and not told:
            return f"unknown: what {name} uses of its GPUs"
        if gpus and (used.gpus or 0.0) >= self.threshold:
            return f"{name} uses {used.gpus:.0%} of a GPU"
        return None

    def _cores(self, execution: int, handle: Handle, used: Usage, now: float) -> float | None:
        """Return what it used since the look before; None where there was none."""
        if used.seconds is None:
            return used.cores
        known = self._before.setdefault(execution, {})
        then, before = known.get(handle, (-math.inf, 0.0))
        window = now - then
        if 0 <= window < _SHORTEST_WINDOW:
            return None
        known[handle] = (now, used.seconds)
        return max(0.0, used.seconds - before) / window if 0 < window <= _LONGEST_WINDOW else None


def tells(zapp_type: ZAppType) -> bool:
    """Tell whether a ZApp type knows when its executions are at work."""
    return type(zapp_type).busy is not ZAppType.busy


def _busy(zapp_type: ZAppType, services: Sequence[RunningService]) -> str | None:
    try:
        return zapp_type.busy(services)
    except Exception as error:  # noqa: BLE001 - a plugin's; what nobody knows counts as active
        return f"unknown: {error or type(error).__name__}"
