# RFC 3768 §6.4.2: an advertisement of no less priority sets Master_Down_Timer anew, 3.609375 s at priority 100 and
# 1 s, and it is never reached while they come.

router version=2 priority=100
startup
wait 3.6s
hear priority=100
state
wait 3.6s
hear priority=150
state
----
initialize -> backup (startup)
backup priority=100 due in 3.609375s
backup priority=100 due in 3.609375s
