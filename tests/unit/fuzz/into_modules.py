# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile input into the modules, and what of it anybody can read."""

from __future__ import annotations

import contextlib
import io
import json
import random
import types
import typing as t

import pytest
from ansible.module_utils import basic

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.table import Table
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.table import LINK
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.network.table import NETWORK
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.pool.table import POOL
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.secret.table import SECRET
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.snapshot.table import SNAPSHOT
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume.table import VOLUME
from ansible_collections.virtfleet.kvm.plugins.modules import (
    domains,
    links,
    networks,
    pools,
    secrets,
    snapshots,
    volumes,
)
from ansible_collections.virtfleet.kvm.tests.unit.fuzz.hostile import Hostile

TABLES = {"domain": DOMAIN, "network": NETWORK, "pool": POOL, "volume": VOLUME, "link": LINK}

MODULES = {
    "domain": (DOMAIN, domains),
    "network": (NETWORK, networks),
    "pool": (POOL, pools),
    "volume": (VOLUME, volumes),
    "secret": (SECRET, secrets),
    "snapshot": (SNAPSHOT, snapshots),
    "link": (LINK, links),
}
"""The declaring modules, and the tables of their options."""


class Told(t.NamedTuple):
    """What came of one input: all that anybody can read of it, and what is wrong with it, if anything."""

    text: str
    wrong: str = ""


def module(hostile: Hostile, chance: random.Random) -> Told:
    """One declaring module, on libvirt's test driver or on a host that is made up."""
    kind = chance.choice(tuple(MODULES))
    table, which = MODULES[kind]
    item = hostile.item(table, chance.choice((0.0, 0.05, 0.2)))
    planted(hostile, chance, table, item)
    config: t.Any = [item]
    if chance.random() < 0.3:
        config.append({"name": "good", "memory": "64MiB", "type": "bridge", "ports": ["eno1"]})
    if chance.random() < 0.08:
        config = chance.choice((item, hostile.value(), [hostile.value()], f"passwd={hostile.secret}", [[item]]))
    arguments: dict[str, t.Any] = {"config": config}
    if kind != "link":
        arguments["uri"] = "test:///default"
        if chance.random() < 0.03:
            arguments["uri"] = chance.choice(
                (
                    f"test://user:{hostile.secret}@host/x?pkipath={hostile.secret}",
                    f"qemu+tcp://u:a {hostile.secret}@h",
                    f"qemu:u:{hostile.secret}@h",
                    f"//u:{hostile.secret}@h/",
                    f"test:///default\0{hostile.secret}",
                    "\ud800",
                )
            )
        if chance.random() < 0.03:
            arguments["owner"] = chance.choice(("a\0", "\ud800", "\x1b[1m", "fleet"))
        if kind == "domain" and chance.random() < 0.03:
            arguments["shutdown_timeout"] = chance.choice((-1, "nan", "inf", 0))
    if chance.random() < 0.03:
        arguments[chance.choice(("passwd", "cfg"))] = hostile.wrapped()
    internal = {
        "_ansible_check_mode": kind == "link" or chance.random() < 0.4,
        "_ansible_diff": True,
        "_ansible_verbosity": 3,
        "_ansible_no_log": False,
        "_ansible_module_name": f"virtfleet.kvm.{kind}s",
    }
    return run(which, {**arguments, **internal}, kind)


def run(which: types.ModuleType, arguments: dict[str, t.Any], kind: str) -> Told:
    """Run a module's main() as Ansible does, and look at its result."""
    journal: list[str] = []
    out, error = io.StringIO(), io.StringIO()
    code: object = None
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
        patch.setattr(basic, "_load_params", lambda: dict(arguments))
        patch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
        patch.setattr(basic.AnsibleModule, "log", lambda self, msg, log_args=None: journal.append(f"{msg} {log_args}"))
        patch.setattr(basic.AnsibleModule, "warn", lambda self, warning, **how: journal.append(str(warning)))
        try:
            which.main()
        except SystemExit as ended:
            code = ended.code
    text = out.getvalue() + error.getvalue() + "\n".join(journal)
    result = json.loads(out.getvalue())
    failed = bool(result.get("failed"))
    message = str(result.get("msg", ""))
    wrong = ""
    if code != int(failed):
        wrong = f"the exit code is {code}, and failed is {failed}"
    elif "Traceback" in text or "exception" in result:
        wrong = "there is a traceback"
    elif failed and not any(word in message for word in (f"{kind} ", "config", "libvirt", "parameter", "of the role")):
        wrong = "the message does not say what it is about"
    elif "nothing was changed" in message and (result.get("changed") or result.get("changes")):
        wrong = "it says that nothing was changed, and that something was"
    return Told(text, wrong)


def planted(hostile: Hostile, chance: random.Random, table: Table, item: dict[t.Any, t.Any]) -> None:
    """Put the secret into an item, mostly."""
    if chance.random() < 0.8:
        hostile.plant(table, item)
