# RFC 5798 §6.4.1 (150)-(165): Initialize is Initialize; what the router was before
# counts for nothing.

router priority=100
startup
wait 3.609375s
----
initialize -> backup (startup)
at 3.609375s
backup -> master (master_silent)
  send advert priority=100
  add 10.0.0.100
  announce 10.0.0.100 x5

shutdown
wait 1s
startup
state
----
master -> initialize (shutdown)
  send advert priority=0
  remove 10.0.0.100
initialize -> backup (startup)
backup priority=100 due in 3.609375s
