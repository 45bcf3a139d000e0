# B9.4 in a group: one member tolerates the weaker Master for its preempt_delay, so the other, though its
# time is up, waits for it. Priority 200, 1 s: Master_Down_Interval 3.21875 s. The delay of 5 s begins with
# the first weaker advertisement at 0 s; the one at 4 s is the last that is accepted, and so its timer ends
# at 4 + 3.21875 = 7.21875 s, whatever is heard at 7 s.

reconfigure
  a priority=200 group=G
  b vrid=2 priority=200 address=10.0.0.101 preempt_delay=5s group=G
startup
hear router=a priority=100
hear router=b priority=100
----
a: initialize -> backup (startup)
b: initialize -> backup (startup)

wait 2s
hear router=a priority=100
hear router=b priority=100
wait 2s
hear router=a priority=100
hear router=b priority=100
----
ok

wait 3s
hear router=a priority=100
hear router=b priority=100
----
ok

wait 0.21875s
----
at 7.21875s
a: backup -> master (group_master)
b: backup -> master (preempt_delay_over)
  b: send advert priority=200
  a: send advert priority=200
  b: add 10.0.0.101
  a: add 10.0.0.100
  b: announce 10.0.0.101 x5
  a: announce 10.0.0.100 x5
