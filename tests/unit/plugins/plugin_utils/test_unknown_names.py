# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that nothing knows are said, with the nearest that something does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.virtfleet.kvm.plugins.filter import fleet
from ansible_collections.virtfleet.kvm.plugins.plugin_utils import _unknown_names
from ansible_collections.virtfleet.kvm.tests.unit.inventories import HOSTS, hostvars
from ansible_collections.virtfleet.kvm.tests.unit.support import ROOT

LISTS = ("kvm_guests", "kvm_links", "kvm_networks", "kvm_pools", "kvm_volumes")


def slips(name: str) -> list[str]:
    """A name with a letter left out, doubled, or two exchanged, and in other spellings of the whole."""
    found = {name.upper(), name.capitalize(), name.replace("_", "-"), name.replace("_", "")}
    for index in range(4, len(name)):
        found |= {name[:index] + name[index + 1 :], name[:index] + name[index] + name[index:]}
        found.add(name[:index] + name[index : index + 2][::-1] + name[index + 2 :])
    return sorted(found - {name})


@pytest.mark.parametrize("name", LISTS)
def test_a_slip_in_the_name_of_a_list_is_refused_with_the_name(name: str) -> None:
    for slip in slips(name):
        refused, warned = _unknown_names.variables({"kvm01": {slip: []}, "kvm02": {}})
        assert refused == [f"host kvm01: {slip} is not a variable of this collection; did you mean '{name}'?"]
        assert warned == []


def test_what_the_inventory_plugin_takes_and_tells_is_no_slip() -> None:
    """A guest may be a virtualization host itself."""
    values = {"kvm_inventory_uri": "qemu+tcp://kvm01/system", "kvm_guest": {"name": "kvm01", "declared": True}}
    assert _unknown_names.variables({"kvm01": values}) == ([], [])
    refused, _warned = _unknown_names.variables({"kvm01": {"kvm_guest": [{"name": "web01"}]}})
    assert len(refused) == 1


@pytest.mark.parametrize(
    ("name", "like"),
    [
        ("guests_purg", "guests_purge"),
        ("guest_purge", "guests_purge"),
        ("guests_purgee", "guests_purge"),
        ("guests_prueg", None),
        ("guests_pureg", "guests_purge"),
        ("links_servial", "links_serial"),
        ("GUESTS-PURGE", "guests_purge"),
        ("storage_purgo", "storage_purge"),
    ],
)
def test_one_slip_in_what_a_role_takes_is_refused(name: str, like: str | None) -> None:
    """A purge or a restart that somebody asked for, or forbade, would be something else."""
    refused, _warned = _unknown_names.variables({"kvm01": {name: True}})
    told = f"host kvm01: {name} is not a variable of this collection; did you mean '{like}'?"
    assert refused == ([told] if like else [])


@pytest.mark.parametrize(
    ("name", "like"),
    [
        ("pools_purge", "storage_purge"),
        ("volumes_purge", "storage_purge"),
        ("guests_remove_disks", "guests_remove_storage"),
    ],
)
def test_another_word_for_what_a_role_takes_is_told(name: str, like: str) -> None:
    refused, warned = _unknown_names.variables({"kvm01": {name: True}})
    assert [*refused, *warned] == [f"host kvm01: {name} is not a variable of this collection; did you mean '{like}'?"]


def test_a_doubtful_slip_in_what_a_role_takes_is_a_warning() -> None:
    """What the roles themselves leave is none."""
    values = {"guests_purging": True, "networks_purged": True, "link_roleback_after": 9, "storage_server": "nas"}
    refused, warned = _unknown_names.variables({"kvm01": values})
    assert refused == []
    assert [line.rpartition("mean ")[2] for line in warned] == ["'links_rollback_after'?"]


@pytest.mark.parametrize(
    "values",
    [
        {name: [] for name in LISTS},
        {"kvm_web": [], "kvm_guest": [], "kvm_guests": "{{ kvm_web + kvm_guest }}"},
        {"kvm_mtu": 1500, "kvm_links": [{"name": "br0", "mtu": "{{ kvm_mtu }}"}]},
        {"ansible_host": "192.0.2.1", "memory": "1GiB", "guests": [], "groups": {"kvm_guest": ["x"]}},
    ],
)
def test_names_that_are_known_or_the_users_own(values: dict[str, Any]) -> None:
    assert _unknown_names.variables({"kvm01": values}) == ([], [])


