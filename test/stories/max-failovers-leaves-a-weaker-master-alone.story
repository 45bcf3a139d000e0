# max_failovers 2 20, which no RFC knows: whoever became Master twice within 20 s leaves a weaker Master alone
# until less than that lies within 20 s. Priority 150: Skew_Time is (256 - 150) / 256 = 0.4140625 s, and
# Master_Down_Interval 3.4140625 s; both are rounded up to the microsecond.

router priority=150 max_failovers=2/20s garp_master_delay=0s
startup
wait 3.414063s
hear priority=200
hear priority=0
wait 414063us
hear priority=200
----
initialize -> backup (startup)
at 3.414063s
backup -> master (master_silent)
  send advert priority=150
  add 10.0.0.100
  announce 10.0.0.100 x5
master -> backup (peer_stronger)
  remove 10.0.0.100
at 3.828126s
backup -> master (master_resigned)
  send advert priority=150
  add 10.0.0.100
  announce 10.0.0.100 x5
master -> backup (peer_stronger)
  remove 10.0.0.100

# The stronger one is gone, and somebody weaker is Master. That would be the third time: it is left alone, as
# nopreempt would leave it, although it is weaker than 150 ...

hear priority=90 from=10.0.0.3
state
wait 3s
hear priority=90 from=10.0.0.3
wait 3s
hear priority=90 from=10.0.0.3
wait 3s
hear priority=90 from=10.0.0.3
wait 3s
hear priority=90 from=10.0.0.3
wait 3s
hear priority=90 from=10.0.0.3
wait 3s
hear priority=90 from=10.0.0.3
state
----
backup priority=150 due in 3.414063s
backup priority=150 due in 3.414063s

# ... until 20 s after the first of the two, at 23.414063 s. This one, at 24.828126 s, holds nobody back: what the
# last one left of the timer, 3.414063 s - 3 s, runs out.

wait 3s
hear priority=90 from=10.0.0.3
state
wait 414063us
----
backup priority=150 due in 0.414063s
at 25.242189s
backup -> master (failover_limit_over)
  send advert priority=150
  add 10.0.0.100
  announce 10.0.0.100 x5
