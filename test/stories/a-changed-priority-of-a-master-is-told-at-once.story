# B15.2: a reload makes a Master advertise, so that the neighbours need not wait for
# the next tick; Adver_Timer begins again with it.

router name=a priority=100 interval=1s garp_master_delay=0s
startup
wait 4s
----
initialize -> backup (startup)
at 3.609375s
backup -> master (master_silent)
  send advert priority=100
  add 10.0.0.100
  announce 10.0.0.100 x5

reconfigure a priority=150
state
----
  send advert priority=150
master priority=150 due in 1s
