# Fast handover: the Master we lived with says 90 where it said 150. Priority 100 may preempt, and waits only
# its Skew_Time, 0.609375 s, instead of the rest of 3.609375 s.

router priority=100 fast_handover=yes
startup
hear priority=150
wait 500ms
hear priority=90
state
----
initialize -> backup (startup)
backup priority=100 due in 0.609375s

# The next one of that Master does not set it back.

wait 400ms
hear priority=90
state
----
backup priority=100 due in 0.209375s

wait 209375us
----
at 1.109375s
backup -> master (master_weaker)
  send advert priority=100
  add 10.0.0.100
  announce 10.0.0.100 x5
