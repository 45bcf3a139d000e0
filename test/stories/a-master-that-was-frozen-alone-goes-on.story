# Nobody took over while we were frozen, or has left again: RFC 5798 §6.4.3 (680),
# (705).  One advertisement, and on it goes; whoever had taken over had announced the
# addresses, so they are announced again (users 1.3).

router priority=255 interval=1s garp_master_delay=0s
startup
late 10s
wait 0s
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100
  announce 10.0.0.100 x5
at 10s
  send advert priority=255
  announce 10.0.0.100 x5

late 10s
hear priority=0
----
  send advert priority=255
  announce 10.0.0.100 x5
