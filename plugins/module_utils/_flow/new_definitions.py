# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at a new resource as soon as it is defined, before anything uses it: what libvirt did not keep takes it back."""

from __future__ import annotations

from .._engine.plan import Plan
from .._engine.step import Step
from .._errors import Invalid, VirtfleetError
from .._libvirt.connection import ConnectionLost, LibvirtError, cut, message_of
from .._libvirt.objects import Connection
from . import undo
from .kind import Kind
from .outcome import NOT_SO, unkept


class NotKept(VirtfleetError):
    """libvirt keeps a new resource otherwise than it is declared."""


def refuse_unkept(connection: Connection, kind: Kind, plan: Plan, step: Step) -> bool:
    """Hold a new resource against what is declared, where a step has just defined it. Returns whether it has.

    Raises NotKept where libvirt left something out of it, Another where it is somebody else's, Lost without connection.
    """
    if kind.definition is None or step.action != "define" or not undo.is_new(kind, plan):
        return False
    try:
        found = undo.find_new(connection, kind, plan)
        left = [] if found is None or plan.lacks is None else plan.lacks(kind.definition.kept(found))
    except Invalid as error:
        raise NotKept(f"{NOT_SO}: {error}") from None
    except LibvirtError as error:
        if cut(error):
            raise ConnectionLost(f"define: {message_of(error)}") from None
        return True  # The second look will tell.
    if left:
        raise NotKept(unkept(left))
    return True
