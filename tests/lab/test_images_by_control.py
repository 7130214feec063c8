# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images that the control node fetches and sends, to real hosts that cannot reach the server."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import http.server
import json
import os
import signal
import subprocess
import threading
import time
import typing as t
from pathlib import Path

import pytest
from fleet import ENVIRONMENT, Fleet
from storage_fleet import HOSTS, IMAGES, hosts_with_storage
from test_progress import USER

pytestmark = pytest.mark.long

LEFT = "ls -d /root/.ansible/tmp/*/image /home/*/.ansible/tmp/*/image 2>/dev/null || true"
"""What is left on a host of an image that was sent."""


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves the files of a folder, and notes what is asked for."""

    asked: t.ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        super().do_GET()

    def log_message(self, *words: t.Any) -> None:
        pass


class Web(t.NamedTuple):
    """A server on the control node, which no host of the lab can reach.

    :param digest: that of the image
    """

    url: str
    folder: Path
    digest: str

    def asked(self) -> list[str]:
        """What was asked for since the last time."""
        found = [path.rpartition("/")[2] for path in Handler.asked]
        Handler.asked.clear()
        return found


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Web]:
    """Serves an image that no other run has, of 48 MiB, and its list of checksums."""
    folder = tmp_path_factory.mktemp("web")
    table = bytes(446) + bytes([0x80, 0, 2, 0, 0x83, 0, 2, 0, 0, 8, 0, 0, 0, 0x40, 1, 0]) + bytes(48) + b"\x55\xaa"
    content = table + os.urandom(48 * 1024**2 - 512)
    (folder / "image.raw").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    (folder / "SHA256SUMS").write_text(f"{digest}  image.raw\n")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Web(f"http://127.0.0.1:{server.server_address[1]}", folder, digest)
        server.shutdown()
    for kept in cached(digest):
        kept.unlink()


def cached(digest: str) -> list[Path]:
    """The file that the control node keeps of an image."""
    name = hashlib.sha256(f"sha256:{digest}".encode()).hexdigest()
    path = Path("~/.ansible/virtfleet.kvm/images").expanduser() / name
    return [path] if path.exists() else []


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Fleet]:
    with hosts_with_storage("imagesbycontrol", tmp_path_factory.mktemp("imagesbycontrol")) as made:
        yield made


def image(web: Web) -> dict[str, t.Any]:
    return {"name": "debian", "url": f"{web.url}/image.raw", "checksum": f"{web.url}/SHA256SUMS"}


def guest(name: str, host: str) -> dict[str, t.Any]:
    return {"name": name, "host": host, "memory": "16MiB", "disks": [{"size": "64MiB", "image": "debian"}]}


def of_site(run: t.Any, host: str) -> list[tuple[str, str, t.Any]]:
    """What the guests' task tells that it changes."""
    (result,) = run.results("virtfleet.kvm.domains", host)
    return [(change["resource"], change["path"], change["after"]) for change in result["changes"]]


def base(fleet: Fleet, host: str, web: Web) -> str:
    """The digest of what the base image of a host holds."""
    path = f"{IMAGES}/debian-{web.digest[:12]}.qcow2"
    return fleet.sh(host, f"qemu-img convert -O raw {path} /tmp/x && sha256sum /tmp/x && rm /tmp/x").split()[0]


def test_hosts_that_cannot_reach_the_server(fleet: Fleet, web: Web) -> None:
    """Check mode says what the run does. The control node fetches once; a later guest costs it nothing."""
    guests = [guest(f"{host}-a", host) for host in HOSTS]
    fleet.declare({"kvm_guests": guests, "kvm_images": [image(web)]})
    refused = fleet.play("virtfleet.kvm.site")
    assert refused.code != 0
    assert "cannot be fetched" in refused.output
    declared = {"kvm_images": [image(web)], "kvm_images_via": "control"}
    fleet.declare({"kvm_guests": guests, **declared})
    web.asked()
    said = fleet.play("virtfleet.kvm.site", "--check")
    assert said.code == 0, said.output
    assert web.asked() == ["SHA256SUMS"]
    done = fleet.play("virtfleet.kvm.site")
    assert done.code == 0, done.output
    assert web.asked() == ["SHA256SUMS", "image.raw"]
    for host in HOSTS:
        assert of_site(said, host) == of_site(done, host)
        assert base(fleet, host, web) == web.digest
        assert fleet.sh(host, LEFT) == ""
    (kept,) = cached(web.digest)
    assert kept.stat().st_mode & 0o777 == 0o600
    again = fleet.play("virtfleet.kvm.site")
    assert again.code == 0, again.output
    assert "changed=0" in again.output
    assert web.asked() == []
    fleet.declare({"kvm_guests": [*guests, guest("late", HOSTS[0])], **declared})
    late = fleet.play("virtfleet.kvm.site")
    assert late.code == 0, late.output
    assert web.asked() == ["SHA256SUMS"]


