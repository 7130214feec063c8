# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests that stand in files of their own, in the folder that ``kvm_guests_dir`` names.

A host has to know which guests are its own. So that not each host reads all files of the fleet, what was read once in a
run of Ansible leaves an index: which hosts the guests of each file name.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import typing as t

from ansible import constants
from ansible.parsing.dataloader import DataLoader

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet import unique
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import label, printable, spelled_out

from ._unevaluated import WrittenItem
from ._yaml_files import loaded

FOLDER = "kvm_guests_dir"
"""The variable that names the folder."""

ENDINGS = (".yml", ".yaml")
"""How the names of the files end."""

UNREAD = (".json", ".YML", ".YAML", ".yml.j2", ".yaml.j2")
"""How the names of files end that are not read although they may be meant so."""

TEXTS = ("README", "LICENSE", "Makefile", "CODEOWNERS", "OWNERS")
"""Names of files without an ending that hold no guest."""

MOST = 5
"""How many files that are not read are named."""

DEEPEST = 2
"""How many folders deep they are looked for: the folder may be one with much else in it."""

Index = dict[str, tuple[list[int], list["str | None"], list[str]]]
"""By the name of a file: what tells it from what it becomes by a change, the hosts that its guests name, None for one
that only a template tells, and the names of its guests."""


class Files(t.NamedTuple):
    """What was read of the files.

    :param entries: the guests as they are written
    :param problems: a sentence for each file that is not as it should be
    :param total: how many guests there are, with those of files that were left out
    :param guests: the guests as they are written, without their places
    :param others: the names of the guests of other hosts in files that were left out
    :param unread: a sentence on what is in the folder and is not read, where it may be meant for a guest
    """

    entries: list[WrittenItem]
    problems: list[str]
    total: int
    guests: list[object]
    others: list[str]
    unread: t.Sequence[str] = ()


ReadFolders = dict[str, Files]
"""What was read of folders, by their paths."""


class Folder:
    """The folder with the files.

    :param written: as the user has it, relative to the folder of the inventory
    :param path: the folder itself
    """

    def __init__(self, written: str, path: str) -> None:
        self.written, self.path = written.rstrip("/") or "/", path

    def names(self) -> list[str]:
        """The names of its files, in order. Raises VirtfleetError where it cannot be read."""
        try:
            found = sorted(os.listdir(self.path))
        except OSError as error:
            origin = "" if os.path.isabs(self.written) else f" ({printable(self.written)}, from the inventory's folder)"
            raise VirtfleetError(f"{FOLDER}: the folder '{spelled_out(self.path)}'{origin}: {error.strerror}") from None
        names = [name for name in found if name.endswith(ENDINGS) and not name.startswith(".")]
        return [name for name in names if not os.path.isdir(os.path.join(self.path, name))]

    def unread(self) -> list[str]:
        """A sentence on the files that may hold guests and are not read, and on a folder without any file to read."""
        found: list[str] = []
        for at, folders, names in os.walk(self.path):
            below = os.path.relpath(at, self.path)
            deep = below.count(os.sep) >= DEEPEST
            folders[:] = [] if deep else sorted(name for name in folders if not name.startswith("."))
            ours = UNREAD if below == "." else (*UNREAD, *ENDINGS)
            some = sorted(name for name in names if name.endswith(ours) or ("." not in name and name not in TEXTS))
            found += [os.path.normpath(os.path.join(below, name)) for name in some]
        lines = []
        if found:
            more = f" and {len(found) - MOST} more" if len(found) > MOST else ""
            lines.append(
                f"{FOLDER}: not read: {', '.join(map(self.shown, found[:MOST]))}{more}; a file is read if its name ends"
                " with .yml or .yaml, and it is in the folder itself"
            )
        elif not self.names():
            lines.append(
                f"{FOLDER}: the folder '{spelled_out(self.path)}' has no file whose name ends with .yml or .yaml, so no"
                " guest is declared in it"
            )
        return lines

    def shown(self, name: str) -> str:
        """A file of it, as the user knows it."""
        return spelled_out(f"{self.written.removesuffix('/')}/{name}")


def folder_of(value: object, raw: t.Mapping[str, object]) -> Folder | None:
    """The folder that a host's variable names; None where it names none.

    Raises VirtfleetError for what is no folder, or one that Ansible takes for a part of the inventory.

    :param value: the variable, evaluated
    :param raw: the variables of the host
    """
    if value is None or value == "":
        return None
    if not isinstance(value, str) or "\0" in value:
        raise VirtfleetError(f"{FOLDER}: {printable(value, hidden=True)} is not the path of a folder")
    written, inventory_folder = str(value), raw.get("inventory_dir")
    if not os.path.isabs(written) and not inventory_folder:
        raise VirtfleetError(
            f"{FOLDER}: {printable(written)} is relative to the folder of the inventory, and the inventory has none;"
            " write a path from the root"
        )
    path = os.path.realpath(os.path.join(str(inventory_folder or "/"), written))
    sources = raw.get("ansible_inventory_sources")
    for source in sources if isinstance(sources, (list, tuple)) else ():
        if os.path.isdir(source) and os.path.commonpath([path, os.path.realpath(source)]) == os.path.realpath(source):
            raise VirtfleetError(
                f"{FOLDER}: {printable(written)} is inside the folder {printable(source)}, of which Ansible reads every"
                f" file as inventory; move it beside that folder, and write '../{os.path.basename(path)}'"
            )
    return Folder(written, path)


