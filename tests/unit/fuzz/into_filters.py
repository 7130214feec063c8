# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile input into the filters, and what of it anybody can read."""

from __future__ import annotations

import contextlib
import os
import random
import tempfile
import typing as t
from xml.etree import ElementTree as ET

from ansible.errors import AnsibleError
from jinja2.exceptions import UndefinedError

from ansible_collections.virtfleet.kvm.plugins.filter.fleet import FilterModule as FleetFilters
from ansible_collections.virtfleet.kvm.plugins.filter.xml import FilterModule as XmlFilters
from ansible_collections.virtfleet.kvm.plugins.module_utils import _xml_conversion
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.table import Table
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.layers import DEFAULTS, PROFILES
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.image.lock import OPTIONS
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.network.table import NETWORK
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.snapshot.table import SNAPSHOT
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._molecule.scenario import Checkout, Scenario
from ansible_collections.virtfleet.kvm.tests.unit.exhaustive import exhaustive
from ansible_collections.virtfleet.kvm.tests.unit.fuzz.hostile import Hostile, Written
from ansible_collections.virtfleet.kvm.tests.unit.fuzz.into_modules import TABLES, Told, planted

FILTERS = {**FleetFilters().filters(), **XmlFilters().filters()}

KINDS = {name: TABLES[name.partition("_")[0]] for name in FILTERS if name.partition("_")[0] in TABLES}

OTHER = {"brief": "domain", "with_reservations": "guest ", "guest_snapshots": "guest ", "images_lock": ".yml: "}
"""What the messages of a filter are about, where that is not its own name."""


def scenario(hostile: Hostile, chance: random.Random) -> Told:
    """What guests of a scenario of molecule are to be."""
    item = hostile.item(DOMAIN)
    planted(hostile, chance, DOMAIN, item)
    extra = {
        "image": "debian-13",
        "user": "kim",
        "groups": ["a"],
        "cloud_init": {},
        "profile": "p",
        "interfaces": ["lan"],
    }
    for name in chance.sample(tuple(extra), 3):
        item[name] = hostile.value() if chance.random() < 0.4 else extra[name]
    if chance.random() < 0.3:
        seed = chance.choice(("users", "user_data", "ssh_authorized_keys"))
        item["cloud_init"] = {seed: chance.choice((hostile.value(), "ssh-ed25519 AAAA", [{"name": "kim"}]))}
    variables: dict[str, t.Any] = {"kvm_guests": chance.choice(([{"name": "web", **item}], [item, item]))}
    for name in SCENARIO:
        if chance.random() < 0.15:
            variables[name] = hostile.value()
    ports = chance.choice((None, {}, {"127.0.0.1": hostile.value()}))
    try:
        made = Scenario(Checkout("/f", "/p", "default", "m"), variables, "ssh-ed25519 KEY", ports=ports).for_playbooks()
    except UndefinedError:
        return Told("")  # The lookup has evaluated all of it before.
    except VirtfleetError as error:
        wrong = [line for line in str(error).splitlines() if not line.startswith(("guest ", "kvm_", "scenario "))]
        return Told(str(error), "it is not said what it is about" if wrong else "")
    users = [guest["user"] for guest in made["guests"]]
    return Told("", "" if all("\n" not in user and " " not in user for user in users) else "a user is no name")


SCENARIO = ("kvm_guests", "kvm_images", *DEFAULTS, PROFILES, "molecule_user", "molecule_timeout")

FOLDER = tempfile.TemporaryDirectory()  # pylint: disable=consider-using-with
"""Where the lock files are."""

OF_ROLES = (
    "adopted_together",
    "changes_told",
    "fleet_changes",
    "fleet_plan",
    "fleet_checked",
    "fleet_owner",
    "pending_restarts",
    "run_problems",
    "undeclared",
)
"""Filters that only the collection's own roles and playbooks call."""


