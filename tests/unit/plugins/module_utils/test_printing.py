# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values as people read them: short, plain, without secrets; and nothing else prints them."""

from __future__ import annotations

import ast
import datetime
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.virtfleet.kvm.plugins.module_utils import _own_secrets, _printing
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.row_index import parse_rows
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.tests.unit.support import ROOT

SECRET = "hunter2hunter2"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("banana", "'banana'"),
        (7, "7"),
        (True, "True"),
        (None, "null"),
        ({"passwd": SECRET}, "a dictionary"),
        ([SECRET], "a list"),
        ({SECRET}, "a list"),
        (SECRET.encode(), "bytes"),
        (float("nan"), "nan"),
        (datetime.date(2026, 1, 2), "2026-01-02"),
        ("x" * 100, f"'{'x' * 80}...'"),
        ("x" * 10_001, "a text of 10001 characters"),
        ("\x1b[31m\u202e\ud800", "'\\x1b[31m\\u202e\\ud800'"),
        (f"https://user:{SECRET}@host/x", "'https://***@host/x'"),
        (object(), "a value of type object"),
    ],
)
def test_a_value_in_a_message(value: Any, said: str) -> None:
    assert _printing.printable(value) == said


def test_a_number_that_python_does_not_write_out() -> None:
    assert _printing.printable(10**5000) == "a number of 16610 bits"


def test_of_what_may_be_a_secret_only_the_type_is_told() -> None:
    assert _printing.printable(SECRET, hidden=True) == "a string"
    with _printing.unshown(), _printing.unshown():
        assert _printing.printable(SECRET) == "a string"
    assert _printing.printable("x") == "'x'"


@pytest.mark.parametrize(
    "text",
    [
        "https://user:{}@host/x.qcow2",
        "https://{}@host/x.qcow2",
        "https://user:a/{}@host/x.qcow2",
        "https://user:a#b?{}@host/x.qcow2",
        "https://user:a@{}@host/x.qcow2",
        "see http://host/?X-Amz-Signature={}&b=c and https://u:{}@host#{}",
        "HTTPS://U:{}@HOST",
        "<graphics type='vnc' passwd='{}'/>",
        '<graphics type="vnc" passwd = "{}">',
        "<graphics passwd='{}",
        "<cookie name='a'>{}</cookie>",
        "<a:password xmlns:a='urn:a'>{}</a:password>",
        "<qemu:env name='VNC_PASSWORD' value='{}'/>",
        "-object secret,id=a,format=raw,data={}",
        "rbd:pool/image:id=admin:key={}:auth=none",
        "root_password={} quiet",
        '{{"token": "{}"}}',
        "Authorization: {}",
        "Authorization: Bearer {}",
        "-H 'authorization: Basic {}'",
        '{{"Authorization": "Bearer {}"}}',
        "private_key={} a",
        "private-key: {}",
        "psk={}",
        "pwd={}",
        "x&sig={}",
        "run --key {} --verbose",
        "run --api-key {}",
        "run --password {}",
        'password="a {}" b',
        "password='a {}'",
        '{{"password": "a \\" {}"}}',
        r"{{\"password\": \"a {}\"}}",
        "password=&quot;a {}&quot;",
        "<password value='{}'/>",
        '<vnc:passwd a="b" value="{}">',
        "<cookie name='a'><![CDATA[{}]]></cookie>",
        "<qemu:env value='{}' name='VNC_PASSWORD'/>",
        '-object {{"qom-type":"secret","id":"s","data":"{}"}}',
        '-object {{"data":"{}","qom-type":"secret"}}',
        "<qemu:arg value='{{&quot;qom-type&quot;:&quot;secret&quot;,&quot;data&quot;:&quot;{}&quot;}}'/>",
        "https://user:a {}@host/x",
        "https://user:{} a@host/x",
        "https:u:{}@h/x",
        "http:/u:{}@h/x",
        "u:{}@host/x.img",
        "//u:{}@host/x",
        "https://h/x;sig={}",
        "https://h/x&a={}",
        "https://h/x%3Fa={}",
        "https://h/x%3fa={}&b=c",
        "-fw_cfg name=opt/a,string={},file=/x: file and string exclude each other",
        'name=opt/org.example/a,string={{"a": "b, {}"}}',
        "string=a {},name=opt/a",
        "-fw_cfg string={},name=opt/a",
        "<qemu:arg value='name=opt/a,string={}'/>",
        "<entry name='opt/a'>{}</entry>",
    ],
)
def test_secrets_that_the_text_around_them_tells_of(text: str) -> None:
    written = text.replace("{{", "{").replace("}}", "}").replace("{}", SECRET)
    assert SECRET in written
    assert SECRET not in _printing.masked(written)
    assert any(SECRET in found for found in _own_secrets.secrets_in([written]))


