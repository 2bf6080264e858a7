#!/bin/bash
# Refuses at once what would leave the node by its uplink without a chance of an
# answer: pod and service ranges that nothing serves, and whatever pods send
# anywhere but to the engine's own network. An answer instead of a time-out,
# and nothing leaks out of the host.
set -euo pipefail

uplink=$(ip -4 route show default | awk '{print $5; exit}')
uplink=${uplink:-eth0}
local_net=$(ip -4 route show dev "$uplink" scope link | awk '{print $1; exit}')

nft -f - <<RULES
table inet seatrial-fence
delete table inet seatrial-fence
table inet seatrial-fence {
  set cluster {
    type ipv4_addr; flags interval
    elements = { 10.96.0.0/12, 10.244.0.0/16 }
  }
  chain forward {
    type filter hook forward priority filter + 10
    oifname "$uplink" ct state established,related accept
    oifname "$uplink" ip daddr != ${local_net:-127.0.0.0/8} reject with icmpx host-unreachable
  }
  chain output {
    type filter hook output priority filter + 10
    oifname "$uplink" ip daddr @cluster reject with icmpx host-unreachable
  }
}
RULES
