# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For each table, declarations that together use every option, none with its default.

test_options.py fails for an option of a table that is missing here, for a sample that does not come
back from XML as it went in, and for one that libvirt refuses. So who adds a row adds to these.
"""

from __future__ import annotations

from typing import Any

DOMAINS: list[dict[str, Any]] = [
    {
        "name": "everything",
        "state": "stopped",
        "autostart": True,
        "uuid": "0d9ae0a1-3f0c-4d53-9b3f-5b7c4f1b2a01",
        "title": "All there is",
        "description": "Uses <every> option & says so",
        "virt": "test",
        "memory": "2GiB",
        "vcpus": 2,
        "arch": "i686",
        "machine": "pc-i440fx-9.2",
        "kernel": "/boot/vmlinuz",
        "initrd": "/boot/initrd.img",
        "cmdline": "console=ttyS0 quiet",
        "boot": ["network", "hd"],
        "cpu": {"mode": "host-model"},
        "features": {"acpi": True, "apic": True},
        "disks": [
            {
                "file": "/images/a.qcow2",
                "device": "cdrom",
                "bus": "sata",
                "target": "sda",
                "format": "qcow2",
                "serial": "WD-1",
            },
            {"block": "/dev/sdb", "bus": "virtio", "target": "vdb", "format": "raw", "readonly": True},
            {"volume": "v", "pool": "p", "bus": "virtio", "target": "vda", "format": "raw"},
        ],
        "interfaces": [
            {"network": "default", "mac": "52:54:00:00:00:01", "model": "virtio"},
            {"bridge": "br0", "mac": "52:54:00:00:00:02", "model": "e1000"},
            {"direct": "eth0", "mode": "vepa", "mac": "52:54:00:00:00:03", "model": "virtio"},
        ],
        "serials": [{"type": "file", "path": "/var/log/console.log"}, {"type": "pty"}],
    },
]

NETWORKS: list[dict[str, Any]] = [
    {
        "name": "everything",
        "state": "inactive",
        "autostart": True,
        "uuid": "0d9ae0a1-3f0c-4d53-9b3f-5b7c4f1b2a02",
        "bridge": "virbr7",
        "stp": False,
        "delay": 3,
        "mtu": 1400,
        "domain": "lab.example",
        "mac": "52:54:00:00:00:07",
        "forward": {"mode": "nat", "dev": "eth0", "interfaces": ["eth0"]},
        "ips": [
            {
                "address": "10.7.0.1/24",
                "dhcp": {
                    "ranges": [{"start": "10.7.0.100", "end": "10.7.0.199"}],
                    "hosts": [{"mac": "52:54:00:00:00:08", "name": "web01", "ip": "10.7.0.8"}],
                },
            },
            {"address": "fd00:7::1/64"},
        ],
    },
    {
        "name": "names",
        "title": "Names and numbers",
        "description": "Uses <what> the first one has not",
        "metadata": ["<a:b xmlns:a='urn:a'><a:c/></a:b>"],
        "bridge": "virbr8",
        "zone": "trusted",
        "mac_table_manager": "libvirt",
        "domain": "names.example",
        "domain_local_only": True,
        "domain_register": False,
        "ipv6": True,
        "trust_guest_rx_filters": True,
        "portgroups": [{"name": "slow", "bandwidth": {"inbound": {"average": 1000, "peak": 2000, "burst": 512}}}],
        "forward": {
            "mode": "nat",
            "nat": {
                "ipv6": True,
                "address": {"start": "192.0.2.1", "end": "192.0.2.9"},
                "port": {"start": 2000, "end": 3000},
            },
        },
        "ips": [
            {
                "address": "10.8.0.1/24",
                "family": "ipv4",
                "local_ptr": True,
                "tftp": "/srv/tftp",
                "dhcp": {
                    "ranges": [
                        {"start": "10.8.0.100", "end": "10.8.0.199", "lease": {"expiry": 2, "unit": "hours"}},
                    ],
                    "hosts": [
                        {
                            "mac": "52:54:00:00:00:09",
                            "name": "web02",
                            "ip": "10.8.0.9",
                            "lease": {"expiry": 30, "unit": "seconds"},
                        }
                    ],
                    "bootp_file": "pxelinux.0",
                    "bootp_server": "10.8.0.2",
                },
            },
            {
                "address": "fd00:8::1/64",
                "family": "ipv6",
                "dhcp": {"hosts": [{"id": "0:1:0:1:18:aa:62:fe:0:16:3e:44:55:66", "name": "six", "ip": "fd00:8::6"}]},
            },
        ],
        "routes": [
            {"address": "10.9.0.0", "family": "ipv4", "prefix": 24, "gateway": "10.8.0.3", "metric": 2},
            {"address": "10.10.0.0", "netmask": "255.255.255.0", "gateway": "10.8.0.4"},
        ],
        "dns": {
            "enable": True,
            "forward_plain_names": False,
            "forwarders": [{"addr": "192.0.2.53"}, {"domain": "corp.example", "addr": "192.0.2.54"}],
            "txts": [{"name": "about", "value": "two words"}],
            "srvs": [
                {
                    "service": "ldap",
                    "protocol": "tcp",
                    "domain": "names.example",
                    "target": "ldap.names.example",
                    "port": 389,
                    "priority": 1,
                    "weight": 5,
                }
            ],
            "hosts": [{"ip": "10.8.0.7", "hostnames": ["seven", "sept"]}],
        },
        "bandwidth": {
            "inbound": {"average": 1000, "peak": 5000, "burst": 1024},
            "outbound": {"average": 128, "peak": 256, "burst": 256},
        },
        "isolated": True,
        "dnsmasq_options": ["local-ttl=3"],
    },
    {
        "name": "switch",
        "forward": {"mode": "bridge"},
        "bridge": "ovs0",
        "virtualport": {"type": "openvswitch"},
        "vlan": {"trunk": True, "tags": [{"id": 42, "native_mode": "untagged"}, {"id": 47}]},
        "portgroups": [
            {
                "name": "staff",
                "default": True,
                "trust_guest_rx_filters": True,
                "virtualport": {"profileid": "staff"},
                "bandwidth": {
                    "inbound": {"average": 1000, "peak": 2000, "burst": 512},
                    "outbound": {"average": 300, "peak": 600, "burst": 256},
                },
                "vlan": {"trunk": True, "tags": [{"id": 7, "native_mode": "tagged"}, {"id": 8}]},
            },
            {
                "name": "vsi",
                "virtualport": {
                    "type": "802.1Qbg",
                    "managerid": 12,
                    "typeid": 1193048,
                    "typeidversion": 3,
                    "instanceid": "09b11c53-8b5c-4eeb-8f00-d84eaa0aaa5f",
                },
            },
            {
                "name": "cloud",
                "virtualport": {"type": "midonet", "interfaceid": "09b11c53-8b5c-4eeb-8f00-d84eaa0aaa6f"},
            },
        ],
    },
    {
        "name": "cisco",
        "forward": {"mode": "private", "interfaces": ["eth7"]},
        "virtualport": {"type": "802.1Qbh", "profileid": "finance"},
    },
    {
        "name": "qbg",
        "forward": {"mode": "vepa", "interfaces": ["eth6"]},
        "virtualport": {
            "type": "802.1Qbg",
            "managerid": 11,
            "typeid": 1193047,
            "typeidversion": 2,
            "instanceid": "09b11c53-8b5c-4eeb-8f00-d84eaa0aaa4f",
        },
    },
    {
        "name": "midonet",
        "forward": {"mode": "bridge"},
        "bridge": "mido0",
        "virtualport": {"type": "midonet", "interfaceid": "09b11c53-8b5c-4eeb-8f00-d84eaa0aaa3f"},
    },
    {
        "name": "functions",
        "forward": {
            "mode": "hostdev",
            "managed": True,
            "driver": {"name": "vfio", "model": "mlx5_vfio_pci"},
            "addresses": [
                {"type": "pci", "domain": 1, "bus": 3, "slot": 4, "function": 1},
                {"type": "pci", "bus": 3, "slot": 5, "multifunction": True},
            ],
        },
    },
    {"name": "physical", "forward": {"mode": "passthrough", "pf": "eth5"}},
    {"name": "lan", "forward": {"mode": "bridge"}, "bridge": "br0"},
    {"name": "direct", "forward": {"mode": "bridge", "interfaces": ["eth0", "eth1"]}},
]

SAMPLES = {"domain": DOMAINS, "network": NETWORKS}
