# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a lock file has of images, and which of it an image gets."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.image.declared import (
    DeclaredImage,
    declared,
    fingerprint,
)
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.image.lock import parsed, stale

DIGEST = f"sha256:{'a' * 64}"
NOBLE = {"name": "noble", "ubuntu": "24.04"}
MIRROR = "https://cloud-images.ubuntu.com"
ENTRY = {
    "declared": {"ubuntu": "24.04", "variant": "server", "mirror": MIRROR},
    "arch": "amd64",
    "serial": "20250805",
    "url": f"{MIRROR}/releases/x.img",
    "checksum": DIGEST,
}
PLAIN = {"url": "https://h/x.img", "checksum": "https://h/SUMS"}


def image(options: dict[str, Any], *entries: dict[str, Any]) -> DeclaredImage:
    return declared([options], {options["name"]: list(entries)})[options["name"]]


def test_each_architecture_has_its_entry() -> None:
    arm = {**ENTRY, "arch": "arm64", "url": f"{MIRROR}/releases/arm.img", "checksum": f"sha256:{'b' * 64}"}
    found = image(NOBLE, ENTRY, arm)
    x86 = found.locked_version("x86_64")
    assert x86 == (ENTRY["url"], DIGEST, "20250805", True, None, None)
    assert found.locked_version("aarch64") == (arm["url"], arm["checksum"], "20250805", True, None, None)
    with pytest.raises(VirtfleetError, match="is locked for amd64, arm64, and not for riscv64, which this host needs"):
        found.locked_version("riscv64")
    # An image for one architecture is the same on all hosts.
    fixed = image({**NOBLE, "arch": "amd64"}, {**ENTRY, "declared": {**ENTRY["declared"], "arch": "amd64"}})
    assert fixed.locked_version("aarch64") == x86
    assert image(NOBLE).locked_version("x86_64") is None


@pytest.mark.parametrize(
    ("options", "declaration"),
    [
        (NOBLE, (("ubuntu", "24.04"), ("variant", "server"), ("mirror", MIRROR))),
        (
            {"name": "t", "debian": 13, "variant": "nocloud", "arch": "arm64", "serial": "20250814-2204"},
            (
                ("debian", "13"),
                ("variant", "nocloud"),
                ("arch", "arm64"),
                ("mirror", "https://cloud.debian.org/images/cloud"),
                ("serial", "20250814-2204"),
            ),
        ),
        (
            {
                "name": "u",
                "url": "https://u:PASS@h/x.img?s=PASS",
                "checksum": "https://u:PASS@h/SUMS",
                "mode": "overlay",
            },
            (
                ("url", "https://***@h/x.img?***"),
                ("checksum", "https://***@h/SUMS"),
                ("query", fingerprint("https://h/x.img?s=PASS", "")),
            ),
        ),
        (
            {"name": "p", "path": "/x.img", "checksum": "https://h/SUMS"},
            (("path", "/x.img"), ("checksum", "https://h/SUMS")),
        ),
        ({"name": "d", "url": "https://h/x.img", "checksum": DIGEST}, ()),
        ({"name": "n", "url": "https://h/x.img"}, ()),
    ],
)
def test_what_tells_which_image_it_is(options: dict[str, Any], declaration: Any) -> None:
    assert image(options).declaration == declaration
    more = {**options, "pool": "fast", "format": "raw", "mode": "copy", "image_timeout": 9}
    if "path" not in options:
        assert image(more).declaration == declaration


def test_with_a_keyring_only_what_was_signed_counts() -> None:
    keyring = {"keyring": "/k.gpg"}
    arm = {**ENTRY, "arch": "arm64", "signer": "A" * 40}
    found = image({**NOBLE, **keyring}, ENTRY, arm)
    with pytest.raises(VirtfleetError) as caught:
        found.locked_version("x86_64")
    assert str(caught.value) == (
        "the image noble has a keyring, and no signature was verified of what it is locked as for amd64 (no signer):"
        " run virtfleet.kvm.images_lock with -e images_lock_only=noble"
    )
    signed = found.locked_version("aarch64")
    assert signed is not None
    assert signed.signer == "A" * 40
    plain = {"declared": PLAIN, "checksum": DIGEST}
    for more, words in ((keyring, "what it is locked as \\(no signer\\): run"), ({}, None)):
        found = image({"name": "u", **PLAIN, **more}, plain)
        if words is None:
            assert found.locked_version("x86_64") is not None
            continue
        with pytest.raises(VirtfleetError, match=words):
            found.locked_version("x86_64")


