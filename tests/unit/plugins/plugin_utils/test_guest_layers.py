# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Defaults and profiles, as each guest of a fleet gets them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from ansible_collections.virtfleet.kvm.plugins.filter.fleet import fleet_problems
from ansible_collections.virtfleet.kvm.plugins.plugin_utils import _guest_layers
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._evaluate import evaluate
from ansible_collections.virtfleet.kvm.tests.unit.inventories import HOSTS, hostvars

LOOKUP = trust_as_template("{{ lookup('virtfleet.kvm.host_guests') }}")
GROUPS = {"kvm_hosts": {"hosts": {"kvm01": {}, "kvm02": {}}}, "north": {"hosts": {"kvm02": {}}}}
FLEET = "group_vars/all.yml"


def guest(name: str, host: str = "kvm01", **options: Any) -> dict[str, Any]:
    return {"name": name, "host": host, **options}


def looked_up(host: str, variables: Any) -> Any:
    """What a task on a host gets, or the words of its refusal."""
    templar = Templar(loader=DataLoader(), variables={**variables.raw_get(host), "hostvars": variables})
    try:
        return templar.template(LOOKUP)
    except AnsibleError as error:
        return str(error)


def found(folder: Path, files: dict[str, Any]) -> dict[str, Any]:
    """The guests by name, as the check and the roles have them."""
    variables = hostvars(folder, files, GROUPS)
    assert fleet_problems(HOSTS, variables) == []
    checked = [one for host in HOSTS for one in evaluate(HOSTS, variables).variables[host]["kvm_guests"]]
    assert checked == [one for host in HOSTS for one in looked_up(host, variables)]
    return {one["name"]: {name: value for name, value in one.items() if name != "name"} for one in checked}


def problems(folder: Path, **variables: Any) -> list[str]:
    return fleet_problems(HOSTS, hostvars(folder, {FLEET: variables}))


def refused_by_both(folder: Path, **variables: Any) -> list[str]:
    """What the check says; a role without the check says it, too."""
    every = hostvars(folder, {FLEET: variables})
    lines = fleet_problems(HOSTS, every)
    assert lines
    for line in lines:
        assert line.removeprefix("host kvm01: ") in looked_up("kvm01", every)
    return lines


def test_ten_like_guests_are_ten_lines(tmp_path: Path) -> None:
    files = {
        FLEET: {
            "kvm_guest_defaults": {"memory": "2GiB", "interfaces": ["lan"], "state": "running"},
            "kvm_guest_profiles": {"db": {"memory": "8GiB", "vcpus": 4}},
            "kvm_guests": [guest("a"), guest("b", "kvm02"), guest("c", profile="db"), guest("d", memory="1GiB")],
        }
    }
    common = {"interfaces": [{"network": "lan"}], "state": "running"}
    assert found(tmp_path, files) == {
        "a": {"host": "kvm01", "memory": "2GiB", **common},
        "b": {"host": "kvm02", "memory": "2GiB", **common},
        "c": {"host": "kvm01", "memory": "8GiB", "vcpus": 4, **common},
        "d": {"host": "kvm01", "memory": "1GiB", **common},
    }


def test_host_goes_before_group_before_fleet(tmp_path: Path) -> None:
    files = {
        FLEET: {
            "kvm_guest_defaults": {"memory": "1GiB", "title": "fleet", "vcpus": 1},
            "kvm_guests": [guest("a"), guest("b", "kvm02"), guest("c", "kvm02", title="own")],
        },
        "group_vars/north.yml": {"kvm_guest_defaults_group": {"title": "north", "vcpus": 2}},
        "host_vars/kvm02.yml": {"kvm_guest_defaults_host": {"vcpus": 3}},
    }
    assert found(tmp_path, files) == {
        "a": {"host": "kvm01", "memory": "1GiB", "title": "fleet", "vcpus": 1},
        "b": {"host": "kvm02", "memory": "1GiB", "title": "north", "vcpus": 3},
        "c": {"host": "kvm02", "memory": "1GiB", "title": "own", "vcpus": 3},
    }


