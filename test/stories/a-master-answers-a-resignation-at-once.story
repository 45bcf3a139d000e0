# RFC 5798 §6.4.3 (705)-(715), Keepalived B9.10: somebody who was Master beside us
# leaves.  Say at once who is left, and set Adver_Timer to a whole interval.

router priority=255 interval=1s garp_master_delay=0s
startup
wait 0.4s
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100
  announce 10.0.0.100 x5

hear priority=0
state
----
  send advert priority=255
  announce 10.0.0.100 x5
master priority=255 due in 1s

wait 1s
----
at 1.4s
  send advert priority=255
