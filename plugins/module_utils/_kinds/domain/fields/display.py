# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user sees and hears: graphics, video, sound (formatdomain.html, Graphical framebuffers)."""

from __future__ import annotations

from ...._engine.converters import MOMENT, NATURAL, ON_OFF, PORT, TEXT, YES_NO, Choice, Integer
from ...._engine.rows import Field, Group, Map, Struct, Values
from ...._engine.rows.variant import Variant
from .common import DEVICE, DRIVER, VIRTIO
from .display_access import Public

PORT_ROW = Field(
    "port",
    "@port",
    PORT,
    "Port on the host that viewers connect to (libvirt's graphics C(port)), such as V(5900). V(-1) is the next free"
    " one.",
    filled=True,
)
AUTOPORT = Field(
    "autoport",
    "@autoport",
    YES_NO,
    "Whether libvirt picks a free port at each start (libvirt's C(autoport)).",
    filled=True,
    belongs=("port", "tls_port"),
)
LISTEN = Field(
    "listen",
    "@listen",
    TEXT,
    "Address of the host to listen on for viewers (libvirt's C(listen)), such as V(127.0.0.1). V(0.0.0.0) lets all the"
    " world in, and needs C(public).",
    filled=True,
)
PASSWORD = (
    Field(
        "passwd",
        "@passwd",
        TEXT,
        "Password that viewers have to give (libvirt's C(passwd)). VNC takes 8 characters at most, SPICE 60.",
        secret=True,
        live="update",
    ),
    Field(
        "passwd_valid_to",
        "@passwdValidTo",
        MOMENT,
        "Time in UTC until which the password is valid (libvirt's C(passwdValidTo)).",
        live="update",
    ),
    Field(
        "connected",
        "@connected",
        Choice("fail", "disconnect", "keep"),
        "What to do with open connections when the password changes (libvirt's C(connected)): V(keep) them,"
        " V(disconnect) them, or V(fail) to change it.",
        live="update",
    ),
)
KEYMAP = Field("keymap", "@keymap", TEXT, "Keyboard layout of the viewers (libvirt's C(keymap)), such as V(en-us).")
AUDIO_ID = Field(
    "audio",
    "audio@id",
    NATURAL,
    "Number of the audio backend that sound of the display goes to (libvirt's audio C(id)), as in O(config[].audios).",
    filled=True,
)

LISTENS = Group(
    "listens",
    "listen",
    (
        Variant(
            "@type",
            {
                "address": (
                    Field(
                        "address",
                        "@address",
                        TEXT,
                        "Address of the host to listen on (libvirt's listen C(address)), such as V(127.0.0.1).",
                        filled=True,
                    ),
                ),
                "network": (
                    Field(
                        "network",
                        "@network",
                        TEXT,
                        "Name of the libvirt network whose address on the host to listen on (libvirt's listen"
                        " C(network)).",
                    ),
                    Field(
                        "address",
                        "@address",
                        TEXT,
                        "Address of the host to listen on (libvirt's listen C(address)), such as V(127.0.0.1).",
                        filled=True,
                    ),
                ),
                "socket": (
                    Field(
                        "socket",
                        "@socket",
                        TEXT,
                        "Path of the socket on the host to listen on (libvirt's listen C(socket)).",
                        filled=True,
                    ),
                ),
                "none": (),
            },
            type=Field(
                "type",
                "@type",
                Choice("address", "network", "socket", "none"),
                "Kind of what to listen on (libvirt's listen C(type)): an V(address), the address on a V(network), a"
                " V(socket), or V(none).",
            ),
        ),
    ),
    "Addresses or sockets to listen on for viewers (libvirt's C(listen)). libvirt fills in the loopback address.",
)


def gl(*fields: Field) -> Struct:
    """Options of OpenGL."""
    return Struct("gl", "gl", fields, "Drawing with OpenGL on the host's graphics card (libvirt's C(gl)).", bare=True)