@pytest.mark.parametrize(("name", "near"), [("kvm_vms", "kvm_guests"), ("kvm_bridges", "kvm_links")])
def test_other_words_for_the_same(name: str, near: str) -> None:
    refused, _warned = _unknown_names.variables({"kvm01": {name: []}})
    assert refused[0].endswith(f"did you mean '{near}'?")


def test_a_name_that_begins_like_a_list_and_one_like_none_are_warnings() -> None:
    refused, warned = _unknown_names.variables({"kvm01": {"kvm_guests_web": [], "kvm_colour": "red"}})
    assert refused == []
    assert warned == [
        "host kvm01: kvm_guests_web is not a variable of this collection; did you mean 'kvm_guests'?",
        "host kvm01: kvm_colour is not a variable of this collection",
    ]


def test_the_filter_refuses_and_warns_once_for_all_hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warned: list[str] = []
    monkeypatch.setattr(fleet.display, "warning", warned.append)
    variables = hostvars(tmp_path, {"group_vars/all.yml": {"kvm_guest": [], "kvm_colour": "red"}})
    assert fleet.fleet_problems(HOSTS, variables) == [
        "hosts kvm01, kvm02: kvm_guest is not a variable of this collection; did you mean 'kvm_guests'?"
    ]
    assert warned == ["hosts kvm01, kvm02: kvm_colour is not a variable of this collection"]


def test_every_variable_that_a_role_or_playbook_takes_is_known() -> None:
    defaults = [yaml.safe_load(path.read_text()) for path in ROOT.glob("roles/*/defaults/main.yml")]
    assert {name for names in defaults for name in names} <= _unknown_names.options()
    assert set(LISTS) <= _unknown_names.options()


GROUPS = {"all": ["kvm01", "web"], "kvm_hosts": ["kvm01"], "ungrouped": []}


