# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a newcomer writes, and what is said: where an option belongs, how a value is written."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.row_index import complete_rows
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import Invalid, VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.check import problems
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.layers import Layer
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.tests.unit.support import SCOPE

HOSTS = ["kvm01", "kvm02"]


def guest(name: str, host: Any = "kvm01", **options: Any) -> dict[str, Any]:
    return {"name": name, "host": host, "memory": "1GiB", **options}


def fleet(*guests: Any) -> dict[str, Any]:
    """The variables of hosts that share one list."""
    return {host: {"kvm_guests": list(guests)} for host in HOSTS}


def test_many_options_are_not_listed_but_the_manual_is_named() -> None:
    (line,) = problems(HOSTS, fleet(guest("a", zzzzz=1)))
    assert len(line) < 200
    assert line.startswith("guest a: zzzzz: no such option; it is like none of the ")
    assert line.endswith(
        "docs/options.md has those that you need first, and ansible-doc virtfleet.kvm.domains has them all"
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"mac": "x"}, "mac: no such option; it belongs into an item of 'interfaces'"),
        ({"backing": "x"}, "backing: no such option; it belongs into an item of 'disks'"),
        ({"ip": "x"}, "ip: no such option; did you mean 'interfaces[0].ip'?"),
        ({"topology": {}}, "topology: no such option; it belongs into 'cpu'"),
        (
            {"disks": [{"size": "1GiB", "current_memory": "1GiB"}]},
            "disks[0].current_memory: no such option; it belongs beside 'disks', not in it: indent it less",
        ),
        (
            {"os": {"boot": ["hd"]}},
            "os.boot: no such option; it belongs beside 'os', not in it: indent it less, and remove 'os:', in which"
            " nothing is left",
        ),
        (
            {"os": {"boot": ["hd"], "firmware": "efi"}},
            "os.boot: no such option; it belongs beside 'os', not in it: indent it less",
        ),
        (
            {"disks": [{"source": {"file": "/a"}}]},
            "disks[0].source.file: no such option; it belongs beside 'source', not in it: indent it less, and remove"
            " 'source:', in which nothing is left",
        ),
        (
            {"disks": [{"size": "1GiB", "mac": "x"}]},
            "disks[0].mac: no such option; it belongs into an item of 'interfaces'",
        ),
        (
            {"disks": [{"file": "/a", "target": {"dev": "vda"}}]},
            "disks[0].target: a dictionary is not a string; write target: vda",
        ),
        (
            {"disks": [{"size": "1GiB", "file": "/a"}]},
            "disks[0].size: makes a new disk; leave it out to use the existing file",
        ),
        ({"onboot": True}, "onboot: no such option; did you mean 'autostart'?"),
        ({"storage": []}, "storage: no such option; did you mean 'disks'?"),
        ({"nics": []}, "nics: no such option; did you mean 'interfaces'?"),
        (
            {"os_variant": "x"},
            "os_variant: no such option: it only tells other tools which devices to choose, so leave it out",
        ),
        (
            {"cdrom": "/a.iso"},
            "cdrom: no such option; a CD-ROM is a disk: write {device: cdrom, file: PATH} as an item of 'disks'",
        ),
        (
            {"cloud_init": {"ssh_keys": ["x"]}},
            "cloud_init.ssh_keys: no such option; did you mean 'ssh_authorized_keys'?",
        ),
        ({"cloud_init": {"wirte_fiels": []}}, "cloud_init.wirte_fiels: no such option; did you mean 'write_files'?"),
    ],
)
def test_an_option_at_the_wrong_place_is_named_with_the_right_one(options: Any, said: str) -> None:
    assert problems(HOSTS, fleet(guest("a", **options))) == [f"guest a: {said}"]


def test_an_option_at_the_wrong_place_of_defaults_too() -> None:
    layer = Layer("kvm_guest_defaults", {"mac": "x", "cdrom": "/a", "zzzzz": 1})
    assert [line.partition("; ")[2].partition(" ")[0] for line in layer.lines()] == ["a", "it", "it"]


