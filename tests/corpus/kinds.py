# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of resources as the measurement needs them: how libvirt keeps one for a moment, and how it is planned.

``module_utils`` of the collection must be found before this is imported.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
import typing as t
from pathlib import Path
from xml.etree import ElementTree as ET

import libvirt
from compare import as_libvirt_reads
from module_utils._engine import plan
from module_utils._engine.rows import model
from module_utils._kinds.domain import table as domain
from module_utils._kinds.network import table as network
from module_utils._kinds.pool import table as pool
from module_utils._kinds.volume import storage_plan, storage_rules
from module_utils._kinds.volume import table as volume
from module_utils._storage import storage_observe, users

BRIDGE = "vfcorpus0"
NAME = "virtfleet-corpus"
HOST = model.Host()


class Kind:
    """One kind of resource on a real libvirt.

    :cvar table: its fields
    :cvar promise: the share that has to come out the same when it is made anew
    """

    table: t.Any
    promise = 0.95

    def __init__(self, connection: t.Any) -> None:
        self.connection = connection

    def close(self) -> None:
        """Leave nothing behind."""

    def prepare(self, root: ET.Element) -> None:
        """Make what any host can keep of an example."""

    def define(self, text: str, validate: bool) -> t.Any:
        """Let libvirt keep a definition under whatever name it has."""
        raise NotImplementedError

    def read(self, resource: t.Any) -> str:
        """The persistent definition."""
        raise NotImplementedError

    def undefine(self, resource: t.Any) -> None:
        """Let libvirt forget it."""
        resource.undefine()

    def keep(self, text: str, validate: bool = False) -> ET.Element:
        """What libvirt keeps of a definition, without what it only reports. Raises libvirtError for one it refuses."""
        resource = self.define(text, validate)
        try:
            return t.cast(ET.Element, self.table.declared(ET.fromstring(self.read(resource))))
        finally:
            self.undefine(resource)

    def plan(self, config: dict[str, t.Any], have: ET.Element | None, host: model.Host = HOST) -> t.Any:
        """The plan for a config as a user hands it over."""
        config = {**config, "state": "present"}
        there = {}
        if have is not None:
            there[config["name"]] = plan.Observed(have, None, self.table.initial, {"autostart": False})
            config.pop("autostart", None)
        return plan.plan(self.table, there, self.table.parse([config]), host)[0]

    def told(self, root: ET.Element) -> ET.Element:
        """What of a definition can be compared with another one."""
        return root

    def defined(self, planned: t.Any) -> str:
        """The XML that a plan defines."""
        return next(str(step.value) for step in planned.steps if step.action == "define")


class Domains(Kind):
    """Domains. They are never started."""

    table = domain.DOMAIN
    promise = 0.90

    def prepare(self, root: ET.Element) -> None:
        if root.get("type") == "kvm":
            root.set("type", "qemu")

    def define(self, text: str, validate: bool) -> t.Any:
        return self.connection.defineXMLFlags(text, libvirt.VIR_DOMAIN_DEFINE_VALIDATE if validate else 0)

    def read(self, resource: t.Any) -> str:
        return str(resource.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE | libvirt.VIR_DOMAIN_XML_SECURE))

    def undefine(self, resource: t.Any) -> None:
        resource.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_KEEP_NVRAM | libvirt.VIR_DOMAIN_UNDEFINE_KEEP_TPM)


class Networks(Kind):
    """Networks. They are never started."""

    table = network.NETWORK

    def prepare(self, root: ET.Element) -> None:
        """With a bridge that no other network of the host has."""
        forward, bridge = root.find("forward"), root.find("bridge")
        if bridge is not None and bridge.get("name") and (forward is None or forward.get("mode") != "bridge"):
            bridge.set("name", BRIDGE)

    def define(self, text: str, validate: bool) -> t.Any:
        return self.connection.networkDefineXMLFlags(text, libvirt.VIR_NETWORK_DEFINE_VALIDATE if validate else 0)

    def read(self, resource: t.Any) -> str:
        return str(resource.XMLDesc(libvirt.VIR_NETWORK_XML_INACTIVE))


class Pools(Kind):
    """Storage pools. They are never built nor started, so what they name need not be there."""

    table = pool.POOL

    def define(self, text: str, validate: bool) -> t.Any:
        return self.connection.storagePoolDefineXML(text, libvirt.VIR_STORAGE_POOL_DEFINE_VALIDATE if validate else 0)

    def read(self, resource: t.Any) -> str:
        return str(resource.XMLDesc(libvirt.VIR_STORAGE_XML_INACTIVE))


