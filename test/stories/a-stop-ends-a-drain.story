# A daemon that is stopped and started takes part again.

router priority=200
startup
wait 4s
drain for=1s
shutdown
wait 2s
startup
wait 3.21875s
----
initialize -> backup (startup)
at 3.21875s
backup -> master (master_silent)
  send advert priority=200
  add 10.0.0.100
  announce 10.0.0.100 x5
master -> backup (operator)
  send advert priority=0
  remove 10.0.0.100
backup -> initialize (shutdown)
initialize -> backup (startup)
at 9.21875s
backup -> master (master_silent)
  send advert priority=200
  add 10.0.0.100
  announce 10.0.0.100 x5