@pytest.mark.parametrize("password", ["hunter2", "correct-horse", "S3cret!", "tiger", "disk-tiger"])
def test_a_name_that_may_be_a_secret_is_not_shown(password: str) -> None:
    (line,) = problems(HOSTS, fleet(guest("a", cloud_init={password: None})))
    assert "(not shown)" in line
    assert password not in line


@pytest.mark.parametrize("item", [{"web01": {"host": "kvm01", "memory": "1GiB"}}, {"web01": None, "host": "kvm01"}])
def test_a_name_as_the_key_of_a_guest(item: Any) -> None:
    assert problems(HOSTS, fleet(item)) == ["kvm_guests[0]: write '- name: web01', and its options below, no deeper"]


def test_a_name_as_the_key_of_a_network() -> None:
    assert problems(["kvm01"], {"kvm01": {"kvm_networks": [{"default": {"autostart": True}}]}}) == [
        "host kvm01: kvm_networks[0]: write '- name: default', and its options below, no deeper"
    ]


NAMES = "{}: a list is not a dictionary; write "


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"disks": "10GiB"}, "disks: a string is not a list; write [{size: 10GiB}]"),
        ({"disks": ["10GiB"]}, "disks[0]: a string is not a dictionary of options; write {size: 10GiB}"),
        ({"graphics": "none"}, "graphics: a string is not a list; for none, write []"),
        ({"graphics": ["vnc"]}, "graphics[0]: a string is not a dictionary of options; write {type: vnc}"),
        (
            {"channels": "agent"},
            "channels: 'agent' is not a list;"
            " write a dictionary of options for each of its items, with '- ' before the first",
        ),
        ({"clock": "utc"}, "clock: 'utc' is not a dictionary of options; write {offset: utc} or {basis: utc}"),
        (
            {"clock": {"timers": [True]}},
            "clock.timers[0]: True is not a dictionary of options; its options are: catchup, frequency, mode, name,"
            " present, tickpolicy, track",
        ),
        ({"videos": ["virtio"]}, "videos[0]: 'virtio' is not a dictionary of options; write {model: {type: virtio}}"),
        (
            {"tpms": ["emulator"]},
            "tpms[0]: 'emulator' is not a dictionary of options; write {backend: {type: emulator}}",
        ),
        ({"disks": ["/srv/a"]}, "disks[0]: a string is not a dictionary of options; write {file: /srv/a}"),
        ({"disks": ["/dev/vg/a"]}, "disks[0]: a string is not a dictionary of options; write {block: /dev/vg/a}"),
        ({"disks": "/srv/a"}, "disks: a string is not a list; write [{file: /srv/a}]"),
        (
            {"disks": ["https://host/a.img"]},
            "disks[0]: a string is not a dictionary of options; write {image: https://host/a.img}",
        ),
        (
            {"disks": ["https://user:hunter2@host/a"]},
            "disks[0]: a string is not a dictionary of options; write {OPTION: VALUE}",
        ),
        (
            {"disks": ["file=/a,bus=virtio"]},
            "disks[0]: a string is not a dictionary of options; write {file: /a, bus: virtio}",
        ),
        (
            {"disks": [{"type": "file", "source": "/a"}]},
            # Among the options of a source a secret may be.
            "disks[0].source: a string is not a dictionary of options; in place of type and source, write file: VALUE",
        ),
        (
            {"interfaces": [{"type": "bridge", "source": "br0"}]},
            "interfaces[0].source: 'br0' is not a dictionary of options; in place of type and source, write bridge:"
            " br0",
        ),
        (
            {"interfaces": [{"type": "user", "source": "br0"}]},
            "interfaces[0].source: 'br0' is not a dictionary of options; its options are: ips, routes",
        ),
        (
            {"interfaces": ["network=default"]},
            "interfaces[0]: 'network=default' names an option, and a text alone is the value of 'network'; write"
            " {network: default}",
        ),
        (
            {"interfaces": ["bridge:br0,model=e1000"]},
            "interfaces[0]: 'bridge:br0,model=e1000' names an option, and a text alone is the value of 'network'; write"
            " {bridge: br0, model: e1000}",
        ),
        (
            {"cpu": "mode=host-model"},
            "cpu: 'mode=host-model' names an option, and a text alone is the value of 'mode'; write {mode: host-model}",
        ),
        ({"features": "hap"}, "features: 'hap' is not a dictionary of options; write {hap: true}"),
        (
            {"cpu": {"features": ["vmx"]}},
            "cpu.features: a list is not a dictionary; write {vmx: VALUE}, and one of force, require, optional,"
            " disable, forbid for VALUE",
        ),
        ({"cpu": {"features": ["+vmx", "-svm"]}}, NAMES.format("cpu.features") + "{vmx: require, svm: disable}"),
        (
            {"cpu": {"features": [{"name": "vmx", "policy": "require"}]}},
            NAMES.format("cpu.features") + "{vmx: require}",
        ),
        ({"cpu": {"features": [{"vmx": "require"}]}}, NAMES.format("cpu.features") + "{vmx: require}"),
        (
            {"cpu": {"features": ["vmx", "a b"]}},
            "cpu.features: a list is not a dictionary; write it as NAME: VALUE, without '- '",
        ),
        ({"cputune": {"vcpupin": ["0-1", "2"]}}, NAMES.format("cputune.vcpupin") + '{0: "0-1", 1: "2"}'),
        (
            {"cputune": {"vcpupin": [{"vcpu": 3, "cpuset": "1"}]}},
            NAMES.format("cputune.vcpupin") + '{3: "1"}',
        ),
        ({"os": {"firmware_features": ["secure-boot"]}}, NAMES.format("os.firmware_features") + "{secure-boot: true}"),
        ({"perf": ["cmt"]}, NAMES.format("perf") + "{cmt: true}"),
        (
            {"features": {"hyperv": {"spinlocks": True}}},
            "features.hyperv.spinlocks: True is not a dictionary of options; write {state: true}",
        ),
        (
            {"features": {"hyperv": {"spinlocks": 8191}}},
            "features.hyperv.spinlocks: 8191 is not a dictionary of options; write {state: true, retries: 8191}",
        ),
        ({"features": ["acpi"]}, "features: a list is not a dictionary of options; write {acpi: true}"),
        (
            {"memory_backing": {"hugepages": "2MiB"}},
            "memory_backing.hugepages: '2MiB' is not a dictionary of options; write {pages: [{size: 2MiB}]}",
        ),
        (
            {"memory_backing": {"hugepages": [{"size": "2MiB"}]}},
            "memory_backing.hugepages: a list is not a dictionary of options; write {pages: [...]}",
        ),
        ({"channels": ["agent"]}, "channels[0]: 'agent' is not a dictionary of options; write {OPTION: VALUE}"),
        ({"graphics": ["hunter2"]}, "graphics[0]: a string is not a dictionary of options; write {OPTION: VALUE}"),
        (
            {"interfaces": [{"network": "lan", "mac": 41135080953}]},
            "interfaces[0].mac: YAML reads it as a number: put it into quotes, like '52:54:00:11:22:33'",
        ),
    ],
)
def test_a_value_in_place_of_options_is_told_with_how_to_write_it(options: Any, said: str) -> None:
    assert problems(HOSTS, fleet(guest("a", **options))) == [f"guest a: {said}"]