def lock_file(hostile: Hostile, chance: random.Random) -> str:
    """A lock file of images as anybody may have damaged it."""
    texts = (
        "",
        "images:\n  noble: [{declared: {ubuntu: noble}, arch: amd64, serial: '1', checksum: nope}]\n",
        f"images: {{noble: [{{url: 'https://u:{hostile.secret}@h'}}]}}\n",
        "images: &a [*a]\n",
        "images: {a: 1, a: 2}\n",
        f"images: !vault {hostile.secret}\n",
        "a" * 5000,
        "[" * 5000,
        "\x1b[31m\0",
    )
    with tempfile.NamedTemporaryFile("w", suffix=".yml", delete=False, dir=FOLDER.name) as file:
        file.write(chance.choice(texts))
    return os.path.realpath(file.name)


def data_for_cloud_init(hostile: Hostile, chance: random.Random) -> dict[str, t.Any]:
    """Options of cloud-init with data of any sort, whose values may be secret."""
    names = ("users", "write_files", "chpasswd", "runcmd", "packages", "pakages", "power_state", "ntp", "mine")
    inner = chance.choice((hostile.value(), {"name": hostile.secret}, [{"path": hostile.value()}], hostile.secret))
    entries = {chance.choice((*names, hostile.sane())): inner, "password": hostile.secret}
    texts = (
        f"#cloud-config\npasswd: [{hostile.secret}",
        f"#cloud-config\nchpasswd: {{list: {{{hostile.secret}: 1}}}}\nusers: [{{name: a, {hostile.secret}: 1}}]",
        f"#cloud-config-archive\n- {{type: text/cloud-config, content: '{hostile.secret}'}}",
        "#cloud-config\n" + "[" * 3000,
        "#cloud-config\na: &a [*a, *a]\nb: [*a]",
        f"Content-Type: multipart/mixed; boundary=X\n\n--X\n\n#cloud-config\n{hostile.secret}\n--X--",
        "Content-Type: multipart/mixed",
    )
    data = chance.choice((entries, chance.choice(texts), hostile.value()))
    network = {"version": 2, chance.choice(("ethernets", "ethernet", "wifis")): hostile.value()}
    reader = {"datasource": chance.choice(("configdrive", "nocloud"))} if chance.random() < 0.3 else {}
    return {chance.choice(("user_data", "vendor_data")): data, "network": chance.choice(("auto", network)), **reader}


