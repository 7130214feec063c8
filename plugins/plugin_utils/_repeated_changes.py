# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A change that an earlier task of the same check has reported is not reported again: the run makes it once.

In check mode nothing is made, so a second task that declares the same resource finds the host as the first one did. In
the run it finds what it declares.
"""

from __future__ import annotations

import hashlib
import json
import re
import typing as t

from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import label
from ansible_collections.virtfleet.kvm.plugins.module_utils._variables import Variables

if t.TYPE_CHECKING:
    from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.report import Result

TOLD = "told"
"""The part of a forecast with the changes that tasks have reported, by resource. No module gets it."""


DISK_VOLUME = re.compile(r"disks\[\d+\]\.volume")
"""The path of the change that is a new volume of a guest's disk."""


def resource_of(kind: str, name: str) -> str:
    """A resource as ``changes`` name it.

    :param kind: in the plural
    """
    return f"{kind.removesuffix('s')} {name}"


def digest_of(change: object) -> str:
    """What stands for a change: nothing of its values can be read from it."""
    text = json.dumps(change, sort_keys=True, default=str)
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def note(
    known: dict[str, dict[str, object]], declared: t.Iterable[str], changes: t.Sequence[Result]
) -> dict[str, dict[str, object]]:
    """A forecast with the changes that a task has reported, instead of those reported of these resources before.

    :param declared: the resources that the task declares, changed or not
    """
    marks = known.setdefault(TOLD, {})
    for resource in declared:
        marks.pop(resource, None)
    found: dict[str, list[str]] = {}
    for change in changes:
        found.setdefault(str(change.get("resource")), []).append(digest_of(change))
    marks.update(found)
    return known


def without_repeats(result: Result, marks: Variables) -> None:
    """Take the changes out of a result that were reported before.

    Of a resource with other changes, too, the diff stays as it is.

    :param marks: the marks of the changes by resource
    """
    changes = result["changes"]
    left = [change for change in changes if digest_of(change) not in (marks.get(str(change.get("resource"))) or ())]
    if len(left) == len(changes):
        return
    gone = {title(change) for change in changes} - {title(change) for change in left}
    result["changes"], result["changed"] = left, bool(left)
    if isinstance(result.get("diff"), list):
        result["diff"] = [one for one in result["diff"] if one.get("after_header") not in gone]


def title(change: t.Mapping[str, object]) -> str:
    """The header of the diff of a change's resource."""
    kind, _space, name = str(change.get("resource")).partition(" ")
    return f"{kind} {label(name)}"
