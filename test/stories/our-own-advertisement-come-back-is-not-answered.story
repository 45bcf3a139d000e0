# Keepalived (B9.9): the same priority from the same address is our own words looped
# back, or a neighbour with our address; it warns, and the machine stays.  RFC 9568
# §6.4.3 would have it answered, and the answer come back, too.

router priority=255 interval=1s garp_master_delay=0s
startup
wait 0.4s
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100
  announce 10.0.0.100 x5

hear priority=255 from=10.0.0.1
state
----
master priority=255 due in 0.6s

# Nor does it make us yield to ourselves after a long sleep.

late 10s
hear priority=255 from=10.0.0.1
----
ok
