# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's inside: one boot of it, from the mounts to systemd as its process 1.

`supervise` is the host's mains and firmware: it gives each boot a fresh network namespace and
boots again after a reboot. `boot` becomes the machine itself.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

from . import cgroups, external, guest_image, roots
from .machine import make_ssh_key, run
from .state import Host, Lab, remove_tree, write_whole

GUEST_FOLDER = "var/lib/virtfleet-test"
_REBOOT = 133  # systemd-nspawn --keep-unit: "start me again"


def supervise(lab: Lab, host: Host, program: str) -> int:
    """Boot a host, again after every reboot; return its exit code when it is switched off.

    `program` is the lab's own program, which is called again inside the host's namespaces.
    """
    group = cgroups.lab_group(lab.name) / host.name / "machine"
    boots = lab.host_run(host.name) / "boots"
    while True:
        cgroups.remove(group)
        group.mkdir(parents=True)
        # A machine that starts knows nothing of the bridges and rules of its last boot.
        external.add_namespace(lab, host.name)
        external.plug_cables(lab, host)
        write_whole(boots, str(int(boots.read_text()) + 1 if boots.exists() else 1))
        command = [program, "--name", lab.name, "_boot", host.name]
        # "slave": a namespace that the lab removes outside is not kept alive by this copy.
        command = ["unshare", "--mount", "--propagation", "slave", *command]
        code = subprocess.call(cgroups.joined(group, external.inside(lab, host.name, command)))
        cgroups.remove(group)
        if code != _REBOOT:
            external.unplug_cables(lab, host)
            external.remove_namespace(lab, host.name)
            return code


def boot(lab: Lab, host: Host) -> None:
    """Mount the host's disk and become its systemd; runs in its network and mount namespace."""
    lower = roots.root_tree(host)
    booted = lab.host_run(host.name) / "boot.json"
    if booted.exists():
        # A host keeps the tree it was made from, also when the recipe has moved on.
        lower = Path(json.loads(booted.read_text())["root"])
    write_whole(booted, json.dumps({"root": str(lower)}))
    root = lab.host_run(host.name) / "root"
    disk = lab.host_disk(host.name)
    # "volatile" saves the syncs of dpkg; what it leaves in work/ would refuse the next mount.
    remove_tree(disk / "work")
    for folder in (root, disk / "upper", disk / "work"):
        folder.mkdir(parents=True, exist_ok=True)
    (disk / "upper").chmod(0o755)
    layers = f"lowerdir={lower},upperdir={disk}/upper,workdir={disk}/work"
    run(["mount", "-t", "overlay", "overlay", "-o", f"{layers},volatile", str(root)])
    # The host's own sysfs, else udev waits for ever for its NICs; and pure cgroup2, else
    # libvirt and newer systemd refuse to work.
    run(["mount", "-t", "sysfs", "sysfs", "/sys"])
    run(["mount", "-t", "cgroup2", "cgroup2", "/sys/fs/cgroup"])
    if not (root / "etc/machine-id").read_text().strip():
        make_own(lab, host, root)
    _accept_key(lab, host, root)
    # libvirt writes /proc/sys/net, udev writes /sys.
    os.environ["SYSTEMD_NSPAWN_API_VFS_WRITABLE"] = "yes"
    os.execvp(
        "systemd-nspawn",
        [
            "systemd-nspawn",
            f"--directory={root}",
            "--boot",
            f"--machine={host.name}",
            "--register=no",
            "--keep-unit",
            "--capability=all",
            "--resolv-conf=off",
            "--timezone=off",
            "--link-journal=no",
        ],
    )


