# RFC 3768 §6.4.3, the condition absent: 10.0.0.0 is no greater than 10.0.0.1. What is weaker is discarded, and Adver_Timer
# runs on, 1 s less 0.5 s; the answer is RFC 9568's and Keepalived's, and lower_prio_no_advert takes it back.

router version=2 priority=100 garp_master_delay=0s lower_prio_no_advert=yes garp_lower_prio_repeat=0
startup
wait 3.609375s
wait 0.5s
hear priority=100 from=10.0.0.0
state
----
initialize -> backup (startup)
at 3.609375s
backup -> master (master_silent)
  send advert priority=100
  add 10.0.0.100
  announce 10.0.0.100 x5
master priority=100 due in 0.5s
