# The kernel tells of our own removals, too, and perhaps when we are Master again already.

router on_loss=failover
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

hear priority=150
----
master -> backup (peer_stronger)
  remove 10.0.0.100

hear priority=0
wait 609375us
----
at 4.21875s
backup -> master (master_resigned)
  send advert priority=100
  add 10.0.0.100
  announce 10.0.0.100 x5

source 10.0.0.100 removed
----
ok
