# RFC 5798 §6.4.2 (445): after the stall the weaker Master is a Master, and nopreempt
# leaves it alone.

router priority=100 preempt=no garp_master_delay=0s
startup
wait 3.609375s
late 10s
hear priority=50
----
initialize -> backup (startup)
at 3.609375s
backup -> master (master_silent)
  send advert priority=100
  add 10.0.0.100
  announce 10.0.0.100 x5
master -> backup (self_stall)
  remove 10.0.0.100

wait 3s
hear priority=50
state
----
backup priority=100 due in 3.609375s
