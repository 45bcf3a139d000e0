# Keepalived (B9.3): accept when nopreempt, or when no weaker, or while
# preempt_delay runs.  With nopreempt its end changes nothing.

router priority=128 preempt=no preempt_delay=2s
startup
hear priority=100
wait 3s
hear priority=100
state
----
initialize -> backup (startup)
backup priority=128 due in 3.5s
