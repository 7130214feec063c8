# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write what roles, playbooks and modules have to say of each kind of resource, from its site_part.py.

Ansible reads tasks and defaults as they stand, and a module that runs on a host has only what it imports by name. Run
this after a change to a site_part.py; a unit test fails while a file differs.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

from tables import ROOT, site_parts

SitePart = site_parts.SitePart

OWNER = "\"{{ kvm_owner | default(inventory_dir | default('', true) | virtfleet.kvm.fleet_owner, true) }}\""
USES = """\
    declared_uses: >-
      {{ lookup('virtfleet.kvm.host_guests') | default([], true) | virtfleet.kvm.declared_uses(inventory_hostname,
      kvm_volumes | default([], true), kvm_pools | default([], true)) }}
"""

BLOCK = re.compile(r"(?ms)^( *# begin: written by tests/tools/site_tasks\.py\n).*?(^ *# end\n)")
"""The part of a file that is written here; the marks stay."""

DECLARED = re.compile(r"(?m)(?:^  (?:\{\{|or) kvm_\w+ \| default\(\[\], true\) \| length > 0\n)+")
"""The lines of a role's NEEDED that ask whether a list has items."""

GOING = re.compile(r"(?m)(?:^  or kvm_\w+ \| default\(\[\], true\) \| virtfleet\.kvm\.staying != .*\n)+")
"""The lines of a role's GOING that ask whether a list has items that are to be absent."""

LOADING = '''\
# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parameters of all declaring modules. Written by tests/tools/site_tasks.py from each kind's site_part.py."""

from __future__ import annotations

from .._flow.parameters import Parameters


def parameters_of(name: str) -> Parameters | None:
    """The parameters of a declaring module; None where no module of a kind has the name.

    Only what is asked for is loaded: that takes a good part of the time.
    """
{loads}
    return None
'''

ACTION = '''\
# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of module {module}: {text}.

Written by tests/tools/site_tasks.py.
"""

from __future__ import annotations

from ansible_collections.virtfleet.kvm.plugins.plugin_utils.{file} import {name}


class ActionModule({name}):
    """See the module's documentation."""
'''


def by_hand_or_not(role: str, by_hand: bool) -> list[site_parts.SitePart]:
    """The kinds that are declared in a role, in their order.

    :param by_hand: whether those are among them whose tasks somebody wrote
    """
    purge = f"{role}_purge"
    return [part for part in site_parts.site_parts() if part.role == role or (by_hand and part.purge == purge)]


def declare(role: str) -> str:
    """The tasks of a role that declare."""
    return "".join(
        f"- name: Declare the {part.module}\n"
        f"  virtfleet.kvm.{part.module}:\n"
        f'    config: "{{{{ {part.variable} | virtfleet.kvm.staying }}}}"\n'
        f"    owner: {OWNER}\n"
        f"  when: {part.variable} | default([], true) | virtfleet.kvm.staying | length > 0\n"
        f"  register: {part.result}\n\n"
        for part in by_hand_or_not(role, by_hand=False)
    )


def remove(role: str) -> str:
    """The tasks of a role that remove."""
    return "\n".join(
        f"- name: Remove the {part.module} that are absent or no longer declared\n"
        f"  virtfleet.kvm.{part.module}:\n"
        f'    config: "{{{{ {part.variable} }}}}"\n'
        f"    owner: {OWNER}\n"
        f'    purge: "{{{{ {part.purge} | bool }}}}"\n'
        f"{USES}"
        f"  register: {part.removed}\n"
        f"  when:\n"
        f"    - {part.variable} | default(none) is not none\n"
        f"    - {part.purge} | bool or {part.variable} | virtfleet.kvm.staying != {part.variable}\n"
        for part in reversed(by_hand_or_not(role, by_hand=False))
    )


