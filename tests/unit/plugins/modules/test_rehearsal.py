# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fault 240: what libvirt would drop without a word is refused, by the option's name, in check mode and in the run."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.modules import networks

from .conftest import URI, Run

DROPPED: dict[str, tuple[dict[str, Any], str]] = {
    "websocket": ({"graphics": [{"type": "vnc", "websocket": 0}]}, "graphics[0].websocket: libvirt keeps nothing"),
    "password time": (
        {"graphics": [{"type": "vnc", "passwd_valid_to": "2030-01-31T12:00:00"}]},
        "graphics[0].passwd_valid_to: libvirt keeps nothing of",
    ),
    "queues": (
        {"controllers": [{"type": "scsi", "model": "virtio-scsi", "driver": {"queues": 0, "max_sectors": 0}}]},
        "controllers[0].driver.queues: libvirt keeps nothing of 0 here: leave it out, or write another value;"
        " controllers[0].driver.max_sectors: libvirt keeps nothing of 0 here: leave it out, or write another value",
    ),
    "memory of a card": (
        {"videos": [{"model": {"type": "qxl", "vgamem": 0}}]},
        "videos[0].model.vgamem: libvirt ",
    ),
    "the only card": (
        {"videos": [{"model": {"type": "vga", "primary": False}}]},
        "videos[0].model.primary: libvirt makes True of False: write that, or leave it out",
    ),
    "a read-only drive": (
        {"disks": [{"device": "cdrom", "target": "sda", "bus": "sata", "readonly": False}]},
        "disks[0].readonly: libvirt makes True of False",
    ),
    "an address": (
        {"graphics": [{"type": "vnc", "listens": []}]},
        "graphics[0].listens[0]: libvirt adds it by itself: declare it, too, or leave its list out",
    ),
    "two names of one number": (
        {"vcpus": 2, "cputune": {"vcpupin": {"00": "0"}}},
        "cputune.vcpupin.00: libvirt keeps nothing of '0' here",
    ),
}


@pytest.mark.parametrize("how", DROPPED)
def test_what_libvirt_drops(how: str, connection: Any, run_domains: Run, snapshot: Any) -> None:
    options, said = DROPPED[how]
    before = snapshot()
    config = ({"name": "q", "memory": "64MiB", **options}, {"name": "r", "memory": "64MiB"})
    told, done = (run_domains(*config, check=check, fails=True) for check in (True, False))
    assert told["failures"] == done["failures"]
    (failure,) = done["failures"]
    assert (failure["domain"], failure["problem"][: len(said)]) == ("q", said)
    assert connection.lookupByName("r")
    connection.lookupByName("r").destroy() if connection.lookupByName("r").isActive() else None
    connection.lookupByName("r").undefine()
    assert snapshot() == before


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a peak alone": (
        {"interfaces": [{"bridge": "br0", "bandwidth": {"inbound": {"peak": 5}}}]},
        "interfaces[0].bandwidth.inbound.peak: libvirt refuses this: Missing mandatory average",
    ),
    "no type of port": (
        {"interfaces": [{"bridge": "br0", "virtualport": {}}]},
        "interfaces[0].virtualport: libvirt refuses this: ",
    ),
    "one alias twice": (
        {"interfaces": [{"bridge": "br0", "alias": "ua-x"}, {"bridge": "br0", "alias": "ua-x"}]},
        "interfaces[0].alias, interfaces[1].alias: libvirt refuses this: ",
    ),
}


@pytest.mark.parametrize("how", REFUSED)
def test_what_libvirt_does_not_read_of_a_network_card(how: str, connection: Any, run_domains: Run) -> None:
    options, said = REFUSED[how]
    told, done = (
        run_domains({"name": "q", "memory": "64MiB", **options}, check=check, fails=True) for check in (True, False)
    )
    assert told["failures"] == done["failures"]
    assert done["failures"][0]["problem"].startswith(said)


def test_a_change_that_libvirt_would_drop(connection: Any, run_domains: Run, snapshot: Any) -> None:
    guest = {"name": "q", "memory": "64MiB", "graphics": [{"type": "vnc", "autoport": True}]}
    assert run_domains(guest)["changed"]
    before = snapshot()
    guest["graphics"] = [{"type": "vnc", "autoport": True, "websocket": 0}]
    told, done = (run_domains(guest, check=check, fails=True) for check in (True, False))
    assert told["failures"] == done["failures"]
    assert "graphics[0].websocket: libvirt keeps nothing of 0" in done["msg"]
    assert snapshot() == before


def test_each_guest_is_asked_about(connection: Any, run_domains: Run) -> None:
    # What is off need not show in a definition: so definitions that are the same may be right and wrong.
    drive = {"device": "cdrom", "target": "sda", "bus": "sata"}
    right = [{"name": f"r{index}", "memory": "64MiB", "disks": [drive]} for index in range(3)]
    wrong = {"name": "wrong", "memory": "64MiB", "disks": [{**drive, "readonly": False}]}
    failures = run_domains(*right, wrong, check=True, fails=True)["failures"]
    assert [failure["domain"] for failure in failures] == ["wrong"]


