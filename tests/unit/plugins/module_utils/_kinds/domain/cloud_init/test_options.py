# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written onto a seed, and which options are refused before that."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import Invalid
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet import check
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.cloud_init import nocloud
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.cloud_init.values import AS_DICTIONARY
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.tests.unit.support import defined, observed, plan_one

MACS = ["52:54:00:00:00:01", "52:54:00:00:00:02"]
HASH = "$6$salt$Zm9vYmFyYmF6"


def files(cloud: dict[str, Any], name: str = "web01") -> dict[str, str]:
    """What is on the seed of a guest."""
    (item,) = DOMAIN.parse([{"name": name, "cloud_init": cloud}])
    return {name: text.decode() for name, text in nocloud.files(item["cloud_init"], name, "iid", MACS).items()}


def config(cloud: dict[str, Any]) -> Any:
    """The user data as cloud-init reads it."""
    text = files(cloud)["user-data"]
    assert text.startswith("#cloud-config\n")
    return yaml.safe_load(text)


def problems(cloud: Any, **more: Any) -> list[str]:
    """What the check of the fleet says of a guest."""
    guest = {"name": "web01", "host": "h", "memory": "1GiB", "cloud_init": cloud, **more}
    return check.problems(["h"], {"h": {"kvm_guests": [guest]}})


def test_users() -> None:
    users = ["default", {"name": "kim", "groups": ["adm"], "uid": "1001", "sudo": False, "passwd": None}]
    assert config({"users": users})["users"] == [
        "default",
        {"name": "kim", "groups": ["adm"], "sudo": False, "uid": 1001},
    ]
    assert config({"users": []})["users"] == []
    assert "users" not in config({"users": None})


def test_user_data_goes_before_the_other_options() -> None:
    more = {"packages": ["b"], "chpasswd": {"expire": True}, "hostname": "other", "ssh_pwauth": True}
    made = config({"packages": ["a"], "password": HASH, "timezone": "UTC", "user_data": more})
    assert made == {
        "hostname": "other",
        "password": HASH,
        "packages": ["b"],
        "timezone": "UTC",
        "chpasswd": {"expire": True},
        "ssh_pwauth": True,
    }


def test_user_data_that_is_a_text_stands_alone() -> None:
    script = "#!/bin/sh\necho hello\n"
    made = files({"user_data": script, "hostname": "h1"})
    assert made["user-data"] == script
    assert json.loads(made["meta-data"])["local-hostname"] == "h1"


@pytest.mark.parametrize(
    "text", ["ä ü \U0001f600", "a\u2028b\u0085\x7f\ufeff", "\t'\"\\\r\n", "yes", "1e3", "{{ x }}", "\x1b[0m", "#"]
)
def test_every_text_reads_the_same_as_yaml(text: str) -> None:
    made = config({"user_data": {"write_files": [{"content": text, text: [text]}]}})
    assert made["write_files"] == [{"content": text, text: [text]}]


@pytest.mark.parametrize("content", ["", " ", "a\r\nb\r", "\n\n"])
def test_the_content_of_a_file_stays_as_it_is(content: str) -> None:
    """A definition would not keep it, and none holds it."""
    assert config({"write_files": [{"path": "/a", "content": content}]})["write_files"][0]["content"] == content


def test_the_network() -> None:
    given = [
        {"mac": MACS[1].upper(), "address": "192.0.2.21/24", "gateway": "192.0.2.1", "nameservers": ["192.0.2.2"]},
        {"mac": MACS[1], "address": "fd00::21/64", "gateway": "fd00::1"},
    ]
    assert yaml.safe_load(files({"addresses": given})["network-config"]) == {
        "version": 2,
        "ethernets": {
            "eth0": {"match": {"macaddress": MACS[0]}, "dhcp4": True},
            "eth1": {
                "match": {"macaddress": MACS[1]},
                "addresses": ["192.0.2.21/24", "fd00::21/64"],
                "routes": [{"to": "0.0.0.0/0", "via": "192.0.2.1"}, {"to": "::/0", "via": "fd00::1"}],
                "nameservers": {"addresses": ["192.0.2.2"]},
            },
        },
    }
    own = {"version": 2, "ethernets": {"all": {"match": {"name": "en*"}, "dhcp4": True}}}
    for network in (own, {"network": own}):
        assert yaml.safe_load(files({"network": network})["network-config"]) == own
    assert "network-config" not in files({"network": "none"})


