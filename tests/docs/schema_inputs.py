# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# ruff: noqa: E501
"""What the schema of inventories is tried with (see test_schema.py)."""

from __future__ import annotations

import datetime
from typing import Any

UUID = "6f1d8a52-3c0e-4b7a-9e44-2a8f0c1b7d93"

VALUES: tuple[Any, ...] = (
    *(True, False, 0, 1, -1, 2, 512, 1023, 1024, 4095, 4096, 65535, 65536, 100000, 1048576),
    *(2**31, 2**32 - 1, 2**32, 2**63, 2**64 - 1, 2**64, 1.5, 0.5, -0.5),
    *("", "a", "x1", "ä & <b>", "two words", " a", "a ", "yes", "No", "TRUE", "on", "oFF", "1", "0", "00", "-1", "7"),
    *(" 8 ", "0755", "755", "0777", "1777", "999", "0x1f", "0X1F", "1f", "0x", "0xzz", "046d", "0x046d"),
    *("0-3", "0-3,8", "0-7,^2", "^2", "1-", "3-1", "a-b", "1, 2", "1,", ",1"),
    *("1GiB", "512MiB", "512", "1048576", "2 G", "1.5GiB", "1.5", "10 gib", "4xB", "1kb", "0b", "-1GiB", "GiB", "1 2G"),
    *("eth0", "eth0.5", "br-lan", "verylongdevicename", "-x", "a b", "all", "lo", "default", "100", "br:0"),
    *("/a", "/b c", "a/b", "/", "pool/vol", "a/b/c", "/a\nb", ".x", "..", "./a", "name/", "a" * 200, "a" * 201),
    *("52:54:00:aa:00:01", "52-54-00-AA-00-01", "53:54:00:aa:00:01", "52:54:00:aa:00", "5:5:0:a:0:1"),
    *("52::00:aa:00:01", "gg:54:00:aa:00:01", "52:54:00:aa:00:01:02", "525400aa0001"),
    *(UUID, UUID.upper().replace("-", ""), f"{{{UUID}}}", f"urn:uuid:{UUID}", UUID[:-1], f"{UUID}0"),
    *(
        "10.0.0.1",
        "10.0.0.256",
        "10.0.0",
        "010.0.0.1",
        "::1",
        "::",
        "fe80::1%eth0",
        "fd00::",
        "1:2:3:4:5:6:7:8",
        "zz::1",
    ),
    *("1:2:3:4:5:6:7", "1::2::3", "::ffff:10.0.0.1", "1:2:3:4:5:6:7:8:9", "10.0.0.1/24", "10.0.0.0/24"),
    *("10.0.0.255/24", "10.0.0.1/33", "10.0.0.1/255.255.255.0", "10.0.0.0/31", "10.0.0.0/8", "10.0.0.1/8"),
    *("10.0.0.1/", "fd00::1/64", "fd00::/64", "fd00::1/129"),
    *("http://h/x", "https://h/x?y=1", "ftp://h/x", "file:///x", "file://x", "HTTP://h/x", "http:/h", "//x", "/x?y"),
    *("debian-12", "user:pw@host/x", "http://h/ä", "http://h/a b"),
    *(f"sha256:{'a' * 64}", f"SHA512:{'B' * 128}", f"sha256:{'a' * 63}", f"md5:{'a' * 32}", "a" * 64),
    *("https://h/SHA256SUMS", "HTTPS://h/SHA256SUMS", "http://h/sha256sums?x=1"),
    *("2030-01-31T12:00:00", "2030-01-31", "2030-01-31T12:00", datetime.datetime(2030, 1, 31, 12, 0)),
    *([], ["a"], {}, {"a": 1}, "\u202ex", "c=v", "a;b", "[]", "{}", "a{b", "a}}b"),
)
"""Values of all kinds, right for some converter and wrong for others."""

DATE = datetime.datetime(2030, 1, 31, 12, 0)
NUMBERS = tuple(value for value in VALUES if isinstance(value, int) and not isinstance(value, bool) and value >= 0)

