# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host lacks, looked for on a host of folders: each answer names what is not there, and the way to have it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared import lacking, readiness
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared.lacking import Site
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.forecast import Forecast
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.storage_observe import ObservedPool

PORT = "<network><name>n</name><forward mode='bridge'/><bridge name='{}'/>{}</network>"
NAT = "<network><name>n</name><forward mode='nat'/><bridge name='{}'/></network>"
CARDS = "<network><name>n</name><forward mode='{}'>{}</forward></network>"


class Network:
    def __init__(self, name: str, text: str, active: bool = True) -> None:
        self._name, self.text, self.active = name, text, active

    def name(self) -> str:
        return self._name

    def XMLDesc(self, flags: int) -> str:  # noqa: N802
        return self.text

    def isActive(self) -> bool:  # noqa: N802
        return self.active


class Connection:
    def __init__(self, *networks: Network, uri: str = "qemu:///system") -> None:
        self.networks, self.uri = networks, uri

    def getURI(self) -> str:  # noqa: N802
        return self.uri

    def listAllNetworks(self, flags: int) -> tuple[Network, ...]:  # noqa: N802
        return self.networks


@pytest.fixture(autouse=True)
def sys_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The devices of a host: cards eno1 and eno2, bridge br0 with port eno3, bond0 with eno4, lo."""
    net = tmp_path / "sys/class/net"
    for name in ("br0/bridge", "bond0/bonding", "eno1", "eno2", "eno3", "eno4", "lo"):
        (net / name).mkdir(parents=True)
    (net / "lo/type").write_text("772\n")
    (net / "eno3/master").symlink_to("../br0")
    (net / "eno4/master").symlink_to("../bond0")
    monkeypatch.setattr(lacking, "SYS", str(tmp_path / "sys"))
    return tmp_path / "sys"


def site(
    *networks: Network, uri: str = "qemu:///system", pools: dict[str, ObservedPool] | None = None, **told: Any
) -> Site:
    found = Site(Connection(*networks, uri=uri), Forecast(**told))  # type: ignore[arg-type]
    found.kept["pools"] = pools or {}
    return found


# --- networks ---


def test_a_network_that_is_not_there_is_told_with_a_name_that_is_close() -> None:
    told = site(Network("default", NAT), networks={"lan": {"state": "active"}, "lab": None}).network
    assert "no network defalt on this host: declare it, or did you mean 'default'?" in str(told("defalt"))
    assert "did you mean 'lan'?" in str(told("lam"))
    assert str(told("lab")).endswith(lacking.REMOVED)
    assert "correct the name" in str(told("something"))


@pytest.mark.parametrize(
    ("active", "facts", "lacks"),
    [
        (True, {}, False),
        (False, {}, True),
        (False, {"n": {"state": "active"}}, False),
        (True, {"n": {"state": "inactive"}}, True),
        (False, {"n": {"bridge": "virbr7"}}, True),
        (True, {"n": {"bridge": "virbr7"}}, False),
    ],
)
def test_a_network_has_to_be_active_by_then(active: bool, facts: dict[str, Any], lacks: bool) -> None:
    told = site(Network("n", NAT.format("virbr0"), active), networks=facts).network("n")
    assert (told is not None) is lacks
    assert not lacks or "the network n is not active; start it" in str(told)


def test_a_network_that_is_made_before_is_active_if_it_says_so() -> None:
    assert site(networks={"n": {"state": "active"}}).network("n") is None
    for facts in ({"state": "inactive"}, {"bridge": "virbr7"}):
        assert "is not active" in str(site(networks={"n": facts}).network("n"))


@pytest.mark.parametrize(
    ("text", "facts", "says"),
    [
        (PORT.format("br0", ""), {}, None),
        (PORT.format("br9", ""), {}, "the network n needs a bridge: there is no network device br9"),
        (PORT.format("br9", "<virtualport type='openvswitch'/>"), {}, None),
        (PORT.format("br9", ""), {"bridge": "br0"}, None),
        (PORT.format("br0", ""), {"bridge": "br9"}, "needs a bridge: there is no network device br9"),
        (PORT.format("br9", ""), {"portgroups": [{"name": "a"}, {"virtualport": {"type": "openvswitch"}}]}, None),
        (PORT.format("br9", ""), {"virtualport": {"type": "openvswitch"}}, None),
        (PORT.format("br9", ""), {"forward": {}}, None),
        (NAT.format("br9"), {}, None),
        (NAT.format("br0"), {"forward": {"mode": "bridge"}, "bridge": "br9"}, "needs a bridge"),
        (CARDS.format("bridge", "<interface dev='eno1'/>"), {}, None),
        (CARDS.format("bridge", "<interface dev='eno9'/>"), {}, "on a card by MacVTap: there is no network device"),
        (CARDS.format("private", "<interface dev='eno1'/><interface dev='eno9'/>"), {}, "no network device eno9"),
        (CARDS.format("passthrough", "<interface dev='eno1'/><interface dev='eno9'/>"), {}, None),
        (CARDS.format("passthrough", "<interface dev='eno8'/><interface dev='eno9'/>"), {}, "no network device eno8"),
        (CARDS.format("vepa", "<interface dev='eno3'/>"), {}, "eno3 is a port of the bridge br0"),
        (CARDS.format("vepa", "").replace("'vepa'", "'vepa' dev='eno9'"), {}, "no network device eno9"),
        (CARDS.format("hostdev", "<interface dev='eno9'/>"), {}, None),
    ],
)  # fmt: skip
def test_what_a_network_stands_for_has_to_be_there(text: str, facts: dict[str, Any], says: str | None) -> None:
    told = site(Network("n", text), networks={"n": facts} if facts else {}).network("n")
    assert told is None if says is None else says in str(told)
    # A switch is asked for where the interface itself says how it is linked.
    assert site(Network("n", text), networks={"n": facts} if facts else {}).switch("n") is None


# --- devices ---


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("br0", None),
        ("br9", "there is no network device br9 on this host: declare it with virtfleet.kvm.links"),
        ("eno1", "the network device eno1 is no bridge: name one, or use direct to be linked to it by MacVTap"),
        ("eno3", "is no bridge; eno3 is a port of the bridge br0: write bridge: br0"),
        ("lo", "the network device lo is no bridge: name one"),
    ],
)
def test_a_bridge(name: str, says: str | None) -> None:
    told = site().bridge(name)
    assert told is None if says is None else says in str(told)
    assert name == "br0" or str(told).endswith("MacVTap") is (name == "eno1")
    assert site(uri="qemu+ssh://other/system").bridge(name) is None
    assert site(uri="test:///default").bridge(name) is None


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("eno1", None),
        ("eno9", "there is no network device eno9 on this host: declare it"),
        ("eno3", "eno3 is a port of the bridge br0, and cannot carry MacVTap as well: write bridge: br0"),
        ("eno4", "eno4 is part of the bond bond0, and cannot carry MacVTap as well: use bond0"),
        ("lo", "lo is the loopback device"),
    ],
)
def test_a_card_for_macvtap(name: str, says: str | None) -> None:
    told = site().direct(name)
    assert told is None if says is None else says in str(told)
    assert site(uri="qemu+ssh://other/system").direct(name) is None


def test_the_network_on_a_bridge_is_named_that_of_the_forecast_first() -> None:
    there = Network("here", PORT.format("br0", ""))
    assert str(site(there).direct("eno3")).endswith("write bridge: br0, or network: here, which is on it")
    foretold = site(there, networks={"soon": {"bridge": "br0"}, "gone": None, "other": {"bridge": "br1"}})
    assert "network: soon, which" in str(foretold.direct("eno3"))


def test_devices_that_links_would_make_or_remove_by_then() -> None:
    links: dict[str, Any] = {"br9": {"type": "bridge", "ports": ["eno1"]}, "br0": None}
    told = site(links=links)
    assert told.netdev("br9") is None
    assert told.bridge("br9") is None
    gone = told.netdev("br0")
    assert isinstance(gone, readiness.Doubt)
    assert str(gone).endswith(lacking.REMOVED)
    assert not isinstance(site().netdev("br9"), readiness.Doubt)
    on_port = told.direct("eno1")
    assert isinstance(on_port, readiness.Doubt)
    assert "eno1 is a port of the bridge br9" in on_port
    assert not isinstance(site().direct("eno3"), readiness.Doubt)


def test_has_device() -> None:
    found = site(links={"br9": {}, "br0": None})
    found.gone.add("eno2")
    assert [found.has_device(name) for name in ("eno1", "eno2", "br9", "br0", "eno9")] == [
        True,
        False,
        True,
        False,
        False,
    ]
    assert not site(uri="test:///default").has_device("eno1")


@pytest.mark.parametrize(
    ("facts", "texts", "foretold"),
    [
        ({}, {}, False),
        ({"n": None}, {}, False),
        ({"n": {"state": "active", "bridge": "virbr5"}}, {}, True),
        ({"n": {"state": "active", "bridge": "virbr6"}}, {}, False),
        ({"n": {"state": "inactive", "bridge": "virbr5"}}, {}, False),
        ({"n": {"state": "active", "bridge": "virbr5", "forward": {"mode": "bridge"}}}, {}, False),
        ({"n": {"state": "active", "forward": {"mode": "nat"}}}, {}, True),
        ({"n": {"state": "active"}}, {"n": NAT.format("virbr5")}, True),
        ({"n": {"state": "active"}}, {"n": NAT.format("virbr6")}, False),
        ({"n": {"state": "active"}}, {"n": "<network/>"}, True),
        ({"m": {"state": "inactive"}, "n": {"state": "active", "bridge": "virbr5"}}, {}, True),
    ],
)
def test_the_bridge_of_a_network_that_would_be_started_by_then(
    facts: dict[str, Any], texts: dict[str, str], foretold: bool
) -> None:
    found = site(*(Network(name, text) for name, text in texts.items()), networks=facts)
    assert found.is_foreseen("virbr5") is foretold
    assert (found.netdev("virbr5") is None) is foretold
    assert (found.bridge("virbr5") is None) is foretold


def test_a_bridge_with_a_name_that_libvirt_does_not_give_is_not_foretold() -> None:
    assert not site(networks={"n": {"state": "active"}}).is_foreseen("br5")


def test_bridges_of_networks_that_go_are_gone() -> None:
    found = site(
        Network("a", NAT.format("virbr0")),
        Network("b", NAT.format("virbr1")),
        Network("c", PORT.format("br0", "")),
        Network("d", "<network/>"),
        Network("e", NAT.format("virbr2")),
        networks={"b": None, "c": None, "e": {"bridge": "virbr9"}, "f": {"bridge": 1}},
    )
    assert found.bridges() == {"virbr0": "a", "virbr9": "e"}
    assert found.gone == {"virbr1"}


# --- pools, files ---


def pool(target: Path | str | None, active: bool = True, kind: str = "dir") -> ObservedPool:
    return ObservedPool(kind, None if target is None else str(target), active)


def test_a_pool(tmp_path: Path) -> None:
    pools = {"data": pool(tmp_path), "off": pool(tmp_path, active=False), "lost": pool(tmp_path / "x")}
    found = site(pools=pools, volumes={}, networks={})
    assert found.pool("data") is None
    assert "there is no pool dat on this host" in str(found.pool("dat"))
    assert "did you mean 'data'?" in str(found.pool("dat"))
    assert "the pool off is not active; start it" in str(found.pool("off"))
    assert f"the pool lost is active, but its folder {tmp_path}/x is gone" in str(found.pool("lost"))
    assert site(pools={"lost": pool(tmp_path / "x", kind="netfs")}).pool("lost") is None
    assert site(pools={"lost": pool(None)}).pool("lost") is None
    assert site(pools=pools, uri="test:///default").pool("lost") is None


def test_pools_that_earlier_tasks_make_or_remove(tmp_path: Path) -> None:
    found = Site(Connection(), Forecast(pools={"new": {"state": "active", "target": str(tmp_path / "x")}, "old": None}))  # type: ignore[arg-type]
    found.kept["pools"] = {"new": pool(tmp_path / "x")}
    assert found.pool("new") is None
    assert str(found.pool("old")).endswith(lacking.REMOVED)


def test_a_file_or_folder_is_looked_for_and_what_is_there_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    found = site()
    assert found.file(str(tmp_path / "file")) is None
    assert found.folder(str(tmp_path / "folder")) is None
    assert str(found.file(str(tmp_path / "folder"))).endswith(", and no file")
    assert found.file(str(tmp_path / "x")) == f"there is no file {tmp_path}/x on this host"
    assert found.folder(str(tmp_path / "x")) == f"there is no folder {tmp_path}/x on this host"
    assert site(uri="qemu+ssh://other/system").file(str(tmp_path / "x")) is None


@pytest.mark.parametrize(
    ("active", "told", "path", "lacks"),
    [
        (True, None, "pool/x", True),
        (False, None, "pool/x", False),
        (False, None, "pool/sub//x", False),
        (False, None, "poolx", True),
        (False, None, "pool", True),
        (True, {"state": "active"}, "pool/x", False),
        (True, {"state": "active"}, "pool", False),
        (True, {"state": "active"}, "other", True),
    ],
)
def test_what_may_show_up_with_a_pool_that_is_to_come(
    tmp_path: Path, active: bool, told: Any, path: str, lacks: bool
) -> None:
    found = site(pools={"p": pool(tmp_path / "pool", active)}, **({"volumes": {}} if told is None else {}))
    if told is not None:
        found.forecast.pools["p"] = told
    assert (found.file(f"{tmp_path}/{path}") is not None) is lacks


def test_the_file_of_a_volume_that_is_made_before_is_there_by_then(tmp_path: Path) -> None:
    pools = {"p": pool(f"{tmp_path}/pool/"), "q": pool(f"{tmp_path}//pool"), "r": pool(None)}
    found = site(pools=pools, volumes={"q/b": {}, "q/c": None})
    found.new_volumes.add("p/a")
    assert [found.file(f"{tmp_path}/pool/{name}") is None for name in "abcd"] == [True, True, False, False]
    assert found.folders() == {f"{tmp_path}/pool": ["p", "q"]}


def test_what_is_made_in_the_same_call_needs_no_look() -> None:
    found = site()
    found.new_volumes.add("p/a")
    assert found.volume("p/a") is None
    assert "there is no pool p" in str(found.volume("p/b"))


def test_names_of_volumes_to_come_and_to_go(tmp_path: Path) -> None:
    found = site(pools={"p": pool(tmp_path)}, volumes={"p/b": {}, "p/c": None, "q/d": {}})
    found.new_volumes.add("p/a")

    class Listed:
        def listVolumes(self) -> list[str]:  # noqa: N802
            return ["c", "e"]

    found.connection.storagePoolLookupByName = lambda name: Listed()
    assert found.volumes_in("p") == {"a", "b", "e"}
    (tmp_path / "f").touch()
    assert [found.unseen("p", name) for name in "fg"] == [True, False]


def test_devices_on_buses(sys_folder: Path) -> None:
    for name in ("pci/devices/0000:01:00.0", "mdev/devices/1-2", "usb/devices/1-1", "usb/devices/usb1"):
        (sys_folder / "bus" / name).mkdir(parents=True)
    for name, value in {"idVendor": "1d6b", "idProduct": "0002", "busnum": "1", "devnum": "4"}.items():
        (sys_folder / "bus/usb/devices/1-1" / name).write_text(f"{value}\n")
    found = site()
    assert found.pci("0000:01:00.0") is None
    assert "lspci -D" in str(found.pci("0000:02:00.0"))
    assert found.mdev("1-2") is None
    assert "no mediated device 1-3" in str(found.mdev("1-3"))
    assert [found.usb(name) is None for name in ("1d6b:0002", "1.4", "1d6b:0003", "1.5")] == [True, True, False, False]
    other = site(uri="qemu+ssh://other/system")
    assert (other.pci("x"), other.mdev("x"), other.usb("x")) == (None, None, None)


def test_a_host_is_asked_for_something_but_once() -> None:
    found, asked = site(), list[int]()
    assert [found.once("x", lambda: asked.append(1) or len(asked)) for _time in range(3)] == [1, 1, 1]


@pytest.mark.parametrize(
    ("path", "is_plain"), [("//a//b/../c/", "/a/c"), ("/a", "/a"), ("///a", "/a"), ("/", "/"), ("//", "/")]
)
def test_plain_paths(path: str, is_plain: str) -> None:
    assert lacking.plain(path) == is_plain


def test_a_problem_keeps_its_kind_with_its_place() -> None:
    told = lacking.with_place("disks[0]", readiness.Doubt("no"))
    assert (type(told), told) == (readiness.Doubt, "disks[0]: no")
    assert not isinstance(lacking.with_place("disks[0]", "no"), readiness.Doubt)
