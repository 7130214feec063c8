# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PyYAML guesses types that netplan does not: what a file says must come out as it went in."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import netplan_yaml

SCALARS = st.one_of(
    st.sampled_from(
        ["yes", "no", "on", "null", "~", "", "0123", "52:54:00:12:34:56", "1_000", "2024-01-01", "<<", "=", "1e3"]
    ),
    st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=20),
)
DOCUMENTS = st.dictionaries(
    SCALARS, st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(SCALARS, inner), max_leaves=8)
)


@given(DOCUMENTS)
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_text_goes_through_unchanged(document: dict[str, object]) -> None:
    assert netplan_yaml.load("x", netplan_yaml.dump(document)) == document


@pytest.mark.parametrize(
    "line",
    [
        "a: 52:54:00:12:34:56",
        "a: 0123",
        "a: yes",
        "a: 'yes'",
        'a: "2"',
        "a: 1_000",
        "a: 2024-01-01",
        "a: 83...11",
        "a: null",
        "a: Null",
        "a: NULL",
        "a: ~",
        "a: '~'",
        "a: ''",
        "a:",
        "a:\n  - ~\n  -\n  - null",
        "a:\n  b:\n  c: ~",
        "~: Null",
    ],
)
def test_scalars_keep_their_spelling_and_quotes(line: str) -> None:
    written = netplan_yaml.dump(netplan_yaml.load("x", line)).strip()
    # A MAC address of digits alone is the one exception: in quotes nobody takes it for a number.
    assert written == line.replace("52:54:00:12:34:56", '"52:54:00:12:34:56"')


NOTHINGS = ("", "~", "null", "Null", "NULL", "''", '""', "'null'", "'~'")
PLACES = ("a: {}", "a:\n  b: {}\n  c: x", "a:\n- {}\n- x", "a: {{b: {}, c: x}}", "a: [x, {}]", "b: x\na: {}\nc: x")


def said(text: str) -> object:
    """A document as netplan reads it: of a scalar, only the text."""
    yaml = netplan_yaml.yaml

    def texts(node: object) -> object:
        if isinstance(node, yaml.MappingNode):
            return {str(texts(key)): texts(value) for key, value in node.value}
        return [texts(inner) for inner in node.value] if isinstance(node, yaml.SequenceNode) else node.value

    return texts(yaml.compose(text, Loader=yaml.SafeLoader))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("nothing", NOTHINGS)
def test_what_is_nothing_to_others_is_the_same_text_afterwards(nothing: str, place: str) -> None:
    """An empty mtu is none to netplan, and an mtu of null is refused (src/parse.c, handle_netdef_guint)."""
    text = place.format(nothing)
    before = said(text)
    document = netplan_yaml.load("x", text)
    assert said(netplan_yaml.dump(document)) == before
    other = netplan_yaml.load("x", netplan_yaml.dump({**document, "new": {"mtu": None, "name": "null"}}))
    assert said(netplan_yaml.dump(other)) == {**dict(before), "new": {"mtu": "", "name": "null"}}  # type: ignore[call-overload]


def test_an_alias_is_a_copy_and_does_not_change_with_its_anchor() -> None:
    document = netplan_yaml.load("x", "a: &shared {addresses: [192.0.2.1/24]}\nb: *shared\n")
    document["a"]["addresses"].clear()
    assert document["b"] == {"addresses": ["192.0.2.1/24"]}


@pytest.mark.skipif(not netplan_yaml.yaml.__with_libyaml__, reason="PyYAML was built without libyaml")
def test_tabs_are_taken_where_netplan_takes_them() -> None:
    document = netplan_yaml.load("x", "a:\tb\nc: d\t# why\ne: f\t\n")
    assert document == {"a": "b", "c": "d", "e": "f"}


def test_what_is_not_utf_8_is_refused_by_name() -> None:
    with pytest.raises(VirtfleetError, match=r"^50-x\.yaml: "):
        netplan_yaml.load("50-x.yaml", b"a: \xfc".decode(errors="surrogateescape"))


