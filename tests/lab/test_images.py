# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile images and servers on real hosts: refused by name, nothing of the host gets into a disk, nothing is left."""

from __future__ import annotations

import json
import re
import typing as t

import pytest
from fleet import Fleet
from storage_fleet import (
    HOSTS,
    IMAGES,
    STORAGE,
    declare,
    disk_guest,
    failed,
    hosts_with_storage,
    image,
    paths,
    serve_hostile,
)

pytestmark = pytest.mark.long

FOLDER = "/root/hostile"
CANARY = "/root/canary"
WEB = "http://127.0.0.1:8081"

PUT = f"""
mkdir -p {FOLDER}/tools
for number in $(seq 1000); do echo "secret of the host $number"; done >{CANARY}
python3 {FOLDER}/tools/hostile_images.py {FOLDER}/images {CANARY}
"""

LEFT = f"pgrep -a qemu-img; ls -A {IMAGES}; grep -rl 'secret of the host' {IMAGES} /var/lib/virtfleet; true"
"""What would be left of an image that was refused."""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Fleet]:
    with hosts_with_storage("images", tmp_path_factory.mktemp("images")) as made:
        for host in HOSTS:
            serve_hostile(made, host, f"{FOLDER}/tools")
        yield made


@pytest.fixture(scope="module")
def words(fleet: Fleet) -> dict[str, str]:
    """The hostile images that are on the hosts, and the word of each refusal."""
    told = {host: t.cast("dict[str, str]", json.loads(fleet.sh(host, PUT).splitlines()[-1])) for host in HOSTS}
    assert told[HOSTS[0]].keys() == told[HOSTS[1]].keys()
    return told[HOSTS[0]]


def answers(fleet: Fleet) -> dict[str, str]:
    """What the hostile server answers, and the pattern of each refusal."""
    ask = (
        "import sys, json; sys.path.insert(0, 'tools'); import hostile_server;"
        " print(json.dumps({name: words for name, (_, words) in hostile_server.ANSWERS.items()}))"
    )
    return t.cast("dict[str, str]", json.loads(fleet.sh(HOSTS[0], f'cd {FOLDER} && python3 -c "{ask}"')))


def refusals(fleet: Fleet, module: str, kind: str, config: list[dict[str, t.Any]]) -> dict[str, dict[str, str]]:
    """Declare what all fails: nothing is left of it. The problems by host and name."""
    before = {host: fleet.sh(host, STORAGE) + fleet.sh(host, LEFT) for host in HOSTS}
    run = fleet.module(module, config=config)
    assert run.code != 0, run.output
    assert "Traceback" not in run.output
    assert "secret of the host" not in run.output
    assert not re.search("PASSWORD|SIGNATURE|TOKEN", run.output)
    assert {host: fleet.sh(host, STORAGE) + fleet.sh(host, LEFT) for host in HOSTS} == before
    found = {}
    for host in HOSTS:
        (result,) = run.results(f"virtfleet.kvm.{module}", host)
        assert not result["changed"]
        found[host] = {failure[kind]: failure["problem"] for failure in result["failures"]}
    return found


@pytest.mark.parametrize("form", ["qcow2", "raw"])
def test_hostile_images_in_volumes(fleet: Fleet, words: dict[str, str], form: str) -> None:
    config = [
        {"name": f"{name}.{form}", "image": f"{FOLDER}/images/{name}", "capacity": "16MiB"}
        for name in words
        if name not in ("nothing", "endless")
    ]
    found = refusals(fleet, "volumes", "volume", config)
    assert len(config) > 80
    for host in HOSTS:
        assert len(found[host]) == len(config)
        for name, word in words.items():
            if name not in ("nothing", "endless"):
                text = found[host][f"default/{name}.{form}"]
                assert text.removeprefix("image: ").startswith(f"the image {FOLDER}/images/{name} ")
                assert word in text


