# users 1.3: while they did not, a Backup may have taken over, and left again when it heard
# the first one.

router priority=255 garp_master_delay=0s garp_lower_prio_delay=0s
startup
wait 0.5s
sent-again
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100
  announce 10.0.0.100 x5
  announce 10.0.0.100 x5
