# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A change to a host's network that is broken off: stopped, killed, no room, nothing works, no power.

Whatever happens, the host has its address, its network is wholly the old or the new one, the report says which, and
the next run works.
"""

from __future__ import annotations

import shlex
import time
import typing as t

import pytest
from fleet import Run
from links_fleet import BRIDGE, GONE, HOSTS, Links

pytestmark = [pytest.mark.parametrize("host", HOSTS), pytest.mark.by_turns, pytest.mark.long]

HOOK = """
import os, signal, subprocess, sys
AT = "/run/broken/at"
real = os.rename
def rename(old, new, **options):
    try:
        with open(AT) as file:
            what, end, times = file.read().split()
    except OSError:
        what = end = times = ""
    if end and str(new).endswith(end) and int(times):
        with open(AT, "w") as file:
            file.write(f"{what} {end} {int(times) - 1}")
        if what in ("STOP", "KILL"):
            os.kill(os.getpid(), getattr(signal, "SIG" + what))
        else:
            subprocess.run(["sh", "/run/broken/do"], check=False)
    return real(old, new, **options)
if "agent.guard" in " ".join(sys.orig_argv if hasattr(sys, "orig_argv") else sys.argv):
    os.rename = rename
"""
"""Comes into the agent by PYTHONPATH: at a rename to a certain name it is stopped or killed, or something happens."""

UNIT = "/run/systemd/system/virtfleet-links.service.d"


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Links]:
    with Links.up("linksbroken", tmp_path_factory.mktemp("broken")) as links:
        yield links


def breaking(fleet: Links, host: str, what: str, at: str, times: int = 1, do: str = "") -> None:
    """Have something happen to the next trial, at a rename to a name that ends so."""
    fleet.sh(
        host,
        f"""mkdir -p /run/broken {UNIT}
printf '%s' {shlex.quote(HOOK)} > /run/broken/sitecustomize.py
printf '%s' {shlex.quote(do)} > /run/broken/do
printf '[Service]\\nEnvironment=PYTHONPATH=/run/broken\\n' > {UNIT}/broken.conf
echo {what} {at} {times} > /run/broken/at""",
    )


def mended(fleet: Links, host: str, how: str = "true") -> None:
    """The fault is gone."""
    fleet.sh(host, f"rm -rf /run/broken {UNIT}; {how}")


def has_bridge(fleet: Links, host: str) -> bool:
    return "br0" in fleet.sh(host, "ls /sys/class/net").split()


def toggle(fleet: Links, host: str) -> tuple[dict[str, t.Any], dict[str, t.Any]]:
    """A change that is to be made on a host, and the way back."""
    return (GONE, BRIDGE) if has_bridge(fleet, host) else (BRIDGE, GONE)


def ended(fleet: Links, host: str, seconds: float = 150) -> None:
    """Wait until nothing works on the host's network any more."""
    fleet.wait_for_ssh(host, seconds)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = fleet.sh(
            host, "ls -d /run/virtfleet/links/trial 2>/dev/null; systemctl is-active virtfleet-links; true"
        )
        if found.split() == ["inactive"]:
            return
        time.sleep(0.5)
    raise AssertionError(f"the trial on {host} does not end: {found}")


def leftovers(fleet: Links, host: str) -> str:
    """What a trial must not leave."""
    folders = "/etc /usr/local/lib /run/systemd /run/netplan /run/virtfleet/links/trial /run/virtfleet/links/new"
    found = fleet.sh(host, f"find {folders} -name '*.virtfleet-*' -o -name 'virtfleet-links*'; true")
    # A unit that a boot has run stays in systemd's memory until it reads its files again.
    units = "systemctl list-units --all --no-legend 'virtfleet*' | grep -v 'loaded inactive dead'"
    return found + fleet.sh(host, f"ls /run/netplan 2>/dev/null; {units}; true")


