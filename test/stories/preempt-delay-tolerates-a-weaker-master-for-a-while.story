# Keepalived (B9.4): from the first weaker advertisement on, weaker ones are
# accepted for preempt_delay; after that they are discarded, and the ordinary
# Master_Down_Timer must still expire.  Priority 128:
#
#   Skew_Time            = 128 * 1 s / 256 = 0.5 s
#   Master_Down_Interval = 3.5 s

router priority=128 preempt_delay=5s
startup
wait 3s
----
initialize -> backup (startup)

# The delay begins at 3 s and ends at 8 s.  The last one accepted comes at 7 s.

hear priority=100
wait 2s
hear priority=100
wait 2s
hear priority=100
state
----
backup priority=128 due in 3.5s

# At 8 s the delay is over: discarded.  7 s + 3.5 s = 10.5 s.

wait 1s
hear priority=100
state
----
backup priority=128 due in 2.5s

wait 2.5s
----
at 10.5s
backup -> master (preempt_delay_over)
  send advert priority=128
  add 10.0.0.100
  announce 10.0.0.100 x5