def read(folder: Folder, loader: DataLoader, host: str | None = None, hosts: t.Container[str] = ()) -> Files:
    """The guests in the files of a folder. Raises VirtfleetError where there is no such folder.

    :param loader: knows the passwords of vaults
    :param host: the host whose guests are meant: files that have only guests of other hosts are not read; None for all
    :param hosts: the hosts that there are
    """
    known, index = load_index(folder) if host is not None else {}, Index()
    entries: list[WrittenItem] = []
    problems: list[str] = []
    others: list[str] = []
    for name in folder.names():
        signs = signs_of(os.path.join(folder.path, name))
        had = known.get(name)
        if had is not None and had[0] == signs and all(one in hosts and one != host for one in had[1]):
            index[name] = had
            others += had[2]
            continue
        try:
            found = entries_of(folder, name, loader)
        except VirtfleetError as error:
            problems.append(f"{folder.shown(name)}: {error}")
            index[name] = (signs, [None], [])
        else:
            entries += found
            guests = [entry.raw for entry in found]
            index[name] = (signs, [named_host(guest) for guest in guests], names_of(guests))
    if index != known:
        save_index(folder, index)
    total = sum(len(hosts) for _signs, hosts, _names in index.values())
    unread = folder.unread() if host is None else ()
    return Files(entries, problems, total, [entry.raw for entry in entries], others, unread)


def entries_of(folder: Folder, name: str, loader: DataLoader) -> list[WrittenItem]:
    """The guests of one file. Raises VirtfleetError where it is not as it should be."""
    content, shown = loaded(os.path.join(folder.path, name), loader, once=True), folder.shown(name)
    if isinstance(content, dict):
        if "kvm_guests" in content:
            raise VirtfleetError(
                "holds the variable kvm_guests; write the options of a guest alone, or a list of guests"
            )
        return [WrittenItem(shown, content, shown)]
    if isinstance(content, (list, tuple)):
        return [WrittenItem(f"{shown}[{place}]", item, shown) for place, item in enumerate(content)]
    what = "nothing" if content is None else printable(content, hidden=True)
    raise VirtfleetError(f"holds {what}; write the options of a guest, or a list of guests")


def named_host(raw: object) -> str | None:
    """The host that a guest names, where no template has to be evaluated to know it."""
    host = raw.get("host") if isinstance(raw, dict) else None
    return str(host) if isinstance(host, str) and "{" not in host else None


def names_of(guests: t.Iterable[object]) -> list[str]:
    """The names of guests that are not to be absent, as far as no template has to be evaluated to know them."""
    there = [guest for guest in guests if isinstance(guest, dict) and unique.word(guest, "state") != "absent"]
    names = [str(guest["name"]) for guest in there if isinstance(guest.get("name"), str)]
    return list(dict.fromkeys(name for name in names if "{" not in name))


def repeated(entries: t.Iterable[WrittenItem]) -> dict[tuple[str, str], str]:
    """By name and host, a sentence for each guest that is declared twice, at least once in a file."""
    places: dict[tuple[str, str], list[WrittenItem]] = {}
    for entry in entries:
        name, host = (entry.raw.get(option) for option in ("name", "host")) if isinstance(entry.raw, dict) else (0, 0)
        if isinstance(name, str) and isinstance(host, str):
            places.setdefault((str(name), str(host)), []).append(entry)
    return {
        key: f"guest {label(key[0])}: is declared more than once: in {', '.join(one.place for one in found)}; keep one"
        for key, found in places.items()
        if len(found) > 1 and any(entry.file for entry in found)
    }


def unseen(read: ReadFolders, folders: t.Mapping[str, str | None]) -> list[str]:
    """A sentence for each guest in a folder that the guest's own host does not read: it would not be made.

    :param folders: the folder of each host; None where it has none
    """
    lines = []
    for path, files in read.items():
        for entry in files.entries:
            host = named_host(entry.raw)
            if host is not None and host in folders and folders[host] != path:
                has = "not set" if folders[host] is None else "another folder"
                lines.append(
                    f"guest {label(entry.raw.get('name'))}: is declared in {entry.place} for host {host}, but {FOLDER}"
                    f" of host {host} is {has}; set it for all hosts, as in group_vars/all.yml"
                )
    return lines


def signs_of(path: str) -> list[int]:
    """What tells a file from what it becomes by a change; nothing for one that is not there."""
    try:
        found = os.stat(path)
    except OSError:
        return []
    return [found.st_mtime_ns, found.st_size, found.st_ino]


def place_of(folder: Folder) -> str:
    """The file with the index of a folder; this run of Ansible removes it at its end."""
    name = hashlib.sha256(folder.path.encode(errors="surrogateescape")).hexdigest()[:32]
    return os.path.join(constants.DEFAULT_LOCAL_TMP, f"virtfleet-guests-{name}.json")


def load_index(folder: Folder) -> Index:
    """The index of a folder; empty where there is none."""
    try:
        with open(place_of(folder), encoding="utf-8") as file:
            return {name: (signs, hosts, names) for name, (signs, hosts, names) in json.load(file).items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def save_index(folder: Folder, index: Index) -> None:
    """Write the index of a folder. Other tasks may read or write it at the same time."""
    with contextlib.suppress(OSError, UnicodeError):
        descriptor, path = tempfile.mkstemp(dir=constants.DEFAULT_LOCAL_TMP, prefix="virtfleet-guests-")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(index, file)
        os.replace(path, place_of(folder))
