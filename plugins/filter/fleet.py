# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters over a fleet's declaration, on the control node."""

from __future__ import annotations

import functools
import typing as t

from ansible.utils.display import Display

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine import pending
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet import check, doubts, incomplete
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.reservations import with_reservations
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.snapshots import guest_snapshots
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.uses import declared_uses
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.site_parts import declared_results
from ansible_collections.virtfleet.kvm.plugins.module_utils._own_secrets import hushed
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import readable
from ansible_collections.virtfleet.kvm.plugins.module_utils._role_words import for_role
from ansible_collections.virtfleet.kvm.plugins.module_utils._variables import ByHost
from ansible_collections.virtfleet.kvm.plugins.plugin_utils import (
    _adopted,
    _adopted_together,
    _fleet_changes,
    _fleet_plan,
    _hidden_lists,
    _left_out,
    _owner,
    _same_host,
    _settings,
    _stray_files,
    _undeclared,
    _unknown_names,
    _variable_files,
)
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._evaluate import evaluate
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._filter_errors import (
    secrets_of_arguments,
    with_filter_errors,
)
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._images import lock_file, locking
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._user_data import check as user_data

display = Display()


def fleet_problems(hosts: t.Sequence[str], variables: ByHost) -> list[str]:
    """What is wrong with the declaration of a fleet, a sentence each. What may be wrong is a warning.

    :param hosts: the virtualization hosts
    :param variables: ``hostvars``, or plain dictionaries by host
    """
    return looked_at(hosts, variables)[0]


def fleet_checked(hosts: t.Sequence[str], variables: ByHost, others: t.Sequence[str] = (), locks: bool = True) -> str:
    """What a check of the declaration ends with: that it is in order, or a line for all that is wrong.

    :param hosts: the virtualization hosts
    :param variables: ``hostvars``, or plain dictionaries by host
    :param others: what else is wrong with the run
    :param locks: whether the lock file of images is compared with what is declared; else it is about to be written,
        and only whether it can be is looked at
    """
    lines, guests, lacking = looked_at(hosts, variables, locks)
    problems = [*others, *lines]
    if problems:
        return "\n".join(["no host was touched, the declaration is refused:", *problems])
    counted = _fleet_changes.counted
    sentence = f"The declaration is in order: {counted(len(hosts), 'host')}, {counted(guests or 0, 'guest')}"
    sentences = [sentence if guests is not None else f"{sentence}; {NO_GUESTS}"]
    if lacking:
        few = "; ".join(lacking[:MOST_LACKING])
        more = len(lacking) - MOST_LACKING
        sentences.append(
            f"This is refused where the host does not have it yet: {few}{f'; and {more} more' * (more > 0)}"
        )
    return ". ".join(sentences)


MOST_LACKING = 5
"""How many things are named that could not be made."""


NO_GUESTS = (
    "no host has the variable kvm_guests: where you wrote it in a file, that has the name of a group or host, such as"
    " group_vars/all.yml"
)
"""What to say where no host has a list of guests: its file may have a wrong name, which Ansible never says."""


def looked_at(hosts: t.Sequence[str], variables: ByHost, locks: bool = True) -> tuple[list[str], int | None, list[str]]:
    """What is wrong with the declaration of a fleet, how many guests it has, and what of it could not be made anew.

    The number is None where no guests are declared. What could not be made is only told where nothing is wrong.
    """
    lines: list[str] = []
    settings: list[check.HostProblem]
    groups: t.Container[str] = ()
    if hasattr(variables, "raw_get"):
        raw = {host: variables.raw_get(host) for host in hosts}
        told_by_ansible = raw[hosts[0]].get("groups") if hosts else None
        groups = told_by_ansible if isinstance(told_by_ansible, dict) else {}
        refused, warned = _unknown_names.variables(raw)
        settings = _settings.problems(raw, variables) + _hidden_lists.unlisted(hosts, variables)
        lists = (_hidden_lists.hidden_twins, _hidden_lists.hidden_items, _hidden_lists.hidden_defaults)
        warned += check.each_once([problem for look in lists for problem in look(hosts, variables)])
        warned += _stray_files.strays(variables)
        for warning in warned:
            display.warning(warning)
        lines += refused + _hidden_lists.hidden_guests(hosts, variables) + _variable_files.doubled(hosts, variables)
        lines += _same_host.problems(hosts, raw, variables)
    else:
        raw = {host: variables[host] for host in hosts}
        settings = _settings.problems(raw, None)
        lines += _same_host.problems(hosts, raw, None)
    lines += check.each_once(settings)
    evaluated = evaluate(hosts, variables)
    lines += [line for line in check.each_once(evaluated.problems) if line not in lines]
    lines += check.problems(hosts, evaluated.variables, groups, evaluated.repeated)
    wrong, warned_of = user_data.problems(raw, variables, evaluated.variables)
    lines += check.each_once(wrong)
    doubtful = list(warned_of)
    if locks:
        wrong, more = lock_file.problems(raw, variables, evaluated.variables)
        doubtful += more
    else:
        wrong = lock_file.unwritable(raw, variables, evaluated.variables)
    lines += check.each_once(wrong)
    for warning in (*evaluated.warnings, *check.each_once(doubtful), *doubts.doubts(hosts, evaluated.variables)):
        display.warning(readable(warning))
    secrets = secrets_of_arguments([evaluated.variables]) if lines else set()
    none = not evaluated.in_files and all(evaluated.variables[host].get("kvm_guests") is None for host in hosts)
    guests = None if none else check.counted_guests(hosts, evaluated.variables)
    lacking = [] if lines else incomplete.lacking(hosts, evaluated.variables)
    return [readable(hushed(line, secrets)) for line in lines], guests, [readable(line) for line in lacking]


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, t.Callable[..., object]]:
        """The filters by name."""
        return {
            "adopted_files": with_filter_errors("adopted_files", _adopted.adopted_files),
            "adopted_together": with_filter_errors("adopted_together", _adopted_together.adopted_together),
            "brief": with_filter_errors("brief", _adopted.brief),
            "changes_told": with_filter_errors("changes_told", _fleet_changes.lines),
            "declared_uses": with_filter_errors("declared_uses", declared_uses),
            "fleet_checked": with_filter_errors("fleet_checked", fleet_checked),
            "fleet_changes": with_filter_errors("fleet_changes", _fleet_changes.of_hosts),
            "fleet_owner": with_filter_errors("fleet_owner", _owner.fleet_owner),
            "fleet_plan": with_filter_errors("fleet_plan", _fleet_plan.of_fleet),
            "fleet_problems": with_filter_errors("fleet_problems", fleet_problems),
            "guest_networks": with_filter_errors("guest_networks", check.guest_networks),
            "guest_snapshots": with_filter_errors("guest_snapshots", guest_snapshots),
            "guests_on": with_filter_errors("guests_on", check.guests_on),
            "images_lock": with_filter_errors("images_lock", lock_file.images_lock),
            "images_locked": with_filter_errors("images_locked", locking.images_locked),
            "left_out": with_filter_errors("left_out", _left_out.left_out),
            "pending_restarts": with_filter_errors(
                "pending_restarts", functools.partial(pending.of_hosts, results=declared_results(), words=for_role)
            ),
            "run_problems": with_filter_errors("run_problems", _unknown_names.run_problems),
            "staying": with_filter_errors("staying", check.staying),
            "undeclared": with_filter_errors("undeclared", _undeclared.undeclared),
            "with_reservations": with_filter_errors("with_reservations", with_reservations),
        }
