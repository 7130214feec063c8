# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What users read where the agent of a guest cannot be used, or refuses something."""

from __future__ import annotations

from ...module_utils._printing import label, masked, readable, shortened
from ...module_utils._xml_outline import without_values
from .program import CHANNEL

LONGEST = 400
"""How many characters of what another program said are shown."""

ALLOW = (
    "allow it in the guest: in /etc/sysconfig/qemu-ga or /etc/qemu/qemu-ga.conf (BLACKLIST_RPC, FILTER_RPC_ARGS,"
    " block-rpcs or allow-rpcs), and restart its service qemu-guest-agent"
)

WHY = {
    "binding": "{host} has no libvirt binding for {message}: install python3-libvirt there, or set ansible_kvm_python"
    " to a Python that has it",
    "libvirt": "libvirt on {host}: {message}",
    "undefined": "there is no guest of this name on {host}: set ansible_kvm_guest to its name, as 'virsh list --all'"
    " shows it, and ansible_kvm_uri to the URI of its host",
    "stopped": "it does not run on {host}: start it first",
    "paused": "it is paused on {host}, so its agent cannot answer: resume it first",
    "channel": f"it has no channel for an agent: declare channels with target {{{{type: virtio, name: {CHANNEL}}}}}",
    "unconnected": "its agent is not connected: it is still booting, or the package qemu-guest-agent is not installed"
    " or its service not started in it",
    "silent": "its agent does not answer within {seconds:g} s ({message}): the guest hangs or is overloaded, or the"
    " agent was stopped; ansible_kvm_agent_timeout gives it longer",
    "blocked": f"its agent is not allowed to do {{doing}}: {ALLOW}",
    "unknown": "its agent does not know {doing}: it is too old",
    "lost": "its agent was started anew while the command ran, as at a reboot, so nobody knows how it ended"
    " ({message})",
    "fault": "a fault of this collection, please report it: {message}",
}
"""What is wrong, by the kind of a problem."""


def on_one_line(text: str) -> str:
    """Words of another program, on one line and without secrets."""
    return shortened(readable(masked(without_values(" ".join(text.split())))), LONGEST)


def agent_problem(guest: str, host: str, kind: str, message: str = "", doing: str = "", seconds: float = 0) -> str:
    """Why something cannot be done in a guest.

    :param host: what its host is called in messages
    :param kind: one of program.KINDS, but for ``refused``
    :param message: the words of libvirt, the agent or another program
    :param doing: the command of the agent that was asked for
    :param seconds: how long was waited for an answer
    """
    known = WHY.get(kind, WHY["fault"])
    return f"guest {label(guest)}: " + known.format(
        host=host, message=on_one_line(message) or "it says nothing", doing=doing, seconds=seconds
    )


def unreachable(guest: str, host: str, status: int | None, stderr: str) -> str:
    """Why the program on the host has ended, or was ended.

    :param status: the exit status; None where it did not answer in time
    :param stderr: what came on standard error
    """
    last = on_one_line("\n".join(stderr.strip().splitlines()[-3:]))
    if status is None:
        problem = f"its host {host} does not answer in time: libvirt or the connection to the host hangs"
    elif status == 255:
        problem = (
            f"its host {host} cannot be reached by SSH; a password is never asked for, so a key is needed, and the"
            " host's key has to be known"
        )
    elif status == 127:
        problem = f"its host {host} has no such Python, or no sudo: set ansible_kvm_python to its path"
    else:
        problem = f"the program on its host {host} has ended (status {status})"
        if "sudo" in stderr:
            problem += "; with ansible_kvm_become, sudo has to work there without a password"
    return f"guest {label(guest)}: {problem}{f': {last}' if last else ''}"
