# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A declaration with templates: each host's part as a play on it has it, and what cannot be evaluated by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.filter.fleet import fleet_problems
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._evaluate import evaluate
from ansible_collections.virtfleet.kvm.tests.unit.inventories import HOSTS, hostvars

VAULT = '!vault "$ANSIBLE_VAULT;1.1;AES256\\n33363965326261303034\\n"'


def guest(name: str, host: str = "kvm01", **options: Any) -> dict[str, Any]:
    return {"name": name, "host": host, "memory": "1GiB", **options}


def problems(folder: Path, *guests: Any, **variables: Any) -> list[str]:
    return fleet_problems(HOSTS, hostvars(folder, {"group_vars/all.yml": {"kvm_guests": list(guests), **variables}}))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (guest("a", memory="{{ nope }}"), ["guest a: memory: 'nope' is undefined"]),
        (guest("a", disks=[{}, {"size": "{{ nope }}"}]), ["guest a: disks[1].size: 'nope' is undefined"]),
        (guest("a", cpu={"topology": {"cores": "{{ nope }}"}}), ["guest a: cpu.topology.cores: 'nope' is undefined"]),
        (
            guest("a", memory="{{ nope }}", description="{{ nix }}"),
            ["guest a: memory: 'nope' is undefined", "guest a: description: 'nix' is undefined"],
        ),
        (guest("a", "{{ nope }}"), ["guest a: host: 'nope' is undefined"]),
        (guest("{{ nope }}"), ["kvm_guests[1]: name: 'nope' is undefined"]),
        (
            guest("{{ 'a' ~ 1 }}", vcpus="{{ 1 // 0 }}"),
            [
                "guest a1: vcpus: cannot be evaluated (ZeroDivisionError; what it says is not shown, as it may quote a"
                " secret); 'ansible HOST -m debug -a var=kvm_guests' shows it"
            ],
        ),
        ("{{ nope }}", ["kvm_guests[1]: 'nope' is undefined"]),
    ],
)
def test_what_cannot_be_evaluated_is_named_by_guest_and_field(tmp_path: Path, wrong: Any, said: list[str]) -> None:
    assert problems(tmp_path, guest("good"), wrong) == said


def test_a_locked_vault_is_named_by_guest_and_field_and_not_shown(tmp_path: Path) -> None:
    text = f"kvm_guests:\n  - {{name: a, host: kvm01, memory: 1GiB, graphics: [{{type: vnc, passwd: {VAULT}}}]}}\n"
    (line,) = fleet_problems(HOSTS, hostvars(tmp_path, {"group_vars/all.yml": text}))
    assert line.startswith("guest a: graphics[0].passwd: ")
    assert "cannot be decrypted" in line
    assert line.endswith("; give the vault's password with --ask-vault-pass or --vault-password-file")
    assert "3336" not in line


QUOTING = ("vpw | to_datetime", "{}[vpw]", "lookup('file', vpw)")
"""Templates whose errors quote the value of a variable."""


