# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps guests apart, and what libvirt's drivers add beside its own schema (formatdomain.html, Security label)."""

from __future__ import annotations

from ...._engine.converters import NATURAL, ON_OFF, TEXT, VERBATIM, YES_NO, Choice
from ...._engine.rows import Field, Group, Map, Struct, Values
from ...._engine.rows.variant import Variant

RELABEL = Field(
    "relabel",
    "@relabel",
    YES_NO,
    "Whether libvirt labels the guest's files so that it may use them (libvirt's C(relabel)).",
    filled=True,
)
LABEL = Field(
    "label",
    "label",
    TEXT,
    "Security label of the guest's processes (libvirt's C(label)), such as V(system_u:system_r:svirt_t:s0:c392,c662).",
)

SECLABEL = (
    Field(
        "model",
        "@model",
        TEXT,
        "Security driver that the label is for (libvirt's C(model)), such as V(selinux), V(apparmor) or V(dac).",
        filled=True,
    ),
    Variant(
        "@type",
        {
            "dynamic": (
                RELABEL,
                LABEL,
                Field(
                    "baselabel",
                    "baselabel",
                    TEXT,
                    "Label that libvirt makes the guest's own label from (libvirt's C(baselabel)), such as"
                    " V(system_u:system_r:my_svirt_t:s0).",
                ),
            ),
            "static": (RELABEL, LABEL),
            "none": (RELABEL,),
        },
        optional=True,
        type=Field(
            "type",
            "@type",
            Choice("dynamic", "static", "none"),
            "Who makes the label (libvirt's seclabel C(type)): V(dynamic) is libvirt, V(static) is you, V(none) leaves"
            " the guest without.",
            default="dynamic",
        ),
    ),
)

SEV = (
    Field("policy", "policy", TEXT, "Policy of the guest (libvirt's C(policy)), a number of flags, such as V(0x0003)."),
    Field(
        "cbitpos",
        "cbitpos",
        NATURAL,
        "Number of the address bit that marks memory as encrypted (libvirt's C(cbitpos)), such as V(47).",
        filled=True,
    ),
    Field(
        "reduced_phys_bits",
        "reducedPhysBits",
        NATURAL,
        "Number of address bits that the encryption takes away (libvirt's C(reducedPhysBits)), such as V(1).",
        filled=True,
    ),
    Field(
        "kernel_hashes",
        "@kernelHashes",
        YES_NO,
        "Whether the hashes of kernel, initial ramdisk and command line are measured too (libvirt's C(kernelHashes)),"
        " for direct kernel boot.",
    ),
)

LAUNCH_SECURITY = Struct(
    "launch_security",
    "launchSecurity",
    (
        Variant(
            "@type",
            {
                "sev": (
                    *SEV,
                    Field(
                        "dh_cert",
                        "dhCert",
                        TEXT,
                        "Diffie-Hellman key of the guest's owner, in base64 (libvirt's C(dhCert)).",
                        secret=True,
                    ),
                    Field(
                        "session",
                        "session",
                        TEXT,
                        "Session data of the guest's owner, in base64 (libvirt's C(session)).",
                        secret=True,
                    ),
                ),
                "sev-snp": (
                    *SEV,
                    Field(
                        "author_key",
                        "@authorKey",
                        YES_NO,
                        "Whether C(id_auth) has an author key (libvirt's C(authorKey)).",
                    ),
                    Field(
                        "vcek",
                        "@vcek",
                        YES_NO,
                        "Whether the guest may ask for reports signed by the chip's own key, VCEK (libvirt's C(vcek)).",
                    ),
                    Field(
                        "guest_visible_workarounds",
                        "guestVisibleWorkarounds",
                        TEXT,
                        "Workarounds that the guest is told of (libvirt's C(guestVisibleWorkarounds)): 16 bytes in"
                        " base64.",
                    ),
                    Field(
                        "id_block",
                        "idBlock",
                        TEXT,
                        "Block with the identity of the guest (libvirt's C(idBlock)): 96 bytes in base64.",
                    ),
                    Field(
                        "id_auth",
                        "idAuth",
                        TEXT,
                        "Signature and key for the identity of the guest (libvirt's C(idAuth)): 4096 bytes in base64.",
                    ),
                    Field(
                        "host_data",
                        "hostData",
                        TEXT,
                        "Data of the host's owner that the report for the guest holds (libvirt's C(hostData)): 32"
                        " bytes in base64.",
                    ),
                ),
                "s390-pv": (),
                "tdx": (),
            },
            optional=True,
            type=Field(
                "type",
                "@type",
                Choice("sev", "sev-snp", "s390-pv", "tdx"),
                "Kind of protection (libvirt's launchSecurity C(type)): V(sev) and V(sev-snp) on AMD, V(tdx) on Intel,"
                " V(s390-pv) on S390.",
            ),
        ),
    ),
    "Protection of the guest's memory and state from the host (libvirt's C(launchSecurity)).",
)

KEYWRAP = Map(
    "keywrap",
    "keywrap/cipher",
    ON_OFF,
    "Keys of the guest that the hardware wraps, on S390, by cipher (libvirt's C(keywrap)), such as V(aes).",
    value="state",
)

PROPERTY = (
    Field("name", "@name", TEXT, "Name of the property in QEMU (libvirt's property C(name)), such as V(x-vga)."),
    Field(
        "type",
        "@type",
        Choice("string", "signed", "unsigned", "bool", "remove"),
        "Kind of value (libvirt's property C(type)). V(remove) takes away a property that libvirt sets.",
    ),
    Field("value", "@value", TEXT, "Value of the property, as a text (libvirt's property C(value))."),
)

QEMU = Struct(
    "qemu",
    ".",
    (
        Values(
            "args",
            "qemu:commandline/qemu:arg@value",
            VERBATIM,
            "Arguments to add to QEMU's command line, one word each (libvirt's C(qemu:arg)).",
        ),
        Map(
            "env",
            "qemu:commandline/qemu:env",
            VERBATIM,
            "Environment variables that QEMU is started with, by name (libvirt's C(qemu:env)).",
            value="value",
        ),
        Values(
            "capabilities_add",
            "qemu:capabilities/qemu:add@capability",
            TEXT,
            "Capabilities of QEMU that libvirt shall take as present (libvirt's C(qemu:add)).",
        ),
        Values(
            "capabilities_del",
            "qemu:capabilities/qemu:del@capability",
            TEXT,
            "Capabilities of QEMU that libvirt shall take as missing (libvirt's C(qemu:del)).",
        ),
        Field(
            "deprecation",
            "qemu:deprecation@behavior",
            Choice("none", "omit", "reject", "crash"),
            "What QEMU does when something deprecated is used (libvirt's C(qemu:deprecation)): V(omit) hides it,"
            " V(reject) refuses it, V(crash) ends the guest.",
        ),
        Group(
            "override",
            "qemu:override/qemu:device",
            (
                Field(
                    "alias",
                    "@alias",
                    TEXT,
                    "Alias of the device that the properties are for (libvirt's C(alias)), such as V(ua-gpu).",
                ),
                Group(
                    "properties",
                    "qemu:frontend/qemu:property",
                    PROPERTY,
                    "Properties of the device in QEMU, by name (libvirt's C(qemu:property)).",
                    keys=("name",),
                ),
            ),
            "Properties of devices in QEMU that libvirt has no option for (libvirt's C(qemu:override)).",
            keys=("alias",),
        ),
    ),
    "Options that are handed to QEMU past libvirt, which does not support them (namespace C(qemu)).",
)
