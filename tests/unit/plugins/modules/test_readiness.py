# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host lacks is said in check mode as in the run; what the same run makes counts as there."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt import lacking, readiness
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt.arguments import FORECAST
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt.forecast import Forecast
from ansible_collections.virtfleet.kvm.plugins.modules import domains, networks, pools, volumes
from ansible_collections.virtfleet.kvm.plugins.plugin_utils import _forecast
from ansible_collections.virtfleet.kvm.tests.unit.hostile_images import qcow2

Run = Callable[..., dict[str, Any]]
URI = "test:///default"
MODULES = {"domains": domains, "networks": networks, "pools": pools, "volumes": volumes}
BAD: dict[str, Any] = {"name": "bad", "memory": "64MiB"}

LACKING: list[tuple[str, dict[str, Any], str]] = [
    ("domains", {"state": "running", "interfaces": [{"network": "x"}]}, "interfaces[0].network: there is no network x"),
    ("domains", {"state": "paused", "interfaces": [{"network": "x"}]}, "interfaces[0].network: there is no network x"),
    (
        "domains",
        {"state": "running", "interfaces": [{"network": "default"}, {"network": "defualt"}]},
        "interfaces[1].network: there is no network defualt on this host: declare it, or did you mean 'default'?",
    ),
    ("domains", {"state": "running", "interfaces": [{"network": "off"}]}, "the network off is not active"),
    ("domains", {"disks": [{"size": "1MiB", "pool": "defualt-pool"}]}, "disks[0].pool: there is no pool defualt-pool"),
    ("domains", {"disks": [{"size": "1MiB", "pool": "off"}]}, "disks[0].pool: the pool off is not active"),
    (
        "domains",
        {"disks": [{"size": "1MiB", "pool": "default-pool"}, {"image": "x", "pool": "default-pool"}]},
        "disks[1].image: there is no volume x in the pool default-pool",
    ),
    ("domains", {"disks": [{"backing": "x", "pool": "default-pool"}]}, "disks[0].backing: there is no volume x"),
    (
        "domains",
        {"disks": [{"volume": "x", "pool": "off"}], "state": "running"},
        "disks[0].volume: the pool off is not",
    ),
    ("domains", {"disks": [{"volume": "x", "pool": "y"}], "state": "running"}, "disks[0].volume: there is no pool y"),
    (
        "domains",
        {"boot": ["hd"], "disks": [{"file": "/x", "boot": {"order": 1}}]},
        "boot: does not go together with boot.order of a device",
    ),
    ("volumes", {"pool": "x", "capacity": "1MiB"}, "pool: there is no pool x on this host"),
    ("volumes", {"pool": "off", "capacity": "1MiB"}, "pool: the pool off is not active"),
    ("volumes", {"pool": "default-pool", "clone_from": "x"}, "clone_from: there is no volume x"),
    ("volumes", {"pool": "default-pool", "backing": {"volume": "off/x"}}, "backing: the pool off is not active"),
    ("networks", {"bridge": "virbr0"}, "bridge: virbr0 is that of the network default"),
    ("pools", {"target": "/default-pool"}, "target: /default-pool is the folder of the pool default-pool"),
    ("pools", {"target": "//default-pool/."}, "target: /default-pool is the folder of the pool default-pool"),
]


def call(run_main: Run, name: str, *config: dict[str, Any], **options: Any) -> dict[str, Any]:
    base = BAD if name == "domains" else {"name": "bad"}
    return run_main(MODULES[name].main, config=[{**base, **item} for item in config], uri=URI, **options)


@pytest.fixture
def host(connection: Any, run_main: Run) -> Any:
    """A host with a network and a pool that are not active."""
    call(run_main, "networks", {"name": "off", "state": "inactive"})
    call(run_main, "pools", {"name": "off", "target": "/off", "state": "inactive"})
    return connection


@pytest.mark.parametrize(("name", "item", "words"), LACKING)
def test_what_the_host_lacks_is_said_before(
    host: Any, run_main: Run, snapshot: Any, name: str, item: dict[str, Any], words: str
) -> None:
    before = snapshot()
    said = call(run_main, name, item, check=True, fails=True)
    done = call(run_main, name, item, fails=True)
    assert words in said["msg"]
    for part in ("msg", "changed", "changes", "failures", "warnings"):
        assert said.get(part) == done.get(part), part
    assert snapshot() == before


