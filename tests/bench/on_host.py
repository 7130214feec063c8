# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the benchmark runs on the host: libvirt's own calls and nothing else, as fast as Python makes them.

    on_host.py read                 list every domain, get its persistent document, parse it
    on_host.py write FILE           define the documents that FILE holds as a JSON list
    on_host.py remove               undefine every domain
    on_host.py machines             print the machine types that libvirt offers, as JSON
    on_host.py measure LOG PYTHON ARGUMENT...   run Python as Ansible does; note its memory and CPU time in LOG

The first three print the seconds that they took, with the import of libvirt and without Python's own start.
"""

from __future__ import annotations

import time

START = time.perf_counter()

import json  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402
import typing as t  # noqa: E402


def measure(log: str, *command: str) -> int:
    """Run a command; write its peak memory in MiB and its CPU seconds to a file."""
    process = os.posix_spawn(command[0], command, os.environ)
    _pid, status, usage = os.wait4(process, 0)
    with open(log, "w", encoding="utf-8") as file:
        json.dump({"memory": usage.ru_maxrss / 1024, "cpu": usage.ru_utime + usage.ru_stime}, file)
    return os.waitstatus_to_exitcode(status)


def read(libvirt: t.Any, connection: t.Any) -> None:
    from xml.etree import ElementTree as ET

    flags = libvirt.VIR_DOMAIN_XML_INACTIVE | libvirt.VIR_DOMAIN_XML_SECURE
    for domain in connection.listAllDomains(0):
        ET.fromstring(domain.XMLDesc(flags))


def write(connection: t.Any, path: str) -> None:
    with open(path, encoding="utf-8") as file:
        documents = json.load(file)
    for document in documents:
        connection.defineXMLFlags(document, 0)


def remove(connection: t.Any) -> None:
    for domain in connection.listAllDomains(0):
        domain.undefine()


def machines(connection: t.Any) -> None:
    from xml.etree import ElementTree as ET

    capabilities = ET.fromstring(connection.getCapabilities())
    guest = next(node for node in capabilities.iter("guest") if node.find("arch[@name='x86_64']") is not None)
    offered = {node.text: node.get("canonical", node.text) for node in guest.iter("machine")}
    print(json.dumps(offered))


def main(action: str, *arguments: str) -> int:
    if action == "measure":
        return measure(*arguments)
    import libvirt

    connection = libvirt.open("qemu:///system")
    if action == "machines":
        machines(connection)
        return 0
    if action == "read":
        read(libvirt, connection)
    elif action == "write":
        write(connection, *arguments)
    else:
        remove(connection)
    connection.close()
    print(time.perf_counter() - START)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
