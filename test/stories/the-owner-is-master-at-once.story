# RFC 5798 §6.4.1 (105)-(145): priority 255 owns the addresses and waits for
# nobody.  The advertisement goes first, the announcement last; Adver_Timer is one
# interval.

router priority=255 interval=1s
startup
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100
  announce 10.0.0.100 x5

state
----
master priority=255 due in 1s