def judged(fleet: Links, host: str, change: dict[str, t.Any], before: dict[str, t.Any], run: Run) -> str:
    """The host is wholly as it was or as declared, as the report says, and the next run works; the outcome."""
    address = fleet.address(host)
    result = run.results("virtfleet.kvm.links", host)[0]
    ended(fleet, host)
    kept = run.code == 0
    assert kept == (result.get("outcome") == "confirmed"), result
    if kept:
        fleet.settled(host)
        assert result["changed"]
    else:
        fleet.back(host, before, 60)
    assert address in fleet.sh(host, "ip -br -4 addr show dev br0 2>/dev/null; ip -br -4 addr show dev eno1")
    assert leftovers(fleet, host) == ""
    assert fleet.made(host, change)["changed"] == (not kept)
    return str(result.get("outcome") or result.get("msg"))


@pytest.mark.parametrize(
    ("what", "at", "times"),
    [
        ("STOP", "/at.applied", 1),
        ("KILL", "/at.armed", 2),
        ("KILL", "/at.applied", 1),
        ("KILL", "/keep.json", 2),
        ("STOP", "/01-netcfg.yaml", 1),
        ("STOP", "/last", 1),
    ],
)
def test_the_agent_is_stopped_or_killed(fleet: Links, host: str, what: str, at: str, times: int) -> None:
    """Fault 41: systemd starts it again, and it goes on; no step of the trial comes after the verdict."""
    change, _back = toggle(fleet, host)
    before = fleet.settled(host)
    breaking(fleet, host, what, at, times)
    run = fleet.links(host, change, rollback_after=25)
    assert fleet.sh(host, "cat /run/broken/at").split()[-1] == "0", "it was not broken off at all"
    mended(fleet, host)
    judged(fleet, host, change, before, run)


@pytest.mark.parametrize(
    ("what", "at"), [("KILL", "/at.rolling-back"), ("STOP", "/at.rolling-back"), ("KILL", "/10-netplan-eno1.network")]
)
def test_the_rollback_is_stopped_or_killed(fleet: Links, host: str, what: str, at: str) -> None:
    """Fault 41: a rollback that was broken off is begun anew."""
    change, _back = toggle(fleet, host)
    before = fleet.settled(host)
    times = 2 if what == "KILL" else 1
    breaking(fleet, host, "DO", "/at.applied", do=f"echo {what} {at} {times} > /run/broken/at")
    taken_back(fleet, host, change)
    assert fleet.sh(host, "cat /run/broken/at").split()[-1] == "0", "it was not broken off at all"
    mended(fleet, host)
    ended(fleet, host)
    fleet.back(host, before, 60)
    assert fleet.outcome(host)["outcome"] == "rolled-back"
    assert fleet.outcome(host)["restored"]
    assert leftovers(fleet, host) == ""
    assert fleet.made(host, change)["changed"]


def taken_back(fleet: Links, host: str, change: dict[str, t.Any]) -> None:
    """A change that nobody can confirm, until the controller knows how it ended."""
    fleet.cut_off(host, 25)
    run = fleet.links(host, change, rollback_after=12)
    assert run.code != 0
    result = run.results("virtfleet.kvm.links", host)[0]
    assert result.get("outcome") == "rolled-back", run.output
    fleet.wait_for_ssh(host)


@pytest.mark.parametrize("what", ["/run/virtfleet", "/run/virtfleet/links/trial"])
def test_the_folder_of_a_trial_is_removed(fleet: Links, host: str, what: str) -> None:
    """Fault 121: it is taken back, and the next run works."""
    change, _back = toggle(fleet, host)
    before = fleet.settled(host)
    breaking(fleet, host, "DO", "/at.applied", do=f"systemd-run --on-active=2 rm -rf {what}")
    taken_back(fleet, host, change)
    mended(fleet, host)
    ended(fleet, host)
    fleet.back(host, before, 60)
    assert leftovers(fleet, host) == ""
    assert fleet.made(host, change)["changed"]


