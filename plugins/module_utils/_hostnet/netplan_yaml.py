# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""netplan's YAML, read and written so that nothing changes but what is meant to.

netplan reads every scalar as text (its own parser decides by key what it means), so scalars stay
text here: PyYAML would take the MAC address 52:54:00:12:34:56 for a number. Neither is ``null`` or ``~`` nothing to
it, but that text; only an empty value is, and it is None here.
"""

from __future__ import annotations

import copy
import functools
import re
import typing as t

from .._errors import VirtfleetError

yaml: t.Any
try:
    import yaml
except ImportError:
    yaml = None

if t.TYPE_CHECKING:
    from yaml import MappingNode, Node, SafeDumper, SafeLoader, ScalarNode

DefinitionBody = dict[str, t.Any]
"""A mapping of a document: a value is text (Scalar), a list, another mapping, or None."""

TRUE = frozenset(("true", "on", "yes", "y"))
"""What netplan takes for true, in any case (src/parse.c, handle_generic_bool)."""

SECRET_KEY = re.compile(
    r"(?i)(?:.*[^a-z])?(?:pass(?:word|wd|phrase)?|passw(?:or)?t|pwd|psks?|pins?|puk|secrets?|tokens?|credentials?"
    r"|cookies?|keys?|wep-key[0-9]+|shared|private)"
    r"(?:-(?:raw|data|value))?"
)
"""Keys whose values must not be shown (netplan-yaml: auth, access-points, modems, tunnels; nm-settings)."""

OPEN_KEYS = frozenset(("client-key", "ca-certificate", "client-certificate"))
"""Keys of files, which look like those of secrets."""

NAMES = frozenset(("shared", "private", "pin", "public"))
"""Such keys that may well be the name of a bridge: what stands below them is judged by its own keys."""

PASSTHROUGH = "passthrough"
"""What netplan hands to NetworkManager as it is: all of it may be a secret."""

LOOKED_FOR = 6
"""Values of fewer characters in a passthrough are not looked for in texts: they may be part of any word."""


REPLACED = frozenset(("link-local", "driver"))
"""Lists that a later part replaces, where others are joined (src/parse.c, handle_link_local, handle_match_driver)."""


class Scalar(str):
    """A scalar as it is written: its text, and the quotes around it."""

    style: str | None = None

    def __deepcopy__(self, memo: object) -> Scalar:
        """Itself: nothing changes one, and the copies of large documents are most of what a plan costs."""
        return self


def is_true(value: object) -> bool:
    """Whether netplan takes a scalar for true."""
    return str(value).lower() in TRUE


def load(name: str, text: str) -> DefinitionBody:
    """The document of one file, ``{}`` for an empty one.

    Raises VirtfleetError, naming the file, for what is no netplan document.
    """
    if yaml is None:
        raise VirtfleetError("PyYAML is missing on this host (the package python3-yaml); netplan brings it along")
    try:
        loader = _loader()(text)
        try:
            document = loader.get_data() if loader.check_data() else None
        finally:
            loader.dispose()
    except (yaml.YAMLError, RecursionError, UnicodeError) as error:
        raise VirtfleetError(f"{name}: is not YAML: {problem(error)}") from None
    if document is None or document == "":
        return {}
    if not isinstance(document, dict):
        raise VirtfleetError(f"{name}: is not a netplan document: it holds no mapping")
    return document


def problem(error: Exception) -> str:
    """What is wrong with a text, and in which line; nothing of the text itself, which can hold passwords."""
    mark = getattr(error, "problem_mark", None)
    message = str(getattr(error, "problem", None) or type(error).__name__)
    # PyYAML puts the character that it stumbled over into quotes, and the name of an anchor or a tag.
    message = re.sub(r"'[^']*'|\"[^\"]*\"", "...", message)
    return f"{message} in line {mark.line + 1}" if mark is not None else message


def dump(document: DefinitionBody, header: str = "") -> str:
    """A document as text, below a header of comment lines."""
    return header + yaml.dump(
        document, Dumper=_dumper(), sort_keys=False, default_flow_style=False, width=110, allow_unicode=True
    )


def header(text: str) -> str:
    """The comment lines that a file starts with."""
    lines = []
    for line in text.splitlines(keepends=True):
        if line.strip() and not line.lstrip().startswith("#"):
            break
        lines.append(line)
    return "".join(lines) if any(line.strip() for line in lines) else ""


def has_inner_comments(text: str) -> bool:
    """Whether a file has comments below its header; rewriting it loses them."""
    rest = text[len(header(text)) :]
    return re.search(r"(^|\s)#", rest, re.MULTILINE) is not None


def has_more_documents(text: str) -> bool:
    """Whether a file holds more than one document. netplan reads the first; rewriting the file loses the others."""
    loader = _loader()(text)
    try:
        return loader.check_data() and loader.get_data() is not loader and loader.check_data()
    except (yaml.YAMLError, RecursionError):
        return True
    finally:
        loader.dispose()


def secret_key(key: str) -> bool:
    """Whether the value of a key must not be shown, by the last part of its name: ``wifi-security.psk`` is ``psk``."""
    last = key.strip().rpartition(".")[2].lower()
    return last not in OPEN_KEYS and SECRET_KEY.fullmatch(last) is not None


def key_below(key: str, name: object) -> str:
    """The key that what stands below a name of a mapping is judged by: what is in a secret is secret, too."""
    return key if key == PASSTHROUGH or (secret_key(key) and key not in NAMES) else str(name)


def left_out(value: object) -> bool:
    """Whether a value is none to people, whatever netplan takes it for: empty, ``null`` or ``~``, without quotes."""
    return value is None or (isinstance(value, Scalar) and value.style is None and value.lower() in ("", "~", "null"))


def redacted(value: object, key: str = "") -> t.Any:
    """A document for people: secrets replaced, and all that is in a passthrough."""
    if isinstance(value, dict):
        return {name: redacted(inner, key_below(key, name)) for name, inner in value.items()}
    if isinstance(value, list):
        return [redacted(inner, key) for inner in value]
    return value if left_out(value) or not (key == PASSTHROUGH or secret_key(key)) else "(secret)"


def secrets(value: object, key: str = "", name: str = "") -> set[str]:
    """The texts in a document that must not be shown, as ``redacted`` finds them.

    :param name: the name of the value itself
    """
    if isinstance(value, dict):
        return set().union(*(secrets(each, key_below(key, inner), str(inner)) for inner, each in value.items()))
    if isinstance(value, list):
        return set().union(*(secrets(each, key, name) for each in value))
    text = "" if left_out(value) else str(value)
    sure = secret_key(key) or secret_key(name)
    return {text} if text and (sure or (key == PASSTHROUGH and len(text) >= LOOKED_FOR)) else set()


def merge(whole: DefinitionBody, part: DefinitionBody) -> None:
    """Add a later part to a definition: scalars replace, lists join, mappings merge (netplan(5))."""
    for key, value in part.items():
        old = whole.get(key)
        if isinstance(value, dict):
            whole[key] = old if isinstance(old, dict) else {}
            merge(whole[key], value)
        elif isinstance(value, list):
            old = old if isinstance(old, list) and key not in REPLACED else []
            whole[key] = [*old, *(copy.deepcopy(entry) for entry in value if entry not in old)]
        else:
            whole[key] = value


def as_netplan_text(value: object) -> object:
    """A scalar of Python's as netplan's text; containers with their insides."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return {name: as_netplan_text(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_netplan_text(inner) for inner in value]
    return None if value is None else str(value)