def make_own(lab: Lab, host: Host, root: Path) -> None:
    """Give a new host what no two hosts share: name, machine id, SSH key, network file."""
    (root / "etc/hostname").write_text(f"{host.name}\n")
    (root / "etc/hosts").write_text(
        f"127.0.0.1 localhost\n127.0.1.1 {host.name}.{external.DOMAIN} {host.name}\n"
        "::1 localhost ip6-localhost ip6-loopback\n"
    )
    for key in (root / "etc/ssh").glob("ssh_host_*"):  # a boot that was killed half-way
        key.unlink()
    make_ssh_key(root / "etc/ssh/ssh_host_ed25519_key", f"root@{host.name}")
    _write_network(host, root)
    _write_devices(root)
    folder = root / GUEST_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for file in guest_image.files():
        shutil.copy(file, folder / file.name)
        (folder / file.name).chmod(0o644)
    # Last, for it says that all the rest is done. Made from the names, so that a host which is
    # made anew is the same to the DHCP server.
    identity = hashlib.sha256(f"virtfleet {lab.name} {host.name}".encode()).hexdigest()[:32]
    (root / "etc/machine-id").write_text(identity + "\n")


def _write_devices(root: Path) -> None:
    """Leave out of the host's devices what the machine itself doesn't have."""
    if not Path("/dev/kvm").exists():
        file = root / "etc/tmpfiles.d/lab-devices.conf"
        lines = file.read_text().splitlines(keepends=True)
        file.write_text("".join(line for line in lines if "/dev/kvm" not in line))


def _write_network(host: Host, root: Path) -> None:
    """Write the netplan file that the host's distribution would have left behind.

    The first NIC is on DHCP; the others are up and have no address.
    """
    nics = ""
    for nic in range(1, host.nics + 1):
        nics += f"    eno{nic}:\n"
        # No match by MAC address: networkd would want a permanent one, and cables here have none.
        nics += "      dhcp4: true\n" if nic == 1 else "      optional: true\n"
    network = f"network:\n  version: 2\n  ethernets:\n{nics}"
    file = root / "etc/netplan/01-netcfg.yaml"
    if host.ubuntu_like:
        file = root / "etc/netplan/50-cloud-init.yaml"
        _write_cloud_init(host, root, network)
    else:
        network = network.replace("  version: 2\n", "  version: 2\n  renderer: networkd\n")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(network)
    file.chmod(0o600)


def _write_cloud_init(host: Host, root: Path, network: str) -> None:
    """Give cloud-init its data source: a seed on disk, as in a machine made from an image."""
    seed = root / "var/lib/cloud/seed/nocloud"
    seed.mkdir(parents=True, exist_ok=True)
    (seed / "meta-data").write_text(f"instance-id: {host.name}\nlocal-hostname: {host.name}\n")
    # The lab's SSH key, the host keys and the package sources must outlive cloud-init's first run.
    (seed / "user-data").write_text(
        "#cloud-config\nlocale: false\ndisable_root: false\nssh_deletekeys: false\nssh_genkeytypes: [ed25519]\n"
        "apt: {preserve_sources_list: true}\n"
    )
    (seed / "network-config").write_text(network.partition("\n")[2].replace("\n  ", "\n").lstrip())
    (root / "etc/cloud/cloud.cfg.d").mkdir(parents=True, exist_ok=True)
    (root / "etc/cloud/cloud.cfg.d/90_lab.cfg").write_text("datasource_list: [NoCloud]\n")


def _accept_key(lab: Lab, host: Host, root: Path) -> None:
    """Let the lab's SSH key in, and write the host's key down where the lab's SSH looks."""
    folder = root / "root/.ssh"
    folder.mkdir(mode=0o700, exist_ok=True)
    accepted = folder / "authorized_keys"
    key = lab.key.with_suffix(".pub").read_text()
    if not accepted.exists() or key not in accepted.read_text():
        with open(accepted, "a") as file:
            file.write(key)
        accepted.chmod(0o600)
    host_key = root / "etc/ssh/ssh_host_ed25519_key.pub"
    if host_key.exists():
        write_whole(lab.known_hosts(host.name), f"{host.name} {host_key.read_text()}")
