# RFC 5798 §6.4.3 (775) only discards it; RFC 9568 §6.4.3 has the Master advertise at
# once, so that the other learns of it and bridges, too.  Keepalived
# (B9.5) also announces the addresses.  Adver_Timer runs on: due at 1 s as before.

router priority=255 interval=1s
startup
wait 0.4s
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100
  announce 10.0.0.100 x5

hear priority=100
----
  send advert priority=255
  announce 10.0.0.100 x5

state
----
master priority=255 due in 0.6s
