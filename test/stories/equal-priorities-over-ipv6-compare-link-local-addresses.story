# RFC 5798 §6.4.3 (735): 128 bits, unsigned.  Ours is fe80::1; fe80::10 is greater,
# and so is febf::, whose first difference is in its second byte.

router family=ipv6 priority=100
startup
wait 3.609375s
hear priority=100 from=fe80::
----
initialize -> backup (startup)
at 3.609375s
backup -> master (master_silent)
  send advert priority=100
  add fe80::100
  announce fe80::100 x5
  send advert priority=100
  announce fe80::100 x5

hear priority=100 from=fe80::10
----
master -> backup (peer_tie_address)
  remove fe80::100

wait 3.609375s
hear priority=100 from=febf::
----
at 7.21875s
backup -> master (master_silent)
  send advert priority=100
  add fe80::100
  announce fe80::100 x5
master -> backup (peer_tie_address)
  remove fe80::100
