# Keepalived (B9.5): a delay of 0 means no second block.

router priority=255 interval=1s garp_master_delay=0s garp_lower_prio_repeat=2 garp_lower_prio_delay=0s
startup
hear priority=100
wait 1s
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100
  announce 10.0.0.100 x5
  send advert priority=255
  announce 10.0.0.100 x2
at 1s
  send advert priority=255
