# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guests of a scenario of molecule: what they are called, whose they are, and what the modules are to make."""

from __future__ import annotations

import hashlib
import os
import re
import typing as t
from pathlib import Path

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.close_names import near
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.converters import digits
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Item
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet import layers as fleet_layers
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.images import image_name
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.layers import DEFAULTS, PROFILE, PROFILES, Layer
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.unique import entries
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import short_image
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import label, printable

from .. import _owner
from . import session
from .access import checked_cards, checked_seed, keys_of, with_user_data
from .disks import POOL, check_images, image_of, in_pool, with_disks
from .names import NAME, Names, mixed_up
from .shapes import ScenarioGuest

FOLDER, SCENARIO, PROJECT = (
    f"MOLECULE_{name}" for name in ("EPHEMERAL_DIRECTORY", "SCENARIO_NAME", "PROJECT_DIRECTORY")
)
"""Variables of the environment that molecule sets for its steps."""

TARGET = "/var/lib/libvirt/virtfleet-molecule"
"""The folder of the pool."""

NETWORK = "default"
"""The network of guests that declare no interfaces."""

SNAPSHOT = "clean"
"""The snapshot to which guests are put back."""

IMAGES: dict[str, Item] = {
    "debian-12": {"debian": 12},
    "debian-13": {"debian": 13},
    "ubuntu-22.04": {"ubuntu": "22.04"},
    "ubuntu-24.04": {"ubuntu": "24.04"},
}
"""Images that need not be declared."""

USERS = {"debian": "debian", "ubuntu": "ubuntu"}
"""The user of a distribution's images, which cloud-init makes."""

OWN_USER = "molecule"
"""The user that is made in guests of other images."""

NOT_HERE = {
    "host": "the scenario's guests are all on the host of molecule_kvm_host; leave it out",
    "uuid": "follows from the checkout and the scenario; leave it out",
    "snapshots": "are taken by the scenario; leave it out",
    "clone_of": "guests of a scenario begin as images; write image",
}
"""Options that guests of a scenario cannot have, and why."""


class Checkout(t.NamedTuple):
    """Where a scenario is.

    :param folder: molecule's ephemeral directory
    :param project: the folder of the role, collection or playbooks
    :param scenario: the name of the scenario
    :param machine: what tells this machine from others
    """

    folder: str
    project: str
    scenario: str
    machine: str

    @property
    def digest(self) -> str:
        """The same for each step of a scenario, and another for another checkout, user, machine or scenario.

        By the folder, and not by the name: scenarios that share their state share the folder, and the guests.
        """
        parts = (self.machine, str(os.getuid()), os.path.realpath(self.project), os.path.realpath(self.folder))
        return hashlib.sha256("\0".join(parts).encode(errors="surrogateescape")).hexdigest()[:8]

    @property
    def mark(self) -> str:
        """The label (``owner``) of all that is made for the scenario."""
        named = _owner.label(os.path.basename(os.path.realpath(self.project)))[-(_owner.LONGEST - 20) :]
        return f"molecule/{named}/{self.digest}"

    def path(self, name: str) -> str:
        """A file in the ephemeral directory."""
        return os.path.join(self.folder, name)


def place_of(environment: t.Mapping[str, str], run: object = None) -> Checkout:
    """Where the scenario of this step is. Raises VirtfleetError where molecule does not run the playbook.

    :param run: what tells machines apart that have all else in common, such as containers of a pipeline
    """
    missing = [name for name in (FOLDER, SCENARIO, PROJECT) if not environment.get(name)]
    if missing:
        raise VirtfleetError(
            f"molecule has not set {missing[0]}: this playbook is a step of a scenario of molecule; import it in the"
            " scenario's create.yml, prepare.yml, cleanup.yml or destroy.yml"
        )
    machine = str(run) if run else machine_of()
    return Checkout(environment[FOLDER], environment[PROJECT], environment[SCENARIO], machine)


def machine_of(path: str = "/etc/machine-id") -> str:
    """What tells this machine from others: its machine-id and its name.

    Containers have no machine-id, and machines that were made of one image may have the same.
    """
    try:
        found = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError):
        found = ""
    name = os.uname().nodename
    return f"{found} {name}" if re.fullmatch("[0-9a-f]{32}", found) else name