def test_a_seed_holds_no_more_than_its_largest() -> None:
    (item,) = DOMAIN.parse([{"name": "a", "cloud_init": {"user_data": "#!/bin/sh\n" + "x" * nocloud.LARGEST}}])
    with pytest.raises(Invalid, match="more than the 16 MiB that a seed holds"):
        nocloud.files(item["cloud_init"], "a", "iid", [])


def test_instances_are_never_met_again() -> None:
    seen = ["5f1c"]
    for _number in range(3):
        seen.append(nocloud.next_instance(seen[-1]))
    assert seen == ["5f1c", "5f1c+2", "5f1c+3", "5f1c+4"]


@pytest.mark.parametrize(
    "key",
    [
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample kim@example.com",
        "ssh-rsa AAAAB3NzaC1yc2E=",
        "sk-ssh-ed25519@openssh.com AAAAGnNr/+x== a key with words",
        'restrict,command="/bin/true a b" ecdsa-sha2-nistp256 AAAAE2Vj',
    ],
)
def test_public_keys_are_taken(key: str) -> None:
    assert problems({"ssh_authorized_keys": [key], "users": [{"name": "kim", "ssh_authorized_keys": [key]}]}) == []


@pytest.mark.parametrize(
    ("cloud", "said"),
    [
        ({"pakages": []}, "cloud_init.pakages: no such option; did you mean 'packages'?"),
        ({"users": [{"nam": "kim"}]}, "cloud_init.users[0].nam: no such option; did you mean 'name'?"),
        ({"packages": "nginx"}, "cloud_init.packages: a string is not a list; write '- ' before each of its items"),
        ({"write_files": [{"path": "etc/x"}]}, "cloud_init.write_files[0].path: "),
        ({"write_files": [{"content": "x"}]}, "cloud_init.write_files[0].path: is missing"),
        ({"write_files": [{"path": "/x", "permissions": 644}]}, "cloud_init.write_files[0].permissions: "),
        ({"users": [{"name": "kim", "sudo": ["ALL"]}]}, "cloud_init.users[0].sudo: a list is not a text or false"),
        ({"users": [{"name": "kim", "sudo": True}]}, "cloud_init.users[0].sudo: true is no rule of sudo"),
        ({"users": [{"gecos": "x"}]}, "cloud_init.users[0].name: is missing"),
        ({"runcmd": ["a", {"b": "c"}]}, f"cloud_init.runcmd: its item [1] is no command: {AS_DICTIONARY}"),
        (
            {"runcmd": ["a", ["b", {"c": "d"}]]},
            "cloud_init.runcmd: has a command in it that is neither a text nor a list",
        ),
        ({"runcmd": "a"}, "cloud_init.runcmd: a string is not a list; write '- ' before each of its commands"),
        *[
            (
                {name: 1},
                f"cloud_init.{name}: belongs into user_data: write cloud_init: {{user_data: {{{name}: ...}}}}",
            )
            for name in ("package_update", "ssh_pwauth", "growpart", "chpasswd", "user")
        ],
        ({"hostname": "web_1"}, "cloud_init.hostname: "),
        ({"network": {"version": 1}}, "cloud_init.network: is not network-config of version 2"),
        ({"network": "dhcp"}, "cloud_init.network: "),
        ({"instance_id": "new"}, "cloud_init.instance_id: "),
        ({"user_data": "packages: [a]"}, "cloud_init.user_data: is a text that cloud-init would not know"),
        ({"user_data": ["a"]}, "cloud_init.user_data: a list is not a dictionary or a text"),
        ({"user_data": {"a": float("nan")}}, "cloud_init.user_data: has a number in it that is none"),
        ({"user_data": {1: "a"}}, "cloud_init.user_data: has an entry in it whose name is no text"),
        ({"meta_data": "a"}, "cloud_init.meta_data: a string is not a dictionary"),
        (
            {"user_data": "#!/bin/sh", "packages": ["a"]},
            "cloud_init.packages: does not go with user_data that is a text",
        ),
        (
            {"meta_data": {"instance-id": "a"}, "instance_id": "renew"},
            "cloud_init.instance_id: does not go with meta_data that has an instance-id",
        ),
        ({"addresses": [{"mac": MACS[0]}]}, "cloud_init.addresses[0].address: is missing"),
        (
            {"addresses": [{"mac": MACS[0], "address": "10.0.0.2/24"}], "network": "none"},
            "cloud_init.addresses: goes with network: auto",
        ),
        ({"ssh_authorized_keys": ["~/.ssh/id.pub"]}, "cloud_init.ssh_authorized_keys[0]: is a file, not a key; write "),
        ({"ssh_authorized_keys": ["ssh-rsa"]}, "cloud_init.ssh_authorized_keys[0]: is not a public SSH key; write "),
        (
            {"users": [{"name": "kim", "ssh_authorized_keys": ["kim@example.com"]}]},
            "cloud_init.users[0].ssh_authorized_keys[0]: is not a public SSH key; write ",
        ),
        (
            {"ssh_authorized_keys": ["-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn"]},
            "cloud_init.ssh_authorized_keys[0]: is a private key; write the public one",
        ),
        (["a"], "cloud_init: a list is not a dictionary of options"),
    ],
)
def test_what_is_refused_by_the_check(cloud: Any, said: str) -> None:
    (line,) = problems(cloud)
    assert line.startswith(f"guest web01: {said}")


