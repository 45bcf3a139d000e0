# Keepalived (B9.4): the tolerated Master dies during the delay.  Its last word came
# at 1 s: 1 s + 3.5 s, long before 301 s.

router priority=128 preempt_delay=300s
startup
wait 1s
hear priority=100
wait 3.5s
----
initialize -> backup (startup)
at 4.5s
backup -> master (master_silent)
  send advert priority=128
  add 10.0.0.100
  announce 10.0.0.100 x5
