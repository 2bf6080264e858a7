#!/bin/bash
# Turns a Debian root with kind's base files into a node: run once, while the
# image is built. The same steps as in the Dockerfile of kind's own base image.
set -euo pipefail

find /lib/systemd/system/sysinit.target.wants/ -name systemd-tmpfiles-setup.service -delete
rm -f /lib/systemd/system/multi-user.target.wants/* \
  /etc/systemd/system/*.wants/* \
  /lib/systemd/system/local-fs.target.wants/* \
  /lib/systemd/system/sockets.target.wants/*udev* \
  /lib/systemd/system/sockets.target.wants/*initctl* \
  /lib/systemd/system/basic.target.wants/*
echo ReadKMsg=no >>/etc/systemd/journald.conf
ln -sf /usr/lib/systemd/systemd /sbin/init
chmod 755 /kind /kind/bin /kind/bin/* /usr/local/bin/*
for program in kubeadm kubelet kubectl; do
  ln -sf /usr/local/bin/kubernetes "/usr/bin/$program"
done
systemctl enable kubelet.service containerd.service undo-mount-hacks.service seatrial-fence.service
systemctl mask systemd-binfmt.service
mkdir -p /etc/kubernetes/manifests /kind/manifests
rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/*
