# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets that libvirt's own configuration names are in use."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.secret import users

TEXT = """\
# vnc_tls_x509_secret_uuid = "00000000-0000-0000-0000-000000000000"
  #chardev_tls_x509_secret_uuid = "00000000-0000-0000-0000-000000000001"
default_tls_x509_secret_uuid = "AAAAAAAA-0000-0000-0000-000000000002"
backup_tls_x509_secret_uuid='aaaaaaaa-0000-0000-0000-000000000003'
vnc_listen = "aaaaaaaa-0000-0000-0000-000000000004"
"""


def test_what_the_configuration_names_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(users, "CONFIGURATION", str(tmp_path / "qemu.conf"))
    assert list(users.configured()) == []
    (tmp_path / "qemu.conf").write_text(TEXT)
    assert list(users.configured()) == [("uuid", f"aaaaaaaa-0000-0000-0000-00000000000{last}") for last in (2, 3)]
