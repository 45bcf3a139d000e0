# A Master whose peers a reload changes does not let the new one wait for the next tick.

router unicast_peer=10.0.0.2 priority=255 garp_master_delay=0s
startup
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100
  announce 10.0.0.100 x5

reconfigure a unicast_peer=10.0.0.2,10.0.0.3
----
  send advert priority=255
