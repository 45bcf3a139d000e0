# RFC 5798 §6.4.3 (725)-(735): nothing is greater than 255; only another owner with a
# greater address, a mistake that Keepalived lets the two sort out (B9.17), is.

router priority=255 interval=1s garp_master_delay=0s garp_lower_prio_repeat=1
startup
hear priority=254 from=10.0.0.200
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100
  announce 10.0.0.100 x5
  send advert priority=255
  announce 10.0.0.100 x1

hear priority=255 from=10.0.0.2
----
master -> backup (peer_tie_address)
  remove 10.0.0.100