@functools.cache
def _loader() -> type[SafeLoader]:
    """A loader that keeps scalars as text. Made when first wanted: PyYAML may be missing."""
    # By libyaml, as netplan itself: it takes tabs before values and comments, PyYAML's own reader does not.
    base: t.Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(base):
        """See load."""

    def text(node: ScalarNode) -> Scalar:
        found = Scalar(node.value)
        found.style = node.style or None
        return found

    def scalar(loader: SafeLoader, node: ScalarNode) -> object:
        return None if not node.value and node.tag == "tag:yaml.org,2002:null" and not node.style else text(node)

    def mapping(loader: SafeLoader, node: MappingNode) -> DefinitionBody:
        found: DefinitionBody = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.YAMLError(f"a key in line {key.start_mark.line + 1} is not text")
            # A key that is there twice is two parts to netplan, of which PyYAML would keep the last.
            merge(found, {text(key): loader.construct_object(value, deep=True)})
        return found

    def unknown(loader: SafeLoader, suffix: str, node: Node) -> t.NoReturn:
        raise yaml.YAMLError(f"the tag {node.tag} is not netplan's")

    for kind in ("null", "bool", "int", "float", "binary", "timestamp", "str", "value", "merge"):
        Loader.add_constructor(f"tag:yaml.org,2002:{kind}", scalar)
    Loader.add_constructor("tag:yaml.org,2002:map", mapping)
    Loader.add_multi_constructor("!", unknown)
    return Loader


@functools.cache
def _dumper() -> type[SafeDumper]:
    """A dumper that writes text without quotes where it needs none for netplan."""

    class Dumper(yaml.SafeDumper):
        """See dump."""

        def ignore_aliases(self, data: object) -> bool:
            return True

        def increase_indent(self, flow: bool = False, indentless: bool = False) -> object:
            return super().increase_indent(flow, False)

    def text(dumper: SafeDumper, value: str) -> Node:
        style = getattr(value, "style", None)
        tag = dumper.resolve(yaml.ScalarNode, str(value), (True, False))
        if isinstance(value, Scalar) and style is None and value and tag.endswith(":null"):
            return dumper.represent_scalar(tag, str(value))  # As it was written.
        if tag.rsplit(":", 1)[-1] in ("null", "merge", "value", "yaml"):
            tag, style = "tag:yaml.org,2002:str", style or "'"
        elif ":" in value and style is None and tag != "tag:yaml.org,2002:str":
            # A MAC address that other readers of the file would take for a number.
            tag, style = "tag:yaml.org,2002:str", '"'
        if style is not None:
            tag = "tag:yaml.org,2002:str"
        return dumper.represent_scalar(tag, str(value), style=style)

    def nothing(dumper: SafeDumper, value: None) -> Node:
        return dumper.represent_scalar("tag:yaml.org,2002:null", "")

    Dumper.add_representer(type(None), nothing)
    Dumper.add_representer(Scalar, text)
    Dumper.add_representer(str, text)
    return Dumper