def test_hostile_images_in_guests(fleet: Fleet, words: dict[str, str]) -> None:
    names = [name for name in words if re.search("vmdk|backing|data-file|qed|web-page|empty|fifo|packed", name)]
    assert len(names) > 15
    guests = [disk_guest(name, {"image": f"{FOLDER}/images/{name}", "format": "raw"}) for name in names]
    guests = [guest for guest in guests if guest["name"] not in ("web-page", "empty", "packed-web-page", "packed-tar")]
    guests = [guest for guest in guests if guest["name"] != "packed-nothing"]
    found = refusals(fleet, "domains", "domain", guests)
    for host in HOSTS:
        assert found[host].keys() == {guest["name"] for guest in guests}
        assert all(words[name] in text for name, text in found[host].items())


def test_a_hostile_server(fleet: Fleet) -> None:
    told = answers(fleet)
    place = WEB.replace("//", "//bob:PASSWORD@")
    config = [
        {"name": f"{name}.qcow2", "image": f"{place}/{name}?X-Amz-Signature=SIGNATURE", "image_timeout": 4}
        for name in told
    ]
    assert len(config) >= 50
    found = refusals(fleet, "volumes", "volume", config)
    for host in HOSTS:
        for name, pattern in told.items():
            text = found[host][f"default/{name}.qcow2"]
            assert text.startswith(f"the image {WEB.replace('//', '//***@')}/{name}?*** ")
            assert re.search(pattern, text), text
            assert not re.search("PASSWORD|SIGNATURE|TOKEN", text)


def test_a_server_that_is_too_slow_is_given_up(fleet: Fleet) -> None:
    found = refusals(fleet, "volumes", "volume", [{"name": "slow.qcow2", "image": f"{WEB}/slow-body"}])
    for host in HOSTS:
        assert "it comes too slowly" in found[host]["default/slow.qcow2"]


def test_what_is_no_disk_is_taken_as_it_is_where_raw_is_said(fleet: Fleet, words: dict[str, str]) -> None:
    names = ("web-page", "tar", "zeros")
    config = [{"name": name, "image": f"{FOLDER}/images/{name}", "format": "raw"} for name in names]
    declare(fleet, "volumes", config=config)
    for host in HOSTS:
        for name in names:
            fleet.sh(host, f"cmp -n $(stat -c %s {FOLDER}/images/{name}) {FOLDER}/images/{name} {IMAGES}/{name}")
    declare(fleet, "volumes", config=[{"name": name, "state": "absent"} for name in names])


def test_good_images_of_all_kinds(fleet: Fleet, words: dict[str, str]) -> None:
    for host in HOSTS:
        fleet.sh(host, f"which zstd || apt-get -qq install -y zstd >/dev/null; zstd -qf {FOLDER}/images/disk.raw")
    names = fleet.sh(HOSTS[0], f"cd {FOLDER}/images; ls *.gz *.xz *.bz2 *.zst *.raw *.qcow2").split()
    assert len(names) > 12
    config = [{"name": f"good-{name}.qcow2", "image": f"{FOLDER}/images/{name}", "capacity": "16MiB"} for name in names]
    declare(fleet, "volumes", config=config)
    for host in HOSTS:
        for name in names:
            told = image(fleet, host, f"{IMAGES}/good-{name}.qcow2")
            assert (told["format"], told["virtual-size"]) == ("qcow2", 16 * 1024**2)
        assert fleet.sh(host, f"stat -c '%a %u' {IMAGES}/good-*").split() == ["600", "0"] * len(names)
    declare(fleet, "volumes", config=[{"name": item["name"], "state": "absent"} for item in config])


def test_a_cd_is_the_same_as_iso_and_as_raw(fleet: Fleet, words: dict[str, str]) -> None:
    config: list[dict[str, t.Any]] = [
        {"name": "s.iso", "format": "raw", "image": f"{FOLDER}/images/cd.iso"},
        {"name": "t.iso", "format": "iso", "image": f"{FOLDER}/images/cd.iso"},
        {"name": "u.iso", "image": f"{FOLDER}/images/cd.iso"},
        {"name": "v", "image": f"{FOLDER}/images/cd.iso"},
        {"name": "w.iso", "capacity": "1MiB"},
    ]
    declare(fleet, "volumes", config=config)
    for host in HOSTS:
        for item in config[:4]:
            fleet.sh(host, f"cmp {FOLDER}/images/cd.iso {IMAGES}/{item['name']}")
    declare(fleet, "volumes", config=[{"name": item["name"], "state": "absent"} for item in config])


