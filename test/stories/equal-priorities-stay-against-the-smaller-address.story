# RFC 5798 §6.4.3 (735): 9.255.255.255 is less than 10.0.0.1, though not as text; the
# sender is the one to yield, and is told so at once (RFC 9568 §6.4.3).

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

hear priority=100 from=9.255.255.255
----
  send advert priority=100
  announce 10.0.0.100 x5

hear priority=100 from=10.0.0.0
----
  send advert priority=100
  announce 10.0.0.100 x5
