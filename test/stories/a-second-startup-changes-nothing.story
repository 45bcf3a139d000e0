# The fold is total: a Startup event for a router that is not in Initialize is
# answered with "stay"; RFC 5798 §6.4.1 (100) knows it only there.

router priority=100
startup
wait 1s
----
initialize -> backup (startup)

startup
----
ok

# 3.609375 s - 1 s
state
----
backup priority=100 due in 2.609375s
