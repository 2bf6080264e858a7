#!/bin/bash
# Refuses at once what would leave the node by its uplink without a chance of an
# answer: pod and service ranges that nothing serves, and whatever pods send
# anywhere but to the engine's own network. An answer instead of a time-out,
# and nothing leaks out of the host.
set -euo pipefail

uplink=$(ip -4 route show default | awk '{print $5; exit}')
uplink=${uplink:-eth0}
local_net=$(ip -4 route show dev "$uplink" scope link | awk '{print $1; exit}')

# A forwarded packet for the service range was not translated: no Service has the
# address, or nothing serves it. kube-proxy would refuse the one and drop the other
# (priority -110), so this comes before it and refuses both. The node's
# own packets are translated after they are routed: these are judged at the end.
nft -f - <<RULES
table inet seatrial-fence
delete table inet seatrial-fence
table inet seatrial-fence {
  chain unserved {
    type filter hook forward priority -150
    ip daddr 10.96.0.0/12 reject
  }
  chain forward {
    type filter hook forward priority filter + 10
    oifname "$uplink" ct state established,related accept
    oifname "$uplink" ip daddr != ${local_net:-127.0.0.0/8} reject with icmpx host-unreachable
  }
  chain output {
    type filter hook output priority filter + 10
    oifname "$uplink" ip daddr { 10.96.0.0/12, 10.244.0.0/16 } reject with icmpx host-unreachable
  }
}
RULES