def test_dictionaries_are_merged_by_option_and_lists_are_replaced(tmp_path: Path) -> None:
    defaults = {
        "memory": "1GiB",
        "cpu": {
            "mode": "host-model",
            "topology": {"sockets": 1, "cores": 2, "threads": 1},
            "features": {"vmx": "require"},
        },
        "disks": [{"size": "1GiB"}, {"size": "2GiB"}],
        "clock": {"offset": "utc"},
    }
    profile = {"cpu": {"topology": {"threads": 2}, "features": {"sse": "disable"}}}
    own = guest("a", profile="p", cpu={"topology": {"cores": 1}}, disks=[{"size": "3GiB"}], clock=None)
    files = {
        FLEET: {"kvm_guest_defaults": defaults, "kvm_guest_profiles": {"p": profile}, "kvm_guests": [own, guest("b")]}
    }
    merged = found(tmp_path, files)
    assert merged["a"] == {
        "host": "kvm01",
        "memory": "1GiB",
        "cpu": {
            "mode": "host-model",
            "topology": {"sockets": 1, "cores": 1, "threads": 2},
            "features": {"vmx": "require", "sse": "disable"},
        },
        "disks": [{"size": "3GiB"}],
        "clock": None,
    }
    assert merged["b"] == {"host": "kvm01", **defaults}  # What is merged into one guest is not in another.


@pytest.mark.parametrize("default", ["host-passthrough", {"mode": "host-passthrough"}])
@pytest.mark.parametrize("own", ["host-model", {"mode": "host-model"}, {"topology": {"cores": 2}}])
def test_short_forms_are_merged_as_what_they_stand_for(tmp_path: Path, default: Any, own: Any) -> None:
    files = {FLEET: {"kvm_guest_defaults": {"memory": "1GiB", "cpu": default}, "kvm_guests": [guest("a", cpu=own)]}}
    expected = {"mode": "host-passthrough", **(own if isinstance(own, dict) else {"mode": own})}
    assert found(tmp_path, files)["a"]["cpu"] == expected


def test_templates_are_those_of_the_guests_own_host(tmp_path: Path) -> None:
    """What only one host has is not missed on the others, as a profile is evaluated where a guest has it."""
    files = {
        FLEET: {
            "kvm_guest_defaults": {"memory": "{{ memory_of_guests }}", "title": "{{ nope | default(omit) }}"},
            "kvm_guest_profiles": {"here": {"description": "{{ rack }}"}, "db": "{{ db_profile }}"},
            "db_profile": {"vcpus": "{{ 2 + 2 }}"},
            "kvm_guests": "{{ web + more }}",
            "web": [guest("a", profile="here"), guest("b", "kvm02"), guest("c", "{{ inventory_hostname }}")],
            "more": [guest("d", profile="{{ 'd' ~ 'b' }}")],
        },
        "host_vars/kvm01.yml": {"memory_of_guests": "1GiB", "rack": "r1"},
        "host_vars/kvm02.yml": {"memory_of_guests": "2GiB"},
    }
    variables = hostvars(tmp_path, files)
    guests = [one for host in HOSTS for one in looked_up(host, variables)]
    assert guests == [
        {"name": "a", "host": "kvm01", "description": "r1", "memory": "1GiB"},
        {"name": "c", "host": "kvm01", "memory": "1GiB"},
        {"name": "d", "host": "kvm01", "vcpus": 4, "memory": "1GiB"},
        {"name": "b", "host": "kvm02", "memory": "2GiB"},
        {"name": "c", "host": "kvm02", "memory": "2GiB"},
    ]