@pytest.mark.parametrize(
    "text",
    [
        "https://host:8080/images/x.qcow2",
        "<secret type='ceph' uuid='0d9ae0a1-3f0c-4d53-9b3f-5b7c4f1b2a01'/>",
        "<hostdev mode='subsystem' type='pci'/> passthrough",
        "local-ttl=3",
        "https://host:8080/a%20b/x.qcow2; see admin@example.com",
        "connect to http://host:8080 as admin@example.com",
        "git@example.com:a/b 52:54:00:12:34:56 [2001:db8::1]:80",
        "signed config=1 design=2 keymap=de -k de",
        "ALL=(ALL) NOPASSWD:ALL",
        "NOPASSWD: /usr/bin/systemctl restart nginx",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert _printing.masked(text) == text


@pytest.mark.parametrize(
    "part",
    [
        "a",
        ".",
        "a.",
        "http://a:",
        "a:",
        "a:b ",
        "--key",
        "secret data:",
        "%3f;=",
        "&quot;",
        'psk=\\"',
        "passwd",
        "<a passwd",
        'name="',
        "secret,",
        "key=",
        ":@",
        "://",
    ],
)
def test_no_text_takes_long_to_mask(part: str) -> None:
    started = time.process_time()
    _printing.masked(part * (400_000 // len(part)))
    assert time.process_time() - started < 4


def test_values_in_changes() -> None:
    value = {
        "cmdline": f"ks=https://u:{SECRET}@host/ks",
        "qemu": {"args": ["--password", SECRET, "-m", "1"], "env": {"VNC_PASSWORD": SECRET, "A": "b"}},
        "secret": {"uuid": "0d9ae0a1-3f0c-4d53-9b3f-5b7c4f1b2a01"},
        "passwd_valid_to": "2026-01-02T00:00:00",
    }
    shown = _printing.displayed(value)
    assert SECRET not in str(shown)
    assert shown["qemu"] == {
        "args": ["--password", "(secret)", "-m", "1"],
        "env": {"VNC_PASSWORD": "(secret)", "A": "b"},
    }
    assert (shown["secret"], shown["passwd_valid_to"]) == (value["secret"], value["passwd_valid_to"])


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("memory", "memory"),
        (f"passwd:{SECRET}", "passwd..."),
        ("x" * 65, f"{'x' * 64}..."),
        ("\x1b]0;", "(a name that cannot be shown)"),
        ("", "(an empty name)"),
        (None, "null"),
        (1, "1"),
    ],
)
def test_the_name_of_an_option(name: Any, said: str) -> None:
    assert _printing.named(name) == said


@given(st.text())
def test_a_message_holds_nothing_that_a_terminal_acts_on(text: str) -> None:
    shown = _printing.readable(text)
    assert all(one.isprintable() or one in "\n\t" for one in shown)
    shown.encode()
    assert _printing.readable(shown) == shown


def test_an_exception_that_nobody_foresaw_is_told_without_values() -> None:
    with pytest.raises(ValueError, match="invalid literal") as error:
        int(SECRET)
    said = _printing.unforeseen(error.value)
    assert SECRET not in said
    assert "ValueError: invalid literal for int() with base 10: ..." in said
    assert "test_printing.py, line " in said


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"graphics": {"type": "vnc", "passwd": SECRET}}, "graphics: a dictionary is not a list"),
        ({"graphics": SECRET}, "graphics: a string is not a list"),
        ({"graphics": [SECRET]}, "graphics[0]: a string is not a dictionary of options"),
        ({"graphics": [{"type": "vnc", "passwd": [SECRET]}]}, "graphics[0].passwd: a list is not a string"),
        ({"graphics": [{"type": "vnc", "port": SECRET}]}, "graphics[0].port: a string is not a whole number"),
        (
            {"graphics": [{"type": "vnc", "pasword": SECRET}]},
            "graphics[0].pasword: no such option; did you mean 'passwd'?",
        ),
        ({"graphics": [{"type": "vnc", f"passwd:{SECRET}": None}]}, "graphics[0].passwd...: no such option"),
        ({"graphics": [{"type": "vnc", SECRET: None}]}, "graphics[0].(not shown): no such option"),
        (
            {"disks": [{"encryption": {"format": "luks", "secrets": [{"uuid": SECRET}]}}]},
            "uuid: a string is not a UUID",
        ),
        ({"disks": [{"file": {"cookies": SECRET}}]}, "disks[0].file: a dictionary is not a string"),
        ({"memory": f"https://u:{SECRET}@host"}, "memory: 'https://***@host' is not a size"),
        ({"passwd": SECRET}, "passwd: no such option"),
        ({"keywrap": {"key": SECRET}}, "keywrap.key: must be true or false"),
    ],
)
def test_a_secret_in_wrong_input(wrong: dict[str, Any], said: str) -> None:
    problems: list[Any] = []
    parse_rows(DOMAIN.rows, {"name": "a", **wrong}, "", problems)
    text = "\n".join(map(str, problems))
    assert said in text
    assert SECRET not in text


