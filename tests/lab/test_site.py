# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From bare hosts to running guests with one playbook, on both suites."""

from __future__ import annotations

import time
import typing as t
from pathlib import Path

import pytest
from fleet import LOOK, Fleet, Run, guest
from suites import HOST_SUITES

HOSTS = HOST_SUITES
GUESTS = [guest("one", "kvm01"), guest("two", "kvm02", virt="auto")]


class Converged(t.NamedTuple):
    """The first steps on bare hosts, made once for all tests here."""

    fleet: Fleet
    bare: dict[str, str]
    checked: Run
    after_check: dict[str, str]
    first: Run
    second: Run


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Converged]:
    fleet = Fleet("site", tmp_path_factory.mktemp("site"))
    fleet.lab("down")
    try:
        fleet.lab("up", "2", *[word for suite in HOSTS.values() for word in ("--suite", suite)])
        fleet.declare({"kvm_guests": GUESTS})
        yield Converged(
            fleet,
            {host: fleet.state(host) for host in HOSTS},
            fleet.play("virtfleet.kvm.site", "--check", "--diff"),
            {host: fleet.state(host) for host in HOSTS},
            fleet.play("virtfleet.kvm.site"),
            fleet.play("virtfleet.kvm.site"),
        )
    finally:
        fleet.lab("down")


def test_check_mode_on_a_bare_host_changes_nothing_and_fails_nothing(site: Converged) -> None:
    assert site.checked.code == 0, site.checked.output
    assert site.checked.changed
    assert site.after_check == site.bare


def test_the_first_run_installs_and_starts(site: Converged) -> None:
    assert site.first.code == 0, site.first.output
    assert site.first.changed
    for host, name in (("kvm01", "one"), ("kvm02", "two")):
        assert name in site.fleet.sh(host, "virsh list --name").split()
        info = site.fleet.sh(host, "virsh net-info default")
        assert [line.split()[1] for line in info.splitlines() if line.startswith(("Active", "Autostart"))] == [
            "yes",
            "yes",
        ]


@pytest.mark.parametrize("host", HOSTS)
def test_check_mode_on_a_bare_host_said_what_the_run_did(site: Converged, host: str) -> None:
    assert site.checked.changes(host) == site.first.changes(host)
    assert site.first.changes(host)


@pytest.mark.parametrize(("host", "name"), [("kvm01", "one"), ("kvm02", "two")])
def test_the_guest_is_on_nat(site: Converged, host: str, name: str) -> None:
    address = site.fleet.sh(host, "hostname -I").split()[0]
    words = [line.split() for line in site.fleet.report(host, name)]
    leases = [word[3] for word in words if word[0] == "lease"]
    assert len(leases) == 1
    assert leases[0].startswith("192.168.122.")
    assert ["ping", "198.19.0.2", "ok"] in words
    assert ["ping", "192.168.122.1", "ok"] in words
    # The outside sees the host, not the guest.
    assert ["seen-as", address] in words


def test_the_second_run_changes_nothing_in_few_tasks(site: Converged) -> None:
    assert site.second.code == 0, site.second.output
    assert not site.second.changed
    for host in HOSTS:
        assert 0 < site.second.executed(host) <= 2
    for module in ("apt", "systemd_service"):
        assert site.first.results(f"ansible.builtin.{module}")
        assert not site.second.results(f"ansible.builtin.{module}")


def test_without_the_look_nothing_changes_either(site: Converged) -> None:
    run = site.fleet.play("virtfleet.kvm.site", "-e", '{"kvm_look_first": false}')
    assert run.code == 0, run.output
    assert not run.changed
    for host in HOSTS:
        assert 5 < run.executed(host) <= 12


def looked(run: Run) -> str:
    """Why the look at a single host was not sure."""
    (why,) = [event["result"]["why"] for event in run.events if event["action"] == LOOK]
    return str(why)


def test_settings_that_apt_cannot_read_are_not_hidden(site: Converged) -> None:
    """apt refuses them also where there is nothing to install."""
    path = "/etc/apt/sources.list.d/broken.list"
    site.fleet.sh("kvm01", f"echo 'deb nowhere' > {path}")
    try:
        run = site.fleet.play("virtfleet.kvm.site", "--limit", "kvm01")
    finally:
        site.fleet.sh("kvm01", f"rm {path}")
    assert f"{path} has changed since apt last read it" in looked(run)
    assert run.code != 0
    assert "Malformed entry" in run.output
    again = site.fleet.play("virtfleet.kvm.site", "--limit", "kvm01")
    assert again.code == 0, again.output
    assert again.executed("kvm01") <= 2, looked(again)


