# RFC 5798 §6.4.2 (425) and RFC 5798 §6.4.3 (705), the condition absent: 1 is the least priority there is, and leaves
# nobody. The Backup's timer runs on, 3.609375 s less 1 s; the Master answers a weaker one, and Adver_Timer stays
# where it was, at 4.609375 s, which is 0.5 s from then.

router priority=100 garp_master_delay=0s garp_lower_prio_repeat=0
startup
wait 1s
hear priority=1
state
wait 2.609375s
wait 0.5s
hear priority=1
state
----
initialize -> backup (startup)
backup priority=100 due in 2.609375s
at 3.609375s
backup -> master (master_weaker)
  send advert priority=100
  add 10.0.0.100
  announce 10.0.0.100 x5
  send advert priority=100
master priority=100 due in 0.5s