def test_the_unit_is_frozen(fleet: Links, host: str) -> None:
    """Fault 122: it is thawed and killed, and takes the change back."""
    change, _back = toggle(fleet, host)
    before = fleet.settled(host)
    breaking(fleet, host, "DO", "/at.applied", do="systemd-run --on-active=2 systemctl freeze virtfleet-links.service")
    taken_back(fleet, host, change)
    mended(fleet, host)
    ended(fleet, host)
    fleet.back(host, before, 60)
    assert leftovers(fleet, host) == ""
    assert fleet.made(host, change)["changed"]


FILL = (
    "mount -o remount,size=$(($(df -k --output=used /run | tail -1) + 64))k /run;"
    " dd if=/dev/zero of=/run/fill bs=4k 2>/dev/null; true"
)
EMPTY = "rm -f /run/fill; mount -o remount,size=200m /run"
READ_ONLY = "mount --bind {0} {0} && mount -o remount,ro,bind {0}"


@pytest.mark.parametrize(
    ("do", "undo", "said"),
    [
        (FILL, EMPTY, ""),
        (READ_ONLY.format("/etc/netplan"), "umount /etc/netplan", "it could not be kept: /etc/netplan"),
        ("kill -STOP $(systemctl show -p MainPID --value systemd-networkd)", "true", ""),
    ],
    ids=["full", "read-only", "networkd hangs"],
)
def test_no_room_read_only_or_hung_during_a_trial(fleet: Links, host: str, do: str, undo: str, said: str) -> None:
    """Faults 42 and 43: confirmed means kept, and a rollback needs no room."""
    change, back = toggle(fleet, host)
    before = fleet.settled(host)
    breaking(fleet, host, "DO", "/at.applied", do=do)
    run = fleet.links(host, change, rollback_after=25)
    mended(fleet, host, undo)
    result = run.results("virtfleet.kvm.links", host)[0]
    if said:
        assert said in result["msg"]
        # What stands beside the files could not be removed: that is said, and the next run does it.
        assert "not all is as it was" in result["msg"]
        assert not fleet.made(host, back)["changed"]
    judged_after(fleet, host, change, before, run)


def is_stopped(fleet: Links, host: str) -> bool:
    """Whether the agent is stopped now."""
    return fleet.sh(host, "ps -o stat= -p $(systemctl show -p MainPID --value virtfleet-links); true").startswith("T")


def judged_after(fleet: Links, host: str, change: dict[str, t.Any], before: dict[str, t.Any], run: Run) -> None:
    """As ``judged``; networkd may have been hung, and the next run begins with it alive."""
    fleet.sh(host, "kill -CONT $(systemctl show -p MainPID --value systemd-networkd)")
    if run.code:
        ended(fleet, host)
        fleet.back(host, before, 60)
        assert fleet.made(host, change)["changed"]
        assert leftovers(fleet, host) == ""
    else:
        judged(fleet, host, change, before, run)


@pytest.mark.parametrize(
    "do",
    [
        FILL,
        "kill -STOP $(systemctl show -p MainPID --value systemd-networkd)",
        "printf '#!/bin/sh\\nexit 1\\n' > /usr/local/sbin/netplan; chmod +x /usr/local/sbin/netplan",
        "printf '#!/bin/sh\\nsleep 600\\n' > /usr/local/sbin/netplan; chmod +x /usr/local/sbin/netplan",
    ],
    ids=["full", "networkd hangs", "netplan is broken", "netplan hangs"],
)
def test_a_rollback_needs_nothing_that_works(fleet: Links, host: str, do: str) -> None:
    """Faults 42 and 43, in a trial that is taken back."""
    change, _back = toggle(fleet, host)
    before = fleet.settled(host)
    breaking(fleet, host, "DO", "/at.applied", do=do)
    taken_back(fleet, host, change)
    mended(fleet, host, f"rm -f /usr/local/sbin/netplan; {EMPTY}")
    ended(fleet, host)
    fleet.back(host, before, 60)
    assert fleet.outcome(host)["restored"]
    assert leftovers(fleet, host) == ""
    assert fleet.made(host, change)["changed"]


