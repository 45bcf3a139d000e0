# B4.5, B15.2: with v3_checksum_as_v2 the advertisement is another one on the wire.  A
# Master that says so only at its next tick leaves the neighbours to wonder until then.

router name=a priority=255 interval=5s garp_master_delay=0s
startup
wait 1s
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100
  announce 10.0.0.100 x5

reconfigure a v3_checksum_as_v2=yes
state
----
  send advert priority=255
master priority=255 due in 5s
