# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The flow of the module links: observe, plan, try, report."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible.module_utils.basic import AnsibleModule

from .._engine.report import Result
from .._engine.rows.model import Item
from .._errors import VirtfleetError
from .._printing import displayed, printable, unforeseen
from . import (
    expected,
    fixed_files,
    guests_forecast,
    kernel,
    link_users,
    netplan_generate,
    netplan_yaml,
    networkd,
    networkd_read_check,
    observe,
    preflight,
    probes,
    transaction,
)
from .agent import files
from .facts import Facts
from .links_plan import ChangedFile, Foretold, LinksPlan
from .plan import plan
from .table import LINK, LONGEST


class LinksModule(t.Protocol):
    """What the flow has to know of the module: its parameters, and in check mode what earlier tasks would have made."""

    params: Item
    check_mode: bool

    @property
    def forecast(self) -> guests_forecast.HostByThen: ...


def declare(module: AnsibleModule) -> None:
    """Make a module's ``config`` true, and end the module with the report.

    A change is only begun here: ``trial`` in the result is for the action plugin, which ends it.
    """
    problem: str | None = None
    result: Result = {}
    settle = module.params["settle"]
    try:
        if settle is not None:
            result = {"changed": False, "warnings": [], **transaction.settle(settle, probes.again)}
        else:
            result = converge(module)
    except VirtfleetError as error:
        problem = str(error)
    except OSError as error:
        problem = f"{'' if settle is not None else 'nothing was changed: '}the host's links: {files.problem(error)}"
    except Exception as error:  # Nobody reads a traceback.
        problem = f"links: {unforeseen(error)}"
    if problem is not None:
        module.fail_json(msg=problem)
    for warning in result.pop("warnings"):
        module.warn(warning)
    module.exit_json(**result)


def converge(module: LinksModule) -> Result:
    """The report. Raises VirtfleetError, with nothing changed, for what is refused."""
    wants = LINK.parse(module.params["config"])
    seconds = module.params["rollback_after"]
    if not 1 <= seconds <= LONGEST:
        raise VirtfleetError(f"rollback_after: {printable(seconds)} is not a number of seconds from 1 to {LONGEST}")
    with transaction.alone(module.check_mode):
        facts = with_kernel(observed(), wants)
        if module.check_mode:
            facts = guests_forecast.foreseen(facts, module.forecast.guests)
        postponed = preflight.used(wants, facts) if module.params["leave_used"] else []
        wants = [want for want in wants if want["name"] not in postponed]
        planned = plan(wants, facts, module.params["bypass_iptables"])
        if planned.changes:
            refuse_host(planned)
        netplan_generate.validate(planned)
        planned.warnings += netplan_generate.unapplied(planned, facts)
        planned.warnings += naming(wants, planned, facts, module.forecast if module.check_mode else None)
        result = {**as_result(planned), "postponed": postponed}
        if module.check_mode or not planned.changes:
            return result
        passing = probes.passing(facts, expected.gateways(planned.expected))
        trial = transaction.begin(planned, facts, seconds, passing)
    return {**result, "trial": trial}


def naming(
    wants: t.Sequence[Item], planned: LinksPlan, facts: Facts, forecast: guests_forecast.HostByThen | None
) -> list[str]:
    """Warnings of what else names the cards that become ports, and the links that go.

    :param forecast: in check mode, what guests and networks would have by then
    """
    cards = link_users.affected(wants, planned, facts)
    if not cards:
        return []
    named = observe.used_by_libvirt()
    if forecast is not None:
        named = link_users.foreseen(named, forecast.guests, forecast.networks)
    return list(link_users.warnings(cards, named, observe.in_rules(), facts))


def observed() -> Facts:
    """The facts of this host. Raises VirtfleetError, with nothing changed, where they cannot be had."""
    try:
        return observe.host(observe.login())
    except VirtfleetError as error:
        raise VirtfleetError(f"nothing was changed: {error}") from None


def refuse_host(planned: LinksPlan) -> None:
    """Raise VirtfleetError, with nothing changed, where the host could not bring a change about, or keep it."""
    observe.refuse_without_bus()
    if not planned.network_manager:
        observe.refuse_masked()
        after = [path for file in planned.files if file.after is not None for path in (file.path, file.trial)]
        networkd_read_check.refuse(after)
    fixed_files.refuse(file.path for file in planned.files)


def with_kernel(facts: Facts, wants: t.Sequence[Item]) -> Facts:
    """Facts with what the kernel can do of what is declared: make the links, and keep VLANs apart on a bridge.

    The latter also where a bridge was once declared to.
    """
    facts = dataclasses.replace(facts, unmade=kernel.unmade(wants, facts.devices))
    asked = any(want.get("vlan_filtering") for want in wants) or any(map(networkd.is_filtering, facts.units))
    return dataclasses.replace(facts, vlan_filtering=observe.filters_vlans(facts.devices)) if asked else facts


def as_result(planned: LinksPlan) -> Result:
    """The plan as a result: the same in check mode and after a run."""
    return {
        "changed": bool(planned.changes),
        "changes": [
            {
                "resource": f"link {name}",
                "path": change.path,
                "before": displayed(change.before),
                "after": displayed(change.after),
                "live": True,
            }
            for name, change in planned.changes
        ],
        "diff": [*map(difference, planned.files), *([addresses(planned.forecast)] if planned.forecast else [])],
        "forecast": planned.forecast,
        "warnings": planned.warnings,
    }


def addresses(forecast: list[Foretold]) -> dict[str, str]:
    """What becomes of the host's addresses, as Ansible shows a difference.

    :param forecast: that of a plan: of each link the addresses before and after (None where a DHCP server decides),
        and a note
    """
    before = "".join(f"{each['link']}: {address}\n" for each in forecast for address in each["before"])
    after = "".join(
        f"{each['link']}: {address}\n" for each in forecast for address in [*(each["after"] or []), f"# {each['note']}"]
    )
    return {"before_header": FORECAST, "after_header": FORECAST, "before": before, "after": after}


FORECAST = "addresses of the host (forecast)"
"""What a difference is called that is of no file."""


def difference(file: ChangedFile) -> dict[str, str]:
    """A file before and after, secrets hidden."""
    return {
        "before_header": file.origin or file.path,
        "after_header": file.path,
        "before": readable(file, file.before),
        "after": readable(file, file.after),
    }


def readable(file: ChangedFile, text: str | None) -> str:
    """A file's text for people."""
    if not text or "/netplan/" not in file.path:
        return text or ""
    document = netplan_yaml.load(file.path, text)
    return netplan_yaml.dump(netplan_yaml.redacted(document), netplan_yaml.header(text))