def asked(fleet: Fleet, host: str) -> int:
    """How often the good image was fetched from the server of a host."""
    ask = f"import urllib.request; print(urllib.request.urlopen('{WEB}/count').read().decode())"
    return int(fleet.sh(host, f'python3 -c "{ask}"'))


def test_one_url_is_fetched_once_in_a_run(fleet: Fleet) -> None:
    guests = [disk_guest(f"once{number}", {"image": f"{WEB}/good"}) for number in range(3)]
    before = [asked(fleet, host) for host in HOSTS]
    declare(fleet, "domains", config=guests)
    after = [asked(fleet, host) for host in HOSTS]
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 1]
    absent = [{"name": guest["name"], "state": "absent"} for guest in guests]
    declare(fleet, "domains", config=absent, remove_storage=True)


WRITE = (
    "qemu-img create -q -f qcow2 -F raw -b {canary} /root/head 1M"
    " && dd if=/root/head of={path} conv=notrunc status=none"
)


def test_a_header_that_a_guest_wrote(fleet: Fleet, words: dict[str, str]) -> None:
    """A raw disk into which a guest wrote a header that names a file of the host: nowhere is that believed."""
    raw = [
        {"name": "noted.raw", "capacity": "4MiB"},
        {"name": "told.raw", "capacity": "4MiB"},
        {"name": "untold.raw", "capacity": "4MiB"},
    ]
    declare(fleet, "volumes", config=raw)
    guest = disk_guest("writer", {"file": f"{IMAGES}/told.raw", "format": "raw"}, state="stopped")
    declare(fleet, "domains", config=[guest])
    forget = (
        "import json; place = '/var/lib/virtfleet/storage.json'; text = json.load(open(place));"
        " [text['qemu:///system']['volumes'].pop(f'default/{name}') for name in ('told.raw', 'untold.raw')];"
        " json.dump(text, open(place, 'w'))"
    )
    for host in HOSTS:
        for item in raw:
            fleet.sh(host, WRITE.format(canary=CANARY, path=f"{IMAGES}/{item['name']}"))
        fleet.sh(host, f'python3 -c "{forget}"; virsh -q pool-refresh default')
        assert "qcow2" in fleet.sh(host, "virsh vol-dumpxml --pool default noted.raw")
    # What is there is as it was declared, and grows.
    run = fleet.module("volumes", config=[{**item, "format": "raw"} for item in raw[:2]])
    assert run.code == 0, run.output
    assert not run.changed
    done = declare(fleet, "volumes", config=[{**item, "capacity": "8MiB"} for item in raw[:2]])
    assert paths(done, HOSTS[0]) == ["capacity", "capacity"]
    # What is made of it is made of its bytes.
    declare(
        fleet,
        "volumes",
        config=[
            {"name": "over.qcow2", "backing": {"volume": "noted.raw"}},
            {"name": "over2.qcow2", "backing": {"volume": "told.raw"}},
            {"name": "clone.raw", "clone_from": "noted.raw"},
            {"name": "clone.qcow2", "clone_from": "told.raw"},
            {"name": "copy.raw", "image": f"{IMAGES}/told.raw"},
        ],
    )
    for host in HOSTS:
        for name in ("over.qcow2", "over2.qcow2"):
            assert image(fleet, host, f"{IMAGES}/{name}")["backing-filename-format"] == "raw"
        for name in ("noted", "told"):
            assert int(fleet.sh(host, f"stat -c %s {IMAGES}/{name}.raw")) == 8 * 1024**2
        for name in ("clone.raw", "copy.raw"):
            fleet.sh(host, f"cmp -n 65536 {IMAGES}/{name} {IMAGES}/noted.raw")
        assert "backing" not in json.dumps(image(fleet, host, f"{IMAGES}/clone.qcow2"))
        assert not fleet.sh(
            host, f"for v in clone.raw clone.qcow2 copy.raw; do grep -l 'secret of' {IMAGES}/$v; done; true"
        )
    # Of what nobody knows anything, a header that names a file is not believed.
    for option in ({"backing": {"volume": "untold.raw"}}, {"clone_from": "untold.raw"}):
        config = [{"name": "bad.qcow2", **option}]
        failed(fleet, "volumes", "nobody noted the format of the volume default/untold.raw", config=config)
    failed(fleet, "volumes", "is not whole", config=[{"name": "bad.qcow2", "image": f"{IMAGES}/untold.raw"}])
    for host in HOSTS:
        assert "bad" not in fleet.sh(host, f"ls -A {IMAGES}")
    declare(fleet, "domains", config=[{"name": "writer", "state": "absent"}])


