# RFC 5798 §6.4.3 (735): the sender's primary address against ours, 10.0.0.1, as
# unsigned numbers in network byte order.  192.0.2.1 has its top bit set, and is the
# greater one for all that.

router priority=100
startup
wait 3.609375s
----
initialize -> backup (startup)
at 3.609375s
backup -> master (master_silent)
  send advert priority=100
  add 10.0.0.100
  announce 10.0.0.100 x5

hear priority=100 from=192.0.2.1
----
master -> backup (peer_tie_address)
  remove 10.0.0.100

# The one next to ours is greater, too.

wait 3.609375s
hear priority=100 from=10.0.0.2
----
at 7.21875s
backup -> master (master_silent)
  send advert priority=100
  add 10.0.0.100
  announce 10.0.0.100 x5
master -> backup (peer_tie_address)
  remove 10.0.0.100