def test_a_list_that_is_evaluated_as_a_whole_gets_them_too(tmp_path: Path) -> None:
    files = {
        FLEET: {
            "kvm_guest_defaults": {"memory": "1GiB"},
            "web": [guest("a"), guest("b", "kvm02")],
            "kvm_guests": "{{ web | map('combine', {'vcpus': 2}) }}",
        }
    }
    assert [one["memory"] for one in found(tmp_path, files).values()] == ["1GiB", "1GiB"]


def test_a_guest_can_do_without_the_defaults(tmp_path: Path) -> None:
    files = {
        FLEET: {
            "kvm_guest_defaults": {"memory": "1GiB", "autostart": True},
            "kvm_guest_profiles": {"p": {"title": "p"}},
            "kvm_guests": [guest("a", defaults=False, profile="p"), guest("b", defaults="{{ true }}")],
        }
    }
    assert found(tmp_path, files) == {
        "a": {"host": "kvm01", "title": "p"},
        "b": {"host": "kvm01", "memory": "1GiB", "autostart": True},
    }


PROFILES = {"web": {"vcpus": 2}, "db": {"vcpus": 4}}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"profile": "wbe"}, "guest a: profile: 'wbe' is not in kvm_guest_profiles; did you mean 'web'?"),
        ({"profile": "mail"}, "guest a: profile: 'mail' is not in kvm_guest_profiles; there are: web, db"),
        (
            {"profile": ["web"]},
            "guest a: profile: a list is no name of a profile; name one profile; there are: web, db",
        ),
        ({"profile": True}, "guest a: profile: True is not in kvm_guest_profiles; there are: web, db"),
        ({"defaults": "maybe"}, "guest a: defaults: 'maybe' is neither true nor false"),
    ],
)
def test_what_a_guest_cannot_say(tmp_path: Path, options: dict[str, Any], said: str) -> None:
    guests = [guest("a", memory="1GiB", **options)]
    assert refused_by_both(tmp_path, kvm_guest_profiles=PROFILES, kvm_guests=guests) == [said]


def test_of_a_profile_with_an_odd_name_only_the_beginning_is_told(tmp_path: Path) -> None:
    """To YAML, ``password:hunter2`` is one name, as a space is missing."""
    profiles = {"password:hunter2hunter2": {}, "web": {}}
    (line,) = refused_by_both(tmp_path, kvm_guest_profiles=profiles, kvm_guests=[guest("a", profile="x")])
    assert line == "guest a: profile: 'x' is not in kvm_guest_profiles; there are: password..., web"


def test_a_profile_where_there_are_none(tmp_path: Path) -> None:
    (line,) = refused_by_both(tmp_path, kvm_guests=[guest("a", profile="web")])
    assert line == "guest a: profile: 'web' is not in kvm_guest_profiles; there are no profiles"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("kvm_guest_defaults", ["x"], "kvm_guest_defaults: a list is not a dictionary of options of a guest"),
        ("kvm_guest_defaults_host", "s3cretpass", "kvm_guest_defaults_host: a string is not a dictionary of"),
        ("kvm_guest_profiles", ["x"], "kvm_guest_profiles: a list is not a dictionary of profiles, by their names"),
        ("kvm_guest_profiles", {"web": "x"}, "profile web: a string is not a dictionary of options of a guest"),
        ("kvm_guest_profiles", {"web": {"profile": "db"}}, "profile web: profile: a guest names its profile itself"),
        ("kvm_guest_profiles", {"web": {"defaults": False}}, "profile web: defaults: a guest says by itself"),
        *(
            ("kvm_guest_defaults", {one: "x"}, f"kvm_guest_defaults: {one}: belongs to one guest")
            for one in ("name", "host", "uuid")
        ),
        ("kvm_guest_defaults", {"memroy": 1}, "kvm_guest_defaults: memroy: no such option; did you mean 'memory'?"),
        ("kvm_guest_defaults", {"memory": "banana"}, "kvm_guest_defaults: memory: 'banana' is not"),
        ("kvm_guest_profiles", {"web": {"cpu": {"mode": "x"}}}, "profile web: cpu.mode: 'x' is not one of"),
        ("kvm_guest_defaults", {"memory": "{{ nope }}"}, "kvm_guest_defaults: memory: 'nope' is undefined"),
        ("kvm_guest_profiles", {"web": {"disks": [{"size": "{{ nope }}"}]}}, "profile web: disks[0].size: 'nope' is"),
        ("kvm_guest_profiles", "{{ nope }}", "kvm_guest_profiles: 'nope' is undefined"),
        ("kvm_guest_defaults", "{{ nope }}", "kvm_guest_defaults: 'nope' is undefined"),
    ],
)
def test_what_is_wrong_with_them_is_said_once_and_named(tmp_path: Path, name: str, value: Any, said: str) -> None:
    guests = [guest(one, profile="web", memory="1GiB" if "profiles" in name else None) for one in "abc"]
    guests = [{option: inner for option, inner in one.items() if inner is not None} for one in guests]
    variables = {"kvm_guest_profiles": PROFILES, name: value, "kvm_guests": guests}
    (line,) = refused_by_both(tmp_path, **variables)
    assert line.removeprefix("host kvm01: ").startswith(said)
    assert "s3cretpass" not in line