@pytest.mark.parametrize(
    ("option", "threads"),
    [("vcpusched", {"vcpus": "0"}), ("iothreadsched", {"iothreads": "1"}), ("emulatorsched", None)],
)
@pytest.mark.parametrize("state", ["stopped", "running"])
def test_a_scheduler_that_goes_by_no_priority_lets_it_go(
    connection: Any, run_domains: Run, option: str, threads: dict[str, str] | None, state: str
) -> None:
    def guest(**scheduler: Any) -> dict[str, Any]:
        value = scheduler if threads is None else [{**threads, **scheduler}]
        return {"name": "g", "memory": "64MiB", "iothreads": 1, "state": state, "cputune": {option: value}}

    def has(words: str) -> bool:
        return words in connection.lookupByName("g").XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)

    run_domains(guest(scheduler="fifo", priority=1))
    assert has("priority='1'")
    for check in (True, False):
        changes = run_domains(guest(scheduler="batch"), check=check)["changes"]
        assert {(change["before"], change["after"]) for change in changes} == {("fifo", "batch"), (1, None)}
    assert has("scheduler='batch'")
    assert not has("priority=")
    assert run_domains(guest(scheduler="batch"))["changed"] is False
    if state == "running":
        connection.lookupByName("g").destroy()
    connection.lookupByName("g").undefine()
    new = run_domains(guest(scheduler="batch"))["changes"]
    assert "priority" not in str(new)


KEPT: dict[str, dict[str, Any]] = {
    "of QEMU alone": {"qemu": {"args": ["-S"], "env": {"A": "b"}}, "metadata": ["<x:a xmlns:x='urn:x'>1</x:a>"]},
    "another architecture": {"arch": "i686", "machine": "pc"},
    "schedulers": {
        "vcpus": 4,
        "iothreads": 2,
        "cputune": {
            "vcpusched": [{"vcpus": "0-1,3", "scheduler": "fifo", "priority": 1}],
            "iothreadsched": [{"iothreads": "2", "scheduler": "batch"}],
        },
    },
    "several schedulers": {
        "vcpus": 4,
        "cputune": {
            "vcpusched": [
                {"vcpus": "0-1", "scheduler": "fifo", "priority": 1},
                {"vcpus": "2-3", "scheduler": "batch"},
            ]
        },
    },
    "filters": {
        "interfaces": [
            {
                "bridge": "br0",
                "filterref": {
                    "filter": "clean-traffic",
                    "parameters": [
                        {"name": "IP", "value": "192.0.2.2"},
                        {"name": "IP", "value": "192.0.2.1"},
                        {"name": "CTRL_IP_LEARNING", "value": "dhcp"},
                    ],
                },
            }
        ]
    },
    "a window": {"graphics": [{"type": "sdl", "display": ":0.0", "fullscreen": False}]},
}


@pytest.mark.parametrize("how", KEPT)
def test_what_libvirt_keeps_in_its_own_way(how: str, connection: Any, run_domains: Run) -> None:
    guest = {"name": "q", "memory": "64MiB", "state": "present", **KEPT[how]}
    told = run_domains(guest, check=True)
    assert (told["changed"], told["msg"] if told.get("failed") else "") == (True, "")


@pytest.mark.parametrize("how", ["schedulers", "several schedulers", "filters", "a window"])
def test_what_is_kept_in_another_order_is_no_change(how: str, connection: Any, run_domains: Run) -> None:
    guest = {"name": "q", "memory": "64MiB", "state": "present", "virt": "test", **KEPT[how]}
    assert run_domains(guest)["changed"]
    assert not run_domains(guest)["changed"]


@pytest.mark.parametrize(
    ("module", "item"),
    [
        ("networks", {"name": "lan", "ips": ["192.0.2.1/24"], "dns": {"srvs": [{"service": "a", "protocol": "tcp"}]}}),
        ("pools", {"name": "images", "target": "/srv/images"}),
    ],
)
def test_what_is_kept_of_other_kinds_is_not_refused(module: str, item: dict[str, Any], run_main: Run) -> None:
    main = import_module(f"ansible_collections.virtfleet.kvm.plugins.modules.{module}").main
    assert run_main(main, config=[{**item, "state": "present"}], uri=URI, check=True)["changed"]


def test_the_question_leaves_no_trace(connection: Any, run_domains: Run, snapshot: Any) -> None:
    before = snapshot()
    run_domains({"name": "q", "memory": "64MiB", "graphics": [{"type": "vnc"}]}, check=True)
    assert snapshot() == before


OF_NETWORKS: dict[str, tuple[dict[str, Any], str]] = {
    "managed devices of none": (
        {"forward": {"mode": "open", "managed": True}, "ips": [{"address": "192.0.2.1/24"}]},
        "forward.managed: libvirt keeps nothing of True here",
    ),
    "of a bridge of the host": (
        {"bridge": "br0", "forward": {"mode": "bridge", "managed": True}},
        "forward.managed: libvirt keeps nothing of True here",
    ),
    "the driver of no device": (
        {"bridge": "br0", "forward": {"mode": "bridge", "driver": {"model": "mlx5_vfio_pci"}}},
        "forward.driver",
    ),
}


@pytest.mark.parametrize("how", OF_NETWORKS)
def test_what_libvirt_drops_of_a_network(how: str, connection: Any, run_main: Run) -> None:
    """The test driver was given a flag that it does not take, so nothing was ever said of networks."""
    options, said = OF_NETWORKS[how]
    for check in (True, False):
        result = run_main(networks.main, config=[{"name": "n", **options}], uri=URI, check=check, fails=True)
        assert result["failures"][0]["problem"].startswith(said)
        assert result["changes"] == []
    assert [network.name() for network in connection.listAllNetworks()] == ["default"]


@pytest.mark.parametrize("mode", ["open", "none", "nat", "route", "bridge"])
def test_networks_that_are_kept(mode: str, connection: Any, run_main: Run) -> None:
    ips = [{"address": "192.0.2.1/24"}] if mode in ("nat", "route", "open") else []
    forward = {} if mode == "none" else {"forward": {"mode": mode}}
    bridge = {"bridge": "br0"} if mode == "bridge" else {}
    want = {"name": "n", "state": "inactive", **forward, **bridge, **({"ips": ips} if ips else {})}
    run_main(networks.main, config=[want], uri=URI, check=True)
