# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a trial of which nothing is known any more has left: nothing that is the only name of a file goes."""

from __future__ import annotations

import os
from pathlib import Path

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.agent import trial_leftovers


def test_only_what_is_of_no_use_goes(tmp_path: Path) -> None:
    inner = tmp_path / "10-eno1.network.d"
    inner.mkdir()
    (tmp_path / "01-netcfg.yaml").write_text("now", encoding="utf-8")
    (inner / "here.conf").write_text("now", encoding="utf-8")
    stem = trial_leftovers.stem("0123abcd-4567", 0)
    for folder, file in ((tmp_path, "01-netcfg.yaml"), (inner, "here.conf")):
        os.link(folder / file, folder / f"{stem}.old")
        (folder / f"{stem}.new").write_text("never", encoding="utf-8")
    spared = inner / f"{trial_leftovers.stem('0123abcd-4567', 1)}.old"
    others = [spared, tmp_path / ".virtfleet-part", tmp_path / f"{stem}.new.yaml", tmp_path / "x.virtfleet-a-0.new"]
    for path in others:
        path.write_text("somebody's", encoding="utf-8")
    os.symlink("/etc/hostname", tmp_path / f"{trial_leftovers.stem('b', 2)}.old")
    trial_leftovers.clear((str(tmp_path), str(tmp_path / "not there")))
    left = {path for path in tmp_path.rglob("*") if not path.is_dir()}
    assert left == {
        *others,
        tmp_path / "01-netcfg.yaml",
        inner / "here.conf",
        tmp_path / f"{trial_leftovers.stem('b', 2)}.old",
    }