# Nothing else prints values


def sources() -> Iterator[tuple[str, ast.Module]]:
    """All code of the collection but the printer's own."""
    for path in sorted((ROOT / "plugins").rglob("*.py")):
        if path.name != "_printing.py" and path.parent.name != "doc_fragments":
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def printers_of_their_own(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Where code prints a value by itself: the line, and how."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FormattedValue) and node.conversion in (ord("r"), ord("a")):
            yield node.lineno, "!r"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("repr", "ascii"):
            yield node.lineno, node.func.id
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and "%r" in node.value:
            yield node.lineno, "%r"
        elif isinstance(node, ast.FunctionDef) and node.name == "parse":
            arguments = {one.arg for one in node.args.args} - {"self", "where", "root"}
            for inner in ast.walk(node):
                if (
                    isinstance(inner, ast.FormattedValue)
                    and isinstance(inner.value, ast.Name)
                    and inner.value.id in arguments
                ):
                    yield inner.lineno, f"the argument {inner.value.id} as it is"


@pytest.mark.parametrize(("path", "tree"), list(sources()), ids=lambda part: part if isinstance(part, str) else "")
def test_nothing_else_prints_a_value(path: str, tree: ast.Module) -> None:
    assert list(printers_of_their_own(tree)) == []


@pytest.mark.parametrize("code", ["f'{value!r}'", "repr(value)", "'%r' % value", "def parse(self, value): f'{value}'"])
def test_a_printer_of_its_own_is_found(code: str) -> None:
    assert len(list(printers_of_their_own(ast.parse(code)))) == 1


def test_the_values_of_libvirts_secrets_are_known_and_their_names_are_no_secrets() -> None:
    item = {"name": "client.libvirt", "usage": "ceph", "value": "sup3r-s3cret", "value_base64": "c3VwM3I="}
    for declared in ([item], {"kvm_secrets": [item]}):
        assert _own_secrets.secrets_in(declared) == {"sup3r-s3cret", "c3VwM3I="}


def test_which_secret_is_meant_is_no_secret() -> None:
    auth = {"username": "libvirt", "secret": {"type": "ceph", "usage": "client.libvirt"}}
    told = "Secret not found: no secret with matching usage 'client.libvirt'"
    assert _own_secrets.hushed(told, _own_secrets.secrets_in([{"disks": [{"auth": auth}]}])) == told
    for hidden in (
        {"secret": {"usage": "s3cret-1", "key": "k"}},
        {"secret": "s3cret-1"},
        {"passwords": {"a": "s3cret-1"}},
    ):
        assert "s3cret-1" in _own_secrets.secrets_in([hidden])


@pytest.mark.parametrize("option", ["secret", "secrets"])
def test_the_name_of_a_secret_is_none(option: str) -> None:
    """Guests name the secret of an encrypted disk by its usage, in a list; volumes without one."""
    named = {"type": "passphrase", "usage": "/srv/vm/web.luks"}
    encryption = {"format": "luks", option: [named] if option == "secrets" else named}
    assert _own_secrets.secrets_in({"disks": [{"file": "/srv/vm/web.luks", "encryption": encryption}]}) == set()
    assert _own_secrets.secrets_in({"encryption": {option: [{**named, "value": "hunter2-hunter2"}]}}) != set()
