# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab itself: what it promises of its hosts, and that it leaves nothing behind."""

from __future__ import annotations

import os
import random
import shlex
import signal
import subprocess
import tempfile
import time
import typing as t
import uuid
from pathlib import Path

import pytest
import yaml
from calling import Lab
from suites import HOST_SUITES, SUITE_OPTIONS
from virtfleet_lab import cgroups
from virtfleet_lab.state import cache_folder

OUTSIDE = "198.19.0.2"
HOSTS = HOST_SUITES


# Presses the power button when the guest is ready, or after 40 seconds.
BOOT_THE_GUEST = """
cd /var/lib/virtfleet-test
truncate -s 8M /tmp/disk
touch /tmp/console
{
    for _ in $(seq 200); do
        grep -q 'VIRTFLEET ready' /tmp/console && break
        sleep 0.2
    done
    echo system_powerdown
    sleep 5
} | timeout 60 qemu-system-x86_64 -M q35 -accel tcg -m 128 -smp 2 -no-reboot -display none \\
    -monitor stdio -serial file:/tmp/console -kernel vmlinuz -initrd initrd.img \\
    -append 'console=ttyS0 quiet vf.ping=10.0.2.2,10.0.2.99 vf.seen=10.0.2.2' \\
    -netdev user,id=n -device virtio-net-pci,netdev=n,mac=52:54:00:11:22:33 \\
    -drive if=virtio,format=raw,file=/tmp/disk >/dev/null
cat /tmp/console
"""


def machine_network() -> str:
    """Everything about the machine's own network that the lab must not touch."""
    words = ("link", "addr", "route", "rule", "neigh show nud permanent")
    told = [
        subprocess.run(["ip", "-d", *word.split()], capture_output=True, text=True, check=False).stdout
        for word in words
    ]
    return "\n".join(told)


def processes(name: str, marker: str) -> dict[str, str]:
    """Every process of a lab, found without the lab's own bookkeeping: what it is, by pid and start.

    The marker is a word in the environment of the command that made the lab; the insides of hosts
    have lost it, but live in the lab's network namespaces.
    """
    namespaces = {path.stat().st_ino for path in Path("/run/netns").glob(f"virtfleet-{name}-*")}
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            marked = marker.encode() in (process / "environ").read_bytes()
            if marked or (process / "ns/net").stat().st_ino in namespaces:
                start = (process / "stat").read_text().rpartition(")")[2].split()[19]
                found[f"{process.name}@{start}"] = f"process {(process / 'cmdline').read_bytes()!r}"
        except OSError:
            continue  # ended meanwhile, or of the kernel
    return found


def leftovers(name: str, marker: str, before: t.Iterable[str] = ()) -> list[str]:
    """Everything on this machine that is a lab's, or was one of its processes before."""
    found = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        if f"virtfleet-lab/{name}/" in line or f"/virtfleet-{name}-" in line:
            found.append(f"mount {line}")
    for folder in ("/run/virtfleet-lab", "/var/lib/virtfleet-lab", "/run/netns"):
        if Path(folder).exists():
            names = {name, f".{name}.lock"}
            found += [
                str(path)
                for path in Path(folder).iterdir()
                if path.name in names or path.name.startswith(f"virtfleet-{name}-")
            ]
    found += [str(path) for path in cgroups.hierarchy().glob(f"**/virtfleet-{name}")]
    found += [str(path) for path in cache_folder().glob(f"roots/.*.{name}.tmp")]
    found += processes(name, marker).values()
    for process in before:
        pid, start = process.split("@")
        try:
            words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            if words[19] == start and words[0] not in "ZX":  # a dead one waits for process 1 to take note
                found.append(f"process {pid} still there")
        except OSError:
            continue  # ended, as it should
    return found


def test_what_other_labs_have_used_up_is_said() -> None:
    command = shlex.join(Lab("never").command("check"))
    few = f"echo 4 > /proc/sys/user/max_inotify_instances && {command}"
    words = ["unshare", "--user", "--map-root-user", "sh", "-c", few]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "4 are left, and a lab needs 16" in done.stdout


