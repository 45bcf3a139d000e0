# RFC 5798 §6.4.2 (425)-(430): priority 0 is asked before anything else, preempt_delay
# among it (B9.10).  1 s + 0.5 s.

router priority=128 preempt_delay=300s
startup
wait 1s
hear priority=100
hear priority=0
wait 0.5s
----
initialize -> backup (startup)
at 1.5s
backup -> master (master_resigned)
  send advert priority=128
  add 10.0.0.100
  announce 10.0.0.100 x5
