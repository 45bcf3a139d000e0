# RFC 3768 §6.4.3, the condition absent: a microsecond before Adver_Timer fires, and after a ring that came too early,
# nothing is sent.

router version=2 priority=255 interval=2s garp_master_delay=0s
startup
wait 1.999999s
ring
state
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100
  announce 10.0.0.100 x5
master priority=255 due in 0.000001s
