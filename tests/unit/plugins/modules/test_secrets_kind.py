# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets of libvirt through whole modules, on a host in memory."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Change, Host, Scope
from ansible_collections.virtfleet.kvm.plugins.module_utils._flow import outcome
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.secret import digests, users
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.secret.observe import Named
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared.derived_values import derive_uuid
from ansible_collections.virtfleet.kvm.plugins.modules import domains, pools, secrets, secrets_info
from ansible_collections.virtfleet.kvm.tests.unit.secret_host import SecretHost

Run = Callable[..., dict[str, Any]]
VALUE = "sup3r-s3cret"
CEPH = {"name": "client.libvirt", "usage": "ceph", "private": True, "value_base64": "AQIDBP8="}
TLS = {"name": "a key", "usage": "tls", "value": VALUE}


@pytest.fixture
def host(secret_host: SecretHost) -> SecretHost:
    """A host with no secrets yet."""
    return secret_host


@pytest.fixture
def call(host: SecretHost, declare: Run) -> Run:
    """Declare secrets: in check mode, for real, and once more. Nothing of a value is in what is told."""

    def called(*config: dict[str, Any], **args: Any) -> dict[str, Any]:
        result = declare(secrets, *config, **args)
        told = json.dumps(result)
        for item in config:
            for name in ("value", "value_base64"):
                assert str(item.get(name) or VALUE) not in told
        return result

    return called


