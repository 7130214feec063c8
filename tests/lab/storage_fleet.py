# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of storage share: hosts, what there is of storage on them as text, and declaring it thrice."""

from __future__ import annotations

import contextlib
import difflib
import json
import typing as t
from pathlib import Path

from fleet import Fleet, guest

HOSTS = ("kvm01", "kvm02")
IMAGES = "/var/lib/libvirt/images"

STORAGE = f"""
virsh -q pool-list --all
for pool in $(virsh pool-list --all --name); do
  virsh pool-dumpxml --inactive $pool | grep -v -e '<allocation ' -e '<available '
  virsh pool-info $pool | grep -v -e Allocation -e Available
  virsh -q vol-list $pool
done
virsh -q list --all
find {IMAGES} /srv /var/lib/virtfleet -type f ! -name .lock -size -100M -exec sha256sum {{}} + 2>/dev/null | sort
find {IMAGES} /srv /var/lib/virtfleet ! -name .lock -printf '%p %m %u %g %s\\n' 2>/dev/null | sort
"""
"""All that there is of storage on a host, as text. The lock has the number of a process, which may grow longer."""

SERVER = """
import http.server, os, sys, time
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"
    def do_GET(self):
        body = open("/root/web/image.qcow2", "rb").read()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.path.startswith("/short"):
            body = body[: len(body) // 2]
        if self.path.startswith("/slow"):
            self.wfile.write(body[:70000])
            self.wfile.flush()
            time.sleep(30)
        self.wfile.write(body)
    def log_message(self, *words):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", 8080), Handler).serve_forever()
"""
"""A web server that serves an image, half of it, or all too slowly."""


KILL = """
for process in /proc/[0-9]*; do
  ls -l $process/fd 2>/dev/null | grep -q virtfleet-slow && kill -9 ${process#/proc/}
done
true
"""
"""Kills what has the slow image's temporary file open."""


@contextlib.contextmanager
def hosts_with_storage(name: str, folder: Path) -> t.Iterator[Fleet]:
    """Hosts with a pool, and a web server that has an image; gone at the end."""
    with Fleet.two(name, folder) as made:
        for host in HOSTS:
            made.sh(
                host,
                "mkdir -p /root/web && qemu-img create -q -f qcow2 /root/web/image.qcow2 16M &&"
                " qemu-io -c 'write -P 7 0 4M' /root/web/image.qcow2 >/dev/null &&"
                f" cat >/root/web/server.py <<'END'\n{SERVER}\nEND\n"
                "systemd-run -q --unit web python3 /root/web/server.py",
            )
        run = made.module("pools", config=[{"name": "default"}])
        assert run.code == 0, run.output
        yield made


UNIT = Path(__file__).parents[1] / "unit"


def serve_hostile(fleet: Fleet, host: str, folder: str) -> None:
    """Put the hostile images and their server into a folder of a host, and have it serve at port 8081."""
    for name in ("hostile_images", "hostile_server"):
        text = (UNIT / f"{name}.py").read_text(encoding="utf-8")
        fleet.sh(host, f"mkdir -p {folder}; cat >{folder}/{name}.py <<'END'\n{text}\nEND\n")
    fleet.sh(host, f"systemd-run -q --unit hostile python3 {folder}/hostile_server.py 8081")


class Done(t.NamedTuple):
    """What came of declaring something once in check mode and twice for real, on both hosts."""

    results: dict[str, list[dict[str, t.Any]]]

    def changes(self, host: str) -> list[dict[str, t.Any]]:
        """What the first real run changed."""
        return t.cast(list[dict[str, t.Any]], self.results[host][1]["changes"])

    def result(self, host: str) -> dict[str, t.Any]:
        """The first real run's result."""
        return self.results[host][1]


def play(fleet: Fleet, module: str, failing: bool, arguments: dict[str, t.Any]) -> dict[str, list[dict[str, t.Any]]]:
    """Check mode between two looks at all storage, which find the same, then two real runs; by host."""
    look = {"ansible.builtin.shell": STORAGE}
    task: dict[str, t.Any] = {f"virtfleet.kvm.{module}": arguments, "ignore_errors": failing}
    tasks = [look, {**task, "check_mode": True}, look, task, task]
    path = fleet.folder / "declare.yml"
    play = [{"hosts": "kvm_hosts", "gather_facts": False, "tasks": [*tasks, *([look] if failing else [])]}]
    path.write_text(json.dumps(play), encoding="utf-8")
    run = fleet.play(str(path))
    assert run.code == 0, run.output
    assert "Traceback" not in run.output
    for host in HOSTS:
        first, *others = [result["stdout"] for result in run.results("ansible.builtin.shell", host)]
        for other in others:
            assert other == first, "\n".join(difflib.unified_diff(first.splitlines(), other.splitlines(), n=0))
    return {host: run.results(f"virtfleet.kvm.{module}", host) for host in HOSTS}


def declare(fleet: Fleet, module: str, **arguments: t.Any) -> Done:
    """Declare on both hosts. Check mode changes nothing and says the same; a second run does nothing."""
    results = play(fleet, module, False, arguments)
    for host in HOSTS:
        said, done, again = results[host]
        assert said["changes"] == done["changes"]
        assert not again["changed"], again
    return Done(results)


def refused(fleet: Fleet, module: str, *words: str, **arguments: t.Any) -> None:
    """Declare what is refused: nothing is changed, and the words are said on both hosts."""
    for results in play(fleet, module, True, arguments).values():
        for result in results:
            for word in words:
                assert word in result.get("msg", "it was not refused")


def failed(fleet: Fleet, module: str, *words: str, **arguments: t.Any) -> None:
    """Declare what only fails on the way: the words are said on both hosts."""
    run = fleet.module(module, **arguments)
    assert run.code != 0, run.output
    assert "Traceback" not in run.output
    for host in HOSTS:
        (result,) = run.results(f"virtfleet.kvm.{module}", host)
        for word in words:
            assert word in result.get("msg", "it did not fail")


def paths(run: Done, host: str) -> list[str]:
    """The paths that changed."""
    return [change["path"] for change in run.changes(host)]


def image(fleet: Fleet, host: str, path: str) -> dict[str, t.Any]:
    """What qemu-img says of an image."""
    return t.cast(dict[str, t.Any], json.loads(fleet.sh(host, f"qemu-img info -U --output=json {path}")))


def disk_guest(name: str, *disks: dict[str, t.Any], **options: t.Any) -> dict[str, t.Any]:
    """A test guest with these disks."""
    whole = guest(name, "", disks=list(disks), interfaces=[], **options)
    return {key: value for key, value in whole.items() if key != "host"}
