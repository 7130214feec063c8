# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks in a guest by way of the QEMU guest agent: the parts of the connection plugin ``agent``.

============  ==================================================================================
``way``       the way to the guest's host: the command that starts the program there
``program``   that program: asks libvirt on the host for what the agent in the guest is to do
``pipe``      the control node's end: orders to the program, and answers, each within its time
``guest``     commands and files in the guest, made of orders
``words``     what users read where something fails
``password``  a password for sudo, in front of a command's input
============  ==================================================================================
"""
