# shellcheck shell=bash
# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Networks and a pool for the guests that start.py starts; runs on the test host.

network() {
    echo "<network><name>$1</name>$2</network>" >/tmp/vfstart.xml
    virsh -q net-define /tmp/vfstart.xml && virsh -q net-start "$1"
}

ip link show vfstart0 >/dev/null 2>&1 || ip link add vfstart0 type bridge
ip link set vfstart0 up
network vfstart-nat "<forward mode='nat'/><bridge name='virbr77'/><ip address='10.77.0.1' netmask='255.255.255.0'/>"
network vfstart-bridge "<forward mode='bridge'/><bridge name='vfstart0'/>"
network vfstart-direct "<forward mode='bridge'><interface dev='eno1'/></forward>"
network vfstart-group "<forward mode='bridge'/><bridge name='vfstart0'/><portgroup name='slow' default='yes'/>"
mkdir -p /var/tmp/virtfleet-start
virsh -q pool-define-as vfstart dir --target /var/tmp/virtfleet-start
virsh -q pool-start vfstart
exit 0
