# B9.6: one last advertisement before yielding, so that the winner hears a weaker Master and announces again.

router priority=100 higher_prio_send_advert=yes
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
  send advert priority=100
  remove 10.0.0.100
