# RFC 5798 §6.4.2 (470): with Preempt_Mode a lower priority is discarded, and
# Master_Down_Timer runs on.  3.609375 s after the start we take over from a Master
# that was never silent.

router priority=100
startup
wait 3s
----
initialize -> backup (startup)

hear priority=99
state
----
backup priority=100 due in 0.609375s

wait 0.609375s
----
at 3.609375s
backup -> master (master_weaker)
  send advert priority=100
  add 10.0.0.100
  announce 10.0.0.100 x5
