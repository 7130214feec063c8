# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests of an ordinary user (``qemu:///session``): their network is a program of the user, which forwards a port.

Each guest has an address of its own in 127.0.0.0/8, the loopback of its host. So guests of other scenarios are never in
the way, and ssh can tell them apart.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import typing as t

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Item
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import label, printable

from .shapes import GuestForward

SYSTEM, SESSION = "qemu:///system", "qemu:///session"

POOL_FOLDER = ".local/share/libvirt/virtfleet-molecule"
"""The folder of the pool, in the home of the user."""

PORT = 2222
"""The port on the guest's own address that leads to its SSH server, if it is free."""

NETDEV = "molecule"
"""What QEMU calls the network of the user."""

SLOT = "0x1e"
"""Where the card is on the PCI bus of the guest: libvirt knows nothing of it, and gives its own the lowest slots."""

MODELS = {"virtio": "virtio-net-pci"}
"""What QEMU calls models of cards, where it is not the name that libvirt has."""

OF_CARD = ("type", "mac", "model", "backend")
"""Options that a card has that QEMU itself runs."""


def uri_of(wanted: object, remote: bool, root: bool) -> str:
    """The libvirt of a scenario. Raises VirtfleetError for one that the kit does not know.

    :param wanted: ``molecule_kvm_uri``; empty for that of the system, if the user can manage it
    :param remote: whether the KVM host is another machine
    :param root: whether the user of this machine is root
    """
    if wanted:
        if wanted not in (SYSTEM, SESSION):
            raise VirtfleetError(f"molecule_kvm_uri: {printable(wanted)} is neither {SYSTEM} nor {SESSION}")
        return str(wanted)
    return SYSTEM if remote or root or may_sudo() else SESSION


def may_sudo() -> bool:
    """Whether this user may do everything with sudo, without a password."""
    try:
        done = subprocess.run(
            ["sudo", "--non-interactive", "true"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=20,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def loopback(domain: str) -> str:
    """The address of a guest on the loopback of its host, another one for each domain."""
    first, second, third = hashlib.sha256(domain.encode()).digest()[:3]
    return f"127.{first % 254 + 1}.{second}.{third % 254 + 1}"


def forward_of(domain: str, ports: t.Mapping[str, object]) -> GuestForward:
    """Where the SSH server of a guest is reached on its host: ``address`` and ``port``.

    :param ports: the free port that was found for each address; empty before somebody has looked

    Raises VirtfleetError where there is none.
    """
    address = loopback(domain)
    found = ports.get(address) if ports else PORT
    if not isinstance(found, int) or isinstance(found, bool) or not 0 < found < 65536:
        raise VirtfleetError(
            f"there is no free port at {address} on the KVM host, from {PORT} on: end what listens there"
        )
    return {"address": address, "port": found}


def with_forward(config: Item, forward: GuestForward) -> Item:
    """A guest whose SSH server is reached by a forwarded port. Raises VirtfleetError where it has no card for that.

    libvirt can tell passt to forward ports (since 9.0), but not slirp, which is a part of QEMU. So a card of that is
    handed to QEMU as arguments.
    """
    cards = config.get("interfaces")
    if not isinstance(cards, (list, tuple)):
        return config
    found = next((card for card in cards if isinstance(card, dict) and card.get("type") == "user"), None)
    if found is None:
        raise VirtfleetError(
            f"interfaces: with {SESSION}, guests are reached by a card of the type user; add {{type: user}}, or leave"
            " interfaces out"
        )
    backend = found.get("backend")
    if backend is not None and (not isinstance(backend, dict) or backend.get("type") not in (None, "default", "passt")):
        raise VirtfleetError(
            f"interfaces: backend: {printable(backend, hidden=True)} is none for a card of the type user; write"
            " {type: passt}, or leave it out"
        )
    if isinstance(backend, dict) and backend.get("type") == "passt":
        ranges = [{"start": forward["port"], "to": 22}]
        mine = {"proto": "tcp", "address": forward["address"], "ranges": ranges}
        passed = {**found, "port_forwards": [*(found.get("port_forwards") or []), mine]}
        return {**config, "interfaces": [passed if card is found else card for card in cards]}
    return with_slirp(config, found, forward)


def with_slirp(config: Item, card: Item, forward: GuestForward) -> Item:
    """A guest with a card that QEMU itself runs. Raises VirtfleetError for what cannot be said to QEMU that way."""
    strange = sorted(str(option) for option in card if option not in OF_CARD and card[option] is not None)
    if strange:
        raise VirtfleetError(
            f"interfaces: a card of the type user takes mac and model, and not {label(strange[0])}, unless passt"
            " runs it (backend: {type: passt})"
        )
    mac, model = str(card.get("mac")), str(card.get("model") or "virtio")
    for option, value in (("mac", mac), ("model", model)):
        if not re.fullmatch(r"[A-Za-z0-9:_-]+", value):
            raise VirtfleetError(f"interfaces: {option}: {printable(value)} is none")
    args = [
        "-netdev",
        f"user,id={NETDEV},hostfwd=tcp:{forward['address']}:{forward['port']}-:22",
        "-device",
        f"{MODELS.get(model, model)},netdev={NETDEV},mac={mac},addr={SLOT}",
    ]
    qemu = config.get("qemu") or {}
    if not isinstance(qemu, dict) or not isinstance(qemu.get("args") or [], (list, tuple)):
        raise VirtfleetError("qemu: is no dictionary of options, with args as a list")
    seed = config.get("cloud_init")
    if isinstance(seed, dict) and seed.get("addresses") and seed.get("network") in (None, "auto"):
        raise VirtfleetError(
            f"cloud_init.addresses: with {SESSION}, they go with a card that passt runs (backend: {{type: passt}}), or"
            " write cloud_init.network as a dictionary, with all cards"
        )
    whole = {**config, "qemu": {**qemu, "args": [*(qemu.get("args") or []), *args]}}
    whole["interfaces"] = [other for other in config["interfaces"] if other is not card]
    return {**whole, "cloud_init": with_card(seed, mac, whole["interfaces"])}


def with_card(seed: object, mac: str, others: t.Sequence[object]) -> object:
    """What cloud-init is told, with a card that is not in the guest's definition."""
    if not isinstance(seed, dict) or seed.get("network") not in (None, "auto"):
        return seed
    macs = [mac, *(str(card["mac"]) for card in others if isinstance(card, dict) and card.get("mac"))]
    cards = {f"eth{place}": {"match": {"macaddress": one}, "dhcp4": True} for place, one in enumerate(macs)}
    return {**seed, "network": {"version": 2, "ethernets": cards}}


def pool_of(home: object) -> str:
    """The folder of the pool in the home of the user of the KVM host."""
    return os.path.join(str(home or os.path.expanduser("~")), POOL_FOLDER)
