# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files in molecule's ephemeral directory by which Ansible, molecule and ssh find the guests of a scenario."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import typing as t

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.guest_addresses import reachable
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import label, printable
from ansible_collections.virtfleet.kvm.plugins.module_utils._variables import Variables

from .._guests import reach
from .names import HOST
from .shapes import KnownAddresses, NewHost, ScenarioGuest, ScenarioHost, ScenarioKit

OWN = "kvm"
"""The kit's own folder in molecule's ephemeral directory."""

KEY, KNOWN_HOSTS, SSH_CONFIG = (f"{OWN}/{name}" for name in ("ssh_key", "known_hosts", "ssh_config"))
"""The scenario's key, the keys of its guests, and how ssh reaches them."""

INVENTORY = "inventory/molecule_guests.yml"
"""In the folder that molecule hands to each step, to login and to list."""

INSTANCES = "instance_config.yml"
"""Where molecule login looks for a guest."""

FRESH = f"{OWN}/guests_are_fresh"
"""Says that no step has been since the guests were made."""

BEGUN = f"{OWN}/guests_are_being_made"
"""Is there while guests are made: afterwards, it says that this was broken off."""

NOTE = f"{OWN}/where_the_guests_are"
"""Says where the guests are and whose they are, from before they are made until they are destroyed."""

REMOVING = f"{OWN}/guests_are_being_removed"
"""Is there while guests are removed, which were on their host."""

ALL = (OWN, INVENTORY, INSTANCES)
"""All that the kit has there."""

STALE = (KEY, f"{KEY}.pub", KNOWN_HOSTS, SSH_CONFIG, FRESH, REMOVING, INSTANCES)
"""What is removed before guests are made anew: not the notes, so that an interruption loses no guests."""

HEAD = "Written by virtfleet.kvm.molecule_create, removed by virtfleet.kvm.molecule_destroy."

SSH_PORT = 22

IN_INVENTORY = ("name", "domain", "user", "groups", "snapshot", "forward")
"""What the inventory tells of a guest, where it is known."""

DESTINATION = re.compile(
    r"(?:ssh://)?(?:(?P<user>[^@/\s]+)@)?(?P<host>\[[0-9a-fA-F:.%\w]+\]|[^@:/\s\[\]-][^@:/\s\[\]]*)(?::(?P<port>[0-9]+))?/?"
)
"""Where a KVM host is: USER@HOST:PORT, as ssh takes it."""


def kvm_host(wanted: object, hosts: t.Container[str]) -> ScenarioHost:
    """The KVM host of a scenario: its ``name`` in the inventory, whether it is ``remote``, and its ``variables``.

    Raises VirtfleetError for what is no host.

    :param wanted: ``molecule_kvm_host``; empty for this machine
    :param hosts: the hosts of the scenario's inventory
    """
    name = str(wanted or "localhost")
    found: dict[str, object] = {"ansible_python_interpreter": "/usr/bin/python3"}
    if name in ("localhost", "127.0.0.1", "::1"):
        return {
            "name": HOST,
            "remote": False,
            "known": False,
            "variables": {**found, "ansible_connection": "local"},
        }
    if name in hosts:
        return {"name": name, "remote": True, "known": True, "variables": {}}
    parts = DESTINATION.fullmatch(name) if isinstance(wanted, str) else None
    if parts is None or not 0 < int((parts["port"] or "22")[:9]) < 65536:
        raise VirtfleetError(
            f"molecule_kvm_host: {printable(name)} is neither a host of the inventory nor USER@HOST:PORT"
        )
    found["ansible_host"] = parts["host"].strip("[]")
    if parts["user"]:
        found["ansible_user"] = parts["user"]
    if parts["port"]:
        found["ansible_port"] = int(parts["port"])
    return {"name": HOST, "remote": True, "known": False, "variables": found}


def place_of(guest: ScenarioGuest, addresses: KnownAddresses) -> tuple[str, int]:
    """The address and the port by which a guest is reached. Raises VirtfleetError where it has no address."""
    forward = guest.get("forward")
    return (forward["address"], forward["port"]) if forward else (address_of(guest["domain"], addresses), SSH_PORT)


def address_of(domain: str, addresses: KnownAddresses) -> str:
    """The address that a guest has, IPv4 before IPv6. Raises VirtfleetError where it has none.

    :param addresses: as the module domains returns them: of each guest a list
    """
    known = (reachable(one["address"] if isinstance(one, dict) else one) for one in addresses.get(domain) or ())
    found = [one for one in known if one is not None]
    if not found:
        raise VirtfleetError(f"guest {label(domain)}: its host knows no address of it")
    return str(next((one for one in found if one.version == 4), found[0]))


