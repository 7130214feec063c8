# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images that are declared once, on real hosts: fetched once, made good after a kill, and kept while in use."""

from __future__ import annotations

import typing as t

import pytest
from fleet import Fleet
from fuzz_hosts import bring, run
from fuzzing import seed
from storage_fleet import HOSTS, hosts_with_storage

pytestmark = pytest.mark.long

WEB = "http://127.0.0.1:8080"
KILLS = 30
DIGEST = "sha256sum /root/web/image.qcow2 | cut -c1-64"


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Fleet]:
    with hosts_with_storage("declaredimages", tmp_path_factory.mktemp("declaredimages")) as made:
        bring(made, HOSTS)
        yield made


def of_site(run: t.Any, host: str) -> list[tuple[str, str, t.Any]]:
    """What the guests' task tells that it changes."""
    (result,) = run.results("virtfleet.kvm.domains", host)
    return [(change["resource"], change["path"], change["after"]) for change in result["changes"]]


def test_two_guests_of_one_image_by_the_site(fleet: Fleet) -> None:
    """Check mode forecasts all of it; the second run changes nothing; the image is fetched once on each host."""
    digests = {host: fleet.sh(host, DIGEST).strip() for host in HOSTS}
    asked = "journalctl -q --no-pager _SYSTEMD_UNIT=declared.service | grep -c 'GET /image.qcow2' || true"
    for host in HOSTS:
        fleet.sh(host, "systemd-run -q --unit declared python3 -u -m http.server -d /root/web 8090")
    guests = [
        {"name": f"{host}-{letter}", "host": host, "memory": "16MiB", "disks": [{"size": "32MiB", "image": "debian"}]}
        for host in HOSTS
        for letter in "ab"
    ]
    image = {
        "name": "debian",
        "url": "http://127.0.0.1:8090/image.qcow2",
        "checksum": f"sha256:{digests[HOSTS[0]]}",
    }
    assert len(set(digests.values())) == 1, digests
    fleet.declare({"kvm_guests": guests, "kvm_images": [image]})
    said = fleet.play("virtfleet.kvm.site", "--check")
    assert said.code == 0, said.output
    done = fleet.play("virtfleet.kvm.site")
    assert done.code == 0, done.output
    for host in HOSTS:
        assert of_site(said, host) == of_site(done, host)
        made = [after for _resource, path, after in of_site(done, host) if path == "disks[0].volume"]
        assert [one["clone_from"] for one in made] == [f"default/debian-{digests[host][:12]}.qcow2"] * 2
        assert fleet.sh(host, asked).strip() == "1"
    again = fleet.play("virtfleet.kvm.site")
    assert again.code == 0, again.output
    assert "changed=0" in again.output
    slip = [{**guests[0], "disks": [{"size": "32MiB", "image": "debain"}]}]
    fleet.declare({"kvm_guests": slip, "kvm_images": [image]})
    refused = fleet.play("virtfleet.kvm.site")
    assert refused.code != 0
    assert "did you mean 'debian'?" in refused.output
    fleet.declare({})
    for host in HOSTS:
        fleet.sh(host, f"for name in {host}-a {host}-b; do virsh -q undefine $name --remove-all-storage; done")


def test_a_fetch_that_was_killed_is_made_good_by_the_next_run(fleet: Fleet) -> None:
    results = [
        result
        for host in HOSTS
        for result in run(fleet, host, "images.py", str(seed()), "kills", str(KILLS // 2), timeout=900)
    ]
    assert len(results) == KILLS
    killed = [result for result in results if result["killed"]]
    print(f"{len(killed)} of {len(results)} were killed: {sorted(map(str, (result['left'] for result in killed)))}")
    assert len(killed) >= KILLS // 2


def test_two_runs_at_once_fetch_it_once(fleet: Fleet) -> None:
    for host in HOSTS:
        for result in run(fleet, host, "images.py", str(seed()), "together", "3", timeout=300):
            assert result["codes"] == [0, 0], result
            assert result["fetched"] == 1, result


def test_a_pool_without_room(fleet: Fleet) -> None:
    for host in HOSTS:
        (result,) = run(fleet, host, "images.py", str(seed()), "full", timeout=300)
        assert "no space left in /srv/declared/small" in result["msg"], result
        assert result["left"] == []
        assert "a" not in result["guests"]


def test_an_image_with_disks_over_it_stays(fleet: Fleet) -> None:
    for host in HOSTS:
        result, gone = run(fleet, host, "images.py", str(seed()), "overlays", timeout=300)
        assert result["check"] == result["msg"]
        assert "used by" in result["msg"]
        assert "is not deleted before they let go of it" in result["msg"]
        assert result["purged"] is False
        assert result["files"] == sorted(["a-vda.qcow2", "b-vda.qcow2", result["base"]])
        assert f"backing file: /srv/declared/pool/{result['base']}" in result["chain"]
        assert gone["files"] == []


SPOILED = {
    "smaller": "which it is laid over, has a disk of 16MiB, more than its capacity, 1MiB",
    "written": "is the base image of the image debian, and is only read: write image: debian",
    "larger": "is the base image of the image debian, and is only read: make the disks larger",
    "changed": "was written to since it was made, so it is no more the image debian",
    "gone": "is gone, and guest a and volume declared/a-vda.qcow2 would be laid over a new one",
}


def test_what_others_do_to_a_base_image_is_refused(fleet: Fleet) -> None:
    """And a guest that runs with a disk laid over it does not count as somebody who wrote to it."""
    for host in HOSTS:
        *results, told = run(fleet, host, "images.py", str(seed()), "spoiled", timeout=300)
        assert told["name"] == "told"
        assert "a-vda.qcow2" in told["there"], told
        assert {result["name"] for result in results} == set(SPOILED)
        for result in results:
            assert SPOILED[result["name"]] in result["msg"], result
            assert result["check"] == result["msg"]
            assert result["same"]