class Volumes(Kind):
    """Volumes: tiny ones, in a pool of a throw-away folder, since libvirt has none that are only defined."""

    table = volume.VOLUME
    types: t.ClassVar[dict[str, str]] = {"block": "logical", "netdir": "gluster", "network": "rbd"}
    """The type of pool that volumes of a type are in; all others are files in a directory."""

    def __init__(self, connection: t.Any) -> None:
        super().__init__(connection)
        self.folder = Path(tempfile.mkdtemp(prefix=NAME, dir="/var/tmp"))
        self.secrets: list[t.Any] = []
        self.pool = connection.storagePoolCreateXML(
            f"<pool type='dir'><name>{NAME}</name><target><path>{self.folder}</path></target></pool>", 0
        )

    def close(self) -> None:
        self.pool.destroy()
        shutil.rmtree(self.folder)
        for secret in self.secrets:
            secret.undefine()

    def prepare(self, root: ET.Element) -> None:
        """Tiny, over a file that is there, and with secrets that are there."""
        for path, text in (("capacity", "1048576"), ("allocation", "0")):
            for node in root.findall(path):
                node.text = text
                node.attrib.pop("unit", None)
        for node in root.findall("backingStore"):
            form = node.find("format")
            path = node.find("path")
            if path is not None:
                path.text = self.base("raw" if form is None else form.get("type", "raw"))
        for node in root.findall(".//encryption/secret"):
            self.secret(str(node.get("uuid")))

    def base(self, form: str) -> str:
        """The path of an image of a format to lay volumes over; of none where QEMU cannot make that format."""
        path = self.folder / f"base.{form}"
        if not path.exists():
            subprocess.run(["qemu-img", "create", "-q", "-f", form, str(path), "1M"], check=False)
        return str(path)

    def secret(self, uuid: str) -> None:
        """Let libvirt know a secret of this UUID, until the end."""
        with contextlib.suppress(libvirt.libvirtError):
            self.connection.secretLookupByUUIDString(uuid)
            return
        made = self.connection.secretDefineXML(
            f"<secret ephemeral='yes' private='yes'><uuid>{uuid}</uuid>"
            f"<usage type='volume'><volume>{self.folder}/{uuid}</volume></usage></secret>"
        )
        made.setValue(b"for a moment")
        self.secrets.append(made)

    def define(self, text: str, validate: bool) -> t.Any:
        return self.pool.createXML(text, 0)

    def read(self, resource: t.Any) -> str:
        return str(resource.XMLDesc())

    def undefine(self, resource: t.Any) -> None:
        resource.delete(0)

    def plan(
        self, config: dict[str, t.Any], have: ET.Element | None, host: model.Host = HOST, kind: str = "dir"
    ) -> t.Any:
        """The plan for a config in a pool of a type."""
        wants = self.table.parse([{**config, "pool": NAME}])
        there = {}
        if have is not None:
            there[f"{NAME}/{config['name']}"] = plan.Observed(have, None, "present", {})
        pools = {NAME: storage_observe.ObservedPool(kind, str(self.folder), True)}
        return storage_plan.plan_volumes(there, wants, host, pools, users.StorageUsers())[0]

    def defined(self, planned: t.Any) -> str:
        return next(step.value.xml for step in planned.steps if step.action == "define")

    def told(self, root: ET.Element) -> ET.Element:
        """Without what it takes of the disk, which depends on more than its definition."""
        root = as_libvirt_reads(root)
        for node in root.findall("allocation"):
            root.remove(node)
        return root

    def pool_type(self, root: ET.Element) -> str:
        """The type of pool that a volume is in."""
        return self.types.get(root.get("type", "file"), "dir")

    def offline(self, config: dict[str, t.Any], kind: str) -> ET.Element:
        """The definition that a config amounts to in a pool of a type, by the tables alone."""
        want = storage_rules.describe_volume(self.table.parse([config])[0], kind)
        (planned,) = plan.plan(self.table, {}, [want], HOST)
        return ET.fromstring(super().defined(planned))


KINDS: dict[str, type[Kind]] = {"domain": Domains, "network": Networks, "pool": Pools, "volume": Volumes}
