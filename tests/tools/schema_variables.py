# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of the collection and the files that hold them, as JSON schema (see inventory_schema)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import yaml
from schema_rows import SHARED, array, never, notes
from schema_values import IPV4, IPV6, MASK4, MASK6, TEMPLATE, Schema, address, anycase, or_null, text
from tables import PARTS, ROOT, layers, links

LISTS = {
    "kvm_links": "link",
    "kvm_guests": "guest",
    **{part.variable: kind for kind, part in PARTS.items() if part.variable and not part.of_fleet},
    "networks_default": "network",
    "storage_default": "pool",
}
"""Variables that hold resources, and the kind of each."""

GUESTS = (
    "The guests of the whole fleet. A host takes those whose C(host) is its name. Besides C(host) and"
    " C(snapshots), a guest takes the options of M(virtfleet.kvm.domains)."
)

HOST: Schema = {
    "host": {
        **notes("The host that the guest runs on, by its name in the inventory."),
        "type": "string",
        "minLength": 1,
    }
}
"""What a guest has in the fleet's list, beside the options of the module."""

LAYERS = {
    "kvm_guest_defaults": "Options that all guests get where they do not have them.",
    "kvm_guest_defaults_group": (
        "Options that the guests of a group of hosts get where they do not have them. They go before those of"
        " C(kvm_guest_defaults)."
    ),
    "kvm_guest_defaults_host": (
        "Options that the guests of one host get where they do not have them. They go before those of"
        " C(kvm_guest_defaults_group)."
    ),
}
"""Variables with options that guests have in common, and what each is."""

PROFILES = "The options of some guests, by the names of the profiles. A guest names its own as C(profile)."

PLAYBOOKS = {
    "adopt_full": ("bool", "Whether the playbook C(virtfleet.kvm.adopt) writes all options."),
    "adopt_files": ("bool", "Whether it gives each guest a file of its own, C(host_vars/HOST/guests/NAME.yml)."),
    "adopt_volumes": ("bool", "Whether it writes the volumes, too."),
    "adopt_overwrite": (
        "bool",
        "Whether it writes files anew that are there already. What was changed in them by hand is lost.",
    ),
    "adopt_directory": ("str", "The folder that gets C(host_vars). By default it is the inventory's."),
    "kvm_inventory_uri": (
        "str",
        "Where the inventory plugin P(virtfleet.kvm.guests#inventory) asks libvirt of the host.",
    ),
    "plan_file": ("str", "The file that the playbook C(virtfleet.kvm.plan) writes the plan to, as JSON."),
    "images_lock_only": (
        "names",
        "The images that the playbook C(virtfleet.kvm.images_lock) locks anew, with commas between their names; all if"
        " it is left out.",
    ),
    "images_lock_older": (
        "names",
        "The images for which it also takes a version that is older than the locked one, or other bytes of the same"
        " one.",
    ),
    "images_lock_unsigned": (
        "names",
        "The images for which it also takes a version of which no signature was verified, where the locked one was"
        " signed.",
    ),
    "images_lock_prune": (
        "bool",
        "Whether it removes images from the lock file that are not in C(kvm_images). Other inventories may use them.",
    ),
    "kvm_cloud_init_schema": (
        "bool",
        "Whether the data that guests give cloud-init is also checked by cloud-init's own schema, where its package and"
        " jsonschema are on the control node; true if it is left out.",
    ),
    "kvm_look_first": (
        "bool",
        "Whether C(virtfleet.kvm.site) looks at each host once, and leaves alone those on which nothing is to be done;"
        " true if it is left out.",
    ),
    "kvm_progress": (
        "pause",
        "How many seconds lie between two lines that tell how far long work has come, such as an image that is fetched:"
        " 5 by default, V(false) for no lines.",
    ),
    "kvm_plan_only": ("bool", "Whether C(virtfleet.kvm.site) only plans. C(virtfleet.kvm.plan) sets it."),
    "site_refuse": (
        "refuse",
        "Which hosts C(virtfleet.kvm.site) leaves alone if one refuses the plan. V(fleet), the default, is all of them;"
        " V(host) is that one, and then no plan is made first. It is the same for all hosts.",
    ),
    "links_serial": (
        "batch",
        "How many hosts the playbooks change the links of at once: a number, a share such as V(20%), or a list.",
    ),
}
"""Variables of the playbooks: the type, and what it does. Those of adopt are in README.md, too."""

BOUNDS = {"guests_shutdown_timeout": (0, math.inf), "links_rollback_after": (1, links.LONGEST)}
"""The least and the most that a number may be (see plugin_utils/_settings.py)."""

SYNONYMS = {
    "kvm_bridges": "kvm_links",
    "kvm_defaults": "kvm_guest_defaults",
    "kvm_domains": "kvm_guests",
    "kvm_machines": "kvm_guests",
    "kvm_profiles": "kvm_guest_profiles",
    "kvm_storage": "kvm_pools",
    "kvm_virtual_machines": "kvm_guests",
    "kvm_vms": "kvm_guests",
}
"""What else the lists might be called (see plugin_utils/_unknown_names.py)."""