GL = Field("enable", "@enable", YES_NO, "Whether OpenGL is on (libvirt's gl C(enable)).")
RENDERNODE = Field(
    "rendernode",
    "@rendernode",
    TEXT,
    "Path of the host's device that draws (libvirt's C(rendernode)), such as V(/dev/dri/renderD128).",
)
COMPRESSION = Choice("auto", "never", "always")
DISPLAY = Field(
    "display",
    "@display",
    TEXT,
    "X display of the host that the window opens on (libvirt's C(display)), such as V(:0.0).",
)
FULLSCREEN = Field(
    "fullscreen",
    "@fullscreen",
    YES_NO,
    "Whether the window takes the whole screen (libvirt's C(fullscreen)).",
    default=False,
)


GRAPHICS = (
    Public(
        "public",
        "",
        YES_NO,
        "Whether the display may listen on all addresses of the host, V(0.0.0.0) or V(::). Without it that is refused.",
    ),
    Variant(
        "@type",
        {
            "vnc": (
                PORT_ROW,
                AUTOPORT,
                LISTEN,
                Field(
                    "websocket",
                    "@websocket",
                    PORT,
                    "Port on the host for viewers in a browser (libvirt's C(websocket)), such as V(5700). V(-1) is the"
                    " next free one.",
                ),
                Field(
                    "socket",
                    "@socket",
                    TEXT,
                    "Path of the socket on the host to listen on, in place of a port (libvirt's C(socket)).",
                    filled=True,
                ),
                Field(
                    "share_policy",
                    "@sharePolicy",
                    Choice("allow-exclusive", "force-shared", "ignore"),
                    "Whether viewers share the screen (libvirt's C(sharePolicy)): V(allow-exclusive) lets one shut out"
                    " the others, V(force-shared) does not, V(ignore) lets all in.",
                ),
                Field(
                    "power_control",
                    "@powerControl",
                    YES_NO,
                    "Whether viewers may shut down, reboot or reset the guest (libvirt's C(powerControl)).",
                ),
                *PASSWORD,
                KEYMAP,
                AUDIO_ID,
                LISTENS,
            ),
            "spice": (
                PORT_ROW,
                AUTOPORT,
                LISTEN,
                Field(
                    "tls_port",
                    "@tlsPort",
                    PORT,
                    "Port on the host for encrypted connections (libvirt's C(tlsPort)), such as V(5901).",
                    filled=True,
                ),
                *PASSWORD,
                KEYMAP,
                Field(
                    "default_mode",
                    "@defaultMode",
                    Choice("any", "secure", "insecure"),
                    "Whether channels are encrypted unless told otherwise (libvirt's C(defaultMode)): V(secure) ones"
                    " are, V(insecure) are not, V(any) can be.",
                ),
                LISTENS,
                Map(
                    "channels",
                    "channel",
                    Choice("any", "secure", "insecure"),
                    "Whether single channels are encrypted (libvirt's C(channel)), by their names, such as V(main).",
                    value="mode",
                ),
                Field(
                    "image_compression",
                    "image@compression",
                    Choice("auto_glz", "auto_lz", "quic", "glz", "lz", "off"),
                    "How images are compressed (libvirt's image C(compression)), such as V(auto_glz). V(off) does not.",
                ),
                Field(
                    "jpeg_compression",
                    "jpeg@compression",
                    COMPRESSION,
                    "Whether images are compressed with loss over slow networks (libvirt's jpeg C(compression)).",
                ),
                Field(
                    "zlib_compression",
                    "zlib@compression",
                    COMPRESSION,
                    "Whether images are compressed once more by zlib over slow networks (libvirt's zlib"
                    " C(compression)).",
                ),
                Field(
                    "playback_compression",
                    "playback@compression",
                    ON_OFF,
                    "Whether sound is compressed on its way to the viewer (libvirt's playback C(compression)).",
                ),
                Field(
                    "streaming",
                    "streaming@mode",
                    Choice("filter", "all", "off"),
                    "What the server sends as a video (libvirt's streaming C(mode)): V(filter) only what seems to be"
                    " one, V(all) all that changes fast, V(off) nothing.",
                ),
                Field(
                    "clipboard",
                    "clipboard@copypaste",
                    YES_NO,
                    "Whether guest and viewer share the clipboard (libvirt's clipboard C(copypaste)).",
                ),
                Field(
                    "mouse",
                    "mouse@mode",
                    Choice("server", "client"),
                    "Who draws the mouse pointer (libvirt's mouse C(mode)): the V(server) or the V(client), the"
                    " viewer.",
                ),
                Field(
                    "filetransfer",
                    "filetransfer@enable",
                    YES_NO,
                    "Whether viewers can send files into the guest (libvirt's C(filetransfer)).",
                ),
                gl(GL, RENDERNODE),
            ),
            "sdl": (
                DISPLAY,
                FULLSCREEN,
                Field(
                    "xauth",
                    "@xauth",
                    TEXT,
                    "Path of the file with the cookie for the X display (libvirt's C(xauth)), such as"
                    " V(/root/.Xauthority).",
                ),
                gl(GL),
            ),
            "rdp": (
                PORT_ROW,
                AUTOPORT,
                LISTEN,
                Field(
                    "replace_user",
                    "@replaceUser",
                    YES_NO,
                    "Whether a new user takes over the connection of the one before (libvirt's C(replaceUser)).",
                ),
                Field(
                    "multi_user",
                    "@multiUser",
                    YES_NO,
                    "Whether several users can connect at the same time (libvirt's C(multiUser)).",
                ),
                Field("username", "@username", TEXT, "Name that the user has to log in with (libvirt's C(username))."),
                *PASSWORD,
                LISTENS,
            ),
            "desktop": (DISPLAY, FULLSCREEN),
            "dbus": (
                Field(
                    "address",
                    "@address",
                    TEXT,
                    "Address of the D-Bus to use (libvirt's C(address)), such as V(unix:path=/run/user/1000/bus).",
                ),
                Field(
                    "p2p",
                    "@p2p",
                    YES_NO,
                    "Whether viewers connect to QEMU directly, without a bus between (libvirt's C(p2p)).",
                ),
                gl(GL, RENDERNODE),
                AUDIO_ID,
            ),
            "egl-headless": (gl(RENDERNODE),),
        },
        type=Field(
            "type",
            "@type",
            Choice("vnc", "spice", "sdl", "rdp", "desktop", "dbus", "egl-headless"),
            "Kind of display (libvirt's graphics C(type)): V(vnc) and V(spice) are for viewers over the network, the"
            " others for the host itself or for Hyper-V and VirtualBox.",
        ),
    ),
)