@pytest.mark.parametrize(
    "password", ["s3cret", "$y$j9T$s3cret$s3cret", "$1$s3cret$s3cret", "$6$s3cret", "$6$a$s3c ret"]
)
def test_a_password_that_is_no_hash_is_refused_and_not_shown(password: str) -> None:
    """Of the hash of yescrypt, older versions of cloud-init make the password itself."""
    (line,) = problems({"password": password})
    assert line.startswith("guest web01: cloud_init.password: is not a password hash")
    assert "openssl passwd -6" in line
    assert "s3c" not in line


def test_blank_lines_before_user_data_are_as_if_left_out() -> None:
    assert problems({"user_data": "\n #cloud-config\npackages: [a]\n"}) == []
    (line,) = problems({"user_data": "\nMime-Version: 1.0\n"})
    assert "is a text that cloud-init would not know" in line


def test_a_name_that_is_no_name_of_a_host() -> None:
    (line,) = problems({}, name="web 01")
    assert line == "guest web 01: cloud_init.hostname: is missing, for 'web 01' is no name of a host"
    assert problems({"hostname": "web01"}, name="web 01") == []


OTHER = """<domain type='kvm'><name>web01</name><memory>1048576</memory>{sysinfo}<os>
<type arch='{arch}'>hvm</type>{smbios}</os><devices/></domain>"""


@pytest.mark.parametrize(
    ("arch", "sysinfo", "smbios", "serial"),
    [
        ("x86_64", "", "", "ds=nocloud"),
        ("s390x", "", "", None),
        ("x86_64", "", "<smbios mode='host'/>", None),
        (
            "x86_64",
            "<sysinfo type='smbios'><system><entry name='serial'>mine</entry></system></sysinfo>",
            "<smbios mode='sysinfo'/>",
            "mine",
        ),
        (
            "x86_64",
            "<sysinfo type='smbios'><system><entry name='product'>mine</entry></system></sysinfo>",
            "<smbios mode='sysinfo'/>",
            "ds=nocloud",
        ),
    ],
)
def test_the_serial_number(arch: str, sysinfo: str, smbios: str, serial: str | None) -> None:
    there = OTHER.format(arch=arch, sysinfo=sysinfo, smbios=smbios)
    done = plan_one(DOMAIN, observed(there), {"name": "web01", "cloud_init": {}})
    after = observed(defined(done)).definition if done.steps else observed(there).definition
    assert after.findtext("sysinfo/system/entry[@name='serial']") == serial
    back = plan_one(DOMAIN, observed(defined(done) if done.steps else there), {"name": "web01", "cloud_init": None})
    assert [change.path for change in back.changes] == (["sysinfo.system.serial"] if serial == "ds=nocloud" else [])


def test_a_config_drive_has_no_serial_number() -> None:
    """It would send cloud-init to a seed of another kind; cloudbase-init takes no notice of it."""
    there = OTHER.format(arch="x86_64", sysinfo="", smbios="")
    drive = {"name": "web01", "cloud_init": {"datasource": "configdrive"}}
    assert plan_one(DOMAIN, observed(there), drive).changes == []
    seeded = defined(plan_one(DOMAIN, observed(there), {"name": "web01", "cloud_init": {}}))
    assert [change.path for change in plan_one(DOMAIN, observed(seeded), drive).changes] == ["sysinfo.system.serial"]