def test_a_key_that_is_there_twice_is_two_parts() -> None:
    text = """
network:
  ethernets:
    eno1: {addresses: [192.0.2.1/24], mtu: 1400, link-local: [ipv4]}
    eno1: {addresses: [192.0.2.2/24], mtu: 1300, link-local: [ipv6]}
  ethernets:
    eno2: {}
"""
    ethernets = netplan_yaml.load("x", text)["network"]["ethernets"]
    assert ethernets["eno1"] == {"addresses": ["192.0.2.1/24", "192.0.2.2/24"], "mtu": "1300", "link-local": ["ipv6"]}
    assert list(ethernets) == ["eno1", "eno2"]


@pytest.mark.parametrize(
    "text",
    ["a: [", "? [x]\n: y", "a: &x {b: *x}", "- a", "a: !!python/object:os.system {}", "just text", "a: *unknown"],
)
def test_what_is_no_document_is_refused_by_name(text: str) -> None:
    with pytest.raises(VirtfleetError, match=r"^50-x\.yaml: "):
        netplan_yaml.load("50-x.yaml", text)


def test_the_comments_at_the_top_stay() -> None:
    text = "# This file is generated.\n# Do not touch.\n\nnetwork: {version: 2}\n"
    assert netplan_yaml.header(text) == "# This file is generated.\n# Do not touch.\n\n"
    assert not netplan_yaml.has_inner_comments(text)
    assert netplan_yaml.has_inner_comments("network:\n  # why\n  version: 2\n")


def test_secrets_are_not_shown() -> None:
    text = """
network:
  wifis: {wl0: {access-points: {home: {password: geheim1, auth: {password: geheim2, client-key-password: geheim3}}}}}
  tunnels: {wg0: {key: geheim4, peers: [{keys: {public: geheim5, shared: geheim6}, endpoint: "192.0.2.1:5"}]}}
  modems: {m0: {pin: geheim7}}
"""
    shown = netplan_yaml.dump(netplan_yaml.redacted(netplan_yaml.load("x", text)))
    assert "geheim" not in shown
    assert "192.0.2.1:5" in shown


SECRET = "hunter2hunter2"


@pytest.mark.parametrize(
    "text",
    [
        "auth: {Password: $}",
        "auth: {PASSWORD: [$]}",
        "auth: {password: {a: $}}",
        "auth: {client-key-password: $}",
        "access-points: {home: {password: $}}",
        "access-points: {home: {auth: {psk: $}}}",
        "modems: {wwan0: {pin: $}}",
        "tunnels: {wg0: {key: $, peers: [{keys: {shared: $}}]}}",
        "tunnels: {wg0: {keys: {input: $}, key: {private: $}}}",
        "networkmanager: {passthrough: {wifi-security.psk: $}}",
        "networkmanager: {passthrough: {802-1x.password: $, 802-1x.private-key-password: $}}",
        "networkmanager: {passthrough: {vpn.secrets: $, wireguard.private-key: $}}",
        "networkmanager: {passthrough: {vpn.data: a = $, proxy._: $}}",
        "networkmanager: {passthrough: {wifi-security.wep-key0: $, 802-1x.Password-Raw: $}}",
        "wifi-security.psk: $",
        "vpn-token: $",
    ],
)
def test_a_secret_is_not_shown(text: str) -> None:
    document = netplan_yaml.load("x", text.replace("$", SECRET))
    assert SECRET not in netplan_yaml.dump(netplan_yaml.redacted(document))
    assert any(SECRET in found for found in netplan_yaml.secrets(document))


@pytest.mark.parametrize(
    "text",
    [
        "bridges: {private: {mtu: '1400', interfaces: [eno1]}}",
        "auth: {key-management: psk, client-key: /etc/ssl/x.pem}",
        "ethernets: {eno1: {addresses: [192.0.2.1/24], nameservers: {search: [keys.example.com]}}}",
        "password: null",
    ],
)
def test_what_is_no_secret_is_shown(text: str) -> None:
    document = netplan_yaml.load("x", text)
    assert netplan_yaml.redacted(document) == document
    assert netplan_yaml.secrets(document) == set()


def test_short_words_of_a_passthrough_are_not_looked_for_in_what_netplan_says() -> None:
    document = netplan_yaml.load("x", "passthrough: {connection.timestamp: '1', connection.zone: home, wifi.psk: abc}")
    assert netplan_yaml.secrets(document) == {"abc"}
