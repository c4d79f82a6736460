"""The subnets of users' networks: none twice at a time, and none again at once."""

from ipaddress import IPv4Network

from backend_docker.settings import NetworkSettings
from backend_docker.subnets import free, how_many

RANGE = NetworkSettings(subnets=IPv4Network("10.9.0.0/26"), subnet_prefix=28)


def test_each_subnet_of_the_range_comes_once_from_whichever_one_begins_with() -> None:
    assert how_many(RANGE) == 4
    assert [str(one) for one in free(RANGE, (), 2)] == ["10.9.0.32/28", "10.9.0.48/28", "10.9.0.0/28", "10.9.0.16/28"]


def test_what_somebody_uses_is_left_out_however_large_it_is() -> None:
    used = [IPv4Network("10.9.0.0/27"), IPv4Network("192.168.0.0/16")]
    assert [str(one) for one in free(RANGE, used, 1)] == ["10.9.0.32/28", "10.9.0.48/28"]
