# RFC 5798 §6.4.2 (470): a discarded advertisement teaches nothing.  A weaker
# Master's interval of 10 s changes no timer, and Skew_Time after a resignation is
# of our own 1 s: 156/256 s = 0.609375 s.

router priority=100 interval=1s
startup
hear priority=50 interval=10s
state
----
initialize -> backup (startup)
backup priority=100 due in 3.609375s

hear priority=0 interval=10s
state
----
backup priority=100 due in 0.609375s
