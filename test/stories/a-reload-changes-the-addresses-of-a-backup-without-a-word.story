# B15.2: a Backup holds none of them, so there is nothing to do.

router name=a priority=100
startup
reconfigure a address=10.0.0.150
----
initialize -> backup (startup)

wait 3.609375s
----
at 3.609375s
backup -> master (master_silent)
  send advert priority=100
  add 10.0.0.150
  announce 10.0.0.150 x5