VIDEO = (
    Struct(
        "driver",
        "driver",
        (
            Field(
                "name",
                "@name",
                Choice("qemu", "vhostuser"),
                "Program that runs the graphics card on the host (libvirt's driver C(name)): V(qemu), or V(vhostuser)"
                " for a process of its own.",
                filled=True,
            ),
            Field(
                "vgaconf",
                "@vgaconf",
                Choice("io", "on", "off"),
                "Whether the card offers VGA on bhyve (libvirt's C(vgaconf)): V(on), V(off), or V(io) for I/O ports"
                " alone.",
            ),
            *VIRTIO,
        ),
        "Options of how the host runs the graphics card (libvirt's video C(driver)).",
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
                "Model of the graphics card (libvirt's model C(type)), such as V(virtio) or V(vga); V(none) for no"
                " card.",
                filled=True,
            ),
            Field(
                "vram",
                "@vram",
                NATURAL,
                "Video memory in KiB (libvirt's C(vram)); on a V(qxl) card, that of the second bar.",
                filled=True,
                belongs=("type",),
            ),
            Field(
                "ram",
                "@ram",
                NATURAL,
                "Memory in KiB of the first bar of a V(qxl) card (libvirt's C(ram)).",
                filled=True,
                belongs=("type",),
            ),
            Field(
                "vgamem",
                "@vgamem",
                NATURAL,
                "Memory in KiB for the VGA framebuffer of a V(qxl) card (libvirt's C(vgamem)).",
                filled=True,
                belongs=("type",),
            ),
            Field(
                "vram64",
                "@vram64",
                NATURAL,
                "Memory in KiB of the 64-bit bar of a V(qxl) card (libvirt's C(vram64)).",
                filled=True,
                belongs=("type",),
            ),
            Field(
                "heads",
                "@heads",
                NATURAL,
                "Number of screens that the card can have (libvirt's C(heads)).",
                filled=True,
            ),
            Field(
                "primary",
                "@primary",
                YES_NO,
                "Whether the card is the first one, which the guest shows its start on (libvirt's C(primary)).",
                filled=True,
            ),
            Field(
                "blob",
                "@blob",
                ON_OFF,
                "Whether a V(virtio) card shares its pictures with the host without copies (libvirt's C(blob)).",
            ),
            Struct(
                "acceleration",
                "acceleration",
                (
                    Field(
                        "accel3d",
                        "@accel3d",
                        YES_NO,
                        "Whether the guest can draw in 3D on the host's graphics card (libvirt's C(accel3d)).",
                    ),
                    Field(
                        "accel2d",
                        "@accel2d",
                        YES_NO,
                        "Whether the guest can draw in 2D on the host's graphics card (libvirt's C(accel2d)).",
                    ),
                    RENDERNODE,
                ),
                "Work that the host's graphics card does for the guest (libvirt's C(acceleration)).",
            ),
            Struct(
                "resolution",
                "resolution",
                (
                    Field(
                        "x",
                        "@x",
                        NATURAL,
                        "Width of the screen in pixels (libvirt's resolution C(x)), such as V(1280).",
                    ),
                    Field(
                        "y",
                        "@y",
                        NATURAL,
                        "Height of the screen in pixels (libvirt's resolution C(y)), such as V(800).",
                    ),
                ),
                "Size of the first screen at the start (libvirt's C(resolution)).",
            ),
        ),
        "Model and memory of the graphics card (libvirt's video C(model)).",
    ),
    *DEVICE,
)

