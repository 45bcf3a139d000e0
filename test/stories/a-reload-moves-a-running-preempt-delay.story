# Keepalived loses a running preempt_delay on reload (B15.2), and the weaker Master is
# preempted early.  Here it goes on.  It began at 0 s for 5 s; 2 s more make 7 s.

router name=a priority=128 preempt_delay=5s
startup
hear priority=100
wait 3s
reconfigure a preempt_delay=7s
wait 0.4s
hear priority=100
wait 3.4s
----
initialize -> backup (startup)

# 6.8 s: tolerated; 7 s: not, with 6.8 s + 3.5 s - 7 s to wait.

hear priority=100
wait 0.2s
hear priority=100
state
----
backup priority=128 due in 3.3s
