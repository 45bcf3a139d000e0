# dont_track_primary: the loss of the interface's own link is no FAULT; its end is, when the address goes too.

router dont_track_primary=yes
startup
wait 3.609375s
----
initialize -> backup (startup)
at 3.609375s
backup -> master (master_silent)
  send advert priority=100
  add 10.0.0.100
  announce 10.0.0.100 x5

link eth0 down
----
ok

link eth0 gone
----
master -> fault (no_primary_address)
  remove 10.0.0.100