BATCH = {
    "type": ["integer", "string"],
    "minimum": 1,
    "pattern": rf"^0*[1-9][0-9]{{0,17}}%?$|{TEMPLATE}",
    "patternErrorMessage": "Write a number of hosts, or a share such as 20%.",
}


def switch(*null: str) -> Schema:
    """A Boolean of a role, with all the words that Ansible takes for one."""
    words = ("y", "yes", "on", "1", "true", "t", "n", "no", "off", "0", "false", "f")
    return {
        "$name": "switch",
        **text("|".join(map(anycase, words)), "Write true or false."),
        "type": ["boolean", "string", "integer", *null],
        "minimum": 0,
        "maximum": 1,
    }


def pause() -> Schema:
    """Seconds, or a Boolean: that there are some, or none."""
    words = [*map(anycase, ("y", "yes", "on", "true", "t", "n", "no", "off", "false", "f")), r"[0-9]+(?:\.[0-9]+)?"]
    hint = "Write a number of seconds, or false."
    return {**text("|".join(words), hint), "type": ["boolean", "number", "string"], "minimum": 0}


def number(name: str, kind: str, *null: str) -> Schema:
    """A number of a role, which may be written in quotes."""
    least, most = BOUNDS[name]
    pattern = r"\+?[0-9]+" if kind == "int" else r"\+?[0-9]*\.?[0-9]*(?:[eE][-+]?[0-9]+)?"
    schema = text(pattern, f"Write a number of seconds from {least}.")
    bounds = {"minimum": least} if most == math.inf else {"minimum": least, "maximum": most}
    return {**schema, "type": ["integer" if kind == "int" else "number", "string", *null], **bounds}


def in_common() -> Schema:
    """What a guest says of the options that it has in common with others."""
    return {
        layers.PROFILE: {
            **notes(
                "The profile whose options the guest gets where it does not have them; one of C(kvm_guest_profiles)."
            ),
            "type": ["string", "integer", "null"],
        },
        layers.SWITCH: {
            **notes("Whether the guest gets the options of C(kvm_guest_defaults) and of its like.", True),
            **switch("null"),
        },
    }


def with_address(guest: Schema) -> Schema:
    """The schema of a guest in the fleet's list, whose interfaces may have an address."""
    said = {
        "ip": "The address: kept by the DHCP of the libvirt network or, with its subnet, set by cloud-init.",
        "gateway": "The way to all other networks, for an V(ip) with its subnet.",
        "nameservers": "The name servers, for an V(ip) with its subnet.",
    }
    either = text(rf"{IPV4}(?:/{MASK4})?|{IPV6}(?:/{MASK6})?", "Write an IP address, which may have its subnet.")
    values = {"ip": or_null(either), "gateway": or_null(address(None)), "nameservers": array(address(None))}
    card = guest["properties"]["interfaces"]["items"]
    more = {name: {**notes(told), **values[name]} for name, told in said.items()}
    card["properties"] = {**card["properties"], **more}
    return guest


def with_snapshots(guest: Schema, snapshot: Schema) -> Schema:
    """The schema of a guest in the fleet's list, or of what guests have in common, which may have snapshots.

    :param snapshot: the schema of a snapshot that the module takes
    """
    left_out = ("domain", "discard_changes", "discard_newer")
    properties = {name: one for name, one in snapshot["properties"].items() if name not in left_out}
    properties["state"] = {
        **notes(
            "Whether the guest has the snapshot. To put a guest back, write a task with M(virtfleet.kvm.snapshots)."
        ),
        "anyOf": [{"enum": ["present", "absent", None]}, {"type": "string", "pattern": TEMPLATE}],
    }
    told = "Snapshots that the guest is to have, or not to have any more, in the words of M(virtfleet.kvm.snapshots)."
    made = array({"$name": "guest.snapshots.item", **snapshot, "properties": properties})
    guest["properties"]["snapshots"] = {**notes(told), "$name": "guest.snapshots", **made}
    return guest


def setting(name: str, spec: dict[str, Any]) -> Schema:
    """A variable of a role by its entry in the argument specs, without what is said of it."""
    kind = spec["type"]
    null = () if "default" in spec else ("null",)
    if name in LISTS:
        return array({"$ref": f"#/definitions/{LISTS[name]}"})
    if "choices" in spec:
        return {
            "oneOf": [
                {"enum": spec["choices"]},
                {"type": "string", "pattern": TEMPLATE},
                *({"type": one} for one in null),
            ]
        }
    if kind == "list":
        items = {"type": ["string", "number", "boolean"]}
        return {"type": ["array", "string", *null], "pattern": TEMPLATE, "items": items}
    if kind == "bool":
        return switch(*null)
    if kind in ("int", "float"):
        return number(name, kind, *null)
    if name == "kvm_owner":
        return {"type": ["string", "number", *null], "minLength": 1}
    return {"type": ["string", "number", "boolean", *null]}


