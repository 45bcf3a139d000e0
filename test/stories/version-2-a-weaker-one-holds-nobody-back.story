# RFC 3768 §6.4.2: with Preempt_Mode a weaker Master is not listened to. 3.609375 s less 2 s.

router version=2 priority=100
startup
wait 2s
hear priority=99
state
wait 1.609375s
----
initialize -> backup (startup)
backup priority=100 due in 1.609375s
at 3.609375s
backup -> master (master_weaker)
  send advert priority=100
  add 10.0.0.100
  announce 10.0.0.100 x5
