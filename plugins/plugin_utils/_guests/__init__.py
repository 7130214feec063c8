# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests as hosts of Ansible: the parts of the inventory plugin ``guests``.

============  ====================================================================================
``settings``  what the plugin's file says: slips of options are refused
``declared``  what the sources that were read before declare
``reach``     how a virtualization host is reached, from here and from a guest's point of view
``ask``       asks all hosts side by side, each within its time, by a process of its own
``program``   that process: the only one of these parts that asks libvirt
``answers``   what the hosts said, also from the cache
``join``      what is declared and what is there, made into one dictionary for each guest
``hosts``     what a guest is in the inventory: its variables and its groups
``address``   which of a guest's addresses Ansible takes
``tags``      the tags of a guest, in its metadata
============  ====================================================================================
"""
