# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user sees and hears: graphics, video, sound (formatdomain.html, Graphical framebuffers)."""

from __future__ import annotations

import ipaddress
import typing as t
from xml.etree import ElementTree as ET

from ...._engine.converters import MOMENT, NATURAL, ON_OFF, PORT, TEXT, YES_NO, Choice, Integer
from ...._engine.live import VOLATILE
from ...._engine.rows import Field, Group, Map, Struct, Values
from ...._engine.rows.create_only import Aside
from ...._engine.rows.model import Item
from ...._engine.rows.variant import Variant
from ...._errors import Invalid
from .common import DEVICE, DRIVER, VIRTIO

PORT_ROW = Field("port", "@port", PORT, "The port; V(-1) is the next free one.", filled=True, live=VOLATILE)
AUTOPORT = Field("autoport", "@autoport", YES_NO, "Whether libvirt picks the port.", filled=True)
LISTEN = Field(
    "listen",
    "@listen",
    TEXT,
    "The address to listen on; V(0.0.0.0) lets all the world in, and needs C(public).",
    filled=True,
)
PASSWORD = (
    Field(
        "passwd",
        "@passwd",
        TEXT,
        "The password. VNC takes 8 characters at most, SPICE 60.",
        secret=True,
        live="update",
    ),
    Field("passwd_valid_to", "@passwdValidTo", MOMENT, "When the password ends, in UTC.", live="update"),
    Field(
        "connected",
        "@connected",
        Choice("fail", "disconnect", "keep"),
        "What becomes of connections when the password changes.",
        live="update",
    ),
)
KEYMAP = Field("keymap", "@keymap", TEXT, "The keyboard's layout.")
AUDIO_ID = Field("audio", "audio@id", NATURAL, "The number of the audio backend.", filled=True)

LISTENS = Group(
    "listens",
    "listen",
    (
        Variant(
            "@type",
            {
                "address": (Field("address", "@address", TEXT, "The address to listen on.", filled=True),),
                "network": (
                    Field("network", "@network", TEXT, "The libvirt network on whose address to listen."),
                    Field("address", "@address", TEXT, "The address to listen on.", filled=True),
                ),
                "socket": (Field("socket", "@socket", TEXT, "The socket.", filled=True),),
                "none": (),
            },
            type=Field("type", "@type", Choice("address", "network", "socket", "none"), "What to listen on."),
        ),
    ),
    "What to listen on; libvirt fills in the loopback address.",
)


def gl(*fields: Field) -> Struct:
    """Options of OpenGL."""
    return Struct("gl", "gl", fields, "OpenGL.", bare=True)


GL = Field("enable", "@enable", YES_NO, "Whether it is on.")
RENDERNODE = Field("rendernode", "@rendernode", TEXT, "The device of the host that renders.")
COMPRESSION = Choice("auto", "never", "always")
DISPLAY = Field("display", "@display", TEXT, "The X display.")
FULLSCREEN = Field("fullscreen", "@fullscreen", YES_NO, "Whether it takes the whole screen.")


def everywhere(address: t.Any) -> bool:
    """Whether to listen on an address is to listen on all that the host has."""
    try:
        return ipaddress.ip_address(str(address)).is_unspecified
    except ValueError:
        return False


class Public(Aside):
    """Leave to listen on every address: no definition holds it, but one that does so must have been given it."""

    @property
    def roots(self) -> tuple[str, ...] | None:
        return ("@listen", "listen")

    def read(self, element: ET.Element, out: dict[str, t.Any]) -> None:
        addresses = [element.get("listen"), *(node.get("address") for node in element.findall("listen"))]
        if any(everywhere(address) for address in addresses):
            out[self.name] = True


def private(domain: Item) -> t.Iterator[Invalid]:
    """A display listens on every address only where that is asked for by name."""
    for index, entry in enumerate(domain.get("graphics") or []):
        places = {"listen": entry.get("listen")}
        places.update(
            {f"listens[{at}].address": each.get("address") for at, each in enumerate(entry.get("listens") or [])}
        )
        for place, address in places.items():
            if everywhere(address) and not entry.get("public"):
                yield Invalid(
                    f"graphics[{index}].{place}",
                    f"{address} lets everybody in who reaches the host: give one of the host's addresses, or leave it"
                    " out for 127.0.0.1 and come by SSH; public: true says that it is meant",
                )


LONGEST = {"vnc": 8, "spice": 60}
"""Bytes that a password may have: a key of DES (RFC 6143, section 7.2.2); SPICE_MAX_PASSWORD_LENGTH. Some versions of
libvirt and QEMU take the first 8 of a longer one for VNC without a word, others refuse it when the guest starts."""


