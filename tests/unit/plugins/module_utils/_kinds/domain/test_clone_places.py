# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of the host a clone would write to as its original does: it is left out, or the clone is refused."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.adopt import adopt
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import Invalid
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.clone_parts import own_parts
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.clone_places import refuse_rest
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN

GOLD = """
<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><name>gold</name><memory>2097152</memory>
<os><type arch='x86_64' machine='q35'>hvm</type>{boot}</os><devices>{devices}</devices>{rest}</domain>
"""
TCP = "<source mode='bind' host='127.0.0.1' service='4555'/>"


def parts(devices: str = "", boot: str = "", rest: str = "", **want: Any) -> tuple[dict[str, Any], dict[str, str]]:
    root = ET.fromstring(GOLD.format(devices=devices, boot=boot, rest=rest))
    found = adopt(DOMAIN, root, secrets=True)
    assert found.uncovered == []
    return own_parts(found.config, {"name": "web", **want})


@pytest.mark.parametrize(
    ("devices", "where"),
    [
        ("<serial type='file'><source path='/srv/x'/></serial>", "serials[0]"),
        (f"<serial type='tcp'>{TCP}<protocol type='raw'/></serial>", "serials[0]"),
        ("<serial type='dev'><source path='/dev/ttyS0'/></serial>", "serials[0]"),
        ("<serial type='nmdm'><source master='/dev/nmdm0A' slave='/dev/nmdm0B'/></serial>", "serials[0]"),
        (
            "<channel type='file'><source path='/srv/x'/><target type='virtio' name='x'/></channel>",
            "channels[0]",
        ),
        (
            "<channel type='pipe'><source path='/srv/x'/><target type='virtio' name='x'/></channel>",
            "channels[0]",
        ),
        (
            "<channel type='unix'><source mode='connect' path='/srv/x'/><target type='virtio' name='x'/></channel>",
            "channels[0]",
        ),
        (f"<redirdev bus='usb' type='tcp'>{TCP}<protocol type='raw'/></redirdev>", "redirdevs[0]"),
        (f"<smartcard mode='passthrough' type='tcp'>{TCP}<protocol type='raw'/></smartcard>", "smartcards[0]"),
        ("<smartcard mode='host'/>", "smartcards[0]"),
        (
            "<filesystem type='file'><driver type='loop'/><source file='/srv/x'/><target dir='x'/></filesystem>",
            "filesystems[0]",
        ),
        (
            "<filesystem type='mount'><driver type='virtiofs'/><source dir='/srv/x'/><target dir='x'/></filesystem>",
            "filesystems[0]",
        ),
        (
            "<filesystem type='mount'><driver type='virtiofs'/><source socket='/srv/x'/><target dir='x'/></filesystem>",
            "filesystems[0]",
        ),
        ("<interface type='vdpa'><source dev='/dev/vhost-vdpa-0'/></interface>", "interfaces[0]"),
        (
            "<interface type='vhostuser'><source type='unix' path='/srv/x' mode='client'/></interface>",
            "interfaces[0]",
        ),
        (
            "<interface type='hostdev' managed='yes'><source><address type='pci' domain='0' bus='3' slot='0'"
            " function='0'/></source></interface>",
            "interfaces[0]",
        ),
        ("<interface type='direct'><source dev='eno1' mode='passthrough'/></interface>", "interfaces[0]"),
        ("<interface type='server'><source address='127.0.0.1' port='5558'/></interface>", "interfaces[0]"),
        ("<input type='evdev'><source dev='/dev/input/event3'/></input>", "inputs[0]"),
        (
            "<tpm model='tpm-tis'><backend type='passthrough'><device path='/dev/tpm0'/></backend></tpm>",
            "tpms[0]",
        ),
        (
            "<tpm model='tpm-crb'><backend type='external'><source type='unix' mode='connect' path='/srv/x'/></backend>"
            "</tpm>",
            "tpms[0]",
        ),
        ("<graphics type='vnc' socket='/srv/x'/>", "graphics[0]"),
        ("<graphics type='vnc'><listen type='socket' socket='/srv/x'/></graphics>", "graphics[0]"),
        ("<shmem name='x'><model type='ivshmem-plain'/><size unit='M'>4</size></shmem>", "shmems[0]"),
        (
            f"<rng model='virtio'><backend model='egd' type='tcp'>{TCP}<protocol type='raw'/></backend></rng>",
            "rngs[0]",
        ),
    ],
)
def test_a_device_on_something_of_the_host_is_left_out(devices: str, where: str) -> None:
    whole, left = parts(devices)
    assert list(left) == [where]
    name = where.partition("[")[0]
    assert whole[name] == []
    assert f"only one guest can have that, so it is left out: declare {name} to have it" in left[where]
    # What is declared of the clone counts before, so nothing is said of that of the original.
    assert parts(devices, **{name: []})[1] == {}
    _item, problems = DOMAIN.parse_item({**whole, "name": "web"})
    assert problems == []


