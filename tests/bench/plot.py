# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draw what was measured: plot.py bench.json bench.png hosts.svg. Runs where matplotlib is (requirements/bench.txt)."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import matplotlib
import unchanged

matplotlib.use("Agg")

from goals import RAW, SIZES, Measured
from matplotlib import pyplot

# Else names in the file differ each time.
pyplot.rcParams["svg.hashsalt"] = "virtfleet.kvm"

ANSIBLE, LIBVIRT, COLLECTION, LOOP = "#9aa5b1", "#5b6b7a", "#1f77b4", "#d62728"

TOLD = """ <title>Seconds for each host on which nothing is to be done</title>
 <desc>The site on 10, 50 and 100 hosts, a play with one ping there, and a loop that defines each guest.</desc>
 <style>@media (prefers-color-scheme: dark) { svg { filter: invert(0.9) hue-rotate(180deg) } }</style>
"""
"""What those get who do not see the picture, and its colours on dark pages."""


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


def draw_hosts(measured: Measured, path: Path) -> None:
    """What an unchanged host costs, against the number of hosts: the site, one ping, and a loop over the guests.

    The loop is measured on one host, and takes the same time for each guest. The file has no date, so that the picture
    in docs/images changes only with what was measured.
    """
    counts = (unchanged.FEW, unchanged.SOME, unchanged.MANY)
    figure, axes = pyplot.subplots(figsize=(7.2, 4))
    loop = measured.middle("loop", 1) * unchanged.EACH
    lines = (
        ([loop] * len(counts), "--", LOOP, "community.libvirt.virt define, in a loop"),
        ([measured.middle("unchanged", count) / count for count in counts], "o-", COLLECTION, "virtfleet.kvm.site"),
        ([measured.middle("ping", count) / count for count in counts], "o-", ANSIBLE, "a play with one ping"),
    )
    for values, style, color, label in lines:
        axes.plot(counts, values, style, color=color, label=label)
        axes.annotate(f"{values[-1]:.2f} s", (counts[-1], values[-1]), (0, 6), textcoords="offset points", ha="right")
    axes.set_yscale("log")
    axes.set_ylim(top=2 * loop)
    axes.set_xticks(counts)
    axes.set_xlabel(f"hosts, each with {unchanged.EACH} guests as declared")
    axes.set_ylabel("seconds for each host")
    axes.legend(loc="center left", bbox_to_anchor=(0, 0.72))
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(" <metadata>", f"{TOLD} <metadata>", 1), encoding="utf-8")


def main(source: str, target: str, hosts: str) -> int:
    measured = Measured()
    measured.runs = json.loads(Path(source).read_text(encoding="utf-8"))["runs"]
    draw(measured, Path(target))
    draw_hosts(measured, Path(hosts))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
