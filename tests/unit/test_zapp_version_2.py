"""Version 2 of the format, upgraded on reading."""

from copy import deepcopy
from typing import Any

import pytest

from zoe.errors import ZAppInvalidError
from zoe.zapp import read, unknown_keys

OLD: dict[str, Any] = {
    "name": "old-notebook",
    "version": 2,
    "will_end": False,
    "priority": 512,
    "requires_binary": False,
    "services": [
        {
            "name": "notebook",
            "docker_image": "example.org:5000/lab/notebook",
            "monitor": True,
            "total_count": 1,
            "essential_count": 1,
            "startup_order": 3,
            "required_resources": {"memory": 2**30, "cores": 2},
            "environment": [["NB_CONFIG", '{"a": {"b": [1, 2]}, "c": "{execution_id}"}']],
            "volumes": [["/data/sets", "/mnt/data sets/", True], ["/scratch", "/mnt/workspace", False]],
            "networks": ["lab", "other"],
            "command": "start {dns_name#self}",
            "ports": [
                {"name": "web", "protocol": "http", "port_number": 8888, "is_main_endpoint": True, "path": "/lab"},
                {"name": "raw", "protocol": "tcp", "port_number": 9000, "is_main_endpoint": False},
            ],
        }
    ],
}


def upgraded(**fields: object) -> Any:
    document = deepcopy(OLD)
    document["services"][0] |= fields
    return read(document).services[0]


def faults(**fields: object) -> list[str]:
    with pytest.raises(ZAppInvalidError) as refused:
        upgraded(**fields)
    return [fault.path for fault in refused.value.faults]


def test_version_2_becomes_version_3() -> None:
    zapp = read(OLD)
    assert (zapp.version, zapp.name, zapp.will_end, zapp.size) == (3, "old-notebook", False, 0)


def test_what_it_required_is_reserved_and_the_limit() -> None:
    resources = upgraded().resources
    assert (resources.memory.min, resources.memory.max) == (2**30, 2**30)
    assert (resources.cores.min, resources.cores.max) == (2, 2)


@pytest.mark.parametrize("required", [{"memory": 1024}, {"memory": 1024, "cores": 0}])
def test_without_cores_it_gets_the_deployments_default(required: dict[str, int]) -> None:
    assert upgraded(required_resources=required).resources.cores.min is None


def test_an_image_without_tag_means_the_latest() -> None:
    assert upgraded().image == "example.org:5000/lab/notebook:latest"
    assert upgraded(docker_image="a:1").image == "a:1"


def test_volumes_get_names_of_their_own_from_where_they_were_seen() -> None:
    volumes = upgraded(volumes=[*OLD["services"][0]["volumes"], ["/x", "/data sets", True]]).volumes
    assert [(volume.name, volume.path, volume.read_only) for volume in volumes] == [
        ("data_sets", "/data/sets", True),
        ("workspace_2", "/scratch", False),
        ("data_sets_2", "/x", True),
    ]


def test_the_first_network_is_the_network() -> None:
    assert upgraded().network == "lab"
    assert upgraded(networks=[]).network is None


def test_an_http_port_is_a_tcp_port_with_a_template() -> None:
    web, raw = upgraded().ports
    assert (web.protocol, web.url_template) == ("tcp", "http://{ip_port}/lab")
    assert (raw.protocol, raw.url_template) == ("tcp", None)


def test_json_in_an_environment_value_is_untouched() -> None:
    assert upgraded().environment == (("NB_CONFIG", '{"a": {"b": [1, 2]}, "c": "{execution_id}"}'),)


@pytest.mark.parametrize("key", ["startup_order", "environment", "volumes", "networks", "command", "ports"])
def test_optional_fields_may_be_left_out(key: str) -> None:
    document = deepcopy(OLD)
    del document["services"][0][key]
    assert read(document).services[0].startup_order in {0, 3}


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("services[0].docker_image", {"docker_image": 3}),
        ("services[0].required_resources", {"required_resources": 3}),
        ("services[0].required_resources.memory", {"required_resources": {"memory": "4g"}}),
        ("services[0].required_resources.cores", {"required_resources": {"memory": 4, "cores": True}}),
        ("services[0].networks[0]", {"networks": ["host"]}),
        ("services[0].volumes[0]", {"volumes": [["/a", "/b"]]}),
        ("services[0].volumes[0][0]", {"volumes": [["a", "/b", True]]}),
        ("services[0].volumes[0][1]", {"volumes": [["/a", 3, True]]}),
        ("services[0].volumes[0][2]", {"volumes": [["/a", "/b", "ro"]]}),
        ("services[0].volumes", {"volumes": [["/a", "/b", True]] * 5000}),
        ("services[0].ports[0].path", {"ports": [{"name": "a", "port_number": 1, "path": 3}]}),
        ("services[0].ports[0].protocol", {"ports": [{"name": "a", "port_number": 1, "protocol": []}]}),
        ("services[0].ports", {"ports": "x"}),
        ("services[0].essential_count", {"essential_count": 1.0}),
        ("services[0].command", {"command": "{dns_name#nobody}"}),
    ],
)
def test_a_fault_has_the_path_of_the_document_as_it_was_given_and_comes_once(path: str, fields: dict[str, Any]) -> None:
    assert faults(**fields) == [path]


def test_a_missing_image_is_missed_under_its_old_name() -> None:
    document = deepcopy(OLD)
    del document["services"][0]["docker_image"]
    with pytest.raises(ZAppInvalidError) as refused:
        read(document)
    assert [fault.path for fault in refused.value.faults] == ["services[0].docker_image"]


def test_the_keys_of_version_2_are_known_in_version_2() -> None:
    assert unknown_keys(OLD) == []
    assert [fault.path for fault in unknown_keys({"version": 2, "services": [{"image": "a"}]})] == ["services[0].image"]


def test_reading_leaves_the_document_as_it_was() -> None:
    before = deepcopy(OLD)
    read(OLD)
    assert before == OLD
