# Keepalived (B9.5): garp_lower_prio_repeat at once, and as many again after
# garp_lower_prio_delay: 0.5 s + 0.25 s.

router priority=255 interval=1s garp_master_delay=0s garp_lower_prio_repeat=2 garp_lower_prio_delay=0.25s
startup
wait 0.5s
hear priority=100
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100
  announce 10.0.0.100 x5
  send advert priority=255
  announce 10.0.0.100 x2

wait 1s
----
at 0.75s
  announce 10.0.0.100 x2
at 1s
  send advert priority=255
