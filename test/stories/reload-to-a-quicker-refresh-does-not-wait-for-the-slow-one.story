# B12.3: the next refresh was due at 100 s; every 2 s from 1 s on is sooner.  One that
# becomes slower is still due when it was.

router name=a priority=255 interval=40s garp_master_delay=0s garp_master_refresh=100s
startup
wait 1s
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100
  announce 10.0.0.100 x5

reconfigure a garp_master_refresh=2s
wait 3s
----
at 3s
  announce 10.0.0.100 x1

reconfigure a garp_master_refresh=50s
wait 1s
----
at 5s
  announce 10.0.0.100 x1