@pytest.mark.parametrize("broken", QUOTING)
@pytest.mark.parametrize(
    "wrong",
    [
        guest("g", graphics="{{ [{'type': 'vnc', 'passwd': BROKEN}] }}"),
        guest("g", graphics=[{"type": "vnc", "passwd": "{{ BROKEN }}"}]),
        guest("g", graphics=["{{ {'type': 'vnc', 'passwd': BROKEN} }}"]),
        guest("g", xml="<graphics type='vnc' passwd='{{ BROKEN }}'/>"),
        guest("g", disks=[{"size": "1GiB", "image": "https://u:{{ BROKEN }}@h/x"}]),
        guest("g", disks=["{{ {'source': {'auth': {'secret': {'uuid': BROKEN}}}} }}"]),
        guest("g", disks="{{ [{'source': BROKEN}] }}"),
        guest("g", qemu={"args": ["string={{ BROKEN }}"]}),
        guest("g", qemu={"env": {"X": "{{ BROKEN }}"}}),
        "{{ {'name': 'g', 'host': 'kvm01', 'graphics': [{'passwd': BROKEN}]} }}",
    ],
)
def test_what_may_hold_a_secret_is_not_quoted(tmp_path: Path, wrong: Any, broken: str) -> None:
    config = json.loads(json.dumps(wrong).replace("BROKEN", broken))
    (line,) = problems(tmp_path, config, vpw="HUNTER2: a: b")
    assert "HUNTER2" not in line
    assert "what it says is not shown, as it may quote a secret); it is made of vpw" in line


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("{{ vault.nope }}", "'vault.nope' is undefined"),
        ("{{ vault['nope'] | b64encode }}", "'vault.nope' is undefined"),
        ("{{ made }}", "'vault.nope' is undefined (in made)"),
        ("{{ vpw ~ vwp }}", "'vwp' is undefined; did you mean 'vpw'?"),
        ("{{ hostvars['kvm01'].nope }}", "'hostvars.kvm01.nope' is undefined"),
        ("{{ vault['no\\nway'] }}", "what is read of 'vault' is undefined"),
        ("{{ vault.nope | nofilter }}", "No filter named 'nofilter'"),
        ("{{ vault[vpw] }}", "it is made of vault, vpw"),
        ("{{ vpw.nope }}", "it is made of vpw"),
        ("{{ vault.a | default(vpw) | from_json }}", "it is made of vault, vpw"),
    ],
)
def test_what_a_secret_lacks_is_named(tmp_path: Path, written: str, told: str) -> None:
    """The name of a variable is no secret; the values of those that are there are."""
    wrong = guest("g", graphics=[{"type": "vnc", "passwd": written}])
    (line,) = problems(tmp_path, wrong, vpw="HUNTER2", vault={"b": "HUNTER2"}, made="{{ vault.nope }}")
    assert line.startswith("guest g: graphics[0].passwd: ")
    assert told in line
    assert "HUNTER2" not in line


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("{{ web_guests + db_gusts }}", "'db_gusts' is undefined; did you mean 'db_guests'?"),
        ("{{ db_gusts + web_guests }}", "'db_gusts' is undefined; did you mean 'db_guests'?"),
        ("{{ web_guests + (nope | selectattr('name') | list) + nix }}", "'nope' is undefined; 'nix' is undefined"),
        ("{{ web_guests + joined }}", "'nope' is undefined (in joined)"),
        ("{{ web_guests + groups.nope }}", "'groups.nope' is undefined"),
        ("{{ web_guests + [1] + (nope | default(7)) }}", "it is made of web_guests"),
        ("{{ web_guests + (nope if nope is defined else 7) }}", "it is made of web_guests"),
        ("{% set mine = 7 %}{{ web_guests + mine }}", "it is made of web_guests"),
    ],
)
@pytest.mark.parametrize("name", ["kvm_guests", "kvm_networks"])
def test_a_list_that_is_not_there_is_named_with_the_option(tmp_path: Path, name: str, written: str, told: str) -> None:
    """A misspelt one, above all: Ansible only says that something cannot be joined."""
    lists = {"web_guests": [guest("a")], "db_guests": [guest("b")], "joined": "{{ nope }}", name: written}
    (line,) = fleet_problems(["kvm01"], hostvars(tmp_path, {"group_vars/all.yml": lists}))
    assert line.startswith((f"{name}: ", f"host kvm01: {name}: "))
    assert told in line


@pytest.mark.parametrize("broken", QUOTING)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("kvm_guests", "{{ [{'name': 'g', 'host': 'kvm01', 'graphics': [{'passwd': BROKEN}]}] }}"),
        ("kvm_guests", "{{ [] + BROKEN }}"),
        ("kvm_pools", "{{ [{'name': 'p', 'source': {'auth': {'secret': BROKEN}}}] }}"),
        ("kvm_pools", [{"name": "p", "source": "{{ {'auth': BROKEN} }}"}]),
        ("kvm_volumes", [{"name": "v", "image": "https://u:{{ BROKEN }}@h/x"}]),
        ("kvm_networks", ["{{ {'name': BROKEN} }}"]),
    ],
)
def test_a_list_that_may_hold_a_secret_is_not_quoted(tmp_path: Path, name: str, value: Any, broken: str) -> None:
    given = {name: json.loads(json.dumps(value).replace("BROKEN", broken)), "vpw": "HUNTER2: a: b"}
    found = fleet_problems(HOSTS, hostvars(tmp_path, {"group_vars/all.yml": given}))
    assert found
    assert "HUNTER2" not in "\n".join(found)