class Scenario:
    """What is made for a scenario.

    :param variables: ``kvm_guests`` and what else is declared, evaluated, by the names of the variables
    :param key: the public key of the scenario; empty where it is not made yet
    :param taken: the names that others have in the scenario's inventory
    :param ports: with the libvirt of an ordinary user, the free ports that were found at addresses; None otherwise
    :ivar problems: a sentence for all that is wrong
    :ivar guests: a dictionary for each guest: ``name``, ``domain``, ``user``, ``groups``, ``snapshot``, to which it is
        put back, ``config``, what the module domains makes, and ``forward``, where its SSH server is reached, if that
        is not at an address of its own
    """

    def __init__(
        self,
        place: Checkout,
        variables: t.Mapping[str, object],
        key: str = "",
        taken: Names | None = None,
        ports: t.Mapping[str, object] | None = None,
    ) -> None:
        self.place, self.variables, self.key, self.taken, self.ports = place, variables, key, taken or Names(), ports
        self.problems: list[str] = []
        self.layers = [self.layer(name, variables.get(name)) for name in DEFAULTS]
        self.images = self.declared_images()
        self.guests = [found for found in map(self.guest, self.items()) if found is not None]
        names = [guest["name"] for guest in self.guests]
        self.problems += [
            f"guest {name}: is declared twice" for name in sorted({n for n in names if names.count(n) > 1})
        ]
        self.problems += mixed_up(self.guests)

    def for_playbooks(self) -> dict[str, object]:
        """What the playbooks need. Raises VirtfleetError where something is wrong, or there are no guests."""
        if self.problems:
            raise VirtfleetError("\n".join(dict.fromkeys(self.problems)))
        if not self.guests:
            raise VirtfleetError(
                f"scenario {label(self.place.scenario)} has no guests: write kvm_guests into its inventory, such as"
                " kvm_guests: [{name: web, image: debian-13, memory: 1GiB}]"
            )
        disks = [disk for guest in self.guests for disk in entries(guest["config"], "disks")]
        images = [image_name(disk.get("image")) for disk in disks]
        wanted = {image for image in images if isinstance(image, str)}
        return {
            "guests": self.guests,
            "images": [image for name, image in self.images.items() if name in wanted],
            "networks": [{"name": NETWORK, "state": "active"}] if self.uses_default() else [],
            "forwards": [guest["forward"]["address"] for guest in self.guests if "forward" in guest],
        }

    def uses_default(self) -> bool:
        """Whether a guest is on the network that libvirt comes with."""
        cards = [card for guest in self.guests for card in entries(guest["config"], "interfaces")]
        return any(card.get("network") == NETWORK for card in cards)

    def items(self) -> list[Item]:
        """The guests as they are declared."""
        declared = self.variables.get("kvm_guests")
        if declared is None:
            return []
        if not isinstance(declared, (list, tuple)) or not all(isinstance(one, dict) for one in declared):
            self.problems.append(f"kvm_guests: {printable(declared, hidden=True)} is not a list of guests")
            return []
        return list(declared)

    def declared_images(self) -> dict[str, Item]:
        """The images by name, laid over and kept in the pool of all scenarios unless they say something else."""
        declared = self.variables.get("kvm_images") or []
        if not isinstance(declared, (list, tuple)) or not all(isinstance(one, dict) for one in declared):
            self.problems.append(f"kvm_images: {printable(declared, hidden=True)} is not a list of images")
            declared = []
        found = {name: {"name": name, **image} for name, image in IMAGES.items()}
        for number, image in enumerate(declared):
            name = image_name(image.get("name"))
            if not isinstance(name, str) or not name:
                self.problems.append(f"kvm_images[{number}]: write a name, by which guests refer to the image")
            else:
                found[name] = {**image, "name": name}
        return {name: {"mode": "overlay", "pool": POOL, **image} for name, image in found.items()}

    def layer(self, source: str, options: object) -> Layer | None:
        """Options that guests have in common; None where there are none."""
        if options is None:
            return None
        if not isinstance(options, dict):
            self.problems.append(f"{source}: {printable(options, hidden=True)} is not a dictionary of options")
            return None
        layer = Layer(source, options)
        self.problems += layer.lines()
        return layer

    def profile(self, name: object) -> Layer | None:
        """The layer of a profile. Raises VirtfleetError where there is none of the name."""
        profiles = self.variables.get(PROFILES) or {}
        if not isinstance(profiles, dict):
            raise VirtfleetError(f"{PROFILES}: {printable(profiles, hidden=True)} is not a dictionary of profiles")
        if not isinstance(name, str) or name not in profiles:
            like = near(digits(name), [one for one in profiles if isinstance(one, str)])
            hint = f"; did you mean {printable(like[0])}?" if like else ""
            raise VirtfleetError(f"{PROFILE}: {printable(name)} is not in {PROFILES}{hint}")
        return self.layer(f"profile {label(name)}", profiles[name])

    def guest(self, declared: Item) -> ScenarioGuest | None:
        """A guest of the scenario; None where something is wrong with it."""
        name = declared.get("name")
        if not isinstance(name, str) or not NAME.fullmatch(name):
            shown = " ".join(label(name).split())
            self.problems.append(
                f"guest {shown}: name: use letters, digits and hyphens, at most 52, as in a name of a host"
            )
            return None
        try:
            return self.checked_guest(name, declared)
        except VirtfleetError as error:
            self.problems.append(f"guest {label(name)}: {error}")
            return None

    def checked_guest(self, name: str, declared: Item) -> ScenarioGuest:
        """A guest of the scenario. Raises VirtfleetError where something is wrong with it."""
        for option, why in NOT_HERE.items():
            if declared.get(option) is not None:
                raise VirtfleetError(f"{option}: {why}")
        if declared.get("state", "running") != "running":
            raise VirtfleetError("state: the guests of a scenario run; leave it out")
        self.taken.check_guest(name)
        groups = self.taken.groups_of(declared)
        own = {key: value for key, value in declared.items() if key not in ("groups", "user", "state")}
        takes = declared.get(fleet_layers.SWITCH) is not False
        layers = [layer for layer in self.layers if layer is not None and takes]
        if own.get(PROFILE) is not None:
            layers += [layer for layer in [self.profile(own[PROFILE])] if layer is not None]
        options = dict(fleet_layers.merged(own, layers))
        user = user_name(declared.get("user") or self.variables.get("molecule_user") or self.user_of(options))
        domain = f"{name}-{self.place.digest}"
        config = {
            "memory": "1GiB",
            "description": f"made by molecule for {self.place.project}, scenario {self.place.scenario}",
            **options,
            "name": domain,
            "disks": in_pool(short_image.beside_disks(with_disks(options, IMAGES))["disks"]),
            "interfaces": self.with_macs(domain, checked_cards(options.get("interfaces", [self.card()]))),
            "cloud_init": self.seed(options, user),
            "state": "running",
            "wait_for": "address",
            "wait_timeout": self.timeout(),
        }
        config.pop("image", None)
        guest: ScenarioGuest = {
            "name": name,
            "domain": domain,
            "user": user,
            "groups": groups,
            "snapshot": {"name": SNAPSHOT, "domain": domain},
        }
        if self.ports is not None:
            # Nobody gives this guest a lease, so its host knows no address of it.
            del config["wait_for"], config["wait_timeout"]
            guest["forward"] = forward = session.forward_of(domain, self.ports)
            config = session.with_forward(config, forward)
        # What the module would refuse is refused before anything is removed. The key may not be made yet.
        wrong = [one for one in DOMAIN.parse_item(config)[1] if self.key or KEYS not in one.where]
        if wrong:
            raise VirtfleetError(str(wrong[0]))
        check_images(config["disks"], self.images)
        return {**guest, "config": config}

    def card(self) -> Item:
        """The network card of guests that declare none."""
        return {"network": NETWORK} if self.ports is None else {"type": "user"}

    def timeout(self) -> int:
        """Seconds that guests may take to come up. Raises VirtfleetError for what is no number of them."""
        given = self.variables.get("molecule_timeout") or TIMEOUT
        text = digits(given)
        if not re.fullmatch("[1-9][0-9]{0,8}", text):
            raise VirtfleetError(f"molecule_timeout: {printable(given)} is no number of seconds")
        return int(text)

    def with_macs(self, domain: str, cards: t.Sequence[Item]) -> list[Item]:
        """Network cards with addresses that no earlier guest of the name had.

        The host's DHCP still has the lease of that guest, which would be taken for one of the new guest. The key is
        another one each time.
        """
        return [
            card if card.get("mac") is not None else {**card, "mac": mac_of(f"{self.key}\0{domain}\0{place}")}
            for place, card in enumerate(cards)
        ]

    def user_of(self, options: Item) -> str:
        """The user of an image, where it is known, and nobody has said which users there are to be."""
        seed = options.get("cloud_init")
        name = image_of(options)
        image = self.images.get(name, {}) if isinstance(name, str) else {}
        known = [user for distribution, user in USERS.items() if image.get(distribution) is not None]
        return known[0] if known and not (isinstance(seed, dict) and seed.get("users")) else OWN_USER

    def seed(self, options: Item, user: str) -> Item:
        """What cloud-init is told: with the key of the scenario, and the user, where it is not the image's own."""
        of_image = user == self.user_of(options) and user != OWN_USER
        given = checked_seed(options.get("cloud_init", {}), of_image)
        found = with_user_data({**given, "ssh_authorized_keys": keys_of(given, self.key)}, self.key)
        if of_image:
            return found
        account: Item = {"name": user, "ssh_authorized_keys": [self.key]}
        if user == "root":
            found["user_data"] = {"disable_root": False, **(found.get("user_data") or {})}
        else:
            account.update(sudo="ALL=(ALL) NOPASSWD:ALL", shell="/bin/bash", lock_passwd=True)
        users = given.get("users") or ["default"]
        others = [one for one in users if not (isinstance(one, dict) and one.get("name") == user)]
        mine = [one for one in users if isinstance(one, dict) and one.get("name") == user]
        account = {**account, **mine[0], "ssh_authorized_keys": keys_of(mine[0], self.key)} if mine else account
        return {**found, "users": [*others, account]}


KEYS = "ssh_authorized_keys"
"""The option that has the key of the scenario."""

TIMEOUT = 600
"""Seconds that guests may take to come up."""

USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}")
"""Names of users (useradd(8)), which stand in the settings of ssh as they are."""


def user_name(user: object) -> str:
    """The name of a user of a guest. Raises VirtfleetError for what is none."""
    if not isinstance(user, str) or not USER.fullmatch(user):
        raise VirtfleetError(f"user: {printable(user)} is no name of a user, such as debian")
    return str(user)


def mac_of(text: str) -> str:
    """A MAC address in the range that QEMU uses."""
    return ":".join(["52", "54", "00", *re.findall("..", hashlib.sha256(text.encode()).hexdigest()[:6])])
