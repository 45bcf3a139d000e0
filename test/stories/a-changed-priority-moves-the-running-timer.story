# Keepalived (B7.4): Master_Down_Timer is adjusted by the difference of the
# Skew_Times.  From 100 to 200: 156/256 s - 56/256 s = 0.390625 s less.  With 1 s gone
# of 3.609375 s: 2.609375 s - 0.390625 s = 2.21875 s.

router name=a priority=100
startup
wait 1s
----
initialize -> backup (startup)

reconfigure a priority=200
state
----
backup priority=200 due in 2.21875s

# And back again.

reconfigure a priority=100
state
----
backup priority=100 due in 2.609375s
