# Keepalived (B7.4): with 3.5 s gone of 3.609375 s, the 0.390625 s less leave nothing:
# at once, but not before.

router name=a priority=100 garp_master_delay=0s
startup
wait 3.5s
reconfigure a priority=200
state
----
initialize -> backup (startup)
backup priority=200 due in 0s

wait 0s
----
at 3.5s
backup -> master (master_silent)
  send advert priority=200
  add 10.0.0.100
  announce 10.0.0.100 x5