SOUND = (
    Field(
        "model",
        "@model",
        Choice("ich9", "ich6", "ich7", "ac97", "es1370", "sb16", "pcspk", "usb", "virtio"),
        "Model of the sound card (libvirt's sound C(model)), such as V(ich9).",
        required=True,
    ),
    Field(
        "multichannel",
        "@multichannel",
        YES_NO,
        "Whether a USB sound card has more than two channels (libvirt's C(multichannel)).",
    ),
    Field(
        "streams",
        "@streams",
        NATURAL,
        "Number of sound streams of a V(virtio) card (libvirt's C(streams)).",
        filled=True,
    ),
    Values(
        "codecs",
        "codec@type",
        Choice("duplex", "micro", "output"),
        "What is plugged into an V(ich6) or V(ich9) card (libvirt's codec C(type)): V(duplex) has line in and out,"
        " V(micro) a microphone and a speaker, V(output) line out.",
    ),
    Field(
        "audio",
        "audio@id",
        NATURAL,
        "Number of the audio backend that sound goes to (libvirt's audio C(id)), as in O(config[].audios).",
    ),
    DRIVER,
    *DEVICE,
)

STREAM = (
    Field(
        "mixing_engine",
        "@mixingEngine",
        YES_NO,
        "Whether QEMU mixes the sound and converts it to the host's format (libvirt's C(mixingEngine)).",
        filled=True,
    ),
    Field(
        "fixed_settings",
        "@fixedSettings",
        YES_NO,
        "Whether the sound has the format in C(settings), not the guest's (libvirt's C(fixedSettings)).",
        filled=True,
    ),
    Field("voices", "@voices", NATURAL, "Number of sounds that QEMU can mix at the same time (libvirt's C(voices))."),
    Field(
        "buffer_length",
        "@bufferLength",
        NATURAL,
        "Length of the sound buffer in microseconds (libvirt's C(bufferLength)).",
    ),
    Field("buffer_count", "@bufferCount", NATURAL, "Number of sound buffers on the host (libvirt's C(bufferCount))."),
    Field(
        "dev",
        "@dev",
        TEXT,
        "Sound device of the host (libvirt's C(dev)), such as V(default) for ALSA or V(/dev/dsp0) for OSS.",
    ),
    Field(
        "try_poll",
        "@tryPoll",
        YES_NO,
        "Whether to wait for the device by polling, where it can (libvirt's C(tryPoll)).",
    ),
    Field("name", "@name", TEXT, "Name of the sink or source of PulseAudio or PipeWire (libvirt's C(name))."),
    Field(
        "stream_name", "@streamName", TEXT, "Name of the stream that the sound server shows (libvirt's C(streamName))."
    ),
    Field(
        "latency", "@latency", NATURAL, "Latency to ask the sound server for, in microseconds (libvirt's C(latency))."
    ),
    Field("server_name", "@serverName", TEXT, "Name of the JACK server to use (libvirt's C(serverName))."),
    Field("client_name", "@clientName", TEXT, "Name by which JACK knows the guest (libvirt's C(clientName))."),
    Field(
        "connect_ports",
        "@connectPorts",
        TEXT,
        "Pattern of the names of JACK ports to connect to (libvirt's C(connectPorts)): a regular expression.",
    ),
    Field(
        "exact_name",
        "@exactName",
        YES_NO,
        "Whether JACK must give the guest exactly the name asked for (libvirt's C(exactName)).",
    ),
    Struct(
        "settings",
        "settings",
        (
            Field(
                "frequency",
                "@frequency",
                NATURAL,
                "Number of samples per second (libvirt's C(frequency)), such as V(44100).",
            ),
            Field(
                "channels",
                "@channels",
                NATURAL,
                "Number of sound channels (libvirt's settings C(channels)): V(2) is stereo.",
            ),
            Field(
                "format",
                "@format",
                Choice("s8", "u8", "s16", "u16", "s32", "u32", "f32"),
                "Format of a sample (libvirt's settings C(format)), such as V(s16) for signed 16 bits.",
            ),
        ),
        "Format of the sound on the host (libvirt's C(settings)).",
    ),
)

