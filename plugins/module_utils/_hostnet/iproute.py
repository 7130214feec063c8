# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask ``ip``. Apart from what reads a whole network, which most who ask it do not need."""

from __future__ import annotations

import json
import subprocess
import typing as t

from .._errors import VirtfleetError
from .agent import files, network

PATIENCE = 30
"""Seconds that ``ip`` may take."""


def ip(*words: str) -> t.Any:
    """What ``ip -json`` says. Raises VirtfleetError where it does not tell.

    :param words: its arguments, such as ``address`` and ``show``
    """
    command = ["ip", "-json", *words]
    shown = " ".join(command)
    try:
        status, output, errors = network.run(command, PATIENCE)
        if status:
            raise VirtfleetError(f"{shown}: {network.on_one_line(errors or output)}")
        return json.loads(output or "[]")
    except FileNotFoundError:
        raise VirtfleetError("ip is missing on this host: install iproute2") from None
    except subprocess.TimeoutExpired:
        raise VirtfleetError(f"{shown}: did not end within {PATIENCE} s") from None
    except OSError as error:
        raise VirtfleetError(f"{shown}: {files.problem(error)}") from None
    except ValueError:
        raise VirtfleetError(f"{shown}: printed something that is no JSON") from None
