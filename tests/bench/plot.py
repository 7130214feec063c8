# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draw what was measured: plot.py bench.json bench.png. Runs where matplotlib is (requirements/bench.txt)."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

from goals import RAW, SIZES, Measured
from matplotlib import pyplot

ANSIBLE, LIBVIRT, COLLECTION, LOOP = "#9aa5b1", "#5b6b7a", "#1f77b4", "#d62728"


def draw(measured: Measured, path: Path) -> None:
    """Two pictures: a declared list beside its floor, and beside a loop over each guest."""
    figure, (floors, loops) = pyplot.subplots(1, 2, figsize=(12, 5), width_ratios=(3, 2))
    labels = []
    for place, (case, size) in enumerate((case, size) for case in RAW for size in SIZES):
        ansible, libvirt = measured.middle("floor", size), measured.middle(RAW[case], size)
        floors.bar(place - 0.2, ansible, 0.38, color=ANSIBLE, label="floor: Ansible with the same list")
        floors.bar(place - 0.2, libvirt, 0.38, ansible, color=LIBVIRT, label="floor: libvirt with the same documents")
        subject = measured.middle(case, size)
        floors.bar(place + 0.2, subject, 0.38, color=COLLECTION, label="virtfleet.kvm.domains")
        floors.text(place + 0.2, subject, f"{measured.ratio(case, size):.2f} x", ha="center", va="bottom")
        labels.append(f"{size}\n{'as declared' if case == 'same' else 'new'}")
    floors.set_xticks(range(len(labels)), labels)
    floors.set_ylabel("seconds, in the middle of all rounds")
    floors.set_title("Guests declared in one task")
    found = dict(zip(*reversed(floors.get_legend_handles_labels()), strict=True))
    floors.legend(found.values(), found.keys(), loc="upper left")

    one = measured.middle("loop", 1)
    counts = (1, *SIZES)
    loops.plot(
        counts, [one * count for count in counts], "--", color=LOOP, label="community.libvirt.virt define, in a loop"
    )
    loops.plot(
        SIZES, [measured.middle("same", size) for size in SIZES], "o-", color=COLLECTION, label="virtfleet.kvm.domains"
    )
    loops.set_xscale("log")
    loops.set_yscale("log")
    loops.set_xlabel("guests, as declared")
    loops.set_ylabel("seconds")
    loops.set_title(f"{measured.gain(SIZES[0]):.0f} times as quick as a loop")
    loops.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=120)


def main(source: str, target: str) -> int:
    measured = Measured()
    measured.runs = json.loads(Path(source).read_text(encoding="utf-8"))["runs"]
    draw(measured, Path(target))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
