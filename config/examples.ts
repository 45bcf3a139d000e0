// An example of everything that is heird's own, for the reference page. A test loads each of them.

import type { BlockName } from "./keywords/keyword.ts";

/** The block an example is about, and a configuration that shows it. */
export const EXAMPLES: readonly (readonly [block: BlockName, text: string])[] = [
  [
    "vrrp_check",
    `vrrp_check uplink {
  http https://192.0.2.80:8443/health
  host www.example.net
  expect_status 200 204
  expect_json /status "ok"
  ca /etc/heird/ca.pem
  expiry 14
  interval 0.5
  timeout 0.4
  fall 2
  rise 3
  weight -40
}
vrrp_check mail {
  tcp 192.0.2.25 25
  expect "220 "
}
vrrp_check gateway {
  ping 192.0.2.254
  count 3
  loss 34
  latency 0.05
  device eth0
  interval 2
}
vrrp_check names {
  dns www.example.net AAAA
  resolver 192.0.2.53
  expect 2001:db8::80
}
vrrp_check way_out {
  route default
  via 192.0.2.254
}
vrrp_check neighbour {
  arp 192.0.2.254
  device eth0
}
vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 51
  priority 150
  virtual_ipaddress {
    192.0.2.10/24 on_loss failover
  }
  track_check {
    uplink
    gateway weight -20
    mail weight 0 reverse
    names weight 10
    way_out
  }
  witness {
    neighbour veto
  }
}`,
  ],
  [
    "metric",
    `vrrp_check latency_to_core {
  metric {
    url http://127.0.0.1:9100/probe.json
    pointer /latency/ms
    linear 5 50 0 -60
  }
}
vrrp_check free_disk {
  metric {
    file /run/free-percent
    step 0 -40
    step 5 -10
    step 20 0
  }
}`,
  ],
  [
    "flap_penalty",
    `vrrp_check flapping_uplink {
  ping 192.0.2.254
  hold_down 10
  min_good 30
  fall_master 5
  fall_backup 2
  rise_backup 10
  jitter 0.2
  flap_penalty {
    suppress 3000
    reuse 1000
    half_life 120
  }
}`,
  ],
  [
    "hook_policy",
    `vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 51
  virtual_ipaddress {
    192.0.2.10/24
  }
  fast_handover
  priority_change immediate
  max_failovers 5 600
  on_loss restore
  pre_master "/etc/heird/load-conntrack.sh"
  pre_backup "/etc/heird/stop-services.sh" root
  notify "/etc/heird/notify.sh"
  hook_policy {
    order latest
    deadline 20
    retries 3
    backoff 2
    pre_deadline 0.5
  }
}`,
  ],
  [
    "webhook",
    `global_defs {
  webhook https://hooks.example.net/failover {
    secret_file /etc/heird/webhook.key
    events master fault
    retries 20
  }
}`,
  ],
  [
    "event_log",
    `event_log {
  directory /var/log/heird
  retention_size 4096
  retention_age 365
  segment_size 32
  recorder 900
}`,
  ],
  [
    "audit",
    `audit {
  sentinel sentinel1.example.net
  sentinel sentinel2.example.net
  sentinel_name audit
  cluster berlin
  node r1
  username heird-r1
  password_file /etc/heird/redis.password
  tls_ca /etc/heird/ca.pem
  retention 400
}`,
  ],
  [
    "control",
    `control {
  socket /run/heird/control.sock
  group netops
  mode 0660
}`,
  ],
  [
    "metrics",
    `metrics {
  listen 127.0.0.1 9165
  compat keepalived-exporter
}`,
  ],
];
