# max_failovers: an address that nobody holds is worse than one failover too many. Priority 150 has a
# Master_Down_Interval of 3.414063 s and a Skew_Time of 0.414063 s.

router priority=150 max_failovers=1/1000s garp_master_delay=0s
startup
wait 3.414063s
hear priority=200
hear priority=90 from=10.0.0.3
state
----
initialize -> backup (startup)
at 3.414063s
backup -> master (master_silent)
  send advert priority=150
  add 10.0.0.100
  announce 10.0.0.100 x5
master -> backup (peer_stronger)
  remove 10.0.0.100
backup priority=150 due in 3.414063s

# Silence is taken up after the usual time ...

wait 3.414063s
----
at 6.828126s
backup -> master (master_silent)
  send advert priority=150
  add 10.0.0.100
  announce 10.0.0.100 x5

# ... and a resignation after the usual head start.

hear priority=200
hear priority=90 from=10.0.0.3
hear priority=0 from=10.0.0.3
wait 414063us
----
master -> backup (peer_stronger)
  remove 10.0.0.100
at 7.242189s
backup -> master (master_resigned)
  send advert priority=150
  add 10.0.0.100
  announce 10.0.0.100 x5
