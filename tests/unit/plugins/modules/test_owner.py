# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two projects on one host: neither purges what the other made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._storage import manifest
from ansible_collections.virtfleet.kvm.plugins.modules import domains, networks, pools

Run = Callable[..., dict[str, Any]]
URI = "test:///default"

MADE: dict[str, tuple[Any, str, dict[str, Any]]] = {
    "domain": (domains, "listAllDomains", {"memory": "64MiB"}),
    "network": (networks, "listAllNetworks", {"bridge": "virbr{}", "state": "present"}),
    "pool": (pools, "listAllStoragePools", {"type": "dir", "target": "/srv/{}", "state": "inactive"}),
}


def made(kind: str, run_main: Run, name: str, owner: str, number: int) -> None:
    module, _list, options = MADE[kind]
    filled = {key: value.format(number) for key, value in options.items()}
    run_main(module.main, uri=URI, owner=owner, config=[{"name": name, **filled}])


@pytest.mark.parametrize("kind", MADE)
def test_only_what_has_the_label_is_purged(
    connection: Any, run_main: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str
) -> None:
    module, there, _options = MADE[kind]
    monkeypatch.setattr(manifest, "default_folder", lambda: str(tmp_path / "notes"))
    monkeypatch.setattr(manifest, "PASSING", ())
    for number, (name, owner) in enumerate((("of-a", "team/a"), ("of-b", "team/b"), ("of-none", ""))):
        made(kind, run_main, name, owner, 50 + number)

    def names() -> set[str]:
        return {str(one.name()) for one in getattr(connection, there)()} & {"of-a", "of-b", "of-none"}

    result = run_main(module.main, uri=URI, owner="team/a", purge=True, config=[])
    assert names() == {"of-b", "of-none"}
    assert [warning.split(":")[0].split()[-1] for warning in result["warnings"] if "label" in warning] == ["of-none"]
    result = run_main(module.main, uri=URI, purge=True, config=[])
    assert names() == {"of-b"}
    assert not [warning for warning in result["warnings"] if "label" in warning]
    run_main(module.main, uri=URI, owner="team/b", purge=True, config=[])
    assert names() == set()


def test_what_is_there_keeps_its_label(connection: Any, run_main: Run) -> None:
    """Else two projects that declare one guest would change it in turns."""
    made("domain", run_main, "of-a", "team/a", 1)
    again = run_main(domains.main, uri=URI, owner="team/b", config=[{"name": "of-a", "memory": "64MiB"}])
    assert not again["changed"]
    assert 'owner="team/a"' in connection.lookupByName("of-a").XMLDesc().replace("'", '"')


def test_a_purge_warns_where_declared_guests_have_another_label(connection: Any, run_main: Run) -> None:
    """Such as after the repository got its first remote: the purge no longer sees what was made before."""
    for number, name in enumerate(("of-a", "gone")):
        made("domain", run_main, name, "old", number)

    def warnings(owner: str, purge: bool) -> list[str]:
        item = {"name": "of-a", "memory": "64MiB"}
        done = run_main(domains.main, uri=URI, owner=owner, purge=purge, check=True, config=[item])
        return [text for text in done["warnings"] if "label" in text]

    (told,) = warnings("new", True)
    assert told.startswith(
        "guests with the label old, such as of-a, are declared here, and the label of this run is new"
    )
    assert told.endswith("set owner (kvm_owner of the role) to old")
    assert warnings("new", False) == warnings("old", True) == []
