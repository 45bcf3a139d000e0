# RFC 5798 §6.4.2 (470): Keepalived's preempt_delay is 0 unless somebody says
# otherwise; the weaker one at 3 s leaves the timer alone.

router priority=128
startup
wait 3s
hear priority=100
state
----
initialize -> backup (startup)
backup priority=128 due in 0.5s
