# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a reader copies into a scenario of molecule passes the rules that yamllint has by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from yamllint import linter
from yamllint.config import YamlLintConfig

from .blocks import BLOCKS, ROOT, Block

DEFAULT = YamlLintConfig("extends: default")
PAGE = [block for block in BLOCKS if block.page.name == "molecule.md" and block.language == "yaml"]
FILES = sorted((ROOT / "examples/role-with-molecule/molecule").rglob("*.yml"))


def problems(text: str) -> list[str]:
    return [str(problem) for problem in linter.run(text, DEFAULT)]


@pytest.mark.parametrize("block", PAGE, ids=str)
def test_block_of_the_page(block: Block) -> None:
    assert problems(f"---\n{block.text}") == []


@pytest.mark.parametrize("file", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_file_of_the_example(file: Path) -> None:
    assert problems(file.read_text(encoding="utf-8")) == []
