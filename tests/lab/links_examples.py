# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run on a host: bridge every device of every netplan document in some folders, and have netplan judge.

A document is a host's only file; a folder of documents below a given one is a host's several files. What
netplan writes before and after is compared: the units of the device, of its bridge, and of all others.
Prints a line of JSON: how many were bridged, the reasons of refusals, and what came out wrong.
"""

from __future__ import annotations

import collections
import json
import re
import subprocess
import sys
import tempfile
import typing as t
from importlib import import_module
from pathlib import Path
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).resolve().parent))

# On the host these lie beside this file.
VirtfleetError = import_module("module_utils._errors").VirtfleetError
netplan_edit = import_module("module_utils._hostnet.netplan_edit")
netplan_yaml = import_module("module_utils._hostnet.netplan_yaml")
netplan: t.Any = import_module("module_utils._hostnet.netplan")
Netplan, Place = netplan.Netplan, netplan.NetplanPlace
Nic: t.Any = import_module("module_utils._hostnet.facts").Nic

READER: list[str] = import_module("module_utils._hostnet.netplan_reader").reader()
"""What `netplan generate` calls, which itself takes Python's start each time."""
BRIDGE = Place("bridges", "brtest")
MAC = "52:54:00:99:99:99"
STAYS = ("Match", "Link", "Bridge", "SR-IOV", "IPoIB")
"""What of a unit is not about addresses."""
STACKED = ("VLAN", "Bridge", "Bond", "EmitLLDP", "ConfigureWithoutCarrier", "LinkLocalAddressing")
"""What of [Network] stays with the port, or differs for a bridge."""
OTHERS = re.compile(r"wait-online|udev|netplan-(ovs|sriov)|conf\.d/")
"""Files of netplan's that speak of all devices."""
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
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
    "is Open vSwitch's",
    "is a connection of NetworkManager's own",
    "NetworkManager cannot tell",
)
"""Why a device cannot be bridged."""


Written = dict[str, str]


def generated(net: t.Any) -> Written:
    """What netplan writes for documents, by path. Raises ValueError with what it says against them."""
    with tempfile.TemporaryDirectory() as root:
        for name, document in net.documents.items():
            path = Path(root, "etc/netplan", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(netplan_yaml.dump(document))
            path.chmod(0o600)
        done = subprocess.run([*READER, "--root-dir", root], capture_output=True, text=True, check=False)
        if done.returncode:
            raise ValueError(done.stderr)
        files = [path for path in Path(root, "run").rglob("*") if path.is_file() and not path.is_symlink()]
        # NetworkManager's connections get a new id at every turn.
        return {str(path.relative_to(root)): UUID.sub("id", path.read_text()) for path in files}


def file_names(place: t.Any) -> set[str]:
    """How a definition's id stands in the name of a file; since 1.1 netplan quotes it there."""
    return {place.id, quote(place.id, safe="")}


def addressing(written: Written, place: t.Any) -> collections.Counter[str]:
    """What a definition's unit or connection says of addresses, section by section."""
    found = collections.Counter[str]()
    own = [f"netplan-{name}.{ending}" for name in file_names(place) for ending in ("network", "nmconnection")]
    for path, text in written.items():
        if Path(path).name.removeprefix("10-") in own:
            for section in re.split(r"^\[", text, flags=re.M):
                title, _bracket, body = section.partition("]\n")
                if title == "Network":
                    found.update(line for line in body.split("\n") if line and line.split("=")[0] not in STACKED)
                elif title in ("ipv4", "ipv6") or (path.endswith(".network") and title not in STAYS):
                    found[section.strip()] += 1
    return found


def wrong(before: t.Any, old: Written, after: t.Any, place: t.Any, nic: t.Any) -> list[str]:
    """What a bridge over a device has changed that it must not.

    :param old: what netplan writes for the documents of before
    """
    try:
        new = generated(after)
    except ValueError as error:
        return [str(error)]
    own = after.owner(nic) or place
    have, had = addressing(new, BRIDGE), addressing(old, place)
    found = [f"the bridge has {have - had}, and not {had - have}"] if have != had else []
    if netplan_edit.layer3(after.merged(own)):
        found.append(f"the port still has {netplan_edit.layer3(after.merged(own))}")
    names = {name for each in (place, own, BRIDGE) for name in file_names(each)}
    mine = re.compile(rf"netplan-({'|'.join(map(re.escape, names))})\.")
    for path in {*old, *new}:
        # What is built on the device may name its bridge instead.
        same = new.get(path, "").replace(BRIDGE.id, place.id) == old.get(path, "")
        if not same and not mine.search(path) and not OTHERS.search(path):
            found.append(f"{path} has changed")
    again = after.copy()
    netplan_edit.declare(again, item(nic), {nic.name: nic})
    if again.documents != after.documents:
        found.append("the same bridge once more changes it again")
    netplan_edit.remove(again, BRIDGE.id, "bridge", {nic.name: nic})
    back = generated(again)
    if {path: sorted(text.split()) for path, text in back.items()} != {
        path: sorted(text.split()) for path, text in old.items()
    }:
        found.append("it is not as it was when the bridge is gone")
    return found


def item(nic: t.Any) -> dict[str, t.Any]:
    """A bridge over a device."""
    return {"name": BRIDGE.id, "type": "bridge", "ports": [nic.name]}


def device(net: t.Any, place: t.Any) -> t.Any:
    """A device that a definition is for."""
    match = net.match(place) or {}
    driver = match.get("driver") or ""
    return Nic(
        net.device(place) or sample(str(match.get("name") or "eno99")),
        MAC,
        driver=sample(str(driver[0] if isinstance(driver, list) else driver)),
        permanent=str(match.get("macaddress") or ""),
        borrowed=place.section not in netplan.PHYSICAL,
    )


def sample(pattern: str) -> str:
    """A text that a pattern matches."""
    return re.sub(r"\[(.).*\]|[*?]", r"\1", pattern) or "eno99"


def hosts(folder: str) -> t.Iterator[tuple[str, t.Any]]:
    """The documents of each host in a folder."""
    for path in sorted(Path(folder).iterdir()):
        files = sorted(path.glob("*.yaml")) if path.is_dir() else [path] if path.suffix == ".yaml" else []
        if files:
            yield path.name, Netplan({file.name: netplan_yaml.load(file.name, file.read_text()) for file in files})


def main(folders: list[str]) -> None:
    bridged, refused, broken, strange = 0, dict[str, int](), list[str](), list[str]()
    for host, before in (found for folder in folders for found in hosts(folder)):
        try:
            old = generated(before)
        except ValueError:
            # This netplan is older than the example, or lacks what it is about.
            continue
        for place in before.places():
            nic = device(before, place)
            after = before.copy()
            try:
                netplan_edit.declare(after, item(nic), {nic.name: nic})
            except VirtfleetError as error:
                name = next((words for words in KNOWN if words in str(error)), "")
                strange += [] if name else [f"{host} {place.id}: {error}"]
                refused[name] = refused.get(name, 0) + 1
                continue
            bridged += 1
            broken += [f"{host} {place.id}: {each}" for each in wrong(before, old, after, place, nic)]
    print(json.dumps({"bridged": bridged, "refused": refused, "broken": broken, "strange": strange}))


if __name__ == "__main__":
    main(sys.argv[1:])