LENIENT: dict[str, tuple[Any, ...]] = {
    # A date is a text to a schema.
    **dict.fromkeys(
        ("Converter", "Verbatim", "Machine", "RemoteName", "Server", "Name", "ImageValue", "VolumeName"), (DATE,)
    ),
    **dict.fromkeys(("FileContent", "PlainText", "Usage"), (DATE,)),
    "Clean": (DATE, "", "/a\nb"),
    "Sudo": (DATE, True),
    # What is in data of others, the check looks at.
    "NetworkData": ({}, {"a": 1}),
    # A number is no name of a link, unless it has a point.
    "LinkName": NUMBERS,
    "Device": (2**63, 2**64 - 1, 2**64),
    # Numbers in quotes are counted, but not compared.
    "Integer": ("0", "00", "1", "7", " 8 ", "0755", "755", "0777", "1777", "999", "512", "1048576", "100"),
    "Size": ("0b", "1kb", "100", 2**64 - 1),
    "Capacity": ("1777",),
    # What counts with addresses and sets.
    "RouteTarget": ("10.0.0.1/24", "10.0.0.255/24", "10.0.0.1/255.255.255.0", "10.0.0.1/8", "fd00::1/64"),
    "CpuSet": ("3-1",),
}
"""Of VALUES, those that the schema takes and a converter refuses: what a schema cannot tell, by converter."""

SETTINGS: tuple[tuple[str, list[Any], list[Any]], ...] = (
    *(
        (name, [True, False, "yes", "No", "true", "F", "on", "0", 1, 0], ["maybe", 2, [], {}, "2"])
        for name in (
            *("guests_purge", "guests_force_shutdown", "guests_remove_storage", "guests_remove_nvram"),
            *("guests_remove_tpm", "guests_remove_saved_state", "host_require_hardware", "links_bypass_iptables"),
            *(
                "links_leave_used",
                "networks_going",
                "networks_purge",
                "storage_needed",
                "storage_going",
                "storage_purge",
                "pull_verify_commits",
            ),
        )
    ),
    *(
        (name, ["defer", "fail", "restart"], ["later", None, True, [], {}, "Defer", ""])
        for name in ("guests_on_restart_needed", "networks_on_restart_needed", "storage_on_restart_needed")
    ),
    ("guests_shutdown_timeout", [0, 120, 1.5, "90", "1.5", "1e3"], [None, -1, "soon", [], {}, "-1", "5 s"]),
    ("links_rollback_after", [1, 60, 3600, "60"], [None, 0, 3601, -5, "soon", [], {}, 1.5]),
    ("links_serial", [1, 5, "20%", "3", [1, 5, "50%"]], [0, "0", "all", None, True, {}, [0], "-1"]),
    ("host_extra_packages", [[], ["zfsutils-linux"]], [None, {}, {"a": 1}, "a,b", "zstd"]),
    ("kvm_guests_dir", ["guests", None], []),
    ("kvm_images_lock", ["images.lock.yml", None], []),
    ("kvm_images_via", ["host", "control"], ["hosts", None, True, [], {}]),
    ("kvm_owner", ["ops/fleet", 7, None], ["", True, ["us"], {"a": 1}]),
    ("pull_state", ["present", "absent"], ["gone", None, True, [], {}]),
    *((f"pull_{name}", ["text", 7, None], []) for name in ("repository", "deploy_key", "vault_password")),
    *(
        (f"pull_{name}", ["text", 7], [])
        for name in (
            *("version", "inventory", "playbook", "requirements", "on_calendar", "random_delay"),
            *("python", "ansible_core", "wheels", "ansible_folder"),
        )
    ),
    *(
        (f"pull_{name}", [[], ["text"]], ["a,b", None, {}, {"a": 1}])
        for name in ("tags", "allowed_signers", "gpg_keys", "known_hosts", "pip_arguments")
    ),
    ("pull_skip_tags", [[], ["text"], None], ["a,b", {}, {"a": 1}]),
    *(
        (name, [[], [{"name": "default"}], None], ["default", {"name": "default"}, [1], 5])
        for name in ("networks_default", "storage_default")
    ),
)
"""Variables of the roles: values that are right, and values that are wrong."""

