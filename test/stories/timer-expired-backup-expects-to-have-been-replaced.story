# B7.6: with nopreempt and timer_expired_backup 254 a Master that slept for so long that a Backup of that
# priority may have taken over is Backup. By hand: 3 * 1 s + (256 - 254) / 256 s = 3.0078125 s after its last
# advertisement, which is 2.0078125 s after the deadline of the next. A microsecond less is a stall like any
# other, after which the addresses are announced again.

router priority=100 preempt=no timer_expired_backup=254
startup
wait 3.609375s
----
initialize -> backup (startup)
at 3.609375s
backup -> master (master_silent)
  send advert priority=100
  add 10.0.0.100
  announce 10.0.0.100 x5

late 3.007812s
wait 0s
----
at 6.617187s
  send advert priority=100
  announce 10.0.0.100 x5

late 3.007813s
wait 0s
----
at 9.625s
master -> backup (self_stall)
  remove 10.0.0.100
