# RFC 5798 §6.4.3 (680)-(690): Adver_Timer fires every Advertisement_Interval.  The
# owner begins at 0 s.

router priority=255 interval=1s garp_master_delay=0s
startup
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100
  announce 10.0.0.100 x5

wait 0.999999s
----
ok

wait 2.000001s
----
at 1s
  send advert priority=255
at 2s
  send advert priority=255
at 3s
  send advert priority=255