@pytest.mark.parametrize("host", HOSTS)
def test_each_host_is_of_its_suite(lab: Lab, host: str) -> None:
    assert lab.states()[host][:2] == (HOSTS[host], "running")
    assert f"VERSION_CODENAME={HOSTS[host]}" in lab.shell(host, "cat /etc/os-release")
    assert lab.shell(host, "hostname").strip() == host
    assert lab.shell(host, "systemctl is-system-running --wait").strip() == "running"


@pytest.mark.parametrize("host", HOSTS)
def test_a_host_is_an_ordinary_one(lab: Lab, host: str) -> None:
    """What roles find on a server: netplan's file, package lists, a way to the mirror."""
    assert lab.shell(host, "stat -c '%a %n' /etc/netplan/*").strip() == "600 /etc/netplan/01-netcfg.yaml"
    lab.shell(host, "netplan get ethernets.eno1.dhcp4 | grep -qx true")
    lab.shell(host, "apt-cache show libvirt-daemon-system >/dev/null && python3 -c 'import apt'")
    lab.shell(host, "cd /tmp && apt-get -qq -o APT::Sandbox::User=root download hostname && ls hostname_*.deb")
    lab.shell(host, "test -c /dev/net/tun && test -r /var/lib/virtfleet-test/vmlinuz")


def test_the_inventory_is_enough_to_connect(lab: Lab) -> None:
    hosts = yaml.safe_load(lab.call("inventory").stdout)["kvm_hosts"]["hosts"]
    assert set(hosts) == set(HOSTS)
    for name, variables in hosts.items():
        assert variables["ansible_host"] == lab.address(name)
        command = ["ssh", "-F", "/dev/null", *shlex.split(variables["ansible_ssh_common_args"])]
        command += ["-i", variables["ansible_ssh_private_key_file"]]
        command += [f"{variables['ansible_user']}@{variables['ansible_host']}"]
        command += [variables["ansible_python_interpreter"], "-V"]
        assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.startswith("Python 3.")


def test_the_inventory_goes_to_a_file(lab: Lab, tmp_path: Path) -> None:
    lab.call("inventory", "--output", str(tmp_path / "hosts.yml"))
    assert (tmp_path / "hosts.yml").read_text() == lab.call("inventory").stdout


@pytest.mark.parametrize("host", HOSTS)
def test_outside_and_host_reach_each_other(lab: Lab, host: str) -> None:
    address = lab.address(host)
    assert lab.pings("outside", address)
    lab.shell(host, f"ping -c1 -W2 {OUTSIDE}")
    get = f"import urllib.request as u; print(u.urlopen('http://{OUTSIDE}/').read().decode())"
    assert lab.shell(host, f'python3 -c "{get}"').strip() == address
    assert f" {address} /" in Path(f"/run/virtfleet-lab/{lab.name}/seen.log").read_text()


def test_a_reboot_is_one_and_keeps_the_address(lab: Lab) -> None:
    before = lab.address("kvm01")
    lab.shell("kvm01", "touch /run/gone-after-reboot /root/stays; ip link add left0 type bridge")
    lab.call("reboot", "kvm01")
    assert lab.address("kvm01") == before
    lab.shell("kvm01", "test ! -e /run/gone-after-reboot && test -e /root/stays && ! ip link show left0")


def test_a_power_cut_leaves_the_disk_and_the_lease(lab: Lab) -> None:
    before = lab.address("kvm02")
    lab.shell("kvm02", "touch /run/gone /root/stays-too")
    lab.call("cut", "kvm02")
    assert lab.states()["kvm02"][1:] == ("off", "-")
    assert not lab.pings("outside", before)
    assert lab.call("shell", "kvm02", "--", "true", check=False).returncode == 1
    lab.call("start", "kvm02")
    assert lab.address("kvm02") == before
    lab.shell("kvm02", "test ! -e /run/gone && test -e /root/stays-too")


