# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every fenced block of the documentation does what the page says. A block that no rule can run fails."""

from __future__ import annotations

import configparser
import inspect
import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml
from ansible.plugins.callback import CallbackBase

from ansible_collections.virtfleet.kvm.plugins.filter.fleet import FilterModule
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine import converters, report, rows
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.observed import Observed
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.plan import plan
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows import variant
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Host
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.layers import DEFAULTS, PROFILES
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.agent import guard
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import wait_for
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.cloud_init import config_drive, nocloud
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.disks import guest_disks
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.image.declared import declared
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared import derived_values
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume.storage_plan import FUTURE, plan_volume
from ansible_collections.virtfleet.kvm.plugins.plugin_utils import _progress
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._evaluate import evaluate
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._images import lock_file
from ansible_collections.virtfleet.kvm.tests.unit.inventories import HOSTS, hostvars

from . import commands, guest_hosts
from .ansible_runs import INVENTORY, NAMESPACE, check_syntax, documentation, run, run_tasks, write
from .blocks import BLOCKS, PAGES, ROOT, Block, blocks
from .molecule_pages import run_molecule

FILTERS = FilterModule().filters()
SPECS = [yaml.safe_load(path.read_text()) for path in ROOT.glob("roles/*/meta/argument_specs.yml")]
ROLE_VARIABLES = {name for spec in SPECS for name in spec["argument_specs"]["main"].get("options", {})}
ROLE_VARIABLES |= {"kvm_guests", *DEFAULTS, PROFILES}

Project = Callable[[Path], Path]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Writes the files that a page names into a folder, and returns it."""

    def written(page: Path) -> Path:
        for block in blocks(page):
            if block.file:
                write(tmp_path, block.file, block.text)
        if any(block.file.endswith(".kvm.yml") for block in blocks(page)):
            guest_hosts.stand_in(tmp_path)
        return tmp_path

    return written


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_block(block: Block, tmp_path: Path, project: Project) -> None:
    rule = RULES.get(block.rule or block.language)
    assert rule, f"no rule runs a block of {block.rule or block.language or 'no language'!r}: see {__file__}"
    rule(block, project(block.page))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_project_of_a_page(page: Path, project: Project) -> None:
    """The files that a page names are, together, an inventory that the collection's own check accepts."""
    folder = project(page)
    if (folder / "inventory").exists():
        run(folder, "ansible-playbook", "-i", "inventory", f"{NAMESPACE}.check")


OPTIONS = re.findall(r"^\| `(\w+)`.*\| `(.+)` \|$", (ROOT / "docs/options.md").read_text(), re.M)
"""The options in the table of docs/options.md that have an example, and that."""


@pytest.mark.parametrize(("option", "example"), OPTIONS, ids=[option for option, _example in OPTIONS])
def test_example_in_the_table_of_options(option: str, example: str) -> None:
    guest = {"name": "web01", "host": "kvm01", "memory": "1GiB", "state": "running", option: yaml.safe_load(example)}
    assert problems({"kvm_guests": [guest], PROFILES: {"database": {"vcpus": 2}}}) == []


def test_the_table_of_options_has_examples() -> None:
    assert len(OPTIONS) >= 15


# --- the rules: each takes the block, and the folder with the files of its page ---


def run_yaml(block: Block, folder: Path) -> None:
    content = yaml.safe_load(block.text)
    if block.file.startswith("molecule/"):
        run_molecule(block, folder)
    elif block.file.startswith("guests/"):
        assert (content["name"], content["host"]) in {(one["name"], one["host"]) for one in guests_of_page(folder)}
    elif isinstance(content, list) and all("hosts" in play or is_import(play) for play in content):
        write(folder, "block.yml", block.text)
        check_syntax(folder, "block.yml")
    elif isinstance(content, list):
        run_tasks(folder, content)
    elif "plugin" in content:
        guest_hosts.listed(folder, block.text)
    elif content.keys() <= ROLE_VARIABLES:
        content = yaml.safe_load(re.sub(r"\{\{ vault_\w+ \}\}", "c2VjcmV0", block.text))  # It is text, and base64.
        assert problems({**content, "inventory_dir": str(folder / "inventory")}) == []
    else:
        write(folder, "block/hosts.yml", block.text)
        listed = json.loads(run(folder, "ansible-inventory", "-i", "block", "--list"))
        assert listed.get("kvm_hosts", {}).get("hosts"), "neither variables of a role nor an inventory with kvm_hosts"


def is_import(play: dict[str, Any]) -> bool:
    return "ansible.builtin.import_playbook" in play