def specs() -> dict[str, dict[str, Any]]:
    """The options of all roles by name."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(ROOT.glob("roles/*/meta/argument_specs.yml")):
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"].values():
            found.update(entry.get("options") or {})
    return found


def properties() -> Schema:
    """All variables by name, the lists of what is declared first."""
    known: Schema = {"kvm_guests": {**notes(GUESTS), **setting("kvm_guests", {"type": "list"})}}
    options = specs()
    for name in sorted(options, key=lambda name: (not name.startswith("kvm_"), name)):
        said = options[name]["description"]
        default = options[name].get("default")
        told = notes(said if isinstance(said, str) else " ".join(said), None if default == [] else default)
        known[name] = {**told, **setting(name, options[name])}
    layer = {"$ref": "#/definitions/layer"}
    for name, said in LAYERS.items():
        known[name] = {**notes(said), **layer}
    profiles = {"type": ["object", "string", "null"], "pattern": TEMPLATE, "additionalProperties": layer}
    known[layers.PROFILES] = {**notes(PROFILES), **profiles}
    for name, (kind, said) in PLAYBOOKS.items():
        own = {
            "batch": {**BATCH, "type": ["integer", "string", "array"], "items": BATCH},
            "names": {"type": ["array", "string", "null"], "items": {"type": "string"}},
            "pause": pause(),
            "refuse": refuse(),
        }
        known[name] = {**notes(said), **(own.get(kind) or setting(name, {"type": kind}))}
    return known


def refuse() -> Schema:
    """The variable of a playbook that says whom a refusal stops."""
    return setting("site_refuse", {"type": "str", "choices": ["fleet", "host"]})


def slips(name: str) -> str:
    """A pattern of names that are meant for a variable, with one letter wrong, or otherwise written.

    The check of the collection finds more of them. It lets a list pass that a template names, so a name that
    somebody may have chosen, such as ``kvm_guests_web`` or ``kvm_guests2``, is no slip here.
    """
    found = ["[_-]".join(map(anycase, name.split("_"))), f"{name}[a-zA-Z]"]
    tail = name.removeprefix("kvm")
    for place in range(len(tail)):
        head, rest = tail[:place], tail[place + 1 :]
        found += [f"kvm{head}[a-zA-Z_-]?{rest}", f"kvm{head}[a-zA-Z_-]{tail[place:]}"]
        if rest:
            found.append(f"kvm{head}{rest[0]}{tail[place]}{rest[1:]}")
    found += [synonym for synonym, meant in SYNONYMS.items() if meant == name]
    return rf"^(?!{name}$)(?:{'|'.join(dict.fromkeys(found))})$"


def refused(names: Iterable[str]) -> Schema:
    """Slips of variables, each with what to say of it."""
    return {slips(name): never(f"No role of virtfleet.kvm knows this variable; did you mean {name}?") for name in names}


VARIABLES: Schema = {"$ref": "#/definitions/variables"}
GROUP: Schema = {"$ref": "#/definitions/group"}

PARTS = ("hosts", "vars", "children")
"""What a group of an inventory has."""


def group() -> Schema:
    """A group of an inventory."""
    members = {"type": ["object", "string", "null"]}
    return {
        "type": ["object", "null"],
        "properties": {
            "hosts": {
                "description": "The hosts of the group, each with its variables.",
                **members,
                "additionalProperties": VARIABLES,
            },
            "vars": {"description": "The variables of the group.", **VARIABLES},
            "children": {
                "description": "Groups that are part of this one.",
                **members,
                "additionalProperties": GROUP,
            },
        },
        "additionalProperties": False,
    }


def document(kinds: dict[str, Schema]) -> Schema:
    """A file of an inventory: groups, or the variables of a group or host.

    :param kinds: the schema of one item of each list
    """
    known = properties()
    variables = {
        "type": ["object", "null"],
        "properties": known,
        "patternProperties": refused(name for name in known if name.startswith("kvm_")),
    }
    like_a_group = {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"enum": list(PARTS)},
        "properties": {name: {"type": ["object", "null"]} for name in PARTS},
    }
    hypervisors = {"if": {"type": ["object", "null"]}, "then": GROUP}
    return {
        "type": ["object", "null"],
        "allOf": [VARIABLES],
        "properties": {
            "all": {"description": "The group of all hosts of the inventory.", **GROUP},
            "kvm_hosts": {"description": "The group of the virtualization hosts.", **hypervisors},
        },
        "additionalProperties": {"if": like_a_group, "then": GROUP},
        "definitions": {"variables": variables, "group": group(), **SHARED, **kinds},
    }