def test_secrets_of_an_url_are_those_of_the_declaration() -> None:
    """The file has none; a locked image comes from where it is declared."""
    options = {**NOBLE, "mirror": "https://user:PASS@mirror/u"}
    shown = {"ubuntu": "24.04", "variant": "server", "mirror": "https://***@mirror/u"}
    entry = {**ENTRY, "declared": shown, "url": "https://***@mirror/u/releases/x.img"}
    found = image(options, entry).locked_version("x86_64")
    assert found is not None
    assert found.place == "https://user:PASS@mirror/u/releases/x.img"
    url = "https://h/x.img?sig=PASS"
    options = {"name": "u", "url": url, "checksum": "https://h/SUMS"}
    shown = {
        "url": "https://h/x.img?***",
        "checksum": "https://h/SUMS",
        "query": fingerprint("https://h/x.img?sig=PASS", ""),
    }
    entry = {"declared": shown, "checksum": DIGEST}
    assert image(options, entry).locked_version("x86_64") == (url, DIGEST, None, True, None, None)


HIDDEN = (
    {"url": "https://h/x?file=a", "checksum": "https://h/SUMS"},
    {"url": "https://h/x?file=b", "checksum": "https://h/SUMS"},
    {"url": "https://h/x;file=a", "checksum": "https://h/SUMS"},
    {"url": "https://h/x;file=b", "checksum": "https://h/SUMS"},
    {"url": "https://h/x?file=a", "checksum": "https://h/SUMS?v=1"},
    {"url": "https://h/x?file=a", "checksum": "https://h/SUMS?v=2"},
    {"url": "https://h/x", "checksum": "https://h/SUMS?file=a"},
    # Here all before the @ is masked, as it may be a password.
    {"url": "https://h:80/x?file=a@b", "checksum": "https://h/SUMS"},
    {"url": "https://h:80/x?file=b@b", "checksum": "https://h/SUMS"},
    {"ubuntu": "24.04", "mirror": "https://h/u;file=a"},
    {"ubuntu": "24.04", "mirror": "https://h/u;file=b"},
    {"path": "/x", "checksum": "https://h/SUMS?v=1"},
    {"path": "/x", "checksum": "https://h/SUMS?v=2"},
)


def test_what_is_hidden_of_an_url_tells_which_image_it_is() -> None:
    declarations = [image({"name": "u", **options}).declaration for options in HIDDEN]
    assert len(set(declarations)) == len(HIDDEN)
    for declaration in declarations:
        assert not any(part in repr(declaration) for part in ("file=", "v=1", "v=2"))
        assert len(dict(declaration)["query"]) == 16
    # It is written, read, and told from another.
    entries = parsed({"u": [{"declared": dict(declarations[0]), "checksum": DIGEST}]})["u"]
    assert stale("u", declarations[0], entries) is None
    assert "and is now declared as url: https://h/x?***" in str(stale("u", declarations[1], entries))
    # Who asks, and what the server never gets, does not count.
    plain = image({"name": "u", "url": "https://h/x", "checksum": "https://h/SUMS"}).declaration
    assert [name for name, _value in plain] == ["url", "checksum"]
    login = [
        image({"name": "u", "url": f"https://{who}@h/x#{at}", "checksum": "https://h/SUMS"}).declaration
        for at, who in enumerate(("me:PASS", "you:WORD"))
    ]
    assert login[0] == login[1]
    assert "query" not in dict(login[0])
    query = [
        image({"name": "u", "url": f"https://{who}@h/x?file=a#{who}", "checksum": "https://h/SUMS"}).declaration
        for who in ("me:PASS", "you:WORD")
    ]
    assert query[0] == query[1]
    assert "query" in dict(query[0])


