# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SSH to a guest over vsock, the socket between a host and its guests, for which the guest needs no network.

A guest is known there by a number of its host (CID, vsock(7)), so ssh gets a command that opens the socket: of systemd
or libvirt on the control node, which hand the open socket to ssh (ProxyUseFdpass, ssh_config(5)), or socat, which
copies. On the way to the guest of another host, ssh runs socat there: an open socket cannot be handed over from afar.
"""

from __future__ import annotations

import shlex
import typing as t
from xml.etree import ElementTree as ET

from .reach import Ssh, through

PROGRAMS = {
    "systemd": ("/usr/lib/systemd/systemd-ssh-proxy", "vsock/{cid}"),
    "libvirt": ("/usr/lib/libvirt/libvirt-ssh-proxy", "qemu:{libvirt}/{name}"),
}
"""Programs that hand over an open socket, with the address that they take (systemd-ssh-proxy(1), and libvirt's page
ssh-proxy). The port follows."""

OF_NAMES = ("qemu:///system", "qemu:///session")
"""The libvirts in which libvirt-ssh-proxy looks for a name."""

SOCAT = ("socat", "STDIO", "VSOCK-CONNECT:{cid}:%p")
"""The program that copies to and from the socket (socat(1), from 1.7.4 on). ssh writes the port for ``%p``."""

LEAST = 3
"""The first number of a guest: those before are for the host."""


def of_definition(root: ET.Element) -> int | None:
    """The number of a guest in its definition; None where it has none, or gets one as it starts."""
    node = root.find("devices/vsock/cid")
    text = "" if node is None else node.get("address", "")
    return of_number(int(text) if text.isascii() and text.isdigit() else None)


def of_declaration(item: t.Mapping[str, object]) -> int | None:
    """The number that a guest is declared to have."""
    part = item.get("vsock")
    part = part.get("cid") if isinstance(part, dict) else None
    return of_number(part.get("address") if isinstance(part, dict) and not part.get("auto") else None)


def of_number(number: object) -> int | None:
    """A number of a guest; None for what is none."""
    return number if isinstance(number, int) and not isinstance(number, bool) and number >= LEAST else None


def ssh_args(name: str, cid: int, ssh: Ssh | None, program: str, uri: str = OF_NAMES[0]) -> str:
    """The arguments of ssh that lead to a guest, as ``ansible_ssh_common_args`` has them.

    :param name: the guest's name
    :param ssh: the way to its host; None where that is the control node
    :param program: what opens the socket on the control node: ``systemd``, ``libvirt`` or ``socat``. ``libvirt`` looks
        for the name at one of two libvirts; for a guest of another one it is ``systemd``
    :param uri: that of libvirt on the control node
    """
    if ssh is not None:
        return argument(through(ssh, shlex.join(part.format(cid=cid) for part in SOCAT)))
    if program == "socat":
        return argument(shlex.join(part.format(cid=cid) for part in SOCAT))
    file, address = PROGRAMS["systemd" if program == "libvirt" and uri not in OF_NAMES else program]
    # Here, % begins a token of ssh_config(5).
    place = shlex.quote(address.format(cid=cid, name=name, libvirt=uri.rpartition("/")[2])).replace("%", "%%")
    return f"{argument(f'{file} {place} %p')} -o ProxyUseFdpass=yes"


def argument(command: str) -> str:
    """The argument of ssh with the command that connects it."""
    return f"-o {shlex.quote(f'ProxyCommand={command}')}"