def test_a_host_that_switches_itself_off_is_off(lab: Lab) -> None:
    lab.call("shell", "kvm02", "--", "poweroff", check=False)
    deadline = time.monotonic() + 30
    while lab.states()["kvm02"][1] != "off":
        assert time.monotonic() < deadline
        time.sleep(0.2)
    lab.call("start", "kvm02")
    assert lab.pings("outside", lab.address("kvm02"))


def test_a_pulled_cable_cuts_off_and_comes_back(lab: Lab) -> None:
    address = lab.address("kvm01")
    lab.call("unplug", "kvm01")
    assert not lab.pings("outside", address)
    lab.call("plug", "kvm01")
    deadline = time.monotonic() + 15
    while not lab.pings("outside", address):
        assert time.monotonic() < deadline


def test_a_second_up_changes_nothing(lab: Lab, record_property: t.Callable[[str, object], None]) -> None:
    started = time.monotonic()
    before = lab.states()
    boots = lab.shell("kvm01", "stat -c %i /proc/1/ns/net")
    lab.call("up", "2")
    record_property("seconds", time.monotonic() - started)
    assert time.monotonic() - started < 15
    assert lab.states() == before
    assert lab.shell("kvm01", "stat -c %i /proc/1/ns/net") == boots


def test_up_refuses_another_kind_of_host_under_a_name_in_use(lab: Lab) -> None:
    done = lab.call("up", "1", "--suite", "trixie", check=False)
    assert done.returncode == 1
    assert "kvm01 exists as bookworm" in done.stderr


@pytest.fixture
def second() -> t.Iterator[Lab]:
    """A lab of its own, beside the shared one, which a test makes and breaks."""
    other = Lab("second")
    other.call("down")
    other.environment["LAB_TEST_MARKER"] = uuid.uuid4().hex
    yield other
    other.call("down")


@pytest.mark.long
def test_a_lab_leaves_nothing_and_disturbs_no_other(lab: Lab, second: Lab) -> None:
    marker = second.environment["LAB_TEST_MARKER"]
    network = machine_network()
    started = time.monotonic()
    second.call("up", "2", *SUITE_OPTIONS, "--nics", "2")
    took = time.monotonic() - started
    print(f"two hosts from cached trees: {took:.1f} s")
    assert took < 30
    before = processes("second", marker)
    for program in ("_supervise", "systemd-networkd", "dnsmasq", "proxy.py", "outside.py", "sshd"):
        assert any(program in command for command in before.values()), "the search for leftovers is blind"
    assert machine_network() == network
    assert "eno2" in second.shell("kvm01", "ip -br link show up")
    # Same addresses on both sides, and no way from one to the other.
    second.shell("kvm01", "touch /root/second")
    assert "second" not in lab.shell("kvm01", "ls /root")
    visitor = subprocess.Popen(second.command("exec", "outside", "--", "sleep", "1000"))
    second.call("destroy", "kvm02")
    assert set(second.states()) == {"kvm01"}
    second.call("down")
    assert visitor.wait(10) != 0
    assert leftovers("second", marker, before) == []
    assert machine_network() == network
    assert second.call("down").returncode == 0
    assert {state for _suite, state, _address in lab.states().values()} == {"running"}
    lab.shell("kvm01", "true")


@pytest.mark.long
@pytest.mark.parametrize("moment", [0.15, 0.4, 0.8, 1.2, None])
def test_nothing_stays_of_an_up_that_was_killed(second: Lab, moment: float | None) -> None:
    marker = second.environment["LAB_TEST_MARKER"]
    network = machine_network()
    moment = random.uniform(0.05, 2.5) if moment is None else moment
    print(f"killed after {moment:.3f} s")
    up = subprocess.Popen(second.command("up", "2"), env=second.environment, start_new_session=True)
    time.sleep(moment)
    up.send_signal(signal.SIGKILL)
    up.wait()
    before = processes("second", marker)
    second.call("down")
    # What was trying out whether this machine can mount an overlay ends by itself, a moment later.
    deadline = time.monotonic() + 10
    while leftovers("second", marker, before) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert leftovers("second", marker, before) == []
    assert machine_network() == network


