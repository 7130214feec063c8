# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Declared images on a host, with a server that is slow: images.py SEED WHAT [COUNT]; prints a line of JSON for each.

``kills``: runs are killed while the image is fetched, converted or copied; the next run makes it good. ``together``:
two runs need the image at the same moment. ``full``: the pool has no room. ``overlays``: disks are laid over the image.
``spoiled``: somebody changes or deletes the base image, or is about to use it otherwise.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import typing as t
from pathlib import Path

from host_fuzz.modules import Modules, Result, said

ROOT = Path("/srv/declared")
POOL = ROOT / "pool"
IMAGE = ROOT / "image.qcow2"
NOTES = Path("/var/lib/virtfleet/storage.json")
SLOW = 0.8
"""Seconds that the server takes for the image."""

Config = dict[str, t.Any]


def sh(command: str) -> str:
    return subprocess.run(["bash", "-c", command], check=True, capture_output=True, text=True).stdout


class Handler(http.server.BaseHTTPRequestHandler):
    """Sends the image slowly, or its checksum."""

    asked: t.ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        content = IMAGE.read_bytes()
        if self.path == "/SHA256SUMS":
            content = f"{hashlib.sha256(content).hexdigest()} *{IMAGE.name}\r\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        step = -(-len(content) // 16)
        with contextlib.suppress(OSError):
            for start in range(0, len(content), step):
                self.wfile.write(content[start : start + step])
                time.sleep(SLOW / 16 if self.path.endswith(".qcow2") else 0)

    def log_message(self, *words: t.Any) -> None:
        """Quiet."""


class World:
    """A pool, an image, and the server that has it."""

    def __init__(self) -> None:
        sh(f"mkdir -p {POOL}; qemu-img create -q -f qcow2 {IMAGE} 16M; qemu-io -c 'write -P 7 0 4M' {IMAGE}")
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        self.modules = Modules()
        self.must("pools", [{"name": "declared", "target": str(POOL)}])
        self.clear()

    def images(self, mode: str = "copy") -> list[Config]:
        return [
            {
                "name": "debian",
                "url": f"{self.url}/{IMAGE.name}",
                "checksum": f"{self.url}/SHA256SUMS",
                "pool": "declared",
                "mode": mode,
            }
        ]

    def run(self, module: str, config: list[Config], **more: t.Any) -> Result:
        return self.modules.run(module, {"config": config, **more})

    def must(self, module: str, config: list[Config], **more: t.Any) -> Result:
        result = self.run(module, config, **more)
        assert not result.get("failed"), said(result) + str(result.get("crash", ""))
        assert "crash" not in result, result["crash"]
        return result

    def start(self, config: list[Config], images: list[Config]) -> int:
        """Begin a run of the module domains; its process."""
        pid = os.fork()
        if pid == 0:
            os.setpgid(0, 0)
            with open(os.devnull, "w", encoding="utf-8") as nothing:
                self.modules.child("domains", {"config": config, "images": images}, False, None, nothing.fileno())
        return pid

    def clear(self) -> None:
        """Take away guests, disks and images."""
        self.must("domains", [], purge=True, remove_storage=True)
        self.must("volumes", [], purge=True)

    def files(self) -> list[str]:
        return sorted(os.listdir(POOL))

    def noted(self) -> list[str]:
        noted = json.loads(NOTES.read_text(encoding="utf-8"))["qemu:///system"].get("volumes", {})
        mine = {key: facts for key, facts in noted.items() if key.startswith("declared/")}
        assert not [facts for facts in mine.values() if "making" in facts], mine
        return sorted(key.partition("/")[2] for key in mine)


def guest(name: str, **disk: t.Any) -> Config:
    disks = [{"image": "debian", "pool": "declared", "size": "32MiB", **disk}]
    return {"name": name, "memory": "16MiB", "state": "stopped", "disks": disks}


def same(path: Path) -> None:
    """Fail where a disk does not begin with what is in the image."""
    sh(f"qemu-img compare -U {IMAGE} {path}")


def base() -> str:
    return f"debian-{hashlib.sha256(IMAGE.read_bytes()).hexdigest()[:12]}.qcow2"


def kills(world: World, draw: random.Random, count: int) -> t.Iterator[Result]:
    """Runs that are killed at any moment."""
    for number in range(count):
        mode = draw.choice(("copy", "copy", "overlay"))
        config = [guest("a"), guest("b")]
        pid = world.start(config, world.images(mode))
        time.sleep(draw.uniform(0.1, SLOW * 2))
        done, _status = os.waitpid(pid, os.WNOHANG)
        left = world.files()
        if not done:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        result = world.must("domains", config, images=world.images(mode))
        again = world.must("domains", config, images=world.images(mode))
        assert not again["changed"], again
        expected = sorted(["a-vda.qcow2", "b-vda.qcow2", base()])
        assert world.files() == world.noted() == expected, (world.files(), world.noted(), left)
        for name in expected:
            same(POOL / name)
        world.clear()
        assert world.files() == world.noted() == [], (world.files(), world.noted())
        yield {"number": number, "killed": not done, "left": left, "changed": result["changed"]}


