# RFC 5798 §6.4.3 (690): after 3.4 s without a ring, one advertisement is enough, and
# the rhythm begins there: there is no train of what was missed.  3.4 s + 1 s.  A Backup may
# have taken over from 3 s on (2 intervals behind the advertisement of 1 s), so the addresses
# are announced again (users 1.3).

router priority=255 interval=1s garp_master_delay=0s
startup
late 3.4s
wait 0s
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100
  announce 10.0.0.100 x5
at 3.4s
  send advert priority=255
  announce 10.0.0.100 x5

wait 1s
----
at 4.4s
  send advert priority=255
