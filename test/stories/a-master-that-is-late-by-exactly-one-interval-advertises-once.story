# RFC 5798 §6.4.3 (690): the deadline at 1 s is heard at 2 s.  The one after it has
# just been reached, too; it is not due at once, but an interval later.

router priority=255 interval=1s garp_master_delay=0s
startup
late 2s
wait 0s
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100
  announce 10.0.0.100 x5
at 2s
  send advert priority=255

state
----
master priority=255 due in 1s