def test_one_that_is_refused_stops_no_other(host: Any, run_main: Run) -> None:
    good = {"name": "good", "state": "running", "interfaces": [{"network": "default"}]}
    bad = {"state": "running", "interfaces": [{"network": "x"}]}
    for check in (True, False):
        result = call(run_main, "domains", bad, good, check=check, fails=True)
        assert [failure["domain"] for failure in result["failures"]] == ["bad"]
        assert {change["resource"] for change in result["changes"]} == {"domain good"}


def test_a_guest_that_stays_off_is_warned_of(host: Any, run_main: Run) -> None:
    result = call(run_main, "domains", {"interfaces": [{"network": "x"}]})
    assert any("there is no network x" in line and "until then" in line for line in result["warnings"])
    assert call(run_main, "domains", {"interfaces": [{"network": "x"}]})["warnings"] == []


def test_a_running_guest_gets_no_interface_on_what_is_not_there(host: Any, run_main: Run) -> None:
    call(run_main, "domains", {"name": "runs", "state": "running", "interfaces": [{"network": "default"}]})
    host.networkLookupByName("default").destroy()  # What it has is not looked at.
    more = [{"network": "default"}, {"network": "x"}]
    result = call(run_main, "domains", {"name": "runs", "interfaces": more}, check=True, fails=True)
    assert result["failures"] == [
        {
            "domain": "runs",
            "problem": "interfaces[1].network: there is no network x on this host: declare it, or correct the name",
        }
    ]


CHAIN: list[tuple[str, list[dict[str, Any]]]] = [
    ("networks", [{"name": "lan"}, {"name": "off", "state": "active"}]),
    ("pools", [{"name": "fast", "target": "/fast"}, {"name": "off", "target": "/off", "state": "active"}]),
    (
        "volumes",
        [
            {"name": "base.qcow2", "pool": "fast", "capacity": "1MiB"},
            {"name": "over.qcow2", "pool": "off", "capacity": "1MiB", "backing": {"volume": "fast/base.qcow2"}},
        ],
    ),
    (
        "domains",
        [
            {
                "state": "running",
                "interfaces": [{"network": "lan"}, {"network": "off"}],
                "disks": [{"size": "1MiB", "pool": "fast"}, {"volume": "over.qcow2", "pool": "off"}],
            }
        ],
    ),
]


def test_what_tasks_before_would_have_made_counts_as_there(host: Any, run_main: Run, snapshot: Any) -> None:
    before, known = snapshot(), dict[str, Any]()
    foreseen = {}
    for name, config in CHAIN:
        said = call(run_main, name, *config, check=True, **({FORECAST: known} if known else {}))
        foreseen[name] = said["changes"]
        known = _forecast.learn(known, said["changes"])
    assert snapshot() == before
    for name, config in CHAIN:
        assert call(run_main, name, *config)["changes"] == foreseen[name]


@pytest.mark.parametrize("left_out", range(2))
def test_without_one_of_them_the_guest_is_refused(host: Any, run_main: Run, left_out: int) -> None:
    known = dict[str, Any]()
    steps = [step for index, step in enumerate(CHAIN[:-1]) if index != left_out]
    for name, config in steps:
        options = {FORECAST: known} if known else {}
        said = call(run_main, name, *config, check=True, fails=name == "volumes" and left_out == 1, **options)
        known = _forecast.learn(known, said["changes"])
    call(run_main, CHAIN[-1][0], *CHAIN[-1][1], check=True, fails=True, **{FORECAST: known})


def test_what_would_be_gone_is_not_there(host: Any, run_main: Run) -> None:
    said = call(run_main, "networks", {"name": "default", "state": "absent"}, check=True)
    known = _forecast.learn({}, said["changes"])
    guest = {"state": "running", "interfaces": [{"network": "default"}]}
    result = call(run_main, "domains", guest, check=True, fails=True, **{FORECAST: known})
    assert "there is no network default on this host" in result["msg"]


