# RFC 3768 §6.4.2: without Preempt_Mode the weakest Master sets the timer anew, 3.609375 s from 2 s on.

router version=2 priority=100 preempt=no
startup
wait 2s
hear priority=1
state
wait 3.609374s
----
initialize -> backup (startup)
backup priority=100 due in 3.609375s
