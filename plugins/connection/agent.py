# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks in a guest by way of the QEMU guest agent."""

from __future__ import annotations

DOCUMENTATION = """
name: agent
version_added: 0.1.0
author: virtfleet contributors (@virtfleet)
short_description: Run tasks in guests through the QEMU guest agent
description:
  - Runs tasks in a guest by its QEMU guest agent, by way of its host. The guest needs no network, no SSH server and no
    key.
  - The control node reaches the host by SSH, and starts a small program there that asks libvirt. Nothing is installed
    or left on the host. Tasks that follow each other share one SSH connection.
  - Tasks run as the user of the agent, which is C(root) on Linux, whatever C(ansible_user) is. C(become) leads to other
    users.
  - Files go in pieces as fast as the agent takes them, which is much slower than SSH.
requirements:
  - OpenSSH's C(ssh) on the control node, and a key for the host, as nobody is asked for a password.
  - python3-libvirt on the host; where O(uri) has no C(+ssh), on the control node.
  - A guest with the package C(qemu-guest-agent), a channel for it, and C(/bin/sh); for most modules, with Python.
options:
  uri:
    description:
      - The URI of the host's libvirt, as seen from the control node, such as V(qemu+ssh://root@kvm01/system).
      - With C(+ssh), the user needs access to libvirt on the host (root, or a member of the group C(libvirt)). The
        parameters C(keyfile), C(known_hosts), C(no_verify), C(command) and C(socket) count as they do in libvirt.
      - Other URIs, such as V(qemu:///system), are opened by the control node itself.
    type: str
    default: qemu:///system
    env:
      - name: VIRTFLEET_AGENT_URI
    ini:
      - section: virtfleet_agent
        key: uri
    vars:
      - name: ansible_kvm_uri
  guest:
    description: The name or UUID of the guest on its host. Left out, it is the name of the host in the inventory.
    type: str
    vars:
      - name: inventory_hostname
      - name: ansible_host
      - name: ansible_kvm_guest
  remote_user:
    description:
      - The user that the agent runs as in the guest. This changes nothing there, it tells Ansible when C(become) is
        needed. C(ansible_user) does not count.
    type: str
    default: root
    vars:
      - name: ansible_kvm_agent_user
  ssh_args:
    description:
      - Arguments for C(ssh) on the way to the host, such as V(-o ProxyJump=bastion).
      - Tasks share a connection by C(ControlMaster), unless arguments for that are given here.
    type: str
    default: ''
    env:
      - name: VIRTFLEET_AGENT_SSH_ARGS
    ini:
      - section: virtfleet_agent
        key: ssh_args
    vars:
      - name: ansible_kvm_ssh_args
  ssh_executable:
    description: The C(ssh) to call.
    type: str
    default: ssh
    env:
      - name: ANSIBLE_SSH_EXECUTABLE
    ini:
      - section: ssh_connection
        key: ssh_executable
    vars:
      - name: ansible_kvm_ssh_executable
  control_path_dir:
    description: The folder for the sockets of SSH connections that are shared.
    type: str
    default: ~/.ansible/cp
    env:
      - name: ANSIBLE_SSH_CONTROL_PATH_DIR
    ini:
      - section: ssh_connection
        key: control_path_dir
    vars:
      - name: ansible_control_path_dir
  become_on_host:
    description:
      - Whether to use C(sudo) on the host, for a user who has no access to libvirt. It has to work without a password.
      - This has nothing to do with C(become), which is about users in the guest.
    type: bool
    default: false
    env:
      - name: VIRTFLEET_AGENT_BECOME
    ini:
      - section: virtfleet_agent
        key: become
    vars:
      - name: ansible_kvm_become
  python:
    description: The Python on the host that has libvirt's binding.
    type: str
    default: /usr/bin/python3
    env:
      - name: VIRTFLEET_AGENT_PYTHON
    ini:
      - section: virtfleet_agent
        key: python
    vars:
      - name: ansible_kvm_python
  agent_timeout:
    description:
      - Seconds that the agent has for each answer. A command in the guest may take as long as it likes, as the agent
        answers meanwhile.
    type: int
    default: 30
    env:
      - name: VIRTFLEET_AGENT_TIMEOUT
    ini:
      - section: virtfleet_agent
        key: timeout
    vars:
      - name: ansible_kvm_agent_timeout
  connection_timeout:
    description: Seconds to reach the host.
    type: int
    default: 10
    env:
      - name: ANSIBLE_TIMEOUT
    ini:
      - section: defaults
        key: timeout
    vars:
      - name: ansible_kvm_connection_timeout
  pipelining:
    description:
      - Whether modules are sent as input of Python, not as files. That saves most of the time, so it is the default
        here. The usual reason against it, C(requiretty) of sudo, does not count, as there never is a terminal.
    type: bool
    default: true
    env:
      - name: ANSIBLE_PIPELINING
    ini:
      - section: defaults
        key: pipelining
      - section: connection
        key: pipelining
    vars:
      - name: ansible_pipelining
notes:
  - Windows guests cannot be reached, as commands are run by C(/bin/sh).
  - A password for C(become) is sent for C(sudo) only, in the input of the command. As C(root), sudo asks for none.
  - The agent writes the commands that it runs into the guest's log, but not their input.
  - If a task is broken off (Ctrl-C, C(timeout)), the command in the guest goes on.
seealso:
  - plugin: virtfleet.kvm.guests
    plugin_type: inventory
"""