def test_the_other_guests_are_checked_nonetheless(tmp_path: Path) -> None:
    assert problems(tmp_path, guest("a", memory="{{ nope }}"), guest("b", memroy=1), guest("c", vcpus="{{ 2 }}")) == [
        "guest a: memory: 'nope' is undefined",
        "guest b: memroy: no such option; did you mean 'memory'?",
    ]


def test_a_list_that_is_put_together_of_others(tmp_path: Path) -> None:
    files = {
        "group_vars/all.yml": {
            "web": [guest("a"), guest("b", "kvm02", memory="{{ nope }}")],
            "db": [guest("c", "kvm02")],
            "kvm_guests": "{{ web + db }}",
        }
    }
    assert fleet_problems(HOSTS, hostvars(tmp_path, files)) == ["guest b: memory: 'nope' is undefined"]


def test_an_item_is_called_by_its_place_in_the_users_own_list(tmp_path: Path) -> None:
    """Guests of other hosts, and those that cannot be evaluated, count as well."""
    bad = [{"host": "kvm02", "memory": "1GiB"}, "banana", {"host": "kvm01", "vcpus": 1}]
    found = problems(tmp_path, guest("a"), guest("b", "kvm02"), guest("c", memory="{{ nope }}"), *bad)
    assert sorted(found) == [
        "guest c: memory: 'nope' is undefined",
        "kvm_guests[3] on kvm02: name: is missing",
        "kvm_guests[4]: a string is not a dictionary of options; write '- name: NAME', and its options below",
        "kvm_guests[5] on kvm01: name: is missing",
    ]
    networks = [{"name": "a", "bridge": "{{ nope }}"}, {"bridge": "virbr7", "forward": "nat"}]
    found = problems(tmp_path, kvm_networks=networks)
    assert "hosts kvm01, kvm02: kvm_networks[1]: name: is missing" in found


def test_an_item_of_a_list_that_another_is_made_of_is_called_by_its_place_there(tmp_path: Path) -> None:
    lists = {"web": [guest("a")], "db": [guest("b"), guest("{{ nope }}")], "kvm_guests": "{{ web + db }}"}
    found = fleet_problems(HOSTS, hostvars(tmp_path, {"group_vars/all.yml": lists}))
    assert found == ["db[1]: name: 'nope' is undefined"]
    nameless = {"host": "kvm02", "vcpus": 1}
    lists = {"web": [guest("a")], "db": [guest("b", "kvm02"), nameless], "kvm_guests": "{{ web + db }}"}
    found = fleet_problems(HOSTS, hostvars(tmp_path, {"group_vars/all.yml": lists}))
    assert found == ["kvm_guests[2] on kvm02: name: is missing"]


def test_a_list_that_is_no_list_and_cannot_be_evaluated(tmp_path: Path) -> None:
    found = problems(tmp_path, kvm_pools="{{ nope }}", kvm_networks=[{"name": "lan", "bridge": "{{ nix }}"}])
    assert sorted(found) == [
        "hosts kvm01, kvm02: kvm_pools: 'nope' is undefined",
        "hosts kvm01, kvm02: network lan: bridge: 'nix' is undefined",
    ]


def test_each_guest_is_evaluated_as_on_its_own_host(tmp_path: Path) -> None:
    """A guest that says on which host it is is the same guest, whoever looks at the list."""
    files = {
        "group_vars/all.yml": {
            "kvm_guests": [
                guest("a", "kvm02", description="on {{ inventory_hostname }}, {{ memory_of_hosts }}"),
                guest("on-{{ inventory_hostname }}", "{{ inventory_hostname }}"),
            ]
        },
        "host_vars/kvm02.yml": {"memory_of_hosts": "64GiB"},
    }
    variables = hostvars(tmp_path, files)
    assert fleet_problems(HOSTS, variables) == []
    found = evaluate(HOSTS, variables).variables
    assert [one["name"] for one in found["kvm01"]["kvm_guests"]] == ["on-kvm01"]
    assert [one["name"] for one in found["kvm02"]["kvm_guests"]] == ["a", "on-kvm02"]
    assert found["kvm02"]["kvm_guests"][0]["description"] == "on kvm02, 64GiB"