def test_what_contradicts_an_option_of_the_guest_is_said_with_its_place(tmp_path: Path) -> None:
    """Nothing is wrong with the defaults alone, and nothing with what the guest has itself."""
    lines = problems(
        tmp_path,
        kvm_guest_defaults={"memory": "1GiB", "cpu": {"mode": "custom", "model": "EPYC"}},
        kvm_guests=[guest("a", cpu="host-passthrough"), guest("b"), guest("c", cpu={"mode": "maximum", "model": None})],
    )
    assert lines == [
        "guest a: cpu.model: cannot be combined with 'mode: host-passthrough', but with mode: custom or host-model"
        " (from kvm_guest_defaults)"
    ]


def test_what_all_hosts_say_of_the_defaults_is_no_hosts_own(tmp_path: Path) -> None:
    lines = problems(tmp_path, kvm_guest_defaults={"memroy": 1}, kvm_guests=[guest("a"), guest("b", "kvm02")])
    assert lines == ["kvm_guest_defaults: memroy: no such option; did you mean 'memory'?"]


def test_what_no_guest_uses_is_not_evaluated(tmp_path: Path) -> None:
    files = {
        FLEET: {
            "kvm_guest_profiles": {"north": {"title": "{{ rack }}"}},
            "kvm_guest_defaults_host": {"memory": "1GiB"},
            "kvm_guests": [guest("a"), guest("b", "kvm02", profile="north")],
        },
        "host_vars/kvm02.yml": {"rack": "r2"},
    }
    assert found(tmp_path, files)["b"]["title"] == "r2"


def test_an_address_that_is_kept_for_a_guest_is_told_to_be_its_own(tmp_path: Path) -> None:
    """Nothing else is said of it, neither of the option 'ips' nor of the network."""
    cards = [{"network": "lan", "ip": "192.0.2.5"}, "dmz"]
    lines = problems(
        tmp_path,
        kvm_guest_defaults={"interfaces": cards, "memory": "1GiB"},
        kvm_guest_profiles={"db": {"interfaces": cards[:1]}},
        kvm_guests=[guest("a"), guest("b", "kvm02", profile="db")],
    )
    own = "interfaces[0].ip: belongs to one guest, so it cannot stand here"
    assert lines == [f"kvm_guest_defaults: {own}", f"host kvm02: profile db: {own}"]


def test_one_profile_is_named(tmp_path: Path) -> None:
    (line,) = problems(tmp_path, kvm_guest_profiles=PROFILES, kvm_guests=[guest("a", memory="1GiB", profile=["web"])])
    assert line.startswith("guest a: profile: a list is no name of a profile; name one profile; there are: ")


