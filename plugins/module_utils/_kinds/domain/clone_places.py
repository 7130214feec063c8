# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of the host a guest can write to besides its disks: its clone would write to the same. Pure functions.

The lists here say what is known to do no harm. A device that is on anything else is left out, and any other option that
names anything else has the clone refused.
"""

from __future__ import annotations

import typing as t

from ..._engine import xml_merge
from ..._engine.rows.model import Item
from ..._errors import Invalid
from ..._printing import printable

STREAMS = ("pty", "null", "vc", "spicevmc", "spiceport", "qemu-vdagent")
"""Types of character devices that are on nothing of the host that two guests share."""

TYPES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("serials", "parallels", "consoles", "redirdevs"), STREAMS),
    "channels": (*STREAMS, "unix"),
    "interfaces": ("network", "bridge", "direct", "user", "ethernet", "internal", "null"),
    "inputs": ("tablet", "mouse", "keyboard"),
    "audios": ("none", "spice", "dbus", "jack", "pipewire", "pulseaudio", "sdl"),
    "shmems": (),
}
"""Devices by their lists, and their types that do no harm."""

HARMLESS = (
    *("title", "description", "metadata", "cmdline", "kernel", "initrd", "bootloader", "bootloader_args", "emulator"),
    *("sysinfo", "resource.partition", "blkiotune", "launch_security", "keywrap", "seclabels", "disks", "xml", "qemu"),
    *("os.loader.path", "os.nvram.template", "os.shim", "os.dtb", "os.acpi_tables.path"),
    *("os.init", "os.initargs", "os.initenv", "os.initdir", "os.root"),
    *("rngs.backend.device", "interfaces.backend.tap", "interfaces.backend.vhost", "interfaces.rom.file"),
    *("graphics.passwd", "graphics.gl.rendernode", "videos.model.acceleration.rendernode"),
)
"""Options that name what a guest only reads or that guests share, or that name nothing of the host."""

PLACES = ("path", "file", "block", "volume", "socket", "device", "dir", "log_file")
"""Options that name something of the host, however that is spelled."""

LOGS = (("log",), ("port_forwards",), ("backend", "log_file"))
"""Options of a device that it does without."""

ONE = "only one guest can have that, so it is left out"
"""Why something is left out."""

REFUSED = ("memory_devices", "audios")
"""Lists of which nothing is left out, as other options go with what is in them."""


def take_out_shared(whole: Item, want: Item) -> dict[str, str]:
    """Take out of the options of a clone what it would write to as its original does. Raises Invalid.

    :param whole: the options that it gets, changed in place
    :param want: what is declared of it
    :returns: what is left out, each with the reason
    """
    left: dict[str, str] = {}
    for name, value in list(whole.items()):
        if name in HARMLESS or name in want:
            continue
        if isinstance(value, list) and all(isinstance(one, dict) for one in value):
            kept = []
            for place, device in enumerate(value):
                where = f"{name}[{place}]"
                left.update((f"{where}.{log}", f"{ONE}: declare {name} to have it") for log in without_logs(device))
                on = on_host(name, device)
                if on is None:
                    kept.append(device)
                elif name in REFUSED:
                    raise refusal(where, on, name)
                else:
                    left[where] = f"is {on}; {ONE}: declare {name} to have it"
            whole[name] = kept
    refuse_rest(whole, want)
    return left


def without_logs(device: Item) -> t.Iterator[str]:
    """The options that a device does without, which are taken out of it."""
    for path in LOGS:
        inner = device
        for name in path[:-1]:
            found = inner.get(name)
            inner = found if isinstance(found, dict) else {}
        if inner.pop(path[-1], None):
            yield ".".join(path)


def on_host(devices: str, device: Item) -> str | None:
    """What a device is on that guests do not share, in words; None where it is on nothing of that kind."""
    kind = device.get("type")
    if devices in TYPES and (kind not in TYPES[devices] if kind is not None or devices == "shmems" else False):
        on = next((str(device[name]) for name in (*PLACES, "dev") if isinstance(device.get(name), str)), None)
        what = "shared memory" if devices == "shmems" else f"of type {kind}"
        return f"{what} on {printable(on)}" if on is not None else what
    if devices == "filesystems":
        shared = kind != "ram" and not device.get("readonly")
        return f"on {printable(str(device.get('source') or device.get('socket')))}" if shared else None
    if devices == "channels" and kind == "unix" and device.get("mode") == "connect":
        return "connected to a socket"
    if devices == "interfaces" and device.get("mode") == "passthrough":
        return "on a device that is handed through"
    if devices == "interfaces" and device.get("target_managed") is False:
        return "on a device that somebody else makes"
    inner = device.get("backend")
    backend: Item = inner if isinstance(inner, dict) else {}
    if devices == "tpms" and backend.get("type", "emulator") != "emulator":
        return f"of type {backend['type']}"
    if devices == "smartcards" and (device.get("mode") != "passthrough" or backend.get("type") not in STREAMS):
        return "of the host"
    if devices == "rngs" and backend.get("model") == "egd" and backend.get("type") not in STREAMS:
        return f"of type {backend.get('type')}"
    found = next(host_names_below(device, devices), None)
    return None if found is None else f"on {printable(found[1])}"


def host_names_below(part: object, where: str) -> t.Iterator[tuple[str, str]]:
    """The options below one that name something of the host, each with what it names."""
    if where in HARMLESS:
        return
    if isinstance(part, dict):
        for name, value in part.items():
            yield from host_names_below(value, f"{where}.{name}")
    elif isinstance(part, (list, tuple)):
        for one in part:
            yield from host_names_below(one, where)
    elif isinstance(part, str) and (part.startswith("/") or where.rpartition(".")[2] in PLACES):
        yield where, part


def refuse_rest(whole: Item, want: Item) -> None:
    """Raise Invalid for what a clone would write to and cannot be left out."""
    loader = within(whole, "os", "loader")
    if loader.get("type") == "pflash" and loader.get("readonly") is not True and not is_declared(want, "os", "loader"):
        raise refusal("os.loader", f"on {printable(str(loader.get('path')))}, which is written to", "os.loader")
    nvram = within(whole, "os", "nvram")
    others = [name for name in nvram if not name.startswith("template") and name != "storage_format"]
    if nvram.get("type", "file") != "file" or others:
        if not is_declared(want, "os", "nvram"):
            raise refusal("os.nvram", "in something else than a file", "os.nvram")
        for name in others:
            del nvram[name]
    for option in ("args", "env", "override"):
        if within(whole, "qemu").get(option) and not is_declared(want, "qemu", option):
            raise Invalid(
                f"qemu.{option}",
                "nobody knows what of the host it names: declare it for this guest, or take it from the original",
            )
    if whole.get("xml") is not None and "xml" not in want and names_host(whole["xml"]):
        raise Invalid("xml", "the original has something of the host that no option names: declare xml for this guest")
    for name, value in whole.items():
        if isinstance(value, dict):
            for where, place in host_names_below(value, name):
                if not is_declared(want, *where.split(".")):
                    raise refusal(where, f"on {printable(place)}", where)


def refusal(where: str, on: str, option: str) -> Invalid:
    """Why a guest cannot be cloned for one of its options."""
    return Invalid(
        where,
        f"that of the original is {on}, which two guests cannot have: declare {option} for this guest",
    )


def within(part: Item, *names: str) -> Item:
    """The dictionary at a path; an empty one where there is none."""
    for name in names:
        found = part.get(name)
        part = found if isinstance(found, dict) else {}
    return part


def is_declared(want: Item, *names: str) -> bool:
    """Whether an option is declared, by itself or with what it is in."""
    part: object = want
    for name in names:
        if not isinstance(part, dict):
            return part is not want
        if name not in part:
            return False
        part = part[name]
    return True


def names_host(xml: object) -> bool:
    """Whether a fragment of a definition names anything of the host."""
    try:
        root = xml_merge.parse(xml, "domain")
    except ValueError:
        return True
    return any(
        value.strip().startswith("/") for node in root.iter() for value in (node.text or "", *node.attrib.values())
    ) or any(node.attrib for node in root.iter("source"))
