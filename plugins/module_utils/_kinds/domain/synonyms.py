# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that other tools have for what a guest has, such as virt-install, Proxmox, and providers of Terraform."""

from __future__ import annotations

from ..._engine import close_names

SYNONYMS: dict[str, tuple[str, ...]] = {
    "addresses": ("ip", "ips"),
    "agent": ("channels",),
    "base_image": ("image",),
    "boot_device": ("boot",),
    "boot_devices": ("boot",),
    "boot_order": ("boot",),
    "cloud_image": ("image",),
    "cores": ("topology.cores", "cpu.topology.cores"),
    "cpu_mode": ("cpu.mode",),
    "cpu_model": ("cpu.model",),
    "dev": ("block", "direct"),
    "disk_size": ("disks[0].size",),
    "display": ("graphics",),
    "drives": ("disks",),
    "firmware": ("os.firmware",),
    "guest_agent": ("channels",),
    "harddisks": ("disks",),
    "hostname": ("cloud_init.hostname",),
    "hugepages": ("memory_backing.hugepages",),
    "ip": ("interfaces[0].ip",),
    "machine_type": ("machine",),
    "macvlan": ("direct",),
    "macvtap": ("direct",),
    "meta_data": ("cloud_init.meta_data",),
    "network_devices": ("interfaces",),
    "network_interface": ("interfaces",),
    "network_interfaces": ("interfaces",),
    "network_name": ("network",),
    "onboot": ("autostart",),
    "os_image": ("image",),
    "qemu_agent": ("channels",),
    "qemu_guest_agent": ("channels",),
    "running": ("state",),
    "sockets": ("topology.sockets", "cpu.topology.sockets"),
    "ssh_key": ("ssh_authorized_keys", "cloud_init.ssh_authorized_keys"),
    "ssh_keys": ("ssh_authorized_keys", "cloud_init.ssh_authorized_keys"),
    "start_on_boot": ("autostart",),
    "status": ("state",),
    "storage": ("disks",),
    "threads": ("topology.threads", "cpu.topology.threads"),
    "uefi": ("os.firmware",),
    "user": ("users", "cloud_init.users"),
    "user_data": ("cloud_init.user_data",),
    "userdata": ("user_data", "cloud_init.user_data"),
    "vcpu": ("vcpus",),
    "vga": ("videos",),
    "video": ("videos",),
}
"""For each name the options of this collection that may be meant."""

close_names.register(SYNONYMS)

CD_ROM = "no such option; a CD-ROM is a disk: write {device: cdrom, file: PATH} as an item of 'disks'"
NOWHERE = {
    **dict.fromkeys(
        ("os_variant", "osinfo", "os_type"),
        "no such option: it only tells other tools which devices to choose, so leave it out",
    ),
    **dict.fromkeys(("cdrom", "iso", "location", "dvd"), CD_ROM),
    "count": "no such option; each guest is an item of its own, with its own name",
    **{kind: f"no such option; write graphics: [{{type: {kind}}}]" for kind in ("vnc", "spice")},
    "tags": "no such option; tags of a guest are words in its 'metadata': see docs/inventory.md",
}
"""Options of other tools for which a guest has none, each with what to say of it."""