def passwords(domain: Item) -> t.Iterator[Invalid]:
    """A display's password is no longer than its protocol takes."""
    for index, entry in enumerate(domain.get("graphics") or []):
        most, password = LONGEST.get(str(entry.get("type"))), entry.get("passwd")
        if most is not None and password is not None and len(str(password).encode(errors="replace")) > most:
            kind = str(entry["type"])
            yield Invalid(
                f"graphics[{index}].passwd",
                f"is longer than the {most} characters that {kind.upper()} takes (each outside of ASCII counts for 2 to"
                " 4): choose a shorter one",
            )


GRAPHICS = (
    Public(
        "public",
        "",
        YES_NO,
        "Whether it may listen on all addresses of the host, V(0.0.0.0) or V(::). Without it that is refused.",
    ),
    Variant(
        "@type",
        {
            "vnc": (
                PORT_ROW,
                AUTOPORT,
                LISTEN,
                Field(
                    "websocket", "@websocket", PORT, "The port for browsers; V(-1) is the next free one.", live=VOLATILE
                ),
                Field("socket", "@socket", TEXT, "The socket to listen on.", filled=True),
                Field(
                    "share_policy",
                    "@sharePolicy",
                    Choice("allow-exclusive", "force-shared", "ignore"),
                    "Whether a viewer may shut out the others.",
                ),
                Field("power_control", "@powerControl", YES_NO, "Whether viewers may switch the guest off."),
                *PASSWORD,
                KEYMAP,
                AUDIO_ID,
                LISTENS,
            ),
            "spice": (
                PORT_ROW,
                AUTOPORT,
                LISTEN,
                Field("tls_port", "@tlsPort", PORT, "The encrypted port.", filled=True, live=VOLATILE),
                *PASSWORD,
                KEYMAP,
                Field("default_mode", "@defaultMode", Choice("any", "secure", "insecure"), "Which port channels take."),
                LISTENS,
                Map("channels", "channel", Choice("any", "secure", "insecure"), "Ports by channel.", value="mode"),
                Field(
                    "image_compression",
                    "image@compression",
                    Choice("auto_glz", "auto_lz", "quic", "glz", "lz", "off"),
                    "How images are compressed.",
                ),
                Field("jpeg_compression", "jpeg@compression", COMPRESSION, "Whether images may lose detail."),
                Field("zlib_compression", "zlib@compression", COMPRESSION, "Whether images are packed again."),
                Field("playback_compression", "playback@compression", ON_OFF, "Whether sound is compressed."),
                Field("streaming", "streaming@mode", Choice("filter", "all", "off"), "What is sent as video."),
                Field("clipboard", "clipboard@copypaste", YES_NO, "Whether the clipboard is shared."),
                Field("mouse", "mouse@mode", Choice("server", "client"), "Who draws the pointer."),
                Field("filetransfer", "filetransfer@enable", YES_NO, "Whether files can be dropped in."),
                gl(GL, RENDERNODE),
            ),
            "sdl": (DISPLAY, FULLSCREEN, Field("xauth", "@xauth", TEXT, "The file with X's cookie."), gl(GL)),
            "rdp": (
                PORT_ROW,
                AUTOPORT,
                LISTEN,
                Field("replace_user", "@replaceUser", YES_NO, "Whether a new user puts the old one out."),
                Field("multi_user", "@multiUser", YES_NO, "Whether several users share the display."),
                Field("username", "@username", TEXT, "The user name."),
                *PASSWORD,
                LISTENS,
            ),
            "desktop": (DISPLAY, FULLSCREEN),
            "dbus": (
                Field("address", "@address", TEXT, "The address of the bus."),
                Field("p2p", "@p2p", YES_NO, "Whether connections are made one to one."),
                gl(GL, RENDERNODE),
                AUDIO_ID,
            ),
            "egl-headless": (gl(RENDERNODE),),
        },
        type=Field(
            "type",
            "@type",
            Choice("vnc", "spice", "sdl", "rdp", "desktop", "dbus", "egl-headless"),
            "The kind of display.",
        ),
    ),
)