def test_what_is_declared_otherwise_is_said_with_what_to_do() -> None:
    entries = parsed({"noble": [ENTRY]})["noble"]
    assert stale("noble", image(NOBLE).declaration, entries) is None
    assert stale("noble", image(NOBLE).declaration, ()) is None
    was = f"the image noble is locked as ubuntu: 24.04, variant: server, mirror: {MIRROR}, and is now declared as"
    do = (
        "run virtfleet.kvm.images_lock with -e images_lock_only=noble, or remove it from the lock file"
        " (kvm_images_lock)"
    )
    other = image({**NOBLE, "ubuntu": "26.04"}).declaration
    assert stale("noble", other, entries) == f"{was} ubuntu: 26.04, variant: server, mirror: {MIRROR}: {do}"
    assert stale("noble", (), entries) == f"{was} with a checksum of its own, or none: {do}"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([], "images is no dictionary of images by name"),
        ({"noble": "x"}, "the image noble: its entries are no list"),
        ({5: []}, "the image 5: its entries are no list"),
        ({"noble": [5]}, "the image noble: entry 0 does not say what was declared"),
        ({"noble": [ENTRY, {**ENTRY, "declared": None}]}, "the image noble: entry 1 does not say what was declared"),
        ({"noble": [{**ENTRY, "size": 5}]}, "entry 0: size is none of declared, arch, serial, url, checksum, signer"),
        ({"noble": [{**ENTRY, "signer": "me"}]}, "entry 0: signer: 'me' is no fingerprint of a key"),
        ({"noble": [{**ENTRY, "declared": {"pool": "p"}}]}, "entry 0: declared: pool is no option"),
        ({"noble": [{**ENTRY, "declared": {"debian": 13}}]}, "entry 0: declared: debian is no option"),
        ({"noble": [{**ENTRY, "arch": "x86_64"}]}, "entry 0: arch: 'x86_64' is none of amd64"),
        ({"noble": [{**ENTRY, "serial": 20250805}]}, "entry 0: serial: 20250805 is no serial; it is written in quotes"),
        ({"noble": [{**ENTRY, "url": "file:///etc/passwd"}]}, "entry 0: url: is no URL that starts with"),
        ({"noble": [{**ENTRY, "url": "https://h/{{ x }}"}]}, "entry 0: url: is no URL that starts with"),
        ({"noble": [{**ENTRY, "checksum": "md5:5"}]}, "entry 0: checksum: 'md5:5' is no digest such as"),
        ({"noble": [{**ENTRY, "checksum": DIGEST.upper()}]}, "entry 0: checksum: "),
        ({"noble": [{"declared": {}}]}, "entry 0: checksum: null is no digest"),
        ({"noble": [{**ENTRY, "declared": {}}]}, "entry 0: declared: has not one of url, path, debian, ubuntu"),
        (
            {"noble": [{**ENTRY, "declared": {"ubuntu": "24.04", "debian": "13"}}]},
            "entry 0: declared: has not one of url, path, debian, ubuntu",
        ),
        *(
            (
                {"noble": [{key: value for key, value in ENTRY.items() if key != name}]},
                f"entry 0: {name} is missing, which an image of a distribution has",
            )
            for name in ("arch", "serial", "url")
        ),
        # As a merge of two branches leaves it.
        (
            {"noble": [ENTRY, {**ENTRY, "arch": "arm64"}, {**ENTRY, "serial": "20260101"}]},
            "the image noble: entry 2 has the declaration and architecture of entry 0",
        ),
        (
            {"u": [{"declared": PLAIN, "checksum": DIGEST}] * 2},
            "the image u: entry 1 has the declaration and architecture of entry 0",
        ),
    ],
)
def test_what_is_not_as_it_is_written_is_refused(content: Any, words: str) -> None:
    with pytest.raises(VirtfleetError) as caught:
        parsed(content)
    assert words in str(caught.value)
    with pytest.raises(VirtfleetError) as caught:
        declared([NOBLE], content)
    assert str(caught.value).startswith("images_lock (kvm_images_lock of the role): ")


def test_an_entry_is_written_as_it_was_read() -> None:
    assert [one.entry for one in parsed({"noble": [ENTRY]})["noble"]] == [ENTRY]
    assert parsed(None) == {}
