# Keepalived (B9.4): the delay starts with a weaker advertisement, not with the
# machine.  Without any, Master_Down_Interval is all there is to wait: 3.5 s.

router priority=128 preempt_delay=300s
startup
wait 3.5s
----
initialize -> backup (startup)
at 3.5s
backup -> master (master_silent)
  send advert priority=128
  add 10.0.0.100
  announce 10.0.0.100 x5
