# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of libvirt and of guests that a run must survive, on real hosts."""

from __future__ import annotations

import subprocess
import time
import typing as t

import pytest
from fleet import LAB, Fleet, guest

pytestmark = pytest.mark.long

HOSTS = ("kvm01", "kvm02")
MANY = 300


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Fleet]:
    with Fleet.two("faults", tmp_path_factory.mktemp("faults")) as made:
        yield made


def many(count: int, **options: t.Any) -> list[dict[str, t.Any]]:
    """Guests that are only defined."""
    return [{"name": f"many{number:04}", "memory": "16MiB", **options} for number in range(count)]


def defined(fleet: Fleet, host: str) -> int:
    """How many of them there are."""
    return len([name for name in fleet.sh(host, "virsh list --all --name").split() if name.startswith("many")])


def test_the_daemon_restarts_in_the_middle(fleet: Fleet) -> None:
    """The host restarts libvirtd as soon as it sees the first of many guests, and twice more."""
    watch = (
        "while ! ls /etc/libvirt/qemu/many* >/dev/null 2>&1; do sleep 0.05; done;"
        " for again in 1 2 3; do systemctl kill -s KILL libvirtd; sleep 0.1;"
        " systemctl reset-failed libvirtd libvirtd.socket; systemctl start libvirtd; sleep 0.5; done;"
        " ls /etc/libvirt/qemu | grep -c many"
    )
    restarts = {
        host: subprocess.Popen(
            [str(LAB), "--name", fleet.name, "-q", "shell", host, "--", watch],
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        for host in HOSTS
    }
    time.sleep(1)
    run = fleet.module("domains", config=many(MANY))
    seen = {host: int(process.communicate(timeout=60)[0]) for host, process in restarts.items()}
    assert run.code == 0, run.output
    assert any(count < MANY for count in seen.values()), "the restarts came too late to tell anything"
    for host in HOSTS:
        assert defined(fleet, host) == MANY
        assert len(run.changes(host)) == MANY
    again = fleet.module("domains", config=many(MANY))
    assert not again.changed, again.output
    fleet.module("domains", config=many(MANY, state="absent"))
    assert [defined(fleet, host) for host in HOSTS] == [0, 0]


def test_one_of_a_thousand_is_bad(fleet: Fleet) -> None:
    config = many(1000)
    config[500]["machine"] = "no-such-machine"
    run = fleet.module("domains", config=config)
    assert run.code != 0
    for host in HOSTS:
        result = run.results("virtfleet.kvm.domains", host)[0]
        assert [failure["domain"] for failure in result["failures"]] == ["many0500"]
        assert defined(fleet, host) == 999
    assert "many0500" in run.output
    assert "Traceback" not in run.output
    fleet.module("domains", config=many(1000, state="absent"))
    assert [defined(fleet, host) for host in HOSTS] == [0, 0]


def test_a_guest_that_does_not_listen_is_switched_off_only_with_leave(fleet: Fleet) -> None:
    deaf = guest("deaf", "", cmdline="console=ttyS0 quiet vf.ignore_shutdown", interfaces=[])
    del deaf["host"]
    assert fleet.module("domains", config=[deaf]).code == 0
    for host in HOSTS:
        fleet.report(host, "deaf")
    stopped = {"name": "deaf", "state": "stopped"}
    started = time.monotonic()
    run = fleet.module("domains", config=[stopped], shutdown_timeout=8)
    assert 8 <= time.monotonic() - started < 60
    assert run.code != 0
    assert "still runs 8 s" in run.output
    for host in HOSTS:
        assert run.changes(host) == []
        assert "deaf" in fleet.sh(host, "virsh list --name")
    run = fleet.module("domains", config=[stopped], shutdown_timeout=2, force_shutdown=True)
    assert run.code == 0, run.output
    assert fleet.module("domains", config=[{"name": "deaf", "state": "absent"}]).code == 0


def test_a_guest_that_listens_shuts_down_by_itself(fleet: Fleet) -> None:
    polite = guest("polite", "", interfaces=[])
    del polite["host"]
    assert fleet.module("domains", config=[polite]).code == 0
    for host in HOSTS:
        fleet.report(host, "polite")
    run = fleet.module("domains", config=[{"name": "polite", "state": "absent"}])
    assert run.code == 0, run.output
    for host in HOSTS:
        assert "polite" not in fleet.sh(host, "virsh list --all --name")
        assert "shutting down, reason=shutdown" in fleet.sh(host, "cat /var/log/libvirt/qemu/polite.log")


NAMED = """cat >/run/named.xml <<'END'
<domain type='qemu'><name>named</name><memory unit='MiB'>64</memory><features><acpi/></features>
<os><type arch='x86_64' machine='q35'>hvm</type>
<loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader><nvram>/srv/named/{}</nvram></os></domain>
END
virsh -q define /run/named.xml"""
"""Somebody defines a guest whose NVRAM is a file of this name."""


def test_only_variables_of_a_firmware_go_as_nvram(fleet: Fleet) -> None:
    """libvirt would delete whatever the definition names; of a stopped guest, too, whose NVRAM only libvirt knows."""
    there = "ls /srv/named /var/lib/libvirt/qemu/nvram"
    for host in HOSTS:
        fleet.sh(host, "mkdir /srv/named && cd /srv/named && cp /usr/share/OVMF/OVMF_VARS_4M.fd vars && cp vars used")
        fleet.sh(host, "cd /srv/named && echo precious >data && qemu-nbd --fork -t -f raw -k /run/nbd used")
    gone = {"name": "named", "state": "absent"}
    for name, reason in (
        ("data", "it is not in libvirt's own folder"),
        ("used", "it is used by qemu-nbd"),
        ("vars", None),
    ):
        for host in HOSTS:
            fleet.sh(host, NAMED.format(name))
        said = fleet.module("domains", "--check", config=[gone], remove_nvram=True)
        run = fleet.module("domains", config=[gone], remove_nvram=True)
        for host in HOSTS:
            assert said.changes(host) == run.changes(host)
            assert [change["path"] for change in run.changes(host)] == (["state"] if reason else ["state", "nvram"])
            assert (name in fleet.sh(host, there).split()) == (reason is not None)
        for done in (said, run):
            assert reason is None or f"its NVRAM /srv/named/{name} stays: {reason}" in " ".join(done.output.split())
    config = {"name": "named", "memory": "64MiB", "os": {"firmware": "efi"}}
    stop: dict[str, t.Any] = {"shutdown_timeout": 1, "force_shutdown": True}
    for state in ("running", "stopped"):
        assert fleet.module("domains", config=[{**config, "state": state}], **stop).code == 0
    run = fleet.module("domains", config=[gone], remove_nvram=True)
    for host in HOSTS:
        assert [change["path"] for change in run.changes(host)] == ["state", "nvram"]
        assert "named_VARS.fd" not in fleet.sh(host, there)


def test_what_a_guest_leaves_behind(fleet: Fleet) -> None:
    """NVRAM, TPM, a saved state and snapshots: each stays or goes as said, and the guest can go at all."""
    for host in HOSTS:
        fleet.sh(host, "qemu-img create -q -f qcow2 /var/lib/libvirt/images/left.qcow2 8M")
    left: dict[str, t.Any] = {
        "name": "left",
        "memory": "192MiB",
        "os": {"firmware": "efi"},
        "tpms": [{"model": "tpm-crb", "backend": {"type": "emulator", "version": "2.0"}}],
        "disks": [{"file": "/var/lib/libvirt/images/left.qcow2"}],
        "state": "running",
    }
    gone = {"name": "left", "state": "absent"}
    stop: dict[str, t.Any] = {"shutdown_timeout": 1, "force_shutdown": True}
    both: dict[str, t.Any] = {"remove_nvram": True, "remove_tpm": True}
    nothing: dict[str, t.Any] = {}
    nvram, tpm = "/var/lib/libvirt/qemu/nvram/left_VARS.fd", "/var/lib/libvirt/swtpm/$(cat /run/left.uuid)"

    def there(host: str, path: str) -> bool:
        return fleet.sh(host, f"test -e {path} && echo yes || true") != ""

    for options, stays in ((nothing, True), (both, False)):
        run = fleet.module("domains", config=[left], **stop)
        assert run.code == 0, run.output
        for host in HOSTS:
            fleet.sh(host, "virsh domuuid left > /run/left.uuid")
            assert there(host, nvram)
            assert there(host, tpm)
        said = fleet.module("domains", "--check", config=[gone], **stop, **options)
        run = fleet.module("domains", config=[gone], **stop, **options)
        assert run.code == 0, run.output
        for host in HOSTS:
            assert said.changes(host) == run.changes(host)
            assert {change["path"] for change in run.changes(host)} == (
                {"state"} if stays else {"state", "nvram", "tpm_state"}
            )
            assert (there(host, nvram), there(host, tpm)) == (stays, stays)
            assert "left" not in fleet.sh(host, "virsh list --all --name")
            assert there(host, "/var/lib/libvirt/images/left.qcow2")

    saved = {**guest("left", "", interfaces=[]), "disks": left["disks"]}
    del saved["host"]
    assert fleet.module("domains", config=[saved]).code == 0
    for host in HOSTS:
        fleet.report(host, "left")
        fleet.sh(host, "virsh -q snapshot-create-as left one >/dev/null; virsh -q managedsave left >/dev/null")
    refused = fleet.module("domains", config=[gone])
    assert refused.code != 0
    assert "the guest is saved (managedsave), and its memory would be lost" in refused.output
    run = fleet.module("domains", config=[gone], remove_saved_state=True)
    assert run.code == 0, run.output
    for host in HOSTS:
        assert {change["path"] for change in run.changes(host)} == {"state", "saved_state", "snapshots"}
        assert not there(host, "/var/lib/libvirt/qemu/save/left.save")
        assert "one" in fleet.sh(host, "qemu-img snapshot -l /var/lib/libvirt/images/left.qcow2")


def test_what_somebody_edits_by_hand_shows_and_what_is_unknown_survives(fleet: Fleet) -> None:
    base = {"name": "edited", "memory": "32MiB", "title": "Ours"}
    assert fleet.module("domains", config=[base]).code == 0
    edit = (
        "virsh dumpxml --inactive edited | sed -e 's/>Ours</>Theirs</'"
        " -e 's#</metadata>#<app:keep xmlns:app=\"http://example.org/app\">this</app:keep></metadata>#'"
        " > /tmp/edited.xml && virsh -q define /tmp/edited.xml"
    )
    for host in HOSTS:
        fleet.sh(host, edit)
    run = fleet.module("domains", config=[base])
    for host in HOSTS:
        assert [(change["path"], change["before"], change["after"]) for change in run.changes(host)] == [
            ("title", "Theirs", "Ours")
        ]
        assert "this</app:keep>" in fleet.sh(host, "virsh dumpxml --inactive edited")
    fleet.module("domains", config=[{"name": "edited", "state": "absent"}])


def test_a_libvirt_that_is_away_is_one_clear_sentence(fleet: Fleet) -> None:
    for host in HOSTS:
        fleet.sh(host, "systemctl stop libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket libvirtd.service")
    try:
        run = fleet.module("domains", config=many(1))
        assert run.code != 0
        assert "libvirt does not answer at qemu:///system" in run.output
        assert "Traceback" not in run.output
    finally:
        for host in HOSTS:
            fleet.sh(host, "systemctl start libvirtd.socket libvirtd.service")
