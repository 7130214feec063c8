# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep the value of a secret with which something is encrypted: a volume, or the state of a TPM.

That does not open with another value, and libvirt forgets the one before.
"""

from __future__ import annotations

import typing as t

from ..._engine.plan import Plan
from ..._flow.options import Options
from ..._libvirt.objects import Connection
from . import digests
from .observe import Named
from .users import all_users
from .values import Concealed

ENCRYPTING = ("volume", "vtpm")
"""What a secret is for whose value is the key to data on the host. All others can be set anew at the other end, too."""


def refuse_lost(
    connection: Connection, plans: t.Iterable[Plan], there: t.Mapping[str, Named], options: Options
) -> None:
    """Refuse another value for a secret with which something is encrypted; where nobody can tell, warn of it.

    :param there: the secrets of the host by name
    """
    uri = str(connection.getURI())
    changing = [plan for plan in plans if plan.problem is None and replaces(uri, plan, there.get(plan.name))]
    if not changing:
        return
    users = all_users(connection, options.forecast)
    for plan in changing:
        secret = there[plan.name]
        who = users.of(secret)
        if who:
            plan.refuse(
                f"value: is another one than the secret has, which {', '.join(sorted(who))} needs: what is encrypted"
                " with one value opens with no other. Declare the one that it has, or leave it out. If the secret has a"
                " wrong one, or the passphrase of what is encrypted was changed, set the right one by hand first"
                " (virsh secret-set-value), then declare it"
            )
        for doubt in users.doubts_of(secret) if not who else ():
            plan.warnings.append(
                "value: is another one than the secret has; what is encrypted with that one opens with no other:"
                f" {doubt}"
            )


def replaces(uri: str, plan: Plan, secret: Named | None) -> bool:
    """Whether a plan sets a value in place of another one that may be the key to something.

    Not where it is the one that was set last, and that somebody replaced by hand; nor where libvirt keeps it already.
    """
    value = next((step.value for step in plan.steps if step.action == "set_value"), None)
    if secret is None or not isinstance(value, Concealed) or secret.usage() not in ENCRYPTING:
        return False
    if not any(change.path == "value" and change.before is not None for change in plan.changes):
        return False
    return not digests.was_set(uri, secret, value) and not digests.is_kept(uri, secret, value)