RECORD = """
cat >/usr/local/bin/qemu-img <<'END'
#!/bin/sh
[ "$1" != convert ] || { cat /proc/self/status; cat /proc/net/dev; cat /etc/shadow 2>&1; } >/tmp/tool.log
exec /usr/bin/qemu-img "$@"
END
chmod 755 /usr/local/bin/qemu-img; rm -f /tmp/tool.log
"""


def test_a_tool_runs_without_rights(fleet: Fleet, words: dict[str, str]) -> None:
    for host in HOSTS:
        fleet.sh(host, RECORD)
    declare(fleet, "volumes", config=[{"name": "rights.qcow2", "image": f"{FOLDER}/images/whole.qcow2"}])
    for host in HOSTS:
        log = fleet.sh(host, "rm /usr/local/bin/qemu-img; cat /tmp/tool.log")
        assert re.search(r"Uid:\s+65519\s+65519", log)
        assert re.search(r"CapEff:\s+0+\n", log)
        assert re.search(r"NoNewPrivs:\s+1", log)
        assert "eno1" not in log
        assert "shadow: Permission denied" in log
    declare(fleet, "volumes", config=[{"name": "rights.qcow2", "state": "absent"}])


def test_a_folder_that_others_write_to(fleet: Fleet, words: dict[str, str]) -> None:
    for host in HOSTS:
        fleet.sh(host, "mkdir -p -m 1777 /srv/open && chmod 1777 /srv/open")
    declare(fleet, "pools", config=[{"name": "open", "target": "/srv/open"}])
    forgeries = {
        "link": f"ln -s {CANARY} $part",
        "hard": "ln /srv/open/mine $part",
        "pipe": "mkfifo $part",
        "folder": "mkdir $part",
        "other": "touch $part; chown 1234 $part",
    }
    for host in HOSTS:
        fleet.sh(host, "echo mine >/srv/open/mine")
        for name, command in forgeries.items():
            fleet.sh(host, f"part=/srv/open/.virtfleet-{name}.qcow2.part; {command}")
    config = [{"name": f"{name}.qcow2", "pool": "open", "image": f"{FOLDER}/images/whole.qcow2"} for name in forgeries]
    before = {host: fleet.sh(host, "stat -c '%n %i %F %h' /srv/open/.virtfleet-*") for host in HOSTS}
    declare(fleet, "volumes", config=config)  # What is only called like a part file is nobody's to remove.
    for host in HOSTS:
        assert fleet.sh(host, "cat /srv/open/mine").strip() == "mine"
        assert fleet.sh(host, "stat -c '%n %i %F %h' /srv/open/.virtfleet-*") == before[host]
        fleet.sh(host, "rm -rf /srv/open/.virtfleet-*")
        assert fleet.sh(host, "stat -c '%a %u' /srv/open/*.qcow2").split() == ["600", "0"] * len(forgeries)
    declare(fleet, "volumes", config=[{"name": item["name"], "pool": "open", "state": "absent"} for item in config])
    declare(fleet, "pools", config=[{"name": "open", "state": "absent"}])