def problems(variables: dict[str, Any]) -> list[str]:
    """What the collection's own check says of variables, in a made-up inventory."""
    hosts = list(INVENTORY["kvm_hosts"]["hosts"])
    return FILTERS["fleet_problems"](hosts, dict.fromkeys(hosts, variables))


def guests_of_page(folder: Path) -> list[dict[str, Any]]:
    """The guests of the page's inventory, as the roles see them."""
    inventory = folder / "inventory"
    variables = hostvars(inventory, {}, yaml.safe_load((inventory / "hosts.yml").read_text()))
    found = evaluate(HOSTS, variables).variables
    return [plain(guest) for host in HOSTS for guest in found[host]["kvm_guests"]]


def plain(value: Any) -> Any:
    return json.loads(json.dumps(value, default=str))


def run_merged(block: Block, folder: Path) -> None:
    """A guest of the page's inventory, with what it has in common with others."""
    shown = yaml.safe_load(block.text)
    assert [guest for guest in guests_of_page(folder) if guest["name"] == shown["name"]] == [shown]


def run_means(block: Block, folder: Path) -> None:
    """The variables mean the same guests as those in the YAML block before."""
    before = [other for other in blocks(block.page) if other.line < block.line and other.language == "yaml"][-1]
    found = []
    for text in (before.text, block.text):
        values = {"inventory_dir": str(folder / "inventory"), **yaml.safe_load(text)}
        guests = evaluate(HOSTS, dict.fromkeys(HOSTS, values)).variables["kvm01"]["kvm_guests"]
        found.append(DOMAIN.parse([without_host(plain(guest)) for guest in guests]))
    assert found[0] == found[1]
    assert len(found[1]) == len(yaml.safe_load(block.text)["kvm_guests"])


def run_user_data(block: Block, folder: Path) -> None:
    """The user data of the one guest of the page's inventory."""
    (guest,) = DOMAIN.parse(FILTERS["guests_on"](guests_of_page(folder), "kvm01"))
    assert nocloud.files(guest["cloud_init"], guest["name"], "x", [])[nocloud.USER].decode() == block.text


def run_config_drive(block: Block, folder: Path) -> None:
    """A file on the config drive of the one guest in the YAML block before."""
    before = [other for other in blocks(block.page) if other.line < block.line and other.language == "yaml"][-1]
    (guest,) = DOMAIN.parse(FILTERS["guests_on"](yaml.safe_load(before.text)["kvm_guests"], "kvm01"))
    made = config_drive.files(guest["cloud_init"], guest["name"], "x", [card["mac"] for card in guest["interfaces"]])
    assert made[f"openstack/latest/{block.argument}"].decode() == block.text


def run_same(block: Block, folder: Path) -> None:
    """The variables mean the guests that a file of the page's inventory has."""
    before = guests_of_page(folder)
    (folder / block.argument).write_text(block.text)
    after = guests_of_page(folder)
    assert DOMAIN.parse([without_host(guest) for guest in after]) == DOMAIN.parse(list(map(without_host, before)))


def without_host(guest: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in guest.items() if name != "host"}


def run_refused(block: Block, folder: Path) -> None:
    """What the check says of the block is the text of the next one. An editor takes what is only ``told``."""
    said = next(other for other in blocks(block.page) if other.line > block.line)
    assert problems(yaml.safe_load(block.text)) == said.text.splitlines()


def run_fleet(block: Block, folder: Path) -> None:
    """The blocks of a page with this rule are the files of one inventory. Each of their guests is on its host.

    An adopted list under its first name is refused, as the page says.
    """
    files = {other.argument: other.text for other in blocks(block.page) if other.rule == "fleet"}
    variables = hostvars(folder / "fleet", files)
    assert FILTERS["fleet_problems"](HOSTS, variables) == []
    found = evaluate(HOSTS, variables).variables
    guests = [(guest["name"], host) for host in HOSTS for guest in found[host]["kvm_guests"]]
    written = [item for text in files.values() for items in yaml.safe_load(text).values() for item in items]
    assert sorted(guests) == sorted((item["name"], item["host"]) for item in written if isinstance(item, dict))
    (own,) = [name for name in files if name.startswith("host_vars/")]
    adopted = re.sub(r"(?m)^\w+:$", "kvm_guests:", files[own])
    assert FILTERS["fleet_problems"](HOSTS, hostvars(folder / "adopted", {**files, own: adopted})) != []