def test_a_number_that_yaml_would_read_otherwise_is_told_in_quotes() -> None:
    volume = {"name": "a.raw", "capacity": "1GiB", "permissions": "0644"}
    (line,) = problems(["kvm01"], {"kvm01": {"kvm_volumes": [volume]}})
    assert line.endswith("permissions: '0644' is not a dictionary of options; write {mode: \"0644\"}")


@pytest.mark.parametrize("name", ["a.b", "lan:1", "net=work", "default"])
def test_a_network_may_have_any_name_that_names_no_option(name: str) -> None:
    assert problems(HOSTS, fleet(guest("a", interfaces=[name]))) == []
    assert problems(HOSTS, fleet(guest("a", interfaces=[{"network": "network=default"}]))) == []


def test_options_of_a_guest_that_each_begin_an_item() -> None:
    found = problems(HOSTS, fleet({"name": "a"}, {"host": "kvm01"}, {"memory": "1GiB"}))
    assert found == [
        "guest a: host: is missing; name the host that it runs on",
        "kvm_guests[1]: is the option 'host' alone; write it below the name, without '- '",
        "kvm_guests[2]: is the option 'memory' alone; write it below the name, without '- '",
    ]
    assert problems(["kvm01"], {"kvm01": {"kvm_networks": [{"name": "a"}, {"bridge": "b"}]}}) == [
        "host kvm01: kvm_networks[1]: is the option 'bridge' alone; write it below the name, without '- '"
    ]


