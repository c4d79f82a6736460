"""What a lab says of its kernels where Zoe asks whether anybody works there."""

import pytest

from zapp_spark.lab.zoe_lab.activity import counts


def said(*states: str) -> dict[str, int]:
    return counts([{"execution_state": state} for state in states])


@pytest.mark.parametrize("state", ["busy", "starting", "restarting", "what nobody has heard of"])
def test_a_kernel_of_which_nobody_knows_that_it_rests_is_at_work(state: str) -> None:
    assert said("idle", state) == {"kernels": 2, "busy": 1}


def test_a_kernel_that_has_died_is_not_at_work() -> None:
    assert said("idle", "dead") == {"kernels": 2, "busy": 0}
