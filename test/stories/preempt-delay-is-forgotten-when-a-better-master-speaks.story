# Keepalived (B9.4): an advertisement of no less priority clears the delay.  It
# began at 1 s; at 3 s it is cleared; the next weaker one, at 5 s, begins it anew, so
# that it ends at 10 s and not at 6 s.

router priority=128 preempt_delay=5s
startup
wait 1s
hear priority=100
wait 2s
hear priority=128
wait 2s
hear priority=100
----
initialize -> backup (startup)

# Still tolerated at 8 s ...

wait 3s
hear priority=100
state
----
backup priority=128 due in 3.5s

# ... and no more at 10 s: 8 s + 3.5 s are 1.5 s away.

wait 2s
hear priority=100
state
----
backup priority=128 due in 1.5s