AUDIO = (
    Field(
        "id", "@id", NATURAL, "Number of the audio backend (libvirt's audio C(id)), by which sound cards refer to it."
    ),
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
        "Kind of audio backend on the host (libvirt's audio C(type)), such as V(pulseaudio); V(none) throws the sound"
        " away.",
    ),
    Field(
        "timer_period",
        "@timerPeriod",
        NATURAL,
        "Interval in microseconds at which QEMU handles sound (libvirt's C(timerPeriod)).",
    ),
    Field(
        "try_mmap",
        "@tryMMap",
        YES_NO,
        "Whether to map the memory of an OSS device, where it can (libvirt's C(tryMMap)).",
    ),
    Field(
        "exclusive", "@exclusive", YES_NO, "Whether to keep other programs off an OSS device (libvirt's C(exclusive))."
    ),
    Field(
        "dsp_policy",
        "@dspPolicy",
        Integer(),
        "Balance of delay and load of an OSS device (libvirt's C(dspPolicy)), from V(0) to V(10); V(-1) goes by the"
        " buffers.",
    ),
    Field(
        "runtime_dir", "@runtimeDir", TEXT, "Path of the directory with PipeWire's socket (libvirt's C(runtimeDir))."
    ),
    Field("server_name", "@serverName", TEXT, "Name of the PulseAudio server to use (libvirt's C(serverName))."),
    Field(
        "driver",
        "@driver",
        Choice("esd", "alsa", "arts", "pulseaudio"),
        "Driver that SDL gives the sound to (libvirt's driver), such as V(pulseaudio).",
    ),
    Field(
        "path", "@path", TEXT, "Path of the file that sound is written to (libvirt's audio C(path)), with type V(file)."
    ),
    Struct("input", "input", STREAM, "Sound that the guest records (libvirt's audio C(input))."),
    Struct("output", "output", STREAM, "Sound that the guest plays (libvirt's audio C(output))."),
)