def arguments_of(name: str, hostile: Hostile, chance: random.Random) -> tuple[t.Any, ...]:
    """Hostile arguments of a filter."""
    arguments: tuple[t.Any, ...]
    if name == "guests_on":
        item = hostile.item(DOMAIN)
        planted(hostile, chance, DOMAIN, item)
        arguments = (chance.choice(([item, {"host": "kvm01"}], item, hostile.value(), [hostile.value()])), "kvm01")
    elif name in ("guest_networks", "staying"):
        item = hostile.item(DOMAIN)
        planted(hostile, chance, DOMAIN, item)
        items = chance.choice(
            ([{**item, "host": "kvm01"}, {"host": "kvm01"}], item, hostile.value(), [hostile.value()])
        )
        arguments = (items, "kvm01") if name == "guest_networks" else (items,)
    elif name == "declared_uses":
        tables = (DOMAIN, TABLES["volume"], TABLES["pool"])
        item, volume, pool = (hostile.item(table) for table in tables)
        for table, one in zip(tables, (item, volume, pool), strict=True):
            planted(hostile, chance, table, one)
        lists = ([{**item, "host": "kvm01"}], [volume], [pool])
        guests, volumes, pools = (chance.choice((one, one[0], hostile.value(), [hostile.value()])) for one in lists)
        arguments = (guests, "kvm01", volumes, pools)
    elif name == "guest_snapshots":
        snapshots = chance.choice(([hostile.item(SNAPSHOT), {"name": "clean"}], hostile.value(), [hostile.value()]))
        item = {**hostile.item(DOMAIN), "host": "kvm01", "snapshots": snapshots}
        planted(hostile, chance, DOMAIN, item)
        arguments = (chance.choice(([item], item, hostile.value(), [hostile.value()])), "kvm01")
    elif name == "images_lock":
        arguments = (chance.choice((hostile.value(), lock_file(hostile, chance))), chance.choice(("/", hostile.sane())))
    elif name == "images_locked":
        declared = {"url": f"https://u:{hostile.secret}@h/x.img", "checksum": "https://h/SUMS"}
        answer = {"name": "noble", "declared": declared, "checksum": f"sha256:{'f' * 64}", "arch": hostile.value()}
        answer |= {chance.choice(tuple(answer)): hostile.value()} if chance.random() < 0.5 else {}
        other = {"name": "noble", chance.choice(OPTIONS): hostile.sane()}
        images = chance.choice(([{"name": "noble", **declared}], [other], [{**declared, **other}], hostile.sane()))
        found = chance.choice(({"images": [answer, hostile.value()]}, {"images": [answer]}, hostile.value()))
        file = chance.choice((lock_file(hostile, chance), hostile.sane()))
        variables = {"kvm_images": images, "images_lock_found": found, "kvm_images_lock": file}
        arguments = (["kvm01"], Written({"kvm01": variables}), *(hostile.value() for _name in range(4)))
    elif name == "with_reservations":
        item, network = hostile.item(DOMAIN), hostile.item(NETWORK)
        planted(hostile, chance, DOMAIN, item)
        cards = [{"network": network.get("name"), "ip": "10.7.0.9"}, {"network": "lan", "ip": hostile.value()}]
        item |= {"host": "kvm01", "interfaces": chance.choice((cards, hostile.value()))}
        lan = {"name": "lan", "ips": chance.choice((["10.7.0.1/24"], [{"address": "10.7.0.1/24", "dhcp": {}}]))}
        arguments = (
            chance.choice(([network, lan], hostile.value())),
            chance.choice(([item], hostile.value())),
            "kvm01",
        )
    elif name == "fleet_owner":
        arguments = (chance.choice(("/srv/fleet/inventory", "", hostile.value())),)
    elif name == "query":
        words = ("[?name==`a`]", "[", "a.b.c", "max_by(@, &a)", "length(@)", "`", "\x1b", "a" * 5000, "[" * 5000)
        arguments = (chance.choice(([], [{"name": "a"}], hostile.value())), chance.choice((*words, hostile.value())))
    elif name == "run_problems":
        arguments = (chance.choice(({"kvm_hosts": ["kvm01"]}, hostile.value())), ["kvm01"], [hostile.value()], [], [])
    elif name == "pending_restarts":
        result = {"guests_declared": {"pending_restart": chance.choice(([], hostile.value(), [hostile.value()]))}}
        arguments = (["kvm01"], chance.choice(({"kvm01": result}, hostile.value())))
    elif name in ("fleet_changes", "fleet_plan", "changes_told"):
        change = {"resource": hostile.value(), "path": "memory", "before": hostile.value(), "after": hostile.value()}
        result = {"changes": chance.choice(([change], hostile.value())), "failed": True, "msg": hostile.value()}
        hosts = chance.choice(({"kvm01": {"guests_declared": result}}, {"kvm01": hostile.value()}, hostile.value()))
        arguments = (["kvm01"], hosts) if name != "changes_told" else (chance.choice((hosts, {"hosts": hosts})),)
    elif name == "fleet_checked":
        item = {**hostile.item(DOMAIN), "name": "a", "host": "kvm01", "memory": "1GiB"}
        if chance.random() < 0.5:
            item["cloud_init"] = data_for_cloud_init(hostile, chance)
        variables = {"kvm_guests": chance.choice(([item], hostile.value()))}
        arguments = (["kvm01"], {"kvm01": variables}, [hostile.value()] if chance.random() < 0.2 else [])
    elif name == "left_out":
        item = {"name": hostile.value(), chance.choice(("secrets", "uncovered", "refused")): hostile.value()}
        arguments = (chance.choice(({"guests": [item, hostile.value()]}, {"pools": [item]}, hostile.value())),)
    elif name == "undeclared":
        found = {chance.choice(("kvm_guests", "kvm_volumes", "kvm_pools")): [{"name": "a"}, hostile.item(DOMAIN)]}
        variables = {"kvm_guests": hostile.sane(), "kvm_volumes": [hostile.sane()]}
        arguments = (chance.choice((found, hostile.value())), "kvm01", Written({"kvm01": variables}), "/nowhere")
    elif name == "adopted_together":
        guests = [{"name": "a", "uuid": "1c95ce2b-070d-504a-94b3-7872f2a3c2be"}, hostile.item(DOMAIN)]
        left = {"lists": chance.choice(({"kvm_guests": guests}, hostile.value())), "joins": hostile.value()}
        variables = {"kvm_guests": hostile.sane(), "kvm_pools": [hostile.sane()]}
        found = chance.choice(({"kvm01": left, "kvm02": left}, {"kvm01": left}, hostile.value()))
        arguments = (found, ["kvm01", "kvm02"], {"kvm01": variables, "kvm02": {}})
    elif name == "adopted_files":
        item = hostile.item(DOMAIN)
        wrong = chance.choice((None, 7, "", [], ["a"], [[]], {"kvm_guests": None}, {"kvm_guests": [None]}))
        arguments = (
            chance.choice(({"kvm_guests": [{"name": "a"}]}, {"kvm_pools": [item]}, wrong)),
            chance.random() < 0.5,
        )
    elif name == "brief":
        kind = chance.choice(("domain", "network", "pool"))
        item = hostile.item(TABLES[kind])
        planted(hostile, chance, TABLES[kind], item)
        arguments = (item if chance.random() < 0.9 else hostile.value(), chance.choice((kind, hostile.value())))
    elif name.endswith("_to_xml"):
        item = hostile.item(KINDS[name])
        planted(hostile, chance, KINDS[name], item)
        arguments = (item if chance.random() < 0.95 else hostile.value(),)
    else:
        arguments = (definition(hostile, chance, KINDS[name]),)
    return arguments