def paths(result: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """What changed: the path, before and after."""
    return [(change["path"], change["before"], change["after"]) for change in result["changes"]]


@pytest.mark.parametrize(
    ("usage", "place"),
    [("ceph", "name"), ("iscsi", "target"), ("tls", "name"), ("volume", "volume"), ("vtpm", "name")],
)
def test_each_usage_has_its_own_place_for_the_name(call: Run, host: SecretHost, usage: str, place: str) -> None:
    name = "/srv/x.img" if usage == "volume" else "x y"
    result = call({"name": name, "usage": usage, "value_base64": "eA==", "description": "d"})
    root = host.named(name).root
    assert (root.find("usage").get("type"), root.findtext(f"usage/{place}")) == (usage, name)
    assert (root.get("private"), root.get("ephemeral"), root.findtext("description")) == ("no", "no", "d")
    assert [path for path, _before, _after in paths(result)] == ["definition", "value"]
    assert host.named(name).kept == b"x"


def test_the_uuid_follows_from_the_name(call: Run, host: SecretHost) -> None:
    call(TLS)
    first = host.named("a key").UUIDString()
    call({"name": "a key", "state": "absent"})
    assert host.secrets == {}
    call(TLS)
    assert host.named("a key").UUIDString() == first


@pytest.mark.parametrize("private", [False, True])
def test_a_value_that_changes_is_told_and_not_shown(call: Run, host: SecretHost, private: bool) -> None:
    call({**TLS, "private": private})
    assert call({"name": "a key"})["changes"] == []
    assert call({"name": "a key", "value_base64": base64.b64encode(VALUE.encode()).decode()})["changes"] == []
    result = call({"name": "a key", "value": "an0ther one"})
    assert paths(result) == [("value", "(secret)", "(secret)")]
    assert result["diff"][0]["after"] == "value: (secret) (changed)\n"
    assert host.named("a key").kept == b"an0ther one"


def test_a_value_that_comes_later(call: Run, host: SecretHost) -> None:
    result = call({"name": "a key", "usage": "tls"})
    assert [warning for warning in result["warnings"] if "without a value" in warning]
    assert paths(call(TLS)) == [("value", None, "(secret)")]


def test_what_is_noted_of_a_private_one(call: Run, host: SecretHost, noted: Any) -> None:
    call(CEPH, TLS)
    assert list(noted.entries("secrets")) == ["a key", "client.libvirt"]
    (entry,) = noted.entries("secret_values").values()
    text = Path(noted.path).read_text()
    assert all(word not in text for word in (VALUE, "AQIDBP8=", "010203"))
    assert entry["digest"].startswith("pbkdf2$")
    assert Path(noted.path).stat().st_mode & 0o777 == 0o600
    call({"name": "client.libvirt", "state": "absent"}, {"name": "a key", "state": "absent"})
    assert (noted.entries("secrets"), noted.entries("secret_values")) == ({}, {})


def test_a_private_one_of_somebody_else_is_set_once(call: Run, host: SecretHost, noted: Any) -> None:
    xml = "<secret private='yes'><usage type='tls'><name>a key</name></usage></secret>"
    host.secretDefineXML(xml).setValue(VALUE.encode())
    assert paths(call(TLS)) == [("value", "(secret)", "(secret)")]
    assert noted.entries("secrets") == {}  # It was there, and is no leftover of this collection.


def test_a_value_that_somebody_else_sets(
    call: Run, host: SecretHost, run_main: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    call(CEPH, TLS)
    host.named("a key").setValue(b"by hand")
    assert paths(call(CEPH, TLS)) == [("value", "(secret)", "(secret)")]
    monkeypatch.setattr(digests, "stamp", lambda uri, secret: "another")
    assert [change["resource"] for change in call(CEPH, TLS)["changes"]] == ["secret client.libvirt"]


def test_the_stamp_is_that_of_the_file(host: SecretHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = host.secretDefineXML("<secret><usage type='tls'><name>a</name></usage></secret>")
    monkeypatch.setattr(digests, "FOLDER", str(tmp_path))
    assert digests.stamp("qemu:///system", secret) == "unseen"
    file = tmp_path / f"{secret.UUIDString()}.base64"
    file.write_text("YQ==")
    first = digests.stamp("qemu:///system", secret)
    assert first == digests.stamp("qemu:///system", secret) != "unseen"
    assert digests.stamp("qemu+ssh://root@other/system", secret) == "unseen"
    file.with_suffix(".new").write_text("YQ==")
    file.with_suffix(".new").rename(file)
    assert digests.stamp("qemu:///system", secret) != first


@pytest.mark.parametrize(
    ("files", "more", "known"),
    [
        (("xml", "base64"), "", True),
        (("xml", "aes256cbc"), "", True),  # libvirt 12.1 and later
        (("xml",), "", False),
        ((), "", None),
        (("xml",), " ephemeral='yes'", None),
    ],
)
def test_whether_a_private_one_has_a_value(
    host: SecretHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: tuple[str, ...], more: str, known: Any
) -> None:
    """libvirt tells nobody. Its files do."""
    secret = host.secretDefineXML(f"<secret private='yes'{more}><usage type='tls'><name>a</name></usage></secret>")
    monkeypatch.setattr(digests, "FOLDER", str(tmp_path))
    for ending in files:
        (tmp_path / f"{secret.UUIDString()}.{ending}").touch()
    assert digests.has_value("qemu:///system", Named(secret)) is known
    if not files:
        assert digests.has_value("qemu+ssh://root@other/system", Named(secret)) is None


def test_a_private_one_that_never_had_a_value(call: Run, host: SecretHost, monkeypatch: pytest.MonkeyPatch) -> None:
    host.secretDefineXML("<secret private='yes'><usage type='tls'><name>a key</name></usage></secret>")
    monkeypatch.setattr(digests, "has_value", lambda uri, secret: False)
    result = call({**TLS, "private": True})
    assert paths(result) == [("value", None, "(secret)")]
    assert "(changed)" not in result["diff"][0]["after"]


def test_private_and_kept_on_disk_from_now_on(call: Run, host: SecretHost) -> None:
    call({**TLS, "ephemeral": True})
    assert paths(call({**TLS, "ephemeral": False, "private": True})) == [
        ("ephemeral", True, False),
        ("private", False, True),
    ]
    assert call({**TLS, "private": True})["changes"] == []


def test_private_is_not_taken_back(call: Run, host: SecretHost) -> None:
    call(CEPH)
    for private in (False, None):
        told = call({"name": "client.libvirt", "private": private}, fails=True)["msg"]
        assert "libvirt does not take it back" in told


def test_one_that_was_on_disk_does_not_become_ephemeral(call: Run, host: SecretHost) -> None:
    call(TLS)
    told = call({**TLS, "ephemeral": True}, fails=True)["msg"]
    assert "ephemeral: libvirt leaves the definition of this secret on disk" in told
    assert host.named("a key").root.get("ephemeral") == "no"


def test_a_name_that_the_schema_would_not_take_is_left_alone(call: Run, host: SecretHost) -> None:
    """It was defined without asking for the schema, as virsh does."""
    host.secretDefineXML("<secret><usage type='tls'><name>a/b</name></usage></secret>").setValue(b"x")
    item = {"name": "a/b", "usage": "tls", "value": VALUE}
    assert paths(call(item)) == [("value", "(secret)", "(secret)")]
    told = call({**item, "description": "d"}, fails=True)["msg"]
    assert "name: 'a/b' has a '/', which only the name of a secret with usage volume has" in told


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ({"usage": "volume", "value": VALUE}, "name: 'a' is no path from the root"),
        ({"usage": "volume", "name": "/"}, "name: '/' is no path from the root"),
        ({"usage": "tls", "name": "a/b"}, "name: 'a/b' has a '/'"),
        ({"usage": "floppy"}, "usage: "),
        ({"usage": "ceph", "value": VALUE}, "write it as value_base64"),
        ({"usage": "tls", "value": VALUE, "value_base64": "eA=="}, "does not go together with value"),
        ({"usage": "tls", "value": None}, "value: cannot be null: libvirt takes no value away"),
        ({"usage": "tls", "value_base64": None}, "value_base64: cannot be null"),
        ({"usage": "tls", "value_base64": "sup3r-s3cret"}, "value_base64: is not base64"),
        ({"usage": "tls", "value": ""}, "value: is empty"),
        ({"usage": "tls", "value": 12345678}, "value: is not a text; write it in quotes"),
        ({"usage": "tls", "value": ["sup3r-s3cret"]}, "value: is not a text"),
        ({"usage": "tls", "value": "x" * 65537}, "has 65537 bytes"),
        ({"name": "-x"}, "is not a safe name"),
        ({"name": " x"}, "is not a safe name"),
        ({"name": "x" * 1001}, "1 to 1000 bytes"),
        ({}, "usage: a new secret needs it"),
    ],
)
def test_what_cannot_be_is_refused(host: SecretHost, run_main: Run, item: dict[str, Any], said: str) -> None:
    for check in (True, False):
        result = run_main(secrets.main, uri="test:///default", check=check, fails=True, config=[{"name": "a", **item}])
        assert said in result["msg"]
        assert not any(word in json.dumps(result) for word in (VALUE, "12345678", "Traceback"))
    assert host.secrets == {}


def test_the_usage_is_fixed(call: Run, host: SecretHost, run_main: Run) -> None:
    call(TLS)
    result = run_main(secrets.main, uri="test:///default", fails=True, config=[{"name": "a key", "usage": "vtpm"}])
    assert "usage: is tls and cannot be changed to vtpm" in result["msg"]


def test_two_of_one_name_are_left_alone(call: Run, host: SecretHost) -> None:
    for usage in ("tls", "vtpm"):
        host.secretDefineXML(f"<secret><usage type='{usage}'><name>a key</name></usage></secret>")
    assert "the host has several secrets of this name" in call(TLS, fails=True)["msg"]
    assert len(host.secrets) == 2


def test_a_uuid_that_another_one_has(call: Run, host: SecretHost) -> None:
    call(TLS)
    taken = host.named("a key").UUIDString()
    result = call({"name": "b", "usage": "tls", "uuid": taken}, fails=True)
    assert "its UUID is that of the secret a key" in result["msg"]


UUID = "9a3c1f52-3c0e-4b7a-9e44-2a8f0c1b7d93"


def test_two_new_ones_with_one_uuid(call: Run, host: SecretHost) -> None:
    pair = [{"name": name, "usage": "tls", "uuid": UUID, "value": "x"} for name in ("u1", "u2")]
    result = call(*pair, fails=True)
    assert (
        "secret u2: uuid: is that of the secret u1 as well, which is declared, too: give each its own" in result["msg"]
    )
    assert [one.usageID() for one in host.secrets.values()] == ["u1"]


def test_one_takes_the_uuid_of_one_that_goes_before_it(call: Run, host: SecretHost) -> None:
    call({"name": "u1", "usage": "tls", "uuid": UUID, "value": "x"})
    new = {"name": "u3", "usage": "tls", "uuid": UUID, "value": "x"}
    call({"name": "u1", "state": "absent"}, new)
    assert host.named("u3").UUIDString() == UUID


def test_the_uuid_of_one_without_a_usage(call: Run, host: SecretHost) -> None:
    host.secretDefineXML(f"<secret><uuid>{UUID}</uuid></secret>")
    result = call({"name": "u1", "usage": "tls", "uuid": UUID.upper(), "value": "x"}, fails=True)
    assert "its UUID is that of a secret without a usage, which somebody made by hand: give u1" in result["msg"]
    assert f"virsh secret-undefine {UUID}" in result["msg"]


@pytest.mark.parametrize("digest", ["pbkdf2$salt$h\u00e4sh", "pbkdf2$\ud800$x", "nonsense"])
def test_a_digest_that_is_none_is_another(call: Run, host: SecretHost, noted: Any, digest: Any) -> None:
    item = {"name": "u1", "usage": "tls", "private": True, "value": "x"}
    call(item)
    noted.put("secret_values", "u1", uuid=host.named("u1").UUIDString(), digest=digest, stamp="unseen")
    assert [change["path"] for change in call(item)["changes"]] == ["value"]


def test_nobody_can_tell_what_is_private_and_ephemeral(call: Run, host: SecretHost) -> None:
    item = {"name": "u1", "usage": "tls", "private": True, "ephemeral": True, "value": "x"}
    call(item)
    assert any("is private and ephemeral, so nobody can tell" in line for line in call(item)["warnings"])
    assert call({**item, "name": "u2", "ephemeral": False})["warnings"] == []


def test_of_two_hidden_values_it_is_said_that_they_differ() -> None:
    told = outcome.unkept([Change("value", "(secret)", "(secret)"), Change("boot", ["a"], ["b"]), Change("x", 1, 2)])
    assert "value is not as declared" in told
    assert told.endswith("x is 1, not 2")


def test_a_value_that_cannot_be_set_leaves_no_new_secret(host: SecretHost, run_main: Run, noted: Any) -> None:
    host.stubborn = True
    result = run_main(secrets.main, uri="test:///default", fails=True, config=[TLS])
    assert "set_value: no space left on device" in result["msg"]
    assert (host.secrets, noted.entries("secrets"), result["changes"]) == ({}, {}, [])


# --- who uses them ---

GUEST = {"name": "web01", "memory": "64MiB", "state": "stopped"}
BACKED = {"type": "emulator", "version": "2.0"}


def disk(**secret: str) -> dict[str, Any]:
    """A disk on Ceph that refers to a secret."""
    part = "".join(f" {name}='{value}'" for name, value in secret.items())
    return {
        "xml": "<devices><disk type='network' device='disk'><source protocol='rbd' name='p/v'>"
        f"<host name='c'/><auth username='a'><secret type='ceph'{part}/></auth></source>"
        "<target dev='vdx' bus='virtio'/></disk></devices>"
    }


@pytest.mark.parametrize("by", ["usage", "uuid"])
def test_one_that_a_guest_refers_to_stays(call: Run, host: SecretHost, run_main: Run, by: str) -> None:
    call(CEPH)
    value = {"usage": "client.libvirt", "uuid": host.named("client.libvirt").UUIDString()}[by]
    run_main(domains.main, uri="test:///default", config=[{**GUEST, **disk(**{by: value})}])
    result = call({"name": "client.libvirt", "state": "absent"}, fails=True)
    assert "state: is used by guest web01" in result["msg"]
    purged = call(purge=True, fails=True)
    assert "is no longer declared, but used by guest web01" in purged["msg"]
    run_main(domains.main, uri="test:///default", config=[{"name": "web01", "state": "absent"}])
    assert paths(call(purge=True)) == [("state", "present", "absent")]


def test_one_that_a_pool_refers_to_stays(call: Run, host: SecretHost, run_main: Run) -> None:
    call(CEPH)
    auth = {"type": "ceph", "username": "a", "secret": {"usage": "client.libvirt"}}
    pool = {"type": "rbd", "source": {"name": "p", "hosts": [{"name": "c"}], "auth": auth}}
    run_main(pools.main, uri="test:///default", config=[{"name": "p", "state": "present", **pool}])
    assert "is used by pool p" in call({"name": "client.libvirt", "state": "absent"}, fails=True)["msg"]


def test_one_that_goes_with_its_guest_in_the_same_run(call: Run, host: SecretHost, run_main: Run) -> None:
    """What the action plugins hand over in check mode: what guests will be, and pools that are gone by then."""
    call(CEPH)
    uri = "test:///default"
    run_main(domains.main, uri=uri, config=[{**GUEST, **disk(usage="client.libvirt")}])
    uuid = host.lookupByName("web01").UUIDString()
    going = {"uri": uri, "check": True, "config": [{"name": "client.libvirt", "state": "absent"}]}
    for told, fails in (
        ({"web01": {"uuid": uuid, "gone": True}}, False),
        ({"web01": {"uuid": uuid, "secrets": []}}, False),
        ({"web01": {"uuid": uuid, "secrets": [["usage", "client.libvirt"]]}}, True),
        ({"web01": {"uuid": uuid, "gone": True}, "web02": {"secrets": [["usage", "client.libvirt"]]}}, True),
    ):
        run_main(secrets.main, fails=fails, _forecast={"domains": told}, **going)


def test_one_that_the_configuration_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "qemu.conf"
    file.write_text('#default_tls_x509_secret_uuid = "A"\nvnc_tls_x509_secret_uuid = "B-C"\n')
    monkeypatch.setattr(users, "CONFIGURATION", str(file))
    assert list(users.configured()) == [("uuid", "b-c")]


@pytest.mark.parametrize("by", ["usage", "uuid"])
def test_a_guest_or_pool_that_refers_to_none(host: SecretHost, call: Run, run_main: Run, by: str) -> None:
    """It could not start. Where an earlier task would make the secret, nothing is said."""
    uri, name = "test:///default", "client.libvirt"
    uuid = derive_uuid(Scope("secret", name, Host()))
    value = {"usage": name, "uuid": uuid}[by]
    auth = {"type": "ceph", "username": "a", "secret": {by: value}}
    pool = {"name": "p", "type": "rbd", "source": {"name": "p", "hosts": [{"name": "c"}], "auth": auth}}
    guest = {**GUEST, "state": "running", **disk(**{by: value})}
    said = "refers to a secret that libvirt does not have on this host"
    for module, item, place in ((domains, guest, "disks[0].source"), (pools, pool, "source.auth.secret")):
        for check in (True, False):
            result = run_main(module.main, uri=uri, check=check, fails=True, config=[item])
            assert f"{place}: {said}" in result["msg"]
        foretold = run_main(module.main, uri=uri, check=True, config=[item], _forecast={"secrets": {name: {}}})
        assert not [warning for warning in foretold["warnings"] if said in warning]
    call(CEPH)
    for module, item in ((domains, guest), (pools, pool)):
        run_main(module.main, uri=uri, config=[item])
    gone = run_main(
        domains.main, uri=uri, check=True, config=[{**guest, "name": "b"}], _forecast={"secrets": {name: None}}
    )
    assert [warning for warning in gone["warnings"] if said in warning]


def test_only_what_was_made_is_purged(call: Run, host: SecretHost) -> None:
    host.secretDefineXML("<secret><usage type='tls'><name>other</name></usage></secret>")
    host.secretDefineXML("<secret/>")
    call(CEPH, owner="a")
    call(TLS, owner="b")
    result = call(purge=True, owner="a")
    assert [change["resource"] for change in result["changes"]] == ["secret client.libvirt"]
    assert sorted(one.usageID() for one in host.secrets.values()) == ["", "a key", "other"]


def test_info(call: Run, host: SecretHost, run_main: Run) -> None:
    call(CEPH, TLS, {"name": "empty", "usage": "vtpm"})
    host.secretDefineXML("<secret/>")
    result = run_main(secrets_info.main, uri="test:///default")
    assert [(one["name"], one["has_value"]) for one in result["secrets"]] == [
        ("a key", True),
        ("client.libvirt", None),
        ("empty", False),
    ]
    assert VALUE not in json.dumps(result)
    assert [(one["uncovered"], one["refused"], one["secrets"]) for one in result["secrets"]] == [([], [], [])] * 3
    assert call(*(one["config"] for one in result["secrets"]))["changes"] == []