def test_a_device_goes_without_its_log() -> None:
    whole, left = parts("<serial type='pty'><log file='/var/log/gold.log' append='off'/></serial>")
    assert list(left) == ["serials[0].log"]
    assert "gold.log" not in repr(whole)
    assert [one["type"] for one in whole["serials"]] == ["pty"]


@pytest.mark.parametrize(
    "devices",
    [
        "<serial type='pty'/>",
        "<channel type='unix'><source mode='bind' path='/run/x'/><target type='virtio' name='x'/></channel>",
        "<channel type='spicevmc'><target type='virtio' name='com.redhat.spice.0'/></channel>",
        "<interface type='bridge'><source bridge='br0'/></interface>",
        "<interface type='direct'><source dev='eno1' mode='bridge'/></interface>",
        "<interface type='user'/>",
        "<filesystem type='mount'><source dir='/srv/x'/><target dir='x'/><readonly/></filesystem>",
        "<input type='tablet' bus='usb'/>",
        "<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>",
        "<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>",
        "<graphics type='spice' autoport='yes' passwd='/secret'/>",
        "<emulator>/usr/bin/qemu-system-x86_64</emulator>",
        "<sound model='ich9'/><watchdog model='itco' action='reset'/><panic model='isa'/>",
    ],
)
def test_what_guests_share_is_kept(devices: str) -> None:
    whole, left = parts(devices)
    assert left == {}
    kept = adopt(DOMAIN, ET.fromstring(GOLD.format(devices=devices, boot="", rest="")), secrets=True).config
    assert [name for name in kept if name not in whole] == ["name"]


@pytest.mark.parametrize(
    ("given", "option", "want"),
    [
        (
            {"boot": "<loader readonly='no' type='pflash'>/srv/gold.fd</loader>"},
            "os.loader",
            {"os": {"loader": {"path": "/x", "type": "pflash", "readonly": True}}},
        ),
        (
            {
                "boot": "<loader readonly='yes' type='pflash'>/x.fd</loader><nvram type='block'>"
                "<source dev='/dev/vg/gold'/></nvram>"
            },
            "os.nvram",
            {"os": {"nvram": {"type": "file"}}},
        ),
        (
            {
                "devices": "<memory model='nvdimm'><source><path>/srv/nvdimm0</path></source><target>"
                "<size unit='KiB'>524288</size></target></memory>"
            },
            "memory_devices",
            {"memory_devices": []},
        ),
        (
            {"devices": "<audio id='1' type='file' path='/srv/x.wav'/>"},
            "audios",
            {"audios": []},
        ),
        (
            {"rest": "<qemu:commandline><qemu:arg value='-s'/></qemu:commandline>"},
            "qemu.args",
            {"qemu": {"args": []}},
        ),
        (
            {"boot": "<varstore path='/srv/vars.json'/>"},
            "xml",
            {"xml": ""},
        ),
    ],
)
def test_what_cannot_be_left_out_is_refused(given: dict[str, str], option: str, want: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as caught:
        parts(**given)
    assert caught.value.where.startswith(option)
    assert "declare" in str(caught.value)
    assert parts(**given, **want)[1] == {}


def test_the_file_of_a_pstore_is_its_own() -> None:
    whole, left = parts("<pstore backend='acpi-erst'><path>/srv/x</path><size unit='KiB'>8</size></pstore>")
    assert (left, "path" in whole["pstore"]) == ({}, False)


def test_what_names_something_of_the_host_is_declared_for_the_clone() -> None:
    whole: dict[str, Any] = {"title": "/x", "odd": {"deep": [{"path": "/srv/x"}], "count": 3}}
    with pytest.raises(Invalid) as error:
        refuse_rest(whole, {})
    assert error.value.where == "odd.deep.path"
    assert "/srv/x" in error.value.problem
    refuse_rest(whole, {"odd": {"deep": {"path": "/srv/y"}}})
    refuse_rest({"title": "/x", "odd": {"count": 3}}, {})
