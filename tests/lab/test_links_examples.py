# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bridging every device of netplan's own example documents, judged by netplan itself.

The examples come with netplan's source package, and each host's netplan reads what comes out.
"""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
from links_fleet import HOSTS, Links
from suites import HOST_SUITES

pytestmark = pytest.mark.long

HELPER = Path(__file__).with_name("links_examples.py")
PLUGINS = Path(__file__).resolve().parents[2] / "plugins/module_utils"

RELEASED = ("bookworm", "trixie")
"""Suites whose sources stay."""

FETCH = """
. /etc/os-release
echo "deb-src http://deb.debian.org/debian $VERSION_CODENAME main" > /etc/apt/sources.list.d/examples.list
apt-get -qq -o Acquire::Check-Valid-Until=false update && mkdir -p /root/examples && cd /root/examples
apt-get -qq source --download-only netplan.io 2>/dev/null && tar xf netplan.io_*.orig.tar.* --strip-components 1
ls examples/*.yaml | wc -l
"""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Links]:
    with Links.up("linksdocs", tmp_path_factory.mktemp("examples")) as links:
        yield links


@pytest.mark.parametrize("host", HOSTS)
def test_every_device_of_every_example(fleet: Links, host: str) -> None:
    found = int(fleet.sh(host, FETCH).split()[-1])
    if not found and HOST_SUITES[host] not in RELEASED:
        pytest.skip(f"the archive has no source of the netplan in {HOST_SUITES[host]}: it moves on")
    assert found >= 29
    folder = PLUGINS / "_hostnet"
    named = [folder / name for name in ("facts.py", "networkd.py", "agent/route_words.py")]
    for path in [*named, *sorted(folder.glob("netplan*.py"))]:
        put(fleet, host, f"/root/module_utils/_hostnet/{path.relative_to(folder)}", path.read_text())
    for name in ("_errors.py", "_printing.py", "_xml_outline.py"):
        put(fleet, host, f"/root/module_utils/{name}", (PLUGINS / name).read_text())
    put(fleet, host, "/root/bridge_all.py", HELPER.read_text())
    result = json.loads(fleet.sh(host, "cd /root && python3 bridge_all.py examples/examples").splitlines()[-1])
    assert result["broken"] == []
    assert result["bridged"] >= 25
    # What is refused is refused for a reason that lies in the device.
    assert result["strange"] == []


def put(fleet: Links, host: str, path: str, text: str) -> None:
    """Write a file on a host."""
    fleet.sh(host, f"mkdir -p $(dirname {path}); cat > {path} <<'END-OF-FILE'\n{text}\nEND-OF-FILE\n")
