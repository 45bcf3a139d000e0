# Keepalived (B7.2): down_timer_adverts intervals of silence instead of 3.
# Five of them: 5 * 1 s + 0.609375 s.

router priority=100 down_timer_adverts=5
startup
state
----
initialize -> backup (startup)
backup priority=100 due in 5.609375s