def filtered(name: str, hostile: Hostile, chance: random.Random) -> Told:
    """One filter with hostile arguments."""
    arguments = arguments_of(name, hostile, chance)
    try:
        made = FILTERS[name](*arguments)
    except AnsibleError as error:
        other = OTHER.get(name, name)
        about = (name, name.partition("_")[0] if name in KINDS else name, other)
        if "a fault of this collection" in str(error) and name not in OF_ROLES:
            return Told(str(error), "the error is one of the filter itself")
        return Told(str(error), "" if any(map(str(error).__contains__, about)) else "it is not said what it is about")
    # What a filter makes of the user's own values holds them: only what it leaves out by itself is looked at.
    return Told(str(made) if name.endswith("_from_xml") else "")


MADE: dict[str, list[ET.Element]] = {}


def definitions(table: Table) -> t.Iterator[ET.Element]:
    """A few good definitions that use many options."""
    yield ET.fromstring(table.skeleton)
    for item in exhaustive(table)[:20]:
        with contextlib.suppress(VirtfleetError):
            yield ET.fromstring(_xml_conversion.definition(table, table.parse([{"memory": "1GiB", **item}])[0]))


def definition(hostile: Hostile, chance: random.Random, table: Table) -> t.Any:
    """A definition of which a few parts are damaged, and that holds the secret where a domain may."""
    if chance.random() < 0.1:
        return hostile.value()
    if table.kind not in MADE:
        MADE[table.kind] = list(definitions(table))
    root = ET.fromstring(ET.tostring(chance.choice(MADE[table.kind])))
    nodes = list(root.iter())
    words = ("", "\u00b2", "0x", "-1", "9" * 5000, "x" * 5000, "yes", "\u202e", "10.0.0.0/8", "::", "0x1g", "1.5")
    for _time in range(chance.randint(0, 4)):
        node = chance.choice(nodes)
        if node.attrib and chance.random() < 0.6:
            node.set(chance.choice(list(node.attrib)), chance.choice(words))
        elif chance.random() < 0.5:
            node.text = chance.choice(words)
        elif len(node):
            node.append(ET.fromstring(ET.tostring(chance.choice(list(node)))))
    devices = root.find("devices")
    if devices is not None:
        ET.SubElement(devices, "graphics", type="vnc", passwd=hostile.secret)
    text = ET.tostring(root, encoding="unicode")
    if chance.random() < 0.05:
        text = text.replace("</name>", f"</name>{'<a>' * 9000}{'</a>' * 9000}", 1)
    return text if chance.random() < 0.9 else text[: chance.randrange(len(text))]
