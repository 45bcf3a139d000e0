# A process that was stopped hears, when it is continued, a weaker Master that took
# over by right: we had been silent for three intervals, the shortest
# Master_Down_Interval there is (RFC 5798 §6.1: Skew_Time comes on top).  The last
# advertisement was at 3.609375 s, the next one due at 4.609375 s; three intervals of
# silence are over at 6.609375 s.  Stopped for 4 s it is 7.609375 s.

router priority=100 interval=1s garp_master_delay=0s
startup
wait 3.609375s
----
initialize -> backup (startup)
at 3.609375s
backup -> master (master_silent)
  send advert priority=100
  add 10.0.0.100
  announce 10.0.0.100 x5

late 4s
hear priority=50
----
master -> backup (self_stall)
  remove 10.0.0.100

# From there on it is the ordinary way: 3.609375 s of waiting, and then the weaker one
# is preempted.

wait 3s
hear priority=50
wait 0.609375s
----
at 11.21875s
backup -> master (master_weaker)
  send advert priority=100
  add 10.0.0.100
  announce 10.0.0.100 x5
