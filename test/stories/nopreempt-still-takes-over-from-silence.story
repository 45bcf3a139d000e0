# RFC 5798 §6.4.2 (365): Preempt_Mode is about living Masters.  The last word came
# at 3 s; 3 s + 3.609375 s = 6.609375 s.

router priority=100 preempt=no
startup
wait 3s
hear priority=50
----
initialize -> backup (startup)

wait 3.609375s
----
at 6.609375s
backup -> master (master_silent)
  send advert priority=100
  add 10.0.0.100
  announce 10.0.0.100 x5
