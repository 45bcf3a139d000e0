# RFC 5798 §6.4.2 (425)-(430): priority 0 is asked before Preempt_Mode is.
# Skew_Time = 156/256 s = 0.609375 s; 1 s + 0.609375 s = 1.609375 s.

router priority=100 preempt=no
startup
wait 1s
hear priority=50
hear priority=0
----
initialize -> backup (startup)

wait 0.609375s
----
at 1.609375s
backup -> master (master_resigned)
  send advert priority=100
  add 10.0.0.100
  announce 10.0.0.100 x5