def options(role: str) -> str:
    """The variables of a role, as its argument specs have them."""
    lines = ""
    for part in by_hand_or_not(role, by_hand=False):
        module = f"virtfleet.kvm.{part.module}"
        said = f"- {part.text}, as M({module}) takes them in its O({module}#module:config). They are declared first."
        wrapped = textwrap.wrap(said, 118, initial_indent=" " * 10, subsequent_indent=" " * 12)
        described = "\n".join([" " * 8 + "description:", *wrapped, " " * 8 + "type: list", " " * 8 + "elements: dict"])
        lines += f"      {part.variable}:\n{described}\n"
    return lines


def conditions(role: str, text: str) -> str:
    """The defaults of a role, with what they ask of its lists."""
    lists = [part.variable for part in by_hand_or_not(role, by_hand=True)]
    needed = "\n  or ".join(f"{name} | default([], true) | length > 0" for name in lists)
    going = "".join(
        f"\n  or {name} | default([], true) | virtfleet.kvm.staying != {name} | default([], true)" for name in lists
    )
    text = once(DECLARED, f"  {{{{ {needed}\n", text)
    return once(GOING, f"{going[1:]} }}}}\n", text)


def once(what: re.Pattern[str], new: str, text: str) -> str:
    """A text with something else in one place. Raises ValueError where there is none, or several."""
    found, count = what.subn(lambda _match: new, text)
    if count != 1:
        raise ValueError(f"{what.pattern}: is there {count} times, and must be once")
    return found


def block(new: str, text: str) -> str:
    """A text with other lines between its marks. Raises ValueError where it has not one pair of marks."""
    marks = BLOCK.search(text)
    return once(BLOCK, f"{marks[1]}{new}{marks[2]}" if marks else "", text)


def results(value: str, text: str) -> str:
    """The text of a file of playbooks, with a line for each result of a role.

    :param value: what the line of a result says, with NAME for the result
    """
    lines = "".join(f'    {name}: "{value.replace("NAME", name)}"\n' for name in site_parts.results())
    pattern = re.escape(value).replace("NAME", r"\w+")
    return once(re.compile(rf'(?m)(?:^    \w+: "{pattern}"\n)+'), lines, text)


def loading() -> str:
    """The file by which a look at a host finds the parameters of modules."""
    loads = "".join(
        f'    if name == "{part.module}":\n        from .{part.kind} import parameters as {part.module}\n\n'
        f"        return {part.module}.PARAMETERS\n"
        for part in site_parts.site_parts()
        if part.module
    )
    return LOADING.replace("{loads}\n", loads)


def actions() -> Iterator[tuple[Path, str]]:
    """The action plugins of the modules.

    Each module has a file of its name. Ansible's main process then loads it before the processes of tasks begin, so
    they need not, and what is loaded with it counts in the main process, too (_progress.py).
    """
    declares = "in check mode it tells what the tasks before make"
    for part in site_parts.site_parts():
        for module, text, file, name in (
            (part.module, declares, "_forecast", "DeclaringAction"),
            (f"{part.module}_info", "it evaluates the query", "_info_action", "InfoAction"),
        ):
            content = ACTION.format(module=module, text=text, file=file, name=name)
            if part.module:
                yield ROOT / f"plugins/action/{module}.py", content


def written() -> Iterator[tuple[Path, str]]:
    """The files that follow from the kinds, each with what it is to be."""
    yield ROOT / "plugins/module_utils/_kinds/declaring.py", loading()
    yield from actions()
    for file, value in (
        ("looked", "{{ site_looked.results.NAME | default(omit) }}"),
        ("planned", "{{ planned_only if NAME is defined else omit }}"),
    ):
        path = ROOT / f"playbooks/tasks/{file}.yml"
        yield path, results(value, path.read_text(encoding="utf-8"))
    for role in sorted({part.role for part in site_parts.site_parts() if part.role}):
        folder = ROOT / "roles" / role
        for file, new in (("tasks/declare", declare), ("tasks/purge", remove), ("meta/argument_specs", options)):
            path = folder / f"{file}.yml"
            yield path, block(new(role), path.read_text(encoding="utf-8"))
        path = folder / "defaults/main.yml"
        yield path, conditions(role, path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    for each, content in written():
        each.write_text(content, encoding="utf-8")
