# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests as hosts of Ansible."""

from __future__ import annotations

DOCUMENTATION = """
name: guests
version_added: 0.1.0
author: virtfleet contributors (@virtfleet)
short_description: Make the guests of the fleet hosts of Ansible
description:
  - Makes a host of each guest that C(kvm_guests) declares, with its address as C(ansible_host), in groups by its
    virtualization host, state, networks and tags.
  - The declaration is read from the inventory itself, as the roles of this collection do. That means the sources that
    Ansible has read before this one, and C(group_vars) and C(host_vars) beside these and beside this one. So this
    source comes last. See the notes.
  - The hosts in the group C(kvm_hosts) are asked for the states and addresses of their guests, side by side. A
    host that does not answer delays the run by at most O(timeout), and its guests stay in the inventory as they are
    declared.
  - Its file has a name that ends in C(.kvm.yml) or C(.kvm.yaml), and begins with C(plugin:) V(virtfleet.kvm.guests).
    The plugin needs not be enabled in C(ansible.cfg).
  - "Each guest has the variable C(kvm_guest), a dictionary: C(name), C(host), C(state) (V(running), V(paused),
    V(stopped); V(absent) where it is not made yet, V(unknown) where its host was not asked or did not answer),
    C(declared), C(uuid), C(title), C(description), C(memory) in bytes, C(vcpus), C(autostart) as it is declared,
    C(vsock_cid) (the context id of its vsock, if it is known), C(interfaces), C(networks), C(addresses), C(address),
    C(address_source), C(address_network), C(behind_host), C(tags) and C(ssh_args). Nothing else from C(kvm_guests) is
    copied, neither into variables nor into the cache, as it may be secret."
  - A variable that the inventory itself has for a guest's name stays as it is.
requirements:
  - libvirt-python on the control node, for the Python that runs Ansible or the distribution's C(/usr/bin/python3),
    unless O(ask=false). Where it is missing, a warning says so, and only what is declared is known.
  - jmespath on the control node, for O(query).
extends_documentation_fragment:
  - constructed
  - inventory_cache
options:
  plugin:
    description: The name of the plugin, V(virtfleet.kvm.guests).
    type: str
    required: true
    choices: [virtfleet.kvm.guests]
  ask:
    description:
      - Whether to ask the virtualization hosts. Otherwise no connection is made, and only what is declared is known.
    type: bool
    default: true
  timeout:
    description: Seconds to wait for the answer of each host.
    type: float
    default: 10
  forks:
    description: Number of hosts to ask at the same time.
    type: int
    default: 50
  unreachable:
    description:
      - What to do about hosts that cannot be asked, or do not answer to the end.
      - V(warn) warns, V(ignore) says nothing. With V(error), the source counts as failed. Ansible then goes on
        without it, unless C(any_unparsed_is_failed) is set (in C(ansible.cfg), section C(inventory)).
    type: str
    choices: [warn, error, ignore]
    default: warn
  undeclared:
    description: Whether to include guests that are on the hosts without being declared.
    type: bool
    default: false
  group:
    description: The group that all guests are in.
    type: str
    default: kvm_guests
  groups_by:
    description:
      - What to make groups by. They are called C(kvm_host_NAME), C(kvm_state_STATE), C(kvm_network_NAME) and
        C(kvm_tag_TAG), and are children of O(group). A letter that no name of a group may have becomes an underscore.
      - Tags are the words in an element C(tags) of a guest's metadata, in any namespace, such as C(<tags
        xmlns="https://example.com/tags">web prod</tags>). In the declaration, it is an item of
        O(virtfleet.kvm.domains#module:config[].metadata).
    type: list
    elements: str
    choices: [host, state, network, tag]
    default: [host, state, network, tag]
  hostname:
    description:
      - Jinja2 expression for the name of a guest in the inventory, such as V(kvm_guest.name ~ '.example.com').
      - Left out, it is the name of the guest.
    type: str
  query:
    description:
      - A JMESPath expression (U(https://jmespath.org)) over the list of all guests, each as C(kvm_guest) has it. Only
        the guests that it selects become hosts. It may select the guests themselves or their names.
    type: str
  networks:
    description:
      - The networks whose addresses are taken, the best first. Patterns such as V(lan*) are allowed. What none of
        them is for is not taken.
      - A name is that of a libvirt network, of a bridge, or of the host's device that an interface is linked to by
        MacVTap.
    type: list
    elements: str
    default: ['*']
  address_sources:
    description:
      - Where addresses come from, the best first; what is left out is not asked. Among the addresses of one network,
        that of the best source is taken.
      - V(lease) is the DHCP of libvirt's own networks. V(agent) is the QEMU guest agent, where it runs. V(arp) is the
        host's table of neighbours, that is, of addresses that the host has recently talked to. V(declared) is an
        address that C(kvm_networks) keeps for the guest's MAC address or name in
        O(virtfleet.kvm.networks#module:config[].ips[].dhcp), or that the guest's interface has.
      - A later source is asked only about guests of which no earlier one knows an address on the best of O(networks).
      - Addresses of the link alone, and those that a guest has inside, such as bridges of containers, are never
        taken.
    type: list
    elements: str
    choices: [lease, agent, arp, declared]
    default: [lease, agent, arp, declared]
  address_families:
    description: Families of addresses to take, the preferred one first.
    type: list
    elements: str
    choices: [ipv4, ipv6]
    default: [ipv4, ipv6]
  connect:
    description:
      - How Ansible reaches the guests. V(ssh) leaves that to SSH, or to what the inventory says.
      - V(agent) is the connection P(virtfleet.kvm.agent#connection), by way of the QEMU guest agent, for which guests
        need no network. Each guest gets C(ansible_connection), C(ansible_kvm_uri), C(ansible_kvm_guest) and, where
        Ansible reaches its host with arguments of its own, C(ansible_kvm_ssh_args).
      - V(vsock) is SSH over the socket between a host and its guests, for which guests need no network either. It is
        done for guests of which a context id is known (C(vsock_cid) of C(kvm_guest)), by C(ansible_ssh_common_args)
        with a C(ProxyCommand); the others are reached as with V(ssh). Each of them gets a C(HostKeyAlias) and an
        C(ansible_control_path) of its own, and C(GUEST.HOST) as C(ansible_host). The page C(docs/inventory.md) says
        what guest, host and control node need.
    type: str
    choices: [ssh, agent, vsock]
    default: ssh
  vsock_proxy:
    description:
      - The program on the control node that connects SSH to guests of the control node itself, with
        O(connect=vsock).
      - V(systemd) is C(/usr/lib/systemd/systemd-ssh-proxy) of systemd 256 and newer. V(libvirt) is
        C(/usr/lib/libvirt/libvirt-ssh-proxy), in Debian of the package C(libvirt-ssh-proxy), which asks
        C(qemu:///system) for the guest's context id each time. V(socat) is that program, 1.7.4 or newer.
      - Guests of other hosts are reached by C(socat) on their host, which SSH starts there.
    type: str
    choices: [systemd, libvirt, socat]
    default: systemd
  proxy_jump:
    description:
      - Which guests to reach by SSH through their host. V(nat) are those whose address is on a network that hides
        them, with translated addresses or without a way out. Nobody but their host reaches these.
      - "It is done by C(ansible_ssh_common_args), as C(-o ProxyJump), or C(-o ProxyCommand) where Ansible reaches the
        host with a key file or arguments of its own. Guests of several hosts may have the same address, so each also
        gets a C(HostKeyAlias) (C(GUEST.HOST)) and an C(ansible_control_path) of its own."
      - To add arguments, write C(ansible_ssh_common_args) in O(compose), such as V(kvm_guest.ssh_args ~ ' -o
        StrictHostKeyChecking=accept-new').
      - Guests of the control node itself need none.
    type: str
    choices: [nat, always, never]
    default: nat
notes:
  - With O(strict=true), guests in C(kvm_guests) that cannot be told, and an expression O(hostname) that cannot be
    evaluated, are errors, too. Otherwise they are warnings.
  - What is cached is what the hosts say. What is declared is always read anew, and hosts that did not answer are asked
    again.
  - "Ansible reads sources in the order in which they are named, and those in a folder by their names. In a folder
    with C(hosts.yml), C(zz-guests.kvm.yml) comes last; C(guests.kvm.yml) would come before the hosts, and is refused
    with the way out."
  - Variables beside a playbook (C(group_vars) in its folder) are not part of the inventory, so C(kvm_guests) is not
    found there.
  - "Hosts are asked over C(qemu+ssh://), at the address, with the user, port, key and arguments that Ansible's
    connection C(ssh) would take, without asking for a password. The user needs access to C(qemu:///system): root, or
    a member of the group C(libvirt). With C(ansible_connection=local), it is C(qemu:///system) of the control node.
    The variable C(kvm_inventory_uri) of a host says otherwise."
  - Guests that a playbook has just made are known after C(ansible.builtin.meta) with V(refresh_inventory), which asks
    all hosts anew.
seealso:
  - module: virtfleet.kvm.domains_info
  - plugin: virtfleet.kvm.agent
    plugin_type: connection
"""

