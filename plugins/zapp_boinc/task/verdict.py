"""How a run can end: an exit status that means something, and a sentence for a person."""

OK = 0
FAILED = 1
USAGE = 64
UNREACHABLE = 69
BROKEN = 70
NO_WORK = 75
REFUSED = 77
TIMED_OUT = 124
STOPPED = 143


class Verdict(Exception):  # noqa: N818 - a good end is raised as well
    """The run is over. `code` is the exit status; the text is the last line of the log."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