@pytest.mark.parametrize("used", [{}, {"profile": "web"}])
def test_a_profile_that_no_guest_has_is_looked_at_once(tmp_path: Path, used: dict[str, Any]) -> None:
    """Whoever gives it to a guest one day is not to find the mistakes. What only some hosts can evaluate is left."""
    profiles = {"web": {"vcpus": 2}, "db": {"memroy": 1}, "at": {"title": "{{ rack }}", "vcpus": "many"}, "host": "x"}
    guests = [guest("a", memory="1GiB", **used), guest("b", "kvm02", memory="1GiB")]
    assert problems(tmp_path, kvm_guest_profiles=profiles, kvm_guests=guests) == [
        "profile db: memroy: no such option; did you mean 'memory'?",
        "profile host: a string is not a dictionary of options of a guest",
    ]
    (line,) = problems(tmp_path, kvm_guest_profiles=["web"], kvm_guests=guests[1:])
    assert line == "kvm_guest_profiles: a list is not a dictionary of profiles, by their names"
    assert problems(tmp_path, kvm_guest_profiles="{{ nope }}", kvm_guests=guests[1:]) == []


def test_the_check_across_hosts_sees_what_guests_have_in_common(tmp_path: Path) -> None:
    lines = problems(
        tmp_path,
        kvm_guest_defaults={"memory": "1GiB", "interfaces": [{"network": "lan", "mac": "52:54:00:00:00:01"}]},
        kvm_guests=[guest("a"), guest("b", "kvm02")],
    )
    assert lines == [
        "mac 52:54:00:00:00:01: is declared more than once: a on kvm01, b on kvm02; each guest needs its own"
    ]


def test_secrets_in_them_are_not_shown(tmp_path: Path) -> None:
    graphics = [{"type": "vnc", "passwd": "hunter2hunter2", "port": "hunter2hunter2"}]
    lines = refused_by_both(
        tmp_path, kvm_guest_defaults={"memory": "1GiB", "graphics": graphics}, kvm_guests=[guest("a")]
    )
    assert lines
    assert "hunter2" not in "".join(lines)


def test_what_has_no_end_is_refused(tmp_path: Path) -> None:
    deep: Any = {"x": 1}
    for _level in range(200):
        deep = {"cpu": deep}
    lines = problems(tmp_path, kvm_guest_defaults=deep, kvm_guests=[guest("a", memory="1GiB")])
    assert lines == ["host kvm01: kvm_guest_defaults: has options nested too deep"]
    lines = problems(tmp_path, kvm_guest_profiles={"p": {"cpu": [deep]}}, kvm_guests=[guest("a", profile="p")])
    assert lines == ["host kvm01: profile p: has options nested too deep"]


def test_plain_dictionaries_in_place_of_hostvars(tmp_path: Path) -> None:
    variables = {"kvm_guest_defaults": {"memory": "x"}, "kvm_guests": [guest("a", profile="p")]}
    assert fleet_problems(HOSTS, dict.fromkeys(HOSTS, variables)) == [
        "guest a: profile: 'p' is not in kvm_guest_profiles; there are no profiles",
        "host kvm01: kvm_guest_defaults: memory: 'x' is not a size; write it like 512MiB or 2GiB",
    ]


def test_they_are_evaluated_once_for_each_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a thousand guests have in common is parsed once."""
    made: list[str] = []
    layer = _guest_layers.Layer

    def counted(source: str, options: Any) -> Any:
        made.append(source)
        return layer(source, options)

    monkeypatch.setattr(_guest_layers, "Layer", counted)
    guests = [guest(f"g{number}", profile="web") for number in range(50)]
    problems(tmp_path, kvm_guest_defaults={"memory": "1GiB"}, kvm_guest_profiles=PROFILES, kvm_guests=guests)
    assert made == ["kvm_guest_defaults", "profile web", "profile db"]  # The last one by the check alone.
