# RFC 3768 §6.4.3: of equal priorities the greater primary address wins, 10.0.0.2 against our 10.0.0.1, and
# Master_Down_Timer begins, 3.609375 s.

router version=2 priority=100 garp_master_delay=0s
startup
wait 3.609375s
hear priority=100 from=10.0.0.2
state
----
initialize -> backup (startup)
at 3.609375s
backup -> master (master_silent)
  send advert priority=100
  add 10.0.0.100
  announce 10.0.0.100 x5
master -> backup (peer_tie_address)
  remove 10.0.0.100
backup priority=100 due in 3.609375s
