# RFC 5798 §6.4.2 (445): without Preempt_Mode every advertisement is one to live
# with, and resets Master_Down_Timer.

router priority=100 preempt=no
startup
wait 3s
----
initialize -> backup (startup)

hear priority=50
wait 3s
hear priority=50
state
----
backup priority=100 due in 3.609375s