VIDEO = (
    Struct(
        "driver",
        "driver",
        (
            Field("name", "@name", Choice("qemu", "vhostuser"), "What runs the card on the host.", filled=True),
            Field("vgaconf", "@vgaconf", Choice("io", "on", "off"), "Where VGA is, on bhyve."),
            *VIRTIO,
        ),
        "How the host runs the card.",
    ),
    Struct(
        "model",
        "model",
        (
            Field(
                "type",
                "@type",
                Choice(
                    "virtio",
                    "vga",
                    "qxl",
                    "cirrus",
                    "bochs",
                    "ramfb",
                    "none",
                    "vmvga",
                    "xen",
                    "vbox",
                    "gop",
                    "parallels",
                ),
                "The model of the card; V(none) for no card.",
                filled=True,
            ),
            Field("vram", "@vram", NATURAL, "KiB of memory.", filled=True),
            Field("ram", "@ram", NATURAL, "KiB of memory on the first bar.", filled=True),
            Field("vgamem", "@vgamem", NATURAL, "KiB of memory for VGA.", filled=True),
            Field("vram64", "@vram64", NATURAL, "KiB of memory on the fourth bar.", filled=True),
            Field("heads", "@heads", NATURAL, "Screens.", filled=True),
            Field("primary", "@primary", YES_NO, "Whether it is the first card.", filled=True),
            Field("blob", "@blob", ON_OFF, "Whether the guest's pictures are shared without copies."),
            Struct(
                "acceleration",
                "acceleration",
                (
                    Field("accel3d", "@accel3d", YES_NO, "Whether it draws in 3D."),
                    Field("accel2d", "@accel2d", YES_NO, "Whether it draws in 2D."),
                    RENDERNODE,
                ),
                "What the host's card does.",
            ),
            Struct(
                "resolution",
                "resolution",
                (Field("x", "@x", NATURAL, "The width in pixels."), Field("y", "@y", NATURAL, "The height in pixels.")),
                "The size of the first screen.",
            ),
        ),
        "What the guest sees.",
    ),
    *DEVICE,
)

SOUND = (
    Field(
        "model",
        "@model",
        Choice("ich9", "ich6", "ich7", "ac97", "es1370", "sb16", "pcspk", "usb", "virtio"),
        "The model of the card.",
    ),
    Field("multichannel", "@multichannel", YES_NO, "Whether a USB card has more than two channels."),
    Field("streams", "@streams", NATURAL, "Streams of a virtio card.", filled=True),
    Values("codecs", "codec@type", Choice("duplex", "micro", "output"), "What is plugged into the card."),
    Field("audio", "audio@id", NATURAL, "The number of the audio backend."),
    DRIVER,
    *DEVICE,
)

STREAM = (
    Field("mixing_engine", "@mixingEngine", YES_NO, "Whether QEMU mixes.", filled=True),
    Field("fixed_settings", "@fixedSettings", YES_NO, "Whether the settings below hold.", filled=True),
    Field("voices", "@voices", NATURAL, "Voices."),
    Field("buffer_length", "@bufferLength", NATURAL, "Microseconds in the buffer."),
    Field("buffer_count", "@bufferCount", NATURAL, "Buffers."),
    Field("dev", "@dev", TEXT, "The device of the host."),
    Field("try_poll", "@tryPoll", YES_NO, "Whether to poll the device."),
    Field("name", "@name", TEXT, "The sink or source of the sound server."),
    Field("stream_name", "@streamName", TEXT, "The name that the sound server shows."),
    Field("latency", "@latency", NATURAL, "Microseconds to wait."),
    Field("server_name", "@serverName", TEXT, "The sound server."),
    Field("client_name", "@clientName", TEXT, "The guest's name on the sound server."),
    Field("connect_ports", "@connectPorts", TEXT, "Ports to connect to."),
    Field("exact_name", "@exactName", YES_NO, "Whether the name must be just that."),
    Struct(
        "settings",
        "settings",
        (
            Field("frequency", "@frequency", NATURAL, "Samples a second."),
            Field("channels", "@channels", NATURAL, "Channels."),
            Field("format", "@format", Choice("s8", "u8", "s16", "u16", "s32", "u32", "f32"), "How a sample is kept."),
        ),
        "How sound is kept.",
    ),
)

AUDIO = (
    Field("id", "@id", NATURAL, "The number of the backend."),
    Field(
        "type",
        "@type",
        Choice(
            "none",
            "alsa",
            "coreaudio",
            "dbus",
            "jack",
            "oss",
            "pipewire",
            "pulseaudio",
            "sdl",
            "spice",
            "file",
        ),
        "Where sound goes on the host.",
    ),
    Field("timer_period", "@timerPeriod", NATURAL, "Microseconds between two looks."),
    Field("try_mmap", "@tryMMap", YES_NO, "Whether to map the device's memory."),
    Field("exclusive", "@exclusive", YES_NO, "Whether to shut out other programs."),
    Field("dsp_policy", "@dspPolicy", Integer(), "How the device balances delay and load."),
    Field("runtime_dir", "@runtimeDir", TEXT, "The directory of the sound server's socket."),
    Field("server_name", "@serverName", TEXT, "The sound server."),
    Field("driver", "@driver", Choice("esd", "alsa", "arts", "pulseaudio"), "What SDL uses."),
    Field("path", "@path", TEXT, "The file that sound is written to."),
    Struct("input", "input", STREAM, "What the guest hears."),
    Struct("output", "output", STREAM, "What the guest plays."),
)
