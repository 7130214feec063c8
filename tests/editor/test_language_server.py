# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real language server, with schemas/inventory.json: what it completes, shows and refuses while one types.

./runtests editor installs the server (requirements/editor) and says by VIRTFLEET_NODE_MODULES where it is.
"""

from __future__ import annotations

import os
import subprocess
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.tests.docs.blocks import BLOCKS, ROOT, Block
from ansible_collections.virtfleet.kvm.tests.docs.schema_inputs import RIGHT, WRONG
from ansible_collections.virtfleet.kvm.tests.editor.language_server import LanguageServer

SCHEMA = ROOT / "schemas" / "inventory.json"


@pytest.fixture(scope="module")
def server() -> Iterator[LanguageServer]:
    modules = os.environ.get("VIRTFLEET_NODE_MODULES")
    assert modules, "the language server is not installed; ./runtests editor does that (it needs Node.js and npm)"
    running = LanguageServer(Path(modules))
    yield running
    running.stop()


class Editor:
    """A document that is open, whose first line names the schema. A bar marks the end of a line with spaces."""

    def __init__(self, server: LanguageServer, path: Path, text: str) -> None:
        self.server, self.path = server, path
        reference = os.path.relpath(SCHEMA, path.parent)
        self.text = f"# yaml-language-server: $schema={reference}\n{textwrap.dedent(text)}".replace("|\n", "\n")
        self.found = server.open(path, self.text)

    def place(self, word: str) -> tuple[int, int]:
        """Where a word begins, by line and column."""
        before = self.text[: self.text.index(word)]
        return before.count("\n"), len(before) - before.rfind("\n") - 1

    def hover(self, word: str) -> str:
        """What is shown of a word."""
        line, column = self.place(word)
        return str(self.server.at("hover", self.path, line, column + 1)["contents"]["value"])

    def completion(self, line: int, column: int) -> dict[str, Any]:
        """What is offered at a place, by its label."""
        return {item["label"]: item for item in self.server.at("completion", self.path, line, column)["items"]}

    def refused(self) -> dict[str, str]:
        """The text that is marked as wrong, with what is said of it."""
        lines = self.text.splitlines()
        return {
            lines[one["range"]["start"]["line"]][one["range"]["start"]["character"] :].strip(): one["message"]
            for one in self.found
        }


@pytest.fixture
def edit(server: LanguageServer, tmp_path: Path) -> Any:
    """Opens a text in the editor."""
    return lambda text: Editor(server, tmp_path / "inventory.yml", text)


@pytest.mark.parametrize("text", RIGHT.values(), ids=list(RIGHT))
def test_right(edit: Any, text: str) -> None:
    assert edit(text).refused() == {}


@pytest.mark.parametrize("text", [text for text, _where in WRONG])
def test_wrong(edit: Any, text: str) -> None:
    assert edit(text).refused() != {}


@pytest.mark.parametrize(
    "block",
    [block for block in BLOCKS if block.language == "yaml" and block.text.startswith(("kvm_", "guests_", "all:"))],
    ids=str,
)
def test_documentation(edit: Any, block: Block) -> None:
    assert (edit(block.text).refused() != {}) == (block.rule == "refused")


def test_secrets_of_a_vault(edit: Any) -> None:
    """The tags need the setting ``yaml.customTags``, as docs/editors.md says."""
    text = """
        kvm_guests:
          - name: web01
            host: kvm01
            graphics:
              - type: vnc
                passwd: !vault >
                  $ANSIBLE_VAULT;1.1;AES256
                  6162
        """
    assert edit(text).refused() == {}


MISTAKES = """
    kvm_guest: []
    kvm_guests:
      - name: web01
        host: kvm01
        memroy: 1GiB
        memory: banana
        cpu: host-model
        state: runing
        vcpus: 0
        autostart: maybe
        disks:
          - size: 1GiB
            file: /srv/x
        watchdogs:
          - action: restart
    kvm_links:
      - {name: br0, type: bridge, id: 7}
      - {name: v7, type: vlan, id: 7}
    """


def test_mistakes_are_marked_at_their_place_with_the_way_out(edit: Any) -> None:
    assert edit(MISTAKES).refused() == {
        "[]": "No role of virtfleet.kvm knows this variable; did you mean kvm_guests?",
        "memroy: 1GiB": "Property memroy is not allowed.",
        "banana": "Write a size with its unit, like 512MiB or 2GiB. A template is taken as well.",
        "host-model": "Write a dictionary of options, or a template.",
        "runing": 'Value is not accepted. Valid values: "present", "running", "stopped", "paused", "absent".',
        "0": "Value is below the minimum of 1.",
        "maybe": "Write true or false. A template is taken as well.",
        "/srv/x": "This option does not go with the others here.",
        "restart": 'Value is not accepted. Valid values: "reset", "shutdown", "poweroff", "pause", "none", "dump",'
        ' "inject-nmi".',
        "7}": "A bridge has no such option.",
        "{name: v7, type: vlan, id: 7}": 'Missing property "parent".',
    }


HALF = """
    kvm_guests:
      - name: web01
        host: kvm01
        state: |
        autostart: |
        watchdogs:
          - action: |
            model: itco
        memory: 2GiB
        disks:
          - size: 1GiB
        |
    """


def test_options_are_completed_with_their_documentation(edit: Any) -> None:
    editor = edit(HALF)
    line, _column = editor.place("- size")
    offered = editor.completion(line + 1, 4)
    assert {"vcpus", "interfaces", "cpu", "description"} <= offered.keys()
    assert "memory" not in offered, "it is there already"
    assert "CPU" in str(offered["vcpus"]["documentation"])


def test_values_are_completed(edit: Any) -> None:
    editor = edit(HALF)
    for word, values in {
        "state:": {"present", "running", "stopped", "paused", "absent"},
        "autostart:": {"true", "false"},
        "action:": {"reset", "poweroff", "pause"},
    }.items():
        line, column = editor.place(word)
        assert values <= editor.completion(line, column + len(f"{word} ")).keys(), word


def test_variables_are_completed_in_every_place(edit: Any) -> None:
    assert {"kvm_guests", "kvm_links", "guests_purge", "adopt_full"} <= edit("k\n").completion(1, 1).keys()
    text = """
        all:
          children:
            kvm_hosts:
              hosts:
                kvm01:
                  k
              vars:
                k
        """
    editor = edit(text)
    assert {"kvm_links", "kvm_networks"} <= editor.completion(7, 11).keys()
    assert {"kvm_links", "kvm_networks"} <= editor.completion(9, 9).keys()


def test_what_is_shown_is_the_documentation(edit: Any) -> None:
    editor = edit(HALF)
    assert editor.hover("memory").startswith("Memory of the guest at the start (libvirt's `memory`), such as `2GiB`.")
    assert "A host takes those whose `host` is its name." in editor.hover("kvm_guests")
    assert "Default: `reset`" in editor.hover("action")
    assert "* `i6300esb`" in editor.hover("model")
    assert "grows, also while the guest runs" in editor.hover("size")


def test_every_pattern_is_one_of_strict_ecmascript() -> None:
    """As check-jsonschema reads them, with the flag u: docs/editors.md names it for the time before a commit."""
    program = (
        "const walk = (node) => { if (node === null || typeof node !== 'object') return;"
        " for (const [name, inner] of Object.entries(node)) {"
        " if (name === 'pattern' && typeof inner === 'string') new RegExp(inner, 'u');"
        " if (name === 'patternProperties') Object.keys(inner).forEach((one) => new RegExp(one, 'u'));"
        " walk(inner); } };"
        " walk(JSON.parse(require('fs').readFileSync(process.argv[1], 'utf8')))"
    )
    done = subprocess.run(["node", "-e", program, str(SCHEMA)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
