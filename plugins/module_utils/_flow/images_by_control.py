# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the control node does for a module whose host asks no servers: it finds out versions of images, and sends them.

A module knows only once it has planned which images it needs. So it ends without having done anything, and its result
asks the control node (``plugin_utils/_images/by_control.py``). The control node calls it again, with the answers. A
host that needs nothing costs no call more. In check mode the versions are found out, as in a run, and nothing is sent.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._engine.plan import Plan
from .._errors import VirtfleetError
from .._storage.new_volumes import Making


class AskedEntry(t.TypedDict, total=False):
    """What is asked of one image: its version, or its file where there is a ``content``.

    No URL: it may hold a secret, and a result is shown. The control node knows it.
    """

    name: str
    arch: str  # that of the host
    lasting: bool
    content: str


WAITS = "the control node is to find out its version"


@dataclasses.dataclass
class FromControl:
    """What the control node has brought, and what it is asked for.

    :param versions: by the name of the image: the parts of its version, or what is wrong (``problem``)
    :param files: by the content of a base image: the ``path`` of its file on the host and the ``checksum`` it must have
    :ivar asked: the versions that are asked for, by the name of the image
    """

    versions: t.Mapping[str, t.Mapping[str, object]] = dataclasses.field(default_factory=dict)
    files: t.Mapping[str, t.Mapping[str, str]] = dataclasses.field(default_factory=dict)
    asked: dict[str, AskedEntry] = dataclasses.field(default_factory=dict)

    @classmethod
    def of(cls, given: object) -> FromControl:
        """What the control node hands over."""
        parts = given if isinstance(given, dict) else {}
        return cls(parts.get("versions") or {}, parts.get("files") or {})

    def version(self, name: str, arch: str, lasting: bool = False) -> t.Mapping[str, t.Any]:
        """The parts of the version of an image. Raises VirtfleetError where it is not known, and asks for it.

        :param arch: the architecture of the host, as libvirt calls it
        :param lasting: whether its URL has to stay the same image
        """
        found = self.versions.get(name)
        if found is None:
            self.asked[name] = {"name": name, "arch": arch, "lasting": lasting}
            raise VirtfleetError(WAITS)
        if "problem" in found:
            raise VirtfleetError(str(found["problem"]))
        return found

    def wanted(self, plans: t.Iterable[Plan], check: bool) -> list[AskedEntry]:
        """What the control node is to bring before these plans are carried out."""
        if self.asked:
            return list(self.asked.values())
        if check:
            return []
        # The same content may have several names: the control node tries them until one of them can be had.
        wanted = [one for one in needed(plans) if one["content"] not in self.files]
        return list({(one["name"], one["content"]): one for one in wanted}.values())


def needed(plans: t.Iterable[Plan]) -> t.Iterator[AskedEntry]:
    """The images whose files these plans need from the control node."""
    for entry in plans:
        for step in entry.steps:
            if isinstance(step.value, Making) and step.value.item.get("arch_of_host") is not None:
                facts = step.value.facts
                yield {"name": facts["base"], "content": facts["content"], "arch": step.value.item["arch_of_host"]}
