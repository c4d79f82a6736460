"""What can be made to go wrong at the project; all of it can be changed while it runs."""

from dataclasses import dataclass


@dataclass(slots=True)
class Faults:
    """Each counts how often the fault is still to happen (`FOR_EVER`: always)."""

    no_work: int = 0
    maintenance: int = 0
    master_500: int = 0
    scheduler_500: int = 0
    no_scheduler: bool = False
    not_a_project: bool = False
    terms: bool = False
    echo_key: bool = False
    bad_signature: bool = False
    missing_input: bool = False
    download_later: int = 0
    upload_later: int = 0
    upload_never: bool = False
    per_request: int = 1
    """Tasks that are sent for one request."""
    no_work_delay: float = 1.0
    """Seconds that a client without work is asked to stay away."""

    def happens(self, name: str) -> bool:
        """Tell whether a counted fault happens now, and count it."""
        left = int(getattr(self, name))
        if left > 0:
            setattr(self, name, left - 1)
        return left > 0


FOR_EVER = 10**9
