# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The name of a bridge where a network belongs, and others that stand for something of another kind."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.check import problems
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.doubts import doubts

LISTS: dict[str, Any] = {
    "kvm_links": [
        {"name": "br0", "type": "bridge", "ports": ["eno1"]},
        {"name": "vlan5", "type": "vlan", "id": 5, "parent": "eno3", "addressing": "none"},
        {"name": "shim0", "type": "macvlan", "parent": "eno4"},
        {"name": "br9", "type": "bridge", "state": "absent"},
    ],
    "kvm_networks": [{"name": "lan", "forward": "nat", "bridge": "virbr7"}],
    "kvm_images": [{"name": "noble", "ubuntu": "24.04"}],
    "kvm_volumes": [
        {"name": "scratch.raw", "capacity": "1GiB"},
        {"name": "setup.iso", "pool": "media", "image": "https://example.com/setup.iso"},
    ],
}


def fleet(**options: Any) -> dict[str, Any]:
    return {"kvm01": {**LISTS, "kvm_guests": [{"name": "a", "host": "kvm01", "memory": "1GiB", **options}]}}


@pytest.mark.parametrize(
    ("options", "told", "kind"),
    [
        (
            {"interfaces": ["br0"]},
            "interfaces[0].network: 'br0' is a bridge in kvm_links, and no network in kvm_networks: write"
            " {bridge: br0}",
            "network br0",
        ),
        (
            {"interfaces": ["lan", {"network": "br0"}]},
            "interfaces[1].network: 'br0' is a bridge in kvm_links, and no network in kvm_networks: write"
            " {bridge: br0}",
            "network br0",
        ),
        (
            {"interfaces": ["vlan5"]},
            "interfaces[0].network: 'vlan5' is a vlan in kvm_links, and no network: write {direct: vlan5}, or declare a"
            " bridge on it",
            "network vlan5",
        ),
        (
            {"interfaces": ["eno1"]},
            "interfaces[0].network: 'eno1' is a port of the bridge br0 in kvm_links, and no network: write"
            " {bridge: br0}",
            "network eno1",
        ),
        (
            {"interfaces": ["virbr7"]},
            "interfaces[0].network: 'virbr7' is the bridge of a network in kvm_networks: write {network: lan}",
            "network virbr7",
        ),
        (
            {"interfaces": [{"bridge": "lan"}]},
            "interfaces[0].bridge: 'lan' is a network in kvm_networks: write {network: lan}",
            "bridge lan",
        ),
        (
            {"interfaces": [{"direct": "lan"}]},
            "interfaces[0].direct: 'lan' is a network in kvm_networks: write {network: lan}",
            "card lan",
        ),
        (
            {"disks": [{"volume": "noble"}]},
            "disks[0].volume: 'noble' is an image in kvm_images, and no volume: write image: noble in place of volume",
            "volume noble",
        ),
        (
            {"disks": [{"backing": "noble"}]},
            "disks[0].backing: 'noble' is an image in kvm_images, and no volume: write image: noble in place of"
            " backing",
            "volume noble",
        ),
        (
            {"disks": [{"device": "cdrom", "volume": "setup.iso"}]},
            "disks[0].volume: 'setup.iso' is a volume of the pool media in kvm_volumes, and of no other: write pool:"
            " media",
            "volume setup.iso",
        ),
        ({"disks": [{"device": "cdrom", "volume": "setup.iso", "pool": "media"}]}, None, ""),
        ({"disks": [{"size": "9GiB", "volume": "setup.iso"}]}, None, ""),
        ({"interfaces": ["lan", "default", "by-hand", {"bridge": "br0"}, {"bridge": "virbr7"}]}, None, ""),
        ({"interfaces": [{"direct": "vlan5"}, "shim0"]}, None, ""),
        ({"disks": [{"volume": "scratch.raw"}, {"image": "noble"}]}, None, ""),
        ({"interfaces": ["br0"], "state": "absent"}, None, ""),
    ],
)
def test_a_name_of_another_kind(options: dict[str, Any], told: str | None, kind: str) -> None:
    assert problems(["kvm01"], fleet(**options)) == []
    goes_on = f"The run goes on, for host kvm01 may have a {kind} that nobody declares"
    assert doubts(["kvm01"], fleet(**options)) == ([] if told is None else [f"guest a: {told}. {goes_on}"])


@pytest.mark.parametrize("images", [True, False])
def test_an_image_that_is_a_volume_of_another_pool(images: bool) -> None:
    """Where the host declares images, a name is one of these, or of a volume."""
    given = fleet(disks=[{"size": "9GiB", "image": "setup.iso"}])
    if images:
        told = "is a volume of another pool in kvm_volumes: write image: media/setup.iso"
        assert problems(["kvm01"], given) == [f"guest a: disks[0].image: 'setup.iso' {told}"]
    else:
        del given["kvm01"]["kvm_images"]
        (line,) = doubts(["kvm01"], given)
        told = "is a volume of the pool media in kvm_volumes, and of no other: write image: media/setup.iso. The run"
        assert line.startswith(f"guest a: disks[0].image: 'setup.iso' {told}")


@pytest.mark.parametrize(
    ("bridge", "told"),
    [
        ("vlan5", "is a vlan in kvm_links, and no bridge: name a bridge, or write direct: vlan5 for MacVTap"),
        ("shim0", "is a macvlan in kvm_links, and no bridge: name a bridge, or write direct with its parent"),
        ("br0", None),
        ("virbr7", None),
        ("other", None),
    ],
)
def test_a_link_that_is_no_bridge_is_refused(bridge: str, told: str | None) -> None:
    """The host declares that it is none, so it can never be right."""
    given = fleet(interfaces=[{"bridge": bridge}])
    said = [] if told is None else [f"guest a: interfaces[0].bridge: {bridge} {told}"]
    assert problems(["kvm01"], given) == said
    given["kvm01"]["kvm_guests"][0]["state"] = "absent"
    assert problems(["kvm01"], given) == []


@pytest.mark.parametrize(
    ("lists", "options"),
    [
        ({"kvm_networks": [{"name": "old", "bridge": "virbr5"}]}, {"interfaces": ["virbr5"]}),
        ({"kvm_networks": [{"name": "br0"}]}, {"interfaces": [{"bridge": "br0"}]}),
        ({"kvm_volumes": [{"name": "d.qcow2"}]}, {"disks": [{"volume": "d.qcow2", "pool": "fast"}]}),
        ({"kvm_networks": [{"name": "web_net"}]}, {"interfaces": ["web-net"]}),
        ({"kvm_pools": [{"name": "web_pool"}]}, {"disks": [{"size": "1GiB", "pool": "web-pool"}]}),
        ({"kvm_volumes": [{"name": "web_data.qcow2"}]}, {"disks": [{"volume": "web-data.qcow2"}]}),
    ],
)
def test_nobody_is_sent_to_what_is_to_be_absent(lists: dict[str, Any], options: dict[str, Any]) -> None:
    """It would be refused, or removed: a name that was changed, or a thing that has moved."""
    guest = {"name": "a", "host": "kvm01", "memory": "1GiB", **options}
    present = {"kvm01": {**lists, "kvm_guests": [guest]}}
    assert doubts(["kvm01"], present) != []
    gone = {name: [{**item, "state": "absent"} for item in items] for name, items in lists.items()}
    assert doubts(["kvm01"], {"kvm01": {**gone, "kvm_guests": [guest]}}) == []