def run_text(block: Block, folder: Path) -> None:
    """Text alone is only right behind a block that is refused."""
    before = [other for other in blocks(block.page) if other.line < block.line]
    assert before[-1].rule in ("refused", "told"), "say by a comment how this text is to be tested"


def run_plan(block: Block, folder: Path) -> None:
    """The difference that is printed is the engine's.

    From the page's inventory to the variables in the YAML block before, on kvm01, with its guests running.
    """
    host = Host(virt="qemu", virt_reason="no vmx", machines={"q35": "pc-q35-10.0"})
    before = [other for other in blocks(block.page) if other.line < block.line and other.language == "yaml"][-1]
    group_vars = yaml.safe_load((folder / "inventory/group_vars/all.yml").read_text())
    old, new = (
        DOMAIN.parse(FILTERS["guests_on"](variables["kvm_guests"], "kvm01"))
        for variables in (group_vars, yaml.safe_load(before.text))
    )
    there: dict[str, Observed] = {}
    volumes: dict[str, Observed] = {}
    for guest in old:
        item, needed = guest_disks.resolve(guest, None, FUTURE, host)
        (made,) = plan(DOMAIN, {}, [item], host)
        definition = ET.fromstring(next(step.value for step in made.steps if step.action == "define"))
        there[made.name] = Observed(definition, definition, "running", {"autostart": True})
        for need in needed:
            (step,) = plan_volume(None, need.item, host, FUTURE).steps
            volumes[need.key] = Observed(ET.fromstring(step.value.xml), None, "present", {"pool": need.item["pool"]})
    plans = []
    for guest in new:
        item, needed = guest_disks.resolve(guest, there.get(guest["name"]), FUTURE, host)
        plans += plan(DOMAIN, there, [item], host)
        guest_disks.amend(plans[-1], needed, volumes, FUTURE, host)
    assert CallbackBase()._get_diff(report.result(plans)["diff"]).strip() == block.text.strip()


def run_progress(block: Block, folder: Path) -> None:
    """The lines are those that the collection prints of such work."""
    fetching = {"subject": "volume default/web01.qcow2", "doing": "fetching debian-13.qcow2", "total": 350 * 2**20}
    before, now = (
        _progress.sample(json.dumps({**fetching, "done": done * 2**20, "seconds": seconds}), 0.0)
        for done, seconds in ((93, 10), (149, 15))
    )
    left = {name: {"wait_for": "address"} for name in ("web", "db")}
    waiting = _progress.sample(json.dumps({"doing": wait_for.awaited(left, 3, []), "seconds": 40, "limit": 300}), 0.0)
    assert now is not None
    assert waiting is not None
    shown = [_progress.line("kvm01", now, before), _progress.line("kvm01", waiting, None)]
    if "control node" in block.text:
        fetch, whole = {**fetching, "subject": "image debian-13"}, 350 * 2**20
        before, now = (
            _progress.sample(json.dumps({**fetch, "done": done * 2**20, "seconds": seconds}), 0.0)
            for done, seconds in ((93, 10), (149, 15))
        )
        sending = {"doing": "sending the image debian-13.qcow2", "done": 226 * 2**20, "total": whole, "seconds": 4}
        sent = _progress.sample(json.dumps(sending), 0.0)
        assert now is not None
        assert sent is not None
        shown = [_progress.line("the control node", now, before), _progress.line("kvm01", sent, None)]
    assert block.text.splitlines() == shown


def run_lock(block: Block, folder: Path) -> None:
    """The lock file is as the collection writes one, of an image that the page declares."""
    (folder / lock_file.NAME).write_text(block.text)
    locks = lock_file.read(str(folder / lock_file.NAME))
    assert locks is not None
    assert block.text == lock_file.content_of(locks)
    image = {"name": "noble", "ubuntu": "24.04", "mirror": "https://m.example.com"}
    assert declared([image], yaml.safe_load(block.text)["images"])["noble"].locked_version("x86_64")


def run_returned(block: Block, folder: Path) -> None:
    """The keys that are shown are those that the module's documentation has: MODULE.KEY..."""
    module, *keys = block.argument.split(".")
    described: Any = documentation("module")[f"{NAMESPACE}.{module}"]["return"]
    for key in keys:
        described = described[key]["contains"]
    check_keys(json.loads(block.text), described)


def check_keys(shown: Any, described: dict[str, Any]) -> None:
    for item in shown if isinstance(shown, list) else [shown]:
        if isinstance(item, dict):
            assert item.keys() == described.keys()
            for key, value in item.items():
                check_keys(value, described[key].get("contains", {}))