RIGHT = {
    "nothing": "",
    "what guests have in common, and short forms": """
        kvm_guest_defaults: {memory: 1GiB, cpu: host-passthrough}
        kvm_guest_profiles: {web: {vcpus: 2, cpu: {model: EPYC}}}
        kvm_networks: [{name: lan, forward: nat, ips: [192.0.2.1/24]}]
        kvm_guests:
          - {name: web01, host: kvm01, profile: web, interfaces: [lan, {network: lan, ip: 192.0.2.5}]}
          - {name: web02, host: kvm01, defaults: false, memory: 2GiB, cpu: host-model}
    """,
    "an inventory": """
        all:
          vars: {ansible_user: root, kvm_owner: ops/fleet}
          children:
            kvm_hosts:
              hosts:
                kvm[01:20]:
                kvm21: {ansible_host: 192.0.2.21, kvm_links: [{name: br0, type: bridge, ports: [eno1]}]}
              vars:
                kvm_pools: [{name: default, type: dir, target: /var/lib/libvirt/images}]
            web: {children: {kvm_hosts: null}}
        """,
    "images by name": """
        kvm_images:
          - {name: a, url: https://h/a.qcow2, checksum: https://h/SHA256SUMS, mode: overlay, pool: fast, keyring: /k.gpg}
          - {name: b, path: /srv/b.qcow2, format: raw}
          - {name: c, debian: 13, variant: generic, serial: 20250814-2204, arch: arm64, mirror: https://m/x}
          - {name: d, ubuntu: "24.04", image_timeout: 60}
          - {name: e, url: "{{ images }}/e.qcow2"}
        kvm_volumes: [{name: v, image: a}]
        """,
    "an inventory of a group": "kvm_hosts: {hosts: {kvm01: null}, vars: {guests_purge: true, my_own: [1, {a: b}]}}",
    "other groups, and variables that look like groups": "web: {hosts: {a: {x: 1}}}\nmine: {hosts: [a, b], vars: 1}\n",
    "the design's page": """
        kvm_links:
          - {name: br0, type: bridge, ports: [eno1]}
          - {name: shim0, type: macvlan, parent: eno2}
          - {name: br1, state: absent}
          - {name: bond0, type: bond, ports: [eno3, eno4], mode: active-backup}
          - {name: vlan7, type: vlan, parent: bond0, id: 7, addressing: static, addresses: [192.0.2.7/24], gateway: 192.0.2.1}
        kvm_networks:
          - name: default
            bridge: virbr0
            forward: {mode: nat}
            ips: [{address: 192.168.122.1/24, dhcp: {ranges: [{start: 192.168.122.2, end: 192.168.122.254}]}}]
          - {name: lan, forward: {mode: bridge}, bridge: br0}
          - {name: direct, forward: {mode: bridge, interfaces: [eno2]}}
        kvm_pools: [{name: default, type: dir, target: /var/lib/libvirt/images}]
        """,
    "cases of saved and live guests": """
        kvm_guests:
          - {name: g, host: a, memory: 128MiB, interfaces: [{network: lan}], inputs: [{type: tablet, bus: usb}], state: running}
          - {name: h, host: a, memory: 128MiB, disks: [{size: 32MiB, boot: {order: 1}}]}
          - {name: e30, host: a, memory: 128MiB, filesystems: [{type: mount, driver: {type: virtiofs}, source: /srv, target: s}]}
          - {name: h2, host: a, virt: qemu, disks: [{file: /var/lib/x.qcow2, driver: {cache: default}}]}
          - {name: h5, host: a, channels: [{type: unix, mode: bind, target: {type: virtio, name: org.qemu.guest_agent.0}}]}
          - {name: k8, host: a, consoles: [{type: pty}], serials: []}
          - {name: k1, host: a, arch: aarch64, machine: virt}
          - {name: old, host: a, state: absent}
          - {name: vnc, host: a, graphics: [{type: vnc, passwd: "{{ vault_passwd }}"}]}
        kvm_volumes:
          - {pool: default, name: s.iso, format: raw, image: /tmp/s.iso}
          - {pool: vols, name: v60.qcow2, capacity: 1MiB, backing: {path: BASE, format: qcow2, permissions: {owner: 107}}}
        """.replace("BASE", "/srv/base.qcow2"),
    "templates": """
        kvm_guests: "{{ kvm_web + kvm_db }}"
        kvm_web:
          - {name: "web{{ '%02d' % 1 }}", host: "{{ x }}", memory: "{{ gib }}GiB", vcpus: "{{ 2 if big else 1 }}"}
          - "{{ one }}"
        kvm_networks:
          - name: lan
            autostart: "{{ start | default(omit) }}"
            forward: "{{ way }}"
            ips: ["{{ ip }}", {address: "{{ net }}.1/24", dhcp: {ranges: "{{ ranges }}", hosts: ["{{ host }}"]}}]
        """,
    "null": """
        kvm_guests: [{name: a, host: b, memory: 1GiB, vcpus: null, disks: null, cpu: null, machine: null, description: null}]
        kvm_networks: null
        kvm_pools: [{name: a, target: null, source: null}]
        kvm_volumes: []
        """,
    "words of YAML 1.1": "kvm_guests: [{name: a, host: b, autostart: 'yes', disks: [{size: 1GiB, driver: {discard_no_unref: 'on'}}]}]",
    "numbers": "kvm_guests: [{name: '7', host: b, memory: 1073741824, vcpus: '2', title: 5, cpu: {mode: custom, model: 486}}]",
    "names of one's own": """
        kvm_guests:
          - {name: a, host: b, perf: {cmt: true}, qemu: {env: {ANY_NAME: x, OTHER: 1}, args: [-foo, bar]}, keywrap: {aes: on}}
          - {name: b, host: b, xml: "<devices/>", metadata: ["<a:b xmlns:a='urn:a'/>"], cpu: {mode: host-model, features: {vmx: require}}}
        """,
    "the empty dictionary that asks for something": """
        kvm_guests: [{name: a, host: b, memory_backing: {hugepages: {}}, disks: [{size: 1GiB, transient: {}}], vsock: {}}]
        kvm_networks: [{name: a, forward: {}}]
        """,
    "options that are null or empty beside others": """
        kvm_guests: [{name: a, host: b, disks: [{file: /x, block: null, volume: "{{ omit }}"}], interfaces: [{network: a, bridge: null}]}]
        """,
}
"""What is right."""

