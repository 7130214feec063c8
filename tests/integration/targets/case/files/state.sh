#!/bin/sh
# All that libvirt keeps on a host, as text: equal before and after what must change nothing.
for path in /etc/libvirt /var/lib/libvirt/images /var/lib/libvirt/qemu; do
    [ ! -d "$path" ] || find "$path" -type f -exec sha256sum {} +
done | sort
virsh list --all
virsh net-list --all
virsh pool-list --all
for name in $(virsh list --all --name); do
    virsh dumpxml --inactive "$name"
done
for name in $(virsh net-list --all --name); do
    virsh net-dumpxml "$name"
done
for pool in $(virsh pool-list --all --name); do
    virsh pool-dumpxml --inactive "$pool" | grep -v -e capacity -e allocation -e available
    virsh -q vol-list "$pool" 2>/dev/null
done
virsh secret-list
for secret in $(virsh -q secret-list | awk '{print $1}'); do
    virsh secret-dumpxml "$secret"
    virsh secret-get-value "$secret" 2>/dev/null
done
find /srv /var/lib/virtfleet -type f -exec sha256sum {} + 2>/dev/null | sort
true
