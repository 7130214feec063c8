# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a scenario of molecule is to have, and where."""

from __future__ import annotations

DOCUMENTATION = """
name: molecule_scenario
version_added: 0.1.0
author: virtfleet contributors (@virtfleet)
short_description: Find what a scenario of molecule is to have
description:
  - Reads C(kvm_guests) and what goes with it, and the environment in which molecule runs its steps.
  - The playbooks C(virtfleet.kvm.molecule_create), C(molecule_prepare), C(molecule_cleanup) and C(molecule_destroy)
    use it.
  - Each guest gets the name C(NAME-DIGEST). The digest is another one for each checkout, user, machine and scenario.
seealso:
  - plugin: virtfleet.kvm.molecule_files
    plugin_type: filter
options:
  guests:
    description:
      - Tell the guests, too, which have to be in order, and at least one.
      - Without it, only what tells this scenario from others is returned.
    type: bool
    default: true
  home:
    description:
      - The home of the user on the KVM host, for the libvirt of an ordinary user.
      - Without it, that of the user of this machine.
    type: str
    default: ''
  ports:
    description:
      - For the libvirt of an ordinary user, the free port that was found at each of RV(_raw[].forwards).
      - Without it, nobody has looked yet.
    type: dict
    default: {}
  known:
    description:
      - Names of guests that were in the inventory when this run began. They are not taken by hosts of others.
    type: list
    elements: str
    default: []
"""

EXAMPLES = """
- name: Remove the guests of this scenario
  virtfleet.kvm.domains:
    config: []
    purge: true
    owner: "{{ lookup('virtfleet.kvm.molecule_scenario', guests=false).mark }}"
"""

RETURN = """
_raw:
  description: What the scenario is to have, as the one item.
  type: list
  elements: dict
  contains:
    folder:
      description: Molecule's ephemeral directory.
      type: str
    project:
      description: Folder of the project.
      type: str
    own:
      description: Path of the folder there with the kit's own files.
      type: str
    key:
      description: Path of the scenario's SSH key, which may not be made yet.
      type: str
    files:
      description: Paths of all files and folders that the playbooks write.
      type: list
      elements: str
    stale:
      description: Paths of the files that are removed before guests are made anew.
      type: list
      elements: str
    note:
      description: The file with the host and the label of the guests, with its C(path) and C(content).
      type: dict
    inventory:
      description: Path of the inventory with the guests.
      type: str
    removing:
      description: Path of the file that is there while guests are removed that were on their host.
      type: str
    made:
      description:
        - The guests that are in the inventory, each with C(name), C(domain), C(user), C(groups) and C(snapshot).
        - Guests of another scenario, such as in a copy of the folder, are an error.
      type: list
      elements: dict
    fresh:
      description: Path of the file that says that no step has been since the guests were made.
      type: str
    begun:
      description: Path of the file that is there while guests are made.
      type: str
    orphans:
      description:
        - Processes of Ansible that an interrupted step of the scenario has left, each as its number and when it began
          (C(PID:TICKS)).
        - They are those of the same user and container that molecule has started with this scenario's inventory, and
          their ssh.
      returned: without O(guests)
      type: list
      elements: str
    ending:
      description: The command that ends RV(_raw[].orphans), if they are still the same; empty for none.
      returned: without O(guests)
      type: list
      elements: str
    worker:
      description: Whether molecule runs scenarios at the same time, of which this step is of one, on the same guests.
      returned: without O(guests)
      type: bool
    mark:
      description: The label (C(owner)) of all that is made for the scenario.
      type: str
    pool:
      description: The pool of all scenarios, as M(virtfleet.kvm.pools) takes it.
      type: dict
    kvm:
      description:
        - The KVM host, with its C(name) in the inventory, whether it is C(remote), and its C(variables).
        - It is the one on which guests were made, until they are destroyed.
      type: dict
    uri:
      description: The libvirt of the KVM host that has the guests, as the modules take it.
      type: str
    session:
      description: Whether that is the libvirt of an ordinary user.
      type: bool
    port_finder:
      description: Path of the program that finds free ports on the KVM host.
      type: str
    first_port:
      description: The lowest port that it tries.
      type: int
    kept_images:
      description: All images that the scenario could use, which stay on the KVM host.
      returned: without O(guests)
      type: list
      elements: dict
    guests:
      description:
        - The guests, each with C(name), C(domain), C(user), C(groups), C(snapshot) and C(config).
        - With the libvirt of an ordinary user, also with C(forward), the C(address) and C(port) of the KVM host that
          lead to the guest's SSH server.
      returned: with O(guests)
      type: list
      elements: dict
    images:
      description: The images of the guests, as M(virtfleet.kvm.domains) takes them.
      returned: with O(guests)
      type: list
      elements: dict
    forwards:
      description: The addresses of the KVM host at which a port is forwarded.
      returned: with O(guests)
      type: list
      elements: str
    networks:
      description: The networks that are started for the guests, as M(virtfleet.kvm.networks) takes them.
      returned: with O(guests)
      type: list
      elements: dict
"""

