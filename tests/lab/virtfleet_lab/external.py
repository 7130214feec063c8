# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The external network: a switch that is also router, DHCP and DNS server, and a machine outside.

                      198.18.0.1/24          198.19.0.1/24        198.19.0.2/24
    hosts' eno1 ----- br0 (DHCP, DNS, apt proxy) | uplink -------- eth0  (HTTP, ping)
                      namespace "switch" = "router"                namespace "outside"

Links are made inside the namespaces, never in the machine's own network, not even for a moment.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from . import cgroups
from .machine import LabError, run, say, wait_until
from .services import start_service
from .state import RUN, Host, Lab, cache_folder

ROUTER = "198.18.0.1"
OUTSIDE = "198.19.0.2"
PROXY_PORT = 3128
DOMAIN = "lab.test"
_LAN6 = "fd00:c612::"
_MADE_NETNS_FOLDER = RUN / ".made-run-netns"


def inside(lab: Lab, place: str, command: Sequence[str]) -> list[str]:
    """Return the command that runs `command` in the network namespace of a place."""
    return ["nsenter", f"--net={lab.namespace_path(place)}", "--", *command]


def ip(lab: Lab, place: str, *words: str, check: bool = True) -> str:
    """Run ip(8) in a place's namespace and return what it printed."""
    return run(["ip", "-n", lab.namespace(place), *words], check=check).stdout


def namespace_exists(lab: Lab, place: str) -> bool:
    """Say whether a place has a working namespace (a crash can leave an empty file)."""
    path = str(lab.namespace_path(place))
    return any(line.split()[4] == path for line in open("/proc/self/mountinfo"))


def add_namespace(lab: Lab, place: str) -> None:
    """Make an empty network namespace with its loopback up, in place of any old one."""
    folder = Path("/run/netns")
    if not folder.exists():
        # Remembered, so that the last lab that goes leaves the machine as it was.
        RUN.mkdir(parents=True, exist_ok=True)
        _MADE_NETNS_FOLDER.touch()
    remove_namespace(lab, place)
    run(["ip", "netns", "add", lab.namespace(place)])
    ip(lab, place, "link", "set", "lo", "up")


def remove_namespace(lab: Lab, place: str) -> None:
    """Remove a place's namespace, also a half-made one."""
    path = lab.namespace_path(place)
    if path.exists():
        run(["ip", "netns", "delete", lab.namespace(place)], check=False)
        path.unlink(missing_ok=True)


def remove_all_namespaces(lab: Lab) -> None:
    """Remove every namespace of this lab, and the folder if labs alone have used it."""
    folder = Path("/run/netns")
    for path in sorted(folder.glob(f"virtfleet-{lab.name}-*")):
        remove_namespace(lab, path.name.removeprefix(f"virtfleet-{lab.name}-"))
    if _MADE_NETNS_FOLDER.exists() and (not folder.exists() or not any(folder.iterdir())):
        run(["umount", str(folder)], check=False)
        if folder.exists():
            folder.rmdir()
        _MADE_NETNS_FOLDER.unlink()


def up(lab: Lab, upstream_proxy: str) -> None:
    """Make the external network, or what is missing of it.

    `upstream_proxy` is the proxy through which this machine itself reaches package mirrors,
    or an empty string.
    """
    group = cgroups.lab_group(lab.name) / "external"
    wired = lab.run / "wired"
    if not (wired.exists() and namespace_exists(lab, "switch") and namespace_exists(lab, "outside")):
        say("external network: switch, router, DHCP, apt proxy, outside machine")
        wired.unlink(missing_ok=True)
        add_namespace(lab, "outside")
        add_namespace(lab, "switch")
        _make_router(lab)
        wired.touch()
    elif _answers(lab):
        return
    cgroups.remove(group)
    group.mkdir(parents=True)
    _start_dnsmasq(lab, group)
    here = Path(__file__).parent
    web = [sys.executable, str(here / "outside.py"), OUTSIDE, str(lab.run / "seen.log")]
    start_service(lab, group, "outside", inside(lab, "outside", web))
    proxy = [sys.executable, str(here / "proxy.py"), str(lab.namespace_path("switch")), ROUTER]
    proxy += [str(PROXY_PORT), str(cache_folder() / "debs"), upstream_proxy]
    start_service(lab, group, "proxy", proxy)
    wait_until("the external network's servers", lambda: _answers(lab), 20)


