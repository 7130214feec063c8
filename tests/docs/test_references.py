# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the pages refer to is there, and what is there is on the pages."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from .ansible_runs import NAMESPACE
from .blocks import PAGES, ROOT, prose

LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)\)")
SVG = "{http://www.w3.org/2000/svg}"
WITH_LINKS = [*PAGES, ROOT / "CONTRIBUTING.md"]

THERE = {
    "module": {path.stem for path in ROOT.glob("plugins/modules/[!_]*.py")},
    "role": {path.parent.parent.name for path in ROOT.glob("roles/*/tasks/main.yml")},
    "playbook": {path.stem for path in ROOT.glob("playbooks/*.yml")},
    "filter": {path.stem for path in ROOT.glob("plugins/filter/*.yml")},
    "lookup": {path.stem for path in ROOT.glob("plugins/lookup/*.py")},
    "inventory": {path.stem for path in ROOT.glob("plugins/inventory/*.py")},
    "connection": {path.stem for path in ROOT.glob("plugins/connection/*.py")},
}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", prose(page), re.M)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", WITH_LINKS, ids=name)
def test_links(page: Path) -> None:
    wrong = []
    for match in LINK.finditer(prose(page)):
        file, _hash, anchor = match["target"].partition("#")
        if file.startswith(("https://", "mailto:")):
            continue
        target = page.parent / file if file else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            wrong.append(match["target"])
    assert wrong == []


@pytest.mark.parametrize("image", sorted(ROOT.glob("docs/images/*")), ids=name)
def test_image(image: Path) -> None:
    """A picture is used, says what it shows to who does not see it, and asks nobody for fonts."""
    assert any(f"{image.name})" in prose(page) for page in PAGES), "no page shows it"
    text = image.read_text()
    root = ET.fromstring(text)
    assert root.findtext(f"{SVG}title")
    assert root.findtext(f"{SVG}desc")
    assert not re.search(r"url\(http|@import|<image", text)
    assert "prefers-color-scheme: dark" in text


@pytest.mark.parametrize("kind", THERE)
def test_readme_lists_everything(kind: str) -> None:
    """Each table of the README has one line for each thing of its kind, and no other."""
    table = re.search(rf"^\| {kind} \|.*?\n\n", (ROOT / "README.md").read_text(), re.M | re.S)
    assert table, f"there is no table of {kind}s"
    listed = re.findall(rf"^\| \[?`{re.escape(NAMESPACE)}\.(\w+)`", table[0], re.M)
    assert sorted(listed) == sorted(THERE[kind])


@pytest.mark.parametrize("page", WITH_LINKS, ids=name)
def test_names_exist(page: Path) -> None:
    """Wherever a page names a part of the collection, there is one of that name."""
    known = set().union(*THERE.values()) | {"git", "kvm"}
    assert set(re.findall(rf"{re.escape(NAMESPACE)}\.(\w+)", page.read_text())) - known == set()


@pytest.mark.parametrize("page", WITH_LINKS, ids=name)
def test_lines_are_short(page: Path) -> None:
    """Tables are as wide as they are; all other lines have at most 120 columns."""
    lines = page.read_text().splitlines()
    assert [line for line in lines if len(line) > 120 and not line.lstrip().startswith(("|", "!["))] == []


def test_check_mode_is_asked_in_one_place() -> None:
    """docs/architecture.md says so."""
    rooms = ("_engine", "_flow", "_host", "_kinds", "_storage")
    paths = [path for room in rooms for path in ROOT.glob(f"plugins/module_utils/{room}/**/*.py")]
    asked = [path.name for path in paths if ".check_mode" in path.read_text()]
    assert asked == ["converge.py"]
    assert (ROOT / "plugins/module_utils/_flow/converge.py").read_text().count(".check_mode") == 1


def test_only_the_connection_imports_libvirt() -> None:
    """docs/architecture.md says so. The program for agents runs alone, without the rest of the collection."""
    pattern = re.compile(r"^\s*(import libvirt|from libvirt)\b", re.M)
    found = {path for path in ROOT.glob("plugins/**/*.py") if pattern.search(path.read_text())}
    assert found == {
        ROOT / "plugins/module_utils/_libvirt/connection.py",
        ROOT / "plugins/plugin_utils/_agent/program.py",
    }
    assert not re.search(r"^\s*from \.|ansible", (ROOT / "plugins/plugin_utils/_agent/program.py").read_text(), re.M)


def test_the_places_of_steps_are_those_of_the_plan() -> None:
    """In their order. That nobody changes the steps otherwise, the unit test of steps holds."""
    section = (ROOT / "docs/architecture.md").read_text().partition("### The steps of a plan\n")[2].partition("\n#")[0]
    source = (ROOT / "plugins/module_utils/_engine/step.py").read_text()
    places = re.findall(r"^    ([A-Z]+) = (\d+)$", source, re.M)
    assert re.findall(r"^\| `(\w+)` \|", section, re.M) == [place for place, _number in places] != []
    assert [int(number) for _place, number in places] == list(range(len(places)))


@pytest.mark.parametrize("page", WITH_LINKS, ids=name)
def test_files_of_rooms_exist(page: Path) -> None:
    """A page names files of module_utils from there on, such as `_engine/plan.py`."""
    named = set(re.findall(r"`(_[a-z]+/[a-z_/]*(?:\.py)?)`", page.read_text()))
    assert [path for path in named if not (ROOT / "plugins/module_utils" / path).exists()] == []


PLACES = "changelogs|docs|meta|playbooks|plugins|requirements|roles|schemas|tests"


@pytest.mark.parametrize("page", WITH_LINKS, ids=name)
def test_places_exist(page: Path) -> None:
    """A page names files of the repository from its root on, such as `tests/tools/doc_fragments.py`."""
    named = set(re.findall(rf"`((?:{PLACES})/[\w./-]+)(?:::\w+)?`", prose(page)))
    assert [path for path in named if not (ROOT / path).exists()] == []
