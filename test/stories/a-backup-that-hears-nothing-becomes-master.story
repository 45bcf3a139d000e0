# RFC 5798 §6.4.2 (365): a Backup whose Master_Down_Timer fires becomes Master.
# Priority 100, interval 1 s, by hand:
#
#   Skew_Time            = (256 - 100) * 1 s / 256 = 0.609375 s
#   Master_Down_Interval = 3 * 1 s + Skew_Time     = 3.609375 s

router priority=100 interval=1s
----
ok

startup
----
initialize -> backup (startup)

# One microsecond short of it nothing happens ...

wait 3.609374s
----
ok

# ... and then everything does, in this order: the advertisement first, because
# the LAN waits for it; the announcement last, because it points at addresses
# that must be there: RFC 5798 §6.4.2 (380).

wait 1us
----
at 3.609375s
backup -> master (master_silent)
  send advert priority=100
  add 10.0.0.100
  announce 10.0.0.100 x5
