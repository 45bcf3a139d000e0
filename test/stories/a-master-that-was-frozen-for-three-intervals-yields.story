# The bound of the stall: our last advertisement was at 0 s, so three intervals of
# silence are over at 3 s.  At 2.999999 s nobody had a right to take over, and the
# weaker one is answered; at 3 s it might have had one.

router priority=254 interval=1s garp_master_delay=0s garp_lower_prio_repeat=1
startup
wait 3.007813s
----
initialize -> backup (startup)
at 3.007813s
backup -> master (master_silent)
  send advert priority=254
  add 10.0.0.100
  announce 10.0.0.100 x5

late 2.999999s
hear priority=50
----
  send advert priority=254
  announce 10.0.0.100 x1

late 1us
hear priority=50
----
master -> backup (self_stall)
  remove 10.0.0.100
