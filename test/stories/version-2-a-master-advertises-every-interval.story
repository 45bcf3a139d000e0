# RFC 3768 §6.4.3: each time Adver_Timer fires an advertisement is sent and the timer set anew: 2 s, 4 s, for an owner
# that began at 0 s.

router version=2 priority=255 interval=2s garp_master_delay=0s
startup
wait 2s
wait 2s
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100
  announce 10.0.0.100 x5
at 2s
  send advert priority=255
at 4s
  send advert priority=255
