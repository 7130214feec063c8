# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation's pages, and the fenced blocks in them.

What a reader can copy, or takes for the truth, is run or compared. Which rule a block falls under is seen from its
language and its content. A comment on the line before the block says so where that is not enough:

    <!-- test: NAME ARGUMENT -->

and a file's name in the paragraph before it, as in "`inventory/hosts.yml`, the hosts:", makes the block that file of
the page's project. The rules are in test_pages.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("roles/*/README.md")])

FENCE = re.compile(r"^(?P<indent> *)```(?P<language>[\w-]*)[^\n]*\n(?P<text>.*?)^(?P=indent)```\s*$", re.M | re.S)
DIRECTIVE = re.compile(r"<!-- test: (?P<name>[\w-]+) ?(?P<argument>.*?) -->\s*\Z")
FILE = re.compile(r"^`(?P<name>[\w./-]+\.yml)`[^\n]*:\s*\Z", re.M)


@dataclass(frozen=True)
class Block:
    """A fenced block.

    :param rule: name of the rule that a comment asks for, or an empty string
    :param file: name of the file of the page's project that the block is, or an empty string
    """

    page: Path
    line: int
    language: str
    text: str
    rule: str
    argument: str
    file: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path) -> list[Block]:
    """All blocks of a page, in order."""
    source = page.read_text()
    found = []
    for match in FENCE.finditer(source):
        before = source[: match.start()]
        directive, file = DIRECTIVE.search(before), FILE.search(before)
        indent = match["indent"]
        found.append(
            Block(
                page=page,
                line=before.count("\n") + 1,
                language=match["language"],
                text=re.sub(f"^{indent}", "", match["text"], flags=re.M),
                rule=directive["name"] if directive else "",
                argument=directive["argument"] if directive else "",
                file=file["name"] if file else "",
            )
        )
    return found


def prose(page: Path) -> str:
    """A page without its blocks."""
    return FENCE.sub("", page.read_text())


BLOCKS = [block for page in PAGES for block in blocks(page)]
