# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run on a host: bridge every device of every netplan document in a folder, and have netplan read it.

Prints a line of JSON: how many were bridged, the reasons of refusals, and what came out wrong.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import typing as t
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

# On the host these lie beside this file.
VirtfleetError = import_module("module_utils._errors").VirtfleetError
netplan_edit = import_module("module_utils._hostnet.netplan_edit")
netplan_yaml = import_module("module_utils._hostnet.netplan_yaml")
netplan: t.Any = import_module("module_utils._hostnet.netplan")
Netplan, Nic, Place = netplan.Netplan, netplan.Nic, netplan.Place

BRIDGE = Place("bridges", "brtest")
MAC = "52:54:00:99:99:99"
KNOWN = (
    "is part of the bond",
    "is a port of the bridge",
    "is wireless",
    "is a modem",
    "is the loopback",
    "is a VRF",
    "carries no Ethernet",
    "is InfiniBand",
    "is a bridge",
    "is a VLAN filter",
)
"""Why a device cannot be bridged."""


def accepted(net: t.Any) -> str:
    """What netplan says against documents; nothing where it takes them."""
    with tempfile.TemporaryDirectory() as root:
        for name, document in net.documents.items():
            path = Path(root, "etc/netplan", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(netplan_yaml.dump(document))
            path.chmod(0o600)
        done = subprocess.run(["netplan", "generate", "--root-dir", root], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stderr


def layer3(net: t.Any, place: t.Any) -> dict[str, t.Any]:
    """What a definition has of addresses and routes."""
    return {key: value for key, value in net.merged(place).items() if key in netplan_edit.MOVED}


def wrong(before: t.Any, after: t.Any, place: t.Any, device: str) -> list[str]:
    """What a bridge over a device has changed that it must not."""
    found = []
    own = after.owner(Nic(device, MAC, permanent=mac(before, place))) or place
    if layer3(after, BRIDGE) != layer3(before, place):
        found.append(f"the bridge has {layer3(after, BRIDGE)}, the port had {layer3(before, place)}")
    if layer3(after, own):
        found.append(f"the port still has {layer3(after, own)}")
    for other in before.places():
        same = {key: value for key, value in after.merged(other).items() if key not in ("link", "interfaces")}
        old = {key: value for key, value in before.merged(other).items() if key not in ("link", "interfaces")}
        if other not in (place, own) and same != old:
            found.append(f"{other.id} has changed")
    said = accepted(after)
    return [*found, said] if said else found


def mac(net: t.Any, place: t.Any) -> str:
    """The MAC address by which a definition finds its device."""
    return str((net.merged(place).get("match") or {}).get("macaddress") or "")


def main(folder: str) -> None:
    bridged, refused, broken, strange = 0, dict[str, int](), list[str](), list[str]()
    for path in sorted(Path(folder).glob("*.yaml")):
        before = Netplan({"50-example.yaml": netplan_yaml.load(path.name, path.read_text())})
        if accepted(before):
            # This netplan is older than the example, or lacks what it is about.
            continue
        for place in before.places():
            device = before.device(place) or re.sub(r"\[(.).*\]|\*", r"\1", str(before.get(place, "match/name")))
            after = before.copy()
            nics = {device: Nic(device, MAC, permanent=mac(before, place))}
            item = {"name": "brtest", "type": "bridge", "ports": [device]}
            try:
                netplan_edit.declare(after, item, nics)
            except VirtfleetError as error:
                name = next((words for words in KNOWN if words in str(error)), "")
                strange += [] if name else [f"{path.name} {place.id}: {error}"]
                refused[name] = refused.get(name, 0) + 1
                continue
            bridged += 1
            broken += [f"{path.name} {place.id}: {each}" for each in wrong(before, after, place, device)]
    print(json.dumps({"bridged": bridged, "refused": refused, "broken": broken, "strange": strange}))


if __name__ == "__main__":
    main(sys.argv[1])
