# users 1.3: the kernel tells that the link is up, though nobody had noticed that it was
# not.  Switches forget what they knew of a port that lost its carrier.

router priority=255 garp_master_delay=0s garp_lower_prio_delay=0s
startup
wait 0.5s
link eth0 up
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100
  announce 10.0.0.100 x5
  announce 10.0.0.100 x5
