# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps guests apart, and what libvirt's drivers add beside its own schema (formatdomain.html, Security label)."""

from __future__ import annotations

from ...._engine.converters import NATURAL, ON_OFF, TEXT, VERBATIM, YES_NO, Choice
from ...._engine.rows import Field, Group, Map, Struct, Values
from ...._engine.rows.variant import Variant

RELABEL = Field("relabel", "@relabel", YES_NO, "Whether libvirt labels files for the guest.", filled=True)
LABEL = Field("label", "label", TEXT, "The label.")

SECLABEL = (
    Field("model", "@model", TEXT, "The security driver, such as V(selinux), V(apparmor) or V(dac).", filled=True),
    Variant(
        "@type",
        {
            "dynamic": (RELABEL, LABEL, Field("baselabel", "baselabel", TEXT, "What libvirt makes the label from.")),
            "static": (RELABEL, LABEL),
            "none": (RELABEL,),
        },
        optional=True,
        type=Field(
            "type", "@type", Choice("dynamic", "static", "none"), "Whether libvirt makes the label.", default="dynamic"
        ),
    ),
)

SEV = (
    Field("policy", "policy", TEXT, "The policy, such as V(0x0003)."),
    Field("cbitpos", "cbitpos", NATURAL, "The bit that marks encrypted memory.", filled=True),
    Field("reduced_phys_bits", "reducedPhysBits", NATURAL, "Bits of addresses that go to it.", filled=True),
    Field("kernel_hashes", "@kernelHashes", YES_NO, "Whether the kernel is measured."),
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
                    Field("dh_cert", "dhCert", TEXT, "The owner's key.", secret=True),
                    Field("session", "session", TEXT, "The owner's session.", secret=True),
                ),
                "sev-snp": (
                    *SEV,
                    Field("author_key", "@authorKey", YES_NO, "Whether the owner signed an author key."),
                    Field("vcek", "@vcek", YES_NO, "Whether the chip's own key signs."),
                    Field("guest_visible_workarounds", "guestVisibleWorkarounds", TEXT, "Workarounds that it sees."),
                    Field("id_block", "idBlock", TEXT, "The identity."),
                    Field("id_auth", "idAuth", TEXT, "The signature of the identity."),
                    Field("host_data", "hostData", TEXT, "Data of the host."),
                ),
                "s390-pv": (),
                "tdx": (),
            },
            optional=True,
            type=Field("type", "@type", Choice("sev", "sev-snp", "s390-pv", "tdx"), "How it is protected."),
        ),
    ),
    "Memory that the host cannot read.",
)

KEYWRAP = Map("keywrap", "keywrap/cipher", ON_OFF, "Keys that are kept in hardware on S390.", value="state")

PROPERTY = (
    Field("name", "@name", TEXT, "The property."),
    Field("type", "@type", Choice("string", "signed", "unsigned", "bool", "remove"), "The kind of value."),
    Field("value", "@value", TEXT, "The value."),
)

QEMU = Struct(
    "qemu",
    ".",
    (
        Values("args", "qemu:commandline/qemu:arg@value", VERBATIM, "Arguments of QEMU, word by word."),
        Map("env", "qemu:commandline/qemu:env", VERBATIM, "Environment variables of QEMU.", value="value"),
        Values(
            "capabilities_add",
            "qemu:capabilities/qemu:add@capability",
            TEXT,
            "Capabilities that libvirt takes for there.",
        ),
        Values("capabilities_del", "qemu:capabilities/qemu:del@capability", TEXT, "Capabilities that libvirt ignores."),
        Field(
            "deprecation",
            "qemu:deprecation@behavior",
            Choice("none", "omit", "reject", "crash"),
            "What QEMU does with what goes out of use.",
        ),
        Group(
            "override",
            "qemu:override/qemu:device",
            (
                Field("alias", "@alias", TEXT, "The alias of the device."),
                Group("properties", "qemu:frontend/qemu:property", PROPERTY, "The properties.", keys=("name",)),
            ),
            "Properties of devices that libvirt does not know.",
            keys=("alias",),
        ),
    ),
    "What is handed to QEMU as it is; libvirt does not support it.",
)
