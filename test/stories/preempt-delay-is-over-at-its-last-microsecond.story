# Keepalived (B9.4): the delay runs from 1 s to 6 s.  At 5.999999 s a weaker
# advertisement still resets Master_Down_Timer to 3.5 s; at 6 s none does.

router priority=128 preempt_delay=5s
startup
wait 1s
hear priority=100
wait 3s
hear priority=100
wait 1.999999s
hear priority=100
state
----
initialize -> backup (startup)
backup priority=128 due in 3.5s

wait 1us
hear priority=100
state
----
backup priority=128 due in 3.499999s