def run_paths(block: Block, folder: Path) -> None:
    """Each line begins with something that is there, and there is a word to say about it."""
    for line in block.text.splitlines():
        name, _space, words = line.partition(" ")
        assert (ROOT / name).exists(), f"there is no {name}"
        assert (ROOT / name).is_dir() == name.endswith("/")
        assert words.strip()


def run_graph(block: Block, folder: Path) -> None:
    """What the command before prints."""
    command = next(other for other in reversed(BLOCKS[: BLOCKS.index(block)]) if other.language == "shell")
    assert run(folder, *shlex.split(command.text)).strip() == block.text.strip()


def run_listed(block: Block, folder: Path) -> None:
    """Variables of a host in ``--list``. Of a dictionary all keys are shown, of the host those that matter."""
    found = json.loads(run(folder, "ansible-inventory", "-i", "inventory", "--list"))["_meta"]["hostvars"]
    shown = json.loads(block.text)
    there = json.loads(json.dumps(found[block.argument]).replace("testnet0", "vnet0"))
    assert {name: there[name] for name in shown} == shown


def run_ini(block: Block, folder: Path) -> None:
    """A setting of Ansible: SECTION NAME, with the value that the block has."""
    section, key = block.argument.split()
    written = configparser.ConfigParser()
    written.read_string(block.text)
    assert written[section][key]
    known = json.loads(run(folder, "ansible-config", "list", "--format", "json"))
    names = [
        name
        for name, setting in known.items()
        if any((each["section"], each["key"]) == (section, key) for each in setting.get("ini") or [])
    ]
    assert names, f"Ansible has no setting {key} in [{section}]"
    write(folder, "ansible.cfg", block.text)
    said = run(folder, "ansible-config", "dump", "--only-changed", "--format", "json")
    assert any(entry.get("name") in names for entry in json.loads(said))


def run_python(block: Block, folder: Path) -> None:
    """A row of a table: it can be made, and documents itself."""
    names = {name: value for module in (converters, rows, variant) for name, value in vars(module).items()}
    row = eval(block.text.strip().rstrip(","), {**names, "derive": derived_values})
    assert row.document()


def run_excerpt(block: Block, folder: Path) -> None:
    """The lines are in the file, but for their indentation."""
    run_python(block, folder)
    assert squeezed(block.text) in squeezed((ROOT / block.argument).read_text()), f"{block.argument} has it otherwise"


SCHEMA = "schemas/inventory.json"
INSTALLED = f"collections/ansible_collections/virtfleet/kvm/{SCHEMA}"
"""Where the schema is in a project that has the collection in its own folder."""


def run_settings(block: Block, folder: Path) -> None:
    """An editor's settings name the schema where it is once the collection is installed."""
    settings = json.loads(block.text)
    assert list(settings["yaml.schemas"]) == [INSTALLED]
    assert (ROOT / SCHEMA).is_file()


def run_precommit(block: Block, folder: Path) -> None:
    """A hook names the schema, and looks at the files of an inventory only."""
    (hook,) = yaml.safe_load(block.text)["repos"][0]["hooks"]
    assert hook["args"] == ["--schemafile", INSTALLED]
    assert re.search(hook["files"], "inventory/group_vars/all.yml")
    assert not re.search(hook["files"], "playbooks/site.yml")


def run_states(block: Block, folder: Path) -> None:
    """The picture has the states of a trial, all of them, and ways to end it."""
    words = set(re.findall(r"[a-z]+(?:-[a-z]+)?", block.text))
    states = set(re.findall(r'state == "([a-z-]+)"', inspect.getsource(guard)))
    assert {"preparing", "applied", "rolling-back"} <= states <= words
    assert {"refused", "confirmed", "rolled-back"} <= words


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def run_shell(block: Block, folder: Path) -> None:
    for command in commands.of(block.text):
        commands.check(command, folder)


RULES: dict[str, Callable[[Block, Path], None]] = {
    "yaml": run_yaml,
    "python": run_python,
    "shell": run_shell,
    "text": run_text,
    "refused": run_refused,
    "told": run_refused,
    "merged": run_merged,
    "means": run_means,
    "user-data": run_user_data,
    "config-drive": run_config_drive,
    "same": run_same,
    "fleet": run_fleet,
    "plan": run_plan,
    "lock": run_lock,
    "progress": run_progress,
    "returned": run_returned,
    "paths": run_paths,
    "excerpt": run_excerpt,
    "states": run_states,
    "graph": run_graph,
    "listed": run_listed,
    "ini": run_ini,
    "settings": run_settings,
    "precommit": run_precommit,
    "molecule": run_molecule,
}
