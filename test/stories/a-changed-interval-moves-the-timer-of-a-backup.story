# RFC 5798 §6.1: before a Master was heard, Master_Adver_Interval is our own.  From 1 s
# to 2 s at priority 100: 7.21875 s - 3.609375 s = 3.609375 s more; 1 s is gone.

router name=a priority=100 interval=1s
startup
wait 1s
reconfigure a interval=2s
state
----
initialize -> backup (startup)
backup priority=100 due in 6.21875s

# Once it was learned from a Master (RFC 5798 §6.4.2 (450)), our own does not matter.

hear priority=200 interval=1s
reconfigure a interval=4s
state
----
backup priority=100 due in 3.609375s