@pytest.mark.parametrize(
    ("do", "undo"),
    [
        (READ_ONLY.format("/etc/netplan"), "umount /etc/netplan"),
        (FILL, EMPTY),
        ("mkdir -p /var/lib/virtfleet; mount -t tmpfs -o ro none /var/lib/virtfleet", "umount /var/lib/virtfleet"),
    ],
    ids=["/etc/netplan read-only", "/run full", "/var/lib read-only"],
)
def test_what_cannot_be_prepared_is_refused(fleet: Links, host: str, do: str, undo: str) -> None:
    """Fault 42: seen before anything is touched."""
    change, _back = toggle(fleet, host)
    before = fleet.settled(host)
    fleet.sh(host, do)
    run = fleet.links(host, change, rollback_after=25)
    fleet.sh(host, undo)
    result = run.results("virtfleet.kvm.links", host)[0]
    assert run.code != 0
    assert "nothing was changed" in result["msg"]
    assert "Traceback" not in run.output
    assert not result["changed"]
    fleet.back(host, before, 10)
    assert leftovers(fleet, host) == ""


@pytest.mark.parametrize("at", ["/at.applied", "/at.confirming", "/01-netcfg.yaml"])
def test_the_host_is_soft_rebooted(fleet: Links, host: str, at: str) -> None:
    """Fault 41: all programs end and begin anew, and /run stays; the trial comes to its end all the same."""
    # There is no soft-reboot before systemd 254.
    host = next(name for name, suite in HOSTS.items() if suite != "bookworm")
    change, _back = toggle(fleet, host)
    old, before = has_bridge(fleet, host), fleet.settled(host)
    breaking(fleet, host, "STOP", at, 9)
    if at == "/01-netcfg.yaml":
        # That of the trial comes first.
        breaking(fleet, host, "DO", "/at.applied", do=f"echo STOP {at} 9 > /run/broken/at")
    with fleet.trying(host, change, after=60, cut_off=False, wait=False) as run:
        fleet.wait(lambda: is_stopped(fleet, host))
        fleet.sh(host, "systemctl --no-block soft-reboot")
        said = run.communicate(timeout=300)[0]
    mended(fleet, host)
    ended(fleet, host)
    new = has_bridge(fleet, host) != old
    assert new == (at == "/01-netcfg.yaml")
    assert (run.returncode == 0) == new, said
    assert fleet.outcome(host)["outcome"] == ("confirmed" if new else "rolled-back")
    assert fleet.outcome(host)["restored"]
    if not new:
        fleet.back(host, before, 60)
    assert leftovers(fleet, host) == ""
    assert fleet.made(host, change)["changed"] == (not new)


@pytest.mark.parametrize("at", ["/at.applied", "/keep.json", "/01-netcfg.yaml", "/kept.json"])
def test_the_power_fails(fleet: Links, host: str, at: str) -> None:
    """Faults 3 and 41: after the boot the network is the old or the new one, and nothing of the trial is left."""
    change, _back = toggle(fleet, host)
    old = has_bridge(fleet, host)
    breaking(fleet, host, "STOP", at, 9)
    if at == "/01-netcfg.yaml":
        # That of the trial comes first.
        breaking(fleet, host, "DO", "/at.applied", do=f"echo STOP {at} 9 > /run/broken/at")
    with fleet.trying(host, change, after=60, cut_off=False, wait=False) as run:
        fleet.wait(lambda: is_stopped(fleet, host))
        fleet.lab("cut", host)
        run.kill()
    fleet.lab("start", host)
    fleet.declare({})
    new = has_bridge(fleet, host) != old
    assert new == (at in ("/01-netcfg.yaml", "/kept.json"))
    assert leftovers(fleet, host) == ""
    assert fleet.made(host, change)["changed"] == (not new)
