# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parameters that modules share."""

from __future__ import annotations

import re
import typing as t

Spec = t.Dict[str, t.Dict[str, object]]  # noqa: UP006 - sanity tests import it with older Pythons
"""Parameters as Ansible takes them (argument_spec)."""

Params = t.Dict[str, t.Any]  # noqa: UP006
"""Parameters as Ansible checked them."""

URI: Spec = {"uri": {"type": "str", "default": "qemu:///system"}}
"""Every module asks one libvirt."""

DECLARE: Spec = {
    **URI,
    "config": {"type": "list", "elements": "dict", "required": True},
}
"""Every declaring module takes a list.

Its items are checked against the table, not by Ansible: Ansible fills in every option that is left
out, and left out is not the same as null; and its work grows with the width of the table, not with
what the user wrote.
"""

PURGE: Spec = {
    "purge": {"type": "bool", "default": False},
    "owner": {"type": "str", "default": ""},
}
"""Whether what the collection made goes once it is no longer declared, and whose things are meant."""

USES: Spec = {"declared_uses": {"type": "dict", "default": {}}}
"""What all that is declared for the host uses: it stays, be it defined by now or not."""

IMAGES: Spec = {
    "images": {"type": "list", "elements": "dict", "default": []},
    "images_lock": {"type": "dict", "default": {}},
    "images_via": {"type": "str", "choices": ["host", "control"], "default": "host"},
}
"""The images that are declared, which are checked as ``config`` is, against their table; what a lock file has; and who
fetches them."""

LISTS = ("config", "images")
"""The parameters whose items are checked against a table, and may hold secrets."""

RESTART: Spec = {
    "on_restart_needed": {"type": "str", "choices": ["defer", "fail", "restart"], "default": "defer"},
}
"""What becomes of changes that only a restart brings."""

FORECAST = "_forecast"
"""The parameter by which the control node hands over a forecast (see forecast); no user gives it."""

PROGRESS = "_progress"
"""The parameter by which the control node names the file that it looks at (see _host/meter); no user gives it."""

BROUGHT = "_brought"
"""The parameter by which the control node hands over what it has found out of images; no user gives it."""

ASKED = "_asked"
"""What a result has in which the module asks the control node for that: nothing was done (see images_by_control)."""

ROLE = "_role"
"""The parameter by which the control node says that a task is one of a role (see _role_words); no user gives it."""

HOST = "host"
"""The part of a forecast with the inventory's name of the host."""

PLANS = "plans"
"""The part of a forecast that is true in a plan of the fleet: then the result also says whether it is unfinished."""

UNFINISHED = "unfinished"
"""In such a result: the run has something to do besides changes, such as to wait for a guest, or it may have."""

WHOLE_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s\x00-\x1f\x7f-\x9f\ud800-\udfff]*|[A-Za-z0-9_.-]*")
"""A connection URI as libvirt takes it, or the alias of one in its libvirt.conf (https://libvirt.org/uri.html)."""

UNWRITABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""What no label has: control characters, and what XML cannot hold."""


def wrong_parameters(params: t.Mapping[str, object]) -> list[str]:
    """What is wrong with the parameters that modules share, a sentence each. No value is quoted: it may be a secret."""
    problems = []
    uri, owner = params.get("uri"), params.get("owner")
    if isinstance(uri, str) and not WHOLE_URI.fullmatch(uri):
        problems.append(
            "the parameter uri is not a connection URI: write SCHEME://HOST/PATH, such as qemu:///system, and"
            " percent-encode white space and control characters"
        )
    if isinstance(owner, str) and UNWRITABLE.search(owner):
        problems.append("the parameter owner has a character that no label can hold, such as a control character")
    return problems + wrong_uses(params.get("declared_uses"))


def wrong_uses(parameter: object) -> list[str]:
    """What is wrong with the parameter declared_uses: nothing where it is what the filter of that name gives."""
    uses = parameter.values() if isinstance(parameter, dict) else ()
    lists = [names for one in uses for names in (one.values() if isinstance(one, dict) else [None])]
    if all(isinstance(names, list) and all(isinstance(name, str) for name in names) for names in lists):
        return []
    return ["the parameter declared_uses is not what the filter virtfleet.kvm.declared_uses gives: write it by that"]
