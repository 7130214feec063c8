#!/usr/bin/python
# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: images_info
short_description: Tell which versions declared images are now
version_added: 0.1.0
author:
  - virtfleet contributors (@virtfleet)
description:
  - Asks the servers of declared images which version they have, and tells it with its URL and checksum. It also tells
    what a lock file has of them, and which base images of them the host keeps.
  - The host asks the servers, for the images of its architecture, or the control node does, as O(images_via) says.
    Nothing is fetched but indexes and lists of checksums.
  - The playbook C(virtfleet.kvm.images_lock) writes the lock file by this.
extends_documentation_fragment:
  - virtfleet.kvm.connection
  - virtfleet.kvm.reading
  - virtfleet.kvm.image
options:
  names:
    description: Images to look at, by their names in O(images). Left out, it is all of them.
    type: list
    elements: str
  query:
    description:
      - A JMESPath expression over RV(images), such as V([?locked && locked.checksum != checksum].name).
      - It is evaluated on the control node, which needs the Python library jmespath for it.
    type: str
seealso:
  - module: virtfleet.kvm.domains
    description: A disk names an image.
  - module: virtfleet.kvm.volumes
  - plugin: virtfleet.kvm.query
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Ask which version of an image there is
  virtfleet.kvm.images_info:
    images:
      - name: noble
        ubuntu: '24.04'
  register: now

- name: Show its serial
  ansible.builtin.debug:
    var: now.images[0].serial
"""

RETURN = r"""
images:
  description: The images, in the order of O(images).
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the image.
      type: str
      sample: noble
    declared:
      description:
        - What tells which image it is, as the lock file has it, without what may be secret in URLs.
        - For the query of a URL it has C(query), a digest by which it is told from another.
        - It is empty for an image that needs no lock, as it is declared with a digest, or cannot have one, as it is
          declared without a checksum.
      type: dict
      sample: {ubuntu: '24.04', variant: server, mirror: 'https://cloud-images.ubuntu.com'}
    arch:
      description: The architecture, as the distribution calls it; V(null) for an image of no distribution.
      type: str
      sample: amd64
    serial:
      description: The version that the server has now, as the distribution calls it; V(null) where there is none.
      type: str
      sample: '20250805'
    url:
      description:
        - Where that version is, or the path of the file; V(null) where that could not be found out.
        - For an image of a distribution, it is the URL of this serial, which stays the same image.
      type: str
    checksum:
      description: Its checksum; V(null) where there is none, or it could not be found out.
      type: str
    signer:
      description:
        - The fingerprint of the key that the index or list is signed with, which tells all this. V(null) where no
          signature was verified.
      type: str
      sample: 4A3CE3CD565D7EB5C810E2B97FF3F408476CF100
    unverified:
      description:
        - Why no signature was verified, such as a host without the keyring. V(null) where one was, or where no index or
          list tells of the image.
      type: str
    problem:
      description: Why the version could not be found out; V(null) where it was.
      type: str
    locked:
      description:
        - The C(serial), C(url), C(checksum) and C(signer) that O(images_lock) has of the image for this host. V(null)
          where it has none.
      type: dict
    lock_problem:
      description: Why new disks cannot be made of what O(images_lock) has of the image; V(null) where they can.
      type: str
    volumes:
      description: The base images of it that the host keeps.
      type: list
      elements: dict
      contains:
        volume:
          description: Pool and name of the volume.
          type: str
          sample: default/noble-3f2a9c01b2de.qcow2
        serial:
          description: Its version, as the distribution calls it; V(null) where that is not known.
          type: str
        checksum:
          description: The checksum that it had when it was fetched; V(null) where it had none.
          type: str
        current:
          description: Whether new disks would be made of it.
          type: bool
found:
  description: Result of the expression in O(query).
  returned: with O(query)
  type: raw
"""

from ..module_utils import _zip_imports  # noqa: F401  # pylint: disable=unused-import
from ..module_utils._errors import VirtfleetError
from ..module_utils._flow.arguments import ASKED, IMAGES, URI
from ..module_utils._flow.module import Module, no_traceback
from ..module_utils._kinds.image.declared import DeclaredImage, declared
from ..module_utils._kinds.image.facts import image_facts
from ..module_utils._libvirt.connection import Session
from ..module_utils._printing import label


def main() -> None:
    module = Module(
        argument_spec={**URI, **IMAGES, "names": {"type": "list", "elements": "str"}, "query": {"type": "str"}}
    )
    given = module.params
    if given["query"] is not None:
        module.fail_json(msg="query is evaluated on the control node, by the action plugin of this module")
    found, problem = [], None
    with no_traceback(module, "looking at the images"):
        try:
            images = declared(given["images"], given["images_lock"], given["images_via"], module.brought)
            wanted = selected(images, given["names"])
            with Session(given["uri"]) as session:
                found = image_facts(wanted, session)
        except VirtfleetError as error:
            problem = str(error)
    if problem is not None:
        module.fail_json(msg=problem)
    asked = module.brought.wanted((), check=True)
    module.exit_json(changed=False, **({ASKED: asked} if asked else {"images": found}))


def selected(images: dict[str, DeclaredImage], names: list[str] | None) -> list[DeclaredImage]:
    """The images of some names. Raises VirtfleetError for a name that none has."""
    for name in (name for name in names or () if name not in images):
        raise VirtfleetError(f"names: {label(name)} is not among the images")
    return [image for name, image in images.items() if names is None or name in names]


if __name__ == "__main__":
    main()
