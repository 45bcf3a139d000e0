# B7.6, the condition absent: who may preempt goes on.

router priority=100 timer_expired_backup=254
startup
wait 3.609375s
late 10s
wait 0s
----
initialize -> backup (startup)
at 3.609375s
backup -> master (master_silent)
  send advert priority=100
  add 10.0.0.100
  announce 10.0.0.100 x5
at 13.609375s
  send advert priority=100
  announce 10.0.0.100 x5
  announce 10.0.0.100 x5
