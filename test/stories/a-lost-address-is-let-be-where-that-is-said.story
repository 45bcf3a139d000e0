# on_loss ignore, as no_track of Keepalived.

router on_loss=ignore
startup
wait 3.609375s
source 10.0.0.100 added
----
initialize -> backup (startup)
at 3.609375s
backup -> master (master_silent)
  send advert priority=100
  add 10.0.0.100
  announce 10.0.0.100 x5

source 10.0.0.100 removed
----
ok