@pytest.fixture
def here(host: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The host is this machine, with the network devices of a folder."""
    monkeypatch.setattr(lacking, "is_local", lambda uri: True)
    monkeypatch.setattr(lacking, "FOREIGN", ())
    monkeypatch.setattr(lacking, "SYS", str(tmp_path / "sys"))
    (tmp_path / "sys/class/net/ovsbr0").mkdir(parents=True)
    return tmp_path


def checked(run_main: Run, *steps: tuple[str, list[dict[str, Any]]], **options: Any) -> dict[str, Any]:
    """The last of some tasks in check mode, after what it is told of those before it."""
    known = dict[str, Any]()
    said = dict[str, Any]()
    for number, (name, config) in enumerate(steps, 1):
        more = options if number == len(steps) else {}
        said = call(run_main, name, *config, check=True, **({FORECAST: known} if known else {}), **more)
        known = _forecast.learn(known, said["changes"])
    return said


SWITCH = {"name": "ovs", "forward": {"mode": "bridge"}, "bridge": "ovsbr0"}
PORT = {"virtualport": {"type": "openvswitch"}}


@pytest.mark.parametrize("where", ["network", "portgroup", "interface", "nowhere"])
def test_the_bridge_of_a_virtualport_is_not_judged(here: Path, run_main: Run, where: str) -> None:
    network: dict[str, Any] = {**SWITCH, **(PORT if where == "network" else {})}
    if where == "portgroup":
        network["portgroups"] = [{"name": "one", **PORT}]
    interface = {"network": "ovs", **(PORT if where == "interface" else {})}
    guest = {"state": "running", "interfaces": [interface]}
    bad = where == "nowhere"
    said = checked(run_main, ("networks", [network]), ("domains", [guest]))
    assert any("ovsbr0 is no bridge" in line for line in said["warnings"]) == bad
    call(run_main, "networks", network)
    assert call(run_main, "domains", guest, fails=bad)["changed"] != bad


def card(here: Path, name: str, owner: str = "", kind: str = "bridge") -> None:
    """A network card in the folder of devices, as the kernel shows it; perhaps one that belongs to another device."""
    (here / f"sys/class/net/{name}").mkdir(parents=True, exist_ok=True)
    (here / f"sys/class/net/{name}/type").write_text("772\n" if kind == "loopback" else "1\n")
    if owner:
        (here / f"sys/class/net/{owner}/{kind}").mkdir(parents=True, exist_ok=True)
        (here / f"sys/class/net/{name}/master").symlink_to(f"../{owner}")


OWNED: list[tuple[str, str, str]] = [
    ("brlan", "bridge", "eno1 is a port of the bridge brlan, and cannot carry MacVTap as well: write bridge: brlan"),
    ("bond0", "bonding", "eno1 is part of the bond bond0, and cannot carry MacVTap as well: use bond0"),
    ("ovs-system", "other", "eno1 is a port of Open vSwitch, and cannot carry MacVTap as well: write bridge with the"),
    ("", "loopback", "eno1 is the loopback device, and cannot carry MacVTap as well: name a network card"),
    ("vrf1", "other", ""),  # A device of routing takes no frames.
    ("", "other", ""),
]


@pytest.mark.parametrize("way", ["direct", "bridge", "private"])
@pytest.mark.parametrize(("owner", "kind", "words"), OWNED)
def test_a_card_that_belongs_to_another_device_carries_no_macvtap(
    here: Path, run_main: Run, owner: str, kind: str, words: str, way: str
) -> None:
    card(here, "eno1", owner, kind)
    place, card_of = "interfaces[0].direct: ", {"direct": "eno1"}
    if way != "direct":
        place, card_of = "network: the network by puts guests on a card by MacVTap: ", {"network": "by"}
        network = {"name": "by", "forward": {"mode": way, "interfaces": ["eno1"]}}
        # What an earlier task would have made leaves a doubt.
        said = checked(run_main, ("networks", [network]), ("domains", [{"state": "running", "interfaces": [card_of]}]))
        assert any(place + words in line for line in said["warnings"]) == bool(words)
        call(run_main, "networks", network)
    for check in (True, False):
        guest = {"state": "running", "interfaces": [card_of]}
        result = call(run_main, "domains", guest, check=check, fails=bool(words))
        assert (place + words in result.get("msg", "")) == bool(words)


def test_the_network_of_the_bridge_is_the_way_out(here: Path, run_main: Run) -> None:
    card(here, "eno1", "brlan")
    call(run_main, "networks", {"name": "lan", "forward": {"mode": "bridge"}, "bridge": "brlan"})
    guest = {"state": "running", "interfaces": [{"direct": "eno1"}]}
    said = call(run_main, "domains", guest, check=True, fails=True)["msg"]
    assert said.endswith("write bridge: brlan, or network: lan, which is on it")


@pytest.mark.parametrize(
    ("links", "words"),
    [
        ({"br1": {"type": "bridge", "ports": ["eno2"]}}, "eno2 is a port of the bridge br1"),
        ({"brlan": {"type": "bridge", "ports": ["eno3"]}}, ""),
        ({"brlan": None}, ""),
        ({"brlan": {"type": "bridge"}}, "eno1 is a port of the bridge brlan"),
    ],
)
def test_the_ports_of_links_that_would_be_made_by_now_count(
    here: Path, run_main: Run, links: dict[str, Any], words: str
) -> None:
    for name, owner in (("eno1", "brlan"), ("eno2", ""), ("eno3", "")):
        card(here, name, owner)
    direct = "eno2" if "eno2" in words else "eno1"
    guest = {"state": "running", "interfaces": [{"direct": direct}]}
    said = call(run_main, "domains", guest, check=True, **{FORECAST: {"links": links}})
    assert any(words in line for line in said["warnings"] if "carry MacVTap" in line) == bool(words)


def test_a_guest_of_passthrough_gets_a_card_that_is_free(here: Path, run_main: Run) -> None:
    card(here, "eno1", "brlan")
    card(here, "eno2")
    for mode, bad in (("bridge", True), ("passthrough", False)):
        guest = {"state": "running", "interfaces": [{"network": mode}]}
        call(run_main, "networks", {"name": mode, "forward": {"mode": mode, "interfaces": ["eno1", "eno2"]}})
        assert call(run_main, "domains", guest, check=True, fails=bad)["changed"] != bad


def test_a_port_is_no_bridge_and_no_card_for_macvtap(here: Path, run_main: Run) -> None:
    card(here, "eno1", "brlan")
    said = call(run_main, "domains", {"state": "running", "interfaces": [{"bridge": "eno1"}]}, fails=True)["msg"]
    assert "eno1 is no bridge; eno1 is a port of the bridge brlan: write bridge: brlan" in said
    assert "direct" not in said


DOUBTFUL: list[tuple[str, dict[str, Any], str]] = [
    ("networks", {"bridge": "virbr0"}, "bridge: virbr0 is that of the network default"),
    ("networks", {"bridge": "lo"}, "bridge: lo is on this host already"),
    ("pools", {"target": "/default-pool"}, "target: /default-pool is the folder of the pool default-pool"),
    (
        "domains",
        {"state": "running", "interfaces": [{"bridge": "brx"}]},
        "there is no network device brx on this host: declare it with virtfleet.kvm.links (kvm_links of the role), or ",
    ),
    ("domains", {"state": "running", "interfaces": [{"bridge": "lo"}]}, "the network device lo is no bridge"),
    ("domains", {"state": "running", "disks": [{"file": "/no/x"}]}, "disks[0].file: there is no file /no/x"),
    ("domains", {"state": "running", "filesystems": [{"source": "/no", "target": "x"}]}, "there is no folder /no"),
    ("domains", {"disks": [{"image": "/no/x", "pool": "default-pool"}]}, "disks[0].image: there is no file /no/x"),
]


@pytest.mark.parametrize(("name", "item", "words"), DOUBTFUL)
def test_what_an_earlier_task_may_solve_is_only_warned_of(
    host: Any, run_main: Run, monkeypatch: pytest.MonkeyPatch, name: str, item: dict[str, Any], words: str
) -> None:
    monkeypatch.setattr(lacking, "FOREIGN", ())
    assert words in call(run_main, name, item, check=True, fails=True)["msg"]
    known = {"pools": {"other": {"type": "netfs", "target": "/other", "state": "active"}}}
    result = call(run_main, name, item, check=True, **{FORECAST: known})
    assert result["changed"]
    assert any(words in line for line in result["warnings"])
    if name == "domains":  # Networks are known for certain.
        more = {**item, "state": "running", "interfaces": [{"network": "x"}]}
        result = call(run_main, name, more, check=True, fails=True, **{FORECAST: known})
        assert "there is no network x" in result["msg"]


MOVES: list[tuple[str, str, Callable[[str], dict[str, Any]]]] = [
    ("networks", "is that of the network off", lambda place: {"bridge": f"vb-{place}"}),
    ("pools", "is the folder of the pool off", lambda place: {"target": f"/{place}"}),
]


@pytest.mark.parametrize(("name", "words", "at"), MOVES)
def test_what_moves_away_frees_its_place(
    host: Any, run_main: Run, name: str, words: str, at: Callable[[str], dict[str, Any]]
) -> None:
    first = [{"name": "off", "state": "inactive", **at("b")}, {"name": "bad", "state": "inactive", **at("a")}]
    call(run_main, name, *first)
    moved = [{"name": "off", **at("c")}, {"name": "bad", **at("b")}]
    assert words in call(run_main, name, *reversed(moved), check=True, fails=True)["msg"]  # In the order of the run.
    known = _forecast.learn({}, call(run_main, name, moved[0], check=True)["changes"])
    assert call(run_main, name, moved[1], check=True, **{FORECAST: known})["changed"]
    said = call(run_main, name, *moved, check=True)
    assert call(run_main, name, *moved)["changes"] == said["changes"]


@pytest.mark.parametrize(("name", "words", "at"), MOVES)
def test_what_runs_or_is_refused_keeps_its_place(
    host: Any, run_main: Run, name: str, words: str, at: Callable[[str], dict[str, Any]]
) -> None:
    call(run_main, name, {"name": "off", "state": "active", **at("b")}, {"name": "third", **at("c")})
    moved = [{"name": "off", **at("d")}, {"name": "bad", **at("b")}]
    assert words in call(run_main, name, *moved, check=True, fails=True)["msg"]  # It has the old one until it restarts.
    call(run_main, name, {"name": "off", "state": "inactive"})
    moved[0] = {"name": "off", **at("c")}  # That of the third.
    result = call(run_main, name, *moved, check=True, fails=True)
    assert [next(iter(failure.values())) for failure in result["failures"]] == ["off", "bad"]


@pytest.mark.parametrize("cells", [0, 2])
def test_memory_in_pieces_is_only_warned_of(
    here: Path, run_main: Run, monkeypatch: pytest.MonkeyPatch, cells: int
) -> None:
    monkeypatch.setattr(readiness, "memory_and_swap", lambda: 1024**3)
    monkeypatch.setattr(readiness, "content", lambda path: "0")
    guest: dict[str, Any] = {"state": "running", "memory": "1200MiB", "vcpus": 2}
    if cells:
        nodes = [{"id": number, "cpus": str(number), "memory": "600MiB"} for number in range(cells)]
        guest["cpu"] = {"numa": {"cells": nodes}}
    said = call(run_main, "domains", guest, check=True, fails=not cells)
    words = "memory: is 1200MiB, and this host has 1GiB with its swap"
    assert any(words in line for line in (said["warnings"] if cells else [said["msg"]]))


NET = {"name": "lan", "bridge": "virbr9"}
LEFT = {"type": "netfs", "target": "HERE/mnt", "source": {"hosts": [{"name": "nas.example"}], "dir": "/iso"}}
NAS = {"name": "nas", **LEFT}
COMING: list[tuple[list[tuple[str, dict[str, Any]]], dict[str, Any]]] = [
    ([("networks", NET)], {"interfaces": [{"bridge": "virbr9"}]}),
    ([("networks", {"name": "lan"})], {"interfaces": [{"bridge": "virbr1"}]}),
    (
        [("networks", NET), ("networks", {"name": "over", "forward": {"mode": "bridge"}, "bridge": "virbr9"})],
        {"interfaces": [{"network": "over"}]},
    ),
    ([("pools", NAS)], {"disks": [{"file": "HERE/mnt/x.iso", "device": "cdrom"}]}),
    ([("pools", NAS)], {"disks": [{"image": "HERE/mnt/base.img", "pool": "default-pool"}]}),
    ([("pools", {"name": "off", "target": "/off", "state": "active"})], {"disks": [{"file": "/off/x"}]}),
    ([("pools", {"name": "d", "target": "HERE/d"})], {"filesystems": [{"source": "HERE/d", "target": "x"}]}),
]


def placed(item: Any, here: Path) -> Any:
    return json.loads(json.dumps(item).replace("HERE", str(here)))


@pytest.mark.parametrize(("steps", "guest"), COMING)
def test_what_comes_with_another_thing_is_not_judged(
    here: Path, run_main: Run, steps: list[tuple[str, dict[str, Any]]], guest: dict[str, Any]
) -> None:
    tasks = [(name, [placed(item, here)]) for name, item in steps]
    said = checked(run_main, *tasks, ("domains", [{**placed(guest, here), "state": "running"}]))
    assert [line for line in said["warnings"] if "there is no" in line or "no bridge" in line] == []


def test_what_this_run_removes_is_not_recommended(host: Any, run_main: Run) -> None:
    known = {"networks": {"default": None}, "pools": {"default-pool": None}, "volumes": {"off/x": None}}
    guest = {"state": "running", "interfaces": [{"network": "default"}], "disks": [{"size": "1MiB", "pool": "off"}]}
    said = call(run_main, "domains", guest, check=True, fails=True, **{FORECAST: known})
    assert "there is no network default on this host once this run has removed it: keep it" in said["msg"]
    assert "did you mean" not in said["msg"]


def test_files_of_many_volumes_are_looked_up_fast(host: Any, here: Path, run_main: Run) -> None:
    call(run_main, "pools", {"name": "files", "target": str(here)})
    site = lacking.Site(host, Forecast(volumes={f"files/v{number}": {} for number in range(3000)}))
    begun = time.process_time()
    assert [site.file(f"{here}/v{number}") for number in range(3000)] == [None] * 3000
    assert site.file(f"{here}/other") is not None
    assert time.process_time() - begun < 10


def test_a_network_that_would_be_gone_leaves_its_bridge_to_another(here: Path, run_main: Run) -> None:
    (here / "sys/class/net/virbr0").mkdir()
    said = checked(
        run_main, ("networks", [{"name": "default", "state": "absent"}]), ("networks", [{"bridge": "virbr0"}])
    )
    assert said["warnings"] == []
    changes = checked(run_main, ("networks", [{"bridge": "virbr9"}]), ("networks", [{"bridge": "ovsbr0"}]))
    assert any("ovsbr0 is on this host already" in line for line in changes["warnings"])


@pytest.mark.parametrize(("name", "there"), [("networks", "default"), ("pools", "default-pool")])
def test_what_would_be_gone_leaves_its_uuid_to_another(host: Any, run_main: Run, name: str, there: str) -> None:
    found = host.networkLookupByName(there) if name == "networks" else host.storagePoolLookupByName(there)
    heir = {"uuid": found.UUIDString(), **({} if name == "networks" else {"target": "/default-pool"})}
    assert "its UUID is that of" in call(run_main, name, heir, check=True, fails=True)["msg"]
    assert checked(run_main, (name, [{"name": there, "state": "absent"}]), (name, [heir]))["changed"]


@pytest.mark.parametrize("kind", ["qcow2", "raw"])
def test_files_in_the_folder_of_a_pool_to_come_are_its_volumes(here: Path, run_main: Run, kind: str) -> None:
    """As when a host is taken over: its disks are files, and a pool is declared for their folder."""
    images = here / "images"
    images.mkdir()
    (images / "x").write_bytes(qcow2() if kind == "qcow2" else bytes(1024**2))
    call(run_main, "domains", {"disks": [{"file": f"{images}/x", "format": kind, "target": "vda"}]})
    pool = ("pools", [{"name": "p", "target": str(images)}])
    disk = {"volume": "x", "pool": "p", "size": "64MiB", "format": kind, "target": "vda"}
    changes = {
        change["path"]: change for change in checked(run_main, pool, ("domains", [{"disks": [disk]}]))["changes"]
    }
    assert changes["disks[0].size"]["after"] == "64MiB"
    known = checked(run_main, pool, ("volumes", [{"name": "x", "pool": "p", "capacity": "64MiB", "format": kind}]))
    assert [change["path"] for change in known["changes"]] == ["capacity"]