EXAMPLES = """
# inventory: a guest without a network, by way of its host
rescue:
  hosts:
    web01:
      ansible_connection: virtfleet.kvm.agent
      ansible_kvm_uri: qemu+ssh://root@kvm01.example.com/system
---
# The host is reached through another one, as a user who may use sudo without a password
rescue:
  hosts:
    web01:
      ansible_connection: virtfleet.kvm.agent
      ansible_kvm_uri: qemu+ssh://ops@kvm01.example.com/system
      ansible_kvm_ssh_args: -o ProxyJump=bastion.example.com
      ansible_kvm_become: true
"""

import contextlib
import typing as t

from ansible.errors import AnsibleConnectionFailure, AnsibleError, AnsibleFileNotFound
from ansible.plugins.become import BecomeBase
from ansible.plugins.connection import ConnectionBase
from ansible.utils.display import Display

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import label, printable, unforeseen
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._agent import way
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._agent.guest import AgentFailed, AgentGuest, Unusable
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._agent.partial_file import PartialFile
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._agent.password import with_password

display = Display()


LONGEST = 24 * 60 * 60
"""The most seconds for an answer: more than libvirt counts makes no sense to it."""


class Connection(ConnectionBase):
    """See the plugin's documentation."""

    transport = "virtfleet.kvm.agent"
    has_pipelining = True
    has_tty = False

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.guest: AgentGuest | None = None

    @property
    def name(self) -> str:
        """The guest, by its name or UUID."""
        return str(self.get_option("guest") or self._play_context.remote_addr)

    def way(self) -> way.AgentWay:
        """The way to the host. Raises VirtfleetError."""
        ssh = way.SshCall(
            self.get_option("ssh_args") or "",
            self.get_option("ssh_executable"),
            self.get_option("connection_timeout"),
            self.get_option("control_path_dir"),
        )
        return way.way(self.get_option("uri"), ssh, self.get_option("become_on_host"), self.get_option("python"))

    def _connect(self) -> Connection:
        """Start the program on the host, unless it is there."""
        if self.guest is None:
            timeout = self.get_option("agent_timeout")
            if not 0 < timeout <= LONGEST:
                raise AnsibleError(
                    f"guest {label(self.name)}: ansible_kvm_agent_timeout: write a number from 1 to {LONGEST}"
                )
            with self.as_ansible_errors("connect"):
                found = self.way()
                display.vvv(f"QEMU GUEST AGENT OF {label(self.name)} ON {found.host}", host=self.name)
                self.guest = AgentGuest(found, self.name, timeout, self.get_option("connection_timeout") + timeout)
            self._connected = True
        return self

    def there(self) -> AgentGuest:
        """The guest, connected."""
        if self.guest is None:
            self._connect()
        return t.cast(AgentGuest, self.guest)

    @contextlib.contextmanager
    def as_ansible_errors(self, what: str) -> t.Iterator[None]:
        """Within, problems become errors that Ansible knows. After one of the way to the guest, a new one is begun.

        :param what: what is being done, in words
        """
        try:
            yield
        except Unusable as problem:
            self.close()
            raise AnsibleConnectionFailure(str(problem)) from None
        except VirtfleetError as problem:
            self.close()
            raise AnsibleConnectionFailure(f"guest {label(self.name)}: {problem}") from None
        except AgentFailed as problem:
            raise AnsibleError(f"guest {label(self.name)}: {what}: {problem}") from None
        except AnsibleError:
            raise
        except Exception as problem:  # Nobody reads a traceback.
            self.close()
            raise AnsibleError(f"guest {label(self.name)}: {what}: {unforeseen(problem)}") from None

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        """Run a command in the guest. Returns its exit code, and what it wrote to standard output and error."""
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        display.vvv(f"EXEC {cmd}", host=self.name)
        data = in_data or b""
        become = self.become if sudoable and self.become and self.become.success else None
        if become and become.success not in cmd:
            become = None
        if become and become.name == "sudo" and become.expect_prompt():
            cmd, data = with_password(cmd, data, become.get_option("become_pass"), become.success)
        with self.as_ansible_errors("run a command"):
            code, out, err = self.there().run(cmd, data)
        return code, out, self.escalated(become, code, out, err) if become else err

    def escalated(self, become: BecomeBase, code: int, out: bytes, err: bytes) -> bytes:
        """What a command wrote to standard error after it became somebody else. Raises AnsibleError if it did not."""
        if code and not become.check_success(out):
            for wrong, problem in (
                (become.check_incorrect_password, "is wrong"),
                (become.check_missing_password, "is missing: set ansible_become_password"),
            ):
                if wrong(err):
                    raise AnsibleError(f"guest {label(self.name)}: the password for {become.name} {problem}")
        prompt = (become.prompt or "").encode()
        return err.replace(prompt, b"", 1).lstrip() if prompt and prompt in err else err

    def put_file(self, in_path: str, out_path: str) -> None:
        """Copy a file into the guest."""
        super().put_file(in_path, out_path)
        display.vvv(f"PUT {in_path} TO {out_path}", host=self.name)
        try:
            file = open(in_path, "rb")  # noqa: SIM115 # It is closed below.
        except FileNotFoundError:
            raise AnsibleFileNotFound(f"there is no file {printable(in_path)} on the control node") from None
        except OSError as error:
            raise AnsibleError(f"the file {printable(in_path)} cannot be read: {error.strerror}") from None
        with file, self.as_ansible_errors(f"write the file {printable(out_path)}"):
            self.there().put(out_path, file)

    def fetch_file(self, in_path: str, out_path: str) -> None:
        """Copy a file from the guest. If that fails, nothing of it is left here."""
        super().fetch_file(in_path, out_path)
        display.vvv(f"FETCH {in_path} TO {out_path}", host=self.name)
        with self.as_ansible_errors(f"read the file {printable(in_path)}"), PartialFile(out_path) as kept:
            self.there().read(in_path, kept.write)

    def close(self) -> None:
        """End the program on the host."""
        if self.guest is not None:
            self.guest.close()
            self.guest = None
        self._connected = False

    def reset(self) -> None:
        """End the program on the host, and the shared connection to it."""
        self.close()
        with self.as_ansible_errors("reset"):
            way.close_connection(self.way())
