# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host lacks of what is declared for it: said before anything is touched, in check mode and in the run alike.

What the same run makes counts as there: volumes of the same call, and in check mode what the tasks before would have
made (see forecast).
"""

from __future__ import annotations

import contextlib
import functools
import os
import typing as t
from xml.etree import ElementTree as ET

from ..._engine.close_names import near
from ..._engine.plan import Plan
from ..._engine.rows.model import ReadOnlyItem
from ..._host.files import may_exist, oddity
from ..._libvirt.connection import libvirt
from ..._libvirt.objects import Connection, Network
from ..._printing import printable
from ..._shell_words import ShellWord
from ..._storage import storage_observe
from ..._storage.forecast import Forecast
from ..._storage.new_volumes import Making
from ..._storage.storage_observe import ObservedPool
from ..._storage.users import is_local
from ..domain import macvtap_carriers
from ..domain.macvtap_carriers import content
from ..network.cleanup import OF_OTHERS, forward_mode
from ..secret.readiness import USAGES, missing
from . import listen_addresses
from .forward_modes import DIRECT, NUMBERED, forward_facts, forward_of
from .readiness import Doubt
from .references import Reference

SYS = "/sys"
"""Where the kernel shows the devices of the host."""

FOREIGN = ("test:",)
"""Beginnings of connections to hosts that are none: their devices and files are not here."""

REMOVED = "once this run has removed it: keep it, or name another"
"""What is said of something that an earlier task would have removed."""


def with_place(place: str, problem: str) -> str:
    """A problem with the place that has it, such as an option. A doubt stays one."""
    return type(problem)(f"{place}: {problem}")


T = t.TypeVar("T")


class Site:
    """A host as it is, with what the same run makes.

    :param images: the names of the images that are declared
    :ivar new_volumes: volumes that the same call makes, as POOL/VOLUME
    :ivar gone: network devices that go in the same call
    """

    def __init__(self, connection: Connection, forecast: Forecast, images: t.Sequence[str] = ()) -> None:
        self.connection, self.forecast, self.images = connection, forecast, images
        uri = str(connection.getURI())
        self.local = is_local(uri) and not uri.startswith(FOREIGN)
        self.new_volumes: set[str] = set()
        self.gone: set[str] = set()
        self.kept: dict[str, object] = {}

    def once(self, name: str, ask: t.Callable[[], T]) -> T:
        """What is asked of the host but once."""
        if name not in self.kept:
            self.kept[name] = ask()
        return t.cast(T, self.kept[name])

    @property
    def pools(self) -> dict[str, ObservedPool]:
        return self.once("pools", lambda: self.forecast.with_pools(storage_observe.all_pools(self.connection)))

    @property
    def networks(self) -> dict[str, Network]:
        """The networks that are there."""
        return self.once("networks", lambda: {found.name(): found for found in self.connection.listAllNetworks(0)})

    def bridges(self) -> dict[str, str]:
        """The bridges that networks have, those of the forecast among them, with the names of the networks.

        Those of networks that would be gone by now are counted as gone.
        """
        found = {}
        for name, network in self.networks.items():
            root = ET.fromstring(network.XMLDesc(0))
            bridge = root.find("bridge")
            facts = self.forecast.networks.get(name, {})
            if bridge is None:
                continue
            if facts is not None and not facts.get("bridge"):
                found[bridge.get("name", "")] = str(name)
            elif facts is None and forward_mode(root) not in OF_OTHERS:
                self.gone.add(bridge.get("name", ""))
        for name, facts in self.forecast.networks.items():
            if facts is not None and isinstance(facts.get("bridge"), str):
                found[facts["bridge"]] = name
        return found

    def has_device(self, name: str) -> bool:
        """Whether the host has a network device of this name, and keeps it, or gets it by what comes before."""
        links = self.forecast.links
        there = links[name] is not None if name in links else os.path.lexists(f"{SYS}/class/net/{name}")
        return self.local and name not in self.gone and there

    def unsure(self, problem: str, *kinds: str) -> str:
        """A problem; a Doubt where earlier tasks of a run in check mode would have changed what it is about.

        :param kinds: the lists of the forecast that it may be due to
        """
        return Doubt(problem) if any(getattr(self.forecast, kind) for kind in kinds) else problem

    def make(self, plan: Plan) -> None:
        """Count what a plan makes as there for the plans after it."""
        self.new_volumes.update(step.value.key for step in plan.steps if isinstance(step.value, Making))

    def problem(self, reference: Reference) -> str | None:
        """What is wrong with something that is needed; None where it is there, or nobody can tell."""
        return PROBLEMS[reference.kind](self, reference.value)

    def network(self, name: str) -> str | None:
        problem = self.switch(name)
        if problem is not None:
            return problem
        return self.behind(name, self.forecast.networks.get(name) or {}, self.networks.get(name))

    def switch(self, name: str) -> str | None:
        """What is wrong with a network, whatever its bridge is."""
        facts = self.forecast.networks.get(name, {})
        found = self.networks.get(name)
        if facts is None:
            return f"there is no network {name} on this host {REMOVED}"
        if found is None and not facts:
            foreseen = self.forecast.networks
            known = [one for one in {**self.networks, **foreseen} if foreseen.get(one, {}) is not None]
            return f"there is no network {name} on this host: declare it, or {hint(name, known)}"
        state = facts.get("state")
        active = state == "active" if state is not None or found is None else bool(found.isActive())
        if not active:
            return f"the network {name} is not active; start it with virtfleet.kvm.networks and state: active"
        return None

    def behind(self, name: str, facts: ReadOnlyItem, found: Network | None) -> str | None:
        """What is wrong with the bridge or the cards of the host that a network stands for."""
        forward, bridge = facts.get("forward"), facts.get("bridge")
        if found is not None and forward != {}:
            root = ET.fromstring(found.XMLDesc(0))
            forward = {**forward_facts(root), **(forward or {})}
            own = root.find("bridge")
            bridge = bridge or (None if own is None or "bridge" in facts else own.get("name"))
            if root.find(".//virtualport") is not None:
                return None
        ports = [facts, *(facts.get("portgroups") or ())]
        if any(isinstance(port, dict) and port.get("virtualport") for port in ports):
            return None  # libvirt merges those of the interface, the network and the port group.
        if not isinstance(forward, dict) or forward.get("mode") not in DIRECT:
            return None
        if forward["mode"] == "bridge" and isinstance(bridge, str):
            problem = self.bridge(bridge)
            return None if problem is None else with_place(f"the network {name} needs a bridge", problem)
        cards = forward.get("interfaces") or [forward.get("dev") or ""]
        lacks = [problem for problem in map(self.direct, filter(None, cards)) if problem is not None]
        # A guest gets a card that no other guest has with passthrough, and else one that few have: a bad one is met.
        if not lacks or (forward["mode"] == "passthrough" and len(lacks) < len(cards)):
            return None
        return with_place(f"the network {name} puts guests on a card by MacVTap", lacks[0])

    def direct(self, name: str) -> str | None:
        """What is wrong with a network device that MacVTap is to be on."""
        problem = self.netdev(name)
        if problem is not None or not self.local:
            return problem
        owner = macvtap_carriers.owner(name, self.forecast.links, f"{SYS}/class/net")
        if owner is None:
            return None
        instead = owner.way_out(self.on_bridge(owner.name))
        return self.unsure(f"{owner.sentence(name)}, and cannot carry MacVTap as well: {instead}", "links")

    def on_bridge(self, bridge: str) -> list[str]:
        """The networks that put guests on a bridge of the host, those of the forecast first."""
        there = self.once("bridges", self.bridges)
        found = [name for name, facts in self.forecast.networks.items() if facts and facts.get("bridge") == bridge]
        return found or ([there[bridge]] if bridge in there else [])

    def netdev(self, name: str) -> str | None:
        links = self.forecast.links
        if links.get(name) is not None or self.is_foreseen(name):
            return None
        if not self.local or (name not in links and os.path.lexists(f"{SYS}/class/net/{name}")):
            return None
        if name in links:
            return self.unsure(f"there is no network device {name} on this host {REMOVED}", "links")
        known = [*folder(f"{SYS}/class/net"), *(one for one, facts in links.items() if facts is not None)]
        return (
            f"there is no network device {name} on this host: declare it with virtfleet.kvm.links (kvm_links of the"
            f" role), or {hint(name, known)}"
        )

    def bridge(self, name: str) -> str | None:
        problem = self.netdev(name)
        if problem is not None or not self.local or self.forecast.links.get(name) is not None or self.is_foreseen(name):
            return problem
        if os.path.isdir(f"{SYS}/class/net/{name}/bridge"):
            return None
        owner = macvtap_carriers.owner(name, self.forecast.links, f"{SYS}/class/net")
        if owner is None:
            problem = f"the network device {name} is no bridge: name one, or use direct to be linked to it by MacVTap"
        elif owner.kind == "loopback":
            problem = f"the network device {name} is no bridge: name one"
        else:
            problem = f"the network device {name} is no bridge; {owner.sentence(name)}: {owner.way_out([])}"
        return problem

    def is_foreseen(self, bridge: str) -> bool:
        """Whether a network that an earlier task would have made or started may have a bridge of this name."""
        for name, facts in self.forecast.networks.items():
            if facts is None or facts.get("state") != "active" or forward_of(facts) in OF_OTHERS:
                continue
            own = facts.get("bridge")
            if own is None and name in self.networks:
                node = ET.fromstring(self.networks[name].XMLDesc(0)).find("bridge")
                own = None if node is None else node.get("name")
            # libvirt numbers those without a name of their own.
            if own == bridge or (own is None and NUMBERED.fullmatch(bridge)):
                return True
        return False

    def pool(self, name: str) -> str | None:
        found = self.pools.get(name)
        if found is None and self.forecast.pools.get(name, {}) is None:
            return f"there is no pool {name} on this host {REMOVED}"
        if found is None:
            here = (
                "there is no pool {} on this host; declare it with virtfleet.kvm.pools (kvm_pools of the role), or {}"
            )
            return here.format(name, hint(name, list(self.pools)))
        if not found.active:
            return f"the pool {name} is not active; start it with virtfleet.kvm.pools and state: active"
        return None if self.forecast.pools.get(name) else self.lost_folder(name)

    def lost_folder(self, name: str) -> str | None:
        """That the folder of an active pool is gone. libvirt does not look after it has started the pool."""
        found = self.pools[name]
        if not self.local or found.type != "dir" or not found.target or may_exist(found.target):
            return None
        return (
            f"the pool {name} is active, but its folder {found.target} is gone: mount it again, or restart the pool"
            f" (virsh pool-destroy {ShellWord(name):sh}, then state: active), which makes an empty one"
        )

    def volume(self, key: str) -> str | None:
        where, _slash, name = key.partition("/")
        if key in self.new_volumes:
            return None  # What is wrong with its pool is said where it is made.
        problem = self.pool(where)
        if problem is not None:
            return problem
        if self.forecast.volumes.get(key) is not None:
            return None
        if self.forecast.pools.get(where) and not (self.local and self.pools[where].type == "dir"):
            return None  # The pool is still to come, and what is in it cannot be seen.
        seen = self.once(f"volume {key}", lambda: storage_observe.volumes(self.connection, {key}, ()))
        gone = key in self.forecast.volumes
        if not gone and (key in seen or self.unseen(where, name)):
            return None
        if gone:
            return f"there is no volume {name} in the pool {where} {REMOVED}"
        return f"{no_volume(name, where)}, or {hint(name, self.volumes_in(where))}"

    def volumes_in(self, pool: str) -> set[str]:
        """The names of the volumes that an active pool has, or will have by then."""
        found = dict.fromkeys(self.new_volumes, True) | {
            key: known is not None for key, known in self.forecast.volumes.items()
        }
        begin = f"{pool}/"
        known = {key[len(begin) :]: stays for key, stays in found.items() if key.startswith(begin)}
        names = set(known)
        with contextlib.suppress(libvirt.libvirtError):  # It only helps to guess what is meant.
            names.update(self.connection.storagePoolLookupByName(pool).listVolumes())
        return {name for name in names if known.get(name, True)}

    def unseen(self, pool: str, name: str) -> bool:
        """Whether a file is there that libvirt has not seen yet."""
        target = self.pools[pool].target
        return self.local and target is not None and os.path.lexists(os.path.join(target, name))

    def file(self, path: str) -> str | None:
        return self.place(path, "file")

    def folder(self, path: str) -> str | None:
        return self.place(path, "folder")

    def place(self, path: str, what: str) -> str | None:
        if self.local and may_exist(path):
            odd = oddity(path, what)
            return None if odd is None else f"{path} is {odd}, and no {what}"
        if not self.local or self.is_made(plain(path)):
            return None
        # What is in a pool that is not active yet may show up with it; a task before may start it and make its folder.
        for name, pool in self.pools.items():
            soon = not pool.active or bool(self.forecast.pools.get(name))
            below = bool(pool.target) and plain(path).startswith(f"{plain(pool.target or '')}/")
            if soon and (below or (pool.active and pool.target and plain(path) == plain(pool.target))):
                return None
        return f"there is no {what} {path} on this host"

    def is_made(self, path: str) -> bool:
        """Whether the same run makes a volume at a path."""
        where, name = os.path.split(path)
        keys = {f"{pool}/{name}" for pool in self.once("folders", self.folders).get(where, ())}
        return not keys.isdisjoint(self.new_volumes) or any(self.forecast.volumes.get(key) is not None for key in keys)

    def folders(self) -> dict[str, list[str]]:
        """The folders of pools, each with the names of its pools."""
        found: dict[str, list[str]] = {}
        for name, pool in self.pools.items():
            if pool.target is not None:
                found.setdefault(plain(pool.target), []).append(name)
        return found

    def pci(self, address: str) -> str | None:
        if not self.local or os.path.lexists(f"{SYS}/bus/pci/devices/{address}"):
            return None
        return f"there is no PCI device {address} on this host: lspci -D lists them"

    def mdev(self, uuid: str) -> str | None:
        if not self.local or os.path.lexists(f"{SYS}/bus/mdev/devices/{uuid}"):
            return None
        return f"there is no mediated device {uuid} on this host"

    def usb(self, value: str) -> str | None:
        if not self.local or value in self.once("usb", usb_devices):
            return None
        return f"there is no USB device {value} on this host: lsusb lists them"


PROBLEMS: dict[str, t.Callable[[Site, str], str | None]] = {
    "network": Site.network,
    "switch": Site.switch,
    "bridge": Site.bridge,
    "direct": Site.direct,
    "volume": Site.volume,
    "file": Site.file,
    "folder": Site.folder,
    "pci": Site.pci,
    "mdev": Site.mdev,
    "usb": Site.usb,
    "address": listen_addresses.problem,
    "secret": missing,
    **{f"secret {usage}": functools.partial(missing, usage=usage) for usage in USAGES},
}


def hint(name: str, known: t.Collection[str]) -> str:
    """The way out of a name that is not known."""
    like = near(name, known)
    return f"did you mean {printable(like[0])}?" if like else "correct the name"


def no_volume(name: str, pool: str) -> str:
    """That there is no volume, and how to have one."""
    return (
        f"there is no volume {name} in the pool {pool}: declare it with virtfleet.kvm.volumes (kvm_volumes of the role)"
        " before this one"
    )


def plain(path: str) -> str:
    """A path without doubled slashes and dots; two slashes at the beginning are one, as Linux takes them."""
    return f"/{os.path.normpath(path).lstrip('/')}"


def folder(path: str) -> list[str]:
    """The names in a folder; none where it cannot be read."""
    try:
        return sorted(os.listdir(path))
    except OSError:
        return []


def usb_devices() -> set[str]:
    """The USB devices of the host, each as VENDOR:PRODUCT and as BUS.DEVICE."""
    found = set()
    base = f"{SYS}/bus/usb/devices"
    for name in folder(base):
        numbers = {part: content(f"{base}/{name}/{part}") for part in ("idVendor", "idProduct", "busnum", "devnum")}
        found.add(f"{numbers['idVendor']}:{numbers['idProduct']}")
        found.add(f"{numbers['busnum']}.{numbers['devnum']}")
    return found
