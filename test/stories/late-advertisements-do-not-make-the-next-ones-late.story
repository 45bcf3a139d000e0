# RFC 5798 §6.4.3 (690): Adver_Timer is counted from the deadline and not from the
# ring, or lateness would add up.  Rung 0.3 s late, the next is due at 2 s all the
# same.

router priority=255 interval=1s garp_master_delay=0s
startup
late 1.3s
wait 0s
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100
  announce 10.0.0.100 x5
at 1.3s
  send advert priority=255

state
----
master priority=255 due in 0.7s

wait 0.7s
----
at 2s
  send advert priority=255