def test_a_mistake_that_each_host_makes_is_named_for_each(tmp_path: Path) -> None:
    found = problems(tmp_path, guest("on-{{ inventory_hostname }}", "{{ inventory_hostname }}", memory="x"))
    assert [line.partition(":")[0] for line in found] == ["guest on-kvm01", "guest on-kvm02"]


def test_a_mistake_in_guests_of_one_name_is_named_for_each_host(tmp_path: Path) -> None:
    found = problems(tmp_path, guest("a", "{{ inventory_hostname }}", memroy=1))
    assert found[0] == "hosts kvm01, kvm02: guest a: memroy: no such option; did you mean 'memory'?"


def test_what_only_some_hosts_cannot_evaluate_is_named_for_those(tmp_path: Path) -> None:
    guests = [
        guest("on-{{ inventory_hostname }}", "{{ inventory_hostname }}", memory="{{ mine }}"),
        guest("b", "{{ place_of_b }}"),
        guest("c", "{{ inventory_hostname }}", memory="{{ nope }}"),
        guest("d", "kvm01", memory="{{ mine }}"),
    ]
    files = {
        "group_vars/all.yml": {"kvm_guests": guests},
        "host_vars/kvm01.yml": {"mine": "1GiB", "place_of_b": "kvm01"},
    }
    assert fleet_problems(HOSTS, hostvars(tmp_path, files)) == [
        "guest c: memory: 'nope' is undefined",
        "host kvm02: guest on-kvm02: memory: 'mine' is undefined",
        "host kvm02: guest b: host: 'place_of_b' is undefined",
    ]


def test_of_a_guest_of_no_host_only_that_is_said(tmp_path: Path) -> None:
    """Every host makes something else of it, and none can say what it would be there."""
    files = {
        "group_vars/all.yml": {
            "kvm_guests": [
                guest("a", "kvm09", description="{{ inventory_hostname }}"),
                guest("{{ 'b' }}", "kvm08", memory="{{ mine }}"),
            ]
        },
        "host_vars/kvm02.yml": {"mine": "1GiB"},
    }
    assert fleet_problems(HOSTS, hostvars(tmp_path, files)) == [
        "guest a: host: 'kvm09' is not in the inventory's group kvm_hosts; there are: kvm01, kvm02",
        "guest b: host: 'kvm08' is not in the inventory's group kvm_hosts; there are: kvm01, kvm02",
    ]


def test_a_group_in_place_of_a_host_is_named_as_one(tmp_path: Path) -> None:
    (line,) = problems(tmp_path, guest("a", "kvm_hosts"))
    assert line == "guest a: host: 'kvm_hosts' is a group; name the one host that it runs on"


JOINED = [
    ("{{ web + db }}", ["a", "b"]),
    ("{{ web }}", ["a"]),
    ("{{ (web + (db)) }}", ["a", "b"]),
    ("{{ web | default([]) + nope | default([]) }}", ["a"]),
    ("{{ none_yet | default([], true) + d_b }}", ["b"]),
    ("{{ [] + d_b }}", ["b"]),
    (["{{ web01 }}"], ["a"]),
]


@pytest.mark.parametrize(("written", "names"), JOINED)
def test_lists_that_are_joined_are_evaluated_guest_by_guest(tmp_path: Path, written: Any, names: list[str]) -> None:
    lists = {
        "web": ["{{ web01 }}"],
        "web01": guest("a", description="{{ mine }}"),
        "db": [guest("b", "kvm02", description="{{ inventory_hostname }}")],
        "d_b": "{{ db }}",
        "none_yet": None,
        "kvm_guests": written,
    }
    files = {"group_vars/all.yml": lists, "host_vars/kvm01.yml": {"mine": "first"}}
    variables = hostvars(tmp_path, files)
    assert fleet_problems(HOSTS, variables) == []
    found = evaluate(HOSTS, variables).variables
    told = {one["name"]: one["description"] for host in HOSTS for one in found[host]["kvm_guests"]}
    assert told == {name: {"a": "first", "b": "kvm02"}[name] for name in names}