def clean(fleet: Fleet, web: Web, host: str) -> None:
    """A host without guests and base images."""
    fleet.sh(host, "for name in $(virsh list --all --name); do virsh -q undefine $name --remove-all-storage; done")
    gone = {"name": f"debian-{web.digest[:12]}.qcow2", "state": "absent"}
    run = fleet.module("volumes", hosts=host, config=[gone])
    assert run.code == 0, run.output
    assert fleet.sh(host, f"ls -A {IMAGES}") == ""


def task(fleet: Fleet, web: Web, name: str, *options: str, **variables: t.Any) -> t.Any:
    """Make a guest by the module alone, on the first host."""
    item = {key: value for key, value in guest(name, "").items() if key != "host"}
    arguments = {"config": [item], "images": [image(web)], "images_via": "control"}
    play = {"hosts": HOSTS[0], "gather_facts": False, "tasks": [{"virtfleet.kvm.domains": arguments}]}
    path = fleet.folder / "sent.yml"
    path.write_text(json.dumps([{**play, "vars": variables}]), encoding="utf-8")
    return fleet.play(str(path), *options)


def test_a_user_who_becomes_root(fleet: Fleet, web: Web) -> None:
    host = HOSTS[0]
    clean(fleet, web, host)
    fleet.sh(host, USER)
    done = task(fleet, web, "b", ansible_user="admin", ansible_become=True)
    assert done.code == 0, done.output
    assert base(fleet, host, web) == web.digest
    assert fleet.sh(host, LEFT) == ""


def test_a_host_without_room_for_it(fleet: Fleet, web: Web) -> None:
    host = HOSTS[0]
    clean(fleet, web, host)
    fleet.sh(host, "mkdir -p /srv/tmp && mount -t tmpfs -o size=8M tmpfs /srv/tmp")
    try:
        failed = task(fleet, web, "c", ansible_remote_tmp="/srv/tmp")
    finally:
        fleet.sh(host, "umount /srv/tmp")
    assert failed.code != 0
    (result,) = failed.results("virtfleet.kvm.domains", host)
    assert "there is no room for the image image.raw in /srv/tmp, the temporary folder of Ansible on this" in str(
        result["msg"]
    )
    assert fleet.sh(host, f"virsh list --all --name; ls -A {IMAGES}").split() == []


def test_a_list_that_tells_another_checksum(fleet: Fleet, web: Web) -> None:
    host = HOSTS[0]
    clean(fleet, web, host)
    listed = (web.folder / "SHA256SUMS").read_text()
    (web.folder / "SHA256SUMS").write_text(f"{'0' * 64}  image.raw\n")
    try:
        failed = task(fleet, web, "d")
    finally:
        (web.folder / "SHA256SUMS").write_text(listed)
    (result,) = failed.results("virtfleet.kvm.domains", host)
    assert f"on the control node: the checksum of the image {web.url}/image.raw is sha256:{web.digest}" in result["msg"]
    assert fleet.sh(host, f"virsh list --all --name; ls -A {IMAGES}; {LEFT}").split() == []


def test_it_is_interrupted_while_it_is_sent(fleet: Fleet, web: Web) -> None:
    """Ctrl-C, and the death of Ansible. The next run takes away what is left, and ends well."""
    host = HOSTS[0]
    for how in (signal.SIGINT, signal.SIGKILL):
        clean(fleet, web, host)
        with contextlib.suppress(OSError):
            (fleet.folder / "events.jsonl").unlink()
        task(fleet, web, "e", "--syntax-check", ansible_sftp_extra_args="-l 8000")
        process = subprocess.Popen(
            ["ansible-playbook", "-i", "hosts.yml", "-e", "kvm_progress=1", "sent.yml"],
            cwd=fleet.folder,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        fleet.wait(lambda: fleet.sh(host, LEFT) != "", timeout=120)
        time.sleep(3)
        os.killpg(process.pid, how)
        output, _none = process.communicate(timeout=60)
        if how is signal.SIGINT:
            assert f"{host}: sending the image image.raw " in output
        fleet.wait(lambda: fleet.sh(host, "pgrep -f '[s]ftp-server' || true") == "")
        assert fleet.sh(host, f"virsh list --all --name; ls -A {IMAGES}").split() == []
        done = task(fleet, web, "e")
        assert done.code == 0, done.output
        assert base(fleet, host, web) == web.digest
        assert fleet.sh(host, LEFT) == ""


def test_the_lock_file(fleet: Fleet, web: Web) -> None:
    """The control node asks the server. The locked version needs no list any more."""
    fleet.declare({"kvm_guests": [], "kvm_images": [image(web)], "kvm_images_via": "control"})
    web.asked()
    locked = fleet.play("virtfleet.kvm.images_lock")
    assert locked.code == 0, locked.output
    assert web.asked() == ["SHA256SUMS"]
    assert f"sha256:{web.digest}" in (fleet.folder / ".kvm_images.lock.yml").read_text(encoding="utf-8")