@pytest.mark.long
def test_nothing_stays_of_an_up_that_was_killed_while_it_built(second: Lab, tmp_path: Path) -> None:
    marker = second.environment["LAB_TEST_MARKER"]
    packages = cache_folder() / "debs"
    packages.mkdir(parents=True, exist_ok=True)
    (tmp_path / "debs").symlink_to(packages)
    second.environment["VIRTFLEET_LAB_CACHE"] = str(tmp_path)
    temporary = set(Path(tempfile.gettempdir()).glob("mmdebstrap*"))
    mounts = Path("/proc/self/mountinfo").read_text().count(str(tmp_path))
    up = subprocess.Popen(second.command("up", "1"), env=second.environment, start_new_session=True)
    try:
        # Packages are being configured: /proc and /sys are mounted in the tree.
        deadline = time.monotonic() + 120
        while not list(tmp_path.glob("roots/.*.tmp/var/lib/dpkg/info/systemd.list")):
            assert up.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        up.kill()
        up.wait()
    before = processes("second", marker)
    assert any("mmdebstrap" in command for command in before.values())
    second.call("down")
    assert leftovers("second", marker, before) == []
    assert list(tmp_path.glob("*/.*tmp*")) == []
    assert set(Path(tempfile.gettempdir()).glob("mmdebstrap*")) <= temporary
    assert Path("/proc/self/mountinfo").read_text().count(str(tmp_path)) == mounts


def test_up_mends_what_a_killed_up_left(second: Lab) -> None:
    up = subprocess.Popen(second.command("up", "1"), start_new_session=True)
    time.sleep(0.5)
    os.kill(up.pid, signal.SIGKILL)
    up.wait()
    second.call("up", "1")
    assert second.pings("outside", second.address("kvm01"))


def test_the_guest_boots_and_reports(second: Lab) -> None:
    """Straight under QEMU in software, no libvirt: the image, its lines, its power button."""
    second.call("up", "1", "--suite", "bookworm", "--with-kvm")
    report = second.shell("kvm01", BOOT_THE_GUEST)
    lines = [line.strip() for line in report.splitlines() if line.startswith("VIRTFLEET ")]
    assert lines[0].startswith("VIRTFLEET init 6."), report
    assert "VIRTFLEET cpus 2" in lines
    assert "VIRTFLEET disk vda 8388608" in lines
    assert "VIRTFLEET nic eth0 52:54:00:11:22:33" in lines
    assert "VIRTFLEET lease eth0 52:54:00:11:22:33 10.0.2.15/24 10.0.2.2" in lines
    assert "VIRTFLEET ping 10.0.2.2 ok" in lines
    assert "VIRTFLEET ping 10.0.2.99 fail" in lines
    assert "VIRTFLEET seen-as none" in lines
    assert "VIRTFLEET ready" in lines
    assert lines[-1] == "VIRTFLEET power-off"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["up", "0"], "1 to 90 hosts"),
        (["up", "1", "--suite", "noble"], "--mirror"),
        (["up", "1", "--suite", "noble", "--mirror", "http://127.0.0.1:9/none"], "can't be reached"),
        (["shell", "kvm77"], "no host 'kvm77'"),
        (["inventory"], "lab up"),
        (["exec", "outside", "--", "true"], "not up"),
        (["--name", "../x", "up", "1"], "lower-case letters"),
    ],
)
def test_a_mistake_is_answered_with_a_sentence(words: list[str], says: str) -> None:
    done = Lab("nolab").call(*words, check=False)
    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert leftovers("nolab", uuid.uuid4().hex) == []