def test_a_module_says_how_its_list_is_written() -> None:
    with pytest.raises(VirtfleetError, match="is not a list of domains; write '- ' before the first option of each"):
        DOMAIN.parse({"name": "a", "memory": "1GiB"})
    with pytest.raises(VirtfleetError, match="begins with '- name: NAME', and its options below"):
        DOMAIN.parse({"a": {"memory": "1GiB"}})
    with pytest.raises(VirtfleetError, match="write '- ' before each of its items"):
        DOMAIN.parse("a")


@pytest.mark.parametrize("variable", ["kvm_pools", "kvm_networks", "kvm_links", "kvm_volumes", "kvm_secrets"])
def test_a_name_in_place_of_an_item(variable: str) -> None:
    (line,) = problems(["kvm01"], {"kvm01": {variable: ["default"]}})
    assert line.startswith(f"host kvm01: {variable}[0]: ")
    assert line.endswith(" is not a dictionary of options; write '- name: NAME', and its options below")


@pytest.mark.parametrize("option", ["name", "dev"])
def test_an_interface_that_does_not_say_what_it_is_on(option: str) -> None:
    (item,) = DOMAIN.parse([{"name": "a", "memory": "1GiB", "interfaces": [{option: "default"}]}])
    wrong: list[Invalid] = []
    complete_rows(DOMAIN.rows, item, SCOPE, wrong, "")
    assert [str(one) for one in wrong] == [
        f"interfaces[0]: give one of network, bridge, direct; {option} alone does not say what it is"
    ]


@pytest.mark.parametrize(
    ("host", "hint"),
    [
        ("kvm1", "did you mean 'kvm01'?"),
        ("KVM02", "did you mean 'kvm02'?"),
        ("banana", "there are: kvm01, kvm02"),
        ("192.0.2.11", "write the name that the inventory has for it: kvm01, kvm02"),
        ("2001:db8::1", "write the name that the inventory has for it: kvm01, kvm02"),
    ],
)
def test_a_host_that_is_not_there_is_told_with_those_that_are(host: str, hint: str) -> None:
    assert problems(HOSTS, fleet(guest("a", host))) == [
        f"guest a: host: '{host}' is not in the inventory's group kvm_hosts; {hint}"
    ]


OF_LUKS = "write {format: luks, secrets: [{usage: NAME}]}, with the usage of a secret"
OF_IP = "no such option; write ip: ADDRESS, or ip: ADDRESS/PREFIX for cloud-init to set it"