class GuestFiles:
    """The files of a scenario.

    :param folder: molecule's ephemeral directory
    :param guests: the guests of the scenario
    :param addresses: of each guest, by its domain, what the module domains tells
    :param jump: the command by which ssh goes through the KVM host; None where the guests are reached without
    :param where: the KVM host, as the scenario has it
    :param project: the checkout that the scenario is in
    :param turn: another one each time that guests are made
    :param mark: the label of the guests
    :param uri: the libvirt that they are of
    """

    def __init__(
        self,
        folder: str,
        guests: t.Sequence[ScenarioGuest],
        addresses: KnownAddresses,
        jump: str | None = None,
        where: str = "",
        project: str = "",
        turn: str = "",
        mark: str = "",
        uri: str = "",
    ) -> None:
        self.folder, self.guests, self.jump, self.turn = folder, guests, jump, turn
        # So that later steps look for the guests where they are, and no other checkout takes the files for its own.
        self.notes = {
            "molecule_kvm_host": where,
            "molecule_kvm_uri": uri,
            "molecule_project": project,
            "molecule_mark": mark,
        }
        self.places = {guest["name"]: place_of(guest, addresses) for guest in guests}

    def path(self, name: str) -> str:
        """A file of the kit."""
        return f"{self.folder}/{name}"

    def variables(self, guest: ScenarioGuest) -> dict[str, object]:
        """The variables of a guest in the inventory."""
        address, port = self.places[guest["name"]]
        # Ansible keeps connections open. One to a guest that is no more would hang.
        mark = hashlib.sha256(f"{guest['domain']} {address} {self.turn}".encode()).hexdigest()[:10]
        return {
            # The inventory may have another one for the KVM host.
            "ansible_connection": "ssh",
            "ansible_host": address,
            "ansible_user": guest["user"],
            "ansible_port": port,
            # The default of 10 s is too short for a guest that is emulated; sudo has to answer within it, too.
            "ansible_timeout": 60,
            "ansible_pipelining": True,
            "ansible_ssh_private_key_file": self.path(KEY),
            "ansible_ssh_common_args": f"-F {shlex.quote(self.path(SSH_CONFIG))}",
            "ansible_control_path": f"%(directory)s/{mark}",
            "molecule_guest": {name: value for name, value in guest.items() if name in IN_INVENTORY},
        }

    def hosts(self) -> list[NewHost]:
        """The guests as hosts of Ansible: ``name``, ``groups`` and ``variables``."""
        return [
            {"name": guest["name"], "groups": list(guest["groups"]), "variables": self.variables(guest)}
            for guest in self.guests
        ]

    def inventory(self) -> str:
        """The inventory. Its JSON is YAML."""
        hosts = self.hosts()
        groups: dict[str, dict[str, dict[str, object]]] = {}
        for host in hosts:
            for group in host["groups"]:
                groups.setdefault(group, {"hosts": {}})["hosts"][host["name"]] = {}
        whole: dict[str, object] = {
            "hosts": {host["name"]: host["variables"] for host in hosts},
            "children": groups,
        }
        whole["vars"] = {name: value for name, value in self.notes.items() if value}
        return f"# {HEAD}\n{json.dumps({'all': whole}, indent=2)}\n"

    def ssh_config(self) -> str:
        """How ssh reaches the guests, by their names and by their addresses (ssh_config(5))."""
        lines = [f"# {HEAD}"]
        for guest in self.guests:
            name = guest["name"]
            address, port = self.places[name]
            lines += [
                f"Host {name} {address}",
                f"  HostName {address}",
                f"  User {guest['user']}",
                f"  Port {port}",
                f"  IdentityFile {quoted(self.path(KEY))}",
                "  IdentitiesOnly yes",
                f"  HostKeyAlias {name}",
                f"  UserKnownHostsFile {quoted(self.path(KNOWN_HOSTS))}",
                "  StrictHostKeyChecking accept-new",
                "  LogLevel ERROR",
                *([f"  ProxyCommand {self.jump}"] if self.jump else []),
            ]
        return "\n".join(lines) + "\n"

    def instances(self) -> str:
        """What ``molecule login`` reads: it makes a command of these, as words of a shell.

        It knows no other way to say which settings ssh is to take, so they come with the address.
        """
        return json.dumps([
            {
                "instance": guest["name"],
                "address": f"-F {shlex.quote(self.path(SSH_CONFIG))} {guest['name']}",
                "user": guest["user"],
                "port": str(self.places[guest["name"]][1]),
                "identity_file": shlex.quote(self.path(KEY)),
            }
            for guest in self.guests
        ], indent=2) + "\n"  # fmt: skip

    def for_playbooks(self) -> dict[str, object]:
        """All of it, for the playbooks."""
        texts = {INVENTORY: self.inventory(), SSH_CONFIG: self.ssh_config(), INSTANCES: self.instances()}
        written = [{"path": self.path(name), "content": text} for name, text in texts.items()]
        return {"hosts": self.hosts(), "files": written}


def check_folder(folder: str, project: str, written: object) -> None:
    """Raise VirtfleetError where molecule's folder has the guests of another checkout, of the same name.

    :param written: the checkout that the files there are of; empty without any
    """
    if not written or os.path.realpath(str(written)) == os.path.realpath(project) or not os.path.isdir(str(written)):
        return
    raise VirtfleetError(
        f"molecule uses one folder, {folder}, for checkouts of the same name, and that has the guests of {written}: run"
        " molecule destroy there first, or give each of them its own MOLECULE_EPHEMERAL_DIRECTORY"
    )


def quoted(path: str) -> str:
    """A path in ssh_config(5), where ``%`` begins a token."""
    return '"' + path.replace("%", "%%") + '"'


def molecule_files(kit: ScenarioKit, addresses: KnownAddresses, host: Variables, turn: str = "") -> object:
    """The files by which the guests of a scenario are found.

    :param kit: what the lookup molecule_scenario returns
    :param addresses: of each guest, by its domain, what the module domains tells
    :param host: the variables of the KVM host
    :param turn: another one each time that guests are made
    """
    jump = None
    if kit["kvm"]["remote"]:
        known = {name: host[name] for name in reach.names() if name in host}
        if str(known.get("ansible_connection", "ssh")).rpartition(".")[2] in reach.SSH:
            ssh = reach.ssh_of({**known, "inventory_hostname": kit["kvm"]["name"]})
            # Molecule has told Ansible not to look at keys of hosts; that is meant for guests.
            jump = reach.through(ssh._replace(is_checked=True))
    where, project, mark = kit["kvm"]["wanted"], kit["project"], kit["mark"]
    return GuestFiles(
        kit["folder"], kit["guests"], addresses, jump, where, project, turn, mark, kit["uri"]
    ).for_playbooks()
