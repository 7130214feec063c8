# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read of a host: the files that the programs read which configure its network, and what these tell."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, Union

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import networkd, observe
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import HostDevice, RunningGuest


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The root of a host that has nothing yet."""

    def inside(path: str | Path) -> Path:
        return Path(path) if str(path).startswith(str(tmp_path)) else tmp_path / str(path).lstrip("/")

    known, exists = observe.text_or_nothing, observe.os.path.exists
    monkeypatch.setattr(observe, "Path", inside)
    monkeypatch.setattr(observe, "text_or_nothing", lambda path: known(inside(path)))
    monkeypatch.setattr(observe.os.path, "exists", lambda path: exists(inside(path)))
    return tmp_path


def write(path: Path, text: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


Answer = Union[tuple[int, str], Exception]  # noqa: UP007 - pylint reads it as Python 3.9 does


def answer(monkeypatch: pytest.MonkeyPatch, told: Callable[[list[str]], Answer]) -> None:
    """What commands answer: a status and what they print, or an error."""

    def run(command: list[str], seconds: float) -> tuple[int, str, str]:
        assert 0 < seconds < 60
        found = told(command)
        if isinstance(found, Exception):
            raise found
        return (*found, "")

    monkeypatch.setattr(observe.network, "run", run)


SILENT = (OSError("no such program"), subprocess.TimeoutExpired("x", 5))


def test_a_later_folder_hides_a_namesake_and_hidden_files_are_none_of_netplans(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = [tmp_path / name for name in ("lib", "etc", "run")]
    for folder in folders:
        folder.mkdir()
        for name in ("50 all.yaml", f"{folder.name}.yaml", ".50-backup.yaml", "50-old.yaml.bak"):
            (folder / name).write_text(folder.name)
    monkeypatch.setattr(observe, "NETPLAN_FOLDERS", tuple(map(str, folders)))
    listed = list(observe.netplan_files())
    found = [(file.name, file.text) for file in listed]
    # What a reboot forgets is no ground to plan on, and is said.
    assert [file.name for file in listed if file.hidden] == ["50 all.yaml"]
    assert found == [("50 all.yaml", "etc"), ("etc.yaml", "etc"), ("lib.yaml", "lib"), ("run.yaml", "run")]
    assert [file.below for file in listed] == ["lib", None, None, None]


def test_ifupdown_reads_what_its_files_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("interfaces.d", "custom", "more"):
        (tmp_path / name).mkdir()
    (tmp_path / "interfaces").write_text(
        f"iface lo inet loopback\nsource {tmp_path}/custom/*.cfg\nsource-directory more\n# iface eno9 inet dhcp"
    )
    (tmp_path / "interfaces.d/a").write_text("iface eno1 inet dhcp\niface eno1:1 inet static\n")
    (tmp_path / "custom/eno2.cfg").write_text("source ../custom/*.cfg\nauto eno2\niface eno2 inet \\\n static\n")
    (tmp_path / "custom/eno8.off").write_text("iface eno8 inet dhcp\n")
    (tmp_path / "more/b").write_text("iface eno3 inet dhcp\niface office inet dhcp\n")
    (tmp_path / "more/b.bak").write_text("iface eno7 inet dhcp\n")
    (tmp_path / "ifstate").write_text("lo=lo\neno4=office\n")
    monkeypatch.setattr(observe, "INTERFACES", str(tmp_path / "interfaces"))
    monkeypatch.setattr(observe, "IFSTATE", str(tmp_path / "ifstate"))
    monkeypatch.setattr(observe.os.path, "exists", lambda path: True)
    assert observe.by_ifupdown(["eno1", "eno4"]) == {"eno1", "eno2", "eno3", "eno4", "office"}
    monkeypatch.setattr(observe.os.path, "exists", lambda path: False)
    assert observe.by_ifupdown(["eno1", "eno4"]) == set()


@pytest.mark.parametrize(("tried", "kept", "found"), [(True, True, "run"), (False, True, "lib"), (False, False, "run")])
def test_the_unit_of_a_trial_that_was_kept_is_the_kept_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tried: bool, kept: bool, found: str
) -> None:
    """networkd names that of the trial until it looks again: what it says would be in none of the files."""
    for folder, there, name in (("run", tried, "TRIAL"), ("lib", kept, "KEPT")):
        (tmp_path / folder).mkdir()
        monkeypatch.setattr(networkd, name, str(tmp_path / folder))
        if there:
            (tmp_path / folder / "50-virtfleet-sh0.network").write_text("[Network]\n")
    state = f"NETWORK_FILE={tmp_path}/run/50-virtfleet-sh0.network\n"
    monkeypatch.setattr(observe, "text_or_nothing", lambda path: state if str(path).endswith("/links/7") else "")
    device = observe.detailed(HostDevice("sh0", index=7, kind="macvlan"))
    assert device.network_file == f"{tmp_path}/{found}/50-virtfleet-sh0.network"


@pytest.mark.parametrize(
    ("answer", "policy"),
    [
        ("-P FORWARD DROP\n-A FORWARD -j x\n", "DROP"),
        ("-P FORWARD ACCEPT\n", "ACCEPT"),
        ("-P FORWARD DROP", "DROP"),
        ("-P INPUT DROP\n", "ACCEPT"),
        ("-N FORWARD DROP\n", "ACCEPT"),
        ("", "ACCEPT"),
        (OSError("no such program"), "ACCEPT"),
        (subprocess.TimeoutExpired("iptables", 5), "ACCEPT"),
    ],
)
def test_the_policy_of_what_is_forwarded(monkeypatch: pytest.MonkeyPatch, answer: object, policy: str) -> None:
    def run(command: list[str], _seconds: float) -> tuple[int, object, str]:
        assert command == ["ip6tables", "-S", "FORWARD"]
        if isinstance(answer, Exception):
            raise answer
        return 0, answer, ""

    monkeypatch.setattr(observe.network, "run", run)
    assert observe.forward_policy("ip6tables") == policy


def test_the_running_guests_are_read_from_libvirts_own_state(root: Path) -> None:
    assert list(observe.guests()) == []
    states = root / "run/libvirt/qemu"
    write(states / "a.xml", "no guest's")
    for name in ("web01", "db01"):
        write(states / f"{name}.xml", f"<domstatus><domain><name>{name}</name></domain></domstatus>")
    write(states / "web02.pid", "<domstatus><domain><name>web02</name></domain></domstatus>")
    assert list(observe.guests()) == [RunningGuest("db01"), RunningGuest("web01")]


def test_units_are_read_with_what_adds_to_them(root: Path) -> None:
    folder = root / "etc/systemd/network"
    names = ("10-a.network", "10-b.netdev", "10-a.network.d/x.conf", "10-b.netdev.d/y.conf")
    for name in (*names, "10-a.link", "10-c.network.bak", "10-a.network.d/x.txt"):
        write(folder / name, name)
    (folder / "00-gone.network").symlink_to(root / "nowhere")
    write(root / "usr/local/lib/systemd/network/50-k.network", "kept")
    write(root / "usr/lib/systemd/network/80-v.network", "of a package")
    found = dict(observe.units())
    kept = {str(root / "usr/local/lib/systemd/network/50-k.network"): "kept"}
    assert found == {str(folder / name): name for name in names} | kept


def test_a_file_that_goes_while_it_is_looked_for_keeps_no_other_from_being_read(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "c"):
        write(root / f"etc/netplan/{name}.yaml", name)
        write(root / f"etc/systemd/network/{name}.network", name)
    described = observe.described
    monkeypatch.setattr(
        observe, "described", lambda path, **more: described(path, **more) if path.stem != "b" else None
    )
    assert [file.text for file in observe.netplan_files()] == ["a", "c"]
    assert [text for _path, text in observe.units()] == ["a", "c"]


@pytest.mark.parametrize("folder", ["wireless", "phy80211", "other"])
def test_a_device_has_what_sysfs_and_networkd_tell_of_it(root: Path, folder: str) -> None:
    device = root / "sys/class/net/wlp2s0"
    (device / folder).mkdir(parents=True)
    write(root / "bus/drivers/iwlwifi/bind")
    (device / "device").mkdir()
    (device / "device/driver").symlink_to(root / "bus/drivers/iwlwifi")
    state = "# written by networkd\nNETWORK_FILE=/etc/systemd/network/1.network\nDNS=192.0.2.1 192.0.2.2\nodd\n"
    write(root / "run/systemd/netif/links/7", state)
    write(root / "proc/sys/net/ipv6/conf/wlp2s0/accept_ra", "2\n")
    write(root / "proc/sys/net/ipv6/conf/wlp2s0/disable_ipv6", "1\n")
    found = observe.detailed(HostDevice("wlp2s0", index=7))
    assert (found.driver, found.wireless) == ("iwlwifi", folder != "other")
    assert found.network_file == "/etc/systemd/network/1.network"
    assert found.dns == ("192.0.2.1", "192.0.2.2")
    assert (found.accept_ra, found.ipv6_off) == ("2", True)
    write(root / "proc/sys/net/ipv6/conf/wlp2s0/disable_ipv6", "0\n")
    assert observe.detailed(HostDevice("wlp2s0", index=7)).ipv6_off is False
    bare = observe.detailed(HostDevice("dummy0", index=8))
    assert bare == HostDevice("dummy0", index=8)


@pytest.mark.parametrize(
    ("files", "writes"),
    [
        ({"usr/bin/cloud-init": ""}, True),
        ({}, False),
        ({"usr/bin/cloud-init": "", "etc/cloud/cloud-init.disabled": ""}, False),
        ({"usr/bin/cloud-init": "", "etc/cloud/cloud.cfg.d/1.cfg": "network: {config: disabled}"}, False),
        ({"usr/bin/cloud-init": "", "etc/cloud/cloud.cfg.d/1.txt": "network: {config: disabled}"}, True),
        (
            {
                "usr/bin/cloud-init": "",
                "etc/cloud/cloud.cfg.d/1.cfg": "network: {config: disabled}",
                "etc/cloud/cloud.cfg.d/9.cfg": "network: {config: {}}",
            },
            True,
        ),
    ],
)
def test_cloud_init_writes_the_network_unless_it_is_told_not_to(
    root: Path, files: dict[str, str], writes: bool
) -> None:
    for name, text in files.items():
        write(root / name, text)
    assert observe.cloud_init_writes() is writes


def test_what_libvirts_definitions_name_is_found_once(root: Path) -> None:
    network = "<network><name>{0}</name><forward mode='bridge'/><bridge name='{1}'/></network>"
    write(root / "etc/libvirt/qemu/networks/lan.xml", network.format("lan", "br0"))
    write(root / "run/libvirt/network/lan.xml", network.format("lan", "br0"))
    write(root / "run/libvirt/network/dmz.xml", network.format("dmz", "br1"))
    card = "<interface type='bridge'><source bridge='br2'/></interface>"
    write(root / "etc/libvirt/qemu/web01.xml", f"<domain><name>web01</name><devices>{card}{card}</devices></domain>")
    found = observe.used_by_libvirt()
    assert len(found) == len(set(found)) == 3
    assert sorted(each.device for each in found) == ["br0", "br1", "br2"]


@pytest.mark.parametrize("silent", [*SILENT, (1, "ignored eno9")])
@pytest.mark.parametrize("program", ["nft", "iptables-save", "ip6tables-save"])
def test_a_firewall_that_does_not_answer_hides_no_other(
    monkeypatch: pytest.MonkeyPatch, program: str, silent: Any
) -> None:
    told: dict[str, str] = {
        "nft": 'table inet f {\n chain c {\n  iifname "br0" accept\n }\n}\n',
        "iptables-save": "*filter\n-A FORWARD -i br1 -j ACCEPT\nCOMMIT\n",
        "ip6tables-save": "*filter\n-A FORWARD -o br2 -j ACCEPT\nCOMMIT\n",
    }
    names = {"nft": "br0", "iptables-save": "br1", "ip6tables-save": "br2"}
    answer(monkeypatch, lambda command: silent if command[0] == program else (0, told[command[0]]))
    assert observe.in_rules() == {names[each] for each in names if each != program}


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ((0, '[{"dev": "a", "kind": "fq"}, {"dev": "b", "kind": "mq"}, {"dev": "a", "kind": "clsact"}]'), {
            "a": ["fq", "clsact"], "b": ["mq"],
        }),
        ((0, ""), {}),
        ((0, "not json"), {}),
        ((0, '[{"dev": "a", "kind": "fq"}, {"dev": "b"}]'), {}),
        ((0, "7"), {}),
        (SILENT[0], {}),
        (SILENT[1], {}),
    ],
)  # fmt: skip
def test_queues_are_those_that_tc_tells_of(
    monkeypatch: pytest.MonkeyPatch, told: Answer, found: dict[str, list[str]]
) -> None:
    answer(monkeypatch, lambda command: told)
    assert observe.queues() == found


@pytest.mark.parametrize(
    ("load", "active", "refused"),
    [
        ("masked", "inactive", True),
        ("masked", "failed", True),
        ("masked", "active", False),
        ("loaded", "inactive", False),
        ("not-found", "inactive", False),
    ],
)
def test_only_a_networkd_that_neither_runs_nor_may_is_in_the_way(
    monkeypatch: pytest.MonkeyPatch, load: str, active: str, refused: bool
) -> None:
    answer(monkeypatch, lambda command: (0, f"LoadState={load}\nActiveState={active}\n"))
    if refused:
        with pytest.raises(VirtfleetError, match="systemctl unmask --now systemd-networkd"):
            observe.refuse_masked()
    else:
        observe.refuse_masked()


@pytest.mark.parametrize("silent", SILENT)
def test_where_systemd_does_not_answer_nothing_is_in_the_way(
    monkeypatch: pytest.MonkeyPatch, silent: Exception
) -> None:
    answer(monkeypatch, lambda command: silent)
    observe.refuse_masked()
    observe.refuse_without_bus()


SSH = "SSH_CONNECTION=198.51.100.7 50000 192.0.2.10 22"


@pytest.mark.parametrize(
    ("environments", "parents", "found"),
    [
        ({"self": SSH}, {}, "192.0.2.10"),
        ({"self": "A=1", "50": "B=2", "40": SSH}, {"self": "50", "50": "40"}, "192.0.2.10"),
        # What stands nearer is the connection of this call.
        ({"self": SSH, "50": "SSH_CONNECTION=1 2 203.0.113.1 4"}, {"self": "50"}, "192.0.2.10"),
        ({"self": "SSH_CONNECTION=192.0.2.10 22", "50": SSH}, {"self": "50"}, "192.0.2.10"),
        ({"self": "A=1", "1": SSH}, {"self": "1"}, ""),
        ({"self": "A=1", "0": SSH}, {"self": "0"}, ""),
        ({"self": "A=1"}, {}, ""),
        ({}, {}, ""),
    ],
)
def test_the_address_that_the_host_was_reached_by_is_that_of_the_nearest_connection(
    root: Path, environments: dict[str, str], parents: dict[str, str], found: str
) -> None:
    for process, said in environments.items():
        write(root / f"proc/{process}/environ", f"TERM=x=y\0odd\0{said}\0")
    for process, parent in parents.items():
        write(root / f"proc/{process}/status", f"Name:\tpython\nPPid:\t{parent}\nUid:\t0\n")
    assert observe.login() == found


def test_a_parent_that_is_its_own_is_not_followed_for_ever(root: Path) -> None:
    write(root / "proc/self/status", "PPid:\t50\n")
    write(root / "proc/50/status", "PPid:\t50\n")
    assert observe.login() == ""
