# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words that people write for those of an option, as they know them of libvirt's tools and other collections."""

from __future__ import annotations

import typing as t


def written(meant: t.Mapping[str, t.Sequence[str]]) -> dict[str, str]:
    """What to say of other words (see Choice).

    :param meant: by the word to write, those that people write for it
    """
    return {other: f"write {word}" for word, others in meant.items() for other in others}


RUNS = ("on", "running", "started", "start", "up", "enabled")
RESTS = ("off", "stopped", "stop", "down", "shutoff", "shut off", "shutdown", "poweredoff", "disabled")
GONE = ("destroyed", "undefined", "removed", "deleted")

OF_GUESTS = written(
    {"running": ("active", *RUNS), "stopped": ("inactive", *RESTS), "paused": ("suspended",), "absent": GONE}
)
"""Of the state of guests."""

OF_OTHERS = written({"active": RUNS, "inactive": RESTS, "absent": GONE})
"""Of the state of networks and pools."""

OF_POOLS = {
    **written(
        {
            "netfs": ("nfs",),
            "logical": ("lvm", "lvm2", "vg"),
            "dir": ("directory", "folder", "file", "path"),
            "rbd": ("ceph",),
            "mpath": ("multipath",),
            "gluster": ("glusterfs",),
        }
    ),
    **dict.fromkeys(("cifs", "smb", "samba"), "write netfs, with format: cifs in source"),
}
"""Of the type of pools."""

OF_INTERFACES = {
    **dict.fromkeys(("macvtap", "macvlan"), "write {direct: DEVICE} with a network card of the host, and no type"),
    **written({"user": ("slirp",), "hostdev": ("sriov", "vf")}),
}
"""Of the type of interfaces."""