def _make_router(lab: Lab) -> None:
    """Give the switch its bridge, addresses and routes, and the outside machine its cable."""
    for words in (
        "link add br0 type bridge stp_state 0 forward_delay 0",
        f"addr add {ROUTER}/24 dev br0",
        f"-6 addr add {_LAN6}1/64 dev br0 nodad",
        "link set br0 up",
        f"link add uplink type veth peer name eth0 netns {lab.namespace('outside')}",
        "addr add 198.19.0.1/24 dev uplink",
        "link set uplink up",
    ):
        # Without IPv6 in the kernel the lab is as good: only its IPv6 addresses are missing.
        ip(lab, "switch", *words.split(), check=not words.startswith("-6"))
    for words in (
        f"addr add {OUTSIDE}/24 dev eth0",
        "link set eth0 up",
        "route add default via 198.19.0.1",
    ):
        ip(lab, "outside", *words.split())
    forward = "echo 1 > /proc/sys/net/ipv4/ip_forward"
    run(inside(lab, "switch", ["sh", "-c", forward]))


def _start_dnsmasq(lab: Lab, group: Path) -> None:
    """Start the DHCP and DNS server, in the foreground of its own service.

    Leases are kept by what the client says it is (client id, else MAC); nothing is reserved
    for a MAC, because tests must see when a host changes its DHCP identity.
    """
    options = [
        "--keep-in-foreground",
        "--conf-file=/dev/null",
        "--user=root",
        "--pid-file=",
        "--interface=br0",
        "--bind-interfaces",
        "--no-resolv",
        "--no-hosts",
        f"--domain={DOMAIN}",
        f"--local=/{DOMAIN}/",
        f"--host-record=router.{DOMAIN},{ROUTER}",
        f"--host-record=outside.{DOMAIN},{OUTSIDE}",
        "--dhcp-authoritative",
        "--dhcp-range=198.18.0.100,198.18.0.199,255.255.255.0,1h",
        f"--dhcp-range={_LAN6},ra-only,64,1h",
        "--enable-ra",
        "--ra-param=br0,10",
        f"--dhcp-leasefile={lab.leases}",
        "--dhcp-no-override",
        "--no-ping",
        "--log-dhcp",
        "--log-facility=-",
    ]
    start_service(lab, group, "dnsmasq", inside(lab, "switch", ["dnsmasq", *options]))


def _answers(lab: Lab) -> bool:
    """Say whether DNS, the proxy and the outside machine's HTTP server take connections."""
    return all(
        f"{server} " in run(inside(lab, place, ["ss", "-Htln"]), check=False).stdout
        for place, server in (
            ("switch", f"{ROUTER}:53"),
            ("switch", f"{ROUTER}:{PROXY_PORT}"),
            ("outside", f"{OUTSIDE}:80"),
        )
    )


def plug_cables(lab: Lab, host: Host) -> None:
    """Give a host's fresh namespace its NICs eno1, eno2, ..., each with a cable to the switch."""
    for nic in range(1, host.nics + 1):
        port = port_name(host, nic)
        # The old cable goes with the host's old namespace, but only some time after it.
        ip(lab, "switch", "link", "delete", port, check=False)
        peer = f"peer name eno{nic} netns {lab.namespace(host.name)} address {host.mac(nic)}"
        ip(lab, "switch", *f"link add {port} type veth {peer}".split())
        ip(lab, "switch", "link", "set", port, "master", "br0", "up")


def unplug_cables(lab: Lab, host: Host) -> None:
    """Remove a host's cables with the NICs at their ends."""
    for nic in range(1, host.nics + 1):
        if namespace_exists(lab, "switch"):
            ip(lab, "switch", "link", "delete", port_name(host, nic), check=False)


def port_name(host: Host, nic: int) -> str:
    """Return the name of the switch's port into which a host's NIC is plugged."""
    return f"{host.name}-{nic}"


def set_cable(lab: Lab, host: Host, state: str) -> None:
    """Pull all of a host's cables out ("down") or plug them in again ("up")."""
    for nic in range(1, host.nics + 1):
        ip(lab, "switch", "link", "set", port_name(host, nic), state)


def address(lab: Lab, host: Host) -> str | None:
    """Return the address at which the external network knows the host, None without one.

    Read off the host's own links, so that it is right after a bridge took the lease over:
    the link of the default route carries it.
    """
    if not namespace_exists(lab, host.name):
        return None
    routes = json.loads(ip(lab, host.name, "-j", "-4", "route", "show", check=False) or "[]")
    for route in sorted(
        (route for route in routes if route["dst"] == "default"),
        key=lambda route: int(route.get("metric", 0)),
    ):
        words = ("-j", "-4", "addr", "show", "dev", route["dev"], "scope", "global")
        for link in json.loads(ip(lab, host.name, *words, check=False) or "[]"):
            for entry in link.get("addr_info", []):
                if entry.get("local", "").startswith("198.18.0."):
                    return str(entry["local"])
    return None


def require_up(lab: Lab) -> None:
    """Raise LabError when the lab has no external network."""
    if not namespace_exists(lab, "switch"):
        raise LabError(f"Lab {lab.name!r} is not up; make hosts with `lab up 2`.")
