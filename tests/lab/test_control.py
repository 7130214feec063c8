# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The built collection on each ansible-core that it supports: the site, on a host, from a host of the lab.

The control node is a host with a Python that all of them run on. Runs by name only: ./runtests control
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import tarfile
import typing as t
import zipfile
from pathlib import Path

import pytest
import yaml
from fleet import Fleet, guest, printed
from suites import SUITE_OPTIONS
from virtfleet_lab import hosts as machines
from virtfleet_lab.state import Lab

pytestmark = pytest.mark.control

ROOT = Path(__file__).resolve().parents[2]
NODE, HOST = "kvm02", "kvm01"
VERSIONS = ("2.18", "2.19", "2.20", "2.21", "2.22")
ON_NODE = "/root/control"
DECLARED = {
    "kvm_links": [{"name": "br0", "type": "bridge", "ports": ["eno1"]}],
    "kvm_networks": [
        {"name": "default", "autostart": True},
        {"name": "lan", "forward": {"mode": "bridge"}, "bridge": "br0"},
    ],
    "kvm_pools": [{"name": "default"}],
    "kvm_volumes": [{"name": "data.qcow2", "capacity": "1MiB"}],
    "kvm_guests": [
        guest("one", HOST, disks=[{"size": "1MiB"}], serials=[{"type": "pty"}]),
        guest("two", HOST, interfaces=[{"network": "lan"}], state="stopped"),
    ],
}


def give(fleet: Fleet, files: dict[str, Path | str], to: str) -> None:
    """Put files and folders into a folder of the control node, which has no other way to get them."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, source in files.items():
            if isinstance(source, Path):
                archive.add(source, name)
            else:
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = len(source.encode()), 0o600
                archive.addfile(entry, io.BytesIO(source.encode()))
    lab = Lab(fleet.name)
    fleet.sh(NODE, f"mkdir -p {to}")
    unpack = machines.entering(lab, lab.host(NODE), ["tar", "--extract", "--no-same-owner", "--directory", to])
    subprocess.run(unpack, input=packed.getvalue(), check=True)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Fleet]:
    made = Fleet("control", tmp_path_factory.mktemp("control"))
    made.lab("down")
    try:
        made.lab("up", "2", *SUITE_OPTIONS, "--with-kvm")
        build = ["ansible-galaxy", "collection", "build", str(ROOT), "--output-path", str(made.folder)]
        printed(build, "the collection is built")
        (archive,) = made.folder.glob("virtfleet-kvm-*.tar.gz")
        files: dict[str, Path | str] = {"collection.tar.gz": archive, "key": Lab(made.name).key.read_text()}
        give(made, files, ON_NODE)
        yield made
    finally:
        made.lab("down")


def control_node(fleet: Fleet, version: str) -> str:
    """Put an ansible-core on the control node. Returns the shell command before its name and arguments."""
    python = fleet.sh(NODE, "python3 -c 'import sys; print(\"%d.%d\" % sys.version_info[:2])'").strip()
    folder = fleet.folder / version
    wheels = fleet.folder / f"wheels-{version}"
    # Also a version that is not out yet.
    wish = ["--pre", f"ansible-core~={version}.0b1", "jmespath"]
    where = ["--dest", str(wheels), "--python-version", python, "--only-binary", ":all:"]
    printed([sys.executable, "-m", "pip", "download", "--quiet", *where, *wish], f"ansible-core {version}")
    for wheel in wheels.iterdir():
        with zipfile.ZipFile(wheel) as packed:
            packed.extractall(folder)
    give(fleet, {version: folder}, ON_NODE)
    collections = f"{ON_NODE}/collections-{version}"
    command = (
        f"cd {ON_NODE} && export PYTHONPATH={ON_NODE}/{version} ANSIBLE_COLLECTIONS_PATH={collections}"
        " ANSIBLE_NOCOLOR=1 ANSIBLE_HOST_KEY_CHECKING=0; python3 -m ansible"
    )
    fleet.sh(NODE, f"{command} galaxy collection install collection.tar.gz -p {collections} --offline")
    return command


def serve_slowly(fleet: Fleet) -> str:
    """Have the host serve an image that takes six seconds. Returns its URL there."""
    tools = "/root/tools"
    for name in ("hostile_images", "hostile_server"):
        text = (ROOT / f"tests/unit/{name}.py").read_text(encoding="utf-8")
        fleet.sh(HOST, f"mkdir -p {tools}; cat >{tools}/{name}.py <<'END'\n{text}\nEND\n")
    fleet.sh(HOST, f"systemd-run -q --unit steady python3 {tools}/hostile_server.py 8081")
    return "http://127.0.0.1:8081/steady.raw"


def long_work(fleet: Fleet, command: str) -> list[str]:
    """What is printed while the host fetches an image."""
    volume = {"name": "big.qcow2", "image": serve_slowly(fleet)}
    play = {"hosts": HOST, "gather_facts": False, "tasks": [{"virtfleet.kvm.volumes": {"config": [volume]}}]}
    give(fleet, {"long.yml": yaml.safe_dump([play])}, ON_NODE)
    output = fleet.sh(NODE, f"{command} playbook -i hosts.yml -e kvm_progress=1 long.yml")
    assert "failed=0" in output, output
    return re.findall(rf"^{HOST}: volume default/big\.qcow2: fetching steady\.raw [0-9]+ % .*$", output, re.MULTILINE)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_site_twice(fleet: Fleet, version: str) -> None:
    fleet.lab("destroy", HOST)
    fleet.lab("up", "2", *SUITE_OPTIONS, "--with-kvm")
    command = control_node(fleet, version)
    assert f"core {version}." in fleet.sh(NODE, f"{command} playbook --version")
    address = fleet.sh(HOST, "hostname -I").split()[0]
    reached = {"ansible_host": address, "ansible_user": "root", "ansible_ssh_private_key_file": f"{ON_NODE}/key"}
    inventory = {"kvm_hosts": {"hosts": {HOST: reached}, "vars": DECLARED}}
    give(fleet, {"hosts.yml": yaml.safe_dump(inventory)}, ON_NODE)
    play = f"{command} playbook -i hosts.yml virtfleet.kvm.site --diff"
    checked = fleet.sh(NODE, f"{play} --check")
    first = fleet.sh(NODE, play)
    assert fleet.sh(HOST, "virsh list --name").split() == ["one"]
    assert "master br0" in fleet.sh(HOST, "ip link show eno1")
    second = fleet.sh(NODE, play)
    for output in (checked, first, second):
        assert "failed=0" in output, output
        for word in ("Traceback", "DEPRECATION", "[WARNING]: Collection virtfleet.kvm"):
            assert word not in output, output
    assert "changed=0" not in first
    assert "changed=0" in second, second
    told = fleet.sh(NODE, f"{command} adhoc -i hosts.yml {HOST} -m virtfleet.kvm.domains_info -o")
    assert [domain["name"] for domain in json.loads(told.partition("=>")[2])["domains"]] == ["one", "two"]
    assert len(long_work(fleet, command)) >= 3
