# on_loss restore, which is the default: the first time at once, then once a second at most.

router interval=10s garp_master_delay=0s
startup
wait 36.09375s
source 10.0.0.100 added
----
initialize -> backup (startup)
at 36.09375s
backup -> master (master_silent)
  send advert priority=100
  add 10.0.0.100
  announce 10.0.0.100 x5

source 10.0.0.100 removed
----
  add 10.0.0.100
  announce 10.0.0.100 x5

source 10.0.0.100 added
wait 300ms
source 10.0.0.100 removed
----
ok

wait 699999us
----
ok

wait 1us
----
at 37.09375s
  add 10.0.0.100
  announce 10.0.0.100 x5
