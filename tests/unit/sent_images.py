# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An action plugin as far as images that the control node sends need one. Its host is this machine, in a folder."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ansible.errors import AnsibleConnectionFailure, AnsibleError


class SentTo:
    """An action plugin.

    :param folder: Ansible's temporary folder on the host
    :ivar sent: what was sent, from where to where
    :ivar broken: how sending a file fails
    :ivar lost: whether the host is out of reach from then on
    :ivar free: what df tells of free KiB; None for what it tells really
    """

    def __init__(self, folder: Path, **args: Any) -> None:
        self.folder, self.sent, self.made = folder, list[tuple[str, str]](), 0
        self.broken: Exception | None = None
        self.lost = False
        self.free: int | None = None
        self._task = SimpleNamespace(args=args, check_mode=False, async_val=0, no_log=False, delegate_to=None)
        shell = SimpleNamespace(tmpdir=None, join_path=lambda *parts: "/".join(parts), remove=self.removing)
        self._connection = SimpleNamespace(_shell=shell)

    def removing(self, path: str, recurse: bool = False) -> str:
        return f"rm -{'r' if recurse else ''}f {shlex.quote(path)}"

    def _make_tmp_path(self) -> str:
        self.made += 1
        path = self.folder / f"ansible-tmp-{self.made}"
        path.mkdir(0o700, parents=True)
        self._connection._shell.tmpdir = str(path)
        return f"{path}/"

    def _low_level_execute_command(self, command: str, sudoable: bool = True) -> dict[str, Any]:
        assert not sudoable
        if self.lost:
            raise AnsibleConnectionFailure("the host is away")
        if self.free is not None and command.startswith("df "):
            return {
                "rc": 0,
                "stdout": f"Filesystem 1024-blocks Used Available Capacity Mounted\n/x 9 9 {self.free} 9% /",
            }
        done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
        return {"rc": done.returncode, "stdout": done.stdout}

    def _transfer_file(self, local: str, remote: str) -> None:
        if self.broken is not None:
            Path(remote).write_bytes(Path(local).read_bytes()[:100])
            raise self.broken
        shutil.copyfile(local, remote)
        self.sent.append((local, remote))

    def _fixup_perms2(self, paths: Any) -> None:
        assert all(Path(path).exists() for path in paths)

    @property
    def left(self) -> list[str]:
        """What is in the temporary folder on the host."""
        return sorted(path.name for path in self.folder.iterdir()) if self.folder.exists() else []


__all__ = ["AnsibleError", "SentTo"]