import os
import typing as t
from pathlib import Path

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import readable, unforeseen
from ansible_collections.virtfleet.kvm.plugins.module_utils._variables import Variables
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._molecule import (
    disks,
    files,
    names,
    notes,
    orphans,
    settings,
)
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._molecule import ports as molecule_ports
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._molecule import scenario as molecule
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._molecule import session as molecule_session
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._templar import HostTemplar

DECLARED = (*settings.DECLARING, "molecule_user", "molecule_timeout")
"""The variables that tell what there is to be."""


class LookupModule(LookupBase):
    """See the plugin's documentation."""

    def run(self, terms: object, variables: t.Any = None, **kwargs: object) -> list[object]:
        """What the scenario is to have, as the one result."""
        self.set_options(var_options=variables, direct=kwargs)
        if terms:
            raise AnsibleLookupError("molecule_scenario: takes no terms; it reads kvm_guests")
        try:
            return [self.found(variables)]
        except VirtfleetError as error:
            problem = str(error)
        except Exception as error:  # Nobody reads a traceback.
            problem = f"molecule_scenario: {unforeseen(error)}"
        raise AnsibleLookupError(readable(problem))

    def found(self, variables: Variables) -> dict[str, object]:
        """What the scenario is to have. Raises VirtfleetError."""
        settings.check_names(variables)
        templar = HostTemplar(variables, self._templar, self._loader)

        def value(name: str) -> object:
            try:
                return templar.value(variables[name]) if name in variables else None
            except Exception as error:  # A template may hold any filter or lookup.
                raise VirtfleetError(f"{name}: {templar.why(variables[name], error)}") from None

        place = molecule.place_of(os.environ, value("molecule_id"))
        note = notes.noted(place.folder)
        files.check_folder(place.folder, place.project, note.project or variables.get("molecule_project"))
        made = notes.guests_in(place.folder)
        notes.check(place, note, made)
        # Until the guests are destroyed, they are where they were made, whatever is set by now.
        wanted = note.where or value("molecule_kvm_host") or os.environ.get("MOLECULE_KVM_HOST") or "localhost"
        kvm = files.kvm_host(wanted, (variables.get("groups") or {}).get("all") or ())
        uri = note.uri or (note.where and molecule_session.SYSTEM)
        uri = uri or self.uri(value("molecule_kvm_uri"), kvm["remote"])
        session = uri == molecule_session.SESSION
        if not kvm["remote"]:
            kvm["variables"]["ansible_become"] = os.getuid() != 0 and not session
        kit: dict[str, object] = {
            **files_of(place),
            "project": place.project,
            "mark": place.mark,
            "pool": {
                "name": disks.POOL,
                "type": "dir",
                "target": molecule_session.pool_of(self.get_option("home")) if session else molecule.TARGET,
                "state": "active",
            },
            "kvm": {**kvm, "wanted": str(wanted)},
            "uri": uri,
            "session": session,
            "port_finder": molecule_ports.__file__,
            "first_port": molecule_session.PORT,
            "made": made,
            "note": {
                "path": place.path(files.NOTE),
                "content": notes.Noted(place.mark, str(wanted), place.project, uri).text(),
            },
        }
        if not self.get_option("guests"):
            known = molecule.Scenario(place, {"kvm_images": value("kvm_images")}).images
            left = orphans.orphans(place.folder)
            ending = orphans.ending(left)
            worker = orphans.is_worker()
            return {
                **kit,
                "kept_images": list(known.values()),
                "orphans": left,
                "ending": ending,
                "worker": worker,
            }
        key = Path(f"{kit['key']}.pub")
        public = key.read_text(encoding="utf-8").strip() if key.exists() else ""
        own = [*(guest["name"] for guest in made), *self.get_option("known")]
        taken = names.Names(variables.get("groups"), own)
        ports = self.get_option("ports") if session else None
        scenario = molecule.Scenario(place, {name: value(name) for name in DECLARED}, public, taken, ports)
        return {**kit, **scenario.for_playbooks()}

    def uri(self, wanted: object, remote: bool) -> str:
        """The libvirt of the scenario, where nothing is made yet. Raises VirtfleetError for one that is not known."""
        chosen = wanted or os.environ.get("MOLECULE_KVM_URI")
        return molecule_session.uri_of(chosen, remote, os.getuid() == 0)


def files_of(place: molecule.Checkout) -> dict[str, object]:
    """The files of a scenario in molecule's ephemeral directory."""
    return {
        "folder": place.folder,
        "own": place.path(files.OWN),
        "key": place.path(files.KEY),
        "files": [place.path(name) for name in files.ALL],
        "fresh": place.path(files.FRESH),
        "begun": place.path(files.BEGUN),
        "stale": [place.path(name) for name in files.STALE],
        "inventory": place.path(files.INVENTORY),
        "removing": place.path(files.REMOVING),
    }