EXAMPLES = """
# inventory/zz-guests.kvm.yml: all guests, by what is declared and what the hosts say
plugin: virtfleet.kvm.guests
---
# Nobody is asked: what is declared, with the addresses that the DHCP of kvm_networks keeps for the guests
plugin: virtfleet.kvm.guests
ask: false
---
# The guests that run, by their address in the network mgmt, with their users
plugin: virtfleet.kvm.guests
query: "[?state == 'running']"
networks: [mgmt]
compose:
  ansible_user: "'debian'"
  ansible_become: true
keyed_groups:
  - key: kvm_guest.address_source
    prefix: address
groups:
  large: kvm_guest.memory > 8 * 1024 ** 3
---
# Reached by their agents, also where they have no network
plugin: virtfleet.kvm.guests
connect: agent
---
# Reached by SSH over vsock, also where they have no network
plugin: virtfleet.kvm.guests
connect: vsock
---
# Also what nobody declared; an address that the agent knows before that of a lease; kept for ten minutes
plugin: virtfleet.kvm.guests
undeclared: true
hostname: kvm_guest.name ~ '.' ~ kvm_guest.host
address_sources: [agent, lease, arp, declared]
timeout: 5
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/virtfleet
cache_timeout: 600
"""

import re
import typing as t

from ansible.errors import AnsibleError, AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible.utils.display import Display

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Item
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import label, printable, readable, unforeseen
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._guests import (
    answers,
    ask,
    declared,
    hosts,
    join,
    settings,
)
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._guests.reach import Reach
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._missing_variables import identifiers
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._templar import reason