def test_a_libvirt_that_hangs_costs_one_time_limit(site: Converged) -> None:
    """That of the role; the look gives it up soon."""
    site.fleet.sh("kvm01", "systemctl start libvirtd && kill -STOP $(pidof libvirtd)")
    started = time.monotonic()
    try:
        run = site.fleet.play("virtfleet.kvm.site", "--limit", "kvm01")
    finally:
        site.fleet.sh("kvm01", "kill -CONT $(pidof libvirtd)")
    assert "libvirt has not answered within 10 s" in looked(run)
    assert run.code != 0
    assert 120 < time.monotonic() - started < 220


def test_check_mode_after_the_run_finds_nothing_to_do(site: Converged) -> None:
    before = {host: site.fleet.state(host) for host in HOSTS}
    run = site.fleet.play("virtfleet.kvm.site", "--check", "--diff")
    assert run.code == 0, run.output
    assert not run.changed
    assert {host: site.fleet.state(host) for host in HOSTS} == before


@pytest.mark.parametrize("host", HOSTS)
def test_a_host_that_only_seems_to_have_kvm_is_told_apart(site: Converged, host: str) -> None:
    found = site.first.results("virtfleet.kvm.host_info", host)[-1]
    flags = set(Path("/proc/cpuinfo").read_text(encoding="utf-8").split())
    checks = {check["check"]: check["ok"] for check in found["virtualization"]["checks"]}
    assert checks["cpu"] is bool(flags & {"vmx", "svm"})
    assert checks["device"] is ("usable" in site.fleet.sh(host, "[ -c /dev/kvm ] && echo usable || true"))
    assert (found["virtualization"]["kind"] == "emulation") is not all(checks.values())
    kind = "kvm" if all(checks.values()) else "qemu"
    name = {"kvm01": "one", "kvm02": "two"}[host]
    assert f"<domain type='{kind}'" in site.fleet.sh(host, f"virsh dumpxml --inactive {name}")
    assert found["libvirt"] == site.fleet.sh(host, "virsh version --daemon").split("library: libvirt ")[1].split()[0]
    assert found["hypervisor"]["name"] == "QEMU"
    assert found["daemon"]["model"] == "monolithic"


BAD = {
    "a misspelt option": ({"kvm_guests": [guest("bad", "kvm01", memroy="1GiB")]}, "guest bad: memroy"),
    "no memory to speak of": ({"kvm_guests": [guest("bad", "kvm01", memory=-1)]}, "guest bad: memory: -1"),
    "a fruit for memory": ({"kvm_guests": [guest("bad", "kvm01", memory="banana")]}, "guest bad: memory: 'banana'"),
    "a bad subnet": (
        {"kvm_networks": [{"name": "bad", "ips": [{"address": "192.168.300.1/24"}]}]},
        "network bad: ips[0].address",
    ),
    "a guest of nowhere": ({"kvm_guests": [guest("bad", "kvm09")]}, "guest bad: host: 'kvm09'"),
    "one name twice": ({"kvm_guests": [guest("bad", "kvm01"), guest("bad", "kvm02")]}, "name bad"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_before_any_host_is_touched(site: Converged, case: str) -> None:
    variables, named = BAD[case]
    before = {host: site.fleet.state(host) for host in HOSTS}
    site.fleet.declare(variables)
    run = site.fleet.play("virtfleet.kvm.site", "--limit", "kvm01")
    site.fleet.declare({"kvm_guests": GUESTS})
    assert run.code != 0
    assert named in run.output, run.output
    assert "Traceback" not in run.output
    assert not run.results("ansible.builtin.apt")
    assert {host: site.fleet.state(host) for host in HOSTS} == before


def test_a_guest_that_was_killed_comes_back_and_the_other_never_knew(site: Converged) -> None:
    pid = site.fleet.sh("kvm02", "cat /run/libvirt/qemu/two.pid").strip()
    site.fleet.sh("kvm01", "kill -9 $(cat /run/libvirt/qemu/one.pid)")
    run = site.fleet.play("virtfleet.kvm.site")
    assert run.code == 0, run.output
    assert [(change["path"], change["before"], change["after"]) for change in run.changes("kvm01")] == [
        ("state", "stopped", "running")
    ]
    assert run.changes("kvm02") == []
    assert site.fleet.sh("kvm02", "cat /run/libvirt/qemu/two.pid").strip() == pid