@pytest.mark.parametrize("written", ["{{ kvm_guests }}", "{{ a_list }}", "{{ kvm_guests + kvm_guests }}"])
def test_lists_in_a_circle_end(tmp_path: Path, written: str) -> None:
    found = problems(tmp_path, kvm_pools=written.replace("kvm_guests", "kvm_pools"), a_list="{{ kvm_pools }}")
    assert any("kvm_pools: " in line for line in found)


def test_what_is_no_template_to_ansible_is_none_here(tmp_path: Path) -> None:
    text = 'web: [{name: a, host: kvm01, memory: 1GiB}]\nkvm_guests: !unsafe "{{ web }}"\n'
    found = fleet_problems(HOSTS, hostvars(tmp_path, {"group_vars/all.yml": text}))
    assert [line.partition(";")[0] for line in found] == ["kvm_guests: a string is not a list of guests"]


def test_a_list_made_by_another_template_is_evaluated_by_each_host(tmp_path: Path) -> None:
    """As the play evaluates it, too; so the host where it cannot be is named."""
    lists = {"web": [guest("a", memory="{{ mine }}")], "kvm_guests": "{{ web | map('combine', {'vcpus': 2}) }}"}
    files = {"group_vars/all.yml": lists, "host_vars/kvm01.yml": {"mine": "1GiB"}}
    assert fleet_problems(HOSTS, hostvars(tmp_path, files)) == ["host kvm02: guest a: memory: 'mine' is undefined"]


def test_a_guest_of_no_host_is_said_once(tmp_path: Path) -> None:
    (line,) = problems(tmp_path, guest("a", "kvm09"), guest("b", "kvm02"))
    assert line == "guest a: host: 'kvm09' is not in the inventory's group kvm_hosts; there are: kvm01, kvm02"


def test_nesting_without_end_is_no_end_of_the_check(tmp_path: Path) -> None:
    deep: Any = "{{ nope }}"
    for _level in range(200):
        deep = [deep]
    (line,) = problems(tmp_path, guest("a", disks=deep))
    assert line.startswith("guest a: disks[0][0]")


ANCHORS = """
x: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]
y: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]
z: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]
u: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c]
v: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d]
w: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e]
"""


def test_a_guest_that_holds_things_without_end_is_refused_before_it_is_evaluated(tmp_path: Path) -> None:
    guests = "kvm_guests: [{name: a, host: kvm01, disks: [*f, *f]}, {name: b, host: kvm01, memroy: 1}]"
    text = f"{ANCHORS}{guests}\n"
    assert fleet_problems(HOSTS, hostvars(tmp_path, {"group_vars/all.yml": text})) == [
        "guest a: disks: holds more than 20000 values",
        "guest b: memroy: no such option; did you mean 'memory'?",
    ]


def test_so_are_defaults(tmp_path: Path) -> None:
    text = f"{ANCHORS}kvm_guest_defaults: {{disks: [*f, *f]}}\nkvm_guests: [{{name: a, host: kvm01}}]\n"
    (line,) = set(fleet_problems(HOSTS, hostvars(tmp_path, {"group_vars/all.yml": text})))
    assert "kvm_guest_defaults: holds more than 20000 values" in line


def test_options_that_are_not_asked_for_are_not_evaluated(tmp_path: Path) -> None:
    """The inventory plugin needs few of them; others may hold a vault whose password is missing."""
    guests = [guest("a", title="{{ 'x' }}", xml="{{ nope }}"), guest("b", title="{{ nope }}")]
    variables = hostvars(tmp_path, {"group_vars/all.yml": {"kvm_guests": guests, "kvm_pools": "{{ nope }}"}})
    found = evaluate(HOSTS, variables, ("kvm_guests",), ("name", "host", "title"))
    assert found.variables == {
        "kvm01": {"kvm_guests": [{"name": "a", "host": "kvm01", "title": "x"}]},
        "kvm02": {"kvm_guests": []},
    }
    assert found.problems == [(None, "guest b: title: 'nope' is undefined")]