@pytest.mark.parametrize(
    ("variable", "item", "said"),
    [
        ("kvm_guests", guest("a", ["kvm01", "kvm02"]), "name the one host that it runs on; there are: kvm01, kvm02"),
        ("kvm_guests", guest("a", state=False), "YAML makes false of off and no; write stopped"),
        ("kvm_guests", guest("a", state=True), "YAML makes true of on and yes; write running"),
        ("kvm_guests", guest("a", state="Started"), "write running"),
        ("kvm_guests", guest("a", state="destroyed"), "write absent"),
        ("kvm_networks", {"name": "n", "state": False}, "YAML makes false of off and no; write inactive"),
        ("kvm_pools", {"name": "p", "state": True}, "YAML makes true of on and yes; write active"),
        ("kvm_links", {"name": "br0", "type": "bridge", "state": False}, "YAML makes false of off and no"),
        ("kvm_networks", {"name": "n", "vlan": 20}, "write {tags: [{id: 20}]}"),
        ("kvm_networks", {"name": "n", "forward": "macvtap"}, "interfaces: [DEVICE]} with a network card of the host"),
        ("kvm_networks", {"name": "n", "forward": "isolated"}, "leave forward out, and the network is isolated"),
        ("kvm_guests", guest("a", interfaces=[{"macvtap": "eth0"}]), "did you mean 'direct'?"),
        ("kvm_guests", guest("a", interfaces=[{"type": "macvtap", "direct": "eth0"}]), "card of the host, and no type"),
        ("kvm_pools", {"name": "p", "type": "nfs"}, "write netfs"),
        ("kvm_pools", {"name": "p", "type": "lvm"}, "write logical"),
        ("kvm_pools", {"name": "p", "type": "cifs"}, "write netfs, with format: cifs in source"),
        ("kvm_guests", guest("a", disks=[{"dev": "/dev/sdb"}]), "did you mean 'block'?"),
        ("kvm_guests", guest("a", disks=[{"size": 1, "dev": "vda"}]), "dev: no such option; did you mean 'target'?"),
        ("kvm_guests", guest("a", disks=[{"size": "1GiB", "encryption": True}]), f"options; {OF_LUKS}"),
        ("kvm_guests", guest("a", disks=[{"size": "1GiB", "encryption": "luks"}]), f"options; {OF_LUKS}"),
        ("kvm_guests", guest("a", disks=[{"size": "1GiB", "encryption": False}]), "leave it out for none"),
        ("kvm_guests", guest("a", vnc=True), "vnc: no such option; write graphics: [{type: vnc}]"),
        ("kvm_guests", guest("a", count=3), "count: no such option; each guest is an item of its own, with its own"
                                            " name"),
        ("kvm_guests", guest("a", interfaces=[{"network": "n", "dhcp": True}]), "of the network says which addresses"
                                                                                " there are"),
        ("kvm_guests", guest("a", interfaces=[False]), "options; YAML reads no, off, yes and on so: put it into"
                                                       " quotes"),
        ("kvm_guests", guest("a", interfaces=[{"network": "n", "ip_address": "192.0.2.1"}]), OF_IP),
        ("kvm_guests", guest("a", interfaces=[{"network": "n", "addresses": ["192.0.2.1/24"]}]), OF_IP),
        ("kvm_networks", {"name": "n", "forward": {"type": "nat"}}, "forward.type: no such option; did you mean"
                                                                    " 'mode'?"),
        ("kvm_networks", {"name": "n", "dns": {"forwarders": [{"ip": "192.0.2.1"}]}}, "did you mean 'addr'?"),
        ("kvm_networks", {"name": "n", "ips": [{"address": "192.0.2.1/24", "netmask": "255.255.255.0"}]},
         "ips[0].netmask: no such option; the prefix belongs into address, such as 192.168.122.1/24"),
        ("kvm_networks", {"name": "n", "localOnly": True}, "did you mean 'domain_local_only'?"),
        ("kvm_networks", {"name": "n", "domain": {"name": "x", "localOnly": True}},
         "a dictionary is not a string; write domain: NAME, and beside it domain_local_only: true"),
    ],
)  # fmt: skip
def test_words_of_other_tools_and_of_yaml(variable: str, item: dict[str, Any], said: str) -> None:
    lines = problems(HOSTS, {"kvm01": {variable: [item]}, "kvm02": {}})
    assert [line for line in lines if line.endswith(said)], lines
