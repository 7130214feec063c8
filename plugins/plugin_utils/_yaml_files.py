# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of YAML that the collection reads itself. Ansible shows lines of a file with what it says of it; this does not.

What may stand in those lines is a secret.
"""

from __future__ import annotations

import contextlib
import os
import re
import typing as t

import ansible.template
import yaml
from ansible import constants
from ansible.module_utils.common.text.converters import to_text
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import AnsibleVaultError
from yaml.constructor import SafeConstructor

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import named

LOADER: t.Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Reads YAML as far as its keys."""

MERGE = "tag:yaml.org,2002:merge"
"""The key ``<<``, which may stand twice."""

SETTING = "DUPLICATE_YAML_DICT_KEY"
"""Ansible's setting for keys that stand twice."""

MOST = 5
"""How many keys that stand twice get a sentence."""


def loaded(path: str, loader: DataLoader, once: bool = False) -> object:
    """What a file holds, its templates not evaluated. Raises VirtfleetError, which quotes nothing of it.

    :param once: whether a key that stands twice in a dictionary is refused, unless Ansible is told to ignore it
    """
    if not os.path.isfile(path):
        raise VirtfleetError("is no file that can be read")
    trust = getattr(ansible.template, "trust_as_template", None)  # since ansible-core 2.19
    try:
        text = text_of(path, loader)
        twice = repeated_keys(text) if once and constants.config.get_config_value(SETTING) != "ignore" else []
        if not twice:
            return loader.load(text if trust is None else trust(text), file_name=path, show_content=False)
    except AnsibleVaultError:
        raise VirtfleetError("cannot be decrypted: is the password of its vault given?") from None
    except Exception as error:  # Ansible raises many kinds, with lines of the file in their words.
        raise VirtfleetError(why_unreadable(error)) from None
    raise VirtfleetError("; ".join(twice))


def text_of(path: str, loader: DataLoader) -> str:
    """The text of a file, decrypted."""
    if hasattr(loader, "get_text_file_contents"):  # since ansible-core 2.19
        return loader.get_text_file_contents(path)
    content, _plain = loader._get_file_contents(path)
    return str(to_text(content, errors="surrogate_or_strict"))


def repeated_keys(text: str) -> list[str]:
    """A sentence for each key that occurs twice in one dictionary; none of what is no YAML, of which others tell."""
    try:
        left: list[object] = [yaml.compose(str(text), Loader=LOADER)]
    except Exception:  # As above; what is nested deeply is none either.
        return []
    seen: set[int] = set()
    found: list[tuple[int, str]] = []
    while left:
        node = left.pop()
        if id(node) in seen:
            continue  # By anchors of YAML, it may be in many places, even in itself.
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            left += [part for pair in node.value for part in pair]
            found += repeated_in(node)
        elif isinstance(node, yaml.SequenceNode):
            left += node.value
    return [sentence for _line, sentence in sorted(found)[:MOST]]


def repeated_in(mapping: yaml.MappingNode) -> t.Iterator[tuple[int, str]]:
    """The keys that stand twice in one dictionary: the line of each, and a sentence."""
    lines: dict[object, int] = {}
    for node, _value in mapping.value:
        if not isinstance(node, yaml.ScalarNode) or node.tag == MERGE:
            continue
        key: object = node.value
        with contextlib.suppress(Exception):  # One of no kind that YAML knows is compared as it is written.
            key = SafeConstructor().construct_object(node)
        line = node.start_mark.line + 1
        if key in lines:
            first = "" if lines[key] == line else f", first in line {lines[key]}"
            yield line, f"line {line}: the key {named(key)} occurs twice in one dictionary{first}; keep one of them"
        lines.setdefault(key, line)


def why_unreadable(error: BaseException) -> str:
    """Why a file cannot be read, in words without anything of what it holds."""
    cause: BaseException | None = error
    while cause is not None:
        mark = getattr(cause, "problem_mark", None)
        if mark is not None:
            return f"is no YAML: line {mark.line + 1}, column {mark.column + 1}: {unquoted(cause)}"
        if isinstance(cause, OSError) and cause.strerror:
            return f"cannot be read: {cause.strerror}"
        if isinstance(cause, AnsibleVaultError):
            return "cannot be decrypted: is the password of its vault given?"
        cause = cause.__cause__ or getattr(cause, "orig_exc", None)
    return f"is no YAML that can be read ({type(error).__name__})"


HINTS = {
    "cannot start any token": "indent with spaces, not with tabs; put a text that begins with @, ` or % into quotes",
    "unhashable key": "put a value that begins with a template into quotes",
    "expected '-' indicator": "are the lines above and below indented alike?",
    "expected key": "are the lines above and below indented alike?",
    "expected <block end>": "are the lines above and below indented alike?",
    "mapping values are not allowed": "put a text that has a colon and a space in it into quotes",
}
"""What to do about common mistakes, by words of the parser."""


def unquoted(error: BaseException) -> str:
    """What YAML says of a mistake, without what it quotes, and what to do."""
    said = words_of(error)
    hint = next((hint for words, hint in HINTS.items() if words in said), None)
    return said if hint is None else f"{said}; {hint}"


def words_of(error: BaseException) -> str:
    """What YAML says of a mistake, without what it quotes."""
    problem = str(getattr(error, "problem", "") or "is malformed")
    if "duplicate" in problem and "key" in problem:  # ansible-core 2.18 puts the key into brackets.
        return "a key occurs twice in one dictionary; keep one of them"
    if problem.startswith("failed to "):  # What follows are the words of another program, which quote otherwise.
        problem = problem.partition(":")[0]
    return re.sub(r"('[^']')|'[^']{2,}'|\"[^\"]{2,}\"", lambda found: found[1] or "...", problem)
