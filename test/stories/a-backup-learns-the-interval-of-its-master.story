# RFC 5798 §6.4.2 (450)-(460): Master_Adver_Interval is what the Master says, 2 s
# where our own is 1 s.
#
#   Skew_Time            = 156 * 2 s / 256     = 1.21875 s
#   Master_Down_Interval = 3 * 2 s + 1.21875 s = 7.21875 s

router priority=100 interval=1s
startup
hear priority=200 interval=2s
state
----
initialize -> backup (startup)
backup priority=100 due in 7.21875s

# As Master it goes by its own again: 1 s after 7.21875 s.

wait 8.21875s
----
at 7.21875s
backup -> master (master_silent)
  send advert priority=100
  add 10.0.0.100
  announce 10.0.0.100 x5
at 8.21875s
  send advert priority=100