def together(world: World, draw: random.Random, count: int) -> t.Iterator[Result]:
    """Two runs that need the image at the same moment fetch it once."""
    for number in range(count):
        Handler.asked.clear()
        pids = [world.start([guest(name)], world.images()) for name in "ab"]
        codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
        fetched = Handler.asked.count(f"/{IMAGE.name}")
        assert world.files() == sorted(["a-vda.qcow2", "b-vda.qcow2", base()]), (world.files(), codes)
        world.clear()
        yield {"number": number, "codes": codes, "fetched": fetched}


def full(world: World, draw: random.Random, count: int) -> t.Iterator[Result]:
    """A pool without room: nothing half-made stays there, and the guest is not defined."""
    small = ROOT / "small"
    sh(f"mkdir -p {small}; mount -t tmpfs -o size=3M tmpfs {small}")
    try:
        world.must("pools", [{"name": "small", "target": str(small)}])
        images = [{**world.images()[0], "pool": "small"}]
        result = world.run("domains", [guest("a")], images=images)
        yield {"msg": said(result), "left": os.listdir(small), "guests": sh("virsh -q list --all --name").split()}
        world.must("pools", [{"name": "small", "state": "absent"}])
    finally:
        sh(f"umount {small}")


def overlays(world: World, draw: random.Random, count: int) -> t.Iterator[Result]:
    """An image with disks over it is not deleted, by nobody."""
    images = world.images("overlay")
    world.must("domains", [guest("a"), guest("b", size=None)], images=images)
    said_of_check = world.modules.run(
        "volumes", {"config": [{"name": base(), "pool": "declared", "state": "absent"}], "images": images}, check=True
    )
    result = world.run("volumes", [{"name": base(), "pool": "declared", "state": "absent"}], images=images)
    purged = world.must("volumes", [], purge=True)
    yield {
        "check": said(said_of_check),
        "msg": said(result),
        "purged": purged["changed"],
        "files": world.files(),
        "base": base(),
        "chain": sh(f"qemu-img info -U --backing-chain {POOL}/a-vda.qcow2"),
    }
    world.clear()
    yield {"files": world.files()}


def refused(world: World, module: str, config: Config, images: list[Config], name: str) -> Result:
    """What is refused in check mode and by the run, which leave the files as they are."""
    before = sh(f"cd {POOL}; stat -c '%n %s %Y %a' *; sha256sum *")
    said_of_check = world.modules.run(module, {"config": [config], "images": images}, check=True)
    result = world.run(module, [config], images=images)
    same_files = before == sh(f"cd {POOL}; stat -c '%n %s %Y %a' *; sha256sum *")
    return {"name": name, "check": said(said_of_check), "msg": said(result), "same": same_files}


def spoiled(world: World, draw: random.Random, count: int) -> t.Iterator[Result]:
    """A base image that somebody changed or deleted, or is about to use otherwise, while a disk is laid over it."""
    images, path = world.images("overlay"), POOL / base()
    world.must("domains", [guest("a")], images=images)
    yield refused(world, "domains", guest("b", size="1MiB"), images, "smaller")
    own = {"name": "w", "memory": "16MiB", "state": "running", "disks": [{"file": str(path)}]}
    yield refused(world, "domains", own, images, "written")
    grown = {"name": base(), "pool": "declared", "capacity": "64MiB"}
    yield refused(world, "volumes", grown, images, "larger")
    # A guest runs with it, and others are made of it meanwhile and afterwards.
    world.must("domains", [{"name": "a", "state": "running"}])
    world.must("domains", [guest("b")], images=images)
    sh("virsh destroy a")
    world.must("domains", [guest("c")], images=world.images())
    same(POOL / "c-vda.qcow2")
    sh(f"chmod u+w {path}; qemu-io -c 'write -P 9 0 64k' {path}")
    yield refused(world, "domains", guest("d"), images, "changed")
    yield refused(world, "volumes", {"name": "v", "pool": "declared", "image": "debian"}, images, "changed")
    world.clear()
    unchecked = [{name: value for name, value in images[0].items() if name != "checksum"}]
    world.must("domains", [guest("a")], images=unchecked)
    (gone,) = POOL.glob("debian-*")
    gone.unlink()
    yield refused(world, "domains", guest("b"), unchecked, "gone")
    told = world.modules.run("volumes_info", {})
    yield {"name": "told", "msg": said(told), "there": [one["name"] for one in told.get("volumes", [])]}
    world.clear()


def main(seed: str, what: str, count: str = "1") -> None:
    world = World()
    parts = {"kills": kills, "together": together, "full": full, "overlays": overlays, "spoiled": spoiled}
    for result in parts[what](world, random.Random(f"{seed} {what}"), int(count)):
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
