# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of an image. Generated from its table by tests/tools/doc_fragments.py."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  images:
    description:
    - The images that are declared, each a dictionary of its options.
    - The host keeps each version of an image as one volume, C(NAME-DIGEST.FORMAT), which is
      only read. It is made when the first disk is made from it, and is never changed. A new
      version of the image is another volume, for new disks; disks that exist stay as they are.
    - Where C(checksum) is the URL of a list, that is fetched whenever a disk is to be made,
      also in check mode. Without a C(checksum), an image that has changed behind its URL is
      not noticed.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the image, by which disks and volumes refer to it (C(image)), such
          as V(debian-13).
        type: str
        required: true
      url:
        description: 'URL that the image is fetched from, once for each host. It is a qcow2
          that names no other file, or a raw disk with a partition table, a boot sector or a
          file system, or an ISO 9660 image. It may be compressed with gzip, xz, bzip2 or zstd.
          Anything else is refused. Where C(format: raw) is written out, a file that is no disk
          is copied as it is; an ending of the name is not enough. The page C(docs/images.md)
          has the limits.'
        type: str
      path:
        description: Path of the image on the host, in place of C(url), such as V(/srv/images/debian.qcow2).
        type: str
      debian:
        description: 'Release of Debian, such as V(13) or V(trixie), in place of C(url): the
          host finds the newest image on the C(mirror).'
        type: str
      ubuntu:
        description: 'Release of Ubuntu, such as V(''24.04'') or V(noble), in place of C(url):
          the host finds the newest image in the index of the C(mirror).'
        type: str
      variant:
        description: Variant of the distribution's image. For C(debian) it is V(genericcloud),
          if left out, V(generic) or V(nocloud); for C(ubuntu) it is V(server), if left out,
          or V(minimal).
        type: str
        choices:
        - genericcloud
        - generic
        - nocloud
        - server
        - minimal
      arch:
        description: Architecture of the distribution's image. Left out, it is that of the host.
        type: str
        choices:
        - amd64
        - arm64
        - armhf
        - ppc64el
        - riscv64
        - s390x
      mirror:
        description: URL of a mirror of the distribution's images. Left out, it is V(https://cloud.debian.org/images/cloud)
          or V(https://cloud-images.ubuntu.com).
        type: str
      serial:
        description: Version of the distribution's image, such as V('20250805'). Left out, it
          is the newest when a disk is made.
        type: str
      checksum:
        description: Checksum of the image before it is unpacked, such as V(sha256:...), or
          the URL of a list that has it, such as V(https://example.com/SHA256SUMS). In a list,
          the line of the name of the image's file counts. An image with another checksum is
          refused.
        type: str
      keyring:
        description: 'Keyring on the host, such as V(/etc/apt/keyrings/images.gpg). What tells
          of the image has to be signed with a key in it: the index of Ubuntu, the list of Debian,
          or the list that C(checksum) names. It is in the form that C(gpgv) reads. Left out,
          it is V(/usr/share/keyrings/ubuntu-cloudimage-keyring.gpg) for C(ubuntu), if the host
          has that file; for others nothing is verified.'
        type: str
      format:
        description: Format that the host keeps the image in. Left out, it is V(qcow2). With
          V(raw), a file that is no disk is kept as it is.
        type: str
        choices:
        - qcow2
        - raw
      pool:
        description: Pool that the host keeps the image in, which has to be of files. Left out,
          it is V(default).
        type: str
      mode:
        description: 'What a new disk of the image is: a full V(copy), or an V(overlay) that
          holds only what differs. Left out, it is V(copy).'
        type: str
        choices:
        - copy
        - overlay
      image_timeout:
        description: Seconds that the download of the image may take at most. Left out, an hour.
        type: int
      via:
        description: 'Who fetches the image, and the index or list that tells of it: the V(host),
          or the V(control) node, which fetches it once for all hosts and sends it to those
          that lack it. Left out, it is as O(images_via) says. With C(path), the file is on
          the host, and only the list comes this way.'
        type: str
        choices:
        - host
        - control
  images_lock:
    description:
    - The versions of O(images) that a lock file has, by the names of the images. New disks
      are made of these versions, and no server is asked which one it has.
    - The filter P(virtfleet.kvm.images_lock#filter) reads it from the file that the playbook
      C(virtfleet.kvm.images_lock) writes.
    - An image of which it has nothing is used as if there was no lock. One that it has for
      hosts of other architectures only, or that was declared as another one then, is refused
      where a disk is to be made.
    type: dict
    default: {}
  images_via:
    description:
    - 'Who fetches O(images), and what tells of them: V(host), each host for itself, or V(control),
      the control node. An image can say otherwise (C(via)).'
    - With V(control), the hosts need no way to the servers. The control node fetches an image
      once, when the first of its hosts needs it, keeps it in C(virtfleet.kvm/images) of C(ANSIBLE_HOME),
      and sends it over Ansible's connection to each host that lacks it, into Ansible's temporary
      folder there (C(remote_tmp)). The host then verifies it as it does with what it fetches
      itself.
    - Keyrings (C(keyring)) are then on the control node, which needs C(gpgv) or C(sqv) to use
      them.
    - Images that a disk or volume names by a URL, without O(images), are always fetched by
      the host.
    type: str
    choices:
    - host
    - control
    default: host
"""
