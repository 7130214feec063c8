# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan: a pure function of a host's facts and of what is declared.

Check mode, diff, ``changes`` and the trial all print or run this one plan.
"""

from __future__ import annotations

import typing as t

from .._engine.rows.model import Change, Item
from .._errors import Invalid, VirtfleetError
from . import expected, forecast, ifupdown, ipv6_off, networkd, next_hops, preflight, profiles, set_by_hand
from .facts import NF_CALLS, Facts
from .links_plan import ChangedFile, LinksPlan
from .planner import LinksWork

SYSCTL = "/etc/sysctl.d/90-virtfleet-bridge.conf"
UDEV = "/etc/udev/rules.d/90-virtfleet-bridge.rules"


def plan(wants: t.Sequence[Item], facts: Facts, bypass_iptables: bool = False) -> LinksPlan:
    """LinksPlan every declared link.

    Raises VirtfleetError, naming every link and what stands in its way.
    """
    refuse({item["name"]: list(preflight.problems(item, wants, facts)) for item in wants})
    out = LinksPlan()
    work = LinksWork(facts, out)
    problems: dict[str, list[Invalid]] = {}
    for item in ordered(wants):
        try:
            ifupdown.refuse(item, facts)
            profiles.refuse(item, facts)
            next_hops.refuse(item, facts)
            changes = work.item(item)
        except Invalid as problem:
            problems[item["name"]] = [problem]
            continue
        if changes:
            out.items.append((item["name"], changes))
    refuse(problems)
    work.finish()
    set_by_hand.warn_of_lost(wants, work.old, work.net, work.units, facts, out)
    ipv6_off.warn_of_ipv6(wants, work.net, work.units, facts, out)
    forecast.other_macs(wants, facts, out)
    forecast.unknown(facts, out)
    expected.note(wants, work.old, facts, out)
    filtered(wants, facts, out, bypass_iptables)
    if out.network_manager:
        listening(facts, out)
    return out


def ordered(wants: t.Sequence[Item]) -> list[Item]:
    """What goes first, then each link after those that it is built on.

    Raises VirtfleetError where links are built on each other.
    """
    done = [item for item in wants if item["state"] == "absent"]
    left = [item for item in wants if item["state"] != "absent"]
    while left:
        names = {item["name"] for item in left}
        ready = [item for item in left if not names & {*(item.get("ports") or []), item.get("parent")}]
        if not ready:
            refuse({name: [Invalid("", "is built on itself, by way of the others")] for name in sorted(names)})
        done += ready
        left = [item for item in left if item not in ready]
    return done


def refuse(problems: t.Mapping[str, t.Sequence[Invalid]]) -> None:
    """Raise VirtfleetError where there are problems."""
    lines = [f"link {name}: {problem}" for name, found in problems.items() for problem in found]
    if lines:
        raise VirtfleetError("\n".join(["nothing was changed, the host does not allow it:", *lines]))


def filtered(wants: t.Sequence[Item], facts: Facts, out: LinksPlan, bypass: bool) -> None:
    """Docker and ufw drop forwarded traffic, and br_netfilter shows them the bridges' traffic, too."""
    bridges = [item["name"] for item in wants if item["state"] == "present" and item["type"] == "bridge"]
    if not bridges or not facts.nf_call or facts.forward_policy != "DROP":
        return
    if not bypass:
        out.warnings.append(
            f"link {bridges[0]}: iptables drops forwarded traffic on this host (Docker or ufw), and br_netfilter hands"
            " it the bridge's traffic as well: guests may reach nothing; 'bypass_iptables: true' keeps bridged traffic"
            " out of iptables"
        )
        return
    out.items.append(("bypass_iptables", [Change(f"bridge-nf-call-{each}", 1, 0) for each in facts.nf_call]))
    keys = "".join(f"net.bridge.bridge-nf-call-{each} = 0\n" for each in NF_CALLS)
    rule = (
        'ACTION=="add", SUBSYSTEM=="module", KERNEL=="br_netfilter",'
        ' RUN+="/usr/lib/systemd/systemd-sysctl --prefix=/net/bridge"\n'
    )
    out.files.insert(0, ChangedFile(SYSCTL, "", None, networkd.HEAD + keys))
    out.files.insert(
        0, ChangedFile(UDEV, "", None, networkd.HEAD + "# The settings exist only once the module is loaded.\n" + rule)
    )
    for each in facts.nf_call:
        out.commands.append(["sysctl", "-q", "-w", f"net.bridge.bridge-nf-call-{each}=0"])
        out.undo.append(["sysctl", "-q", "-w", f"net.bridge.bridge-nf-call-{each}=1"])


def listening(facts: Facts, out: LinksPlan) -> None:
    """NetworkManager stops the kernel from listening to routers on a port, and leaves it so when the bridge goes.

    Where netplan says nothing of IPv6 it writes ``ipv6.method=ignore`` (nm-settings(5)): then the kernel alone takes
    the addresses and routes that routers announce, and the port of a bridge that goes must do as the bridge did.
    With any other method accept_ra is 0, and addresses that NetworkManager sets itself are not touched.
    """
    for name, device in facts.devices.items():
        bridge = facts.devices.get(device.master)
        if bridge is not None and bridge.name in out.gone and bridge.accept_ra not in ("", "0"):
            out.commands.append(listen(name, bridge.accept_ra))
        if out.ports.get(name, device.master) != device.master and device.accept_ra not in ("", "0"):
            out.undo.append(listen(name, device.accept_ra))


def listen(name: str, accept_ra: str) -> list[str]:
    """Have the kernel listen to routers on a device, and ask for them: it asks when IPv6 begins on it.

    NetworkManager, which was just started anew, sets the same keys until it is done: the agent waits for that.
    """
    keys = (("accept_ra", accept_ra), ("disable_ipv6", "1"), ("disable_ipv6", "0"))
    return ["sysctl", "-q", "-w", *(f"net/ipv6/conf/{name}/{key}={value}" for key, value in keys)]