@pytest.fixture(params=["virtfleet.kvm.site", str(ROOT / "playbooks/site.yml")])
def ours(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A playbook of the collection was started."""
    monkeypatch.setattr(_unknown_names, "started", lambda: [request.param])


@pytest.fixture
def users(monkeypatch: pytest.MonkeyPatch) -> None:
    """A playbook of the user's was started, besides one of the collection."""
    monkeypatch.setattr(_unknown_names, "started", lambda: ["virtfleet.kvm.site", "/srv/project/site.yml"])


def run(groups: Any = None, hosts: Any = ("kvm01",), tags: Any = ("all",), skip: Any = ()) -> Any:
    return _unknown_names.run_problems(groups or GROUPS, hosts, tags, skip, _unknown_names.TAGS)


@pytest.mark.usefixtures("ours")
def test_a_run_with_something_to_do() -> None:
    assert run() == []
    assert run(tags=["guests", "links"], skip=["always"]) == []


@pytest.mark.parametrize("started", ["virtfleet.kvm.site", "/srv/project/site.yml"])
@pytest.mark.parametrize("groups", [{"all": ["a"], "kvm_host": ["a"]}, {"all": ["a"], "web": ["a"]}])
def test_an_inventory_without_virtualization_hosts(groups: Any, started: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_unknown_names, "started", lambda: [started])
    (line,) = run(groups)
    assert "no host in the group kvm_hosts" in line
    assert ("not kvm_host)" in line) is ("kvm_host" in groups)


@pytest.mark.parametrize(
    ("name", "like"),
    [("host_require_hw", "host_require_hardware"), ("links_rollback", "links_rollback_after"), ("host_name", None)],
)
def test_a_name_that_is_short_for_one_is_a_warning(name: str, like: str | None) -> None:
    refused, warned = _unknown_names.variables({"kvm01": {name: True}})
    assert refused == []
    told = f"host kvm01: {name} is not a variable of this collection; did you mean '{like}'?"
    assert warned == ([told] if like else [])


class HostVars(dict[str, Any]):
    """What ``hostvars`` is to the filter."""

    raw_get = dict.__getitem__


@pytest.mark.usefixtures("ours")
def test_a_slip_in_what_the_playbook_adopt_takes() -> None:
    """Nothing else looks at its variables: the check is not a part of it."""
    values = HostVars(kvm01={"adopt_file": True, "adopt_folder": "/x", "adopt_volumes": True, "kvm_guest": []})
    assert _unknown_names.run_problems(GROUPS, ["kvm01"], ["all"], [], [], values) == [
        "adopt_file is not a variable of this collection; did you mean 'adopt_files'?"
    ]


@pytest.mark.usefixtures("ours")
def test_the_group_is_there_but_empty() -> None:
    """Its hosts stand right below it, or are a list: Ansible skips them with a warning."""
    assert run({"all": [], "kvm_hosts": []}) == [
        "the group kvm_hosts is there but has no hosts, so there is nothing to do: write each host below 'hosts:', as"
        " 'kvm01:' (not as '- kvm01')"
    ]


@pytest.mark.usefixtures("ours")
def test_a_limit_that_leaves_nothing() -> None:
    assert run(hosts=["web"]) == ["--limit leaves no host of the group kvm_hosts, so there is nothing to do"]


@pytest.mark.usefixtures("ours")
@pytest.mark.parametrize("known", [True, False])
def test_a_limit_to_a_guest_names_its_host(known: bool) -> None:
    """With the inventory plugin, guests are hosts of Ansible."""
    groups = {**GROUPS, "kvm_hosts": ["kvm-01"], "kvm_guests": ["web01"]}
    groups |= {"kvm_host_kvm_01": ["web01"]} if known else {}
    (line,) = run(groups, hosts=["web01"])
    assert ("web01 is a guest of kvm-01" in line) is known
    assert f"write --limit {'kvm-01' if known else 'HOST'}." in line


@pytest.mark.usefixtures("ours")
def test_tags_that_do_not_exist() -> None:
    assert run(tags=["guest", "x-y-z"], skip=["link"]) == [
        "--tags guest: this playbook has no such tag; did you mean 'guests'?",
        "--tags x-y-z: this playbook has no such tag; there are: host, links, networks, storage, guests",
        "--skip-tags link: this playbook has no such tag; did you mean 'links'?",
    ]


@pytest.mark.usefixtures("users")
def test_a_playbook_of_the_users_may_have_other_plays() -> None:
    assert run(hosts=["web"], tags=["web"], skip=["db"]) == []


def plays(path: Path) -> list[dict[str, Any]]:
    loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [play for play in loaded if "hosts" in play]


@pytest.mark.parametrize("path", sorted(ROOT.glob("playbooks/*.yml")), ids=lambda path: path.stem)
def test_every_play_and_task_of_a_playbook_has_a_tag(path: Path) -> None:
    """Else --tags would leave it out without a word. Molecule runs its steps, and gives no tags."""
    if path.stem == "adopt" or path.stem.startswith("molecule_"):
        return
    for play in plays(path):
        inner = [
            part for task in play.get("tasks", []) for part in [*task.get("block", [task]), *task.get("always", [])]
        ]
        shared = [task for task in inner if task.get("ansible.builtin.import_tasks") == "tasks/make.yml"]
        for task in shared:  # Its tasks have the tags of their parts.
            inner.remove(task)
            inner += yaml.safe_load((path.parent / "tasks/make.yml").read_text(encoding="utf-8"))
        tags = [play["tags"]] if "tags" in play else [task.get("tags") for task in inner]
        tags = [tag for given in tags for tag in (given if isinstance(given, list) else [given])]
        assert set(tags) <= {*_unknown_names.TAGS, "pull", "always"}, play["name"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("guests_remove_disks", "did you mean 'guests_remove_storage'?"),
        ("pools_purge", "did you mean 'storage_purge'?"),
        ("volumes_purge", "did you mean 'storage_purge'?"),
        ("links_purge", "links are never purged: to remove one, declare it with state: absent"),
    ],
)
def test_what_one_would_think_that_there_is_is_a_warning(name: str, said: str) -> None:
    told = f"host kvm01: {name} is not a variable of this collection; {said}"
    assert _unknown_names.variables({"kvm01": {name: True}}) == ([], [told])


def test_one_with_the_collections_own_prefix_is_refused() -> None:
    told = (
        "host kvm01: kvm_purge is not a variable of this collection; write guests_purge, networks_purge or"
        " storage_purge"
    )
    assert _unknown_names.variables({"kvm01": {"kvm_purge": True}}) == ([told], [])
    # Where a template of the user's own names it, it is the user's.
    own = {"kvm_purge": True, "guests_purge": "{{ kvm_purge }}"}
    assert _unknown_names.variables({"kvm01": own}) == ([], [])
