# B12.3: refreshing begins at the reload that asks for it, every 2 s from 1 s on, and
# ends at the one that does not.

router name=a priority=255 interval=40s garp_master_delay=0s
startup
wait 1s
reconfigure a garp_master_refresh=2s
wait 5s
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100
  announce 10.0.0.100 x5
at 3s
  announce 10.0.0.100 x1
at 5s
  announce 10.0.0.100 x1

reconfigure a garp_master_refresh=0s
wait 10s
----
ok
