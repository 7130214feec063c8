# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that others have set up, taken over: what is written into the inventory, and that the site then rests."""

from __future__ import annotations

import typing as t

import pytest
import yaml
from fleet import Fleet
from suites import SUITE_OPTIONS

pytestmark = pytest.mark.long

HOSTS = ("kvm01", "kvm02")
SECRET = "hunter2!"

BY_HAND = f"""
set -e
mkdir -p /srv/by-hand /srv/idle
cat >/root/net.xml <<'END'
<network><name>by-hand</name><bridge name='virbr7'/><forward mode='nat'/>
<ip address='10.7.0.1' netmask='255.255.255.0'><dhcp><range start='10.7.0.10' end='10.7.0.99'/></dhcp></ip></network>
END
cat >/root/pool.xml <<'END'
<pool type='dir'><name>by-hand</name><target><path>/srv/by-hand</path></target></pool>
END
cat >/root/nas.xml <<'END'
<pool type='netfs'><name>nas</name><source><host name='nas.example.com'/><dir path='/x'/><format type='nfs'/></source>
<target><path>/srv/nas</path></target></pool>
END
virsh -q net-define /root/net.xml; virsh -q net-start by-hand; virsh -q net-autostart by-hand
virsh -q pool-define /root/pool.xml; virsh -q pool-start by-hand; virsh -q pool-autostart by-hand
virsh -q pool-define /root/nas.xml
virsh -q pool-define-as idle dir --target /srv/idle
virsh -q vol-create-as by-hand base.qcow2 8M --format qcow2
virsh -q vol-create-as by-hand over.qcow2 16M --format qcow2 --backing-vol base.qcow2 --backing-vol-format qcow2
virsh -q vol-create-as by-hand plain.raw 3M --allocation 1M
cat >/root/guest.xml <<'END'
<domain type='qemu'><name>of-HOST</name><memory unit='MiB'>128</memory><vcpu>1</vcpu>
<os><type arch='x86_64'>hvm</type></os><features><acpi/></features>
<devices>
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/srv/by-hand/over.qcow2'/>
<target dev='vda' bus='virtio'/></disk>
<disk type='volume' device='disk'><driver name='qemu' type='raw'/><source pool='by-hand' volume='plain.raw'/>
<target dev='vdb' bus='virtio'/></disk>
<interface type='network'><source network='by-hand'/><model type='virtio'/></interface>
<graphics type='vnc' port='-1' passwd='{SECRET}'/>
</devices></domain>
END
virsh -q define /root/guest.xml; virsh -q autostart of-HOST
"""
"""What a person makes on a host with virsh; HOST is its name."""

POOLS = """
for pool in $(virsh pool-list --all --name); do
  virsh pool-dumpxml --inactive $pool; virsh pool-info $pool | grep -v -e Allocation -e Available
  virsh vol-list $pool 2>/dev/null
done
find /srv -printf '%p %m %u %g %s %t\\n' | sort
true
"""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Fleet]:
    made = Fleet("adopt", tmp_path_factory.mktemp("adopt"))
    made.lab("down")
    try:
        made.lab("up", "2", *SUITE_OPTIONS, "--with-kvm")
        made.declare({})
        for host in HOSTS:
            made.sh(host, BY_HAND.replace("HOST", host))
        yield made
    finally:
        made.lab("down")


def state(fleet: Fleet) -> dict[str, str]:
    """All that there is of guests, networks and storage, by host."""
    return {host: fleet.state(host) + fleet.sh(host, POOLS) for host in HOSTS}


def written(fleet: Fleet, host: str) -> dict[str, t.Any]:
    """What was written for a host."""
    text = (fleet.folder / "host_vars" / host / "virtfleet.yml").read_text(encoding="utf-8")
    assert SECRET not in text
    return t.cast(dict[str, t.Any], yaml.safe_load(text))


def names(items: list[dict[str, t.Any]]) -> set[str]:
    return {item["name"] for item in items}


def test_a_host_is_written_into_the_inventory_and_nothing_is_touched(fleet: Fleet) -> None:
    before = state(fleet)
    run = fleet.play("virtfleet.kvm.adopt")
    assert run.code == 0, run.output
    assert state(fleet) == before
    for host in HOSTS:
        config = written(fleet, host)
        assert config.keys() == {"kvm_networks", "kvm_pools", "kvm_guests"}
        assert "by-hand" in names(config["kvm_networks"])
        pools = {pool["name"]: (pool["state"], pool.get("autostart", True)) for pool in config["kvm_pools"]}
        assert pools == {"by-hand": ("active", True), "idle": ("inactive", False), "nas": ("inactive", False)}
        assert [(guest["name"], guest["host"]) for guest in config["kvm_guests"]] == [(f"of-{host}", host)]
        secret = (
            f"guest of-{host}: graphics[0].passwd is left out, as secrets are; the guest keeps it. Write it only if the"
            " guest is to be rebuilt from the inventory"
        )
        assert run.results("ansible.builtin.debug", host)[0]["msg"] == [secret]


def test_the_site_then_rests(fleet: Fleet) -> None:
    rests(fleet)


def test_a_file_that_is_there_is_kept_unless_it_shall_not(fleet: Fleet) -> None:
    path = fleet.folder / "host_vars/kvm01/virtfleet.yml"
    path.write_text("kvm_pools: []\n", encoding="utf-8")
    assert fleet.play("virtfleet.kvm.adopt").code == 0
    assert path.read_text(encoding="utf-8") == "kvm_pools: []\n"
    run = fleet.play("virtfleet.kvm.adopt", "-e", "adopt_overwrite=true", "-e", "adopt_volumes=true")
    assert run.code == 0, run.output
    for host in HOSTS:
        volumes = written(fleet, host)["kvm_volumes"]
        assert names(volumes) == {"base.qcow2", "over.qcow2", "plain.raw"}
        assert {volume["pool"] for volume in volumes} == {"by-hand"}


def test_the_site_rests_with_volumes_too(fleet: Fleet) -> None:
    rests(fleet)


def rests(fleet: Fleet) -> None:
    """The site changes nothing, neither in check mode nor for real."""
    before = state(fleet)
    for options in (("--check", "--diff"), ()):
        run = fleet.play("virtfleet.kvm.site", *options)
        assert run.code == 0, run.output
        for host in HOSTS:
            assert run.changes(host) == []
            assert not any(result["changed"] for result in run.results("virtfleet.kvm.pools", host))
        assert run.results("virtfleet.kvm.pools", "kvm01")
        assert not run.changed, run.output
        assert state(fleet) == before