display = Display()

NAMES = (".kvm.yml", ".kvm.yaml")
"""How the names of the plugin's files end."""


def says_so(path: str) -> bool:
    """Whether a file says that it is for this plugin."""
    try:
        with open(path, encoding="utf-8") as file:
            return re.search(r"^plugin:\s*[\"']?virtfleet\.kvm\.guests\b", file.read(2000), re.MULTILINE) is not None
    except (OSError, UnicodeError):
        return False


InventoryGuest = Item


def name_taken(name: str, guest: InventoryGuest, other: InventoryGuest | None) -> str:
    """That a guest is left out, as another one has its name.

    :param other: None where it is the host that is called so
    """
    called = f"guest {label(guest['name'])} of host {guest['host']}"
    if other is not None and (guest["name"], guest["host"]) == (other["name"], other["host"]):
        return f"{called}: is declared more than once for this host; the first one counts: keep each guest in one list"
    by = guest["host"] if other is None else f"guest {other['name']} of {other['host']}"
    return (
        f"{called}: the name {label(name)} is taken by {label(by)}, so it is left out; set 'hostname' to an expression"
        " that tells them apart, such as kvm_guest.name ~ '.' ~ kvm_guest.host"
    )


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """See the plugin's documentation."""

    NAME = "virtfleet.kvm.guests"

    def __init__(self) -> None:
        super().__init__()
        self.ways: dict[str, Reach] = {}

    def verify_file(self, path: str) -> bool:
        """Whether a file is for this plugin, by its name. Raises AnsibleParserError for one that only says so."""
        if path.endswith(NAMES):
            return bool(super().verify_file(path))
        if says_so(path):
            raise AnsibleParserError(f"{label(path)}: its name has to end in {NAMES[0]}, as zz-guests{NAMES[0]} does")
        return False

    def parse(self, inventory: object, loader: object, path: str, cache: bool = True) -> None:
        """Add the guests to the inventory. Raises AnsibleParserError."""
        super().parse(inventory, loader, path, cache=cache)
        try:
            self.read(path)
            self.add(self.guests(path, cache))
            return
        except AnsibleError as error:
            where = declared.unreadable(self.inventory, loader, path)
            if where is None:
                raise
            raise AnsibleParserError(readable(where)) from error
        except VirtfleetError as error:
            problem = str(error)
        except Exception as error:  # Nobody reads a traceback.
            problem = unforeseen(error)
        raise AnsibleParserError(f"{label(path)}: {readable(problem)}")

    def read(self, path: str) -> None:
        """Read the plugin's file. Raises VirtfleetError for slips in it, AnsibleParserError for what is no YAML."""
        config = self.loader.load_from_file(path, cache="none")
        wrong = settings.problems(config, self.option_definitions)
        if wrong:
            raise VirtfleetError("\n".join(wrong))
        self._read_config_data(path)

    def guests(self, path: str, cache: bool) -> list[InventoryGuest]:
        """The guests that become hosts, each as its variable ``kvm_guest``."""
        fleet = declared.fleet(self.inventory, self.loader, path)
        self.complain(fleet.problems, is_error=self.get_option("strict"))
        got = self.asked(fleet, path, cache)
        choice = join.AddressChoice(
            *(self.get_option(name) for name in ("networks", "address_sources", "address_families"))
        )
        undeclared = self.get_option("undeclared")
        if not fleet.is_declared and not undeclared:
            self.complain(
                [
                    "no host of the group kvm_hosts has the variable kvm_guests, so there are no guests to tell of:"
                    " declare them in the inventory (group_vars beside a playbook do not count), or set"
                    " 'undeclared: true'"
                ]
            )
        self.ways = got.reaches
        found = [
            {**guest, "ssh_args": self.ssh_args(guest, got.reaches.get(host))}
            for host, wanted in fleet.guests.items()
            for guest in join.guests_of(host, wanted, fleet.networks[host], got.answers.get(host), choice, undeclared)
        ]
        return hosts.selected(found, self.get_option("query"))

    def ssh_args(self, guest: InventoryGuest, way: Reach | None) -> str:
        """The arguments of ssh that lead to a guest."""
        program = self.get_option("vsock_proxy") if self.get_option("connect") == "vsock" else None
        return hosts.ssh_args(guest, way, self.get_option("proxy_jump"), program)

    def asked(self, fleet: declared.DeclaredFleet, path: str, cache: bool) -> answers.Got:
        """What the hosts say, by the cache or asked now.

        :param cache: whether the cache may be read; it is written anyway
        """
        sources = [source for source in self.get_option("address_sources") if source != join.DECLARED]
        order = ask.Order(self.get_option("timeout"), self.get_option("forks"), sources, self.get_option("networks"))
        is_kept = self.get_option("cache") and self.get_option("ask")
        key = self.get_cache_key(path)
        kept = (self._cache.get(key) if is_kept and cache else None) or {}
        age = float(self.get_option("cache_timeout") or 0)
        got = answers.get(fleet, order, self.get_option("ask"), kept if isinstance(kept, dict) else {}, age)
        if is_kept:
            self._cache[key] = got.kept
        self.complain(got.warnings)
        if self.get_option("unreachable") != "ignore":
            lines = [f"host {host}: {problem}" for host, problem in got.problems.items()]
            self.complain(lines, is_error=self.get_option("unreachable") == "error")
        return got

    def complain(self, lines: t.Sequence[str], is_error: bool = False) -> None:
        """Warn, or raise VirtfleetError."""
        if lines and is_error:
            raise VirtfleetError("\n".join(lines))
        for line in lines:
            display.warning(readable(line))

    def add(self, guests: t.Sequence[InventoryGuest]) -> None:
        """Put guests into the inventory. Raises VirtfleetError for what ``strict`` does not allow."""
        top = self.inventory.add_group(self._sanitize_group_name(self.get_option("group")))
        taken: dict[str, InventoryGuest] = {}
        for guest in guests:
            name = self.name_of(guest)
            if name is None:
                continue
            if name in taken or name == guest["host"]:
                self.complain([name_taken(name, guest, taken.get(name))])
                continue
            taken[name] = guest
            self.add_guest(name, guest, top)
        for name in taken:
            self.construct(name)

    def name_of(self, guest: InventoryGuest) -> str | None:
        """What a guest is called in the inventory; None where that cannot be told."""
        expression = self.get_option("hostname")
        if expression is None:
            return str(guest["name"])
        try:
            name = self._compose(expression, {"kvm_guest": guest})
        except Exception as error:  # Any filter may be in an expression.
            name, why = None, f": {reason(error, identifiers(f'{{{{ {expression} }}}}', {}))}"
        else:
            why = f", but {printable(name)}"
        if isinstance(name, str) and name:
            return str(name)
        line = f"guest {label(guest['name'])} of host {guest['host']}: hostname gives no name{why}"
        self.complain([line], is_error=self.get_option("strict"))
        return None

    def add_guest(self, name: str, guest: InventoryGuest, top: str) -> None:
        """Put one guest into the inventory, with its variables and groups.

        :param top: the group of all guests
        """
        self.inventory.add_host(name, group=top)
        host = self.inventory.get_host(name)
        variables = hosts.variables(guest, self.ways.get(guest["host"]), self.get_option("connect"))
        for key, value in variables.items():
            if key == "kvm_guest" or key not in host.vars:
                self.inventory.set_variable(name, key, value)
        for wanted in hosts.groups(guest, self.get_option("groups_by")):
            group = self.inventory.add_group(self._sanitize_group_name(wanted))
            self.inventory.add_child(top, group)
            self.inventory.add_host(name, group=group)

    def construct(self, name: str) -> None:
        """Carry out ``compose``, ``groups`` and ``keyed_groups`` for one guest."""
        strict = self.get_option("strict")
        variables = self.inventory.get_host(name).get_vars()
        self._set_composite_vars(self.get_option("compose"), variables, name, strict=strict)
        variables = self.inventory.get_host(name).get_vars()
        self._add_host_to_composed_groups(self.get_option("groups"), variables, name, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, name, strict=strict)
