# B11.8: a group with one member is legal, and changes nothing.

router group=G
startup
wait 3.609375s
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
