# RFC 5798 §6.4.2 (430): after a resignation Skew_Time is all there is to wait, and so
# only the difference of the Skew_Times counts (B7.4).  Priority 100, from 1 s to 2 s:
# Skew_Time 0.609375 s becomes 1.21875 s; 0.5 s are gone.

router name=a priority=100 interval=1s
startup
hear priority=0
wait 0.5s
reconfigure a interval=2s
state
----
initialize -> backup (startup)
backup priority=100 due in 0.71875s
