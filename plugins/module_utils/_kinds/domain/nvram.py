# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file that holds the variables of a guest's firmware (NVRAM), and whether it may go with the guest.

libvirt deletes whatever file the definition names, be it a disk (qemuDomainUndefineFlags in its
src/qemu/qemu_driver.c). So what the file is gets looked at here, when that is planned and right before.
"""

from __future__ import annotations

import os
import stat
import typing as t
from xml.etree import ElementTree as ET

from ..._host.files import birth, may_exist
from ..._libvirt.connection import libvirt
from ..._libvirt.objects import Connection, Domain
from ..._storage.guest_places import guest_places
from ..._storage.other_hosts import within_reach
from ..._storage.removal import Judge, because
from ..._storage.survey_users import all_users
from ..._storage.users import StorageUsers

FOLDERS = ("nvram", "varstore")
"""The folders in which libvirt makes such files itself (virQEMUDriverConfigNew in its src/qemu/qemu_conf.c)."""

DISTRIBUTION = "/usr/"
"""Where the templates of such files are, which look like them."""

SIGNATURE, OFFSET = b"_FVH", 40
"""Of a firmware volume, and where it is in one (UEFI Platform Initialization, EFI_FIRMWARE_VOLUME_HEADER)."""


class FirmwareVariables(t.NamedTuple):
    """A file that goes with its guest, as it was when that was planned.

    :param path: where it is
    :param identity: what tells it from another one in its place
    """

    path: str
    identity: str


def place(name: str, uri: str, *trees: ET.Element | None) -> str | None:
    """Where the variables of a guest's firmware are; None where it has none.

    :param uri: that of the connection
    :param trees: the definition, then what runs: libvirt before 9.2 chooses the path only for what runs, and
        finds it again by the guest's name
    """
    for tree in trees:
        path = None if tree is None else path_in_definition(tree)
        if path:
            return os.path.join("/", path)  # The daemon runs in the root.
    for tree in trees:
        if tree is not None and tree.find("os[@firmware='efi']") is not None:
            stateless = tree.find("os/loader[@stateless='yes']")
            return None if stateless is not None else os.path.join(home(uri), FOLDERS[0], f"{name}_VARS.fd")
    return None


def path_in_definition(tree: ET.Element) -> str:
    """The path that a definition gives; empty where it gives none."""
    nvram, varstore = tree.find("os/nvram"), tree.find("os/varstore")
    if nvram is None:
        return "" if varstore is None else varstore.get("path", "")
    source = nvram.find("source")
    text = (nvram.text or "").strip()
    return text or ("" if source is None else source.get("file") or source.get("dev") or "")


def home(uri: str) -> str:
    """The folder of libvirt's driver for QEMU."""
    if not uri.endswith("/session"):
        return "/var/lib/libvirt/qemu"
    config = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    return os.path.join(config, "libvirt/qemu")


def identity(path: str) -> str:
    """What tells a file from another one in its place: device, inode, and birth where the file system keeps it."""
    try:
        state = os.lstat(path)
    except (OSError, ValueError):
        return ""
    return f"{state.st_dev} {birth(path) or state.st_ino}"


def why_it_stays(
    path: str, guest: str, uri: str, definition: ET.Element, users: StorageUsers, running: bool = False
) -> str | None:
    """Why the file stays though its guest goes, to be read after its path; None where it may go.

    :param running: whether the guest runs, and has it open
    """
    holders, _after = Judge(users, {guest}, links=True, running={guest} if running else ()).weigh(path, path)
    if holders or users.doubts:
        return f"it {because(holders, users.doubts)}"
    if in_another_place(path, definition, users):
        return "the guest's definition names it in another place as well"
    far = within_reach("", path)
    return unlike(path, uri) if far is None else f"it {far}"


def last_look(connection: Connection, domain: Domain, variables: FirmwareVariables) -> str | None:
    """Why a file stays that was planned to go, right before libvirt would delete it; None where it may go."""
    uri, guest = connection.getURI(), domain.name()
    definition = ET.fromstring(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
    path = place(guest, uri, definition)
    if path != variables.path:
        return f"the guest's definition names {path} by now"
    if not may_exist(path, follow=False):
        return None  # Somebody else deleted it: what is gone is gone.
    if identity(path) != variables.identity:
        return "somebody made it anew meanwhile"
    return why_it_stays(path, guest, uri, definition, all_users(connection))


def in_another_place(path: str, definition: ET.Element, users: StorageUsers) -> bool:
    """Whether the definition has the file as something else too: as a disk, or as the firmware itself."""
    rest = ET.fromstring(ET.tostring(definition))
    for nvram in rest.findall("os/nvram") + rest.findall("os/varstore"):
        nvram.text = None
        for source in nvram.findall("source"):
            nvram.remove(source)
        nvram.attrib.pop("path", None)
    own = users.signs(path)
    return any(
        own & users.signs(found.value) for found in guest_places(rest) if found.kind in ("path", "folder", "volume")
    )


def unlike(path: str, uri: str) -> str | None:
    """Why a file is not known to hold such variables, by where it is and what is in it."""
    folder = os.path.realpath(os.path.dirname(path))
    if f"{folder}/".startswith(DISTRIBUTION):
        return f"what is in {DISTRIBUTION.rstrip('/')} is the distribution's"
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return "it is no regular file"
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        return f"it cannot be looked at ({error.strerror})"
    try:
        made_here = [os.path.realpath(os.path.join(home(uri), name)) for name in FOLDERS]
        content = os.pread(descriptor, OFFSET + len(SIGNATURE), 0)
        if folder in made_here or not content or content[OFFSET:] == SIGNATURE:
            return None
    finally:
        os.close(descriptor)
    return (
        f"it is not in libvirt's own folder {made_here[0]}, and nothing in it shows that it holds the variables of a"
        " firmware; remove it by hand if nobody needs it"
    )