GUEST = "kvm_guests: [{{name: a, host: b, {}}}]"
DISK = "kvm_guests: [{{name: a, host: b, disks: [{{{}}}]}}]"
CARD = "kvm_guests: [{{name: a, host: b, interfaces: [{{{}}}]}}]"
NETWORK = "kvm_networks: [{{name: a, {}}}]"
IP = "kvm_networks: [{{name: a, ips: [{{{}}}]}}]"
POOL = "kvm_pools: [{{name: a, {}}}]"
IMAGE = "kvm_images: [{{name: a, {}}}]"
VOLUME = "kvm_volumes: [{{name: a, {}}}]"
LINK = "kvm_links: [{{name: a, {}}}]"

WRONG: tuple[tuple[str, str], ...] = (
    # variables
    ("kvm_guest: []", "kvm_guest"),
    ("kvm_netwroks: []", "kvm_netwroks"),
    ("KVM_guests: []", "KVM_guests"),
    ("kvm-pools: []", "kvm-pools"),
    ("kvm_vms: []", "kvm_vms"),
    ("guests_purge: maybe", "guests_purge"),
    ("guests_on_restart_needed: later", "guests_on_restart_needed"),
    ("links_rollback_after: 0", "links_rollback_after"),
    ("links_serial: all", "links_serial"),
    ("kvm_guests: [{name: 007, host: b}]", "kvm_guests[0].name"),
    # files
    ("- kvm_guests", ""),
    ("all: {hosts: [kvm01]}", "all.hosts"),
    ("all: {host: {kvm01: null}}", "all.host"),
    ("kvm_hosts: {hosts: {kvm01: {kvm_guest: []}}}", "kvm_hosts.hosts.kvm01.kvm_guest"),
    ("kvm_hosts: {vars: {guests_purge: 7}}", "kvm_hosts.vars.guests_purge"),
    (
        "all: {children: {kvm_hosts: {vars: {kvm_links: [{name: br0, type: brigde}]}}}}",
        "all.children.kvm_hosts.vars.kvm_links[0].type",
    ),
    ("web: {hosts: {a: {kvm_pools: {}}}}", "web.hosts.a.kvm_pools"),
    # lists and items
    ("kvm_guests: {web01: {memory: 1GiB}}", "kvm_guests"),
    ("kvm_guests: web01", "kvm_guests"),
    ("kvm_guests: [web01]", "kvm_guests[0]"),
    ("kvm_guests: [null]", "kvm_guests[0]"),
    ("kvm_guests: [{host: b}]", "kvm_guests[0].name"),
    ("kvm_guests: [{name: a}]", "kvm_guests[0].host"),
    ("kvm_guests: [{name: null, host: b}]", "kvm_guests[0].name"),
    (
        "kvm_guests: [{name: a, host: b, snapshots: [{name: s, state: reverted}]}]",
        "kvm_guests[0].snapshots[0].state",
    ),
    ("kvm_guests: [{name: a, host: b, snapshots: [{name: s, domain: a}]}]", "kvm_guests[0].snapshots[0].domain"),
    ("kvm_guest_defaults: {snapshots: [{type: internal}]}", "kvm_guest_defaults.snapshots[0].name"),
    ("kvm_guests: [{name: a/b, host: b}]", "kvm_guests[0].name"),
    ("kvm_guests: [{name: a, host: null}]", "kvm_guests[0].host"),
    ("kvm_pools: [{name: a, host: b}]", "kvm_pools[0].host"),
    # options of guests
    (GUEST.format("memroy: 2GiB"), "kvm_guests[0].memroy"),
    (GUEST.format("memory: banana"), "kvm_guests[0].memory"),
    (GUEST.format("memory: 2"), "kvm_guests[0].memory"),
    (GUEST.format("memory: '512'"), "kvm_guests[0].memory"),
    (GUEST.format("memory: -1GiB"), "kvm_guests[0].memory"),
    (GUEST.format("memory: null"), "kvm_guests[0].memory"),
    (GUEST.format("memory: [1GiB]"), "kvm_guests[0].memory"),
    (GUEST.format("vcpus: 0"), "kvm_guests[0].vcpus"),
    (GUEST.format("vcpus: two"), "kvm_guests[0].vcpus"),
    (GUEST.format("vcpus: 1.5"), "kvm_guests[0].vcpus"),
    (GUEST.format("state: runing"), "kvm_guests[0].state"),
    (GUEST.format("autostart: maybe"), "kvm_guests[0].autostart"),
    (GUEST.format("autostart: 2"), "kvm_guests[0].autostart"),
    (GUEST.format("uuid: 6f1d8a52"), "kvm_guests[0].uuid"),
    (GUEST.format("virt: kmv"), "kvm_guests[0].virt"),
    (GUEST.format("boot: hd"), "kvm_guests[0].boot"),
    (GUEST.format("boot: [hd, usb]"), "kvm_guests[0].boot[1]"),
    (GUEST.format("kernel: boot/vmlinuz"), "kvm_guests[0].kernel"),
    (GUEST.format("cpu: host-pastrough"), "kvm_guests[0].cpu"),
    (GUEST.format("memroy: 1GiB, profile: web"), "kvm_guests[0].memroy"),
    (GUEST.format("profile: [web]"), "kvm_guests[0].profile"),
    (GUEST.format("interfaces: [{network: lan, ip: nowhere}]"), "kvm_guests[0].interfaces[0].ip"),
    ("kvm_guest_defaults: {memory: a fruit}", "kvm_guest_defaults.memory"),
    ("kvm_guest_defaults_host: {name: web01}", "kvm_guest_defaults_host.name"),
    ("kvm_guest_profiles: {web: {vcpus: many}}", "kvm_guest_profiles.web.vcpus"),
    (GUEST.format("cpu: {mode: fast}"), "kvm_guests[0].cpu.mode"),
    (GUEST.format("disks: {size: 1GiB}"), "kvm_guests[0].disks"),
    (GUEST.format("perf: {cmtt: true}"), "kvm_guests[0].perf.cmtt"),
    (GUEST.format("watchdogs: [{model: itco, action: restart}]"), "kvm_guests[0].watchdogs[0].action"),
    (GUEST.format("graphics: {type: vnc}"), "kvm_guests[0].graphics"),
    (GUEST.format("hotplug_slots: 33"), "kvm_guests[0].hotplug_slots"),
    (GUEST.format("rngs: [{address: {type: pci, port: 1}}]"), "kvm_guests[0].rngs[0].address.port"),
    # disks
    (DISK.format("path: /x.qcow2"), "kvm_guests[0].disks[0].path"),
    (DISK.format("size: 20"), "kvm_guests[0].disks[0].size"),
    (DISK.format("file: x.qcow2"), "kvm_guests[0].disks[0].file"),
    (DISK.format("file: /x, block: /dev/sdb"), "kvm_guests[0].disks[0].block"),
    (DISK.format("file: /x, pool: default"), "kvm_guests[0].disks[0].pool"),
    (DISK.format("type: block, file: /x"), "kvm_guests[0].disks[0].file"),
    (DISK.format("size: 1GiB, file: /x"), "kvm_guests[0].disks[0].file"),
    (DISK.format("image: /x, backing: base"), "kvm_guests[0].disks[0].backing"),
    (DISK.format("size: 1GiB, device: cdrom"), "kvm_guests[0].disks[0].device"),
    (DISK.format("size: 1GiB, checksum: 'sha256:" + "a" * 64 + "'"), "kvm_guests[0].disks[0].image"),
    (DISK.format("image: 'ftp://h/x'"), "kvm_guests[0].disks[0].image"),
    (DISK.format("image: /x, checksum: 'md5:abc'"), "kvm_guests[0].disks[0].checksum"),
    (DISK.format("volume: p/v"), "kvm_guests[0].disks[0].volume"),
    (DISK.format("file: /x, driver: {cache: yes please}"), "kvm_guests[0].disks[0].driver.cache"),
    (DISK.format("file: /x, source: {mode: host}"), "kvm_guests[0].disks[0].source.mode"),
    # interfaces
    (CARD.format("network: a, bridge: br0"), "kvm_guests[0].interfaces[0].bridge"),
    (CARD.format("network: a, mac: 52:54:00:zz:00:01"), "kvm_guests[0].interfaces[0].mac"),
    (CARD.format("network: a, mac: '53:54:00:aa:00:01'"), "kvm_guests[0].interfaces[0].mac"),
    (CARD.format("bridge: -br0"), "kvm_guests[0].interfaces[0].bridge"),
    (CARD.format("direct: eno1, mode: nat"), "kvm_guests[0].interfaces[0].mode"),
    # networks
    (NETWORK.format("forward: nta"), "kvm_networks[0].forward"),
    (NETWORK.format("forward: {mode: natt}"), "kvm_networks[0].forward.mode"),
    (NETWORK.format("forward: {mode: bridge}, bridge: br0, ips: [{address: 10.0.0.1/24}]"), "kvm_networks[0].ips"),
    (NETWORK.format("forward: {mode: bridge}"), "kvm_networks[0].bridge"),
    (NETWORK.format("mtu: 60"), "kvm_networks[0].mtu"),
    (IP.format("dhcp: {}"), "kvm_networks[0].ips[0].address"),
    (IP.format("address: 10.0.0.1"), "kvm_networks[0].ips[0].address"),
    (IP.format("address: 10.0.0.0/24"), "kvm_networks[0].ips[0].address"),
    (
        IP.format("address: 10.0.0.1/24, dhcp: {ranges: [{start: 10.0.0.2}]}"),
        "kvm_networks[0].ips[0].dhcp.ranges[0].end",
    ),
    (
        IP.format("address: 10.0.0.1/24, dhcp: {ranges: [{start: 10.0.0.2, end: 10.0.0.999}]}"),
        "kvm_networks[0].ips[0].dhcp.ranges[0].end",
    ),
    (IP.format("address: 10.0.0.1/24, dhcp: {hosts: [{name: web}]}"), "kvm_networks[0].ips[0].dhcp.hosts[0].ip"),
    (IP.format("address: 10.0.0.1/24, dhcp: true"), "kvm_networks[0].ips[0].dhcp"),
    # storage
    (POOL.format("type: directory"), "kvm_pools[0].type"),
    (POOL.format("target: images"), "kvm_pools[0].target"),
    (POOL.format("permissions: {mode: 711}"), "kvm_pools[0].permissions.mode"),
    (POOL.format("permissions: {mode: '1777'}"), "kvm_pools[0].permissions.mode"),
    (POOL.format("permissions: {owner: libvirt}"), "kvm_pools[0].permissions.owner"),
    (POOL.format("source: {hosts: [{port: 70000}]}"), "kvm_pools[0].source.hosts[0].port"),
    (IMAGE.format("url: /x"), "kvm_images[0].url"),
    (IMAGE.format("url: https://h/x, path: /x"), "kvm_images[0].path"),
    (IMAGE.format("path: /x, checksum: x"), "kvm_images[0].checksum"),
    (IMAGE.format("path: /x, mode: link"), "kvm_images[0].mode"),
    (IMAGE.format("path: /x, arch: amd64"), "kvm_images[0].arch"),
    (IMAGE.format("ubuntu: 24.04"), "kvm_images[0].ubuntu"),
    (IMAGE.format("debian: 13, checksum: https://h/SHA512SUMS"), "kvm_images[0].checksum"),
    (IMAGE.format("debian: 13, mirror: /srv"), "kvm_images[0].mirror"),
    (IMAGE.format("path: /x, state: absent"), "kvm_images[0].state"),
    (VOLUME.format("size: 1GiB"), "kvm_volumes[0].size"),
    (VOLUME.format("capacity: 100"), "kvm_volumes[0].capacity"),
    (VOLUME.format("image: /x, clone_from: y"), "kvm_volumes[0].clone_from"),
    (VOLUME.format("capacity: 1GiB, checksum: 'sha256:" + "a" * 64 + "'"), "kvm_volumes[0].image"),
    (VOLUME.format("clone_from: a/b/c"), "kvm_volumes[0].clone_from"),
    (VOLUME.format("backing: {format: qcow2}"), "kvm_volumes[0].backing.volume"),
    (VOLUME.format("xml: devices"), "kvm_volumes[0].xml"),
    # links
    (LINK.format("ports: [eno1]"), "kvm_links[0].type"),
    (LINK.format("type: bridge, id: 7"), "kvm_links[0].id"),
    (LINK.format("type: vlan, id: 7"), "kvm_links[0].parent"),
    (LINK.format("type: vlan, parent: eno1, id: 5000"), "kvm_links[0].id"),
    (LINK.format("type: bond, ports: []"), "kvm_links[0].ports"),
    (LINK.format("type: macvlan, parent: eno1, mode: active-backup"), "kvm_links[0].mode"),
    (LINK.format("type: bridge, addresses: [10.0.0.1/24]"), "kvm_links[0].addresses"),
    (LINK.format("type: bridge, addressing: static"), "kvm_links[0].addresses"),
    (LINK.format("type: bridge, ports: [eno1, verylongdevicename]"), "kvm_links[0].ports[1]"),
    (LINK.format("type: bridge, ports: eno1"), "kvm_links[0].ports"),
    (LINK.format("type: bridge, ports: [eno1], stp: true, forward_delay: 0"), "kvm_links[0].forward_delay"),
    ("kvm_links: [{name: lo, type: bridge}]", "kvm_links[0].name"),
)
"""What is wrong, and the place that is refused."""
