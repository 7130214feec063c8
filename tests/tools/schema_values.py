# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be written for one value, as JSON schema: one entry for each converter of the tables (see inventory_schema).

Wherever a value may stand, a template may, too. So each schema takes a string with ``{{``, ``{%`` or ``{#`` in it.
What a schema cannot say (that an address is the first of its subnet) is left to the check of the collection.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

from tables import (
    addresses,
    basic,
    cloud_init,
    domain_values,
    links,
    names,
    secret_values,
    servers,
    sizes,
    snapshots,
    storage_values,
)

Schema = dict[str, Any]

TEMPLATE = r"\{[{%#]"
"""What a string has that Ansible evaluates."""

OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
IPV4 = rf"{OCTET}(?:\.{OCTET}){{3}}"
HEX = "[0-9a-fA-F]{1,4}"
IPV6 = (
    "(?:"
    + "|".join(
        (
            f"(?:{HEX}:){{7}}{HEX}",
            f"(?:{HEX}:){{1,7}}:",
            *(f"(?:{HEX}:){{1,{7 - after}}}(?::{HEX}){{1,{after}}}" for after in range(1, 7)),
            f":(?::{HEX}){{1,7}}",
            "::",
            f"(?=.*:.*:)(?:{HEX})?:[0-9a-fA-F:]*{IPV4}",
        )
    )
    + r")(?:%[^\s/%]+)?"
)
MASK4 = rf"(?:3[0-2]|[12]?[0-9]|{IPV4})"
MASK6 = "(?:12[0-8]|1[01][0-9]|[1-9]?[0-9])"
SAFE = r"[^/\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]"
"""A character of a name (see Name)."""
NAME = rf"(?![-.\s]){SAFE}{{0,199}}[^/\s\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]"
DEVICE = r"[A-Za-z0-9_][A-Za-z0-9_.:-]{0,14}"


def literal(word: str) -> str:
    """A pattern of a word as it is. A strict reader (flag u of ECMAScript) refuses escapes that it does not need."""
    return re.sub(r"[\\^$.|?*+()\[\]{}]", r"\\\g<0>", word)


def anycase(word: str) -> str:
    """A pattern of a word in any case; JSON schema knows no flag for that."""
    return "".join(f"[{one.lower()}{one.upper()}]" if one.isalpha() else literal(one) for one in word)


def text(pattern: str, hint: str, *others: str) -> Schema:
    """A string of a pattern, or a template.

    :param hint: what to write, for editors
    :param others: further types
    """
    return {
        "type": ["string", *others],
        "pattern": rf"^\s*(?:{pattern})\s*$|{TEMPLATE}",
        "patternErrorMessage": f"{hint} A template is taken as well.",
    }


def any_text(_converter: Any) -> Schema:
    """Any text, or a number."""
    return {"type": ["string", "number"]}


def boolean(converter: basic.Boolean) -> Schema:
    """True or false, also as the words that YAML 1.1 reads so."""
    spelled = "|".join(map(anycase, (*sorted(basic.TRUE), *sorted(basic.FALSE))))
    schema = text(spelled, "Write true or false.", "boolean", "integer")
    return {**schema, "type": ["boolean", "string", "integer"], "minimum": 0, "maximum": 1}


def integer(converter: basic.Integer) -> Schema:
    """A whole number within bounds, also in quotes."""
    least = basic.LEAST if converter.minimum is None else converter.minimum
    most = basic.MOST if converter.maximum is None else converter.maximum
    sign = "-?" if least < 0 else ""
    digits = len(str(most))
    said = f"Write a whole number from {least} to {most}."
    if most == basic.MOST:
        said = "Write a whole number." if converter.minimum is None else f"Write a whole number from {least}."
    schema = text(f"{sign}0*[0-9]{{1,{digits}}}", said)
    return {**schema, "type": ["integer", "string"], "minimum": least, "maximum": most}


def power(converter: basic.Power) -> Schema:
    """A power of two, also in quotes."""
    powers = [1 << bit for bit in range(32) if 1 << bit <= (converter.maximum or basic.MOST)]
    schema = text("|".join(map(str, powers)), "Write a power of two, such as 256 or 1024.")
    return {**schema, "type": ["integer", "string"], "if": {"type": "integer"}, "then": {"enum": powers}}


def number(converter: basic.Number) -> Schema:
    """A whole number that may be written in base 16."""
    schema = text("[0-9]+|0[xX][0-9a-fA-F]+", "Write a number, such as 31 or 0x1f.")
    return {**schema, "type": ["integer", "string"], "minimum": 0, "maximum": basic.MOST}


def identifier(converter: basic.Identifier) -> Schema:
    """Digits of base 16. YAML reads them as a number, if they begin with 0x."""
    anything = "|-1" if converter.anything else ""
    schema = text(
        f"(?:0[xX])?[0-9a-fA-F]{{1,16}}{anything}", f"Write a number in base 16, like {converter.to_text(1)}."
    )
    least = -1 if converter.anything else 0
    return {**schema, "type": ["string", "integer"], "minimum": least, "maximum": basic.MOST}


def choice(converter: basic.Choice) -> Schema:
    """One of a few words. Editors complete those of ``oneOf``, and show them more plainly than those of ``anyOf``."""
    listed: list[Any] = list(converter.words)
    # YAML reads the bare words as true and false.
    read = [{"const": value} for word, value in (("on", True), ("off", False)) if word in listed]
    return {"oneOf": [{"enum": listed}, *read, {"type": "string", "pattern": TEMPLATE}]}


def size(converter: sizes.Size) -> Schema:
    """An amount with its unit; a plain number counts bytes."""
    return {**amount(f"[0-9]{{{len(str(converter.minimum))},60}}"), "minimum": converter.minimum, "maximum": basic.MOST}


def capacity(converter: storage_values.Capacity) -> Schema:
    """The size of a disk: zero, or more than a forgotten unit."""
    schema = {
        **amount(rf"(?:0+|0*[1-9][0-9]{{{len(str(converter.least)) - 1},59}}|[0-9]{{1,60}}(?=\.))"),
        "minimum": 0,
        "maximum": converter.most,
    }
    return {**schema, "if": {"type": "integer", "minimum": 1}, "then": {"minimum": converter.least}}


def amount(bare: str) -> Schema:
    """An amount of bytes.

    :param bare: pattern of the whole part of one without a unit
    """
    units, fraction = "|".join(anycase(unit) for unit in sizes.UNITS if unit), r"(?:\.[0-9]{1,60})?"
    hint = "Write a size with its unit, like 512MiB or 2GiB."
    return text(rf"[0-9]{{1,60}}{fraction}\s*(?:{units})|{bare}{fraction}", hint, "number")


def cpu_set(_converter: Any) -> Schema:
    """Numbers and ranges of them."""
    part = r"\^?(?:[0-9] *)+(?:- *(?:[0-9] *)+)?"
    return {
        **text(f"{part}(?:, *{part})*", "Write a set of numbers, like 0-3,8.", "integer"),
        "minimum": 0,
        "maximum": 999999999,
    }


def address(_converter: Any) -> Schema:
    return text(f"{IPV4}|{IPV6}", "Write an IP address.")


def interface(_converter: Any) -> Schema:
    # The address of the network itself, where it is seen at once.
    network = r"(?:[0-9.]+(?:\.(?:0|255)/24|\.0\.0/16|\.0\.0\.0/8)|[0-9a-fA-F:]+::/(?!12[78])[0-9]+)"
    return text(
        rf"(?!{network}\s*$)(?:{IPV4}/{MASK4}|{IPV6}/{MASK6})",
        "Write the address of a host with its subnet, like 192.168.122.1/24.",
    )


def route(_converter: Any) -> Schema:
    return text(rf"default|{IPV4}(?:/{MASK4})?|{IPV6}(?:/{MASK6})?", "Write default, or a network such as 10.0.0.0/8.")


def mac(_converter: Any) -> Schema:
    byte = "[0-9a-fA-F]{0,2}"
    return text(
        rf"(?:[0-9a-fA-F]?[02468aAcCeE])?(?:[:-]{byte}){{5}}",
        "Write a MAC address like 52:54:00:aa:00:01; its first byte is even.",
    )


def uuid(_converter: Any) -> Schema:
    return text(r"(?:urn:)?(?:uuid:)?\{?(?:-*[0-9a-fA-F]){32}-*\}?", f"Write a UUID like {addresses.EXAMPLE}.")


def name(_converter: Any) -> Schema:
    hint = "Write a name: it does not start with '-' or '.', and has no '/' and no space at its ends."
    return {**text("", hint), "pattern": rf"^{NAME}$|{TEMPLATE}"}


def device(_converter: Any) -> Schema:
    hint = "Write the name of a network device: 1 to 15 letters, digits, '_', '.', '-'."
    return {**text("", hint, "number"), "pattern": rf"^{DEVICE}$|{TEMPLATE}", "minimum": 0}


def link_name(_converter: Any) -> Schema:
    number = "[0-9]+|0[xX][0-9a-fA-F]*|0[bB][01]*|0[oO][0-7]*"  # To systemd, a number of a device.
    pattern = rf"(?!(?:all|default|lo|{number})$)[A-Za-z0-9_][A-Za-z0-9_.-]{{0,14}}"
    hint = "Write the name of a network device, such as br0: 1 to 15 letters, digits, '_', '.', '-'."
    return {**text("", hint, "number"), "pattern": rf"^{pattern}$|{TEMPLATE}", "minimum": 0}


def absolute_path(_converter: Any) -> Schema:
    return {**text("", "Write a path from the root, such as /var/lib/x."), "pattern": rf"^/[^\n]*$|{TEMPLATE}"}


def mode(_converter: Any) -> Schema:
    return text("0?[0-7]{3}", "Write a mode up to 0777 in quotes, like '0711'.")


def owner(converter: storage_values.OwnerId) -> Schema:
    schema = text("-1|[0-9]{1,10}", "Write a numeric id, or -1.")
    return {**schema, "type": ["integer", "string"], "minimum": -1, "maximum": converter.most}


def volume_place(_converter: Any) -> Schema:
    return {
        **text("", "Write the name of a volume, or POOL/VOLUME.", "number"),
        "pattern": rf"^{NAME}(?:/{NAME})?$|{TEMPLATE}",
        "minimum": 0,
    }


def image_place(converter: storage_values.ImageValue) -> Schema:
    path = r"/(?!/)(?:(?![?#\u0000-\u001f\u007f-\u009f]).)*"
    hint = "Write an URL that starts with http://, https:// or file:///, a path from the root, or a volume."
    url = r"https?://[!-~]+|file:///[^\u0000-\u001f\u007f-\u009f]*"
    return {
        **text("", hint, "number"),
        "pattern": rf"^(?:{url}|{path}|(?!.*[?#]|[^/]*:[^/]*@){NAME}(?:/{NAME})?)$|{TEMPLATE}",
        "minimum": 0,
    }


def checksum(converter: storage_values.Checksum) -> Schema:
    known = "|".join(f"{anycase(kind)}:[0-9a-fA-F]{{{length}}}" for kind, length in converter.lengths.items())
    url = f"(?:{anycase('http')}|{anycase('https')})://[!-~]+"
    return text(f"{known}|{url}", "Write the checksum with its algorithm, like sha256:9f86d0..., or the URL of a list.")


def ubuntu_release(converter: storage_values.UbuntuRelease) -> Schema:
    names = "|".join(map(anycase, storage_values.UBUNTU_NAMES))
    return text(f"{converter.rule}|{names}", "Write the release in quotes, like '24.04', or its name, like noble.")


def debian_release(_converter: Any) -> Schema:
    names = "|".join(map(anycase, storage_values.DEBIAN_NAMES.values()))
    schema = text(f"[0-9]{{1,4}}|{names}", "Write the number of the release, like 13, or its name.", "integer")
    return {**schema, "minimum": 0, "maximum": 9999}


def cookie_name(_converter: Any) -> Schema:
    return {"type": "string", "pattern": "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"}


def moment(_converter: Any) -> Schema:
    date, time = r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}", "[0-9]{1,2}:[0-9]{2}:[0-9]{2}"
    # YAML reads one without quotes as a date and time, in whatever form it has.
    return text(
        rf"{date}(?:[Tt]|\s+){time}(?:\.[0-9]*)?(?:\s*(?:Z|[-+][0-9:]+))?",
        "Write a date and time in UTC, like '2030-01-31T12:00:00'.",
    )


def host_name(_converter: Any) -> Schema:
    hint = "Write the name of a host: letters, digits, '-' and '.'."
    label = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    return {**text("", hint, "number"), "pattern": rf"^{label}(?:\.{label})*$|{TEMPLATE}", "minimum": 0}


def crypt_hash(converter: cloud_init.CryptHash) -> Schema:
    kinds = "|".join(map(literal, converter.kinds))
    locked = r"|\*|!!?" if converter.locked else ""
    hint = "Write the hash of a password, such as that of 'openssl passwd -6'."
    return {**text("", hint), "pattern": rf"^(?:\$(?:{kinds})\$.*{locked})$|{TEMPLATE}"}


def public_key(_converter: Any) -> Schema:
    return text(cloud_init.AUTHORIZED, "Write a public SSH key, like 'ssh-ed25519 AAAAC3Nz... kim@example.com'.")


def permissions(_converter: Any) -> Schema:
    return text("0?[0-7]{3,4}", "Write a mode in quotes, like '0644'.")


JSON_TYPES = {"dict": "object", "list": "array", "str": "string", "bool": "boolean"}


def data(converter: cloud_init.Data) -> Schema:
    """Data of others; a text may be a template."""
    types = list(dict.fromkeys([*(JSON_TYPES[kind] for kind in converter.kinds), "string"]))
    return {"type": types} if "str" in converter.kinds else {"type": types, "pattern": TEMPLATE}


def user_data(_converter: Any) -> Schema:
    begins = "|".join([*map(anycase, cloud_init.HEADS), cloud_init.WINDOWS_HEADS])
    schema = text("", "Write entries, or a text that begins with a line such as '#cloud-config'.")
    return {**schema, "type": ["object", "string"], "pattern": rf"^(?:{begins})|{TEMPLATE}"}


def guest_path(_converter: Any) -> Schema:
    return text(r"/.*|[A-Za-z]:[\\/].*", "Write a path from the root, like '/etc/motd', or like 'C:\\ProgramData\\x'.")


def commands(_converter: Any) -> Schema:
    command = {"type": ["string", "number", "array"]}
    return {"type": ["array", "string"], "pattern": TEMPLATE, "items": command}


def network_data(converter: cloud_init.NetworkData) -> Schema:
    words = "|".join(converter.words)
    hint = f"Write {' or '.join(converter.words)}, or network-config of version 2."
    schema = text("", hint)
    return {**schema, "type": ["object", "string"], "pattern": rf"^(?:{words})$|{TEMPLATE}"}


def usage(_converter: Any) -> Schema:
    hint = "Write a name: it does not start with '-' or '.', and has no space at its ends."
    pattern = NAME.replace("[^/", "[^").replace("{0,199}", "{0,999}")
    return {**text("", hint, "number"), "pattern": rf"^{pattern}$|{TEMPLATE}", "minimum": 0}


def plain(_converter: Any) -> Schema:
    return {"type": ["string"], "minLength": 1}


def base64(_converter: Any) -> Schema:
    space = r"[ \t\r\n]*"
    digit, end = rf"(?:[A-Za-z0-9+/]{space})", rf"(?:={space})"
    shape = rf"{space}(?={digit})(?:{digit}{{4}})*(?:{digit}{{2}}{end}{{2}}|{digit}{{3}}{end})?"
    return {**text("", "Write base64."), "pattern": rf"^{shape}$|{TEMPLATE}"}


BY_CONVERTER: dict[type[basic.Converter], Callable[[Any], Schema]] = {
    basic.Converter: any_text,
    basic.Verbatim: any_text,
    domain_values.Machine: any_text,
    servers.RemoteName: any_text,
    servers.Server: any_text,
    basic.Integer: integer,
    basic.Power: power,
    basic.Number: number,
    basic.AnyBase: number,
    basic.Identifier: identifier,
    basic.Boolean: boolean,
    basic.Presence: boolean,
    basic.Choice: choice,
    domain_values.Virt: choice,
    basic.CpuSet: cpu_set,
    names.Name: name,
    names.Device: device,
    names.AbsolutePath: absolute_path,
    sizes.Size: size,
    addresses.Mac: mac,
    addresses.Uuid: uuid,
    addresses.Address: address,
    addresses.Interface: interface,
    servers.CookieName: cookie_name,
    servers.Moment: moment,
    storage_values.Capacity: capacity,
    storage_values.Mode: mode,
    storage_values.OwnerId: owner,
    storage_values.VolumeName: volume_place,
    storage_values.ImageValue: image_place,
    storage_values.Checksum: checksum,
    storage_values.UbuntuRelease: ubuntu_release,
    storage_values.DebianRelease: debian_release,
    cloud_init.HostName: host_name,
    cloud_init.CryptHash: crypt_hash,
    cloud_init.Clean: any_text,
    cloud_init.Permissions: permissions,
    cloud_init.PublicKey: public_key,
    cloud_init.Data: data,
    cloud_init.Sudo: data,
    cloud_init.UserData: user_data,
    cloud_init.GuestPath: guest_path,
    cloud_init.FileContent: any_text,
    cloud_init.Commands: commands,
    cloud_init.NetworkData: network_data,
    links.LinkName: link_name,
    secret_values.Usage: usage,
    snapshots.Location: boolean,
    secret_values.PlainText: plain,
    secret_values.Base64: base64,
    links.RouteTarget: route,
}


@functools.cache
def of_converter(converter: basic.Converter) -> Schema:
    """The schema of a value other than null. Raises KeyError for a converter that has no entry here."""
    return BY_CONVERTER[type(converter)](converter)


def or_null(schema: Schema) -> Schema:
    """The schema of the same value, or null."""
    if "oneOf" in schema:
        return {"oneOf": [*schema["oneOf"], {"type": "null"}]}
    return {**schema, "type": [*schema["type"], "null"]}
